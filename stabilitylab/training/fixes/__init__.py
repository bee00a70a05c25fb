"""Changes of a training run that may bring it to the minimiser: one file a kind, each run on the same data."""

"""Training on least squares, whose minimiser is known exactly: runs, their history, laws, and what went wrong."""

"""Experiments: declared, run, written up and compared."""

"""Regression data: problems and their designs, validation of arrays, exactly equivalent variants, and files."""

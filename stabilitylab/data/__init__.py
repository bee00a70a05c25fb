"""Regression data: problems and their designs, validation of arrays, exactly equivalent copies, and files."""

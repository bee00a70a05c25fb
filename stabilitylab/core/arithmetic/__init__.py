"""Floating-point formats, columns of exact rationals and decimals, and norms that do not overflow."""

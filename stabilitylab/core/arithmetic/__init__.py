"""Floating-point formats and exact conversions between them and the integers."""

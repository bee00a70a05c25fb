"""Proven bounds from float64 arithmetic alone, by bounding every rounding: no exact arithmetic, no rounding modes."""

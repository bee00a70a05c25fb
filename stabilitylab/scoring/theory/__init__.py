"""Condition numbers, and the error laws that predict from them, in float64 from the stored problem."""

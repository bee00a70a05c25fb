"""Predicted errors: condition numbers and error laws, computed in float64 from the stored problem."""

"""Proofs in float64 alone: every rounding is bounded, no exact arithmetic is needed."""

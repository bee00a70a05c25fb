"""What to expect before solving: condition numbers and error laws, in float64 from the stored problem."""

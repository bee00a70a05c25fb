"""One's own data and models: which digits are right, which stage lost the others, and the change that keeps them."""

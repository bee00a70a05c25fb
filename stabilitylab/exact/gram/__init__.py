"""The exact normal equations: [A b]'[A b] summed in integers, from float64 products by BLAS that make no error."""

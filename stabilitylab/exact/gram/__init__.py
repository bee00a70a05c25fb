"""The exact normal equations: [A b]'[A b] in integers, summed from float64 matrix products that round nothing."""

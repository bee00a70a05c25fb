"""What every room may use: errors, result types, catalogues, formats, exact conversions, the environment."""

"""The exam that every optimiser sits: whether it computes the formula that it is named after, and keeps its contract.

A question is a function in `questions`. What the iterates are held against is that formula in 200 bits, written in
another arrangement (`recurrences`). `laws` ties two runs of one optimiser together, of this package or of a library,
and `witness` prints the smallest pair that breaks a law as a script.
"""

from stabilitylab.conformance.optimisers.sitting import exam, sit

__all__ = ["exam", "sit"]

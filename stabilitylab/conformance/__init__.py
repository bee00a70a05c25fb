"""The exam that every solver and every library route sits: whether a route does what its label claims.

`exam` puts every question to one route, in the process in which the bench would run it, and answers with a verdict for
each. A question is a function in `questions`; what it holds a route against is exact: small systems of fractions
(`systems`), solved by elimination in rationals (`rational`), and backward errors of exact residuals (`backward`), which
share no code with the engine that is examined too.
"""

from stabilitylab.conformance.sitting import exam, sit
from stabilitylab.conformance.verdict import ExamResult, Verdict

__all__ = ["ExamResult", "Verdict", "exam", "sit"]

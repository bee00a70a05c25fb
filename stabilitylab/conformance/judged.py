"""What a question requires of whoever sits the exam, and how it says that it does not apply."""

from stabilitylab.conformance.verdict import SettledError, Verdict


class Judged:
    """Who is asked one question. judged: how often something was required; 0 is never a pass."""

    def __init__(self) -> None:
        self.judged = 0

    def applies(self, condition: bool, otherwise: str) -> None:
        """NOT_APPLICABLE, for the reason `otherwise`, unless the condition holds."""
        if not condition:
            raise SettledError(Verdict.NOT_APPLICABLE, otherwise)

    def require(self, condition: bool, otherwise: str) -> None:
        """FAIL, for the reason `otherwise`, unless the condition holds."""
        self.judged += 1
        if not condition:
            raise SettledError(Verdict.FAIL, otherwise)

"""What `arbitrate` returns: for each answer the question it solves and the digits that are right; how they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from stabilitylab.bench.causes import Cause, Found
from stabilitylab.core.printable import one_line
from stabilitylab.report.blocks import Block
from stabilitylab.report.page import Page

NONE = Cause("SL399", "another question, none of those tried", "note", "meaning")
NONE_TRIED = NONE.code


@dataclass(frozen=True)
class JudgedCoefficient:
    """One number of an answer beside the exact coefficient of the question that it solves, and of the one asked.

    printed: as it was given, "" where the answer has none. exact, asked: the nearest doubles, None where there is none.
    digits, asked_digits: correct ones, no more than were printed; None where there is nothing to compare.
    """

    name: str
    printed: str
    exact: float | None
    digits: float | None
    asked: float | None
    asked_digits: float | None


@dataclass(frozen=True, eq=False)
class Judged:
    """One answer.

    code: "" where it solves the question asked, "SL301" ... where it solves another, "SL399" where it solves neither
    that nor one of those tried. codes: all codes of the question that it solves, of two meanings both. question: in
    words, "" for SL399. digits: correct ones of the worst coefficient, of that question, for SL399 of the one asked;
    where all printed digits are right (all_right) the most of a coefficient; None where there is nothing to compare.
    asked_digits: of the question asked. found: what was found, with the witness. ties: other questions that the printed
    digits do not tell from this one. tried: how many questions. chance: -log10 of the probability that one of them
    agrees so well by chance, None where it is not about that.
    """

    name: str
    code: str
    codes: tuple[str, ...]
    sentence: str
    question: str
    digits: float | None
    asked_digits: float | None
    coefficients: tuple[JudgedCoefficient, ...]
    found: tuple[Found, ...] = ()
    ties: tuple[str, ...] = ()
    tried: int = 1
    chance: float | None = None
    all_right: bool = False

    @property
    def is_right(self) -> bool:
        """Whether it solves the question asked."""
        return not self.code


@dataclass(frozen=True, eq=False)
class Arbitration(Page):
    """Whose coefficients are right, and of which question.

    verdict: one sentence. target: the response. asked: the question asked, in words. rows: m. pairs: a sentence for
    each two answers that differ. notes: what was found out on the way. unfinished: what was not tried, "" for nothing.
    """

    verdict: str
    target: str
    asked: str
    rows: int
    answers: tuple[Judged, ...]
    pairs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unfinished: str = ""

    def __getitem__(self, name: str) -> Judged:
        """The answer of that name."""
        return next(one for one in self.answers if one.name == name)

    def _blocks(self) -> Sequence[Block]:
        from stabilitylab.diagnosis.page.arbitration import blocks_of_arbitration  # here: numbers need no page

        return blocks_of_arbitration(self)

    def __repr__(self) -> str:
        return one_line(f"Arbitration of {', '.join(one.name for one in self.answers)}: {self.verdict}")

"""Findings and remedies: sentences whose numbers come from rows, with the predicates that decide whether they hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, TypeAlias

from stabilitylab import bench
from stabilitylab.core.printable import one_decimal
from stabilitylab.report.rows import NoRowsError, Rows

Numbers: TypeAlias = Mapping[str, Any]
Numbering: TypeAlias = Callable[[Rows], Numbers]
Decision: TypeAlias = Callable[[Numbers], bool | None]

NOT_MEASURED = "the rows that decide it were not measured here"
ROWS_LACK = "the rows lack what decides it"


class _Sentences(Formatter):
    """Fills sentences as str.format does, digits as `one_decimal` prints them."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        if format_spec == ".1f" and isinstance(value, (int, float)):
            return one_decimal(value)
        return super().format_field(value, format_spec)


_SENTENCES = _Sentences()


def _no_numbers(rows: Rows) -> Numbers:
    return {}


@dataclass(frozen=True)
class Finding:
    """A claim about the rows of an experiment: a sentence, and the predicate that decides whether it is true.

    says: the sentence; numbers in it are written `{name}` or `{name:.1f}` and come from `numbers(rows)`, never typed.
    `.1f` is the format of digits, `one_decimal`: the cap of float64 is 15.95 in a sentence too.
    holds(rows): the predicate, which leaves a margin of at least a digit, so that last digits decide nothing.
    needs: routes without which the claim cannot be decided; where one cannot run here, it is not checked. Neither is it
    where the predicate gives None, meets rows that are not there, or raises an error, or where a number is missing.
    Raises ValueError for braces that do not pair.
    """

    says: str
    holds: Callable[[Rows], bool | None]
    numbers: Numbering = _no_numbers
    needs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        try:
            list(Formatter().parse(self.says))
        except ValueError as error:
            raise ValueError(f"{error}, in the sentence {self.says!r}: a brace that is meant is doubled") from None

    def check(self, rows: Rows) -> "CheckedFinding":
        """The sentence with its numbers, and whether it holds, as far as the rows can tell."""
        lacks = dict.fromkeys(filter(None, map(bench.lacks, self.needs)))
        if lacks:
            return self._unchecked("; ".join(lacks))
        try:
            holds = self.holds(rows)
            if holds is None:
                return self._unchecked(NOT_MEASURED)
            numbers = self.numbers(rows)
            used = {field for _, field, _, _ in Formatter().parse(self.says) if field}
            lost = [name for name, value in numbers.items() if name in used and (value is None or value != value)]
            if lost:
                return self._unchecked(f"{ROWS_LACK}: no value for {', '.join(lost)}")
            return CheckedFinding(_SENTENCES.vformat(self.says, (), numbers), bool(holds))
        except NoRowsError as error:
            return self._unchecked(str(error))
        except Exception as error:  # a predicate meets a route without an answer: None where it expects a number
            return self._unchecked(f"{ROWS_LACK}: {type(error).__name__}: {error}")

    def _unchecked(self, why: str) -> "CheckedFinding":
        pieces = ((text, field) for text, field, _, _ in Formatter().parse(self.says))
        said = "".join(text + ("…" if field is not None else "") for text, field in pieces)
        return CheckedFinding(said, None, why)


@dataclass(frozen=True)
class Remedy(Finding):
    """What to do instead: a finding whose sentence says what the change brings back, and the code that makes it.

    code: lines of Python that run as they stand, with NumPy and the libraries of `needs` installed. A line
    `print(...)  # 3.0000` states what it prints, to a unit of the last place written. Raises ValueError without code.
    """

    code: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.code.strip():
            raise ValueError(f"the remedy {self.says!r} has no code: give the lines that make the change")

    def check(self, rows: Rows) -> "CheckedRemedy":
        """See `Finding.check`."""
        checked = super().check(rows)
        return CheckedRemedy(checked.says, checked.holds, checked.why, self.code.strip("\n"), self.needs)


@dataclass(frozen=True)
class CheckedFinding:
    """A finding with its verdict. holds: None where it could not be checked. why: the reason for that, else ""."""

    says: str
    holds: bool | None
    why: str = ""

    @property
    def verdict(self) -> str:
        """holds, REFUTED or not checked here."""
        return {True: "holds", False: "REFUTED", None: "not checked here"}[self.holds]


@dataclass(frozen=True)
class CheckedRemedy(CheckedFinding):
    """A remedy with its verdict, its code, and the routes that it is about (none: whatever is called)."""

    code: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reads:
    """The predicate over rows that a decision over their numbers is."""

    numbers: Numbering
    decides: Decision

    def __call__(self, rows: Rows) -> bool | None:
        """What is decided of the numbers of these rows."""
        return self.decides(self.numbers(rows))


def finding(says: str, numbers: Numbering, holds: Decision, needs: tuple[str, ...] = ()) -> Finding:
    """A finding whose numbers are selected once: `numbers(rows)` fills the sentence, and `holds` decides on them.

    A number of another row than the one that is judged cannot get into the sentence. numbers may hold more than the
    sentence names. needs: as of `Finding`.
    """
    return Finding(says, Reads(numbers, holds), numbers, needs)


def remedy(says: str, numbers: Numbering, holds: Decision, code: str, needs: tuple[str, ...] = ()) -> Remedy:
    """What to do instead, as a finding of that kind; code: as of `Remedy`."""
    return Remedy(says, Reads(numbers, holds), numbers, needs, code=code.strip() + "\n")

"""What `diagnose` returns: a verdict, and under it everything that it rests on, as plain numbers and sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from stabilitylab.bench.causes import Found, Severity
from stabilitylab.core.errors import MissingLibraryError
from stabilitylab.core.printable import one_line
from stabilitylab.report.blocks import Block
from stabilitylab.report.page import Page

Mode: TypeAlias = Literal["exact", "forecast", "by blocks"]
Harm: TypeAlias = Literal["none", "statistical", "numerical", "both"]


@dataclass(frozen=True)
class Coefficient:
    """One coefficient: what the call gave, what is right, and what both mean.

    returned: None where the call gave no value. certified: the double nearest to the exact coefficient; None where
    there is no unique one, and in a forecast. digits: correct ones of `returned`; in a forecast, those expected.
    returned_standard_error: as it came with the call, and t and p that follow from it in float64; None where none came.
    supported: digits that the data support. statistical: -log10(standard error / |coefficient|), the digits that the
    noise leaves. standard_error, t, p, lower, upper: certified, of the two-sided interval of `Diagnosis.level`.
    digits_of_standard_error, digits_of_t, digits_of_p: correct
    digits of these. printed: the coefficient as it was written, where the answer came as text.
    """

    name: str
    returned: float | None
    certified: float | None
    digits: float | None
    supported: float | None = None
    statistical: float | None = None
    standard_error: float | None = None
    t: float | None = None
    p: float | None = None
    lower: float | None = None
    upper: float | None = None
    returned_standard_error: float | None = None
    returned_t: float | None = None
    returned_p: float | None = None
    digits_of_standard_error: float | None = None
    digits_of_t: float | None = None
    digits_of_p: float | None = None
    is_exactly_zero: bool = False
    printed: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure of the whole fit, such as "R² about the mean" or "predictions, worst row", with its correct digits."""

    name: str
    returned: float | None
    certified: float | None
    digits: float | None


@dataclass(frozen=True)
class Step:
    """One stage of the replay: what it moved each coefficient by (n,), signed, so that all steps add up to the error.

    digits: of the worst coefficient after this stage, everything behind it exact. is_dominant: the stage that moved the
    worst coefficient most. cancels: that it and another stage moved a coefficient in opposite directions, by more than
    what is left.
    """

    stage: str
    says: str
    change: tuple[float, ...]
    digits: float
    is_dominant: bool = False
    cancels: bool = False


@dataclass(frozen=True)
class RouteRow:
    """One call of a library on these data: how it ended, the digits of each coefficient and of the worst."""

    route: str
    status: str
    says: str
    x: tuple[float, ...] | None
    digits: tuple[float, ...] | None
    worst: float | None
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class NearDependence:
    """Columns that say nearly the same: the relation, its condition index and what of each variance it explains.

    relation: "z = u + 0.7 v", exactly or nearly; is_exact: whether it holds exactly; within_rounding: whether it holds
    within the rounding of the numbers, with proof. weights: by column, -1 for the one that is said in terms of the
    others: the columns times their weights add up to nothing, or nearly. condition_index: of the scaled columns
    (Belsley, Kuh and Welsch 1980). proportions: by column, of the variance of its coefficient. distance: what is left
    of the column that is said, relative to its norm.
    """

    relation: str
    weights: Mapping[str, float]
    is_exact: bool
    within_rounding: bool
    condition_index: float | None
    proportions: Mapping[str, float]
    distance: float | None


@dataclass(frozen=True)
class Dependence:
    """Near dependence of the columns, and which harm it does.

    cond, cond_scaled: 2-norm condition number of the matrix as stored, and with columns of norm 1. indexes (n,): the
    condition indexes of the scaled columns. proportions (n, n): row k, column j, the share of index k in the variance
    of coefficient j. vif:
    variance inflation factors by column, about the mean; None for the intercept. harm: to the coefficients, by name;
    says: the sentence that tells a person what to do.
    """

    cond: float
    cond_scaled: float
    indexes: tuple[float, ...]
    proportions: tuple[tuple[float, ...], ...]
    vif: Mapping[str, float | None]
    near: tuple[NearDependence, ...]
    harm: Mapping[str, Harm]
    says: str


@dataclass(frozen=True)
class Fix:
    """A change that was applied to these data and scored again.

    code: stable, such as "elapsed". sentence: what is changed. line: of a program in the library used. digits_before,
    digits_after: of the worst coefficient. cost: in words, such as "twice the time". same_coefficients: whether the
    coefficients answer the same question, mapped back where needed; `says` tells what changes where they do not.
    """

    code: str
    sentence: str
    line: str
    digits_before: float
    digits_after: float
    cost: str = ""
    same_coefficients: bool = True
    says: str = ""


@dataclass(frozen=True)
class ShownRow:
    """A row of the data, in a report that is asked to show cells: why it is worth a look, where it stands, its cells.

    Of dates the cells are the units that have elapsed since the first, which `Diagnosis.notes` then name.
    """

    why: str
    place: str
    cells: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Diagnosis(Page):
    """Whose digits are right, which stage lost the others, and the change that keeps them.

    verdict: one sentence. severity: the worst that was found. title: of the regression. call, code: whose answer is
    judged, and the line that makes it. mode: "exact" against certified truth, "forecast" from condition numbers, or
    "by blocks": coefficients certified from exact sums over a long file, and a forecast for a call that was not run.
    level: of all intervals. notes: what was found out while reading. conclusions: what a reader of the printed answer
    would get wrong: a sign, a significance, a column that was dropped. unfinished: what was not done, "" for nothing.
    ignored: the codes that were asked to be left out. calls_not_made: of a library's call that takes no such question,
    why; more_calls: how many other calls the libraries in `routes` have. shown: rows of the data, none unless cells
    were asked for: else no cell is in a report, but the name of a group where that names a coefficient.
    """

    verdict: str
    severity: Severity
    title: str
    target: str
    rows: int
    rows_left_out: int
    call: str
    code: str
    mode: Mode
    level: float
    coefficients: tuple[Coefficient, ...]
    figures: tuple[Figure, ...] = ()
    causes: tuple[Found, ...] = ()
    steps: tuple[Step, ...] = ()
    checks: tuple[str, ...] = ()
    routes: tuple[RouteRow, ...] = ()
    dependence: Dependence | None = None
    fixes: tuple[Fix, ...] = ()
    conclusions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unfinished: str = ""
    ignored: tuple[str, ...] = ()
    calls_not_made: Mapping[str, str] = field(default_factory=dict)
    more_calls: int = 0
    shown: tuple[ShownRow, ...] = ()

    @property
    def digits(self) -> float | None:
        """Correct digits of the worst coefficient; None where none could be scored."""
        known = [one.digits for one in self.coefficients if one.digits is not None]
        return min(known) if known else None

    def to_dict(self) -> dict[str, Any]:
        """As of every result, with the digits of the worst coefficient."""
        return {**super().to_dict(), "digits": self.digits}

    def to_frame(self) -> Any:
        """The coefficients as a pandas frame, a row each under its name. Raises MissingLibraryError without pandas."""
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingLibraryError("to_frame needs pandas: pip install pandas, or use to_dict()") from error
        return pd.DataFrame([asdict(one) for one in self.coefficients]).set_index("name")

    def _blocks(self) -> Sequence[Block]:
        from stabilitylab.diagnosis.page.blocks import blocks_of  # here: a program that reads numbers needs no page

        return blocks_of(self)

    def __repr__(self) -> str:
        return one_line(f"Diagnosis of {self.title}: {self.verdict}")

"""Result types, from one solve to one table row: Fit, Solution with its Status, Reference, Measurement."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Context, Decimal
from enum import Enum
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array, FormatLike, format_named
from stabilitylab.core.errors import OutOfRangeError, UnknownNameError
from stabilitylab.core.printable import one_decimal
from stabilitylab.core.suggest import did_you_mean

Truth: TypeAlias = Literal["decimal", "data", "matrix"]
TRUTHS: tuple[Truth, ...] = ("decimal", "data", "matrix")
Policy: TypeAlias = Literal["full-rank", "minimum-norm"]
POLICIES: tuple[Policy, ...] = ("full-rank", "minimum-norm")
# What weights w say. "relative": rows differ in accuracy as sqrt(w) do, and how accurate they are is estimated from the
# residuals. "absolute": w_i = 1/sigma_i², sigma_i the known standard deviation of b_i.
Weighting: TypeAlias = Literal["relative", "absolute"]
WEIGHTINGS: tuple[Weighting, ...] = ("relative", "absolute")
# Around a prediction: for the mean of b there, or for one more observation.
IntervalKind: TypeAlias = Literal["confidence", "prediction"]
INTERVAL_KINDS: tuple[IntervalKind, ...] = ("confidence", "prediction")

SCHEMA = 2  # of a Measurement; raised when the meaning of a field changes
MAPPINGS: Mapping[str, str] = {"problem": "parameters", "conditions": "conditions", "facts": "facts"}
"""`row["problem.NAME"]` looks into `row.parameters`: what stands before the dot, and the field that is looked into."""

BLAS = "blas"  # the fact, and the condition, that names the BLAS and LAPACK that the process of a library had loaded
WORST = "digits.min"  # correct digits of the worst coefficient, by which rows are judged and compared
UNDETERMINED = "undetermined"  # the fact of a row whose matrix owes its rank to rounding alone: what shows that
STARTED = "start"  # the fact of a row whose route started at the answer
CAUSE = "cause"  # the fact of a row that was asked what cost its digits: the code of it, and a sentence
SAID = 4  # numbers and words in the sentence of a row without that score
SHOWN_COEFFICIENTS, SHOWN_DIGITS = 10, 50  # of a printed Reference
GUARD_DIGITS = 10  # decimal places in which a number is formed before it is rounded to those shown


@dataclass(frozen=True, eq=False)
class Fit:
    """The coefficients x (n,) that a route returns, with what else it reports; None where it reports nothing.

    rank: the numerical rank it decided on. iterations: of an iterative method. standard_errors (n,) and r_squared: as
    it computed them. Q (m, n): its orthonormal factor. growth: max |u_ij| / max |a_ij| of an elimination. note: its own
    words. dropped: the coefficients for which it gave no value (NA); x holds 0 there. reader_ulps: for data sent as
    decimal text with 17 digits, the largest error of the program's own reader, in units in the last place.
    numpy.asarray(fit) is x.
    """

    x: Array
    rank: int | None = None
    iterations: int | None = None
    standard_errors: Array | None = None
    r_squared: float | None = None
    Q: Array | None = None
    growth: float | None = None
    note: str = ""
    dropped: tuple[int, ...] = ()
    reader_ulps: float | None = None
    stopped_early: bool = False

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype, copy=copy)


class NotAvailable:
    """The coefficient for which a route gave no value; a product with it is no value either."""

    def __mul__(self, other: object) -> "NotAvailable":
        return self

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return "NA"


def reported(answer: "Fit | Array") -> Array:
    """The coefficients (n,) as the route gave them: NA, and not the 0 of `Fit.x`, where it gave no value."""
    x = np.array(answer)
    if isinstance(answer, Fit) and answer.dropped:
        x = x.astype(object)
        x[list(answer.dropped)] = NotAvailable()
    return x


class Status(Enum):
    """How a solve ended, as a sentence."""

    SOLVED = "solved"
    WARNED = "solved, with a warning"
    RANK_REDUCED = "solved in a smaller space: directions were dropped by a rank cut-off"
    REPORTS_LOWER_RANK = "solved, and reports a lower rank; the answer does not confirm that directions were dropped"
    STOPPED_EARLY = "stopped by its budget of steps, before its tolerance was met"
    DROPPED = "gave NA in place of a coefficient, whose column a rank cut-off dropped"
    REFUSED = "refused, and said why"
    RAISED = "raised an error that is no refusal"
    NOT_FINITE = "returned a coefficient that is not finite"
    TIMED_OUT = "did not come back within the time limit"
    DIED = "took its process down"
    UNUSABLE = "could not be started here"

    @property
    def answered(self) -> bool:
        """Whether there are finite coefficients to score."""
        return self in _ANSWERED


_ANSWERED = frozenset(
    {
        Status.SOLVED,
        Status.WARNED,
        Status.RANK_REDUCED,
        Status.REPORTS_LOWER_RANK,
        Status.STOPPED_EARLY,
        Status.DROPPED,
    }
)


@dataclass(frozen=True, eq=False)
class Solution:
    """How one call of one route on one problem ended; an exception that it raised is a status with a note.

    x (n,): the coefficients in the order and scale of the problem as published, None where none came back. note: why
    there is no answer, or what came with it. warnings: the messages of warnings. seconds: wall time of the call.
    """

    x: Array | None
    status: Status
    fit: Fit | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Reference:
    """The certified solution of min |b - A x| for one truth of a problem: mpmath numbers with proven digits.

    x (n,): each coefficient has a relative error below 10**-digits; one that is exactly 0 is exactly 0.
    residual_norm = |b - A x|, standard_errors (n,) (None when m = n) and r_squared (about the mean when there is an
    intercept; None when the total sum of squares is 0) are proven to as many digits. policy: "full-rank", or which
    of the solutions of an exactly rank-deficient problem this is. method: how it was proven. scales (n,): |b| / |a_j|,
    the size against which digits of a coefficient that is exactly 0 are counted. `print` shows the digits.
    """

    x: tuple[Any, ...]
    digits: int
    truth: Truth
    rank: int
    policy: str
    method: str
    residual_norm: Any
    standard_errors: tuple[Any, ...] | None
    r_squared: Any
    scales: tuple[Any, ...]

    def rounded(self, format: FormatLike = "float64") -> Array:
        """x rounded once to a format.

        Raises OutOfRangeError on overflow or when a non-zero underflows, InputError for an unknown format.
        """
        target = format_named(format)
        out, smallest = target.rounded(np.zeros(len(self.x), dtype=target.dtype)), target.smallest_normal
        for i, value in enumerate(self.x):
            sign, mantissa, exponent, _ = value._mpf_
            exact = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent
            out[i] = target.nearest(exact)
            if exact and abs(out[i]) < smallest:
                raise OutOfRangeError(f"coefficient {i} underflows {target}: rescale column {i}")
        return out

    def __repr__(self) -> str:
        n = len(self.x)
        return (
            f"Reference: {n} coefficient{'s' * (n != 1)} of the {self.truth} truth, each proven to "
            f"{self.digits} digits, rank {self.rank} ({self.method})"
        )

    def __str__(self) -> str:
        deficient = "" if self.policy == "full-rank" else f", the {self.policy} solution of a deficient problem"
        lines = [
            f"certified solution of the {self.truth} truth: {len(self.x)} coefficients, rank {self.rank}{deficient}",
            f"each proven to {self.digits} digits ({self.method})",
            *(f"x[{j}] = {self._printed(value)}" for j, value in enumerate(self.x[:SHOWN_COEFFICIENTS])),
        ]
        if len(self.x) > SHOWN_COEFFICIENTS:
            lines.append(f"and {len(self.x) - SHOWN_COEFFICIENTS} more")
        lines.append(f"residual norm = {self._printed(self.residual_norm)}")
        if self.r_squared is not None:
            lines.append(f"R² = {self._printed(self.r_squared)}")
        return "\n".join(lines)

    def _printed(self, value: Any) -> str:
        """An mpmath number, whose value is an integer times a power of 2, in as many decimal digits as are shown."""
        sign, mantissa, exponent, _ = value._mpf_
        digits = min(self.digits, SHOWN_DIGITS)
        wide = Context(prec=digits + GUARD_DIGITS)
        size = wide.power(Decimal(2), abs(exponent))
        number = wide.multiply(int(mantissa), size) if exponent >= 0 else wide.divide(int(mantissa), size)
        return f"{'-' if sign else ''}{Context(prec=digits).plus(number)}"


@dataclass(frozen=True, repr=False)
class Measurement:
    """One row of a result: what was measured, under what, how it ended, and its scores; JSON-able and flat.

    parameters: those of the problem. conditions: what else the row was made under, such as a library's version.
    facts: words and settings that the measurement found out, texts or numbers that are no scores.
    scores: numbers by name, None with a reason where there is none. verdict: the measured digits against the error
    law's. cause: what cost the digits where that is known, such as a rank cut-off.
    format: the name of the format of the data. works_in: the format that the route computes in.
    variant: "published", "permuted 3" or "scaled 3", the exactly equivalent variant that was solved.
    seed: of a problem that was drawn. problem_hash: of its bits, "" for a probe, which may have no problem at all.
    `row[NAME]` and `row.get(NAME)` look up by name, and `str(row)` is a sentence.
    """

    problem: str
    parameters: Mapping[str, Any]
    solver: str
    format: str
    works_in: str
    truth: str
    status: str
    note: str
    warnings: tuple[str, ...]
    rank: int | None
    x: tuple[float, ...] | None
    scores: Mapping[str, float | None]
    reasons: Mapping[str, str] = field(default_factory=dict)
    verdict: str = ""
    cause: str = ""
    seed: int | None = None
    variant: str = "published"
    problem_hash: str = ""
    conditions: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def __getitem__(self, name: str) -> Any:
        """A value by name, as `get` gives it. Raises UnknownNameError for a name that the row does not know at all.

        It knows the scores that were asked for, those without a value among them, and its fields; behind `problem.`,
        `conditions.` and `facts.` it takes every name.
        """
        known = {*self.scores, *self.reasons}
        if name not in known and name.partition(".")[0] not in MAPPINGS and not hasattr(self, name):
            names = sorted(known | {one.name for one in fields(self)})
            raise UnknownNameError(f"the row has no {name!r}: {did_you_mean(name, names, plural='names')}")
        return self.get(name)

    def get(self, name: str) -> Any:
        """A value by name; None where the row lacks it, as a score that other rows have.

        `problem.NAME` is a parameter of the problem, `conditions.NAME` a condition, `facts.NAME` a fact; any other name
        is that of a score, else of a field.
        """
        before, dot, key = name.partition(".")
        if dot and before in MAPPINGS:
            return getattr(self, MAPPINGS[before]).get(key)
        return self.scores[name] if name in self.scores else getattr(self, name, None)

    @property
    def answered(self) -> bool:
        """Whether the route returned finite coefficients."""
        return Status[self.status].answered

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it: mappings as dictionaries, tuples as lists, everything else as it is."""
        return {one.name: _as_json(getattr(self, one.name)) for one in fields(self)}

    def __str__(self) -> str:
        status = Status[self.status]
        if not self.answered:
            said = [": ".join(filter(None, (status.value, self.note))), self.cause]
        else:
            warned = "with a warning" if self.warnings and status is not Status.WARNED else ""
            ending = "" if status is Status.SOLVED else status.value
            said = [self._scored(), ending, warned, self.note, self.cause, self.facts.get(STARTED, "")]
        under = [
            f"{self.truth} truth" if self.truth else "",
            self.format if self.works_in == self.format else f"{self.format}, computed in {self.works_in}",
            "" if self.variant == "published" else self.variant,
            *(f"{name} {value}" for name, value in self.conditions.items()),
        ]
        return (
            f"{self.solver} on {self.named_problem}: {'; '.join(filter(None, said))} ({', '.join(filter(None, under))})"
        )

    __repr__ = __str__

    @property
    def named_problem(self) -> str:
        """The problem with its parameters; the name of a catalogued one spells them already."""
        if self.problem_hash or not self.parameters:
            return self.problem
        return f"{self.problem}({', '.join(f'{name}={value}' for name, value in self.parameters.items())})"

    def _scored(self) -> str:
        """The digits of the worst coefficient, or why there are none; of a row without that score, the others."""
        digits = self.scores.get(WORST)
        if digits is not None:
            return f"{one_decimal(digits)} correct digits in the worst coefficient"
        if WORST in self.scores or WORST in self.reasons:
            return f"correct digits not scored: {self.reasons.get(WORST, 'no reason was recorded')}"
        numbers = [f"{name} {value:.4g}" for name, value in self.scores.items() if value is not None]
        facts = {name: value for name, value in self.facts.items() if name != STARTED and "\n" not in str(value)}
        words = [f"{name} {value}" for name, value in facts.items()]
        return ", ".join([*numbers, *words][:SAID]) or "no score"


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value

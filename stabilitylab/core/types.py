"""The frozen types of what happens to a problem: Fit, Solution, Status, Reference, Measurement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array, nearest
from stabilitylab.core.errors import OutOfRangeError

Truth: TypeAlias = Literal["decimal", "data", "matrix"]
TRUTHS: tuple[Truth, ...] = ("decimal", "data", "matrix")

SCHEMA = 1  # of a Measurement; raised when the meaning of a field changes


@dataclass(frozen=True, eq=False)
class Fit:
    """What a solver has to say beyond x: numerical rank, iterations, statistics, the orthonormal factor, growth.

    dropped: the coefficients for which the library gave no value (NA); x holds 0 there. reader_ulps: for data that went
    as decimal text with 17 digits, the largest error of the program's own reader, in units in the last place.
    Converts to x under numpy.asarray, so that code that wants only the coefficients need not ask.
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

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype, copy=copy)


class Status(Enum):
    """How a solve ended, as a sentence."""

    SOLVED = "solved"
    WARNED = "solved, with a warning"
    RANK_REDUCED = "solved in a smaller space: directions were dropped by a rank cut-off"
    DROPPED = "gave NA in place of a coefficient, whose column a rank cut-off dropped"
    REFUSED = "refused, and said why"
    RAISED = "raised an error that is no refusal"
    NOT_FINITE = "returned a coefficient that is not finite"
    TIMED_OUT = "did not come back within the time limit"
    DIED = "took its process down"

    @property
    def answered(self) -> bool:
        """Whether there are finite coefficients to score."""
        return self in (Status.SOLVED, Status.WARNED, Status.RANK_REDUCED, Status.DROPPED)


@dataclass(frozen=True, eq=False)
class Solution:
    """One solver's answer to one problem, whatever happened: the place where exceptions have become data."""

    x: Array | None
    status: Status
    fit: Fit | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Reference:
    """The certified solution of one truth of a problem.

    x: mpmath numbers, each with relative error below 10**-digits (an x that is exactly 0 is exactly 0).
    residual_norm |b - A x|, standard_errors (None when m == n) and r_squared (centred when there is an intercept; None
    when the total sum of squares is 0) are certified likewise. policy: "full-rank", or which of the solutions of an
    exactly deficient problem this is. scales: |b| / |a_j|, the size of coefficient j, for digits of an exact 0.
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

    def rounded(self, dtype: npt.DTypeLike = "float64") -> Array:
        """x rounded once to a format. Raises OutOfRangeError on overflow, or when a non-zero underflows."""
        kind = np.dtype(dtype).type
        out = np.zeros(len(self.x), dtype=kind)
        for i, value in enumerate(self.x):
            sign, mantissa, exponent, _ = value._mpf_
            exact = Fraction(-mantissa if sign else mantissa) * Fraction(2) ** exponent
            out[i] = nearest(exact, kind)
            if exact and abs(out[i]) < np.finfo(kind).tiny:
                raise OutOfRangeError(f"coefficient {i} underflows {np.dtype(kind).name}: rescale column {i}")
        return out


@dataclass(frozen=True)
class Measurement:
    """One flat row: what was run, how it ended, and every score, None with a reason where there is none.

    verdict: the measured digits against the law's. cause: what cost the digits where that is known, such as a rank
    cut-off. copy: "published", "permuted 3" or "scaled 3", the exactly equivalent copy that was solved.
    """

    problem: str
    parameters: Mapping[str, Any]
    solver: str
    dtype: str
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
    copy: str = "published"
    problem_hash: str = ""
    schema: int = SCHEMA

    def __getitem__(self, name: str) -> Any:
        """A score, a parameter of the problem as `problem.NAME`, or a field, by name; None where a row lacks it."""
        if name.startswith("problem."):
            return self.parameters.get(name.removeprefix("problem."))
        return self.scores[name] if name in self.scores else getattr(self, name, None)

    @property
    def answered(self) -> bool:
        """Whether the route returned finite coefficients."""
        return Status[self.status].answered

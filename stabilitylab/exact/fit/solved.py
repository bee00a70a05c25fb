"""What every figure of a fit starts from: the coefficients, their proof, and the exact normal equations."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import Weighting
from stabilitylab.exact import supported
from stabilitylab.exact.gram.inputs import summed
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.proof.certificate import Certificate
from stabilitylab.exact.ridge import NO_STANDARD_ERRORS, PenalisedEvidence, Ridge
from stabilitylab.exact.rows import FittedRows
from stabilitylab.exact.solve.choose import solve
from stabilitylab.exact.solve.enclosed import EnclosedSolution, rounded, to_nearest
from stabilitylab.exact.solve.interval import Interval
from stabilitylab.exact.statistics import Accuracy, Evidence, settled, total_sum_of_squares

CHANGED = "A or b have changed since the fit: fit again, or keep them as they were"
Rounding: TypeAlias = Callable[[Interval, str], float | None]


@dataclass(frozen=True, eq=False)
class Solved:
    """x (n,) with its proof, and how a figure is taken from the exact normal equations: see `CertifiedFit`.

    weighting: what the weights say. unweighted: that there were none, known where the rows were not kept.
    """

    x: Array
    names: tuple[str, ...]
    certificate: Certificate
    rows: int
    constant: int | None
    system: NormalEquations | None
    data: FittedRows | None
    solution: EnclosedSolution | None = None
    known: supported.Known | None = None
    sensitivity: supported.Sensitivity | None = None
    weighting: Weighting = "relative"
    unweighted: bool = False
    target: str = "b"
    intercept: bool = False
    ridge: Ridge | None = None
    rows_left_out: int = 0

    def __post_init__(self) -> None:
        self.x.flags.writeable = False

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self.x, dtype=dtype, copy=copy)

    @cached_property
    @in_default_mode
    def evidence(self) -> Evidence:
        """The exact normal equations, formed now where the solution did not need them, and what follows from them."""
        normal, solution, rank = self.system, self.solution, self.certificate.rank
        if normal is None:
            rows = self._kept()
            normal = summed(rows.data, rows.weights)
            solution = solve(normal, to_nearest(normal, normal.ratios))
            if solution is None or rounded(solution, normal.ratios, self.names) != self.x.tolist():
                raise InputError(CHANGED)  # while it was being read
        if self.ridge is not None:
            sums = self.ridge.sums
            return PenalisedEvidence(normal, rank, total_sum_of_squares(sums, self.constant), solution, sums)
        return Evidence(normal, rank, total_sum_of_squares(normal, self.constant), solution)

    @property
    def degrees_of_freedom(self) -> int:
        """m less the rank of A; 0 with a penalty, under which residuals have no such number."""
        return 0 if self.ridge is not None else max(0, self.rows - self.certificate.rank)

    @property
    def why_no_standard_errors(self) -> str:
        """Why standard errors, and what follows from them, are None, in words and with the way out; "" where not."""
        if self.ridge is not None:
            return NO_STANDARD_ERRORS
        n, rank = len(self.x), self.certificate.rank
        if rank < n:
            return (
                f"the {n} columns have rank {rank}, so that the data determine sums of coefficients and not each of "
                f"them: leave out columns that depend on others"
            )
        if not self.degrees_of_freedom and self.weighting == "relative":
            rows = f"{self.rows} row{'s' * (self.rows != 1)} for {n} coefficient{'s' * (n != 1)}"
            return (
                f"{rows} leave no residuals from which their scatter could be estimated: give more rows, or weights "
                f'1/sigma² with weighting="absolute" where the standard deviations sigma of the rows are known'
            )
        return ""

    @property
    def is_exactly_zero(self) -> npt.NDArray[np.bool_]:
        """Which coefficients are 0, exactly and with proof (n,): a number that is not 0 is never rounded to it."""
        return np.asarray(self.x == 0.0)

    @in_default_mode
    def _fits_exactly(self) -> bool:
        return self.evidence.fits_exactly

    @in_default_mode
    def _one(self, enclosed: Callable[[Accuracy], Interval], rounding: Rounding, what: str) -> float:
        return settled(lambda accuracy: [enclosed(accuracy)], lambda interval, _: rounding(interval, what))[0]

    @in_default_mode
    def _each(self, enclosed: Callable[[Accuracy], list[Interval]], rounding: Rounding, what: str) -> Array | None:
        if self.why_no_standard_errors:
            return None
        return np.array(settled(enclosed, lambda interval, j: rounding(interval, f"{what} of {self.names[j]}")))

    def _kept(self) -> FittedRows:
        if self.data is None:
            raise InputError("the rows were not kept by the accumulator: take A @ fit.x block by block")
        if not self.data.unchanged:
            raise InputError(CHANGED)
        return self.data

"""What is asked of a person's table: a regression, with its certified answer for each truth."""

import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.errors import UndeterminedWarning
from stabilitylab.core.types import Policy, Solution, Truth, Weighting
from stabilitylab.data.problem import Design, Problem
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Intercept
from stabilitylab.exact import CertifiedFit, lstsq

SHOWN = 6  # regressors in a title


@dataclass(frozen=True, eq=False)
class Question:
    """min sum w_i (y - A x)_i², for a table and a design.

    problem: the columns as given, the design, and the format of the person's arithmetic. table: where they come from.
    weights (m,): exact, None where every row counts once; weights_name: of their column. formula: as it was written,
    "" where there was none. stands_for: of a small problem that has the means and products of columns of many more
    rows, how many these are; 0 where the rows are the data themselves.
    """

    problem: Problem
    table: Table
    weights: ExactColumn | Array | None = None
    weights_name: str = ""
    weighting: Weighting = "relative"
    formula: str = ""
    stands_for: int = 0

    @cached_property
    def _fits(self) -> dict[tuple[Truth, Policy], CertifiedFit]:
        return {}

    def fit(self, truth: Truth = "decimal", policy: Policy = "full-rank") -> CertifiedFit:
        """The certified fit for one truth, computed once. Raises the errors of `lstsq`, RankDeficientError for one."""
        truth = "matrix" if self._is_stored else truth  # equal then, and floats take a hundredth of the time
        if (truth, policy) not in self._fits:
            with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
                weights: Any = self.weights
                self._fits[truth, policy] = lstsq(
                    self.problem, truth=truth, weights=weights, policy=policy, weighting=self.weighting
                )
        return self._fits[truth, policy]

    @property
    def rows(self) -> int:
        """m, of the data."""
        return self.stands_for or self.problem.shape[0]

    @property
    def title(self) -> str:
        """The regression in a few words: y on a, b, c, or its formula."""
        regressors = self.problem.regressors
        more = f" and {len(regressors) - SHOWN} more" if len(regressors) > SHOWN else ""
        return self.formula or f"{self.problem.response} on {', '.join(regressors[:SHOWN]) or 'a constant'}{more}"

    @cached_property
    def _is_stored(self) -> bool:
        """Whether the matrix holds the numbers as given, floats of its own format, and has as many rows as columns."""
        problem = self.problem
        given = [problem.data[name] for name in (*problem.design.numbers, problem.response)]
        floats = all(isinstance(values, np.ndarray) and values.dtype == problem.format.dtype for values in given)
        return floats and problem.design.stored and problem.shape[0] >= problem.shape[1]

    @property
    def names(self) -> tuple[str, ...]:
        """One for each coefficient."""
        return self.problem.feature_names

    @property
    def float_weights(self) -> Array | None:
        """The weights as a person's program has them, float64 (m,)."""
        if self.weights is None:
            return None
        problem = Problem("weights", {"weights": self.weights}, Design.of(Intercept()), "as given", response="weights")
        return problem.b


@dataclass(frozen=True, eq=False)
class Call:
    """What a person's call gave.

    name: of the route ("numpy.lstsq"), of the model ("sklearn.linear_model.LinearRegression") or of whoever answered.
    solution: x in the order of the question's coefficients, with status, standard errors and R² where they came with
    it. entry: the route of the catalogue, None for an answer from elsewhere. code: the line of a program that makes the
    call, "" if unknown. refit: of a fitted model, the route that makes its call again on the question, "" where there
    is none; None for what is no model. printed (n,): the coefficients as they were written, where they came as text.
    """

    name: str
    solution: Solution
    entry: Entry[RouteLabel] | None = None
    code: str = ""
    printed: tuple[str, ...] | None = None
    refit: str | None = None

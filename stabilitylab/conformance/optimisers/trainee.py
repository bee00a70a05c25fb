"""An optimiser in front of a question: how it is run."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np

from stabilitylab.conformance.judged import Judged
from stabilitylab.conformance.verdict import SettledError, Verdict
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.catalog import Entry
from stabilitylab.core.objective import Gradient
from stabilitylab.solvers.descent import Iterate, OptimiserLabel
from stabilitylab.solvers.descent.hyperparameters import defaults, variants
from stabilitylab.solvers.descent.schedules import Rate


class Trainee(Judged):
    """An optimiser that is asked one question."""

    def __init__(self, entry: Entry[OptimiserLabel]) -> None:
        super().__init__()
        self.entry = entry

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Its hyperparameters, as they are unless set."""
        return defaults(self.entry.function)

    @property
    def variants(self) -> Mapping[str, tuple[Any, ...]]:
        """Of its hyperparameters those that choose between formulas, with all choices."""
        return variants(self.entry.function)

    def steps(self, gradient: Gradient, x: Array, lr: Rate, count: int, **settings: Any) -> Iterator[Iterate]:
        """The first iterates from x (n,), one after the other. FAIL where it raises an error: it takes all this.

        settings: hyperparameters, and an update.
        """
        try:
            with np.errstate(all="ignore"):
                yield from islice(self.entry.function(gradient, x, lr=lr, **settings), count)
        except Exception as error:
            raise SettledError(Verdict.FAIL, f"raised {type(error).__name__}: {error}") from error

    def run(self, gradient: Gradient, x: Array, rates: tuple[float, ...], **settings: Any) -> list[Iterate]:
        """One iterate for each of the rates; as `steps`."""
        # One that asks for the rate of a step that is none yet gets the last one, and the formula shows it.
        return list(self.steps(gradient, x, lambda k: rates[min(k, len(rates) - 1)], len(rates), **settings))

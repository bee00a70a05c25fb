"""Runs that diverge, the step at which the loss is predicted to leave the format beside the step at which it does.

`python tests/support/diverging_runs.py 300` runs that many in float32 and float64 and prints the share within a step.
"""

import sys
from dataclasses import dataclass
from math import exp, log

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64, Format
from stabilitylab.core.objective import LOSSES, LeastSquares
from stabilitylab.scoring.theory.descent.overflow import Overflow, step_of_overflow
from stabilitylab.scoring.theory.descent.recurrence import LINEAR, Recurrence, recurrence_of
from stabilitylab.scoring.theory.descent.start import Start, stored
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.schedules import constant

HYPERPARAMETERS = {"heavy_ball": ("momentum",), "nesterov": ("momentum",), "momentum_mean": ("beta",), "gradient": ()}


@dataclass(frozen=True, eq=False)
class Run:
    """One run: the law's name, objective, start, format, rate as stored, momentum."""

    law: str
    objective: LeastSquares
    x0: np.ndarray
    format: Format
    lr: float
    momentum: float

    @property
    def recurrence(self) -> Recurrence:
        """With the hyperparameters as the format holds them."""
        held = stored(self.momentum, self.format)
        return recurrence_of(self.law, {"momentum": held, "beta": held, "gain": stored(1 - self.momentum, self.format)})

    @property
    def start(self) -> Start:
        """As the laws see it."""
        return Start(self.objective.A, self.objective.b, self.x0, float(self.objective.factor))

    def predicted(self, lr: float | None = None) -> Overflow | None:
        """Before the run."""
        lr, numerator = self.lr if lr is None else lr, self.objective.factor.numerator
        return step_of_overflow(self.recurrence, lr, self.start, self.format, numerator=numerator)

    def measured(self, most: int) -> int | None:
        """The first step at which the loss is not finite; None within `most` steps."""
        named = dict.fromkeys(HYPERPARAMETERS[self.law], self.momentum)
        optimiser = descent.get(f"descent.{self.law}")
        with np.errstate(all="ignore"):
            iterates = optimiser(self.objective.gradient, self.x0, lr=constant(self.lr), **named)
            for k, iterate in zip(range(1, most + 1), iterates, strict=False):
                if not np.isfinite(self.objective.value(iterate.x)):
                    return k
        return None


def drawn(seed: int, format: Format, most: float) -> Run:
    """A random problem with a rate above the limit, so little that the loss leaves the format after 3 to `most` steps.

    Columns of different scales, each loss, each linear method, a start at 0 or elsewhere.
    """
    rng = np.random.default_rng(seed)
    law = list(LINEAR)[seed % len(LINEAR)]
    n = int(rng.integers(1, 4))
    m = int(rng.integers(n + 1, 12))
    A = format.rounded(rng.normal(size=(m, n)) * 10.0 ** rng.uniform(-2, 2, n))
    b = format.rounded(rng.normal(size=m) * 10.0 ** rng.uniform(-2, 2))
    x0 = format.rounded(rng.normal(size=n) * rng.integers(2))
    objective = LeastSquares(A, b, LOSSES[int(rng.integers(len(LOSSES)))])
    run = Run(law, objective, x0, format, 1.0, float(rng.choice([0.3, 0.5, 0.9, 0.95, 0.99])))
    # The growth in a step with which |r|² reaches the largest number after about so many steps from 1.
    growth = exp(log(float(format.largest)) / 2 / 10 ** rng.uniform(0.5, np.log10(most)))
    low, high = run.recurrence.limit, 1e6 * run.recurrence.limit
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if float(run.recurrence.radius(np.array([middle]))[0]) < growth else (low, middle)
    lr = stored(high / float(run.start.eigenvalues[0]), format)
    return Run(law, objective, x0, format, lr, run.momentum)


def misses(runs: list[Run], most: int) -> list[tuple[Run, Overflow | None, int | None]]:
    """The runs whose predicted and measured steps differ by more than one."""
    found = []
    for run in runs:
        predicted, measured = run.predicted(), run.measured(most)
        if predicted is None or measured is None or abs(predicted.step - measured) > 1:
            found.append((run, predicted, measured))
    return found


if __name__ == "__main__":
    count = int(sys.argv[1])
    for format in (FLOAT32, FLOAT64):
        missed = misses([drawn(seed, format, 17_000) for seed in range(count)], 25_000)
        print(f"{format}: {count - len(missed)} of {count} within one step")
        for run, predicted, measured in missed:
            print(run.law, run.objective.loss, run.momentum, predicted, measured)

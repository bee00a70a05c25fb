"""A run under inquiry: what it did, in plain numbers, and the same run with one thing changed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT64, Array
from stabilitylab.core.printable import one_decimal
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.theory.descent.modes import steps_of_coefficients
from stabilitylab.training.exactly import carried_on
from stabilitylab.training.first_lost import FirstLost, first_lost
from stabilitylab.training.laws import components, largest_rate, recurrence_of
from stabilitylab.training.next_step import next_step, spacing
from stabilitylab.training.run import Progress, Run, run_of
from stabilitylab.training.setting import Setting

GAIN = 1.0  # digits that a change must bring to prove a cause
SHRINK = 10.0  # or the factor by which it must shrink the loss gap, which is the square of the error
MOST_EXACT = 2000  # steps that are carried on exactly
NOTHING = 1e-3  # share of the loss gap that a run must win in its second half, else it stands


@dataclass(frozen=True, eq=False)
class Inquiry:
    """A run of `problem`, the tests that were made of it, and the runs with one thing changed."""

    run: Run
    problem: Problem
    progress: Progress | None = None
    _runs: dict[tuple[Any, ...], Run] = field(default_factory=dict)

    @property
    def setting(self) -> Setting:
        """What was run."""
        return self.run.setting

    def again(self, **changes: Any) -> Run:
        """The same run with some parts of its setting changed, made once."""
        setting = replace(self.setting, steps=max(self.run.ended, 1) if self.run.interrupted else self.setting.steps)
        key = tuple(sorted((name, repr(value)) for name, value in changes.items()))
        if key not in self._runs:
            same = "loss" not in changes
            self._runs[key] = run_of(
                replace(setting, **changes),
                self.problem,
                start=self.start,
                measured_by=self.run.minimum if same else None,
                progress=self.progress,
            )
        return self._runs[key]

    @cached_property
    def start(self) -> list[float]:
        """Where the run began (n,)."""
        return [float(value) for value in self.run.weights[0]]

    @property
    def gap(self) -> float:
        """The loss gap at the end; inf where the weights are not finite."""
        last = self.run.gaps[-1]
        return float("inf") if last is None else float(last)

    @property
    def first_gap(self) -> float:
        """The loss gap at the start."""
        return float(self.run.gaps[0])

    @cached_property
    def middle_gap(self) -> float:
        """The smallest loss gap in the first half of the steps."""
        half = self.run.ended // 2
        known = [float(g) for k, g in zip(self.run.steps, self.run.gaps, strict=True) if k <= half and g is not None]
        return min(known, default=float("inf"))

    @cached_property
    def stands(self) -> bool:
        """Whether the second half of the run did not bring the loss gap further down than the first half had."""
        half = self.run.ended // 2
        later = [float(g) for k, g in zip(self.run.steps, self.run.gaps, strict=True) if k > half and g is not None]
        return bool(later) and float(np.median(later)) >= (1 - NOTHING) * self.middle_gap

    @property
    def is_fine(self) -> bool:
        """Whether the run has arrived."""
        return self.run.status.name == "SOLVED"

    def gains(self, other: Run) -> bool:
        """Whether another run is nearer: by GAIN digits of the worst coefficient, or SHRINK in the loss gap."""
        if not other.is_finite:
            return False
        if not self.run.is_finite:
            return float(other.gaps[-1]) < self.first_gap
        if other.digits[-1] >= self.run.digits[-1] + GAIN:
            return True
        factor = float(other.minimum.factor / self.run.minimum.factor)
        return float(other.gaps[-1]) * SHRINK < self.gap * factor

    @property
    def method(self) -> str:
        """The optimiser, as a sentence has it."""
        return self.setting.optimiser.removeprefix("descent.").replace("_", " ")

    @cached_property
    def largest_rate(self) -> float | None:
        """The rate above which the method is unstable on these data; None where it has no such law."""
        return largest_rate(self.setting, self.run.minimum)

    @cached_property
    def grows_exactly(self) -> bool:
        """Whether the run leaves the range of its format, or goes farther away than it began, in exact arithmetic too.

        Not asked for batches, whose rows a run in exact arithmetic does not draw.
        """
        if self.setting.batch is not None:
            return False
        run = self.run
        steps = min(run.ended, MOST_EXACT)
        last = None
        start = run.weights[0]
        for x in islice(carried_on(self.setting, run.minimum, start), steps):
            last = x
            if not all(v - v == 0 for v in x):
                return True
        return last is not None and run.minimum.gap_of(run.minimum.error(last)) > run.gaps[0]

    @cached_property
    def first_lost(self) -> FirstLost | None:
        """The first operation whose result left the range of its format."""
        return first_lost(self.setting, self.problem, self.start, self.names)

    @cached_property
    def last_step(self) -> Array:
        """What the next step would add to each weight, unrounded (n,): lr times the gradient, or what the state "
        "says."""
        return next_step(self.run)

    @cached_property
    def spacing(self) -> Array:
        """The distance from each weight to the next number of its format on the side of the step (n,)."""
        return spacing(self.run.x, self.last_step, self.setting.format)

    @cached_property
    def directions_left(self) -> Array:
        """What is left of the error along each eigenvector of the Hessian (n,), of 1 at the start."""
        run = self.run
        first, last = components(run.minimum, run.weights[0]), components(run.minimum, run.x)
        with np.errstate(all="ignore"):
            return np.where(first == 0, 0.0, np.abs(last) / np.abs(first))

    @cached_property
    def slowest(self) -> tuple[int, float]:
        """The coefficient with the fewest digits, and how many steps in all it needs for one more; inf: not known."""
        run = self.run
        j = int(np.argmin(run.coefficient_digits))
        recurrence = recurrence_of(self.setting)
        if recurrence is None or self.setting.batch is not None:
            return j, float("inf")
        eigenvalues, V = run.minimum.spectrum
        wanted = np.full(len(self.names), 10.0 ** -(run.coefficient_digits[j] + 1))
        wanted *= np.array([abs(float(value)) or 1.0 for value in run.minimum.x])
        steps = steps_of_coefficients(
            recurrence, self.setting.lr * eigenvalues, V, components(run.minimum, run.weights[0]), wanted
        )
        return j, float(steps[j])

    @cached_property
    def cond(self) -> float:
        """The condition number of A."""
        eigenvalues = self.run.minimum.spectrum[0]
        return float(np.sqrt(eigenvalues[0] / eigenvalues[-1])) if eigenvalues[-1] > 0 else float("inf")

    def compared(self, other: Run) -> str:
        """How another run ends, beside this one: "with 5.1 digits instead of 2.0", or by the loss where that tells."""
        if not self.run.is_finite or other.digits[-1] >= self.run.digits[-1] + GAIN:
            before = f" instead of {one_decimal(self.run.digits[-1])}" if self.run.is_finite else ""
            return f"with {one_decimal(other.digits[-1])} digits{before}"
        return f"{float(other.gaps[-1]):.1e} above the least loss instead of {self.gap:.1e}"

    @cached_property
    def in_float64(self) -> Run:
        """The same run with every number in float64."""
        return self.again(format=FLOAT64, state=None, update="plain", loss_scale=1.0)

    @property
    def is_short(self) -> bool:
        """Whether the weights or the state are in a shorter format than float64."""
        return min(self.setting.format.precision, self.setting.state_format.precision) < FLOAT64.precision

    @cached_property
    def moments(self) -> Array | None:
        """The running mean of squared gradients at the end (n,), where the optimiser keeps one."""
        v = self.run.state.get("v")
        has_second = self.setting.hyperparameter("eps") is not None
        return None if v is None or not has_second else np.asarray(v, dtype=np.float64)

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the coefficients."""
        return self.run.names

    def named(self, positions: Array | list[int], most: int = 3) -> str:
        """Some coefficients by name, as a sentence has them."""
        named = [self.names[int(j)] for j in positions]
        shown = ", ".join(named[:most])
        return shown + (f" and {len(named) - most} others" if len(named) > most else "")


Test = Callable[[Inquiry], Any]

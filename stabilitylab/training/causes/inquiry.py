"""A run under inquiry: what it did, in plain numbers, and the same run with one thing changed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT64, Array
from stabilitylab.data.problem import Problem
from stabilitylab.training.run import Progress, Run, run_of
from stabilitylab.training.setting import Setting

GAIN = 1.0  # digits that a change must bring to prove a cause
SHRINK = 10.0  # or the factor by which it must shrink the loss gap, which is the square of the error
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
            same = changes.keys().isdisjoint({"format", "loss"})
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

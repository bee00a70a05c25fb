"""`train`: an optimiser on a least-squares problem, every step measured against the exact minimiser."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import FLOAT64, Array, FormatLike, format_named
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import InputError, NotFiniteError, ShapeError
from stabilitylab.core.objective import LeastSquares, Loss, batches
from stabilitylab.core.types import Status
from stabilitylab.data.problem import Problem
from stabilitylab.report.blocks import Block
from stabilitylab.report.page import Page, plain_data
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.training.laws import predicted_overflow
from stabilitylab.training.minimum import Minimum, minimum, mp
from stabilitylab.training.observed import Observed
from stabilitylab.training.page import blocks_of_run, sentence_of
from stabilitylab.training.setting import Setting, optimiser_named
from stabilitylab.training.updates import update_of

FIRST = 100  # steps recorded one by one
GROWTH = 1.02  # of the recorded step numbers, from there on
WITHIN = 1.0  # digits below those of the format, within which a run has arrived
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False, repr=False)
class Run(Page):
    """What a training run did, at the recorded steps (K,), of which step 0 is the start.

    setting, minimum: what was run, and the ruler. names (n,): of the coefficients. weights: x (n,) in the format of the
    weights at each recorded step. losses (K,): the loss in that format, as a training loop prints it, of the rows of
    the step; nan at the last step, whose loss nobody has computed. state: what the optimiser carried on at the last
    step. ended: the last step made. not_finite: the first step whose weights are not finite; infinite_loss: the first
    whose loss was not; None where none was. still_since: the first step after which no bit of the weights has changed.
    seconds: wall time. interrupted: whether a person ended it before its budget.
    """

    setting: Setting
    minimum: Minimum
    names: tuple[str, ...]
    steps: Array
    weights: tuple[Array, ...]
    losses: Array
    state: Mapping[str, Array]
    ended: int
    not_finite: int | None
    infinite_loss: int | None
    still_since: int
    seconds: float
    interrupted: bool = False

    @property
    def x(self) -> Array:
        """The weights at the end (n,)."""
        return self.weights[-1]

    @property
    def is_finite(self) -> bool:
        """Whether the weights at the end are."""
        return self.not_finite is None

    @cached_property
    def gaps(self) -> tuple[Any, ...]:
        """f(x) - f(x*) at each recorded step (K,), mpmath numbers of 30 digits; None where the weights are not "
        "finite."""
        return tuple(self.minimum.gap(x) if _finite(x) else None for x in self.weights)

    @cached_property
    def digits(self) -> tuple[float, ...]:
        """Correct digits of the worst coefficient at each recorded step (K,)."""
        return tuple(min(self.minimum.digits(_measured(x))) if _finite(x) else 0.0 for x in self.weights)

    @property
    def coefficient_digits(self) -> tuple[float, ...]:
        """Correct digits of each coefficient at the end (n,)."""
        return self.minimum.digits(_measured(self.x)) if self.is_finite else (0.0,) * len(self.names)

    @cached_property
    def predicted_overflow(self) -> int | None:
        """The step at which the loss was to become infinite, said from eigenvalues, rate and format; None: not said."""
        return predicted_overflow(self.setting, self.minimum, self.weights[0])

    @property
    def most_digits(self) -> float:
        """All that the format of the weights holds."""
        return float(-np.log10(self.setting.format.unit_roundoff))

    @property
    def status(self) -> Status:
        """SOLVED within a digit of what the format holds, NOT_FINITE, or STOPPED_EARLY: the budget ended it."""
        if not self.is_finite:
            return Status.NOT_FINITE
        return Status.SOLVED if self.digits[-1] >= self.most_digits - WITHIN else Status.STOPPED_EARLY

    def to_frame(self) -> Any:
        """Step, loss, loss gap, digits and the weights at the recorded steps, as a pandas frame."""
        import pandas as pd

        weights = np.array([_plain(x) for x in self.weights], dtype=np.float64)
        return pd.DataFrame(
            {
                "step": self.steps,
                "loss": self.losses,
                "gap": [np.nan if gap is None else float(gap) for gap in self.gaps],
                "digits": self.digits,
                **{name: weights[:, j] for j, name in enumerate(self.names)},
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON has it: numbers that are not finite are None, gaps are texts of 30 digits."""
        setting = self.setting
        record: dict[str, Any] = plain_data(
            {
                "optimiser": setting.optimiser,
                "lr": setting.lr,
                "hyperparameters": dict(setting.hyperparameters),
                "format": setting.format.name,
                "state": setting.state_format.name,
                "update": setting.update,
                "loss": setting.loss,
                "batch": setting.batch,
                "seed": setting.seed,
                "status": self.status.name,
                "says": self.status.value,
                "ended": self.ended,
                "interrupted": self.interrupted,
                "not_finite": self.not_finite,
                "infinite_loss": self.infinite_loss,
                "still_since": self.still_since,
                "names": list(self.names),
                "x": [float(value) for value in self.x],
                "minimiser": [float(value) for value in self.minimum.x],
                "coefficient_digits": list(self.coefficient_digits),
                "steps": [int(k) for k in self.steps],
                "losses": [float(loss) for loss in self.losses],
                "gaps": [None if gap is None else mp.nstr(gap, 30) for gap in self.gaps],
                "digits": list(self.digits),
            }
        )
        return record

    def _blocks(self) -> tuple[Block, ...]:
        return tuple(blocks_of_run(self, "A training run against the exact minimiser"))

    def __str__(self) -> str:
        return sentence_of(self)

    __repr__ = __str__


def train(
    optimiser: str,
    problem: Problem | tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    lr: float,
    steps: int = 1000,
    format: FormatLike = FLOAT64,
    schedule: Rate | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    state: FormatLike | None = None,
    update: str = "plain",
    loss: Loss = "half sum",
    batch: int | None = None,
    replacement: bool = False,
    seed: int = 0,
    loss_scale: float = 1.0,
    clip: float | None = None,
    start: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run an optimiser on |b - A x|² and measure every step against the exact minimiser.

    optimiser: a name of `solvers.descent`, of which "descent." may be left out. problem: a Problem, or (A (m, n), b
    (m,)); it is rounded to the format first, and the minimiser is that of the rounded data. start: x (n,), default 0.
    progress(step, steps) is called now and then. The other arguments are those of `Setting`.

    Raises UnknownNameError for an unknown optimiser, InputError for a setting that is none, ShapeError and
    NotFiniteError for a start that is none, and what `reference` raises for data that are no problem. A run that
    becomes infinite ends there and is returned: that is a result.
    """
    setting = Setting(
        optimiser=optimiser_named(optimiser),
        lr=lr,
        steps=steps,
        schedule=schedule,
        hyperparameters=dict(hyperparameters or {}),
        format=format_named(format),
        state=None if state is None else format_named(state),
        update=update,
        loss=loss,
        batch=batch,
        replacement=replacement,
        seed=seed,
        loss_scale=loss_scale,
        clip=clip,
    )
    return run_of(setting, data_of(problem), start=start, progress=progress)


def data_of(problem: Any) -> Problem:
    """What is trained on, as a Problem. Raises InputError for what is neither a Problem nor two arrays."""
    if isinstance(problem, Problem):
        return problem
    if isinstance(problem, tuple | list) and len(problem) == 2:
        return Problem.from_matrix("data", *problem)
    raise InputError(
        f"problem must be a Problem or (A, b); got {type(problem).__name__}: sl.train('adam', (A, b), ...)"
    )


def run_of(
    setting: Setting,
    problem: Problem,
    *,
    start: Sequence[float] | None = None,
    measured_by: Minimum | None = None,
    progress: Progress | None = None,
) -> Run:
    """The run of a setting. measured_by: the minimum of these very data, where it is known already."""
    rounded = problem if problem.format == setting.format else problem.rounded_to(setting.format)
    objective = LeastSquares(setting.format.rounded(rounded.A), setting.format.rounded(rounded.b), setting.loss)
    if measured_by is None:
        measured_by = minimum(_plain(rounded.A), _plain(rounded.b), objective.factor)
    x = _start(setting, problem, start)
    begun = time.perf_counter()
    with one_blas_thread(), np.errstate(all="ignore"):
        recorder = Recorder(setting, x)
        try:
            recorder.follow(setting, objective, progress)
        except KeyboardInterrupt:
            if recorder.ended == 0:
                raise
            recorder.interrupted = True
    return recorder.run(measured_by, tuple(problem.feature_names), time.perf_counter() - begun)


class Recorder:
    """Follows an optimiser and keeps the recorded steps, so that an interruption loses nothing."""

    def __init__(self, setting: Setting, start: Array) -> None:
        self.setting = setting
        self.start = start
        self.kept: dict[int, tuple[Array, Any]] = {}
        self.last: tuple[Array, Mapping[str, Array]] = (start, {})
        self.ended, self.still_since = 0, 0
        self.infinite_loss: int | None = None
        self.interrupted = False

    def follow(self, setting: Setting, objective: LeastSquares, progress: Progress | None) -> None:
        """Run the optimiser to its budget, or to the first weights that are not finite."""
        if setting.batch is None:
            gradient = Observed(setting, lambda: objective)
        else:
            drawn = batches(objective, setting.batch, setting.seed, replacement=setting.replacement)
            gradient = Observed(setting, lambda: next(drawn))
        steps = descent.get(setting.optimiser)(
            gradient, self.start, lr=setting.rate, update=update_of(setting), **setting.hyperparameters
        )
        due = recorded(setting.steps)
        wanted, before = next(due), self.start
        for k, (x, state) in enumerate(islice(steps, setting.steps), 1):
            # The gradient at x_(k-1) was computed for this step, or, by an optimiser that looks ahead, near it.
            if self.infinite_loss is None and not np.isfinite(float(gradient.loss)):
                self.infinite_loss = k - 1
            if k - 1 == wanted:
                self.kept[k - 1] = (before, gradient.loss)
                wanted = next(due)
            if x.tobytes() != before.tobytes():
                self.still_since = k
            self.ended, self.last, before = k, (x, state), x
            if not _finite(x):
                break
            if progress is not None and k % 256 == 0:
                progress(k, setting.steps)

    def run(self, ruler: Minimum, names: tuple[str, ...], seconds: float) -> Run:
        """What was recorded until now."""
        x, state = self.last
        kept = {**self.kept, self.ended: (x, np.nan)}
        return Run(
            setting=self.setting,
            minimum=ruler,
            names=names,
            steps=np.array(list(kept)),
            weights=tuple(weights for weights, _ in kept.values()),
            losses=np.array([float(loss) for _, loss in kept.values()]),
            state=dict(state),
            ended=self.ended,
            not_finite=None if _finite(x) else self.ended,
            infinite_loss=self.infinite_loss,
            still_since=self.still_since,
            seconds=seconds,
            interrupted=self.interrupted,
        )


def recorded(steps: int) -> Iterator[int]:
    """The numbers of the steps that are recorded: all up to FIRST, then in geometric progression."""
    yield from range(FIRST)
    step = float(FIRST)
    while True:
        yield int(step)
        step = max(step * GROWTH, int(step) + 1.0)


def _start(setting: Setting, problem: Problem, start: Sequence[float] | None) -> Array:
    n = problem.shape[1]
    values = np.zeros(n) if start is None else np.asarray(start, dtype=np.float64)
    if values.shape != (n,):
        raise ShapeError(f"start must have one number for each of the {n} columns; got shape {values.shape}")
    if not np.isfinite(values).all():
        j = int(np.flatnonzero(~np.isfinite(values))[0])
        raise NotFiniteError(f"start[{j}] is {values[j]}: a start must be finite")
    return setting.format.rounded(values)


def _finite(x: Array) -> bool:
    return bool(np.all([value - value == 0 for value in x]) if x.dtype == object else np.isfinite(x).all())


def _plain(values: Array) -> Array:
    """Numbers of a short format as float64, which holds them exactly; those of NumPy's own formats as they are."""
    return values if type(values) is np.ndarray else np.asarray(values, dtype=np.float64)


def _measured(x: Array) -> Array:
    return _plain(x)

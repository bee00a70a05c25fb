"""`explain_descent`: what kept a training run from the minimiser, proven by running it without that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.arithmetic.formats import FLOAT64, FormatLike
from stabilitylab.core.errors import InputError
from stabilitylab.core.objective import Loss
from stabilitylab.data.frames import distinct
from stabilitylab.data.problem import Design, Problem
from stabilitylab.solvers.descent.schedules import Rate
from stabilitylab.training.causes.inquiry import Inquiry
from stabilitylab.training.causes.search import causes_of
from stabilitylab.training.explanation import Explanation
from stabilitylab.training.fixes.search import fixes_of
from stabilitylab.training.history import reproduced
from stabilitylab.training.run import Progress, Run, data_of, train


def explain_descent(
    A: npt.ArrayLike | Problem,
    b: npt.ArrayLike | None = None,
    run: Run | Sequence[float] | npt.ArrayLike | None = None,
    *,
    optimiser: str | None = None,
    lr: float | None = None,
    format: FormatLike = FLOAT64,
    schedule: Rate | None = None,
    hyperparameters: Mapping[str, Any] | None = None,
    state: FormatLike | None = None,
    update: str = "plain",
    loss: Loss = "half sum",
    batch: int | None = None,
    start: Sequence[float] | None = None,
    progress: Progress | None = None,
) -> Explanation:
    """What a training run on |b - A x|² does and why it is not at the minimiser, with the change that brings it there.

    A (m, n), b (m,), or a Problem in the place of A. run: what `train` returned; or a history from anywhere: the losses
    of its steps (K,), the first before any step, or its weights (K, n), the start first. For a history the other
    arguments, those of `train`, say what was run; it is run again here, and explained only if that gives this history.

    Raises InputError where a history comes without its optimiser and rate, where it is too short, or where running it
    again gives another; and what `train` raises.
    """
    problem = data_of(A if isinstance(A, Problem) or b is None else (A, b))
    if isinstance(run, Run):
        return explained(run, problem, progress=progress)
    if run is None or optimiser is None or lr is None:
        raise InputError(
            "give the run that `sl.train` returned, or a history with its optimiser= and lr=: "
            "sl.explain_descent(A, b, losses, optimiser='adam', lr=1e-3)"
        )
    history = np.asarray(run, dtype=np.float64)
    if history.ndim not in (1, 2) or len(history) < 2:
        raise InputError(
            f"a history needs the losses (K,) or the weights (K, n) of two steps or more; got {history.shape}"
        )

    def again(**changes: Any) -> Run:
        arguments: dict[str, Any] = {
            "lr": lr,
            "format": format,
            "schedule": schedule,
            "hyperparameters": hyperparameters,
            "state": state,
            "update": update,
            "loss": loss,
            "batch": batch,
            "start": start,
        }
        return train(optimiser, problem, steps=max(len(history) - 1, 1), progress=progress, **{**arguments, **changes})

    found, causes = reproduced(history, again, loss)
    return explained(found, problem, first=causes, progress=progress)


def explained(
    run: Run, problem: Problem, *, first: tuple[Found, ...] = (), progress: Progress | None = None
) -> Explanation:
    """The explanation of a run of this package. first: what is known already, said before the causes of the run."""
    inquiry = Inquiry(run, as_stored(run, problem), progress)
    causes = (*first, *causes_of(inquiry))
    return Explanation(run, causes, fixes_of(inquiry, tuple(one.code for one in causes)) if causes else ())


def as_stored(run: Run, problem: Problem) -> Problem:
    """The data of the run, number for number as its format held them: so that a run in a wider format has the same."""
    columns = {name: run.minimum.A[:, j] for j, name in enumerate(problem.feature_names)}
    response = distinct([*columns, problem.response])[-1]
    return Problem(
        problem.name, {**columns, response: run.minimum.b}, Design.matrix(), "as stored", response=response,
        format=run.setting.format,
    )  # fmt: skip

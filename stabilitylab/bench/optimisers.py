"""Runs an optimiser of a library on a task, in the process of its library, and never raises what that raises.

The process stays for the next task, so that importing the library and compiling its steps are paid for once.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stabilitylab.bench.isolation import Limits, isolated_answer
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Status
from stabilitylab.libraries import optimisers
from stabilitylab.libraries.optimisers import Task

LIMITS = Limits(seconds=120.0)


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The weights of a library's optimiser after each step, or how it failed.

    path: (steps + 1, n), the start first, as float64; numbers that are not finite are among them where training
    diverged. None where the call failed. failed: how it did (RAISED, UNUSABLE, TIMED_OUT or DIED); None where it
    returned. note: the message. warnings: those that a user would see. seconds: wall-clock time of the call.
    """

    path: Array | None
    failed: Status | None = None
    note: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0


def trajectory(name: str, task: Task, *, limits: Limits = LIMITS, python: str | None = None) -> Trajectory:
    """What the optimiser of that name makes of a task. Raises UnknownNameError for a name of none.

    It is UNUSABLE where its library is not here, and where it does not take such a task, with what it takes. python:
    another interpreter, whose version of the library is to run.
    """
    entry = optimisers.entry(name)
    label = entry.label
    if python is None and label.lacks:
        return Trajectory(None, Status.UNUSABLE, f"{name} cannot run here: {label.lacks}")
    if why := label.unsuited(task):
        return Trajectory(None, Status.UNUSABLE, f"{name} {why}")
    answer = isolated_answer(
        label.library,
        entry.function,
        (task,),
        limits=limits,
        python=python or sys.executable,
        environment=label.environment,
    )
    if answer.fit is None:
        return Trajectory(None, answer.failed or Status.RAISED, answer.note, answer.warnings, answer.seconds)
    path = np.asarray(answer.fit.x)
    wanted = (len(task.lr) + 1, len(task.x0))
    if path.shape != wanted or path.dtype != np.float64:
        note = f"returned {path.dtype} of shape {path.shape}, expected float64 of shape {wanted}"
        return Trajectory(None, Status.RAISED, note, answer.warnings, answer.seconds)
    return Trajectory(path, None, "", answer.warnings, answer.seconds)


def prediction(name: str, A: Array, x: Array, *, limits: Limits = LIMITS) -> Array | None:
    """A x (m,) as users of the optimiser of that name predict; None where it does not predict, or failed.

    Raises UnknownNameError."""
    label = optimisers.entry(name).label
    if label.predicts is None or label.lacks:
        return None
    answer = isolated_answer(label.library, label.predicts, (A, x), limits=limits, environment=label.environment)
    return None if answer.fit is None else np.asarray(answer.fit.x)


def trajectories(names: Sequence[str], tasks: Sequence[Task], *, limits: Limits = LIMITS) -> list[Trajectory]:
    """The trajectory of each name on each task, one library after another, in the order of the arguments."""
    by_library = sorted(range(len(names)), key=lambda j: optimisers.entry(names[j]).label.library.name)
    found = {(j, i): trajectory(names[j], task, limits=limits) for j in by_library for i, task in enumerate(tasks)}
    return [found[j, i] for j in range(len(names)) for i in range(len(tasks))]

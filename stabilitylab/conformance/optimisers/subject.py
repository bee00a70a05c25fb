"""An implementation of an optimiser that a law is put to: one of ours, or a library's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any, Protocol, TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, format_named
from stabilitylab.core.arithmetic.sums import product
from stabilitylab.core.objective import Gradient, LeastSquares, Weighting, accumulated
from stabilitylab.libraries.optimisers import Task
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent.hyperparameters import defaults

Path: TypeAlias = Callable[[Task], Array]
"""A task -> the weights after each step (steps + 1, n), the start first, as float64."""
Accumulated: TypeAlias = Callable[[Task, tuple[int, ...]], Array]
"""As Path, with the gradient of each step added up over micro-batches of these many rows, in their order."""
Predicted: TypeAlias = Callable[[Array, Array], Array]
"""A (m, n), x (n,) -> the predictions A x (m,)."""

WIDE = ("float64", "float32", "bfloat16")  # formats whose range a law cannot leave by its powers of two, as in float16


class Declared(Protocol):
    """What of the label of a library's optimiser a law has to know (see `libraries.optimisers`)."""

    @property
    def name(self) -> str:
        """Its name in the catalogue."""
        ...

    @property
    def documented(self) -> str | None:
        """The optimiser of ours whose formula its documentation gives."""
        ...

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Those that make it this one."""
        ...

    @property
    def renamed(self) -> Mapping[str, Any]:
        """Our name of each that a task can set -> its own."""
        ...

    @property
    def formats(self) -> tuple[str, ...]:
        """Those of parameters that it takes."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """path: how it is run on a task. formula: the optimiser of ours that it is, None where none of ours is it.

    settings: its hyperparameters, by our names, where the task sets none. theirs: our name of each that a task can set
    -> its own. code: lines of Python that make it, as `subject`, for scripts. accumulated, predicted: how its users add
    up gradients and predict; None where there is no such thing.
    """

    name: str
    path: Path
    formula: str | None
    settings: Mapping[str, Any]
    code: str
    theirs: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = WIDE
    accumulated: Accumulated | None = None
    predicted: Predicted | None = None


def own(name: str, *, weighting: Weighting = "rows", **fixed: Any) -> Subject:
    """An optimiser of ours, whose options are its hyperparameters; fixed: those that are not its defaults.

    weighting: of micro-batches, as for `accumulated`. Raises UnknownNameError.
    """
    function, settings = descent.get(name), defaults(descent.get(name)) | fixed

    def followed(task: Task, gradient: Gradient) -> Array:
        format = format_named(task.format)
        rates = [float(rate) for rate in task.lr]
        steps = function(gradient, format.rounded(task.x0), lr=lambda k: rates[k], **{**fixed, **task.options})
        with np.errstate(all="ignore"):
            path = [task.x0, *(np.asarray(iterate.x) for iterate in islice(steps, len(rates)))]
        return np.array(path, dtype=np.float64)

    def in_parts(task: Task, counts: tuple[int, ...]) -> Array:
        ends = np.cumsum((0, *counts))
        whole = _objective(task)
        parts = [whole.rows(np.arange(start, end)) for start, end in pairwise(ends)]
        return followed(task, accumulated(parts, weighting))

    chosen = "".join(f", {key}={value!r}" for key, value in fixed.items())
    chosen += "" if weighting == "rows" else f", weighting={weighting!r}"
    return Subject(
        f"{name}{chosen}",
        lambda task: followed(task, _objective(task).gradient),
        name,
        settings,
        f"from stabilitylab.conformance.optimisers.subject import own\nsubject = own({name!r}{chosen})",
        theirs={setting: setting for setting in settings},
        accumulated=in_parts,
        predicted=product,
    )


def of_library(label: Declared, path: Path, code: str) -> Subject:
    """A library's optimiser, as its label declares it. code: lines that make this subject, as `subject`."""
    settings = {} if label.documented is None else defaults(descent.get(label.documented)) | dict(label.hyperparameters)
    theirs = {ours: name for name, ours in label.renamed.items() if isinstance(ours, str)}
    formats = tuple(format for format in label.formats if format in WIDE)
    return Subject(label.name, path, label.documented, settings, code, theirs, formats)


def _objective(task: Task) -> LeastSquares:
    format = format_named(task.format)
    return LeastSquares(format.rounded(task.A), format.rounded(task.b), task.loss)

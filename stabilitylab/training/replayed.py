"""An implementation against its own documented formula: the steps of a library, made again in 200 bits.

The gradients are those that the library was fed, in its own format, so that every difference is the library's: the
order of its operations, their rounding, the format of its hyperparameters, or another formula than it documents.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Literal, TypeAlias, get_args

import mpmath
import numpy as np

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Array, FormatLike, format_named
from stabilitylab.core.errors import InputError
from stabilitylab.libraries import optimisers
from stabilitylab.libraries.optimisers import OptimiserRouteLabel, Task, fed_gradient, stored
from stabilitylab.solvers import descent as formulas

BITS = 200
LEFT = 16.0  # ulps: half an ulp in each of 32 steps

Reading: TypeAlias = Literal["documented", "stored"]
"""Of a hyperparameter: the Python float that the documentation gives, or what the library keeps of it."""
READINGS: tuple[Reading, ...] = get_args(Reading)


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far the weights of a library are from those of a formula, after each step.

    formula: the formula's weights (steps + 1, n), numbers of 200 bits. ulps: (steps + 1,), the largest distance of a
    coordinate, in units in the last place, of the format of the weights, of the largest that this coordinate has been
    so far: a weight that was large keeps the rounding of that time. digits: (steps + 1,), the decimal digits in which
    they agree, by the same measure; infinite where all are equal, and 0 from the step on after which one alone is
    finite.
    """

    formula: Array
    ulps: Array
    digits: Array

    def left(self, ulps: float = LEFT) -> int | None:
        """The first step after which they differ by more than so many ulps; None: they never do."""
        return _first(self.ulps > ulps)


def against_formula(name: str, task: Task, path: Array, *, reading: Reading = "documented") -> Agreement:
    """The agreement of a library's optimiser, whose weights on the task were path (steps + 1, n), with its formula.

    reading: "documented" takes each hyperparameter and rate as the Python float that is documented or was asked for;
    "stored" rounds those first that the library keeps in a format of its own.
    Raises InputError where no formula of ours is the documented one, where an option has no place in it, and where the
    library computed its own gradients, which are not known to the bit.
    """
    require_choice("reading", reading, READINGS)
    if task.own_gradient:
        raise InputError(f"{name} computed its own gradients on this task: feed them, own_gradient=False")
    label = optimisers.entry(name).label
    if label.documented is None:
        raise InputError(f"no formula here is the one that is documented for {name}")
    hyperparameters = formula_of(label, task.options)
    keeps = label.stores if reading == "stored" else {}
    rates = stored(task.lr, keeps["lr"]) if "lr" in keeps else task.lr
    hyperparameters = {
        key: float(stored(value, keeps[key])) if key in keeps else value for key, value in hyperparameters.items()
    }
    formula = np.array(list(_formula(label.documented, task, path, rates, hyperparameters)))
    return agreement(path, formula, task.format)


def formula_of(label: OptimiserRouteLabel, options: Mapping[str, Any]) -> dict[str, Any]:
    """The hyperparameters of the documented formula, by our names: the defaults of the library, and then the options.

    Raises InputError for an option that has no place in the formula.
    """
    assert label.documented is not None
    found = dict(label.hyperparameters)
    takes = inspect.signature(formulas.get(label.documented)).parameters
    for option, value in options.items():
        ours = label.renamed.get(option, ())
        names = (ours,) if isinstance(ours, str) else ours
        if not names or not set(names) <= set(takes):
            raise InputError(f"{option} of {label.name} has no place in the formula {label.documented}: leave it out")
        found.update(zip(names, value if isinstance(value, tuple) else (value,), strict=True))
    return found


def _formula(
    documented: str, task: Task, path: Array, rates: Array, hyperparameters: Mapping[str, Any]
) -> Iterator[Array]:
    """The weights of the formula, the start first, from the gradients at the weights of the library."""
    context = mpmath.MPContext()
    context.prec = BITS

    def exact(values: Array) -> Array:
        numbers = np.empty(len(values), dtype=object)
        numbers[:] = [context.mpf(float(value)) for value in values]
        return numbers

    # Python floats among the hyperparameters would make powers such as beta**k in double precision.
    given = {k: context.mpf(v) if isinstance(v, float) else v for k, v in hyperparameters.items()}
    with np.errstate(all="ignore"):
        gradient = fed_gradient(task)
        fed = iter([exact(gradient(x)) for x in path[:-1]])
    start = exact(task.x0)
    # Without the check of what it is called with, which would make Python floats of the numbers of 200 bits.
    steps = inspect.unwrap(formulas.get(documented))(
        lambda x: next(fed), start, lr=lambda k: context.mpf(float(rates[k])), **given
    )
    return chain([start], (step.x for step in islice(steps, len(task.lr))))


def agreement(path: Array, formula: Array, format: FormatLike) -> Agreement:
    """The agreement of weights (steps + 1, n) with those that a formula gives, numbers of any precision."""
    finite, ours = np.isfinite(path), np.vectorize(mpmath.isfinite, otypes=[bool])(formula)
    largest = np.maximum.accumulate(np.where(ours, np.abs(formula), 0).astype(np.float64), axis=0)
    both = finite & ours
    distance = np.zeros(path.shape)
    distance[both] = np.abs(formula[both] - path[both]).astype(np.float64)
    # From a step on after which only one is finite nothing is compared: the gradients that come then are no numbers.
    distance[np.logical_or.accumulate((finite != ours).any(axis=1))] = np.inf
    with np.errstate(divide="ignore", invalid="ignore"):
        ulps = (distance / _ulp(largest, format)).max(axis=1)
        share = np.where(distance > 0, distance / largest, 0.0).max(axis=1)
        digits = np.maximum(0.0, -np.log10(share))
    return Agreement(formula, ulps, digits)


def parted(one: Array, other: Array, format: FormatLike, ulps: float = LEFT) -> int | None:
    """The first step after which two trajectories (steps + 1, n) differ by more than so many ulps; None: they never do.

    In ulps of the largest that the coordinate has been so far. Where one is finite and the other is not, they differ.
    """
    finite = np.isfinite(one) & np.isfinite(other)
    sizes = np.where(finite, np.maximum(np.abs(one), np.abs(other)), 0.0)
    with np.errstate(invalid="ignore"):
        distance = np.where(finite, np.abs(one - other), np.where(np.isfinite(one) == np.isfinite(other), 0.0, np.inf))
    return _first((distance / _ulp(np.maximum.accumulate(sizes, axis=0), format)).max(axis=1) > ulps)


def _ulp(sizes: Array, format: FormatLike) -> Array:
    """The distance of each number from the next of the format, 2**(e - p + 1) for 2**e <= x < 2**(e+1)."""
    known = format_named(format)
    last = known.minimum_exponent - known.precision + 1  # of a subnormal number, and of 0
    exponents = np.where(sizes > 0, np.frexp(sizes)[1] - known.precision, last)
    gaps: Array = np.ldexp(1.0, np.maximum(exponents, last))
    return gaps


def _first(where: Array) -> int | None:
    places = np.flatnonzero(where)
    return int(places[0]) if places.size else None

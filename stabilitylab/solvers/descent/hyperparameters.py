"""What an optimiser is called with, checked once, when it is called and not when its first step is taken."""

import inspect
import math
from collections.abc import Callable
from functools import wraps
from numbers import Real
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from stabilitylab.core.arguments import require_choice, require_flag
from stabilitylab.core.errors import EmptyError, InputError, NotFiniteError, NotNumericError, ShapeError

F = TypeVar("F", bound=Callable[..., Any])

_MEANS = ("momentum", "beta", "beta1", "beta2", "decay")  # the weight of what was before, in a running mean
_SIZES = ("eps", "weight_decay", "initial", "momentum_decay")


def checked(optimiser: F) -> F:
    """The optimiser, which raises InputError at once for a hyperparameter or a start that it cannot go on from.

    Hyperparameters are known by their names, choices and flags by their annotations. Numbers go on as Python floats,
    of which an operation takes the format of the array beside them; a float64 of NumPy would widen it. The rate of
    each step is checked when it is asked for.
    """
    signature, hints = inspect.signature(optimiser), get_type_hints(optimiser)

    @wraps(optimiser)
    def call(*arguments: Any, **keywords: Any) -> Any:
        bound = signature.bind(*arguments, **keywords)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _checked(name, value, hints.get(name))
        return optimiser(*bound.args, **bound.kwargs)

    return call  # type: ignore[return-value]


def _checked(name: str, value: Any, hint: Any) -> Any:
    if name == "x":
        require_start(value)
    elif name == "lr":
        return _checked_rate(value)
    elif get_origin(hint) is Literal:
        require_choice(name, value, get_args(hint))
    elif hint is bool:
        require_flag(name, value, "turns it on")
    elif name in _MEANS or name == "dampening":
        return share(name, value)
    elif name in _SIZES:
        return size(name, value)
    elif not callable(value):
        raise InputError(f"{name} must be a function; got {value!r}")
    return value


def require_start(x: Any) -> None:
    """Raise InputError unless x is a vector (n,) of finite numbers of one format, n >= 1."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "fO":
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise NotNumericError(f"the start must be an array of floats; got {kind}: np.zeros(n), or FORMAT.rounded(x)")
    if x.ndim != 1:
        raise ShapeError(f"the start must have shape (n,); got {x.shape}: pass x.ravel()")
    if not x.size:
        raise EmptyError("the start has no entry: there is nothing to train")
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero(~np.asarray(x - x == 0, dtype=bool))  # mpmath numbers too
    if wrong.size:
        raise NotFiniteError(
            f"entry {wrong[0]} of the start is {float(x[wrong[0]])}: no step leads from there to a number, "
            f"start from finite ones"
        )


def number(name: str, value: Any) -> float:
    """The number as a Python float. Raises InputError where it is none, or not finite."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real) or not math.isfinite(value):
        raise InputError(f"{name} must be a finite number; got {value!r}")
    return float(value)


def rate(name: str, value: Any) -> float:
    """A learning rate as a Python float, finite and above 0. Raises InputError."""
    if number(name, value) <= 0:
        raise InputError(f"{name} must be above 0; got {value!r}: with another sign each step goes uphill")
    return float(value)


def share(name: str, value: Any) -> float:
    """The weight of what was before, at least 0 and below 1, as a Python float. Raises InputError."""
    if not 0 <= number(name, value) < 1:
        raise InputError(
            f"{name} must be at least 0 and below 1; got {value!r}: at 1 nothing is ever forgotten, usual is 0.9"
        )
    return float(value)


def size(name: str, value: Any) -> float:
    """A number that is not negative, as a Python float. Raises InputError."""
    if number(name, value) < 0:
        raise InputError(f"{name} must be at least 0; got {value!r}: 0 leaves it out")
    return float(value)


def _checked_rate(lr: Any) -> Callable[[int], float]:
    if not callable(lr):
        raise InputError(f"lr must be a function of the number of the step; got {lr!r}: constant({lr!r})")

    def of_step(k: int) -> float:
        value = number(f"lr of step {k}", lr(k))
        if value < 0:
            raise InputError(f"lr of step {k} must be at least 0; got {value!r}: let the schedule end before")
        return value

    return of_step


def defaults(optimiser: Callable[..., Any]) -> dict[str, Any]:
    """The hyperparameters of an optimiser, as they are unless set: its keywords but lr and update."""
    parameters = inspect.signature(optimiser).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in ("lr", "update")}


def variants(optimiser: Callable[..., Any]) -> dict[str, tuple[Any, ...]]:
    """Of the hyperparameters those that choose between formulas, with every choice."""
    hints = get_type_hints(optimiser)
    flags = {name: (False, True) for name in defaults(optimiser) if hints.get(name) is bool}
    return flags | {
        name: get_args(hints[name]) for name in defaults(optimiser) if get_origin(hints.get(name)) is Literal
    }

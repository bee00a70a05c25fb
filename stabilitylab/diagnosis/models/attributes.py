"""Attributes of a fitted model, read with care: what comes out is numbers or an error, whatever reading them does.

A model is data here: nothing of it is called but what reading an attribute calls, and no library is imported.
"""

from functools import partial
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.core.printable import one_line
from stabilitylab.data.kinds import is_sparse

MISSING = object()
LONGEST = 200  # characters of an error of the model that are repeated


def lineage(model: Any) -> tuple[tuple[str, str], ...]:
    """(library, class) for each class that a model is of, the nearest first: ("sklearn", "LinearRegression"), ..."""
    return tuple((str(kind.__module__).partition(".")[0], str(kind.__qualname__)) for kind in type(model).__mro__)


def attribute(model: Any, name: str, default: Any = MISSING, *, way: str = "fit it first, with model.fit(X, y)") -> Any:
    """An attribute, or the default where there is none. Raises InputError for none without default, and where it fails.

    way: the way out where there is none.
    """
    try:
        value = getattr(model, name, default)
    except Exception as error:
        raise InputError(
            f"{title(model)}.{name} cannot be read ({said(error)}): pass a fitted model as it is"
        ) from None
    if value is MISSING:
        raise InputError(f"this {title(model)} has no {name}, which a fitted one has: {way}")
    return value


def title(model: Any) -> str:
    """The name of a model's class, for messages."""
    return one_line(str(type(model).__name__))


def said(error: Exception) -> str:
    """An error of the model in one short line."""
    try:
        text = str(error)
    except Exception:
        text = "without a text that can be read"
    return one_line(f"{type(error).__name__}: {text}")[:LONGEST]


def floats(values: Any, what: str, *, ndim: int = 1) -> Array:
    """Numbers of a model as floats of 64 bits, or of 32 or 16 where it has those.

    Raises InputError for what is none, ShapeError for another number of dimensions.
    """
    if is_sparse(values):
        values = _read(lambda: values.toarray(), what)
    array = _read(lambda: np.asarray(values), what)
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
        kind = getattr(array, "dtype", type(array).__name__)
        raise InputError(f"{what} must be real numbers; got {kind}: pass a fitted model as its library made it")
    if array.ndim != ndim:
        raise ShapeError(f"{what} must have {ndim} dimension{'s' * (ndim != 1)}; got the shape {array.shape}")
    return array if array.dtype in (np.float32, np.float16) else array.astype(np.float64)


def texts(values: Any, what: str) -> tuple[str, ...]:
    """Names of a model."""
    entries = _read(lambda: list(values), what)
    return tuple(_read(partial(str, entry), what) for entry in entries)


def number(value: Any, what: str) -> float | None:
    """A number, None for None and for what is not finite."""
    if value is None:
        return None
    found = _read(lambda: float(value), what)
    return found if np.isfinite(found) else None


def _read(get: Any, what: str) -> Any:
    try:
        return get()
    except Exception as error:
        raise InputError(f"{what} cannot be read ({said(error)}): pass a fitted model as its library made it") from None

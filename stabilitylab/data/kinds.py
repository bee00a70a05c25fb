"""What was passed in where numbers are expected, by its type: brought to NumPy, or refused with the way out."""

import sys
from collections.abc import Iterator, Sequence, Sized
from collections.abc import Set as AbstractSet
from os import PathLike
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, NotNumericError, ShapeError
from stabilitylab.data.places import Places

LAZY = {"collect": "polars", "compute": "dask"}


def is_sparse(values: Any) -> bool:
    """Whether values are an array or a matrix of scipy.sparse."""
    # By the names of its classes: importing scipy.sparse would change the filters of warnings.
    return type(values) is not np.ndarray and any(
        f"{kind.__module__}.".startswith("scipy.sparse.") for kind in type(values).__mro__
    )


def refuse_sparse(values: Any, name: str, way: str = "") -> None:
    """Raise NotNumericError where values are sparse. way: the way out, by default that the array be dense."""
    if is_sparse(values):
        dense = f"{name}.toarray()" if name.isidentifier() else "the array that its toarray() gives"
        raise NotNumericError(f"{name} is sparse (scipy.sparse.{type(values).__name__}): {way or f'pass {dense}'}")


def is_model(values: Any) -> bool:
    """Whether values are a model of a library, fitted or not, its class, or a method of it, and no array."""
    owner = getattr(values, "__self__", values)
    # sklearn, statsmodels, pyfixest, torch
    pairs = (("fit", "predict"), ("params", "predict"), ("coef", "predict"), ("forward", "parameters"))
    return not hasattr(owner, "__array__") and any(all(hasattr(owner, one) for one in pair) for pair in pairs)


def name_of_model(model: Any) -> str:
    """The name of the class of a model, a class, or of what a method belongs to."""
    owner = getattr(model, "__self__", model)
    return owner.__name__ if isinstance(owner, type) else type(owner).__name__


def refuse_no_numbers(values: Any, name: str) -> None:
    """Raise NotNumericError for what is no array, table or list of numbers, by its type.

    That is a text or a path, a set, a generator, a lazy table, a model.
    """
    came = type(values).__name__
    if is_model(values):
        raise NotNumericError(
            f"{name} is a model ({name_of_model(values)}), not numbers: pass its coefficients, or the data"
        )
    if isinstance(values, str | bytes | PathLike):
        raise NotNumericError(f"{name} must hold numbers; got {values!r}: a file goes to sl.fit_file(path, target=...)")
    if isinstance(values, AbstractSet):
        raise NotNumericError(f"{name} is a {came}, which has no order: pass a list")
    if isinstance(values, Iterator):
        raise NotNumericError(f"{name} is a {came}, which can be read only once: pass list({name})")
    if hasattr(values, "__array__") and not hasattr(values, "dtypes"):
        return
    for method, library in LAZY.items():
        if hasattr(values, method):
            raise NotNumericError(f"{name} is a {came}, which holds no numbers yet ({library}): pass {name}.{method}()")


def as_numpy(values: Any, name: str) -> Array:
    """An array of NumPy with the same numbers, in their own type: through __array__, DLPack, or of sequences.

    Raises ShapeError when ragged, NotNumericError for numbers that NumPy has no type for.
    """
    if hasattr(values, "detach") and hasattr(values, "requires_grad"):  # a tensor of torch
        values = values.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            raise NotNumericError(f"{name} is bfloat16, which NumPy has not: pass {name}.float(), which is exact")
    try:
        if hasattr(values, "__dlpack__") and not hasattr(values, "__array__"):
            return np.from_dlpack(values)
        array = np.asarray(values)
    except ValueError:
        # NumPy's own words are of its sequences and shapes, and none of them says where.
        raise ShapeError(f"{name} is ragged{_unlike(values)}: give every row as many entries") from None
    except (TypeError, BufferError, RuntimeError) as error:
        raise InputError(f"{name} cannot be read as an array ({error}): pass an array of NumPy") from None
    if array.dtype.kind == "V" and array.dtype.type is not np.void:
        raise NotNumericError(
            f"{name} is {array.dtype.name}, which is no type of NumPy's own: pass {name}.astype('float32'), which is "
            "exact for formats of 16 bits and fewer"
        )
    return array


def refuse_masked(values: Any, places: Places) -> None:
    """Raise NotFiniteError, with the place, where an entry of a masked array, or of a list of such, is masked."""
    masked = masked_entry(values)
    if masked:
        raise places.not_finite("masked", *masked)


def masked_entry(values: Any) -> tuple[int, ...]:
    """The place of the first masked entry of a masked array, or of a list of masked arrays; () without one."""
    if "numpy.ma" not in sys.modules:  # which NumPy loads when it is first asked for: there is no masked array
        return ()
    if isinstance(values, np.ma.MaskedArray):
        if values.dtype.names:
            fields = np.array([np.ma.getmaskarray(values[name]) for name in values.dtype.names]).T
            return tuple(int(i) for i in np.argwhere(fields)[0]) if fields.any() else ()
        return tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(values))[0]) if np.ma.is_masked(values) else ()
    rows = enumerate(values) if isinstance(values, list | tuple) else ()
    return next(((i, *place) for i, row in rows if (place := _masked_entry_of_row(row)) is not None), ())


def _masked_entry_of_row(row: Any) -> tuple[int, ...] | None:
    if row is np.ma.masked:
        return ()
    return (masked_entry(row) or None) if isinstance(row, np.ma.MaskedArray) else None


def _unlike(values: Any) -> str:
    """Where rows begin to have another number of entries: ", row 0 has 2 entries and row 1 has 3"; "" where deeper."""
    if not isinstance(values, Sequence):
        return ""
    sizes = [len(row) if isinstance(row, Sized) and not isinstance(row, str) else None for row in values]
    k = next((k for k, size in enumerate(sizes) if size != sizes[0]), None)
    if k is None:
        return ""
    first, other = (f"row {i} {_entries(sizes[i])}" for i in (0, k))
    return f", {first} and {other}"


def _entries(size: int | None) -> str:
    return "is a number" if size is None else f"has {size} entr{'y' if size == 1 else 'ies'}"

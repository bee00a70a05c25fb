"""Arrays of a format that NumPy lacks, carried in float64, in which every operation is rounded once to the format.

One rounding, although float64 rounds first: operands have p <= 25 bits, and float64 has 53 >= 2p + 2. Products are
exact in float64, for 2p <= 53. A quotient could be rounded twice only if float64 rounds it to a point halfway between
two numbers of the format; but the quotient of two p-bit numbers differs from a number of p + 1 bits by nothing or by
at least 2**-(2p+1) of it, a square root by at least 2**-(2p+2). Sums: Figueroa, ACM SIGNUM Newsletter 30 (1995) 21-26;
Roux, J. Formalized Reasoning 7 (2014) 1-24.
Below the smallest normal number it holds too: the exponents of float64 reach so far below those of the format that the
first rounding is still relative; sums are exact there, and halfway points have fewer bits. An intermediate format with
the exponents of the format itself has no such room: tensorfloat32 computed in float32 rounds products below 2**-126
twice. (bfloat16 in float32 has just enough: the subnormal numbers of float32 are finer by 16 = 2p bits.)
"""

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.error_free import to_odd, two_sum
from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError, NotNumericError

# What float64 computes with one rounding, and what is a number of the format without any.
_ROUNDED = frozenset({np.add, np.subtract, np.multiply, np.divide, np.sqrt, np.square, np.reciprocal, np.ldexp})
_EXACT = frozenset(
    {np.negative, np.positive, np.absolute, np.fabs, np.conjugate, np.maximum, np.minimum, np.fmax, np.fmin, np.sign}
    | {np.copysign, np.floor, np.ceil, np.trunc, np.rint}
)
_PLAIN = frozenset(
    {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isfinite, np.isnan, np.isinf}
    | {np.signbit, np.logical_and, np.logical_or, np.logical_not, np.logical_xor}
)
_REDUCIBLE = frozenset({np.maximum, np.minimum, np.fmax, np.fmin, np.logical_and, np.logical_or})
# Functions of NumPy that move numbers and compute none: with a result of the format, or one that has none.
_MOVING = frozenset(
    {np.stack, np.concatenate, np.hstack, np.vstack, np.column_stack, np.copy, np.where, np.tile, np.repeat, np.roll}
    | {np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.diag, np.tril, np.triu, np.transpose, np.reshape}
    | {np.ravel, np.squeeze, np.expand_dims, np.broadcast_to, np.flip, np.swapaxes, np.moveaxis, np.take, np.sort}
    | {np.diagonal, np.append, np.insert, np.delete, np.atleast_1d, np.atleast_2d, np.max, np.min, np.amax, np.amin}
    | {np.real, np.clip, np.compress, np.take_along_axis}
)
_ASKING = frozenset(
    {np.argmax, np.argmin, np.any, np.all, np.count_nonzero, np.array_equal, np.shape, np.ndim, np.size, np.nonzero}
    | {np.flatnonzero, np.argwhere, np.argsort, np.iscomplexobj, np.isrealobj, np.shares_memory, np.may_share_memory}
    | {np.array_repr, np.array_str, np.array2string, np.allclose, np.isclose}
)


class RoundedArray(np.ndarray):
    """An array of numbers of `format`, held as float64; + - * / and np.sqrt round each entry once to the format.

    Comparisons, abs, maximum, where, stack, indexing and the like lose nothing and keep the format; one entry is an
    array without dimensions, so that it rounds too. A Python number, or a scalar of NumPy, beside it is rounded to the
    format first, as NumPy does for float16. np.asarray(x) is the plain float64 array, on the same memory.
    Raises InputError where two formats meet, and for what has no single rounding or no order of summation: np.sum, `@`,
    np.exp. Made by `Format.rounded`.
    """

    format: Format
    __array_priority__ = 20.0

    def __array_finalize__(self, made_from: Any) -> None:
        # A view of an array that has no format yet is given one by `_carried`.
        format = getattr(made_from, "format", None)
        if format is not None:
            self.format = format

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        format = self.format if isinstance(self, RoundedArray) else out[0].format
        if method == "reduce" and ufunc in _REDUCIBLE:
            return _reduced(ufunc, inputs, out, options, format)
        if method not in ("__call__", "outer") or (options and not _plain_options(options)):
            raise InputError(_no_order(ufunc, method, format))
        operands = [_operand(value, format) for value in inputs]
        if ufunc is np.ldexp:
            operands[1] = inputs[1]
        compute = ufunc if method == "__call__" else ufunc.outer
        if ufunc in _PLAIN:
            return compute(*operands) if out is None else compute(*operands, out=out)
        rounds = ufunc in _ROUNDED
        if not rounds and ufunc not in _EXACT:
            raise InputError(
                f"{ufunc.__name__} of {format} has no single rounding here: write it with + - * / and np.sqrt, or "
                f"compute it in float64, of np.asarray(x), and round the result with the format"
            )
        if out is None:
            value = compute(*operands)
            if not isinstance(value, np.ndarray):
                return _carried(np.array(format.rounding.scalar(float(value)) if rounds else value), format)
            return _carried(format.rounding.in_place(value) if rounds else value, format)
        (into,) = out
        if not isinstance(into, RoundedArray) or into.format != format:
            raise InputError(f"the result is in {format}: give an array of that format to write it to")
        target = into.view(np.ndarray)
        if target.flags.contiguous:
            compute(*operands, out=target)
            if rounds:
                format.rounding.in_place(target)
        else:
            value = np.asarray(compute(*operands))
            target[...] = format.rounding.of(value) if rounds else value
        return into

    def __array_function__(self, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
        if function not in _MOVING and function not in _ASKING:
            raise InputError(_no_order(function, "__call__", self.format))
        format = _common_format(args, kwargs, self.format)
        if function is np.where:  # its condition is no number
            args = (np.asarray(args[0]), *args[1:])
        args = tuple(_moved(value, format) for value in args)
        kwargs = {name: _moved(value, format) for name, value in kwargs.items()}
        result = function(*args, **kwargs)
        if function in _ASKING or not (isinstance(result, np.ndarray | np.floating) and result.dtype == np.float64):
            return result
        return _carried(format.rounding.of(np.asarray(result)), format)

    def __getitem__(self, key: Any) -> Any:
        value = np.ndarray.__getitem__(self, key)
        return value if isinstance(value, np.ndarray) else _carried(np.array(value), self.format)

    def __setitem__(self, key: Any, value: Any) -> None:
        np.ndarray.__setitem__(self, key, _operand(value, self.format))

    def dot(self, other: Any, out: Any = None) -> Any:
        """Refused: it says no order of summation."""
        raise InputError(_no_order(np.dot, "__call__", self.format))

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """The numbers as a plain array of a type of NumPy or ml_dtypes."""
        return np.asarray(self).astype(dtype, *args, **{"copy": True, **kwargs, "subok": False})

    def fill(self, value: Any) -> None:
        """Every entry becomes the number, rounded to the format."""
        self[...] = value

    def __repr__(self) -> str:
        return f"{self.format}({np.array2string(np.asarray(self), separator=', ')})"

    def __reduce__(self) -> Any:
        return rounded_array, (np.asarray(self), self.format)


def rounded_array(values: npt.ArrayLike, format: Format) -> RoundedArray:
    """Each entry rounded once to a carried format; an array of that format is returned as it is.

    Raises NotNumericError for entries that are no real numbers.
    """
    if isinstance(values, RoundedArray):
        return values if values.format == format else _carried(format.rounding.of(np.asarray(values)), format)
    array = np.asarray(values)
    if array.dtype == object:
        numbers = [_of_object(number, format) for number in array.ravel()]
        return _carried(np.array(numbers, dtype=np.float64).reshape(array.shape), format)
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        # int64 has more bits than float64: both halves are exact, and what their sum loses decides the last bit.
        high, low = two_sum((array >> 32) * 2.0**32, (array & 0xFFFFFFFF).astype(np.float64))
        return _carried(format.rounding.of(to_odd(high, low)), format)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(all="ignore"):
            high = array.astype(np.float64)
            low = np.where(np.isfinite(high), array - high, 0).astype(np.float64)
        return _carried(format.rounding.of(to_odd(high, low)), format)
    if array.dtype.kind not in "biufV" or array.dtype.names:  # V: the types of ml_dtypes
        raise NotNumericError(f"values of {array.dtype} cannot be rounded to {format}: pass real numbers")
    return _carried(format.rounding.of(array.astype(np.float64)), format)


def _of_object(number: Any, format: Format) -> float:
    """One number of an object array: exactly, from integers, where it says what it is."""
    from fractions import Fraction

    from stabilitylab.core.errors import OutOfRangeError

    try:
        exact = Fraction(number) if isinstance(number, numbers.Rational) else Fraction(*number.as_integer_ratio())
        return float(format.nearest(exact))
    except OutOfRangeError:
        return float(np.copysign(format.rounding.beyond, float(number > 0) - 0.5))
    except (OverflowError, ValueError):  # an infinity or a NaN
        return format.rounding.scalar(float(number))
    except (AttributeError, TypeError):
        raise NotNumericError(f"{number!r} cannot be rounded to {format}: pass real numbers") from None


def _carried(values: Array, format: Format) -> RoundedArray:
    """A float64 array of numbers of the format, as one of that format; not copied."""
    carried = values.view(RoundedArray)
    carried.format = format
    return carried


def _operand(value: Any, format: Format) -> Any:
    """A value beside an array of the format, as float64 numbers of that format."""
    if isinstance(value, RoundedArray):
        if value.format is not format and value.format != format:
            raise InputError(_two_formats(value.format, format))
        return value.view(np.ndarray)
    if type(value) is float or isinstance(value, int | float | np.number | np.bool_):
        return format.rounding.scalar(float(value))
    array = np.asarray(value)
    if array.ndim and array.dtype.kind not in "biu":
        raise InputError(_two_formats(array.dtype, format))
    return np.asarray(rounded_array(array, format))


def _moved(value: Any, format: Format) -> Any:
    """An argument of a function that moves numbers: RoundedArrays in it as plain float64 arrays."""
    if isinstance(value, RoundedArray):
        return value.view(np.ndarray)
    if isinstance(value, list | tuple):
        return type(value)(_moved(entry, format) for entry in value)
    return value


def _common_format(args: Any, kwargs: Any, format: Format) -> Format:
    """The one format of the arrays among the arguments. Raises InputError for two."""
    for value in (*args, *kwargs.values()):
        if isinstance(value, RoundedArray):
            if value.format != format:
                raise InputError(_two_formats(value.format, format))
        elif isinstance(value, list | tuple):
            _common_format(value, {}, format)
    return format


def _reduced(ufunc: np.ufunc, inputs: Any, out: Any, options: Any, format: Format) -> Any:
    """A maximum, minimum or truth value over axes: a number of the format, or a truth value."""
    value = ufunc.reduce(_operand(inputs[0], format), **options)
    if ufunc in _PLAIN:
        return value
    result = _carried(np.asarray(value), format)
    if out is None or out[0] is None:
        return result
    out[0][...] = result
    return out[0]


def _plain_options(options: dict[str, Any]) -> bool:
    """Whether the options of a call of a ufunc leave it what it is."""
    return options.keys() <= {"where", "dtype"} and options.get("where") is True and options.get("dtype") is None


def _two_formats(other: object, format: Format) -> str:
    return f"{other} and {format} meet in one operation: round one first, with the format's rounded(values)"


def _no_order(function: Any, method: str, format: Format) -> str:
    name = getattr(function, "__name__", str(function))
    called = name if method == "__call__" else f"{name}.{method}"
    return (
        f"{called} of {format} does not say in which order it rounds: use dot, product, transposed_product or "
        f"column_sums of stabilitylab.core.arithmetic.sums, or compute with np.asarray(x), which is plain float64"
    )

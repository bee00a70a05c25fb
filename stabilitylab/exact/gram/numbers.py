"""Columns of numbers of every kind as sums of float64 columns, their parts, times a scale: without any rounding.

An integer of 64 bits, a longdouble or a decimal of 30 digits is the sum of two parts or three. What no few float64
numbers add up to stays in Python integers, one "part" of objects.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.core.errors import ComplexError, NotFiniteError, NotNumericError, OutOfRangeError
from stabilitylab.data.frames import exact_in_float64

Parts: TypeAlias = tuple[Array, ...]  # (m,) or (m, n) each
MOST_PARTS = 4
LOWER = 21  # bits of a machine integer's lower part, one limb; the upper one has 43
WORD = 53  # bits of a part of a longer integer


def exact_numbers(values: Array, name: str) -> tuple[Parts, Fraction]:
    """The parts of an array (m,) or, of machine numbers, (m, n), and the scale that their sum is to be multiplied by.

    name: what errors call it. Raises ComplexError, NotFiniteError, NotNumericError, OutOfRangeError.
    """
    kind = values.dtype.kind
    if kind == "f":
        if not np.isfinite(values).all():
            place = np.argwhere(~np.isfinite(values))[0].tolist()
            where = f"column {place[1]} of {name}" if len(place) > 1 else name
            raise NotFiniteError(
                f"{where} has {values[tuple(place)]} in row {place[0]}: remove that row or give the number"
            )
        return _floats(values)
    if kind in "biu":
        return _machine_integers(values), Fraction(1)
    if kind not in "OU":
        raise NotNumericError(f"{name} must hold real numbers; its dtype is {values.dtype}: pass an array of floats")
    entries = values.tolist()
    kinds = set(map(type, entries))
    if kinds <= {int}:
        return of_integers(entries), Fraction(1)
    if all(issubclass(one, str | int | Decimal | np.integer) for one in kinds):
        try:
            decimals = Decimals.parse(entries)
        except (NotNumericError, NotFiniteError, OutOfRangeError) as error:
            raise type(error)(f"{name}: {error}") from None
        return of_integers(decimals.integers), decimals.scale
    fractions = [_fraction(v, f"{name}, row {i}") for i, v in enumerate(entries)]
    common = lcm(*(v.denominator for v in fractions))
    return of_integers([v.numerator * (common // v.denominator) for v in fractions]), Fraction(1, common)


def _floats(values: Array) -> tuple[Parts, Fraction]:
    if exact_in_float64(values):
        return (values.astype(np.float64, copy=False),), Fraction(1)
    parts: list[Array] = []
    rest = values
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        while len(parts) < MOST_PARTS:
            parts.append(rest.astype(np.float64))
            # What rounding to fewer bits leaves is a number of the wider format: exact.
            rest = rest - parts[-1]
            if not rest.any():
                return tuple(parts), Fraction(1)
    integers, scale = as_integers(values)
    return (integers,), scale


def _machine_integers(values: Array) -> Parts:
    if exact_in_float64(values):
        return (values.astype(np.float64),)
    upper = values >> LOWER
    return (upper << LOWER).astype(np.float64), (values - (upper << LOWER)).astype(np.float64)


def of_integers(entries: Sequence[int]) -> Parts:
    """Python integers (m,) as parts: of 53 bits each, from the most significant."""
    try:
        return _machine_integers(np.fromiter(entries, np.int64, len(entries)))
    except OverflowError:
        pass
    values = np.array([None, *entries], dtype=object)[1:]
    bits = max(max(entries), -min(entries)).bit_length()
    count = -(-bits // WORD)
    if count > MOST_PARTS:
        return (values,)
    parts = []
    for k in range(count - 1, 0, -1):
        upper = values >> (WORD * k)
        parts.append(np.ldexp(upper.astype(np.float64), WORD * k))
        values = values - (upper << (WORD * k))
    return (*parts, values.astype(np.float64))


def in_integers(parts: Parts, scale: Fraction) -> tuple[Parts, Fraction]:
    """The same numbers as one part of Python integers, and its scale."""
    if parts[0].dtype == object:
        return parts, scale
    columns = [as_integers(part) for part in parts]
    unit = min(own for _, own in columns)
    total = np.zeros(len(parts[0]), dtype=object)
    for column, own in columns:
        total += column * int(own / unit)
    return (total,), scale * unit


def _fraction(value: Any, where: str) -> Fraction:
    if isinstance(value, str | Decimal):
        decimals = Decimals.parse([value])
        return decimals.integers[0] * decimals.scale
    if isinstance(value, complex | np.complexfloating):
        raise ComplexError(f"{where} is {value!r}, complex: stack real and imaginary parts as rows of a real problem")
    try:
        if isinstance(value, np.integer | np.bool_):
            return Fraction(int(value))
        return Fraction(value) if isinstance(value, int | float | Fraction) else Fraction(*value.as_integer_ratio())
    except (TypeError, AttributeError):
        raise NotNumericError(
            f"{where} is {value!r}, which is no number: give a number, or leave the row out"
        ) from None
    except (ValueError, OverflowError):
        raise NotFiniteError(f"{where} is {value!r}: remove the row or give the number") from None

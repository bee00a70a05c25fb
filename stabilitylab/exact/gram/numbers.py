"""Columns of numbers of every kind as sums of float64 columns, their parts, times a scale: without any rounding.

An integer of 64 bits, a longdouble or a decimal of 30 digits is the sum of two parts or three. What no few float64
numbers add up to stays in Python integers, one "part" of objects.
"""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
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
PLAIN = b"0123456789+-.\n"
SHORT = 18  # characters, more of which are beyond 2**50 as integers, as a rule
WHOLE = 2.0**50  # integers below it come back from their decimals in float64
EXACT_POWERS = 22  # 10**22 is the last power of ten that float64 holds
MOST_PLACES = 400  # behind the point, or zeros in front of it: more are left to `Decimals`, which has a limit
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
    kinds = set(map(type, entries)) if kind == "O" else {str}
    if kinds <= {int}:
        return of_integers(entries), Fraction(1)
    if all(issubclass(one, str | int | Decimal | np.integer) for one in kinds):
        read = _decimals(entries if kinds == {str} else list(map(str, entries)))
        if read is not None:
            return read
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
    bits = max(max(entries), -min(entries)).bit_length()
    count = -(-bits // WORD)
    if count > MOST_PARTS:
        return (np.array([None, *entries], dtype=object)[1:],)
    below = (1 << WORD) - 1
    parts, rest = [], entries
    for k in range(count):
        # All but the most significant part are not negative.
        part = rest if k == count - 1 else [v & below for v in rest]
        parts.append(np.ldexp(np.array(part, dtype=np.float64), WORD * k))
        rest = [v >> WORD for v in rest]
    return tuple(parts[::-1])


def _decimals(texts: list[str]) -> tuple[Parts, Fraction] | None:
    """Numerals (m,) as parts and the scale 10**-places, for the most places behind the point that any is written with.

    None for what is not read here, all that is no number among it: words, spaces, other alphabets' digits.
    """
    joined = "\n".join(texts)
    exponents = {}
    try:
        if "e" in joined or "E" in joined:
            exponents = {row: Decimal(t).as_tuple() for row, t in enumerate(texts) if "e" in t or "E" in t}
            written = {row: int(Decimal((sign, digits, 0))) for row, (sign, digits, _) in exponents.items()}
            texts = [str(written.get(row, t)) for row, t in enumerate(texts)]
            joined = "\n".join(texts)
        characters = joined.encode("ascii")
        if characters.translate(None, PLAIN):
            return None
        text = np.frombuffer(characters, np.uint8)
        ends = np.append(np.flatnonzero(text == ord("\n")), len(text))
        points = np.flatnonzero(text == ord("."))
        rows = np.searchsorted(ends, points)
        if len(ends) != len(texts) or (np.diff(rows) == 0).any():
            return None
        places = np.zeros(len(texts), dtype=np.int64)
        places[rows] = ends[rows] - points - 1
        for row, number in exponents.items():
            places[row] = -int(number.exponent)
        most = int(places.max())
        if max(most, -int(places.min())) > MOST_PLACES:
            return None
        scale = Fraction(10) ** -most
        if not exponents and most <= EXACT_POWERS and np.diff(ends).max(initial=int(ends[0])) <= SHORT:
            # The double nearest to N/10**k, times 10**k, is off by two roundings, less than |N| 2**-52 (1 + 2**-53),
            # which is below 1/2: rounded to whole numbers it is N.
            values = np.fromiter(map(float, texts), np.float64, len(texts))
            if np.abs(values).max() < WHOLE / 10.0**most:
                return (np.rint(values * 10.0**most),), scale
        integers = list(map(int, joined.replace(".", "").split("\n")))
        if int(places.min()) < most:
            powers = [10**k for k in range(most - int(places.min()) + 1)]
            integers = [v * powers[most - k] for v, k in zip(integers, places.tolist(), strict=True)]
    except (ValueError, InvalidOperation):
        return None
    return of_integers(integers), scale


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

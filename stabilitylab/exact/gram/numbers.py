"""Columns of numbers of every kind as sums of float64 columns, their parts, times a scale: without any rounding.

An integer of 64 bits, a longdouble or a decimal of 30 digits is the sum of two parts or three. What no few float64
numbers add up to stays in Python integers, one "part" of objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import lcm
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import Array, as_integers
from stabilitylab.core.errors import ComplexError, NotFiniteError, NotNumericError, OutOfRangeError
from stabilitylab.data.frames import exact_in_float64
from stabilitylab.data.places import FIRST, Places

Parts: TypeAlias = tuple[Array, ...]  # (m,) each
MOST_PARTS = 4
PLAIN = b"0123456789+-.\n"
FEW_CHARACTERS = 15  # of a numeral, all of which may be digits: an integer that float64 holds
EXACT = 2.0**53
MOST_PLACES = 400  # behind the point, or zeros in front of it: more are left to `Decimals`, which has a limit
LOWER = 21  # bits of a machine integer's lower part, one limb; the upper one has 43
OF_WORDS = (
    "Leave a column of words out, or make it columns of 0 and 1 (pandas.get_dummies); of dates, pandas.to_datetime"
)
SECONDS = {
    **{unit: Fraction(seconds) for unit, seconds in zip("WDhms", (604800, 86400, 3600, 60, 1), strict=True)},
    **{unit: Fraction(1, 1000**k) for k, unit in enumerate(("ms", "us", "ns", "ps", "fs", "as"), 1)},
}  # in which NumPy counts time
WORD = 53  # bits of a part of a longer integer


@dataclass(frozen=True, eq=False)
class Rest:
    """What float64 leaves of some columns of [A b]: columns (m, k) float64, to be added to those numbered `of`.

    of (k,): numbers from 0 to n, where n is b's.
    """

    columns: Array
    of: tuple[int, ...]

    def sums(self, leading: Array, j: int, rows: slice = slice(None)) -> tuple[Array, Fraction]:
        """Column j in some rows, of which `leading` (m,) are the floats: Python ints, and what they are times."""
        parts = (leading[rows], *(self.columns[rows, k] for k, own in enumerate(self.of) if own == j))
        (integers,), unit = in_integers(parts, Fraction(1))
        return integers, unit


def exact_numbers(values: Array, called: str | Places, j: int | None = None) -> tuple[Parts, Fraction]:
    """The parts of a column (m,), and the scale that their sum is to be multiplied by.

    called, j: what errors call it, a text or column j (the only one for None) of what has places.
    Raises ComplexError, NotFiniteError, NotNumericError, OutOfRangeError.
    """
    places = Places(called) if isinstance(called, str) else called
    kind, name = values.dtype.kind, places.column(j)
    own = () if j is None else (j,)
    if kind == "f":
        if not np.isfinite(values).all():
            row = int(np.flatnonzero(~np.isfinite(values))[0])
            raise places.not_finite(values[row], row, *own)
        return _floats(values)
    if kind in "Mm":
        absent = np.isnat(values)
        if absent.any():
            raise places.not_finite("NaT", int(absent.argmax()), *own)
        return _ticks(values, name)
    if kind in "biu":
        return _machine_integers(values), Fraction(1)
    if kind not in "OU":
        raise NotNumericError(f"{name} must hold real numbers; its dtype is {values.dtype}: pass an array of floats")
    if kind == "U" and 1 <= values.dtype.itemsize <= 4 * FEW_CHARACTERS:
        codes = np.ascontiguousarray(values).view(np.uint32).reshape(len(values), -1)
        short = _of_characters(codes.astype(np.uint8).T) if codes.max() <= 127 else None
        if short is not None:
            return short
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
            words = f". {OF_WORDS}" if isinstance(error, NotNumericError) and kinds == {str} else ""
            said = str(error).removeprefix("entry ")
            raise type(error)(f"{name}, row {said}; {FIRST}{words}") from None
        return of_integers(decimals.integers), decimals.scale
    exact = kinds <= {Fraction, int}
    ratios = [(v if exact else _fraction(v, f"{name}, row {i}")).as_integer_ratio() for i, v in enumerate(entries)]
    common = lcm(*(q for _, q in ratios))
    return of_integers([p * (common // q) for p, q in ratios]), Fraction(1, common)


def _ticks(values: Array, name: str) -> tuple[Parts, Fraction]:
    """Moments as seconds since 1970-01-01, in UTC, and durations as seconds: whole ticks of a size."""
    unit, count = np.datetime_data(values.dtype)
    if unit in ("Y", "M") and values.dtype.kind == "M":
        days, (unit, count) = values.astype("datetime64[D]"), ("D", 1)
        if (days.astype(values.dtype) != values).any():
            raise OutOfRangeError(f"{name} has moments beyond what days can count: leave them out")
        values = days
    if unit not in SECONDS:
        raise NotNumericError(
            f"{name} is durations in units of {unit!r}, which are of no one length in seconds: pass them in days"
        )
    return _machine_integers(values.astype(np.int64)), SECONDS[unit] * count


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


def _of_characters(text: npt.NDArray[np.uint8]) -> tuple[Parts, Fraction] | None:
    """As `_decimals` for the characters of numerals (k, m), k <= FEW_CHARACTERS, behind them zeros: all m at a time.

    None as well where a number would be beyond 2**53 in units of the last place.
    """
    m = text.shape[1]
    if not text.size:
        return None
    text = np.ascontiguousarray(text)
    integers, places, ended = np.zeros(m), np.zeros(m, dtype=np.int64), np.zeros(m, dtype=bool)
    counts, points = np.zeros((2, m), dtype=np.int8)
    negative = text[0] == ord("-")
    for k, character in enumerate(text):
        digit = character - np.uint8(ord("0"))  # modulo 256: above 9 for all others
        is_digit, is_point = digit < 10, character == ord(".")
        is_end = character == 0
        known = is_digit | is_point | is_end
        if k == 0:
            known |= negative | (character == ord("+"))
        if not known.all() or (ended & ~is_end).any():
            return None
        ended = is_end
        integers *= np.where(is_digit, 10.0, 1.0)
        integers += np.where(is_digit, digit, 0)
        counts += is_digit
        places += is_digit & (points > 0)
        points += is_point
    if points.max() > 1 or not counts.all():
        return None
    most = int(places.max())
    # Below 10**15 they are exact, and so is a product that comes out below 2**53.
    integers *= 10.0 ** (most - places)
    if integers.max() >= EXACT:
        return None
    return (np.where(negative, -integers, integers),), Fraction(10) ** -most


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
        if len(ends) != len(texts):
            return None
        if not exponents:
            short = _of_characters(_side_by_side(text, ends))
            if short is not None:
                return short
        points = np.flatnonzero(text == ord("."))
        rows = np.searchsorted(ends, points)
        if (np.diff(rows) == 0).any():
            return None
        places = np.zeros(len(texts), dtype=np.int64)
        places[rows] = ends[rows] - points - 1
        for row, number in exponents.items():
            places[row] = -int(number.exponent)
        most = int(places.max())
        if max(most, -int(places.min())) > MOST_PLACES:
            return None
        integers = list(map(int, joined.replace(".", "").split("\n")))
        if int(places.min()) < most:
            powers = [10**k for k in range(most - int(places.min()) + 1)]
            integers = [v * powers[most - k] for v, k in zip(integers, places.tolist(), strict=True)]
    except (ValueError, InvalidOperation):
        return None
    return of_integers(integers), Fraction(10) ** -most


def _side_by_side(text: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """The characters of fields (k, m) that end where `ends` says, zeros behind them; none where one is long."""
    lengths = np.diff(ends, prepend=-1) - 1
    width = int(lengths.max())
    if width > FEW_CHARACTERS:
        return np.empty((0, 0), dtype=np.uint8)
    if int(lengths.min()) == width:
        return np.append(text, np.uint8(0)).reshape(-1, width + 1)[:, :width].T
    k = np.arange(width)[:, None]
    return np.where(k < lengths, text.take(ends - lengths + k, mode="clip"), np.uint8(0))


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
        ways = "give a number, or leave the row out"
        if hasattr(value, "isoformat") or hasattr(value, "total_seconds"):
            ways = "pass the column as datetime64 or timedelta64, of which seconds are taken"
        raise NotNumericError(f"{where} is {value!r} ({FIRST}), which is no number: {ways}") from None
    except (ValueError, OverflowError):
        raise NotFiniteError(f"{where} is {value!r} ({FIRST}): remove the row or give the number") from None

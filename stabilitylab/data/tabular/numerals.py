"""A column of numerals as written in a text file: checked, rounded once to float64, or exactly as integers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Argument, InputError, NotFiniteError, NotNumericError, OutOfRangeError

_NUMERAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"([+-]?)[0-9]+(?:,[0-9]+)+(?:\.[0-9]*)?")
_MISSING = {"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-", "."}
_OF_MARKS = {"", "-", "."}  # of these what is made of the marks of numbers
_INFINITE = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}
DROP = Argument("missing", "drop")
_DIGITS = 4000  # Python's int reads no longer text, by default 4300 digits
_SHORT = 18  # characters, more of which are beyond 2**50 as integers, as a rule
_IN_RANGE = 300  # digits: below, and above 0, wherever the point stands
_EXACT_POWERS = 22  # 10**22 is the last power of ten that float64 holds, so that `integers` has two roundings to bound


class BadField(Exception):  # noqa: N818 - it becomes an error of this package where line and column are known
    """Field `row` of a column is no number that can be used: `says` why, `kind` is the error to raise for it."""

    def __init__(self, row: int, kind: type[InputError], *says: str | Argument) -> None:
        super().__init__(row, kind, *says)
        self.row, self.kind, self.says = row, kind, says


@dataclass(frozen=True)
class Notation:
    """How the numbers of a file are written: the decimal mark, and the mark between thousands ("" for none)."""

    decimal: str = "."
    thousands: str = ""

    def __post_init__(self) -> None:
        if self.decimal not in (".", ","):
            raise InputError(f"the decimal mark must be '.' or ','; got {self.decimal!r}")
        if self.thousands not in ("", ",", ".", " ", "'", "_") or self.thousands == self.decimal:
            raise InputError(
                f"the mark between thousands must be one of , . ' _ or a space, and not the decimal mark "
                f"{self.decimal!r}; got {self.thousands!r}"
            )

    @cached_property
    def grouped(self) -> re.Pattern[str]:
        """A number whose whole part is in groups of three."""
        mark = re.escape(self.thousands)
        return re.compile(rf"[+-]?[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+(?:{re.escape(self.decimal)}[0-9]*)?")

    def holds(self, text: str) -> bool:
        """Whether text is a number in this notation."""
        try:
            self.plain(0, text)
        except BadField:
            return False
        return True

    def plain(self, row: int, field: str) -> str:
        """The field as Python writes numbers; raises BadField, which says what was expected and the way out."""
        text = field.strip()
        if self.thousands and self.grouped.fullmatch(text):
            text = text.replace(self.thousands, "")
        if self.decimal != ".":
            text = text.replace(".", "?").replace(self.decimal, ".")
        if not _NUMERAL.fullmatch(text):
            raise self._refusal(row, field)
        return text

    def _refusal(self, row: int, field: str) -> BadField:
        text = field.strip()
        if not text:
            return BadField(row, NotFiniteError, "the field is empty: give the number, or leave such rows out, ", DROP)
        if text.lower() in _MISSING:
            says = f"{text!r} is no finite number: give the number, or leave such rows out, "
            return BadField(row, NotFiniteError, says, DROP)
        if text.lower() in _INFINITE:
            return BadField(row, NotFiniteError, f"{text!r} is no finite number: remove the row or give the number")
        if self.decimal == "." and not self.thousands and _GROUPED.fullmatch(text):
            ways: list[str | Argument] = [f"{text!r} can be read in two ways: say which, ", Argument("thousands", ",")]
            if text.count(",") == 1 > text.count("."):
                ways += [
                    f" (as {text.replace(',', '')}), ",
                    Argument("decimal", ","),
                    f" (as {text.replace(',', '.')})",
                ]
            return BadField(row, NotNumericError, *ways)
        mark = next((mark for mark in " '_" if Notation(self.decimal, mark).grouped.fullmatch(text)), None)
        if mark is not None and not self.thousands:
            return BadField(
                row, NotNumericError, f"{text!r} has marks between thousands: give ", Argument("thousands", mark)
            )
        marks = f"decimal mark {self.decimal!r}" + (f" and {self.thousands!r} between thousands" * bool(self.thousands))
        return BadField(
            row,
            NotNumericError,
            f"expected a number such as -1{self.decimal}5 or 2e-3 ({marks}); got {_short(field)}: "
            f"correct it, or leave the column out",
        )


@dataclass(frozen=True, eq=False)
class Numerals:
    """m numerals in plain notation: their nearest doubles, or the numbers themselves as integers over 10**k."""

    fields: Sequence[str]

    @classmethod
    def read(cls, fields: Sequence[str], notation: Notation) -> "Numerals":
        """Every field as a number. Raises BadField for the first that is none or does not fit float64's range."""
        if not _is_plain(fields) or notation.decimal != ".":
            fields = [notation.plain(row, field) for row, field in enumerate(fields)]
        numerals = cls(fields)
        numerals._require_odd_ones(notation)
        return numerals

    @cached_property
    def values(self) -> Array:
        """The nearest doubles (m,)."""
        return np.fromiter(map(float, self.fields), np.float64, len(self.fields))

    @cached_property
    def places(self) -> Array:
        """Digits behind the decimal point (m,): each number is an integer over 10**places; negative for 3e5."""
        points = np.flatnonzero(self._text == ord("."))
        places = np.zeros(len(self.fields), dtype=np.int64)
        rows = np.searchsorted(self._ends, points)
        places[rows] = self._ends[rows] - points - 1
        for row in self._scientific:
            mantissa, _, exponent = self.fields[row].lower().partition("e")
            # A zero may have any exponent; of the others the range of float64 bounds it.
            places[row] = len(mantissa.partition(".")[2]) - int(exponent) if mantissa.strip("+-0.") else 0
        return places

    def integers(self, places: int) -> Array:
        """The numbers times 10**places (m,), exactly: float64 where short and all below 2**50, else Python ints.

        places must be at least self.places. The float route: the double nearest to N/10**k, times 10**k, is off by two
        roundings, less than |N| 2**-52 (1 + 2**-53) < 1/2, so that rounding to whole numbers gives N.
        """
        if places <= _EXACT_POWERS and self._lengths.max() <= _SHORT:
            power = float(10**places)
            if np.abs(self.values).max() < 2.0**50 / power:
                whole: Array = np.rint(self.values * power)
                return whole
        mantissas = list(self.fields)
        for row in self._scientific:
            mantissas[row] = mantissas[row].lower().partition("e")[0]
        texts = "\n".join(mantissas).replace(".", "").split("\n")
        integers = np.empty(len(texts), dtype=object)
        # int of a Decimal has no limit on its digits, which int of a text has.
        integers[:] = [int(Decimal(t)) for t in texts] if self._lengths.max() > _DIGITS else list(map(int, texts))
        shift = places - self.places
        if shift.any():
            shifts, which = np.unique(np.where(integers != 0, shift, 0), return_inverse=True)
            powers = np.empty(len(shifts), dtype=object)
            powers[:] = [10 ** int(k) for k in shifts]
            integers = integers * powers[which]
        return integers

    def _require_odd_ones(self, notation: Notation) -> None:
        """Have Python read what is more than sign, digits and point, or too long to be in range at first sight."""
        text, ends = self._text, self._ends
        signs = np.flatnonzero((text == ord("+")) | (text == ord("-")))
        points = np.searchsorted(ends, np.flatnonzero(text == ord(".")))
        misplaced = signs[(signs > 0) & (text[signs - 1] != ord("\n"))]
        digits = self._lengths.copy()
        digits[points] -= 1
        digits[np.searchsorted(ends, signs)] -= 1
        unlikely = np.flatnonzero((digits < 1) | (digits > _IN_RANGE))
        doubled = points[1:][np.diff(points) == 0]
        rows = np.concatenate([self._scientific, unlikely, doubled, np.searchsorted(ends, misplaced)])
        if not rows.size:
            return
        odd = np.unique(rows)
        try:
            values = np.fromiter((float(self.fields[row]) for row in odd), np.float64, len(odd))
        except ValueError:
            for row in map(int, odd):
                notation.plain(row, self.fields[row])
            raise
        for row, value in zip(map(int, odd), values, strict=True):
            if np.isinf(value) or (value == 0 and self.fields[row].lower().partition("e")[0].strip("+-0.")):
                what = "overflows" if value else "underflows to 0 in"
                raise BadField(row, OutOfRangeError, f"{_short(self.fields[row])} {what} float64: rescale the column")

    @cached_property
    def _scientific(self) -> Array:
        """Rows with an exponent."""
        return np.searchsorted(self._ends, np.flatnonzero((self._text | 32) == ord("e")))

    @cached_property
    def _text(self) -> Array:
        return np.frombuffer("\n".join(self.fields).encode("ascii"), np.uint8)

    @cached_property
    def _ends(self) -> Array:
        return np.append(np.flatnonzero(self._text == ord("\n")), len(self._text))

    @cached_property
    def _lengths(self) -> Array:
        return np.diff(self._ends, prepend=-1) - 1


def missing(fields: Sequence[str]) -> Array:
    """Which fields say that there is no number (m,) bool: empty ones, NA, null, and the like; no infinity."""
    if _is_plain(fields) and _OF_MARKS.isdisjoint(fields):
        return np.zeros(len(fields), dtype=bool)
    return np.fromiter((field.strip().lower() in _MISSING for field in fields), bool, len(fields))


def _is_plain(fields: Sequence[str]) -> bool:
    """Whether the fields hold nothing but what plain numerals are made of, so that `float` reads no word, no blank."""
    text = "\n".join(fields)
    return (
        text.isascii()
        and text.count("\n") == len(fields) - 1
        and not text.encode("ascii").translate(None, b"0123456789+-.eE\n")
    )


def _short(field: str) -> str:
    return repr(field if len(field) <= 40 else field[:37] + "...")

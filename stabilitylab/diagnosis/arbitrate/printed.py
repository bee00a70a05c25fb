"""A number as somebody's program printed it: its value, and how exactly it is known."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np

TYPED = 15  # significant digits up to which a float was typed from a printout, where all of an answer have no more
FARTHEST = 300  # exponents of ten beyond which no coefficient is looked at
FAR = 10**300
ABSENT = frozenset({"na", ".", "aliased", "none"})
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eEdD][-+]?\d+)?")


@dataclass(frozen=True)
class Printed:
    """value, right to within `half` where it is the truth rounded. digits: significant ones printed."""

    text: str
    value: Fraction
    half: Fraction
    digits: int

    @cached_property
    def number(self) -> float:
        """The value in float64."""
        return float(self.value)

    @cached_property
    def half_number(self) -> float:
        """Half a unit of the last place in float64."""
        return float(self.half)


def of_text(text: str) -> Printed | None:
    """A decimal with a point, as it is written; half a unit of its last place. None where the text is none."""
    stripped = text.strip().replace("\N{MINUS SIGN}", "-")
    if not _NUMBER.fullmatch(stripped):
        return None
    try:
        number = Decimal(stripped.lower().replace("d", "e"))
    except InvalidOperation:
        return None
    places = number.as_tuple()
    exponent = int(places.exponent)
    if abs(exponent) > FARTHEST or abs(number.adjusted()) > FARTHEST:
        return None
    digits = len("".join(map(str, places.digits)).lstrip("0"))
    return Printed(stripped, Fraction(number), Fraction(10) ** exponent / 2, digits)


def as_float(value: Fraction) -> float:
    """The nearest double; beyond 1e300 that number, with the sign."""
    return float(value) if abs(value) <= FAR else float(FAR if value > 0 else -FAR)


def is_absent(text: str) -> bool:
    """Whether a text says that the coefficient is not in the model, as R's NA and the point of SAS do."""
    return text.strip().casefold() in ABSENT


def of_floats(values: Sequence[Any]) -> list[Printed]:
    """Finite numbers as a program holds them.

    Where each has no more than 15 significant digits they were typed: all of them with as many decimals, or as many
    digits, as the one that shows most. Otherwise each is known to half an ulp.
    """
    shortest = [_shortest(value) for value in values]
    most = max((one.digits for one in shortest), default=0)
    wide = any(isinstance(value, np.floating) and not isinstance(value, float) for value in values)
    if most > TYPED or wide:
        return [
            Printed(one.text, one.value, _half_ulp(value), one.digits)
            for one, value in zip(shortest, values, strict=True)
        ]
    last = min((one.half for one in shortest), default=Fraction(0))
    return [Printed(one.text, one.value, min(one.half, max(last, _unit(one, most))), most) for one in shortest]


def _shortest(value: Any) -> Printed:
    number = Decimal(str(float(value) if isinstance(value, Fraction) else value))
    digits, exponent = number.as_tuple().digits, int(number.as_tuple().exponent)
    while len(digits) > 1 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    return Printed(str(value), Fraction(*value.as_integer_ratio()), Fraction(10) ** exponent / 2, len(digits))


def _unit(one: Printed, digits: int) -> Fraction:
    """Half a unit of the last of so many significant digits."""
    if not one.value:
        return one.half
    return Fraction(10) ** (Decimal(one.text).adjusted() - digits + 1) / 2


def _half_ulp(value: Any) -> Fraction:
    spacing = float(np.spacing(np.abs(value if isinstance(value, np.floating) else np.float64(value))))
    return Fraction(spacing if isfinite(spacing) else 0.0) / 2

"""How programs code a category: for each coefficient its column in the 0 and 1 of the levels, and its names."""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from stabilitylab.data.correct_rounding import square_root

ORDINALS = ("L", "Q", "C")  # how R names the first polynomials of contr.poly; the others ^4, ^5, ...
MOST_SCORED = 30  # levels up to which polynomial contrasts are formed


class Coding(NamedTuple):
    """How a category is coded: "treatment", "sum", "full", or a kind of CONTRASTS. reference: the level without a
    feature, "" where there is none."""

    kind: str
    reference: str = ""


class Contrast(NamedTuple):
    """One coefficient of a coding: weights (k,) of the levels, sorted, times factor; name: what stands in the brackets
    of its name; others: what R writes behind the column."""

    weights: Sequence[Fraction]
    name: str
    others: tuple[str, ...] = ()
    factor: Fraction = Fraction(1)


CONTRASTS = {
    "Helmert": "Helmert coding (each level beside the mean of those before)",
    "difference": "difference coding (each level beside the one before)",
    "polynomial": "polynomial coding (orthogonal, of the levels in order)",
}
"""Codings without a reference level, with the words for each."""


@lru_cache(maxsize=200)
def contrasts(kind: str, levels: tuple[str, ...]) -> Sequence[Contrast]:
    """The k - 1 contrasts of a coding of CONTRASTS of k levels in order.

    Helmert: contr.helmert of R, unscaled. difference: contr.sdif of MASS and Diff of patsy. polynomial: contr.poly.
    Source: Venables and Ripley, Modern Applied Statistics with S (2002), section 6.2.
    """
    k = len(levels)
    if kind == "Helmert":
        return [
            Contrast([Fraction(-1 if i < j else j if i == j else 0) for i in range(k)], f"H.{levels[j]}", (str(j),))
            for j in range(1, k)
        ]
    if kind == "difference":
        return [
            Contrast(
                [Fraction(j - k if i < j else j, k) for i in range(k)],
                f"D.{levels[j - 1]}",
                (str(j), f"{j + 1}-{j}", f"{levels[j]}-{levels[j - 1]}"),
            )
            for j in range(1, k)
        ]
    return _polynomials(k) if k <= MOST_SCORED else []


def _polynomials(k: int) -> list[Contrast]:
    """Orthogonal polynomials in the scores 1, ..., k, each of norm 1 and rising, by Gram and Schmidt."""
    basis = [[Fraction(1)] * k]
    found = []
    for degree in range(1, k):
        v = [Fraction(score) ** degree for score in range(1, k + 1)]
        for q in basis:
            share = sum((a * b for a, b in zip(v, q, strict=True)), Fraction(0)) / sum(b * b for b in q)
            v = [a - share * b for a, b in zip(v, q, strict=True)]
        basis.append(v)
        letter = ORDINALS[degree - 1] if degree <= len(ORDINALS) else f"^{degree}"
        word = ("Linear", "Quadratic", "Cubic")[degree - 1] if degree <= len(ORDINALS) else f"^{degree}"
        norm = square_root(sum((a * a for a in v), Fraction(0)))
        found.append(Contrast(v, word, (f".{letter}", letter, f".{word}"), norm))
    return found

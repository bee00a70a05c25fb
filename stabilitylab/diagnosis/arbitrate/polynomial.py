"""Polynomials with rational coefficients in the columns of a table: how a feature depends on them.

An atom is a column that is multiplied: numbers, the 0 and 1 of one level of a category, or a feature such as log(x)
that is no polynomial of others. A monomial is the sorted tuple of its atoms, () the constant 1.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple, TypeAlias


class Atom(NamedTuple):
    """kind: "number", "level", "feature" or "response". column: its name. level: of a category, "" elsewhere."""

    kind: str
    column: str
    level: str = ""


Monomial: TypeAlias = tuple[Atom, ...]
Polynomial: TypeAlias = Mapping[Monomial, Fraction]

ONE: Polynomial = {(): Fraction(1)}


def of_atom(atom: Atom) -> Polynomial:
    """The polynomial that is one atom."""
    return {(atom,): Fraction(1)}


def affine(p: Polynomial, factor: Fraction | int, constant: Fraction | int = 0) -> Polynomial:
    """factor p + constant."""
    found = {monomial: c * factor for monomial, c in p.items()}
    found[()] = found.get((), Fraction(0)) + constant
    return _reduced(found)


def plus(p: Polynomial, q: Polynomial, factor: Fraction | int = 1) -> Polynomial:
    """p + factor q."""
    found = dict(p)
    for monomial, c in q.items():
        found[monomial] = found.get(monomial, Fraction(0)) + c * factor
    return _reduced(found)


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """p q."""
    found: dict[Monomial, Fraction] = {}
    for left, c in p.items():
        for right, d in q.items():
            monomial = tuple(sorted((*left, *right)))
            found[monomial] = found.get(monomial, Fraction(0)) + c * d
    return _reduced(found)


def power(p: Polynomial, degree: int) -> Polynomial:
    """p**degree, for a degree of 0 or more."""
    found = ONE
    for _ in range(degree):
        found = times(found, p)
    return found


def substituted(p: Polynomial, replaced: Mapping[Atom, Polynomial]) -> Polynomial:
    """p with a polynomial in place of each atom that has one."""
    found: Polynomial = {}
    for monomial, c in p.items():
        product: Polynomial = {(): c}
        for atom in monomial:
            product = times(product, replaced.get(atom) or of_atom(atom))
        found = plus(found, product)
    return found


def _reduced(p: Mapping[Monomial, Fraction]) -> Polynomial:
    return {monomial: c for monomial, c in p.items() if c}

"""Systems of integers with rational solutions of few digits: solved modulo a prime, lifted to its powers, and verified.

Sources: Dixon, Numer. Math. 40 (1982) 137-141, for the digits of a solution to the base of a prime; Wang, Guy and
Davenport, SIGSAM Bulletin 16, 2 (1982) 2-3, for a fraction from its residue.
"""

from collections.abc import Sequence
from math import isqrt
from typing import Any, TypeAlias

import flint

from stabilitylab.core.errors import NotCertifiedError

Integers: TypeAlias = list[int]
PRIME = (1 << 62) - 57  # of one machine word
WORK = 2e9  # products of 64-bit numbers in one lifting, which take about a minute
LIMB = 64  # bits of a number that the processor multiplies


def lifted(C: Any, B: Any, most: int, prime: int = PRIME) -> tuple[Integers, int] | None:
    """X (r, k) of C X = B as integers, row by row, over one denominator; C (r, r), B (r, k) in FLINT's integers.

    most: a bound on numerators and denominator. They are found by their digits to the base `prime`, after as many of
    these as the solution has, not as it could have, and X is verified exactly. None when C is singular modulo the
    prime, and when no solution is within the bound. Raises NotCertifiedError when the search takes more than WORK.
    """
    r, k = B.nrows(), B.ncols()
    try:
        inverse = flint.nmod_mat(C, prime).inv()
    except ZeroDivisionError:
        return None
    limbs = max((abs(int(v)).bit_length() for v in C.entries()), default=0) // LIMB + 1
    X, power, rest, base = flint.fmpz_mat(r, k), 1, B, flint.fmpz(prime)
    steps, tried, work = 0, 0, 0.0
    unique = 2 * most * most  # a modulus from which on there is one solution within the bound at most
    last = unique * prime
    while power <= last:
        digits = integer_matrix(inverse * flint.nmod_mat(rest, prime))
        X = X + digits * flint.fmpz(power)
        power *= prime
        steps += 1
        if 2 * steps >= 3 * tried or power > unique:
            tried = steps
            found = over_one_denominator([int(v) for v in X.entries()], power)
            if found is not None and solves(C, B, *found):
                return found
        rest = flint.fmpz_mat(r, k, [v // base for v in (rest - C * digits).entries()])
        work += r * (r * k * limbs + k * steps)
        if work > WORK:
            raise NotCertifiedError(
                f"the exact solution for {r} columns has so many digits that it would take too long: drop columns that "
                "depend on others, or nearly so, or scale and centre them"
            )
    return None


def solves(C: Any, B: Any, numerators: Sequence[int], denominator: int) -> bool:
    """Whether C X = B exactly, X (r, k) the numerators over the denominator."""
    X = flint.fmpz_mat(C.ncols(), B.ncols(), list(numerators))
    return denominator != 0 and bool(B * flint.fmpz(denominator) == C * X)


def over_one_denominator(residues: Sequence[int], modulus: int) -> tuple[Integers, int] | None:
    """Integers and a denominator d > 0, all at most sqrt(modulus / 2), with residue_i d = integer_i modulo the modulus.

    There is at most one such list of fractions for a modulus coprime to d; None where there is none.
    """
    limit, denominator = isqrt(modulus // 2), 1
    for residue in residues:
        here = residue * denominator % modulus
        if limit < here < modulus - limit:
            denominator *= _denominator(here, modulus, limit)
            if not 0 < denominator <= limit:
                return None
    numerators = [(residue * denominator + limit) % modulus - limit for residue in residues]
    return (numerators, denominator) if all(v <= limit for v in numerators) else None


def _denominator(residue: int, modulus: int, limit: int) -> int:
    """d > 0, the least with |residue d| <= limit modulo the modulus: a step of Euclid's algorithm says it."""
    before, here, d_before, d = modulus, residue, 0, 1
    while here > limit:
        factor, left = divmod(before, here)
        before, here, d_before, d = here, left, d, d_before - factor * d
    return abs(d)


def integer_matrix(residues: Any) -> Any:
    """A matrix modulo a number in FLINT's integers, from 0 up."""
    return flint.fmpz_mat(residues.nrows(), residues.ncols(), [int(v) for v in residues.entries()])

"""Which columns of A are independent, exactly, and how the others depend on them: found modulo a prime, then proven."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import count

import flint
import numpy as np

from stabilitylab.core.errors import NotCertifiedError
from stabilitylab.exact.gram.limbs import WIDTH, Levels
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.solve.lifting import lifted, over_one_denominator, solves
from stabilitylab.exact.solve.rational import in_flint, taken, without_twos

PRIMES = tuple((1 << 40) - k for k in (87, 167, 195))  # the next where one is of no use


@dataclass(frozen=True)
class Relations:
    """Column `columns[l]` of C is the sum over i of numerators[i][l] / denominator times column `others[i]`."""

    others: tuple[int, ...]
    columns: tuple[int, ...]
    numerators: tuple[tuple[int, ...], ...]
    denominator: int


@dataclass(frozen=True)
class Dependence:
    """independent: the columns of A that do not depend on those before them, ascending; their number is the rank.

    relations: of the others, but for those whose dependence follows from the number of rows and was not asked for.
    """

    independent: tuple[int, ...]
    relations: Relations


def independent_columns(normal: NormalEquations) -> tuple[int, ...]:
    """The columns of A that do not depend on those before them, in ascending order; their number is the rank, exactly.

    Raises NotCertifiedError where that was not proven.
    """
    return dependence(normal).independent


def dependent_columns(normal: NormalEquations, columns: Sequence[int]) -> dict[int, dict[int, Fraction]]:
    """For columns of A that depend on those before them: the independent ones, each with its factor f_i that is not 0.

    a_j = sum_i f_i a_i, exactly, over the rows of weight above 0. C is in the units u of the columns, so that f_i is
    the factor of the columns of C times u_j / u_i. Raises NotCertifiedError where they were not found.
    """
    relations = dependence(normal).relations
    if not set(columns) <= set(relations.columns):
        relations = dependence(normal, tuple(columns)).relations
    units, found = normal.units, {}
    for j in columns:
        at = relations.columns.index(j)
        factors = {i: row[at] for i, row in zip(relations.others, relations.numerators, strict=True) if row[at]}
        found[j] = {i: Fraction(v, relations.denominator) * units[j] / units[i] for i, v in factors.items()}
    return found


@lru_cache(maxsize=2)
def dependence(normal: NormalEquations, columns: tuple[int, ...] = ()) -> Dependence:
    """The independent columns of A, and how the others depend on them, proven; that of the last calls is kept.

    C = A'A has the null space of A. Columns P of C that are pivots modulo a prime are independent: a minor of theirs is
    not 0 modulo the prime. That each other column is a combination of those of P before it is proven by its factors,
    which solve C_PP F = C_Pj modulo the prime, or its powers, and then C_P F = C_j in integers, in all rows; or by the
    number of rows of A, where P has as many columns, all before it. Of `columns` the factors are found in any case.
    Cost: an elimination modulo the prime where the factors have few digits, as of totals and dummies; more with their
    digits. Raises NotCertifiedError where these are too many.
    """
    for prime in PRIMES:
        proven = proven_modulo(prime, normal, columns)
        if proven is not None:
            return proven
    raise NotCertifiedError(
        f"the rank of {normal.n} columns was not proven: modulo a prime, columns depend on others, but not exactly: "
        "drop columns that depend on others, or nearly so"
    )


def proven_modulo(prime: int, normal: NormalEquations, columns: tuple[int, ...] = ()) -> Dependence | None:
    """What `dependence` is, where elimination modulo this prime guesses right; otherwise None."""
    residues, n = _residues(normal, prime), normal.n
    # As many rows of C as A has often span the others.
    for rows in (normal.rows, n) if normal.rows < n else (n,):
        reduced, rank = flint.nmod_mat(rows, n, residues[:rows].ravel().tolist(), prime).rref()
        if rank == normal.rows:
            break
    P: list[int] = []
    for i in range(rank):
        P.append(next(j for j in count(P[-1] + 1 if P else 0) if int(reduced[i, j])))
    others = [j for j in range(n) if j not in set(P)]
    counted = P and rank == normal.rows  # then a column behind those of P is a combination of them
    asked = tuple(j for j in others if not counted or j < P[-1] or j in columns)
    factors = [int(reduced[i, j]) for i in range(rank) for j in asked]
    relations = _proven(normal, tuple(P), asked, factors, prime)
    return None if relations is None else Dependence(tuple(P), relations)


def _residues(normal: NormalEquations, prime: int) -> Levels:
    """C (n, n) modulo a prime below 2**40: a residue times 2**22, and a limb, is below 2**63."""
    n = normal.n
    upper = np.zeros((n, n), dtype=np.int64)
    for limb in normal.limbs:
        upper = ((upper << WIDTH) + limb[:n, :n]) % prime
    return np.asarray(np.triu(upper) + np.triu(upper, 1).T)


def _proven(
    normal: NormalEquations, P: tuple[int, ...], columns: tuple[int, ...], factors: list[int], prime: int
) -> Relations | None:
    """The columns of C as combinations of those of P before each, in all rows, from the factors modulo the prime."""
    k = len(columns)
    if k == 0:
        return Relations(P, (), ((),) * len(P), 1)
    C, _ = without_twos(in_flint(normal)[0])
    all_rows = range(C.nrows())
    left, right = taken(C, all_rows, P), taken(C, all_rows, columns)
    found = over_one_denominator(factors, prime)
    if found is None or not solves(left, right, *found):
        found = lifted(taken(C, P, P), taken(C, P, columns), normal.determinant_bound)
        if found is None or not solves(left, right, *found):
            return None
    numerators = tuple(tuple(found[0][i * k : (i + 1) * k]) for i in range(len(P)))
    if any(v and i > j for i, row in zip(P, numerators, strict=True) for j, v in zip(columns, row, strict=True)):
        return None  # column j depends on one after it, which is then not the first that could be in P
    return Relations(P, columns, numerators, found[1])

"""The rank, and the relations between columns, are those of elimination in fractions, and a wrong guess is noticed."""

from fractions import Fraction

import flint
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from exact_fit import fractions, reduced
from stabilitylab.core.errors import NotCertifiedError, RankDeficientError
from stabilitylab.exact.gram.inputs import exact_input, summed
from stabilitylab.exact.solve import dependence, lifting
from stabilitylab.exact.solve.dependence import PRIMES, dependent_columns, independent_columns, proven_modulo
from wild import PROPERTY

SEEDS = st.integers(0, 2**32 - 1)
PRIME = PRIMES[0]


def sums(A):
    A = np.asarray(A)
    return summed(exact_input(A, np.arange(len(A)), wide=True))


def eliminated(A):
    """The first independent columns, and for each other column its factors, by elimination in fractions."""
    rows, pivots = reduced(fractions(A).tolist())
    others = [j for j in range(np.shape(A)[1]) if j not in pivots]
    return tuple(pivots), {j: {p: rows[i][j] for i, p in enumerate(pivots) if rows[i][j]} for j in others}


def assert_right(A):
    normal = sums(A)
    pivots, factors = eliminated(A)
    assert independent_columns(normal) == pivots
    assert dependent_columns(normal, list(factors)) == factors


@PROPERTY
@given(SEEDS, st.integers(1, 7), st.integers(1, 9), st.integers(0, 6))
def test_a_planted_rank_and_its_relations_are_found(seed, m, n, rank):
    rng = np.random.default_rng(seed)
    assert_right(rng.integers(-9, 10, (m, rank)) @ rng.integers(-2, 3, (rank, n)))


@PROPERTY
@given(SEEDS, st.lists(st.fractions(-9, 9, max_denominator=10**6), min_size=4, max_size=4), st.integers(0, 4))
def test_a_planted_relation_of_long_factors_in_scaled_columns_is_found(seed, factors, place):
    rng = np.random.default_rng(seed)
    columns = list(fractions(rng.standard_normal((4, 7))))
    columns.insert(place, sum(f * column for f, column in zip(factors, columns, strict=True)))
    A = np.stack(columns, axis=1) * [Fraction(2) ** int(k) for k in rng.integers(-90, 90, 5)]
    assert_right(A)


@PROPERTY
@given(SEEDS, st.integers(0, 7), st.sampled_from([-np.inf, np.inf]))
def test_a_sum_that_is_wrong_by_one_last_bit_is_no_relation(seed, row, direction):
    A = np.random.default_rng(seed).integers(1, 2**50, (8, 4)).astype(float)
    A[:, -1] = A[:, :-1].sum(axis=1)
    assert independent_columns(sums(A)) == (0, 1, 2)
    A[row, -1] = np.nextafter(A[row, -1], direction)
    assert independent_columns(sums(A)) == (0, 1, 2, 3)


@pytest.mark.parametrize("m", [3, 5])
@pytest.mark.parametrize("first", [[], [0, 0], [1, 2]])
def test_columns_that_repeat_among_more_columns_than_rows_are_left_out(m, first):
    A = np.random.default_rng(m).integers(-9, 10, (m, 12))
    for k, factor in enumerate(first):
        A[:, k + 1] = factor * A[:, 0]
    assert_right(A)


def test_of_a_matrix_of_zeros_every_column_depends_on_none():
    assert_right(np.zeros((3, 2)))


# --- primes that guess wrong


def test_the_primes_are_prime_and_fit_their_words():
    assert all(flint.fmpz(prime).is_prime() for prime in (*PRIMES, lifting.PRIME))
    assert max(PRIMES) < 2**40 < lifting.PRIME < 2**63


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_prime_that_divides_a_column_proves_nothing_and_the_next_one_does(column, monkeypatch):
    A = np.random.default_rng(column).integers(-9, 10, (6, 3)).astype(object)
    A[:, column] = A[:, column] * PRIME + np.eye(6, dtype=int)[0] * PRIME
    assert proven_modulo(PRIME, sums(A)) is None
    assert_right(A)
    monkeypatch.setattr(dependence, "PRIMES", PRIMES[:1])
    with pytest.raises(NotCertifiedError, match="rank of 3 columns was not proven"):
        independent_columns(sums(A))


def test_a_prime_that_makes_a_later_column_stand_for_an_earlier_one_proves_nothing():
    a = np.arange(1, 6).astype(object)
    A = np.stack([PRIME * a, a, np.ones(5, dtype=int)], axis=1)
    # Modulo the prime columns 1 and 2 are independent, and column 0 is a multiple of column 1, as it is exactly.
    assert proven_modulo(PRIME, sums(A)) is None
    assert independent_columns(sums(A)) == (0, 2)
    assert dependent_columns(sums(A), [1]) == {1: {0: Fraction(1, PRIME)}}


# --- planted faults


def deficient():
    """Columns 3 and 5 depend on others, one by factors of few digits, one by factors of many."""
    A = np.random.default_rng(5).integers(-9, 10, (9, 6)).astype(object)
    A[:, 3] = A[:, 0] - 2 * A[:, 1]
    A[:, 5] = sum(A[:, j] * (10**30 + j) for j in (0, 1, 2, 4))
    return A


@pytest.mark.parametrize("name", ["over_one_denominator", "lifted"])
@pytest.mark.parametrize("entry", range(3))
def test_a_relation_that_is_wrong_in_one_entry_is_not_taken(name, entry, monkeypatch):
    original = getattr(dependence, name)

    def wrong(*arguments):
        found = original(*arguments)
        if found is not None:
            found[0][entry] += 1
        return found

    A = deficient()[:, :4] if name == "over_one_denominator" else deficient()
    assert proven_modulo(PRIME, sums(A)) is not None
    monkeypatch.setattr(dependence, name, wrong)
    if name == "over_one_denominator":
        monkeypatch.setattr(dependence, "lifted", lambda *_: None)
    assert proven_modulo(PRIME, sums(A)) is None
    # It is the verification that notices.
    monkeypatch.setattr(dependence, "solves", lambda *_: True)
    assert proven_modulo(PRIME, sums(A)) is not None


def test_a_row_that_a_relation_does_not_hold_in_is_noticed():
    """The factors solve C_PP F = C_Pj in any case; only the other rows tell that the prime was wrong."""
    A = np.eye(4, 3, dtype=int).astype(object)
    A[3, 2] = PRIME  # modulo the prime column 2 depends on nothing else once its one is taken away
    A[2, 2] = 0
    assert proven_modulo(PRIME, sums(A)) is None
    assert independent_columns(sums(A)) == (0, 1, 2)


# --- lifting


@PROPERTY
@given(SEEDS, st.integers(1, 5), st.integers(1, 3), st.integers(1, 300))
def test_a_planted_solution_is_lifted(seed, r, k, bits):
    rng = np.random.default_rng(seed)
    P = rng.integers(-99, 100, (r, r)).astype(object) + 1000 * np.eye(r, dtype=int)
    scale = int(rng.integers(1, 2**40)) << bits
    X = rng.integers(-99, 100, (r, k)).astype(object) * (scale + 1)
    C, B = (flint.fmpz_mat(values.tolist()) for values in (P * scale, P.dot(X)))
    numerators, denominator = lifting.lifted(C, B, 1 << 500)
    found = [Fraction(v, denominator) for v in numerators]
    assert found == [Fraction(int(v), scale) for v in X.ravel()]


def test_what_is_beyond_the_bound_or_singular_modulo_the_prime_is_not_found(monkeypatch):
    C, B = flint.fmpz_mat([[10**40]]), flint.fmpz_mat([[1]])
    assert lifting.lifted(C, B, 10**41) == ([1], 10**40)
    assert lifting.lifted(C, B, 2**20) is None
    assert lifting.lifted(flint.fmpz_mat([[lifting.PRIME]]), B, 10**41) is None
    monkeypatch.setattr(lifting, "WORK", 3)
    with pytest.raises(NotCertifiedError, match="so many digits"):
        lifting.lifted(C, B, 10**41)


@given(st.integers(-(2**19), 2**19), st.integers(1, 2**19), st.integers(-(2**19), 2**19))
def test_a_fraction_is_found_from_its_residue_and_what_is_none_is_not(p, q, other):
    residues = [v * pow(q, -1, PRIME) % PRIME for v in (p, other)]
    (top, second), bottom = lifting.over_one_denominator(residues, PRIME)
    assert (Fraction(top, bottom), Fraction(second, bottom)) == (Fraction(p, q), Fraction(other, q))


def test_a_residue_of_no_short_fraction_is_refused():
    modulus, limit = 101, 7  # 7 is the integer part of sqrt(101 / 2)
    short = {p * pow(q, -1, modulus) % modulus for q in range(1, limit + 1) for p in range(-limit, limit + 1)}
    for residue in range(modulus):
        found = lifting.over_one_denominator([residue], modulus)
        assert (found is not None) == (residue in short)
        assert found is None or (found[0][0] - residue * found[1]) % modulus == 0


# --- what a person meets


def two_factors(m, levels, rng):
    A = np.zeros((m, 2 * levels))
    A[np.arange(m), np.where(np.arange(m) < levels, np.arange(m), rng.integers(0, levels, m))] = 1
    A[np.arange(m), levels + np.where(np.arange(m) < levels, np.arange(m), rng.integers(0, levels, m))] = 1
    return A


def test_dummies_of_all_levels_of_two_factors_are_refused_by_every_route():
    A = two_factors(300, 60, np.random.default_rng(1))
    with pytest.raises(RankDeficientError, match="the rank is 119 of 120, exactly: a119 depends on a0, a1"):
        sl.lstsq(A, np.arange(300.0))


def test_relations_of_many_digits_are_proven_among_many_columns():
    rng = np.random.default_rng(2)
    A = rng.integers(-9, 10, (90, 66)) @ rng.integers(-9, 10, (66, 70))
    with pytest.raises(RankDeficientError, match="the rank is 66 of 70, exactly: a66 depends on a0"):
        sl.lstsq(A, np.arange(90.0))


@pytest.mark.parametrize("column", [0, 20, 34])
def test_a_column_of_zeros_among_many_is_named(column):
    A = np.random.default_rng(3).integers(-9, 10, (40, 35)).astype(float)
    A[:, column] = 0
    with pytest.raises(RankDeficientError, match=f"the rank is 34 of 35, exactly: a{column} is 0 in every row"):
        sl.lstsq(A, np.arange(40.0))

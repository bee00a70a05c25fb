"""Accumulators whose numbers count different things: merged exactly, in any order, and kept."""

import pickle
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from exact_fit import exact_fit
from old_accumulators import old_fields
from stabilitylab import GramAccumulator
from stabilitylab.core.errors import InputError, NotFiniteError, OutOfRangeError, RankDeficientError
from stabilitylab.exact.gram.sums import GramSums
from wild import FEWER, PROPERTY, double, doubles, is_root

CENTS = [Fraction(1, 100), Fraction(1), Fraction(1, 1000)]
THIRDS = [Fraction(1, 3), Fraction(7, 2), Fraction(10)]
RNG = np.random.default_rng(29)


def exact_sums(acc):
    """[A b]'W[A b] in fractions, and the rows."""
    normal = acc.normal_equations()
    u, w = normal.units, normal.weight_unit
    table = [[*row, right] for row, right in zip(normal.C, normal.c, strict=True)] + [[*normal.c, normal.bb]]
    return [[v * u[i] * u[j] * w for j, v in enumerate(row)] for i, row in enumerate(table)], acc.rows


def integers(m, n=3, top=10**6):
    return RNG.integers(-top, top, (m, n))


def of(numbers, scales=None, weight_unit=1, weights=None):
    acc = GramAccumulator(len(numbers[0]) - 1, scales=scales, weight_unit=weight_unit)
    numbers = np.array(numbers, dtype=object)
    return acc.add(numbers[:, :-1], numbers[:, -1], weights)


def true_rows(numbers, scales):
    return np.array([[int(v) * Fraction(s) for v, s in zip(row, scales, strict=True)] for row in numbers], dtype=object)


def bits(fit):
    return [np.asarray(v).tobytes() for v in (fit.x, fit.standard_errors, fit.rss, fit.r_squared, fit.f_statistic)]


# --- merged exactly

UNITS = st.fractions(min_value=Fraction(1, 10**6), max_value=10**6, max_denominator=10**6)
ENTRIES = st.integers(-(10**4), 10**4) | st.integers(-(2**80), 2**80) | st.just(0)


@st.composite
def parts(draw, n=2):
    """Up to three accumulators' numbers with what they count, weights and what those count."""
    out = []
    for _ in range(draw(st.integers(2, 3))):
        rows = draw(st.integers(1, 3))
        numbers = [[draw(ENTRIES) for _ in range(n + 1)] for _ in range(rows)]
        scales = draw(st.none() | st.lists(UNITS, min_size=n + 1, max_size=n + 1))
        weight_unit = draw(st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(5, 7), Fraction(4)]))
        counts = draw(st.none() | st.lists(st.integers(0, 5), min_size=rows, max_size=rows))
        out.append((numbers, scales, weight_unit, counts))
    return out


def made(numbers, scales, weight_unit, counts):
    return of(numbers, scales, weight_unit, None if counts is None else [c * weight_unit for c in counts])


@PROPERTY
@given(parts())
def test_merged_sums_are_those_of_the_same_numbers_in_one_unit(several):
    n = 2
    columns = [[scales[j] if scales else Fraction(1) for _, scales, *_ in several] for j in range(n + 1)]
    unit = [Fraction(1, np.lcm.reduce([int(s.denominator) for s in column], dtype=object)) for column in columns]
    weight_unit = Fraction(1, 21)
    one = GramAccumulator(n, scales=unit, weight_unit=weight_unit)
    for numbers, scales, counted, counts in several:
        rows = true_rows(numbers, scales or [1] * (n + 1))
        whole = np.array([[int(v / u) for v, u in zip(row, unit, strict=True)] for row in rows], dtype=object)
        weights = [counted * c for c in (counts or [1] * len(rows))]
        one.add(whole[:, :-1], whole[:, -1], weights)
    expected = exact_sums(one)
    for order in permutations(several):
        total = made(*order[0])
        for part in order[1:]:
            total.merge(made(*part))
        assert exact_sums(total) == expected
    last = made(*several[-1])
    for part in several[-2::-1]:
        last = made(*part).merge(last)
    assert exact_sums(last) == expected


@FEWER
@given(parts())
def test_no_order_of_merges_changes_a_bit_of_the_fit(several):
    fits = []
    for order in permutations(several):
        total = made(*order[0])
        for part in order[1:]:
            total.merge(made(*part))
        try:
            fits.append(bits(total.solve(policy="minimum-norm")))
        except OutOfRangeError as error:
            fits.append(str(error))
        except RankDeficientError:
            assume(False)
    assert all(fit == fits[0] for fit in fits)


def test_a_merged_fit_is_that_of_the_true_rows():
    cents, thirds, plain = integers(9), integers(8), integers(7)
    whole = np.vstack([true_rows(cents, CENTS), true_rows(thirds, THIRDS), true_rows(plain, [1, 1, 1])])
    exact = exact_fit(whole[:, :-1], whole[:, -1], centred=False)
    total = of(cents, CENTS).merge(of(thirds, THIRDS)).merge(of(plain))
    fit = total.solve()
    assert fit.rows == 24
    assert fit.x.tolist() == doubles(exact.x)
    assert fit.rss == double(exact.rss)
    assert fit.r_squared == double(exact.r_squared)
    assert all(map(is_root, fit.standard_errors.tolist(), exact.variances))
    assert bits(of(thirds, THIRDS).merge(of(plain).merge(of(cents, CENTS))).solve()) == bits(fit)


def test_a_merged_accumulator_reads_blocks_in_its_own_units():
    cents, thirds, more = integers(9), integers(8), integers(5)
    total = of(cents, CENTS).merge(of(thirds, THIRDS))
    expected = exact_sums(of(np.vstack([cents, more]), CENTS).merge(of(thirds, THIRDS)))
    merged = exact_sums(total)
    for block in (more, more * 1.0):
        assert exact_sums(total.add(block[:, :-1], block[:, -1])) == expected
        assert exact_sums(total.remove(block[:, :-1], block[:, -1])) == merged
    with pytest.raises(NotFiniteError):
        total.add(more[:, :-1] * np.nan, more[:, -1])
    assert exact_sums(total) == merged
    assert exact_sums(total.remove(cents[:, :-1], cents[:, -1])) == exact_sums(of(thirds, THIRDS))


def test_weights_of_different_units_are_merged():
    numbers, others = integers(6), integers(7)
    weights = [Fraction(k, 3) for k in range(6)]
    one = of(numbers, weight_unit=Fraction(1, 3), weights=weights).merge(of(others, CENTS))
    assert exact_sums(one.add(others[:, :-1], others[:, -1], [Fraction(1, 3)] * 7)) == exact_sums(
        of(others, CENTS, weight_unit=Fraction(1, 3), weights=[1] * 7)
        .merge(of(others, weight_unit=Fraction(1, 3), weights=[Fraction(1, 3)] * 7))
        .merge(of(numbers, weight_unit=Fraction(1, 3), weights=weights))
    )


def test_the_other_accumulator_stays_as_it_is():
    cents, thirds = of(integers(9), CENTS), of(integers(8), THIRDS)
    before = exact_sums(thirds), thirds.scales, bits(thirds.solve())
    cents.merge(thirds)
    assert (exact_sums(thirds), thirds.scales, bits(thirds.solve())) == before
    assert cents.scales == tuple(CENTS)


@pytest.mark.parametrize("value", [300, 301])
def test_a_column_is_constant_when_its_true_value_is(value):
    dollars = np.column_stack([np.full(6, 3), RNG.integers(-9, 9, (6, 2))])
    cents = np.column_stack([np.full(6, value), RNG.integers(-9, 9, (6, 2))])
    scales = [Fraction(1, 100), 1, 1]
    whole = np.vstack([dollars.astype(object), true_rows(cents, scales)])
    exact = exact_fit(whole[:, :-1], whole[:, -1], centred=value == 300)
    for total in (of(dollars).merge(of(cents, scales)), of(cents, scales).merge(of(dollars))):
        assert total.solve().r_squared == double(exact.r_squared)
        assert (total.solve().constant == 0) == (value == 300)


def test_an_empty_accumulator_takes_and_gives_any_units():
    cents = integers(9)
    expected = exact_sums(of(cents, CENTS))
    assert exact_sums(GramAccumulator(2, scales=THIRDS).merge(of(cents, CENTS))) == expected
    assert exact_sums(of(cents, CENTS).merge(GramAccumulator(2, scales=THIRDS, weight_unit=Fraction(1, 7)))) == expected
    with pytest.raises(InputError, match="same columns to be merged; got 2 and 3"):
        of(cents, CENTS).merge(GramAccumulator(3))


# --- kept


def test_a_merged_accumulator_is_saved_loaded_and_pickled(tmp_path):
    total = of(integers(9), CENTS).merge(of(integers(8), THIRDS, Fraction(1, 3)))
    more = integers(4)
    total.save(tmp_path / "sums.npz")
    twins = [GramAccumulator.load(tmp_path / "sums.npz"), pickle.loads(pickle.dumps(total))]
    expected = exact_sums(total)
    total.add(more[:, :-1], more[:, -1])
    for twin in twins:
        assert exact_sums(twin) == expected
        assert (twin.scales, twin.weight_unit) == (tuple(CENTS), 1)
        assert exact_sums(twin.add(more[:, :-1], more[:, -1])) == exact_sums(total)
        assert bits(twin.solve()) == bits(total.solve())


@pytest.mark.parametrize("format", [1, 2])
def test_files_of_older_formats_are_read(format, tmp_path):
    acc = of(integers(9), CENTS, Fraction(1, 3))
    if format == 2:
        acc.merge(of(integers(8), THIRDS))
    np.savez_compressed(tmp_path / "old.npz", **old_fields(acc, format))
    old = GramAccumulator.load(tmp_path / "old.npz")
    assert exact_sums(old) == exact_sums(acc)
    assert (old.scales, old.weight_unit) == (acc.scales, acc.weight_unit)
    assert bits(old.solve()) == bits(acc.solve())
    assert old.solve().supported_digits is None  # which these formats do not say
    assert old.merge(acc).solve().supported_digits is None
    assert exact_sums(old) == exact_sums(acc.merge(acc))


# --- a planted fault


def test_a_factor_that_is_forgotten_is_noticed(monkeypatch):
    numbers = integers(6)
    expected = exact_sums(of(numbers, THIRDS).merge(of(numbers, CENTS)))
    honest = GramSums.rescale
    monkeypatch.setattr(GramSums, "rescale", lambda self, factors, weight: honest(self, [*factors[:-1], 1], weight))
    assert exact_sums(of(numbers, THIRDS).merge(of(numbers, CENTS))) != expected

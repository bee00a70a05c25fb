"""Exact sums of products against fractions, and with faults planted in every step."""

import itertools
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sums import LARGE, fed, truth, values
from stabilitylab.exact.gram import products
from stabilitylab.exact.gram import sums as module
from stabilitylab.exact.gram.products import Karatsuba, Products, Stacked
from stabilitylab.exact.gram.sums import CAPACITY, GramSums
from wild import PROPERTY, matrices

# --- exact


@PROPERTY
@given(matrices())
def test_the_sums_of_any_floats_are_exact(problem):
    A, b = problem
    sums = fed(problem)
    assert values(sums) == truth(A, b)
    assert sums.rows == len(b)


@PROPERTY
@given(matrices(rows=(2, 6)), st.data())
def test_blocks_of_any_floats_one_after_the_other_are_exact(problem, data):
    A, b = problem
    cuts = sorted({0, len(b), *data.draw(st.lists(st.integers(0, len(b)), max_size=3))})
    sums = GramSums(A.shape[1] + 1)
    for i, j in itertools.pairwise(cuts):
        sums.feed(A[i:j], b[i:j])
    assert values(sums) == truth(A, b)


@PROPERTY
@given(matrices(rows=(1, 5)))
def test_the_normal_equations_are_limbs_of_a_symmetric_matrix(problem):
    normal = fed(problem).normal_equations()
    assert np.abs(normal.limbs).max() <= 2**21
    assert np.array_equal(np.array(normal.C, dtype=object), np.array(normal.C, dtype=object).T)
    assert normal.diagonal == [normal.C[j][j] for j in range(normal.n)]
    y = [3, -(2**70), 5][: normal.n]
    assert normal.times(y) == [sum(v * w for v, w in zip(row, y, strict=True)) for row in normal.C]


WEIGHT = st.fractions(0, 10**6).map(lambda w: Fraction(float(w))) | st.sampled_from(
    [Fraction(0), Fraction(1), Fraction(2) ** -1074, Fraction(2) ** 900, Fraction(5e-324) * 3, Fraction(1, 2**23)]
)
INTEGERS = st.integers(-9, 9) | st.integers(-(10**40), 10**40)


@PROPERTY
@given(st.integers(1, 6), st.integers(1, 3), st.data())
def test_integers_of_any_size_with_weights_are_exact(m, n, data):
    columns = np.empty((n + 1, m), dtype=object)
    for j in range(n + 1):
        columns[j] = data.draw(st.lists(INTEGERS, min_size=m, max_size=m))
    exponents = np.array(data.draw(st.lists(st.integers(-400, 400), min_size=n + 1, max_size=n + 1)))
    weights = data.draw(st.none() | st.lists(WEIGHT, min_size=m, max_size=m))
    sums = GramSums(n + 1)
    if data.draw(st.booleans()):
        sums.feed(np.full((1, n), 3.0), np.array([0.1]))
        sums.feed(np.full((1, n), 3.0), np.array([0.1]), sign=-1)
    w = None if weights is None else np.array([*weights, None], dtype=object)[:-1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONG", data.draw(st.sampled_from([0, module.LONG])))
        sums.feed_integers(columns, exponents, w)
    units = np.array([Fraction(2) ** int(e) for e in exponents], dtype=object)
    T = columns.T * units
    expected = T.T @ (T if w is None else T * w[:, None])
    assert values(sums) == [[Fraction(v) for v in row] for row in expected.tolist()]
    assert sums.rows == (m if weights is None else sum(v != 0 for v in weights))
    sums.feed_integers(columns, exponents, w, sign=-1)
    assert all(v == 0 for row in values(sums) for v in row)


@lru_cache
def truth_of(name):
    return truth(*LARGE[name])


WAYS = pytest.mark.parametrize("way", [0, 1000], ids=["Karatsuba", "stacked"])


@WAYS
@pytest.mark.parametrize("name", LARGE)
def test_more_rows_than_float64_sums_exactly_at_once_are_exact(name, way, monkeypatch):
    monkeypatch.setattr(products, "WIDE", way)
    assert values(fed(LARGE[name])) == truth_of(name)


@WAYS
@pytest.mark.parametrize("capacity", [1, 7, 13])
@pytest.mark.parametrize("name", ["three planes", "few rows with more", "many rows with more"])
def test_the_sums_are_the_same_however_often_carries_are_moved_on(name, capacity, way, monkeypatch):
    monkeypatch.setattr(products, "WIDE", way)
    A, b = LARGE[name]
    expected = truth_of(name)
    monkeypatch.setattr(module, "CAPACITY", capacity)
    monkeypatch.setattr(products, "MOST_SUMS", capacity)
    halves = [fed((A[:900], b[:900])), fed((A[900:], b[900:]))]
    halves[0].merge(halves[1])
    assert values(halves[0]) == expected


def overfull():
    """The sums of more rows of the largest limbs than int64 could take without carrying, and the truth."""
    v = 2 - 2.0**-20
    A = np.broadcast_to(np.array([v]), (2_200_000, 1))
    return values(fed((A, A[:, 0]))), [[2_200_000 * Fraction(v) ** 2] * 2] * 2


def test_carries_are_moved_on_before_an_int64_overflows_and_not_for_nothing(monkeypatch):
    found, expected = overfull()
    assert found == expected
    monkeypatch.setattr(module, "CAPACITY", 100 * CAPACITY)
    assert overfull()[0] != expected


def test_rows_of_many_sizes_are_given_more_places_once_they_are_many():
    sums = fed(LARGE["many rows with more"])
    assert products.PLACES < sums.places <= module.MOST_PLACES
    assert fed(LARGE["few rows with more"]).places == products.PLACES


def test_long_integers_are_multiplied_by_flint(monkeypatch):
    column = np.array([[3**900, -(7**300), 1], [2**1500 + 1, 5, 10**400]], dtype=object)
    expected = [[Fraction(v) for v in row] for row in (column @ column.T).tolist()]

    def summed():
        sums = GramSums(2)
        sums.feed_integers(column, np.zeros(2, dtype=np.int64))
        return values(sums)

    assert summed() == expected
    honest = module.long_products
    monkeypatch.setattr(module, "long_products", lambda *data: (honest(*data)[0] + 1, honest(*data)[1]))
    assert summed() != expected


# --- planted faults


def forgetting(name):
    """A step of the sums that does nothing."""
    return lambda patch: patch.setattr(GramSums, name, lambda *_: None)


def one_limb_short(patch):
    """The last place of the last column is not multiplied."""
    for kind in (Stacked, Karatsuba):
        honest = kind.add

        def short(self, stack, add=honest):
            stack = stack.copy()
            stack[-1] = 0.0
            add(self, stack)

        patch.setattr(kind, "add", short)


def a_limb_dropped(patch):
    slicing = module.sliced

    def dropping(t, stack):
        layout, more = slicing(t, stack)
        stack[sum(map(len, layout)) - 1, -1] = 0.0
        return layout, more

    patch.setattr(module, "sliced", dropping)


def too_many_terms(patch):
    patch.setattr(module, "run_length", lambda size: 1 << 20)


def columns_mixed_up(patch):
    honest = products._spread_out

    def mixed(stack, layout, wider):
        out = honest(stack, layout, wider)
        return out if len(out) == sum(map(len, layout)) else out[[1, 0, *range(2, len(out))]]

    patch.setattr(products, "_spread_out", mixed)


def units_too_small(patch):
    honest = module.unit_exponents
    patch.setattr(module, "unit_exponents", lambda *arguments: honest(*arguments) - 3)


def units_not_changed(patch):
    patch.setattr(GramSums, "_reach", lambda self, e: setattr(self, "exponents", np.maximum(self.exponents, e)))


def one_sign(patch):
    honest = GramSums._feed_rest
    patch.setattr(GramSums, "_feed_rest", lambda self, *arguments: honest(self, *arguments[:-1], 1))


PLANTED = {
    "a limb dropped": (a_limb_dropped, "three planes"),
    "a limb not multiplied": (one_limb_short, "three planes"),
    "rows with more limbs forgotten": (forgetting("_feed_rest"), "few rows with more"),
    "sums not moved on": (lambda patch: patch.setattr(Products, "finish", lambda *_: None), "three planes"),
    "too many products in one sum": (too_many_terms, "large limbs"),
    "columns mixed up": (columns_mixed_up, "columns of different lengths"),
    "units too small for sums to be exact": (units_too_small, "three planes"),
    "units not changed": (units_not_changed, "growing rows"),
}


@WAYS
@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_any_step_is_noticed(name, way, monkeypatch):
    monkeypatch.setattr(products, "WIDE", way)
    fault, data = PLANTED[name]
    A, b = LARGE[data]
    blocks = [(A[: len(b) // 2], b[: len(b) // 2]), (A[len(b) // 2 :], b[len(b) // 2 :])]
    expected = truth_of(data)
    assert values(fed(*blocks)) == expected
    fault(monkeypatch)
    assert values(fed(*blocks)) != expected


def test_rows_put_aside_that_are_added_when_they_should_be_taken_away_are_noticed(monkeypatch):
    A, b = LARGE["few rows with more"]
    one_sign(monkeypatch)
    sums = fed((A, b))
    sums.feed(A, b, sign=-1)
    assert any(v != 0 for row in values(sums) for v in row)

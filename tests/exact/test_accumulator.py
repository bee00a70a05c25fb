"""The accumulator as its users meet it: blocks from anywhere, files, processes, errors, memory."""

import pickle
import tracemalloc
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_fit import exact_fit
from exact_sums import accumulated
from stabilitylab import GramAccumulator, lstsq
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    RankDeficientError,
    ShapeError,
    UnderdeterminedError,
)
from wild import FEWER, double, is_root, matrices

RNG = np.random.default_rng(7)
A = np.column_stack([np.ones(400), RNG.standard_normal((400, 2)), 1e7 + np.arange(400.0)])
B = RNG.standard_normal(400)
CUTS = [(0, 1), (1, 3), (3, 200), (200, 400)]
BLOCKS = [(A[i:j], B[i:j]) for i, j in CUTS]


def of(*blocks, n=4, **options):
    return GramAccumulator(n, **options).extend(blocks)


def bits(fit):
    return [np.asarray(v).tobytes() for v in (fit.x, fit.standard_errors, fit.rss, fit.r_squared, fit.f_statistic)]


# --- adding, removing, merging


def test_blocks_give_what_all_rows_at_once_give():
    whole = lstsq(A, B)
    for blocks in (BLOCKS, BLOCKS[::-1], [(A, B)], [(A[i : i + 1], B[i : i + 1]) for i in range(400)]):
        fit = of(*blocks).solve()
        assert bits(fit) == bits(whole)
        assert fit.rows == 400
    assert bits(of(*BLOCKS[:2]).merge(of(*BLOCKS[2:])).solve()) == bits(whole)


def test_every_method_returns_the_accumulator_and_solving_ends_nothing():
    acc = GramAccumulator(4)
    assert acc.add(*BLOCKS[0]).extend(BLOCKS[1:3]).merge(GramAccumulator(4)).remove(*BLOCKS[0]) is acc
    acc.solve()
    assert bits(acc.add(*BLOCKS[0]).add(*BLOCKS[3]).solve()) == bits(lstsq(A, B))
    assert acc.rows == 400


@FEWER
@given(matrices(rows=(1, 4), n=(2, 2)), matrices(rows=(1, 4), n=(2, 2)), st.booleans())
def test_removed_rows_were_never_added(kept, intruder, first):
    acc = of(*((intruder, kept) if first else (kept, intruder)), n=2)
    acc.remove(*intruder)
    assert accumulated(acc) == accumulated(of(kept, n=2))


@pytest.mark.parametrize("factor", [1e6, 1e9, 1e300])
def test_rows_far_larger_come_out_without_a_trace(factor):
    acc = of(BLOCKS[0], (factor * A[5:9], factor * B[5:9]), *BLOCKS[1:]).remove(factor * A[5:9], factor * B[5:9])
    assert acc.solve().x.tobytes() == lstsq(A, B).x.tobytes()


@FEWER
@given(st.lists(matrices(rows=(1, 3), n=(1, 1)), min_size=3, max_size=3))
def test_merging_in_any_order_is_adding(blocks):
    a, b, c = (of(block, n=1) for block in blocks)
    whole = accumulated(of(*blocks, n=1))
    assert accumulated(of(blocks[0], n=1).merge(of(blocks[1], n=1).merge(c))) == whole
    assert accumulated(c.merge(b).merge(a)) == whole
    assert accumulated(a) == accumulated(of(blocks[0], n=1))


def test_an_accumulator_may_be_merged_with_itself():
    acc = of(*BLOCKS)
    assert bits(acc.merge(acc).solve()) == bits(lstsq(np.vstack([A, A]), np.concatenate([B, B])))


def test_weights_weigh_blocks_and_are_taken_out_again():
    w = RNG.integers(0, 5, 400)
    acc = GramAccumulator(4)
    for i, j in CUTS:
        acc.add(A[i:j], B[i:j], w[i:j])
    assert acc.rows == np.count_nonzero(w)
    assert bits(acc.solve()) == bits(lstsq(A, B, weights=w))
    acc.add(A, B, np.full(400, 0.1)).remove(A, B, np.full(400, 0.1))
    assert accumulated(acc) == accumulated(GramAccumulator(4).add(A, B, w))


def test_scales_say_what_the_numbers_count():
    cents = np.array([[199, 12], [250, 13], [999, -4], [1000, 7]])
    scales = [Fraction(1, 100), Fraction(1), Fraction(1, 1000)]
    acc = GramAccumulator(2, scales=scales).add(cents, [1, 2, 3, 4])
    texts = [[f"{c / 100:.2f}", str(k)] for c, k in cents.tolist()]
    fit = lstsq(texts, ["0.001", "0.002", "0.003", "0.004"])
    assert bits(acc.solve()) == bits(fit)
    with pytest.raises(InputError, match="integers with their scales"):
        acc.add([["0.1", "1"]], [1])
    for wrong in (scales[:2], [Fraction(0), *scales[1:]], [-1, 1, 1]):
        with pytest.raises(InputError, match="number"):
            GramAccumulator(2, scales=wrong)


def test_integers_of_any_size_and_every_float_format_can_be_added():
    big = np.array([[2**70 + 1], [3]], dtype=object)
    acc = GramAccumulator(1).add(big, [1, 2]).add(np.array([[0.1]], dtype=np.float32), np.array([1], dtype=np.float16))
    exact = [Fraction(2**70 + 1), Fraction(3), Fraction(float(np.float32(0.1)))]
    assert accumulated(acc)[:2] == ([[sum(v * v for v in exact)]], [exact[0] + 2 * exact[1] + exact[2]])


# --- where blocks come from


def test_blocks_come_from_iterators_memory_maps_and_npy_files(tmp_path):
    np.save(tmp_path / "A.npy", A)
    np.save(tmp_path / "b.npy", B)
    left, right = np.load(tmp_path / "A.npy", mmap_mode="r"), np.load(tmp_path / "b.npy", mmap_mode="r")
    whole = bits(lstsq(A, B))
    edges = list(pairwise(range(0, 401, 50)))
    assert bits(GramAccumulator(4).extend((left[i:j], right[i:j]) for i, j in edges).solve()) == whole
    assert bits(of((left, right)).solve()) == whole
    raw = np.memmap(tmp_path / "raw", dtype=np.float64, mode="w+", shape=(400, 5))
    raw[:, :4], raw[:, 4] = A, B
    assert bits(of(*((raw[i:j, :4], raw[i:j, 4]) for i, j in edges)).solve()) == whole
    assert bits(GramAccumulator(4).extend(iter(BLOCKS)).solve()) == whole


def test_many_blocks_take_no_more_memory_than_few():
    acc = of(*BLOCKS)
    block = A[:200] * 1e-3, B[:200]

    def growth(times):
        tracemalloc.start()
        for _ in range(times):
            acc.add(*block)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return held

    growth(5)
    assert growth(300) < growth(5) + 20_000
    assert len(pickle.dumps(acc)) < 20_000


# --- refusals

WRONG = {
    "columns": (A[:2, :3], B[:2], ShapeError, r"4 columns; got \(2, 3\)"),
    "rows": (A[:2], B[:3], ShapeError, r"shape \(2,\)"),
    "empty": (A[:0], B[:0], EmptyError, "at least one row"),
    "NaN": (np.full((2, 4), np.nan), B[:2], NotFiniteError, "remove that row"),
    "NaN at the end": (np.vstack([1e9 * A, A[:1] * np.inf]), B[[*range(400), 0]], NotFiniteError, "remove that row"),
    "complex": (A[:2] * 1j, B[:2], ComplexError, "complex"),
    "words": ([["a", "b", "c", "d"]], [1.0], NotNumericError, "'a'"),
    "decimals": ([["0.1"] * 4], [1.0], InputError, "with their scales"),
}


@pytest.mark.parametrize("method", ["add", "remove"])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_block_is_refused_and_changes_nothing(name, method):
    left, right, error, says = WRONG[name]
    acc = of(*BLOCKS)
    before, fit = accumulated(acc), bits(acc.solve())
    with pytest.raises(error, match=says):
        getattr(acc, method)(left, right)
    assert accumulated(acc) == before
    assert bits(acc.solve()) == fit


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [1.0, np.nan], ["1", "x"], [1.0, None]])
def test_wrong_weights_are_refused_and_change_nothing(weights):
    acc = of(*BLOCKS)
    with pytest.raises((ShapeError, OutOfRangeError, NotFiniteError, NotNumericError)):
        acc.add(1e9 * A[:2], B[:2], weights)
    assert accumulated(acc) == accumulated(of(*BLOCKS))


def test_an_accumulator_says_what_it_lacks():
    with pytest.raises(UnderdeterminedError, match="3 rows do not determine 4 coefficients: give at least 4 rows"):
        of((A[:3], B[:3])).solve()
    with pytest.raises(InputError, match="columns n must be a whole number, at least 1; got"):
        GramAccumulator(0)
    with pytest.raises(InputError, match="same columns"):
        of(*BLOCKS).merge(GramAccumulator(3))
    with pytest.raises(InputError, match="each of 4 columns; got 2"):
        of(*BLOCKS).solve(names=["a", "b"])
    deficient = of((np.column_stack([A, A[:, 1] + A[:, 0] * 4]), B), n=5)
    with pytest.raises(RankDeficientError, match="exactly: last = 2 b"):
        of((np.column_stack([np.rint(A), 2 * np.rint(A[:, 1])]), B), n=5).solve(names=[*"abcd", "last"])
    assert deficient.solve().certificate.rank == 5


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: GramAccumulator(1, scales=5), "scales must be 2 numbers, one for each column of A and .*; got 5"),
        (lambda: GramAccumulator(1, scales="12"), "scales must be 2 numbers, .*; got '12'"),
        (lambda: GramAccumulator(1, scales=[1]), "scales must be 2 numbers, .*; got 1$"),
        (lambda: GramAccumulator(1).extend(5), r"blocks must be pairs \(A, b\), as in extend\(\[\(A, b\)\]\); got int"),
        (lambda: GramAccumulator(1).extend([1, 2]), r"block 0 must be a pair \(A, b\), .*; got int"),
        (lambda: GramAccumulator(4).extend([*BLOCKS[:1], (A, B, B)]), "block 1 must be a pair .*; got tuple"),
        (lambda: GramAccumulator(2).add([[1, 2]], [1]).solve(), "^1 row does not determine 2 coefficients: give at"),
        (lambda: GramAccumulator(1).solve(), "^0 rows do not determine 1 coefficient: give at"),
    ],
)
def test_what_is_no_scale_no_block_and_no_regression_is_refused(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_names_policy_and_least_norm():
    left = np.column_stack([np.rint(4 * A), np.rint(4 * A)[:, 0]])
    fit = of((left, B), n=5).solve(names=list("vwxyz"), policy="minimum-norm")
    assert fit.names == tuple("vwxyz")
    assert fit.x.tobytes() == lstsq(left, B, policy="minimum-norm").x.tobytes()
    assert fit.x[0] == fit.x[4]
    few = of((A[:3], B[:3])).solve(policy="minimum-norm")
    assert few.x.tobytes() == lstsq(A[:3], B[:3], policy="minimum-norm").x.tobytes()
    with pytest.raises(InputError, match="rows were not kept"):
        _ = fit.fitted_values


@pytest.mark.parametrize("column", ["ones", "elevens", "split", "none", "zeros at first"])
def test_r_squared_is_about_the_mean_when_a_column_is_constant_over_all_blocks(column):
    first = {
        "ones": np.ones(12),
        "elevens": np.full(12, 11.0),
        "split": np.repeat([1.0, 2.0], 6),
        "none": RNG.standard_normal(12),
        "zeros at first": np.repeat([0.0, 3.0], 6),
    }[column]
    left, right = np.column_stack([np.arange(12.0), first]), 5 + RNG.standard_normal(12)
    exact = exact_fit(left, right)
    half = slice(0, 6), slice(6, 12)
    added = of(*((left[h], right[h]) for h in half), n=2)
    merged = of((left[half[1]], right[half[1]]), n=2).merge(of((left[half[0]], right[half[0]]), n=2))
    for fit in (added.solve(), merged.solve(), pickle.loads(pickle.dumps(added)).solve(), lstsq(left, right)):
        assert fit.r_squared == double(exact.r_squared)
        assert is_root(fit.residual_norm, exact.rss)


def test_a_constant_column_of_integers_beyond_float64_is_constant():
    left = np.array([[2**60 + 1, 1], [2**60 + 1, 2], [2**60 + 1, 4]], dtype=object)
    right = np.array([1, 2, 5], dtype=object)
    assert GramAccumulator(2).add(left, right).solve().r_squared == lstsq(left, right).r_squared


def test_a_first_block_of_integers_beyond_the_range_of_float64_is_summed():
    acc = GramAccumulator(1).add(np.array([[10**400]], dtype=object), np.array([10**400], dtype=object))
    assert acc.solve().x.tolist() == [1.0]

"""Exact sums are the same whatever the order, the blocks, the memory and the threads; what is taken away is gone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from exact_sums import LARGE, fed, same, table, values
from stabilitylab import lstsq
from stabilitylab.core.errors import NotFiniteError
from stabilitylab.exact.gram.sums import GramSums
from wild import FEWER, matrices

RNG = np.random.default_rng(20)


@pytest.mark.parametrize("name", ["three planes", "few rows with more"])
def test_order_blocks_memory_and_threads_change_no_bit(name):
    A, b = LARGE[name]
    m, n = A.shape
    reference, x = fed((A, b)), lstsq(A, b).x
    order = RNG.permutation(m)
    wide = np.zeros((m, 2 * n + 1))
    wide[:, 1::2] = A
    spaced = np.zeros(2 * m)
    spaced[::2] = b
    layouts = {
        "permuted": (A[order], b[order]),
        "reversed view": (A[::-1], b[::-1]),
        "Fortran": (np.asfortranarray(A), b),
        "strided": (wide[:, 1::2], spaced[::2]),
        "read-only": (A.copy(), b.copy()),
    }
    for array in layouts["read-only"]:
        array.flags.writeable = False
    for left, right in layouts.values():
        before = left.copy()
        assert same(fed((left, right)), reference)
        assert lstsq(left, right).x.tobytes() == x.tobytes()
        assert np.array_equal(left, before)
    for size in (1, 3, 511, 513, 2049):
        stop = min(m, 40 * size)
        blocks = [(A[i : min(i + size, stop)], b[i : min(i + size, stop)]) for i in range(0, stop, size)]
        assert same(fed(*blocks), fed((A[:stop], b[:stop])))
    for threads in (1, 2):
        with threadpool_limits(threads):
            assert same(fed((A, b)), reference)
            assert lstsq(A, b).x.tobytes() == x.tobytes()


@FEWER
@given(st.permutations(range(4)), st.lists(matrices(rows=(1, 3), n=(2, 2)), min_size=4, max_size=4), st.booleans())
def test_merging_is_associative_and_commutative(order, blocks, left):
    parts = [fed(block) for block in blocks]
    untouched = [values(part) for part in parts]
    chosen = [parts[k].copy() for k in order]
    while len(chosen) > 1:
        a, b = (chosen.pop(0), chosen.pop(0)) if left else (chosen.pop(), chosen.pop())
        a.merge(b)
        chosen.insert(0, a)
    assert same(chosen[0], fed(*blocks))
    assert [values(part) for part in parts] == untouched


@pytest.mark.parametrize("factor", [1.0, 1e6, 1e9, 1e200, 1e-200])
def test_what_is_taken_away_again_was_never_there_however_much_larger_it_was(factor):
    A, b = LARGE["few rows with more"]
    intruder = tuple(v * factor for v in table(700, 2, spread=20, seed=9))
    sums = fed((A, b))
    sums.feed(*intruder)
    assert not same(sums, fed((A, b)))
    sums.feed(*intruder, sign=-1)
    assert same(sums, fed((A, b)))
    first = fed(intruder)
    first.feed(A, b)
    first.feed(intruder[0][::-1], intruder[1][::-1], sign=-1)
    assert same(first, fed((A, b)))


@FEWER
@given(matrices(), matrices(n=(2, 2)), matrices(n=(2, 2)))
def test_sums_restored_from_normal_equations_go_on_as_before(other, one, more):
    for A, b in (one, other):
        sums = fed((A, b))
        normal = sums.normal_equations()
        twin = GramSums.restored(normal.limbs, normal.exponents, normal.rows)
        assert same(twin, sums)
    sums = fed(one)
    normal = sums.normal_equations()
    twin = GramSums.restored(normal.limbs, normal.exponents, normal.rows)
    for each in (sums, twin):
        each.feed(*more)
    assert same(sums, twin)


def test_rows_are_added_to_restored_sums_of_a_range_beyond_that_of_float64():
    wide = (np.array([[1.0, 0.0], [2.0**-700, 5e-324]]), np.array([0.0, 256.0]))
    sums = fed(wide)
    normal = sums.normal_equations()
    twin = GramSums.restored(normal.limbs, normal.exponents, normal.rows)
    assert twin.exponents.max() > 1043, "the factor of such a column is no float64"
    for each in (sums, twin):
        each.feed(np.array([[0.0, 0.0], [3.0, 1e-300]]), np.array([1.0, 2.0]))
    assert same(sums, twin)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["A", "b"])
def test_rows_that_are_refused_leave_the_sums_as_they_were(bad, where):
    A, b = table(1300, 2)
    sums = fed((A, b))
    (A if where == "A" else b)[-1] = bad
    with pytest.raises(NotFiniteError, match="remove that row"):
        sums.feed(1e9 * A, b)
    assert same(sums, fed(table(1300, 2)))

"""Slicing into limbs: no bit is lost, no limb is too large, and a planted loss is noticed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stabilitylab.exact.gram import limbs as module
from stabilitylab.exact.gram.limbs import (
    BASE,
    HALF,
    PACKED,
    TERMS,
    WIDTH,
    carried,
    integers,
    limbs_of_floats,
    limbs_of_integers,
    packed,
    sliced,
)
from wild import PROPERTY

SCALED = st.one_of(
    st.floats(-(2.0**21), 2.0**21),
    st.integers(-(2**21), 2**21).map(float),
    st.sampled_from([2.0**21, -(2.0**21), 0.5, -0.5, 2.0**21 - 0.5, 2.0**-1074, 0.0, -0.0]),
    st.builds(lambda v, k: v * 2.0**-k, st.floats(-1.0, 1.0), st.integers(0, 900)),
)
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 4))
PLANES = st.integers(1, 6)


def fraction(values):
    """An object array of fractions."""
    values = np.asarray(values)
    out = np.empty(values.shape, dtype=object)
    out.ravel()[:] = [Fraction(v) for v in values.ravel().tolist()]
    return out


def joined(limbs):
    """The integer of these limbs, most significant first."""
    return sum(int(d) * BASE ** (len(limbs) - 1 - k) for k, d in enumerate(limbs))


def unit(p):
    return Fraction(1, BASE) ** p


def assert_limbs(plane, weight=Fraction(1)):
    """Every entry is an integer of at most 2**21 in magnitude times a weight."""
    entries = fraction(plane) / weight
    assert all(v.denominator == 1 and abs(v) <= HALF for v in entries.ravel())


def assert_sliced(t, count, slicer=sliced):
    """t is its limbs, but in the columns that are said to have more."""
    stack = np.full((count * len(t), t.shape[1]), np.nan)
    layout, more = slicer(t.copy(), stack)
    rest, start = fraction(t), 0
    for p, rows in enumerate(layout):
        # Rows with nothing left have no limbs.
        assert rows.tolist() == [i for i, row in enumerate(rest) if p == 0 or row.any()]
        limbs = stack[start : start + len(rows)]
        assert_limbs(limbs, unit(p))
        rest[rows] -= fraction(limbs)
        start += len(rows)
    assert np.isnan(stack[start:]).all()
    # What is left over is below half of the last limb; nothing is when there is room for more.
    assert all(abs(v) <= unit(len(layout) - 1) / 2 for v in rest.ravel())
    assert more.tolist() == [j for j, column in enumerate(rest.T) if column.any()]
    assert len(layout) == count or not more.size


@PROPERTY
@given(arrays(np.float64, SHAPES, elements=SCALED), PLANES)
def test_what_is_sliced_and_what_is_left_over_are_the_number(t, count):
    assert_sliced(t, count)


@pytest.mark.parametrize("column", [0, 1, 2])
def test_a_number_with_more_limbs_than_the_others_is_not_forgotten_wherever_it_stands(column):
    t = np.ones((3, 3))
    t[1, column] += 2.0**-50
    assert_sliced(t, 4)


@PROPERTY
@given(arrays(np.float64, SHAPES, elements=SCALED))
def test_limbs_of_floats_are_the_floats_to_the_last_bit(t):
    before = t.copy()
    planes = limbs_of_floats(t)
    for plane in planes:
        assert_limbs(plane)
    assert (sum(fraction(plane) * unit(p) for p, plane in enumerate(planes)) == fraction(t)).all()
    assert np.array_equal(t, before)


@PROPERTY
@given(st.lists(st.integers(-(2**200), 2**200), min_size=1, max_size=5), st.integers(0, 3))
def test_limbs_of_integers_are_the_integers(values, more):
    count = -(-(max(map(abs, values)).bit_length() + 1) // WIDTH) + more
    array = np.array([*values, None], dtype=object)[:-1]
    planes = limbs_of_integers(array, count)
    assert len(planes) == count
    for plane in planes:
        assert_limbs(plane)
    assert [joined([int(v) for v in column]) for column in np.array(planes).T] == values


@pytest.mark.parametrize("value", [2**40, 2**33])
def test_an_integer_of_more_limbs_than_asked_for_is_refused(value):
    with pytest.raises(OverflowError):
        limbs_of_integers(np.array([value, 5], dtype=object), 1)


LEVELS = {np.int64: 900 * 2**53, np.float64: 2**53 - 2**32}


@pytest.mark.parametrize("dtype", LEVELS)
@PROPERTY
@given(data=st.data())
def test_moving_carries_on_changes_no_number_and_leaves_limbs(dtype, data):
    top = LEVELS[dtype]
    entries = st.integers(-top, top) | st.sampled_from([top, -top, HALF, -HALF, HALF - 1, -HALF - 1, 0])
    rows = data.draw(st.lists(st.lists(entries, min_size=2, max_size=2), min_size=1, max_size=5))
    # A double holds the even ones of the largest integers.
    levels = [np.array([int(float(v)) if dtype is np.float64 else v for v in row], dtype=dtype) for row in rows]
    out = carried(levels)
    assert all(level.dtype == dtype for level in out)
    for level in out:
        assert_limbs(level)
    for k in range(2):
        assert joined([int(v[k]) for v in out]) == joined([int(v[k]) for v in levels])


@PROPERTY
@given(st.integers(1, 7), st.integers(1, 4), st.data())
def test_the_integers_of_limbs_are_those_they_stand_for(count, size, data):
    limb = st.integers(-HALF, HALF) | st.sampled_from([HALF, -HALF, 0, 1, -1])
    rows = data.draw(st.lists(st.lists(limb, min_size=size, max_size=size), min_size=count, max_size=count))
    assert integers(np.array(rows, dtype=np.int64)) == [joined(column) for column in zip(*rows, strict=True)]


def test_as_many_products_of_the_largest_limbs_as_allowed_add_up_exactly_in_any_order():
    plane = np.full((3, TERMS), float(HALF))
    plane[1] = -plane[1]
    plane[2, ::2] = -(HALF - 1.0)
    truth = [[sum(int(a) * int(b) for a, b in zip(x, y, strict=True)) for y in plane] for x in plane]
    assert truth[0][0] == 2**53
    for order in (slice(None), slice(None, None, -1), np.random.default_rng(0).permutation(TERMS)):
        ordered = np.ascontiguousarray(plane[:, order])
        assert (ordered @ ordered.T).tolist() == truth
    # One product more than allowed can be lost: the limit is where it must be.
    more = np.append(np.full(TERMS, float(HALF)), 1.0)
    assert float(more @ more) != TERMS * HALF**2 + 1


LEVEL = (
    st.integers(-(2**63) + 2**42, 2**63 - 2**42)
    | st.integers(-3, 3)
    | st.sampled_from([2**44, -(2**44), BASE - 1, -BASE])
)


@PROPERTY
@given(st.integers(1, 7).flatmap(lambda K: st.lists(st.lists(LEVEL, min_size=2, max_size=2), min_size=K, max_size=K)))
def test_packed_limbs_are_the_same_numbers_in_fewer_integers(levels):
    first, *others = packed(np.array(levels))
    assert len(others) <= len(levels) // 2
    assert all(((limb >= 0) & (limb < 2**PACKED)).all() for limb in others)
    for j in range(2):
        value = int(first[j])
        for limb in others:
            value = (value << PACKED) + int(limb[j])
        assert value == sum(level[j] << WIDTH * k for k, level in enumerate(reversed(levels)))


# --- planted faults


def dropping(t, stack):
    """Slices, and loses a limb."""
    layout, more = sliced(t, stack)
    stack[0] = 0.0
    return layout, more


def deaf(t, stack):
    """Slices, and forgets what is left over."""
    layout, _ = sliced(t, stack)
    return layout, np.empty(0, dtype=int)


@pytest.mark.parametrize("wrong", [dropping, deaf])
def test_a_slicer_that_loses_something_is_noticed(wrong):
    t = np.array([[1 / 3, 2.0**20 / 7], [1e-30, 5.0]])
    assert_sliced(t, 2)
    with pytest.raises(AssertionError):
        assert_sliced(t, 2, wrong)


@pytest.mark.parametrize("wrong", [2.0**52, 3 * 2.0**52, 1.5 * 2.0**51])
def test_a_constant_that_rounds_to_another_place_is_noticed(wrong, monkeypatch):
    t = np.array([[-0.3, 2.0**20 + 0.5, -(2.0**21) + 1 / 3, 1.0]])
    assert_sliced(t, 3)
    monkeypatch.setattr(module, "ROUND", wrong)
    with pytest.raises(AssertionError):
        assert_sliced(t, 3)

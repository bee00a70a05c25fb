"""Ids of blocks, several targets and names: a task that is run twice counts once, and columns are those they are."""

import copy
import re
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact_sums import accumulated
from stabilitylab import GramAccumulator, lstsq
from stabilitylab.core.errors import InputError, NotFiniteError, ShapeError
from stabilitylab.exact.accumulator import summed
from wild import PROPERTY

RNG = np.random.default_rng(5)
A = np.column_stack([np.ones(40), RNG.standard_normal((40, 2))])
B = np.column_stack([A @ [1.0, 2.0, 3.0] + RNG.standard_normal(40), RNG.standard_normal(40), A @ [0.0, 1.0, 1.0]])
NAMED = {f"part-{k}": slice(8 * k, 8 * k + 8) for k in range(5)}


def of(*blocks, **options):
    acc = GramAccumulator(3, **options)
    for block in blocks:
        acc.add(A[NAMED[block]], B[NAMED[block], 0], block=block)
    return acc


def bits(fit):
    return [np.asarray(v).tobytes() for v in (fit.x, fit.standard_errors, fit.r_squared, fit.supported_digits)]


# --- ids


@settings(PROPERTY, max_examples=12)
@given(st.lists(st.sampled_from(sorted(NAMED)), min_size=5, max_size=12), st.randoms(use_true_random=False))
def test_tasks_that_are_run_again_count_once_in_any_order(tasks, random):
    expected = of(*sorted(set(tasks)))
    total = GramAccumulator(3)
    for task in tasks:
        part = of(task)
        total = total.merge(part) if random.random() < 0.5 else part.merge(total)
    assert total == expected
    assert total.blocks == tuple(sorted(set(tasks)))
    assert copy.deepcopy(total).merge(total) == expected
    assert GramAccumulator(3).merge(total).merge(of(tasks[0])) == expected


def test_merging_with_ids_is_the_union_of_blocks():
    whole = of(*NAMED)
    for one, two, three in permutations([of("part-0", "part-1"), of("part-2"), of("part-3", "part-4")]):
        left = copy.deepcopy(one).merge(two).merge(three)
        right = copy.deepcopy(one).merge(copy.deepcopy(two).merge(three))
        assert left == right == whole
    assert bits(whole.solve()) == bits(lstsq(A, B[:, 0])) or whole.solve().x.tobytes() == lstsq(A, B[:, 0]).x.tobytes()


def test_a_block_is_left_out_when_its_rows_are_there_in_whatever_order_and_type():
    acc = of("part-0")
    before = acc.to_bytes()
    rows = np.arange(8)[::-1]
    acc.add(A[rows].astype(np.longdouble), [*B[rows, 0].tolist()], block="part-0")
    assert acc.to_bytes() == before


def test_a_block_is_the_same_in_whatever_units_it_is_counted():
    cents = GramAccumulator(1, scales=[Fraction(1, 100), 1], weight_unit=Fraction(1, 3))
    cents.add([[100], [250]], [3, 4], [1, 1], block="part-0")
    floats = GramAccumulator(1).add([[1.0], [2.5]], [3.0, 4.0], block="part-0")
    assert accumulated(floats.merge(cents)) == accumulated(GramAccumulator(1).add([[1.0], [2.5]], [3.0, 4.0]))


def test_a_block_with_other_rows_is_refused_and_changes_nothing():
    acc, other = of("part-0", "part-1"), GramAccumulator(3).add(A[:8], B[:8, 1], block="part-1")
    before = acc.to_bytes()
    for call in (
        lambda: acc.add(A[:7], B[:7, 0], block="part-0"),
        lambda: acc.merge(other),
        lambda: acc.remove(A[:7], B[:7, 0], block="part-0"),
    ):
        with pytest.raises(InputError, match=r"block 'part-[01]' was counted with other rows: give every block an id"):
            call()
        assert acc.to_bytes() == before


def test_what_is_only_partly_counted_is_refused_with_the_way_out():
    acc, other = of("part-0", "part-1"), of("part-1", "part-2")
    before = acc.to_bytes()
    with pytest.raises(
        InputError, match=r"^block 'part-1' is in both accumulators, and each holds other rows too.*once"
    ):
        acc.merge(other)
    loose = of("part-0").add(A[20:], B[20:, 0])
    with pytest.raises(InputError, match="block 'part-0' is in both"):
        acc.merge(loose)
    with pytest.raises(InputError, match=r"blocks 'part-0', 'part-1', 'part-2', \.\.\. are in both"):
        of(*NAMED).add(A, B[:, 0]).merge(of(*NAMED).add(A, B[:, 1]))
    assert acc.to_bytes() == before
    # All that the smaller holds is in the other, which may hold rows without an id.
    assert copy.deepcopy(loose).merge(of("part-0")) == loose == of("part-0").merge(loose)


def test_rows_without_ids_are_added_each_time():
    acc = GramAccumulator(3).add(A, B[:, 0])
    assert acc.merge(acc).rows == 80


def test_a_block_is_taken_out_by_its_id_and_can_come_back():
    acc = of(*NAMED)
    acc.remove(A[NAMED["part-2"]], B[NAMED["part-2"], 0], block="part-2")
    assert accumulated(acc) == accumulated(of(*[name for name in NAMED if name != "part-2"]))
    with pytest.raises(InputError, match="block 'part-2' was not added: remove blocks by the id"):
        acc.remove(A[NAMED["part-2"]], B[NAMED["part-2"], 0], block="part-2")
    assert acc.add(A[NAMED["part-2"]], B[NAMED["part-2"], 0], block="part-2") == of(*NAMED)


@pytest.mark.parametrize("block", [7, "", b"x"])
def test_an_id_is_a_text(block):
    with pytest.raises(InputError, match="the id of a block must be a text, such as block='part-17'; got"):
        GramAccumulator(3).add(A, B[:, 0], block=block)


def test_ids_travel_in_bytes_and_files(tmp_path):
    acc = of("part-0", "part-3").merge(GramAccumulator(3).add(A[8:16], B[8:16, 0], block="naïve \ud800 \x00'\"\n"))
    acc.save(tmp_path / "sums.npz")
    for twin in (GramAccumulator.from_bytes(acc.to_bytes()), GramAccumulator.load(tmp_path / "sums.npz")):
        assert twin.blocks == acc.blocks
        assert twin.merge(of("part-3")) == acc


def test_a_digest_that_does_not_look_at_the_rows_would_be_noticed(monkeypatch):
    class Blind:
        digest = "the same"

    monkeypatch.setattr(summed, "canonical", lambda *_: Blind())
    of("part-0").add(A[:7], B[:7, 0], block="part-0")  # is not refused now


# --- several targets


@pytest.mark.parametrize("intercept", [False, True])
def test_each_target_has_the_fit_that_lstsq_gives(intercept):
    left = A[:, 1:] if intercept else A
    acc = GramAccumulator(left.shape[1], 3, intercept=intercept)
    for rows in (slice(0, 13), slice(13, 40)):
        acc.add(left[rows], B[rows])
    fits = GramAccumulator.from_bytes(acc.to_bytes()).solve()
    assert len(fits) == 3
    for j, fit in enumerate(fits):
        one = lstsq(left, B[:, j], intercept=intercept)
        assert fit.names == one.names
        assert fit.x.tobytes() == one.x.tobytes()
        assert np.asarray(fit.standard_errors).tobytes() == np.asarray(one.standard_errors).tobytes()
        assert (fit.r_squared, fit.rows, fit.constant) == (one.r_squared, one.rows, one.constant)
        assert fit.supported_digits == pytest.approx(one.supported_digits, abs=0.05)


def test_targets_of_every_type_are_taken():
    whole = np.rint(100 * B[:, :2])
    expected = GramAccumulator(3, 2).add(A, whole)
    big = np.array([[2**70, 1], [3, 4]], dtype=object)
    for right in (whole.astype(int), whole.astype(np.float32), [[int(v) for v in row] for row in whole]):
        acc = GramAccumulator(3, 2).add(A, right)
        assert accumulated(acc) == accumulated(expected)
    acc = GramAccumulator(3, 2).add(A[:2], big)
    assert accumulated(acc)[2:] == (2**140 + 9, 2)
    assert GramAccumulator(3).add(A, B[:, :1]) == GramAccumulator(3).add(A, B[:, 0])


@pytest.mark.parametrize(
    ("left", "right", "error", "says"),
    [
        (A, B[:, :2], ShapeError, r"b must have shape \(40, 3\), a column for each target; got \(40, 2\)"),
        (A, B[:, 0], ShapeError, r"a column for each target; got \(40,\)"),
        (A[:, :2], B, ShapeError, r"3 columns; got \(40, 2\)"),
        (A, np.where(B > 9, 0, np.nan), NotFiniteError, r"b\[0, 0\] is nan"),
        (A, [["1", "2", "x"]] * 40, InputError, "column 2 of b"),
    ],
)
def test_wrong_targets_are_refused(left, right, error, says):
    acc = GramAccumulator(3, 3)
    with pytest.raises(error, match=says):
        acc.add(left, right)
    assert acc == acc.zero()


# --- names


def frames(kind):
    library = pytest.importorskip(kind)
    columns = {"south": A[:, 1], "north": A[:, 2]}
    if kind == "pyarrow":
        return library.table(columns), library.table({"price": B[:, 0], "rent": B[:, 1]})
    return library.DataFrame(columns), library.DataFrame({"price": B[:, 0], "rent": B[:, 1]})


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_names_of_tables_are_those_of_the_fit_and_travel(kind):
    left, right = frames(kind)
    acc = GramAccumulator(2, 2, intercept=True).add(left, right)
    assert (acc.names, acc.target_names) == (("south", "north"), ("price", "rent"))
    twin = GramAccumulator(2, 2, intercept=True).merge(GramAccumulator.from_bytes(acc.to_bytes()))
    assert twin == acc
    assert twin.solve()[0].names == ("intercept", "south", "north")
    assert twin.solve()["rent"].x.tobytes() == lstsq(A, B[:, 1]).x.tobytes()
    assert "2 columns and an intercept (south, north), for 2 targets (price, rent)" in repr(acc)
    assert accumulated(acc.add(A[:, 1:], B[:, :2]))[3] == 80  # an array has no names that could be others


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("block", [None, "part-0"])
def test_what_is_no_number_is_named_as_the_block_has_it(intercept, block):
    left, right = A[:, 1:].copy(), B[:, :2].copy()
    left[7, 1] = np.inf
    acc = GramAccumulator(2, 2, intercept=intercept)
    with pytest.raises(NotFiniteError, match=r"^A\[7, 1\] is inf: remove that row or give the number"):
        acc.add(left, right, block=block)
    right[3, 1] = np.nan
    with pytest.raises(NotFiniteError, match=r"^b\[3, 1\] is nan"):
        acc.add(A[:, 1:], right, block=block)
    with pytest.raises(NotFiniteError, match=r"^b\[3\] is nan"):
        GramAccumulator(2, intercept=intercept).add(A[:, 1:], right[:, 1], block=block)
    pandas = pytest.importorskip("pandas")
    with pytest.raises(NotFiniteError, match=r"^column 'north', row 7 is inf .*: remove that row"):
        acc.add(pandas.DataFrame(left, columns=["south", "north"]), B[:, :2], block=block)
    with pytest.raises(NotFiniteError, match=r"^column 'rent', row 3 is nan"):
        acc.add(A[:, 1:], pandas.DataFrame(right, columns=["price", "rent"]), block=block)
    assert acc == acc.zero()


def test_tables_with_other_columns_are_refused_by_name():
    left, right = frames("pandas")
    acc = GramAccumulator(2, 2).add(left, right)
    before = acc.to_bytes()
    order = "the columns are 'south', 'north', and here they come as 'north', 'south': give them in the same order, as "
    with pytest.raises(InputError, match=re.escape(order + "table[['south', 'north']] does")):
        acc.add(left[["north", "south"]], right)
    with pytest.raises(InputError, match="the columns are 'south', 'north', and 'west' is none of them: give the same"):
        acc.add(left.rename(columns={"south": "west"}), right)
    with pytest.raises(InputError, match="the targets are 'price', 'rent', and 'cost' is none of them"):
        acc.merge(GramAccumulator(2, 2, target_names=["cost", "rent"]))
    with pytest.raises(InputError, match="target_names must have one entry for each of 2 targets; got 1"):
        GramAccumulator(2, 2, target_names=["cost"])
    with pytest.raises(InputError, match="same columns to be merged; got 2 with 2 targets and 2"):
        acc.merge(GramAccumulator(2))
    assert acc.to_bytes() == before


def test_an_accumulator_prints_in_a_line():
    assert repr(GramAccumulator(1)) == "GramAccumulator: 0 rows of 1 column, for 1 target"
    named = of("part-0", "part-1", names=["one", "t", "t2"], target_names=["y"])
    assert repr(named) == "GramAccumulator: 16 rows of 3 columns (one, t, t2), for 1 target (y), 2 blocks with ids"
    assert "(a, b, c, d, e, f, ...)" in repr(GramAccumulator(7, names=list("abcdefg")))

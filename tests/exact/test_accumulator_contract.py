"""The contract of the accumulator as laws: a commutative monoid with exact equality, and the same in bytes."""

import copy
import pickle
from dataclasses import replace
from fractions import Fraction
from functools import reduce
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exact_sums import accumulated, truth
from stabilitylab import GramAccumulator, lstsq
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.exact import accumulator
from stabilitylab.exact.accumulator import kept, observed
from stabilitylab.exact.accumulator.units import exact_sum
from stabilitylab.exact.gram import resolution
from wild import PROPERTY, matrices

RNG = np.random.default_rng(13)
A = np.column_stack([np.ones(60), RNG.standard_normal((60, 2))])
B = A @ [1.0, 2.0, 3.0] + RNG.standard_normal(60)
FEW = settings(PROPERTY, max_examples=12)  # each merges, packs and compares several times
READ = {
    "floats": {},
    "an intercept": {"intercept": True},
    "two targets": {"targets": 2},
    "cents and thirds": {"scales": [Fraction(1, 100), Fraction(1, 3)], "weight_unit": Fraction(1, 7)},
}
COUNTS = st.integers(-300, 300) | st.sampled_from([0, 100, 10**15 + 1, -(10**16), 10**17 + 3, 2**60 + 1])


@st.composite
def parts(draw, count=3):
    """How blocks are read, and up to `count` lists of blocks (A, b, weights): some without any, some of weight 0."""
    kind = draw(st.sampled_from(sorted(READ)))
    targets = READ[kind].get("targets", 1)
    found = []
    for _ in range(count):
        blocks = []
        for _ in range(draw(st.integers(0, 2))):
            m = draw(st.integers(1, 4))
            if kind == "cents and thirds":
                table = np.array(draw(st.lists(COUNTS, min_size=2 * m, max_size=2 * m)), dtype=object).reshape(m, 2)
                table = table if draw(st.booleans()) else table.astype(float)
                left, right, unit = table[:, :1], table[:, 1], Fraction(1, 7)
            else:
                left, right = draw(matrices(rows=(m, m), n=(1, 1)))
                right = np.column_stack([right, left[::-1, 0]]) if targets == 2 else right
                unit = draw(st.sampled_from([Fraction(1), Fraction(1, 8)]))
            whole = draw(st.none() | st.lists(st.integers(0, 3), min_size=m, max_size=m))
            blocks.append((left, right, whole and [unit * w for w in whole]))
        found.append(blocks)
    return READ[kind], found


def of(read, blocks):
    acc = GramAccumulator(1, **read)
    for block in blocks:
        acc.add(*block)
    return acc


def plus(x, y):
    """x + y, which changes neither."""
    return copy.deepcopy(x).merge(y)


@FEW
@given(parts())
def test_accumulators_are_a_commutative_monoid(given_parts):
    read, blocks = given_parts
    x, y, z = (of(read, part) for part in blocks)
    before = [one.to_bytes() for one in (x, y, z)]
    assert plus(x, x.zero()) == x == plus(x.zero(), x)
    assert plus(x, y) == plus(y, x)
    assert plus(plus(x, y), z) == plus(x, plus(y, z))
    assert plus(plus(x, y), z) == of(read, [*blocks[2], *blocks[0][::-1], *blocks[1]])
    assert [one.to_bytes() for one in (x, y, z)] == before


@FEW
@given(parts(2))
def test_equal_accumulators_are_those_with_equal_bytes_and_both_ways_lead_back(given_parts):
    read, blocks = given_parts
    x, y = (of(read, part) for part in blocks)
    assert (x == y) == (x.to_bytes() == y.to_bytes())
    for twin in (GramAccumulator.from_bytes(x.to_bytes()), pickle.loads(pickle.dumps(x)), copy.copy(x)):
        assert twin == x
        assert twin.to_bytes() == x.to_bytes()
        assert accumulated(twin.add(*blocks[1][0]) if blocks[1] else twin) == accumulated(
            of(read, blocks[0] + blocks[1][:1])
        )


@FEW
@given(matrices(rows=(4, 9), n=(2, 2)), st.randoms(use_true_random=False), st.booleans())
@pytest.mark.filterwarnings("ignore::stabilitylab.core.errors.UndeterminedWarning")
def test_no_partition_and_no_order_changes_a_byte_or_a_bit_of_the_fit(table, random, counted):
    left, right = table
    options = {"scales": [Fraction(1, 100), Fraction(1), Fraction(1, 3)]} if counted else {}
    if counted:
        left, right = (
            np.array([int(v) for v in np.clip(w, -1e17, 1e17).ravel()], dtype=object).reshape(w.shape) for w in table
        )
    rows = list(range(len(right)))
    whole = GramAccumulator(2, **options).add(left, right)
    random.shuffle(rows)
    cuts = sorted(random.sample(rows, 2))
    blocks = [rows[i:j] for i, j in pairwise([0, *cuts, len(rows)]) if i < j]
    sums = [GramAccumulator(2, **options).add(left[block], right[block]) for block in blocks]
    total = reduce(GramAccumulator.merge, sums)
    assert total.to_bytes() == whole.to_bytes()
    try:
        fits = [
            acc.solve(policy="minimum-norm") for acc in (whole, total, GramAccumulator.from_bytes(total.to_bytes()))
        ]
    except OutOfRangeError:
        return
    first = fits[0].supported_digits
    for fit in fits:
        assert fit.x.tobytes() == fits[0].x.tobytes()
        assert (first is None and fit.supported_digits is None) or np.array_equal(fit.supported_digits, first)


def test_equality_is_exact():
    acc = GramAccumulator(3).add(A, B)
    other = A.copy()
    other[7, 1] = np.nextafter(other[7, 1], 9)
    assert acc != GramAccumulator(3).add(other, B)
    assert acc == GramAccumulator(3).add(A[::-1], B[::-1])
    assert acc != GramAccumulator(3).add(A, B).add(np.zeros((1, 3)), [0.0])  # a row more
    assert acc != GramAccumulator(3, scales=[1, 1, 1, Fraction(1, 2)]).add(A, B)
    assert acc != GramAccumulator(3, names=["a", "b", "c"]).add(A, B)
    assert acc != "sums"
    with pytest.raises(TypeError, match="unhashable"):
        hash(acc)


def test_a_removal_leaves_the_sums_and_what_only_rows_can_tell_is_said_to_stay():
    acc = GramAccumulator(3).add(A, B)
    again = copy.deepcopy(acc).add(2 * A[:5], B[:5]).remove(2 * A[:5], B[:5])
    assert accumulated(again) == accumulated(acc)
    assert again != acc  # the first column does not count as constant any more
    assert again.solve().x.tobytes() == acc.solve().x.tobytes()
    fewer = GramAccumulator(3).remove(A, B)
    assert pickle.loads(pickle.dumps(fewer)) == fewer  # between processes such sums can travel
    with pytest.raises(InputError, match="60 more rows were removed than added"):
        fewer.to_bytes()


def test_sums_from_another_process_need_no_proof_that_rows_can_have_them_and_bytes_do(monkeypatch):
    acc, proofs = GramAccumulator(3).add(A, B), []
    monkeypatch.setattr(accumulator, "is_of_rows", lambda normal: not proofs.append(normal))
    pickle.loads(pickle.dumps(acc)).solve()
    assert not proofs
    GramAccumulator.from_bytes(acc.to_bytes()).solve()
    assert len(proofs) == 1
    pickle.loads(pickle.dumps(GramAccumulator.from_bytes(acc.to_bytes()))).solve()
    assert len(proofs) == 2


@pytest.mark.parametrize("data", [b"", b"PK", "sums.npz", None, GramAccumulator(3).to_bytes()[:-30]])
def test_other_bytes_are_refused(data):
    with pytest.raises(InputError, match="to_bytes"):
        GramAccumulator.from_bytes(data)


def test_a_fit_from_bytes_and_from_a_file_has_its_supported_digits(tmp_path):
    acc = GramAccumulator(3, weight_unit=Fraction(1, 3)).add(A, B, [Fraction(1, 3)] * 60)
    acc.save(tmp_path / "sums.npz")
    assert (tmp_path / "sums.npz").read_bytes() == acc.to_bytes()
    expected = lstsq(A, B).supported_digits.tolist()
    assert acc.solve().supported_digits == pytest.approx(expected, abs=0.02)
    assert (
        GramAccumulator.load(tmp_path / "sums.npz").solve().supported_digits.tolist()
        == acc.solve().supported_digits.tolist()
    )
    cents = np.rint(100 * A), np.rint(100 * B)
    acc = GramAccumulator(3, scales=[Fraction(1, 100)] * 4).add(*cents)
    written = lstsq([[f"{v / 100:.2f}" for v in row] for row in cents[0]], [f"{v / 100:.2f}" for v in cents[1]])
    assert GramAccumulator.from_bytes(acc.to_bytes()).solve().supported_digits == pytest.approx(
        written.supported_digits
    )


@given(st.lists(COUNTS | st.integers(-(10**20), 10**20), min_size=1, max_size=5))
def test_written_doubles_are_those_of_the_rule(numbers):
    assert (observed._digits(numbers) == observed.WRITTEN) == resolution._are_written_doubles(numbers)


@pytest.mark.parametrize(
    ("weights", "unit", "ones"),
    [
        (None, 1, True),
        (None, 2, False),
        ([1, 1, 0], 1, True),
        ([1, 0.5, 1.5], 1, False),
        ([Fraction(1)] * 3, Fraction(1, 3), True),
        ([Fraction(1, 3)] * 3, Fraction(1, 3), False),
    ],
)
def test_whether_every_row_counts_once_is_known_of_the_rows(weights, unit, ones):
    acc = GramAccumulator(3, weight_unit=unit).add(A[:3], B[:3], weights)
    assert GramAccumulator.from_bytes(acc.to_bytes())._unweighted == ones
    assert acc.zero().merge(acc)._unweighted == ones


@given(st.lists(st.floats(0, allow_infinity=False) | st.integers(0, 9).map(float), min_size=1, max_size=9))
def test_weights_are_added_up_exactly(weights):
    expected = sum(map(Fraction, weights), Fraction(0))
    assert exact_sum(np.array(weights)) == expected
    assert exact_sum(np.array([*map(Fraction, weights), None], dtype=object)[:-1]) == expected


@FEW
@given(matrices(rows=(1, 6), n=(2, 2)))
def test_the_bytes_hold_the_sums_of_the_rows(table):
    twin = GramAccumulator.from_bytes(GramAccumulator(2).add(*table).to_bytes())
    G = truth(*table)
    assert accumulated(twin) == ([row[:2] for row in G[:2]], [row[2] for row in G[:2]], G[2][2], len(table[1]))


def test_the_form_is_the_shortest():
    for factor in (1.0, 2.0**-900, 2.0**400):
        form = kept.canonical(GramAccumulator(3).add(factor * A, B)._sums, [Fraction(1)] * 4, Fraction(1))
        assert form.limbs[0].any()
        assert form.limbs[-1].any()
        assert form.divisor == 1
    one_limb = GramAccumulator(1).add([[1000], [1001]], [0, 0])  # 21 bits
    assert len(kept.canonical(one_limb._sums, [Fraction(1)] * 2, Fraction(1)).limbs) == 1
    cents = GramAccumulator(1, scales=[Fraction(1, 6), 1]).add([[1], [2]], [3, 5])
    cents.merge(GramAccumulator(1, scales=[Fraction(5, 7), 1]).add([[2]], [1]))
    units = [unit / own for unit, own in zip(cents._sum_scales, cents._own_scales, strict=True)]
    # In sixths: 5 + (60/7)², 13 + 60/7, 35; 2**k of the denominators goes to the exponents.
    assert kept.canonical(cents._sums, units, Fraction(1)).divisor == 49


# --- planted faults


def test_a_form_that_depends_on_history_would_be_noticed(monkeypatch):
    one, two = GramAccumulator(3).add(A, B), GramAccumulator(3).add(A[:9], B[:9]).add(1e3 * A[9:], 1e3 * B[9:])
    two.remove(1e3 * A[9:], 1e3 * B[9:]).add(A[9:], B[9:])
    assert (
        kept.canonical(one._sums, [Fraction(1)] * 4, Fraction(1)).digest
        == kept.canonical(two._sums, [Fraction(1)] * 4, Fraction(1)).digest
    )
    normal = [acc.normal_equations() for acc in (one, two)]
    assert normal[0].exponents.tolist() != normal[1].exponents.tolist()  # what the sums are kept in does


def test_a_limb_that_is_lost_on_the_way_would_be_noticed(monkeypatch):
    acc = GramAccumulator(3).add(A, B)
    honest = kept.canonical
    monkeypatch.setattr(kept, "canonical", lambda *parts: (c := honest(*parts)) and replace(c, limbs=c.limbs[:-1]))
    assert accumulated(GramAccumulator.from_bytes(acc.to_bytes())) != accumulated(acc)

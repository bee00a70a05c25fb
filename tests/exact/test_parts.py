"""Sums of products of columns in parts, with weights, against fractions, and with faults planted in every step."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exact_sums import LARGE, RNG, values
from stabilitylab import lstsq
from stabilitylab.conformance.rational import exact_array, integers
from stabilitylab.exact.gram import columns, folded, weighted
from stabilitylab.exact.gram import sums as module
from stabilitylab.exact.gram.sums import GramSums
from wild import PROPERTY, matrices


def exactly(A, b, of, weights=None):
    """The sums in fractions: of integers, which are multiples of one unit."""
    parts, unit = integers(exact_array(np.column_stack([A, b])))
    W = parts @ np.equal.outer([*of], range(max(of) + 1)).astype(int).astype(object)
    w, scale = (1, 1) if weights is None else integers(exact_array(weights[:, None]))
    return (W.T @ (W * w) * (unit * unit * scale)).tolist()


def fed(A, b, of, weights=None, sign=1):
    sums = GramSums(max(of) + 1)
    sums.feed_parts(A, b, of, weights, sign)
    return sums


WEIGHT = st.sampled_from([0.0, 1.0, 3.0, 5e-324, 1e-300, 1e300, 2.0**-23]) | st.floats(0, 1e6) | st.floats(0.5, 2)


@PROPERTY
@given(matrices(rows=(1, 7)), st.data())
def test_the_sums_of_any_parts_with_any_weights_are_exact(problem, data):
    A, b = problem
    n = A.shape[1]
    of = data.draw(st.sampled_from([[*range(n + 1)], [0] * (n + 1), [0] * n + [1], [min(j, 1) for j in range(n + 1)]]))
    m = len(b)
    weights = data.draw(st.none() | st.lists(WEIGHT, min_size=m, max_size=m).map(np.array))
    sums = fed(A, b, of, weights)
    assert values(sums) == exactly(A, b, of, weights)
    assert sums.rows == (m if weights is None else np.count_nonzero(weights))
    sums.feed_parts(A, b, of, weights, -1)
    assert all(v == 0 for row in values(sums) for v in row)
    assert sums.rows == 0


def random_weights(m, spread=0):
    rng = np.random.default_rng(7)
    return rng.uniform(0.5, 2, m) * 2.0 ** rng.integers(-spread, spread + 1, m)


@pytest.mark.parametrize("spread", [0, 30])
@pytest.mark.parametrize("name", [name for name in LARGE if name != "large limbs"])
def test_many_weighted_rows_are_exact(name, spread):
    A, b = (v[:2600] for v in LARGE[name])
    of, w = range(A.shape[1] + 1), random_weights(len(b), spread)
    assert values(fed(A, b, of, w)) == exactly(A, b, of, w)


def largest_limbs():
    """All products are nearly as large as they can be, and of one sign: 2048 of them nearly reach 2**53."""
    W = RNG.integers(2**21 - 9999, 2**21, (9000, 2)) * 1.0
    return W[:, :1].copy(), W[:, 1].copy(), [0, 1], RNG.uniform(1 - 2.0**-10, 1, 9000)


def test_sums_of_the_largest_limbs_are_exact():
    data = largest_limbs()
    assert values(fed(*data)) == exactly(*data)


def test_sums_are_handed_on_before_an_int64_overflows(monkeypatch):
    A, b, of, w = largest_limbs()
    monkeypatch.setattr(weighted, "MOST_SUMS", 6)
    assert len(weighted.weighted_sums(A, b, w, 3)) == 3
    assert values(fed(A, b, of, w)) == exactly(A, b, of, w)


def test_a_regression_does_not_depend_on_how_its_weights_are_given():
    A, b = (v[:300] for v in LARGE["three planes"])
    w = random_weights(300)
    one = lstsq(A, b, weights=w)
    other = lstsq(A, b, weights=[Fraction(v) for v in w.tolist()])
    assert one.x.tolist() == other.x.tolist()
    assert one.rss == other.rss


# --- planted faults


def errors_dropped(patch):
    honest = weighted._weighted

    def rounding(t, w, power):
        out, lost = honest(t, w, power)
        out[len(t) :] = 0.0
        return out, lost

    patch.setattr(weighted, "_weighted", rounding)


def more_limbs_forgotten(patch):
    honest = weighted._Sums.add
    patch.setattr(weighted._Sums, "add", lambda *arguments: honest(*arguments)[:0])


def an_exponent_forgotten(patch):
    honest = folded.folded
    patch.setattr(module, "folded", lambda *arguments: honest(*arguments[:4]))


def units_too_small(patch):
    honest = weighted.unit_exponents
    patch.setattr(weighted, "unit_exponents", lambda *arguments: honest(*arguments) - 3)


def runs_too_long(patch):
    patch.setattr(weighted, "TERMS", 1 << 20)


def faint_weights_taken(patch):
    patch.setattr(weighted, "FAINT", 0.0)


def mirrored_once(patch):
    patch.setattr(module, "mirrored", np.triu)


TABLE = LARGE["three planes"]
FEW = LARGE["few rows with more"]
THREE = [0, 1, 2]
FAINT = (np.ones((2, 2)), np.ones(2), THREE, np.array([2.0, 5e-324]))
PLANTED = {
    "errors of products dropped": (errors_dropped, (*TABLE, THREE, random_weights(2600))),
    "rows with more limbs forgotten": (more_limbs_forgotten, (*FEW, THREE, random_weights(2600))),
    "the power of the weights forgotten": (an_exponent_forgotten, (*TABLE, THREE, random_weights(2600))),
    "units too small for sums to be exact": (units_too_small, (*TABLE, THREE, random_weights(2600))),
    "too many products in one sum": (runs_too_long, largest_limbs()),
    "faint weights taken": (faint_weights_taken, FAINT),
    "half of the products of parts forgotten": (mirrored_once, (*TABLE, [0, 0, 1], None)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_any_step_is_noticed(name, monkeypatch):
    fault, data = PLANTED[name]
    expected = exactly(*data)
    assert values(fed(*data)) == expected
    fault(monkeypatch)
    assert values(fed(*data)) != expected


def test_no_row_is_added_where_one_is_not_finite():
    A, b = np.ones((4, 2)), np.array([1.0, 2.0, np.nan, 4.0])
    sums = fed(A, np.ones(4), THREE)
    before = values(sums)
    for weights in (None, np.ones(4), np.array([1.0, 1e300, 1e-300, 0.0])):
        with pytest.raises(ValueError, match="nan"):
            sums.feed_parts(A, b, THREE, weights)
        assert values(sums) == before


def test_columns_of_python_integers_are_the_sums_of_their_parts():
    A, b = np.array([[2.0**60, 1.0, 0.5], [0.0, -3.0, 2.0**-70]]), np.array([0.25, 0.0])
    integers, exponents = columns.integer_columns(A, b, [0, 0, 1, 1])
    found = [[Fraction(v) * Fraction(2) ** int(e) for v in row] for row, e in zip(integers, exponents, strict=True)]
    assert found == [[2**60 + 1, -3], [Fraction(3, 4), Fraction(1, 2**70)]]

"""b (m, k): k fits from one exact Gram matrix, each with the bits of a fit by itself."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import stabilitylab as sl
from stabilitylab.core.errors import (
    InputError,
    NotFiniteError,
    OutOfRangeError,
    RankDeficientError,
    ShapeError,
    UndeterminedWarning,
    UnknownNameError,
)
from stabilitylab.exact.gram import exact_input
from wild import FEWER, matrices

KINDS = {
    "float64": lambda values: values,
    "float32": lambda values: values.astype(np.float32),
    "integers": lambda values: np.rint(values / np.abs(values).max(axis=0) * 2**62).astype(np.int64) + 1,
    "Decimal": lambda values: np.vectorize(lambda v: Decimal(f"{v:.6f}"), otypes=[object])(values),
    "Fraction": lambda values: np.vectorize(lambda v: Fraction(round(v * 1000), 7), otypes=[object])(values),
    "longdouble": lambda values: values.astype(np.longdouble) / 3,
}


@pytest.fixture(autouse=True)
def _division_by_zero():
    with np.errstate(divide="ignore"):
        yield


def data(m=30, n=3, k=3, seed=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((m, n)), rng.standard_normal((m, k)) * [1.0, 1e8, 1e-9][:k]


def require_same(together, alone):
    """Every figure that is a nearest double has the same bits."""
    for figure in ("x", "standard_errors", "t_statistics", "r_squared", "rss", "f_statistic"):
        one, other = (np.asarray(getattr(fit, figure), dtype=float) for fit in (together, alone))
        assert one.tobytes() == other.tobytes(), figure
    assert together.certificate.rank == alone.certificate.rank
    assert together.rows == alone.rows
    assert together.constant == alone.constant
    assert together.names == alone.names


def rows_of(fit):
    return [np.asarray(v() if callable(v) else v).tobytes() for v in (fit.fitted_values, fit.residuals)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weighted", [False, True])
def test_each_fit_has_the_bits_of_a_fit_by_itself(kind, weighted):
    A, B = (KINDS[kind](values) for values in data())
    options = {"weights": np.arange(30) % 4, "intercept": True} if weighted else {}
    fits = sl.lstsq(A, B, **options)
    assert len(fits) == 3
    for k, fit in enumerate(fits):
        alone = sl.lstsq(A, B[:, k], **options)
        require_same(fit, alone)
        assert rows_of(fit) == rows_of(alone)
        assert np.allclose(fit.supported_digits, alone.supported_digits, atol=0.3)
        assert fit.known.weight == alone.known.weight
        assert fit.known.resolutions.relative.tolist() == alone.known.resolutions.relative.tolist()
        assert fit.known.resolutions.absolute == alone.known.resolutions.absolute
        if not weighted:
            assert sl.check(fit.certificate, A, B[:, k])
            assert not sl.check(fit.certificate, A, B[:, k - 1])


@FEWER
@given(matrices(rows=(3, 6)), st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=12, max_size=12))
@pytest.mark.filterwarnings("ignore::stabilitylab.core.errors.UndeterminedWarning")
def test_wild_numbers_give_the_same_bits_together_and_alone(problem, more):
    A, b = problem
    B = np.column_stack([b, more[: len(b)], more[6 : 6 + len(b)]])
    try:
        alone = [sl.lstsq(A, column, policy="minimum-norm") for column in B.T]
    except OutOfRangeError:
        with pytest.raises(OutOfRangeError, match=r"target 'b[012]': "):
            sl.lstsq(A, B, policy="minimum-norm")
        return
    together = sl.lstsq(A, B, policy="minimum-norm")
    assert together.x.tobytes() == np.column_stack([fit.x for fit in alone]).tobytes()
    assert [fit.certificate.rank for fit in together] == [fit.certificate.rank for fit in alone]


def test_blocks_of_rows_change_no_bit(monkeypatch):
    A, B = data(m=50)
    whole = sl.lstsq(A, B, weights=np.arange(50.0))
    monkeypatch.setattr(exact_input, "BLOCK", 64)
    blocks = sl.lstsq(A, B, weights=np.arange(50.0))
    for one, other in zip(whole, blocks, strict=True):
        require_same(one, other)


def test_a_lower_rank_is_one_decision_and_one_refusal():
    A, B = data()
    deficient = np.hstack([A, A[:, :1]])
    with pytest.raises(RankDeficientError, match="the rank is 3 of 4, exactly: a3 = a0"):
        sl.lstsq(deficient, B)
    fits = sl.lstsq(deficient, B, policy="minimum-norm")
    for k, fit in enumerate(fits):
        alone = sl.lstsq(deficient, B[:, k], policy="minimum-norm")
        assert fit.x.tobytes() == alone.x.tobytes()
        assert sl.check(fit.certificate, deficient, B[:, k])
    assert fits.standard_errors is None
    wide = sl.lstsq(A[:2], B[:2], policy="minimum-norm")
    assert wide.x[:, 1].tolist() == sl.lstsq(A[:2], B[:2, 1], policy="minimum-norm").x.tolist()


def test_a_column_vector_is_one_target():
    A, B = data()
    fit = sl.lstsq(A, B[:, :1])
    assert isinstance(fit, sl.CertifiedFit)
    assert fit.x.tobytes() == sl.lstsq(A, B[:, 0]).x.tobytes()
    assert fit.target == "b"
    assert sl.check(fit.certificate, A, B[:, :1])
    with pytest.raises(ShapeError, match=r"got \(30, 3\): pass the column that was fitted"):
        sl.check(fit.certificate, A, B)


def test_fits_are_a_sequence_with_names():
    A, B = data()
    fits = sl.lstsq(A, {"price": B[:, 0], "rent": B[:, 1], "tax": B[:, 2]})
    assert fits.targets == ("price", "rent", "tax")
    assert fits["rent"] is fits[1] is list(fits)[1]
    assert fits[-1].target == "tax"
    assert fits[:2].targets == ("price", "rent")
    assert fits.names == ("a0", "a1", "a2")
    assert np.asarray(fits).tobytes() == fits.x.tobytes() == np.column_stack([fit.x for fit in fits]).tobytes()
    assert fits.standard_errors.shape == fits.t_statistics.shape == fits.supported_digits.shape == (3, 3)
    assert fits.standard_errors[2, 1] == fits["rent"].standard_errors[2]
    assert fits.to_dict()["tax"]["x"] == fits[2].x.tolist()
    with pytest.raises(UnknownNameError, match="no target is named 'rents'; did you mean 'rent'"):
        fits["rents"]
    with pytest.raises(IndexError):
        fits[3]
    with pytest.raises(InputError, match="no target is left of the 3 targets price, rent and tax"):
        fits[3:]


def test_fits_print_in_a_few_lines():
    A, B = data(k=2)
    lines = repr(sl.lstsq(A, B)).splitlines()
    assert (
        lines[0]
        == "CertifiedFits: 30 rows, 3 coefficients for each of 2 targets, each the double nearest to the exact one"
    )
    assert lines[1].split() == ["b0", "b1"]
    assert len(lines) == 5
    many = repr(sl.lstsq(np.eye(20) + 1, np.arange(400.0).reshape(20, 20)))
    assert len(many.splitlines()) == 10
    assert "... 14 more coefficients" in many
    assert "... 14 more targets" in many


def test_rounding_noise_is_warned_of_once_for_the_targets_that_have_it():
    A, B = data()
    near = np.column_stack([A, A[:, 0] - 0.5 * A[:, 1]])
    with pytest.warns(
        UndeterminedWarning, match="targets b0, b1 and b2: the data cannot tell a0, a1 and a3 apart"
    ) as caught:
        fits = sl.lstsq(near, B)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert not fits.is_determined
    assert repr(fits).startswith("targets b0")
    assert sl.lstsq(A, B).undetermined == ""


def test_a_change_of_a_column_of_b_is_noticed_by_its_fit_only():
    A, B = data()
    fits = sl.lstsq(A, B)
    B[4, 1] += 1.0
    assert len(rows_of(fits[0])) == 2
    with pytest.raises(InputError, match="have changed since"):
        rows_of(fits[1])
    fits = sl.lstsq(A, B)
    A[0, 0] += 1.0
    with pytest.raises(InputError, match="have changed since"):
        rows_of(fits[2])


def test_a_is_not_copied_for_each_target():
    A, B = data()
    fits = sl.lstsq(A, B)
    assert all(fit.data.data.A is A for fit in fits)
    behind = sl.lstsq(A, B, intercept=True)
    assert len({id(fit.data.data.A) for fit in behind}) == 1
    kept = sl.lstsq(sparse.csr_array(A), B)
    assert len({id(fit.data.data.A) for fit in kept}) == 1


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda B: np.where(np.eye(30, 3, -3) > 0, np.nan, B), NotFiniteError, r"b\[3, 0\] is nan: remove that row"),
        (lambda B: {"u": B[:, 0], "v": B[:, 1] / (np.arange(30) != 7)}, NotFiniteError, "column 'v', row 7 is -?inf"),
        (lambda B: {"u": B[:, 0] / (np.arange(30) != 7), "v": B[:, 1]}, NotFiniteError, "column 'u', row 7 is -?inf"),
        (lambda B: B.T, ShapeError, r"got \(3, 30\): pass np.transpose\(b\)"),
        (lambda B: B[:, :0], ShapeError, r"got \(30, 0\)"),
        (lambda B: B[:, :, None], ShapeError, r"got \(30, 3, 1\)"),
        (lambda B: B[:9], ShapeError, r"got \(9, 3\)"),
    ],
)  # fmt: skip
def test_targets_that_do_not_fit_are_refused(make, error, says):
    A, B = data()
    with pytest.raises(error, match=says):
        sl.lstsq(A, make(B))


def test_a_sum_of_the_wrong_column_would_be_noticed(monkeypatch):
    A, B = data()
    right = sl.lstsq(A, B)
    restricted = sl.exact.gram.normal_equations.NormalEquations.restricted

    def next_target(self, columns):
        return restricted(self, [*columns[:-1], 3 + (columns[-1] - 2) % 3])

    monkeypatch.setattr(sl.exact.gram.normal_equations.NormalEquations, "restricted", next_target)
    wrong = sl.lstsq(A, B)
    assert wrong.x[:, 0].tolist() == right.x[:, 1].tolist()
    assert not sl.check(wrong[0].certificate, A, B[:, 0])


def test_p_values_and_predictions_stand_side_by_side():
    A, B = data()
    fits = sl.lstsq(A, B, intercept=True)
    assert fits.p_values.tolist() == np.column_stack([fit.p_values for fit in fits]).tolist()
    assert fits.predict(A[:4]).tolist() == np.column_stack([fit.fitted_values[:4] for fit in fits]).tolist()


def test_intervals_of_several_targets_are_those_of_each():
    A, B = np.arange(24.0).reshape(8, 3) ** 0.5, np.arange(16.0).reshape(8, 2) ** 2
    fits = sl.lstsq(A, B)
    assert np.array_equal(fits.conf_int(0.9)[:, :, 1], fits[1].conf_int(0.9))
    found = fits.predict(A[:2], interval="prediction", level=0.9)
    assert list(found) == ["b0", "b1"]
    assert found["b1"].upper.tolist() == fits[1].predict(A[:2], interval="prediction", level=0.9).upper.tolist()

"""Sums that no rows can have are not certified: rows removed that were never added, files that were edited."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab import GramAccumulator
from stabilitylab.core.errors import InputError, NotCertifiedError
from stabilitylab.exact.solve import definite
from stabilitylab.exact.solve.definite import is_of_rows

RNG = np.random.default_rng(11)
A, B = RNG.standard_normal((40, 3)), RNG.standard_normal(40)
LINE = np.column_stack([np.ones(9), np.arange(9.0)])


def of(left, right):
    return GramAccumulator(left.shape[1]).add(left, right)


def refused(accumulator):
    with pytest.raises(InputError, match="no rows have these sums"):
        accumulator.solve()


def test_rows_that_were_never_added_are_noticed_when_the_sums_show_it():
    refused(of(A, B).remove(100 * A[:5], B[:5]))  # A'A is not positive semidefinite
    refused(of(A, B).remove(A[:5], 100 * B[:5]))  # the residual sum of squares would be negative
    refused(of(A[:5], B[:5]).remove(A, B))  # fewer rows than none
    refused(of(A, B).merge(of(A[:5], B[:5]).remove(A[:9], B[:9]).remove(A[9:20], B[9:20] + 100)))


def test_rows_that_were_added_are_removed_as_before():
    fit = of(A, B).remove(A[:5], B[:5]).solve()
    assert fit.x.tolist() == of(A[5:], B[5:]).solve().x.tolist()


@pytest.mark.parametrize("rows", [3, 4, 20])
def test_an_exact_fit_and_dependent_columns_are_possible(rows):
    left = RNG.integers(-9, 9, (rows, 3)).astype(float)
    left[:, 2] = left[:, 0] - 2 * left[:, 1]
    right = left @ [1.0, 2.0, 0.0]
    extra = np.array([[5.0, 7.0, 1.0]])
    fit = of(left, right).add(extra, [1.0]).remove(extra, [1.0]).solve(policy="minimum-norm")
    assert fit.certificate.rank == 2
    assert fit.rss == 0.0


def test_sums_that_were_edited_in_a_file_are_not_certified(tmp_path):
    of(A, B).save(tmp_path / "sums.npz")
    with np.load(tmp_path / "sums.npz") as content:
        fields = {name: content[name] for name in content.files}
    limbs = fields["limbs"].copy()
    limbs[:, -1] = 0  # b'b
    np.savez(tmp_path / "edited.npz", **{**fields, "limbs": limbs})
    refused(GramAccumulator.load(tmp_path / "edited.npz"))
    limbs = fields["limbs"].copy()
    limbs[0, 1] = 1 << 20  # of the first column and the second
    np.savez(tmp_path / "edited.npz", **{**fields, "limbs": limbs})
    refused(GramAccumulator.load(tmp_path / "edited.npz"))
    assert GramAccumulator.load(tmp_path / "sums.npz").solve().x.tolist() == of(A, B).solve().x.tolist()


SMALL = st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), max_size=4)


@given(SMALL, SMALL)
def test_semidefinite_is_what_the_eigenvalues_say(added, removed):
    accumulator, total = GramAccumulator(2), np.zeros((3, 3))
    for rows, sign in ((added, 1), (removed, -1)):
        for row in rows:
            table = np.array([row], dtype=float)
            (accumulator.add if sign > 0 else accumulator.remove)(table[:, :2], table[:, 2])
            total += sign * table.T @ table
    # The coefficients of the characteristic polynomial are integers: an eigenvalue is 0, or of some size.
    assert is_of_rows(accumulator.normal_equations()) == (np.linalg.eigvalsh(total)[0] > -1e-6)


def test_an_inverse_factor_shows_it_for_many_columns(monkeypatch):
    monkeypatch.setattr(definite, "FEW", 0)
    assert is_of_rows(of(A, B).normal_equations())
    assert not is_of_rows(of(A, B).remove(A[:5], 100 * B[:5]).normal_equations())
    monkeypatch.setattr(definite, "LARGEST_EXACT", 0)
    assert is_of_rows(of(A, B).normal_equations())
    with pytest.raises(NotCertifiedError, match="was not decided"):
        is_of_rows(of(LINE, LINE @ [2.0, 3.0]).normal_equations())  # singular, for the fit is exact

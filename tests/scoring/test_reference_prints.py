"""A reference prints its digits, all of them proven, in a few lines."""

import re
from decimal import Decimal

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl

LONGLEY = sl.problems.get("nist.longley")()


def shown(ref):
    """The numbers of a printed reference by name."""
    return dict(re.findall(r"^(\S.*?) = (\S+)$", str(ref), flags=re.M))


def test_coefficients_residual_norm_and_r_squared_are_printed_to_the_digits_proven():
    ref = sl.reference(LONGLEY, truth="decimal")
    numbers = shown(ref)
    assert list(numbers) == [*(f"x[{j}]" for j in range(7)), "residual norm", "R²"]
    assert numbers["x[0]"].startswith("-3482258.634595")  # NIST: -3482258.63459582
    assert all(len(Decimal(text).as_tuple().digits) == 50 for text in numbers.values())
    first, second = str(ref).splitlines()[:2]
    assert first == "certified solution of the decimal truth: 7 coefficients, rank 7"
    assert second == f"each proven to 50 digits ({ref.method})"
    assert repr(ref) == (
        f"Reference: 7 coefficients of the decimal truth, each proven to 50 digits, rank 7 ({ref.method})"
    )


@settings(max_examples=60)
@given(
    x=st.floats(allow_nan=False, allow_infinity=False, min_value=1e-300) | st.just(0.0), sign=st.sampled_from([1, -1])
)
def test_what_is_printed_is_the_number_rounded_to_fifty_digits(x, sign):
    ref = sl.reference([["1"], ["0"]], [str(Decimal(sign * x)), "1"])
    (value,) = ref.x
    with mpmath.workdps(400):
        text = shown(ref)["x[0]"]
        assert abs(mpmath.mpf(text) - value) <= abs(value) * mpmath.mpf(10) ** -49
        assert mpmath.nstr(mpmath.mpf(text), 40) == mpmath.nstr(+value, 40)


def test_of_many_coefficients_the_first_ten_are_printed():
    A = np.vander(np.arange(1.0, 15.0), 12)
    ref = sl.reference(A, A.sum(axis=1))
    assert list(shown(ref)) == [*(f"x[{j}]" for j in range(10)), "residual norm"] + ["R²"] * (ref.r_squared is not None)
    assert "and 2 more" in str(ref).splitlines()
    assert len(str(ref).splitlines()) <= 15


@pytest.mark.parametrize("policy", ["minimum-norm", "basic"])
def test_which_solution_of_a_deficient_problem_it_is_is_said(policy):
    ref = sl.reference([[1, 1], [2, 2], [3, 3]], [1, 2, 4], policy=policy)
    of = f"2 coefficients, rank 1, the {policy} solution of a deficient problem"
    assert str(ref).splitlines()[0] == f"certified solution of the matrix truth: {of}"

"""The last steps of a reference: how narrow, to how many bits, and rounded by how much, each from below."""

from fractions import Fraction
from math import ceil, log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab import reference
from stabilitylab.conformance.rational import exact
from stabilitylab.core.errors import InputError
from stabilitylab.exact.solve.interval import Interval, exactly
from stabilitylab.scoring import reference as module
from wild import PROPERTY

POSITIVE = st.integers(1, 10**60)


@PROPERTY
@given(st.integers(-(10**60), 10**60), POSITIVE, st.integers(-400, 400), st.sampled_from([10, 53, 200, 350]))
def test_the_middle_of_an_interval_has_its_bits(p, q, e, bits):
    value = Fraction(p, q) * Fraction(2) ** e
    found = module._mpf(exactly(value), bits)
    assert abs(exact(found) - value) <= abs(value) / 2**bits
    assert abs(int(found.man)).bit_length() <= bits
    wide = Interval(p - 3, p + 5, q)
    assert abs(exact(module._mpf(wide, 300)) - Fraction(p + 1, q)) <= abs(Fraction(p + 1, q)) / 2**300


@PROPERTY
@given(POSITIVE, POSITIVE, st.integers(-900, 900), st.sampled_from([10, 53, 200, 350]))
def test_the_root_of_the_middle_has_its_bits(p, q, e, bits):
    square = Fraction(p, q) * Fraction(2) ** e
    found = exact(module._root(exactly(square), bits))
    low, high = found * (1 - Fraction(1, 2**bits)), found * (1 + Fraction(1, 2**bits))
    assert low**2 <= square <= high**2
    wide = exact(module._root(Interval(2 * p, 4 * p, q), 300))
    assert abs(wide**2 / (3 * Fraction(p, q)) - 1) <= Fraction(1, 2**298)


def test_the_root_of_zero_is_zero():
    assert module._root(exactly(0), 200) == module._mpf(exactly(0), 200) == 0


@pytest.mark.parametrize("digits", [50, 61, 100])
def test_numbers_are_kept_to_two_digits_more_and_ten_bits(digits):
    rng = np.random.default_rng(digits)
    found = reference(rng.standard_normal((9, 4)), rng.standard_normal(9), digits=digits)
    expected = ceil((digits + 2) * log2(10)) + 10
    numbers = [*found.x, *found.standard_errors, found.residual_norm, found.r_squared, *found.scales]
    lengths = [int(v.man).bit_length() for v in numbers]
    assert max(lengths) == expected
    assert sorted(lengths)[len(lengths) // 2] > expected - 4


@pytest.mark.parametrize("enough", [52, 100, 200, None])
def test_more_digits_are_computed_until_all_numbers_agree_in_one_more(enough):
    asked = []

    def enclosed(accuracy):
        asked.append(accuracy)
        narrow = enough is not None and accuracy is not None and accuracy >= enough
        # Just narrow enough for 51 digits, or a little too wide for it.
        width = 1 if narrow else 2
        return [exactly(3), Interval(10**51, 10**51 + width)] if accuracy else [exactly(3), exactly(1)]

    found = module._narrowed(enclosed, 50)
    assert asked == {52: [52], 100: [52, 100], 200: [52, 100, 200], None: [52, 100, 200, None]}[enough]
    assert found[1] == (exactly(1) if enough is None else Interval(10**51, 10**51 + 1))


def test_the_number_of_digits_is_at_least_fifty_and_at_most_ten_thousand():
    A, b = np.eye(3)[:, :2], np.array([1.0, 1.0, 1.0])
    assert reference(A, b, digits=1).digits == 50
    assert reference(A, b, digits=10_000).digits == 10_000
    with pytest.raises(InputError, match="at most 10000; got 10001"):
        reference(A, b, digits=10_001)
    with pytest.raises(InputError, match="digits"):
        reference(A, b, digits=0)


def test_columns_that_are_kept_are_columns_of_A_as_many_as_its_rank():
    A = np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 1.0], [1.0, 2.0, 3.0], [2.0, 4.0, 0.0]])
    b = np.array([1.0, 2.0, 3.0, 4.0])
    assert reference(A, b, policy="basic", kept=[1, 2]).rank == 2
    for kept in ([-1, 2], [1, 3]):
        with pytest.raises(InputError, match=r"kept must name columns among 0\.\.2"):
            reference(A, b, policy="basic", kept=kept)
    with pytest.raises(InputError, match="kept must name 2 independent columns of 3"):
        reference(A, b, policy="basic", kept=[0])
    with pytest.raises(InputError, match=r"columns kept, \[0, 1\], depend"):
        reference(A, b, policy="basic", kept=[0, 1])
    with pytest.raises(InputError, match="A has full rank, so that kept must name all 2 columns"):
        reference(A[:, [0, 2]], b, policy="basic", kept=[0])
    assert reference(A[:, [0, 2]], b, policy="basic", kept=[1, 0]).rank == 2

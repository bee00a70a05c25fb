"""The self-test of BLAS: true float64 passes, and each way of multiplying in less is noticed."""

import time

import numpy as np
import pytest

from stabilitylab.core.errors import UntrustedBLASError
from stabilitylab.exact.gram import selftest
from stabilitylab.exact.gram.selftest import add_gram, blas_is_exact, require_true_float64_blas, syrk


def float32(a, b):
    return (a.astype(np.float32) @ b.astype(np.float32)).astype(np.float64)


def float32_sums(a, b):
    """Products in float64, running sums in float32."""
    b = b if b.ndim > 1 else b[:, None]
    total = np.zeros((*a.shape[:-1], b.shape[1]), dtype=np.float32)
    for k in range(0, b.shape[0], 64):
        total += (a[..., k : k + 64] @ b[k : k + 64]).astype(np.float32)
    return total.astype(np.float64)


def bfloat16(x):
    """x cut to 8 significant bits."""
    mantissa, exponent = np.frexp(x)
    return np.ldexp(np.trunc(mantissa * 2**8), exponent - 8)


def bfloat16_split(parts):
    """Each operand as a sum of bfloat16 numbers, their products added up in float64."""

    def split(x):
        pieces = []
        for _ in range(parts):
            pieces.append(bfloat16(x))
            x = x - pieces[-1]
        return pieces

    return lambda a, b: sum(p @ q for p in split(a) for q in split(b))


def strassen(a, b):
    """One level of Strassen (1969) where the sizes allow it, by padding with zeros; plain otherwise."""
    if a.ndim < 2 or b.ndim < 2 or min(*a.shape, *b.shape) < 2:
        return a @ b
    shape = a.shape[0], b.shape[1]
    a = np.pad(a, [(0, s % 2) for s in a.shape])
    b = np.pad(b, [(0, s % 2) for s in b.shape])
    (i, k), j = (s // 2 for s in a.shape), b.shape[1] // 2
    a11, a12, a21, a22 = a[:i, :k], a[:i, k:], a[i:, :k], a[i:, k:]
    b11, b12, b21, b22 = b[:k, :j], b[:k, j:], b[k:, :j], b[k:, j:]
    m1, m2, m3 = (a11 + a22) @ (b11 + b22), (a21 + a22) @ b11, a11 @ (b12 - b22)
    m4, m5 = a22 @ (b21 - b11), (a11 + a12) @ b22
    m6, m7 = (a21 - a11) @ (b11 + b12), (a12 - a22) @ (b21 + b22)
    return np.block([[m1 + m4 - m5 + m7, m3 + m5], [m2 + m4, m1 - m2 + m3 + m6]])[: shape[0], : shape[1]]


def fixed_point(a, b):
    """56 bits below the largest of each row of a and column of b, as emulations on integer units keep them."""

    def kept(x, axis):
        unit = np.ldexp(1.0, np.frexp(np.abs(x).max(axis=axis, keepdims=True))[1] - 56)
        return np.rint(x / unit) * unit

    return kept(a, -1) @ kept(b, 0)


def wrong_for(condition):
    """One last bit of one entry flipped where the condition on the operands holds."""

    def product(a, b):
        found = np.array(a @ b)
        if condition(a, b):
            found.flat[-1] = np.nextafter(found.flat[-1], 0)
        return found

    return product


PLANTED = {
    "float32": float32,
    "float32 sums": float32_sums,
    "one bfloat16": bfloat16_split(1),
    "two bfloat16": bfloat16_split(2),
    "three bfloat16": bfloat16_split(3),
    "Strassen": strassen,
    "fixed point": fixed_point,
    "last bit, always": wrong_for(lambda a, b: True),
    "last bit, one array": wrong_for(lambda a, b: np.shares_memory(a, b)),
    "last bit, two arrays": wrong_for(lambda a, b: a.ndim == b.ndim == 2 and not np.shares_memory(a, b)),
    "last bit, one column": wrong_for(lambda a, b: b.ndim == 2 and b.shape[1] == 1),
    "last bit, matrix times vector": wrong_for(lambda a, b: b.ndim == 1),
    "last bit, vector times matrix": wrong_for(lambda a, b: a.ndim == 1),
    "wrong shape": lambda a, b: (a @ b)[..., None],
}


@pytest.mark.parametrize("columns", [1, 2, 6, 17])
def test_true_float64_passes(columns):
    assert blas_is_exact(columns=columns)


@pytest.mark.parametrize("name", PLANTED)
def test_a_product_in_less_than_float64_is_noticed(name):
    assert not blas_is_exact(PLANTED[name])


@pytest.mark.parametrize("add_gram", [add_gram, syrk])
def test_an_update_that_is_wrong_in_one_last_bit_or_forgets_what_it_adds_to_is_noticed(add_gram):
    def flipped(plane, C):
        add_gram(plane, C)
        C[0, -1] = np.nextafter(C[0, -1], 0)

    def forgetful(plane, C):
        C[...] = 0.0
        add_gram(plane, C)

    def in_float32(plane, C):
        C += float32(plane, plane.T)

    assert blas_is_exact(update=add_gram)
    for wrong in (flipped, forgetful, in_float32, lambda plane, C: add_gram(plane, C.copy())):
        assert not blas_is_exact(update=wrong)


@pytest.mark.parametrize("size", [7, 40])
def test_small_updates_and_large_ones_add_the_same(size):
    plane = np.arange(size * 900.0).reshape(size, 900) % 1009
    assert (plane.size * size < selftest.SMALL) == (size == 7)
    C, by_scipy = np.ones((size, size)), np.ones((size, size))
    add_gram(plane, C)
    syrk(plane, by_scipy)
    assert np.array_equal(np.triu(C), np.triu(by_scipy))
    assert np.array_equal(np.triu(C), np.triu(1 + plane.astype(int) @ plane.astype(int).T))


def test_a_rank_k_update_of_scipy_that_is_not_exact_is_refused_where_it_would_be_used(monkeypatch):
    monkeypatch.setattr(selftest, "_syrk_is_exact_here", lambda: False)
    C = np.zeros((40, 40))
    add_gram(np.ones((40, 2)), C)  # NumPy's
    with pytest.raises(UntrustedBLASError, match="true float64"):
        add_gram(np.ones((40, 2048)), C)
    assert np.array_equal(C, np.full((40, 40), 2.0))


def test_only_the_graded_product_sees_fixed_point():
    """Without it a fixed-point emulation would pass: each product here has a reason."""
    limbs = selftest._limbs(9)
    pairs = list(selftest._products(fixed_point, add_gram, limbs.astype(float), limbs.T @ limbs, 6))
    assert [np.array_equal(found, expected) for found, expected in pairs] == [True] * 5 + [False] + [True] * 3


def test_only_operands_of_53_bits_see_slices_of_24():
    limbs = selftest._limbs(9)
    pairs = list(selftest._products(bfloat16_split(3), add_gram, limbs.astype(float), limbs.T @ limbs, 6))
    assert [np.array_equal(found, expected) for found, expected in pairs] == [True] * 6 + [False] * 2 + [True]


def test_the_digits_reach_what_float64_can_hold_and_no_further():
    limbs = selftest._limbs(9)
    sums = [[sum(map(int.__mul__, a, b)) for a in limbs.T.tolist()] for b in limbs.T.tolist()]
    assert np.abs(limbs).max() < 2**21 <= np.abs(limbs).min() * 1.002
    assert 2**53 * 0.99 < max(map(max, sums)) < 2**53
    assert any(s % 2 for row in sums for s in row if s > 2**52)
    assert {s > 0 for row in sums for s in row} == {True, False}


def test_the_engine_refuses_once_the_test_has_failed(monkeypatch):
    require_true_float64_blas()
    monkeypatch.setattr(selftest, "_is_exact_here", lambda: blas_is_exact(float32))
    with pytest.raises(UntrustedBLASError, match="true float64"):
        require_true_float64_blas()


def test_the_question_is_asked_once_and_cheaply():
    require_true_float64_blas()
    asked = selftest._is_exact_here.cache_info().misses
    start = time.process_time()
    for _ in range(1000):
        require_true_float64_blas()
    assert selftest._is_exact_here.cache_info().misses == asked == 1
    assert time.process_time() - start < 0.1

"""Sums of products of rows whose numbers differ by hundreds of bits, against fractions, and with planted faults."""

import numpy as np
import pytest
from hypothesis import given

from exact_sums import fed, table, truth, values
from stabilitylab.exact.gram import scattered
from stabilitylab.exact.gram import sums as module
from stabilitylab.exact.gram.sums import GramSums
from wild import FEWER, matrices


def apart(m, n, kind, seed=8):
    """Rows of numbers 2**-990 to 2**990 (entries), or times a power of two each (rows)."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((m, n + 1))
    wide = rng.integers(-990, 990, W.shape) if kind == "entries" else rng.integers(-500, 500, (m, 1))
    W = np.where(rng.random(W.shape) < 0.1, 0.0, np.ldexp(W, wide))
    return W[:, :-1].copy(), W[:, -1].copy()


@FEWER
@given(matrices(rows=(1, 7)))
def test_scattered_sums_of_any_rows_are_exact(problem):
    A, b = problem
    sums = GramSums(A.shape[1] + 1)
    sums._reach(module.unit_exponents(A, b, [slice(0, len(b))], 2048))
    sums._feed_scattered(A, b, 1)
    assert values(sums) == truth(A, b)
    sums._feed_scattered(A, b, -1)
    assert all(v == 0 for row in values(sums) for v in row)


@pytest.mark.parametrize("kind", ["entries", "rows"])
def test_rows_far_apart_are_exact_and_need_no_python_integers(kind, monkeypatch):
    A, b = apart(1300, 2, kind)
    monkeypatch.setattr(GramSums, "feed_integers", None)
    assert values(fed((A[:700], b[:700]), (A[700:], b[700:]))) == truth(A, b)


def largest():
    """Products whose limbs are as large as they can be, of one sign: 2**53 - 2**32 and a half of that below."""
    value = float(2**53 - 2**31 - 2**9)
    A = np.full((scattered.ROWS, 1), value)
    return A, A[:, 0].copy()


def scattered_values(A, b):
    sums = GramSums(A.shape[1] + 1)
    sums._reach(module.unit_exponents(A, b, [slice(0, len(b))], len(b)))
    sums._feed_scattered(A, b, 1)
    return values(sums)


def test_the_most_rows_of_the_largest_limbs_are_exact():
    A, b = largest()
    assert scattered_values(A, b) == truth(A, b)


def many():
    """More rows of large limbs than float64 sums exactly at once."""
    W = np.ldexp(np.random.default_rng(9).uniform(1.9, 2, (9000, 2)), 43)
    return W[:, :1].copy(), W[:, 1].copy()


def too_many_rows(patch):
    patch.setattr(scattered, "ROWS", 1 << 20)


def a_limb_short(patch):
    patch.setattr(scattered, "LIMBS", 3)


def from_zero(patch):
    honest = module.scattered_sums
    patch.setattr(module, "scattered_sums", lambda A, b: (honest(A, b)[0], 0))


def forgotten(patch):
    patch.setattr(GramSums, "_feed_scattered", lambda *_: None)


PLANTED = {
    "too many rows in one sum": (too_many_rows, many()),
    "a limb short": (a_limb_short, apart(60, 2, "entries")),
    "the first place taken for 0": (from_zero, apart(60, 2, "entries")),
    "forgotten": (forgotten, apart(60, 2, "rows")),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_any_step_is_noticed(name, monkeypatch):
    fault, (A, b) = PLANTED[name]
    expected = truth(A, b)
    assert scattered_values(A, b) == expected
    fault(monkeypatch)
    assert scattered_values(A, b) != expected


def test_a_few_rows_far_apart_do_not_slow_the_others(monkeypatch):
    A, b = table(1500, 2)
    A[::97] *= 2.0**-1060
    seen = []
    honest = GramSums._feed_scattered
    monkeypatch.setattr(GramSums, "_feed_scattered", lambda s, *rows: seen.append(len(rows[1])) or honest(s, *rows))
    assert values(fed((A, b))) == truth(A, b)
    assert seen == [len(A[::97])]

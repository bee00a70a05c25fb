"""Batches of rows: each row once in an epoch, or drawn from all; the same seed draws the same; gradients of them."""

from itertools import islice

import numpy as np
import pytest

from stabilitylab.core.objective import LeastSquares, batches, minibatches

A = np.column_stack([np.arange(1.0, 8), np.ones(7)])
OBJECTIVE = LeastSquares(A, np.arange(7.0), "mean")


def drawn(count, **options):
    """The rows, by their first entry, of the first batches."""
    return [tuple(one.A[:, 0].astype(int).tolist()) for one in islice(batches(OBJECTIVE, 3, **options), count)]


def test_an_epoch_has_every_row_once_in_an_order_of_its_own():
    first, second = (drawn(6, seed=4)[start : start + 3] for start in (0, 3))
    for epoch in (first, second):
        assert [len(one) for one in epoch] == [3, 3, 1]
        assert sorted(sum(epoch, ())) == [1, 2, 3, 4, 5, 6, 7]
    assert first != second


@pytest.mark.parametrize("replacement", [False, True])
def test_a_seed_decides_the_rows(replacement):
    one, same, other = (drawn(9, seed=seed, replacement=replacement) for seed in (1, 1, 2))
    assert one == same != other


def test_with_replacement_a_row_may_come_twice():
    rows = drawn(200, seed=0, replacement=True)
    assert {len(one) for one in rows} == {3}
    assert any(len(set(one)) < 3 for one in rows)
    assert set(sum(rows, ())) == {1, 2, 3, 4, 5, 6, 7}


def test_the_gradient_of_a_batch_is_the_mean_over_its_rows_and_over_an_epoch_their_mean_is_that_of_all():
    x = np.array([0.5, -1.0])
    gradient = minibatches(OBJECTIVE, 3, seed=5)
    rows = drawn(3, seed=5)
    found = [gradient(x) for _ in rows]
    weighted = sum(len(one) * g for one, g in zip(rows, found, strict=True)) / 7
    assert np.allclose(weighted, OBJECTIVE.gradient(x), rtol=1e-14)
    assert not np.allclose(sum(found) / 3, OBJECTIVE.gradient(x), rtol=1e-3)

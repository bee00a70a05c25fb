"""The routes that are forced for comparisons: each that serves is taken, and none is left out without a reason."""

import numpy as np
import pytest
from test_enclosure import spread

from stabilitylab.exact.float64 import by_residual
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.least_squares import by_every_route, lstsq
from stabilitylab.exact.solve import balls, choose, rational
from stabilitylab.exact.solve.choose import solve_every_way
from stabilitylab.exact.solve.enclosed import to_nearest

OF_SUMS = [balls.ROUTE, choose.ROUTE, rational.ROUTE]


def normal_of(A, b):
    sums = GramSums(A.shape[1] + 1)
    sums.feed(A, b)
    return sums.normal_equations()


@pytest.mark.parametrize("n", [1, 3, 12])
def test_every_route_of_the_sums_is_taken_and_all_agree(n):
    A, b = spread(n + 9, n, 1e3), np.random.default_rng(n).standard_normal(n + 9)
    normal = normal_of(A, b)
    found = solve_every_way(normal, to_nearest(normal, normal.ratios))
    assert [one.route for one in found] == OF_SUMS
    by_route = by_every_route(A, b)
    expected = tuple(lstsq(A, b).x.tolist())
    assert {name: x == expected for name, x in by_route.items()} == dict.fromkeys([*OF_SUMS, by_residual.ROUTE], True)


def test_a_route_that_proves_nothing_is_left_out(monkeypatch):
    A, b = spread(12, 3, 1e3), np.ones(12)
    normal = normal_of(A, b)
    monkeypatch.setattr(choose, "inverse_factor", lambda *_: None)
    found = solve_every_way(normal, to_nearest(normal, normal.ratios))
    assert [one.route for one in found] == [balls.ROUTE, rational.ROUTE]
    monkeypatch.undo()
    # Columns that differ in their last bits only: float64 finds no factor whose residuals would prove anything.
    ill = 1 + np.random.default_rng(1).integers(0, 9, (12, 3)) * 2.0**-52
    assert list(by_every_route(ill, b)) == OF_SUMS

"""Heavy ball's first growth with its best parameters, against runs of it."""

from itertools import islice
from math import e, sqrt

import numpy as np
import pytest

from stabilitylab.scoring.theory.descent.hump import bottom_mode, hump, top_mode
from stabilitylab.scoring.theory.descent.tuning import best_heavy_ball
from stabilitylab.solvers.descent.heavy_ball import heavy_ball
from stabilitylab.solvers.descent.schedules import constant


@pytest.mark.parametrize("kappa", [1.5, 4.0, 10.0, 100.0, 1e4, 1e6])
def test_the_top_mode_and_its_hump_are_those_of_a_run(kappa):
    tuned = best_heavy_ball(1.0, kappa)
    h = np.array([1.0, kappa])
    steps = int(3 * sqrt(kappa)) + 5
    iterates = heavy_ball(lambda x: h * x, np.ones(2), lr=constant(tuned.lr), momentum=tuned.momentum)
    bottom, top = np.abs([np.ones(2), *(one.x for one in islice(iterates, steps))]).T
    assert top == pytest.approx([top_mode(kappa, k) for k in range(steps + 1)], rel=1e-6)
    assert bottom == pytest.approx([bottom_mode(kappa, k) for k in range(steps + 1)], rel=1e-6)
    found = hump(kappa)
    assert found.step == np.argmax(top * (1 - 1e-9 * np.arange(steps + 1)))
    assert found.height == pytest.approx(top.max(), rel=1e-6)
    assert bottom.max() == 1


def test_the_hump_is_that_of_the_rule_of_thumb_to_one_percent_from_kappa_100_on():
    for kappa in (100.0, 250.0, 1e3, 1e6, 1e12):
        assert hump(kappa).height == pytest.approx(sqrt(kappa) / e, rel=0.01)
        assert abs(hump(kappa).step - sqrt(kappa) / 2) <= 1
    # Below that the rule is off, and the law is not.
    assert hump(10.0).height > 1.1 * sqrt(10) / e
    assert (hump(1.0).height, hump(1.0).step) == (1.0, 0)

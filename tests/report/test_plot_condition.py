"""The picture of the condition number shows what is computed: how far a change of b moves x, for each angle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.report import plot
from stabilitylab.report.plot.condition import ANGLES, CHANGE, Crossing, picture

angles = st.floats(1.0, 90.0)


@given(angles)
def test_the_condition_number_is_that_of_the_angle_and_the_change_is_multiplied_by_it(angle):
    lines = Crossing(angle)
    assert lines.cond == pytest.approx(1 / np.tan(np.radians(angle) / 2), rel=1e-9)
    assert np.linalg.norm(lines.change) == pytest.approx(CHANGE * np.linalg.norm(lines.b))
    assert lines.move == pytest.approx(CHANGE * lines.cond, rel=1e-9)


@given(angles, st.floats(0, 2 * np.pi))
def test_no_change_of_that_size_moves_x_further(angle, direction):
    lines = Crossing(angle)
    change = CHANGE * np.linalg.norm(lines.b) * np.array([np.cos(direction), np.sin(direction)])
    moved = np.linalg.solve(lines.A, lines.b + change)
    assert np.linalg.norm(moved - lines.x) <= lines.move * (1 + 1e-9)


def test_the_picture_says_the_numbers_and_is_the_same_twice(tmp_path):
    figure = picture()
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    for angle in ANGLES:
        lines = Crossing(angle)
        assert f"lines at {angle:.0f}°: condition number {lines.cond:.1f}" in said
        assert f"b changes by 3%, the solution by {lines.move:.0%}" in said
    first, second = (plot.save(one, tmp_path / name) for one, name in ((figure, "a"), (picture(), "b")))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_the_arrow_and_both_crossings_are_inside_the_panels():
    for axes, angle in zip(picture().axes, ANGLES, strict=True):
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        for x, y in (Crossing(angle).x, Crossing(angle).moved):
            assert left < x < right
            assert low < y < high

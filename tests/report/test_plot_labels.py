"""Labels keep their distance, their order and their frame."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.report.plot.labels import beside, spread


@given(st.lists(st.floats(0, 1), max_size=30), st.floats(0.001, 0.2))
def test_spread_labels_keep_their_distance_order_and_bounds(wanted, gap):
    placed = spread(wanted, gap, 0.0, 1.0)
    gap = min(gap, 1 / max(len(wanted) - 1, 1))
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for i, j in pairwise(order):
        assert placed[j] - placed[i] >= gap - 1e-9
    assert all(-1e-9 <= y <= 1 + 1e-9 for y in placed)


def test_labels_with_room_stay_where_they_are_and_two_close_ones_part_evenly():
    assert spread([0.2, 0.8], 0.1, 0, 1) == pytest.approx([0.2, 0.8])
    assert spread([0.5, 0.5], 0.1, 0, 1) == pytest.approx([0.45, 0.55])


def test_labels_beside_points_do_not_cover_each_other():
    boxes = beside([(2.0, 2.0)] * 6, [(0.8, 0.2)] * 6, [(1.95, 1.95, 2.05, 2.05)], (0, 0, 6, 4))
    for a, b in combinations(boxes, 2):
        assert min(a[2], b[2]) - max(a[0], b[0]) <= 1e-9 or min(a[3], b[3]) - max(a[1], b[1]) <= 1e-9

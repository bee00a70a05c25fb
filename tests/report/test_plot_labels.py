"""Labels keep their distance, their order and their frame, and stand on nothing that is drawn."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.report.plot.labels import beside, facing, in_rows, spread

sized = st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 0.3)), max_size=25)


def covers(a, b):
    """Whether two boxes share more than a rounding error."""
    return min(a[2], b[2]) - max(a[0], b[0]) > 1e-9 and min(a[3], b[3]) - max(a[1], b[1]) > 1e-9


@given(sized)
def test_spread_labels_keep_their_distance_order_and_bounds(labels):
    wanted, sizes = [w for w, _ in labels], [s for _, s in labels]
    placed = spread(wanted, sizes, 0.0, 1.0)
    shrunk = min(1.0, 1 / sum(sizes)) if labels else 1.0
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    for i, j in pairwise(order):
        assert placed[j] - placed[i] >= shrunk * (sizes[i] + sizes[j]) / 2 - 1e-9
    for y, size in zip(placed, sizes, strict=True):
        assert shrunk * size / 2 - 1e-9 <= y <= 1 - shrunk * size / 2 + 1e-9


def test_labels_with_room_stay_where_they_are_and_two_close_ones_part_evenly():
    assert spread([0.2, 0.8], [0.1, 0.3], 0, 1) == pytest.approx([0.2, 0.8])
    assert spread([0.5, 0.5], [0.1, 0.1], 0, 1) == pytest.approx([0.45, 0.55])


@given(st.lists(st.tuples(st.floats(0, 6), st.floats(0.1, 3)), max_size=8))
def test_words_above_the_axes_do_not_overlap_and_end_in_time(labels):
    placed = in_rows([x for x, _ in labels], [w for _, w in labels], 6.0)
    boxes = [(left, row, left + w, row + 1) for (left, row), (_, w) in zip(placed, labels, strict=True)]
    assert not [pair for pair in combinations(boxes, 2) if covers(*pair)]
    assert all(left >= 0 and right <= 6.0 + 1e-9 for left, _, right, _ in boxes)


@given(st.lists(st.tuples(st.floats(0, 6), st.floats(0.1, 3)), max_size=8))
def test_a_line_up_to_words_that_begin_at_it_meets_no_others(labels):
    starts = [x for x, _ in labels]
    placed = in_rows(starts, [w for _, w in labels], 99.0)
    for x, (_, row) in zip(starts, placed, strict=True):
        below = [(left, left + w) for (left, other), (_, w) in zip(placed, labels, strict=True) if other < row]
        assert not [1 for left, right in below if left < x < right]


def test_words_above_the_axes_share_a_row_where_there_is_room():
    assert in_rows([1.0, 4.0], [1.0, 1.0], 6.0) == [(1.0, 0), (4.0, 0)]
    assert in_rows([1.0, 1.2], [1.0, 1.0], 6.0) == [(1.0, 1), (1.2, 0)]
    assert in_rows([5.5], [1.0], 6.0) == [(5.0, 0)]


def test_labels_beside_points_do_not_cover_each_other():
    boxes = beside([(2.0, 2.0)] * 6, [(0.8, 0.2)] * 6, [(1.95, 1.95, 2.05, 2.05)], (0, 0, 6, 4))
    assert not [pair for pair in combinations(boxes, 2) if covers(*pair)]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0.1, 5.9), st.floats(0.1, 3.9)), min_size=1, max_size=10), st.floats(0.5, 5.5))
def test_labels_stand_on_no_guide_no_dot_and_no_other_label(points, guide):
    strip = (guide - 0.03, 0.0, guide + 0.03, 4.0)
    dots = [(x - 0.06, y - 0.06, x + 0.06, y + 0.06) for x, y in points]
    boxes = beside(points, [(0.9, 0.17)] * len(points), [strip, *dots], (0.0, 0.0, 6.0, 4.0))
    for box in boxes:
        assert not covers(box, strip)
        assert not [dot for dot in dots if covers(box, dot)]
        assert box[0] >= 0
        assert box[2] <= 6.0
    assert not [pair for pair in combinations(boxes, 2) if covers(*pair)]


def test_a_label_moves_for_one_that_has_no_other_place():
    # The first would take the place right of its point, which is the only one that the second has.
    walls = [(0.0, 0.4, 0.95, 4.0), (0.0, 0.0, 0.95, 0.2)]
    boxes = beside([(0.5, 0.3), (1.0, 0.3)], [(0.4, 0.15)] * 2, walls, (0.0, 0.0, 3.0, 3.0))
    assert not [pair for pair in combinations(boxes, 2) if covers(*pair)]


def test_a_leader_ends_at_the_side_that_faces_its_point():
    box = (1.0, 1.0, 2.0, 1.2)
    assert facing(box, (0.5, 1.1)) == (1.0, 1.1)
    assert facing(box, (2.5, 1.1)) == (2.0, 1.1)
    assert facing(box, (1.5, 0.5)) == (1.5, 1.0)

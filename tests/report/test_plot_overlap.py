"""Curves that lie on each other are found from the data, and each of them can be seen."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_plot import gids, measured, shown

from stabilitylab.report import plot
from stabilitylab.report.plot.looks import looks
from stabilitylab.report.plot.overlap import Stretch, ring, stacked, stretches
from stabilitylab.report.rows import Rows


def curve(*ys):
    return [None if y is None else (10.0 * k, float(y)) for k, y in enumerate(ys)]


def test_a_curve_that_leaves_another_is_alone_from_there():
    parts = stretches({"a": curve(0, 0, 0, 50, 99), "b": curve(1, 0, 0, 0, 0)}, 1.6)
    assert parts["a"] == [Stretch(0, 2, 0, 2), Stretch(2, 4, 0, 1)]
    assert parts["b"] == [Stretch(0, 2, 1, 2), Stretch(2, 4, 0, 1)]


def test_three_curves_take_turns_and_a_gap_ends_a_stretch():
    parts = stretches({name: curve(0, 0, None, 0, 0) for name in "abc"}, 1.6)
    assert [parts[name] for name in "abc"] == [[Stretch(0, 1, k, 3), Stretch(3, 4, k, 3)] for k in range(3)]


def test_curves_that_cross_do_not_lie_on_each_other():
    parts = stretches({"a": curve(0, 10), "b": curve(10, 0)}, 1.6)
    assert {part.of for each in parts.values() for part in each} == {1}


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=2, max_size=6), min_size=1, max_size=5))
def test_every_segment_is_in_one_stretch_and_company_is_mutual(drawn):
    curves = {name: curve(*ys) for name, ys in enumerate(drawn)}
    company = {}
    for name, parts in stretches(curves, 0.5).items():
        covered = [k for part in parts for k in range(part.first, part.last)]
        here = curves[name]
        assert covered == [k for k in range(len(here) - 1) if here[k] is not None and here[k + 1] is not None]
        for part in parts:
            for k in range(part.first, part.last):
                company.setdefault((k, here[k][1], here[k + 1][1]), []).append((part.place, part.of))
    for places in company.values():
        assert sorted(places) == [(k, len(places)) for k in range(len(places))]


def test_of_points_on_one_spot_each_is_larger_than_the_next():
    found = stacked([(0, 0), (9, 9), (0.5, 0), (1.0, 0)], 0.6)
    assert found == [(0, 3), (0, 1), (1, 3), (2, 3)]
    sizes = [ring(place, 3, 5.0) for place in range(3)]
    assert sizes[0] > sizes[1] + 1.5 > sizes[2] + 3
    assert sizes[2] == 5.0 == ring(0, 1, 5.0)
    assert ring(0, 20, 5.0) <= 15


# --- in figures


def rows_of(**digits):
    rows = []
    for name, values in digits.items():
        for k, value in enumerate(values):
            row = measured(name, 10.0**k, 1e-9, problem=f"p{k}")
            row.scores["digits.min"] = value
            rows.append(row)
    return Rows(tuple(rows))


SAME = rows_of(gelsd=(8, 6, 4, 2, 1), rcond0=(8, 6, 4, 2, 1), lstsq=(8, 6, 4, 0, 0), qr=(7, 5, 3, 2.5, 2))
LINES = plot.Lines("t", y="digits.min")


def dashed(line, points=2000):
    """The parts, in points along the line, in which its dashes are drawn: True or False at each."""
    offset, pattern = line._dash_pattern
    total = sum(pattern)
    return [(((k + 0.5) / 10 + offset) % total) < pattern[0] for k in range(points)]


def test_each_of_the_curves_on_one_path_has_dashes_where_no_other_has():
    figure = plot.draw(LINES, SAME)
    shared = {line.get_gid(): line for line in gids(figure, "shared ") if list(line.get_xdata()) == [1.0, 10.0, 100.0]}
    assert sorted(shared) == ["shared gelsd", "shared lstsq", "shared rcond0"]
    drawn = [dashed(line) for line in shared.values()]
    assert all(sum(here) == 1 for here in zip(*drawn, strict=True))
    text = shown(figure)
    assert "Dashes in turn: curves that lie on each other." in text
    assert "A ring around a marker: points that lie on each other." in text


def test_each_curve_is_drawn_whole():
    figure = plot.draw(LINES, SAME)
    for name in ("gelsd", "rcond0", "lstsq", "qr"):
        segments = []
        for line in (*gids(figure, f"line {name}"), *gids(figure, f"shared {name}")):
            pairs = list(zip(line.get_xdata(), line.get_ydata(), strict=True))
            segments += [(a[0], b[0]) for a, b in pairwise(pairs) if not math.isnan(a[1]) and not math.isnan(b[1])]
        assert sorted(segments) == [(10.0**k, 10.0 ** (k + 1)) for k in range(4)]


def test_of_markers_on_one_spot_each_shows_around_those_above_it():
    figure = plot.draw(LINES, SAME)
    sizes = {}
    for line in gids(figure, "points "):
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
            sizes.setdefault((x, y), []).append((line.get_zorder(), line.get_markersize()))
    assert any(len(here) == 3 for here in sizes.values())
    for here in sizes.values():
        ordered = [size for _, size in sorted(here)]
        assert ordered == sorted(ordered, reverse=True)
        assert len(set(ordered)) == len(ordered)


def test_curves_apart_are_drawn_as_ever():
    figure = plot.draw(LINES, rows_of(a=(8, 6), b=(3, 1)))
    assert not gids(figure, "shared ")
    assert "Dashes in turn" not in shown(figure)
    assert "A ring" not in shown(figure)


def test_a_dot_of_a_scatter_hides_no_other():
    rows = Rows(tuple(measured(name, 1.0, 1e-9, seed=k) for k, name in enumerate(("svd.full", "qr.mgs", "normal.lu"))))
    figure = plot.draw(plot.Scatter("t", x="error.normwise"), rows)
    points = gids(figure, "points ")
    assert {line.get_markerfacecolor() for line in points} == {"none"}
    assert len({line.get_markersize() for line in points}) == 3
    assert "Outlines around each other: points on one spot." in shown(figure)
    look = looks(["svd.full", "qr.mgs", "normal.lu"])
    for k, name in enumerate(look):
        (line,) = gids(figure, f"points {name}")
        assert line.get_markersize() == pytest.approx(look[name].size(ring(k, 3, 6.5)))


def test_points_apart_have_outlines_of_one_size():
    rows = Rows(tuple(measured(name, 1.0, 10.0**-k) for k, name in enumerate(("svd.full", "qr.mgs", "normal.lu"))))
    figure = plot.draw(plot.Scatter("t", x="error.normwise"), rows)
    look = looks(["svd.full", "qr.mgs", "normal.lu"])
    for name in look:
        (line,) = gids(figure, f"points {name}")
        assert line.get_markersize() == pytest.approx(look[name].size(6.5))
    assert "Outlines" not in shown(figure)

"""Every text of a figure can be read: nothing is clipped, nothing overlaps."""

import matplotlib
import pytest
from test_plot import LINES, SPECS, clipped, gids, ladder, measured, overlapping

from stabilitylab.report import plot
from stabilitylab.report.plot.looks import looks
from stabilitylab.report.rows import Rows


@pytest.mark.parametrize("spec", SPECS, ids=lambda s: f"{type(s).__name__} {s.title[:6]}")
def test_no_text_is_clipped_and_no_two_overlap(spec):
    figure = plot.draw(spec, ladder())
    assert clipped(figure) == []
    assert overlapping(figure) == []


def test_the_checks_notice_a_clipped_text_and_an_overlap():
    figure = plot.draw(LINES, ladder())
    figure.text(0.97, 0.5, "beyond the right edge")
    figure.text(0.5, 0.5, "twice")
    figure.text(0.5, 0.5, "twice")
    assert clipped(figure) == ["beyond the right edge"]
    assert ("twice", "twice") in overlapping(figure)


def test_a_title_of_any_length_is_wrapped_and_a_long_name_fits():
    rows = Rows((measured("x" * 40, 10.0, 1e-8), measured("y", 100.0, 1e-7)))
    for spec in (plot.Lines("word " * 60), plot.Scatter("w" * 300, x="error.normwise"), plot.HeatMap("a " * 99)):
        if isinstance(spec, plot.HeatMap):
            spec = plot.HeatMap(spec.title, columns="problem.cond")
        assert clipped(plot.draw(spec, rows)) == []


def test_series_differ_in_more_than_colour():
    made = looks(range(40))
    assert len(set(made.values())) == 40
    assert len({(look.marker, str(look.dashes)) for look in made.values()}) == 40


def test_cells_contrast_with_their_numbers():
    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    rows = [measured("s", 10.0**k, 1.0) for k in range(17)]
    for k, row in enumerate(rows):
        row.scores["digits.min"] = min(float(k), 15.95)
    figure = plot.draw(plot.HeatMap("t", columns="problem.cond"), Rows(tuple(rows)))
    faces, ratios = gids(figure, "faces"), []
    for text in gids(figure, "cell"):
        (face,) = [patch for patch in faces if patch.get_path().contains_point(text.get_position())]
        a, b = luminance(matplotlib.colors.to_rgb(text.get_color())), luminance(face.get_facecolor())
        ratios.append((max(a, b) + 0.05) / (min(a, b) + 0.05))
    assert len(ratios) == 17
    assert min(ratios) > 4.5

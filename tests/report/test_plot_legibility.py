"""Every text of a figure can be read: nothing is clipped, nothing overlaps."""

import matplotlib
import numpy as np
import pytest
from test_plot import LINES, SCATTER, SPECS, clipped, gids, ladder, laid_out, measured, overlapping, shown, texts

from paths import ROOT
from stabilitylab.core.errors import UnknownNameError
from stabilitylab.lab.experiment import load
from stabilitylab.report import plot
from stabilitylab.report.committed import read_committed
from stabilitylab.report.plot.heatmap import _bands
from stabilitylab.report.plot.looks import looks
from stabilitylab.report.plot.sheet import HARD, text_width, wrapped
from stabilitylab.report.rows import NoRowsError, Rows


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


def test_what_must_not_be_broken_is_broken_between_words_where_it_is_wider_than_a_line():
    sentence = "● silent and wrong: less than one correct digit, and no warning".replace(" ", HARD)
    lines = wrapped(sentence, 9, 2.0)
    assert len(lines) > 1
    assert HARD.join(lines) == sentence
    assert all(text_width(line, 9) <= 2.0 for line in lines)
    assert "".join(wrapped("x" * 200, 9, 2.0)) == "x" * 200


def test_series_differ_in_more_than_colour():
    made = looks(range(40))
    assert len(set(made.values())) == 40
    assert len({(look.marker, str(look.dashes)) for look in made.values()}) == 40


def covers(face, place):
    """Whether one of the thick lines of a colour, from (x, y) to (u, y), runs through a cell."""
    ends = face.get_path().vertices.reshape(-1, 2, 2)
    return any(x < place[0] < u and abs(y - place[1]) < 0.1 for (x, y), (u, _) in ends)


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
        (face,) = [patch for patch in faces if covers(patch, text.get_position())]
        a, b = luminance(matplotlib.colors.to_rgb(text.get_color())), luminance(face.get_edgecolor())
        ratios.append((max(a, b) + 0.05) / (min(a, b) + 0.05))
    assert len(ratios) == 17
    assert min(ratios) > 4.5


def many(count, problems=2):
    """Rows of that many routes on some problems."""
    rows = []
    for k in range(count):
        for p in range(problems):
            row = measured(f"library.route_{k}", 10.0**p, 1.0, problem=f"family.problem_with_a_long_name_{p}")
            row.scores["digits.min"] = (3.7 * k + p) % 16
            rows.append(row)
    return Rows(tuple(rows))


def test_a_heat_map_of_many_rows_repeats_its_heads_and_loses_none():
    spec = plot.HeatMap("t", sort="leaderboard")
    figure = plot.draw(spec, many(90))
    assert clipped(figure) == []
    assert overlapping(figure) == []
    below = [axes for axes in figure.axes if axes.get_title() == "" and axes.get_yticklabels()]
    sizes = [len(axes.get_yticklabels()) for axes in below]
    assert sum(sizes) == 90
    assert max(sizes) <= 40
    assert all(
        [t.get_text() for t in axes.get_xticklabels()] == [f"family.problem_with_a_long_name_{p}" for p in range(2)]
        for axes in below
    )
    assert len(gids(figure, "cell")) == 180
    assert len([t for t, _ in texts(figure) if t.get_text().endswith("/2")]) == 90
    names = [t.get_text() for axes in below for t in axes.get_yticklabels()]
    assert sorted(names) == sorted(f"library.route_{k}" for k in range(90))


@pytest.mark.parametrize("count", [1, 2, 39, 40, 41, 80, 81, 160])
def test_bands_hold_every_row_once(count):
    bands = _bands(count)
    assert [k for first, last in bands for k in range(first, last)] == list(range(count))
    assert max(last - first for first, last in bands) <= 40
    assert max(last - first for first, last in bands) - min(last - first for first, last in bands) <= 1


# --- what is drawn crosses no text


def inked(figure):
    """Boxes (k, 4) of pieces of all curves, laws, guides and dots, in points from the lower left corner, by name."""
    laid_out(figure)
    found = {}
    for line in figure.findobj(matplotlib.lines.Line2D):
        name = line.get_gid() or ""
        if not name.startswith(("line ", "shared ", "law ", "guide", "points ")) or not line.axes:
            continue
        places = line.get_transform().transform(line.get_xydata()) * 72 / figure.dpi
        if name.startswith("points "):
            half = line.get_markersize() / 2
            pieces = np.hstack([places - half, places + half])
        else:
            # A curve in small pieces is as good as its pieces' boxes.
            steps = np.linspace(0, 1, 41)[:, None, None]
            fine = places[:-1] + (places[1:] - places[:-1]) * steps
            pieces = np.concatenate([np.minimum(fine[:-1], fine[1:]), np.maximum(fine[:-1], fine[1:])], axis=2)
            pieces = pieces.reshape(-1, 4)
            if line.get_clip_on():
                low, high = line.axes.bbox.y0 * 72 / figure.dpi, line.axes.bbox.y1 * 72 / figure.dpi
                pieces = pieces[(pieces[:, 3] >= low - 1) & (pieces[:, 1] <= high + 1)]
        found.setdefault(name, []).append(pieces)
    return {name: np.vstack(parts) for name, parts in found.items()}


def crossed(figure):
    """(text, what crosses it) for every text, level or upright, that a curve, law, guide or dot crosses."""
    inks, found = inked(figure), []
    for text, box in texts(figure):
        gid = text.get_gid() or ""
        if text.get_rotation() not in (0, 90) or gid.startswith("lost ") or gid == "cell":
            continue
        left, low, right, high = (value * 72 / figure.dpi for value in (box.x0, box.y0, box.x1, box.y1))
        for name, pieces in inks.items():
            x, y, u, v = pieces.T
            # A line along an axis has no width of its own.
            room = 0.25
            across = np.minimum(u + room, right) - np.maximum(x - room, left)
            up = np.minimum(v + room, high) - np.maximum(y - room, low)
            if ((across > 0.4) & (up > 0.4)).any():
                found.append((text.get_text(), name))
    return found


CROWDED = plot.Scatter(
    "t",
    x="error.normwise",
    y="digits.min",
    where={"seed": 0},
    labels=lambda row: f"{row.solver} {row.problem}" if row["problem.cond"] == 1e4 else "",
    guides=(plot.Guide("x", 2e-10, "2e-10"), plot.Guide("x", 3e-10, "3e-10, beside it"), plot.Guide("y", 9.0, "nine")),
)
GUIDED = plot.Lines(
    "t", laws=True, guides=(plot.Guide("y", 1e-8, "half"), plot.Guide("x", 1e8, "1e8"), plot.Guide("x", 2e8, "2e8"))
)


def fanned():
    """The ladder with digits that differ, so that its dots are not all on one line."""
    rows = ladder()
    for k, row in enumerate(rows):
        if row.answered:
            row.scores["digits.min"] = 15.0 * ((k * 0.618) % 1)
    return rows


@pytest.mark.parametrize("spec", [SPECS[1], CROWDED, GUIDED], ids=["panels", "scatter", "guides"])
def test_no_curve_guide_or_dot_crosses_a_text(spec):
    figure = plot.draw(spec, fanned())
    assert crossed(figure) == []
    assert clipped(figure) == []
    assert overlapping(figure) == []


def test_the_checks_notice_a_text_on_a_guide_a_curve_and_a_dot():
    figure = plot.draw(GUIDED, fanned())
    axes = figure.axes[0]
    axes.text(1e3, 1e-8, "on the guide", va="center")
    line = gids(figure, "shared ")[0]
    axes.text(line.get_xdata()[3], line.get_ydata()[3], "on a curve", ha="center", va="center")
    hit = crossed(figure)
    assert ("on the guide", "guide") in hit
    assert any(text == "on a curve" and name.startswith("shared ") for text, name in hit)
    assert any(text == "on a curve" and name.startswith("points ") for text, name in hit)


def test_axes_say_which_way_is_better():
    figure = plot.draw(SCATTER, fanned())
    assert figure.axes[0].get_xlabel().endswith("← better")
    assert figure.axes[0].get_ylabel().endswith("→ better")
    assert "better" not in plot.draw(LINES, ladder()).axes[0].get_xlabel()


BOOK = [
    (path.stem, number, spec)
    for path in sorted((ROOT / "experiments").glob("*.py"))
    for number, spec in enumerate(load(path).experiment.figures, 1)
    if not isinstance(spec, plot.HeatMap)
]


@pytest.mark.parametrize(("name", "number", "spec"), BOOK, ids=[f"{name[:20]} {number}" for name, number, _ in BOOK])
def test_the_figures_of_the_experiments_can_be_read(name, number, spec):
    try:
        figure = plot.draw(spec, read_committed(ROOT / "experiments" / "tables" / f"{name}-rows.csv.gz"))
    except (NoRowsError, UnknownNameError) as error:
        pytest.skip(f"the committed rows are older than figure {number}: {error}")
    assert crossed(figure) == []
    assert clipped(figure) == []
    assert overlapping(figure) == []
    curves = {line.get_gid().split(" ", 1)[1] for line in (*gids(figure, "line "), *gids(figure, "shared "))}
    dots = {line.get_gid().split(" ", 1)[1] for line in gids(figure, "points ")}
    assert curves <= dots
    assert all(name in shown(figure) for name in dots)

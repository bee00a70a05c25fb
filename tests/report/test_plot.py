"""Figures lose nothing either: every row is a point, a mark or a name below; nothing overlaps, nothing is clipped."""

import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.types import STARTED, Measurement, Status
from stabilitylab.report import plot
from stabilitylab.report.fields import SpecError
from stabilitylab.report.grid import STARTED_NOTE
from stabilitylab.report.marks import STATUS_MARKS
from stabilitylab.report.plot.scatter import spots
from stabilitylab.report.plot.traces import traces
from stabilitylab.report.rows import NoRowsError, Rows

U = 2.0**-53
ROUTES = ("normal.cholesky", "normal.lu", "qr.householder", "qr.mgs", "qr.cgs", "svd.full", "numpy.lstsq", "r.lm")


def measured(solver, cond, error, status="SOLVED", seed=0, problem="p", verdict=""):
    answered = Status[status].answered
    scores = {
        "error.normwise": error if answered else None,
        "digits.min": 8.0 if answered else None,
        "backward_error.columnwise": 2.0 if answered else None,
        "predicted.error": U * (cond or 1.0),
        "predicted.digits": 7.0,
    }
    return Measurement(
        problem=problem,
        parameters={"cond": cond},
        solver=solver,
        format="float64",
        works_in="float64",
        truth="matrix",
        status=status,
        note="",
        warnings=(),
        rank=None,
        x=(1.0,) if answered else None,
        scores=scores,
        verdict=verdict,
        seed=seed,
    )


def ladder(step=1):
    """Eight routes over cond 1..1e16: the normal equations refuse beyond 1e8, numpy.lstsq cuts off at 1e15."""
    rows = []
    for i, solver in enumerate(ROUTES):
        for k in range(0, 17, step):
            for seed in range(2):
                normal = solver.startswith("normal")
                status = "REFUSED" if normal and k > 8 else "SOLVED"
                if solver == "numpy.lstsq" and k > 14:
                    status = "RANK_REDUCED"
                error = U * 10.0 ** (k * (2 if normal else 1)) * (1 + 0.1 * i + 0.2 * seed)
                rows.append(measured(solver, 10.0**k, error, status, seed, f"p{k}"))
    return Rows(tuple(rows))


LINES = plot.Lines("The normal equations lose twice the digits", laws=True, guides=(plot.Guide("y", 1.0, "no digit"),))
HEAT = plot.HeatMap("Digits of every route", columns="problem.cond", reduce="min", sort="leaderboard")
SCATTER = plot.Scatter(
    "Backward stable is not accurate",
    x="error.normwise",
    y="digits.min",
    where={"seed": 0},
    labels=lambda row: row.solver if row["problem.cond"] == 1e4 else "",
    guides=(plot.Guide("x", U, "unit roundoff"),),
)
SPECS = [LINES, plot.Lines("Digits", y="digits.min", panels="solver", where={"solver": ROUTES[:3]}), HEAT, SCATTER]


def laid_out(figure):
    """The figure with everything at its place; nothing is done where it has not changed since."""
    if figure.stale:
        figure.draw_without_rendering()
    return figure


def texts(figure):
    """Every text that is shown, with its box in pixels."""
    laid_out(figure)
    found = [text for text in figure.findobj(matplotlib.text.Text) if text.get_visible() and text.get_text().strip()]
    return [(text, text.get_window_extent()) for text in found]


def clipped(figure):
    page = figure.bbox
    return [
        text.get_text()
        for text, box in texts(figure)
        if box.x0 < page.x0 - 0.5 or box.y0 < page.y0 - 0.5 or box.x1 > page.x1 + 0.5 or box.y1 > page.y1 + 0.5
    ]


def overlapping(figure):
    """Pairs of level texts that share more than a hair; slanted texts have boxes larger than their ink."""
    level = [(text, box) for text, box in texts(figure) if text.get_rotation() in (0, 90)]
    return [
        (a.get_text(), b.get_text())
        for (a, p), (b, q) in combinations(level, 2)
        if min(p.x1, q.x1) - max(p.x0, q.x0) > 1 and min(p.y1, q.y1) - max(p.y0, q.y0) > 2
    ]


def gids(figure, start):
    return [a for a in figure.findobj() if (a.get_gid() or "").startswith(start)]


def shown(figure):
    """All that is written in a figure, in one line."""
    return " ".join(" ".join(text.get_text() for text in figure.findobj(matplotlib.text.Text)).split())


# --- nothing is lost

statuses = st.sampled_from([status.name for status in Status])
drawn_rows = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([None, 0.0, 1.0, 1e4, 1e9]),
        st.sampled_from([0.0, 1e-12, 1e-3, 1e9, None, float("nan")]),
        statuses,
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=80)
@given(drawn_rows)
def test_every_row_is_in_a_trace_or_named_below(drawn):
    rows = Rows(tuple(measured(s, c, e, status) for s, c, e, status in drawn))
    found, unplaced = traces(LINES, rows)
    assert sum(sum(trace.sizes) for trace in found) + len(unplaced) == len(rows)
    for trace in found:
        for y, lost in zip(trace.y, trace.lost, strict=True):
            assert y is not None or lost


@settings(max_examples=15)
@given(drawn_rows)
def test_any_rows_can_be_drawn_and_each_shows(drawn):
    rows = Rows(tuple(measured(s, c, e, status) for s, c, e, status in drawn))
    figure = plot.draw(LINES, rows)
    found, unplaced = traces(LINES, rows)
    lost = [marks for trace in found for marks in trace.lost if marks]
    points = sum(len(line.get_xdata()) for line in gids(figure, "points"))
    assert points == sum(len(trace.x) for trace in found)
    assert len(gids(figure, "lost")) == len(lost)
    text = shown(figure)
    assert all(f"{row.solver} (" in text for row in unplaced)
    figure = plot.draw(plot.Scatter("t", x="error.normwise"), rows)
    made = spots(plot.Scatter("t", x="error.normwise"), rows)
    edge = [spot for spot in made if (spot.x is None) != (spot.y is None)]
    nowhere = [spot for spot in made if spot.x is None and spot.y is None]
    assert len(gids(figure, "lost")) == len(edge)
    assert all(spot.marks for spot in (*edge, *nowhere))
    placed = sum(len(line.get_xdata()) for line in gids(figure, "points"))
    assert placed + len(edge) + len(nowhere) == len(rows)
    text = shown(figure)
    assert all(f"{spot.row.solver} (" in text for spot in nowhere)


def test_a_refusal_is_a_mark_at_its_x_and_explained():
    figure = plot.draw(LINES, ladder())
    found = gids(figure, "lost normal.cholesky")
    assert [mark.get_position()[0] for mark in found] == [10.0**k for k in range(9, 17)]
    assert {mark.get_text() for mark in found} == {STATUS_MARKS["REFUSED"].symbol}
    assert "refused, and said why" in shown(figure)


def test_the_line_has_a_gap_where_nothing_was_answered():
    rows = Rows(tuple(measured("s", 10.0**k, 1e-9, "DIED" if k == 2 else "SOLVED") for k in range(5)))
    (line,) = gids(plot.draw(LINES, rows), "line s")
    assert [y == y for y in line.get_ydata()] == [True, True, False, True, True]


def test_the_law_goes_on_where_the_route_refuses():
    (law,) = gids(plot.draw(LINES, ladder()), "law ")  # one, since it is the same for all of them
    assert law.get_gid() == f"law {', '.join(ROUTES)}"
    assert list(law.get_ydata()) == pytest.approx([U * 10.0**k for k in range(17)])
    assert not gids(plot.draw(plot.Lines("t"), ladder()), "law")


def test_a_point_is_the_median_of_its_seeds():
    rows = Rows(tuple(measured("s", 1.0, e, seed=k) for k, e in enumerate((1e-3, 1e-9, 1e-5))))
    (line,) = gids(plot.draw(LINES, rows), "line s")
    assert list(line.get_ydata()) == [1e-5]


def test_an_error_of_zero_stands_at_the_lower_edge():
    figure = plot.draw(LINES, Rows((measured("s", 1.0, 0.0), measured("s", 10.0, 1e-16))))
    assert "exactly 0" in shown(figure)
    assert sum(len(line.get_xdata()) for line in gids(figure, "points s")) == 2


def test_every_cell_of_a_heat_map_has_its_number_or_mark():
    statuses = [status.name for status in Status]
    rows = Rows(tuple(measured("s", None, 1.0, status, problem=status) for status in statuses))
    found = [text.get_text() for text in gids(plot.draw(plot.HeatMap("t"), rows), "cell")]
    expected = [
        ("8.0" if Status[s].answered else "") + (STATUS_MARKS[s].symbol if s != "SOLVED" else "") for s in statuses
    ]
    assert found == expected


def test_a_leaderboard_says_that_what_started_at_the_answer_does_not_count():
    own, lucky = (replace(measured(s, 1e2, 1e-9), scores={"digits.min": d}) for s, d in (("own", 9.0), ("lucky", 15.0)))
    lucky = replace(lucky, facts={STARTED: "started at the answer"})
    spec = plot.HeatMap("t", sort="leaderboard")
    said = shown(plot.draw(spec, Rows((lucky, own))))
    assert "1/1" in said
    assert "0/0" in said
    assert STARTED_NOTE in said
    assert STARTED_NOTE not in shown(plot.draw(spec, Rows((own,))))


def test_the_references_own_solver_is_not_ranked_in_a_figure_either():
    own, reference = (
        replace(measured(s, 1e2, 1e-9), scores={"digits.min": 9.0}) for s in ("numpy.lstsq", "exact.certified")
    )
    said = shown(plot.draw(plot.HeatMap("t", sort="leaderboard"), Rows((own, reference))))
    assert ("1/1" in said, "not ranked" in said, "0/0" in said) == (True, True, False)


def test_a_name_is_text_and_no_mathematics():
    figure = plot.draw(plot.Lines("It costs $5 and $6"), Rows((measured("$x^2$ [b] <i>", 10.0, 1e-8),)))
    assert "It costs $5 and $6" in shown(figure)
    assert "$x^2$ [b] <i>" in shown(figure)


# --- what cannot be drawn


def test_wrong_specs_say_so():
    with pytest.raises(SpecError, match="choose a digits score"):
        plot.HeatMap("t", value="error.normwise")
    with pytest.raises(SpecError, match="an axis needs a number"):
        plot.draw(plot.Lines("t", x="problem"), ladder())
    for spec in (plot.Lines("t"), plot.Scatter("t", x="error.normwise")):
        with pytest.raises(SpecError, match=r"the guide 'none' stands at x = 0, .* set log_x=False"):
            plot.draw(replace(spec, guides=(plot.Guide("x", 0.0, "none"),)), ladder())
    with pytest.raises(UnknownNameError, match="did you mean"):
        plot.draw(plot.Lines("t", y="error.normwize"), ladder())
    with pytest.raises(NoRowsError):
        plot.draw(plot.Lines("t", where={"solver": "none"}), ladder())


# --- files and state


def _saved(folder, specs=SPECS):
    for k, spec in enumerate(specs):
        plot.save(plot.draw(spec, ladder(step=4)), folder / f"figure.{k}")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_drawing_twice_and_in_another_process_gives_the_same_bytes_without_pyplot(tmp_path):
    here = _saved(tmp_path / "a")
    assert sorted(here) == [f"figure.{k}.{kind}" for k in range(4) for kind in ("png", "svg")]
    again = _saved(tmp_path / "b", SPECS[:1])
    assert again == {name: here[name] for name in again}
    code = (
        "import sys, pathlib; import test_plot; test_plot._saved(pathlib.Path(sys.argv[1])); "
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "c")], check=True, cwd=Path(__file__).parent)
    assert {path.name: path.read_bytes() for path in sorted((tmp_path / "c").iterdir())} == here
    svg = here["figure.0.svg"]
    assert b"<dc:date>" not in svg
    assert b"\r" not in svg


def test_settings_of_the_process_neither_change_nor_matter(tmp_path):
    plain = plot.save(plot.draw(LINES, ladder()), tmp_path / "plain")
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "lines.linewidth": 9, "svg.fonttype": "none"}):
        before = dict(matplotlib.rcParams)
        other = plot.save(plot.draw(LINES, ladder()), tmp_path / "other")
        assert dict(matplotlib.rcParams) == before
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in other]


def test_importing_plot_does_not_import_matplotlib():
    code = "import sys, stabilitylab.report.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

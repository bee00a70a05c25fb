"""Predictions in figures: laws that say the same are one, each is named at its end, and what is worse is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_plot import gids, measured, shown

from stabilitylab.report import plot
from stabilitylab.report.plot.predictions import FACTOR, laws, remark
from stabilitylab.report.plot.traces import Trace
from stabilitylab.report.rows import Rows


def trace(name, law, y=None):
    n = len(law)
    return Trace(name, tuple(10.0**k for k in range(n)), tuple(y or law), tuple(law), ((),) * n, ((),) * n, (1,) * n)


def rows_of(**series):
    """Rows at conditions 1, 10, ... whose error and predicted error are given in pairs."""
    rows = []
    for name, pairs in series.items():
        for k, (error, predicted) in enumerate(pairs):
            row = measured(name.replace("_", "."), 10.0**k, error, problem=f"p{k}")
            row.scores["predicted.error"] = predicted
            rows.append(row)
    return Rows(tuple(rows))


LINES = plot.Lines("t", laws=True)


def test_laws_within_the_factor_are_one_band_and_others_are_not():
    one, other, apart = trace("a", (1e-16, 1e-15)), trace("b", (4e-16, 4e-15)), trace("c", (1e-16, 1e-13))
    made = laws([one, other, apart], digits=False)
    assert [group.names for group in made] == [("a", "b"), ("c",)]
    assert (made[0].low, made[0].high) == ((1e-16, 1e-15), (4e-16, 4e-15))
    assert made[1].is_line
    assert not made[0].is_line


@given(st.lists(st.lists(st.floats(1e-16, 1e3), min_size=3, max_size=3), min_size=1, max_size=6))
def test_every_law_is_in_one_group_whose_members_agree(drawn):
    traces = [trace(k, tuple(law)) for k, law in enumerate(drawn)]
    made = laws(traces, digits=False)
    assert sorted(name for group in made for name in group.names) == list(range(len(drawn)))
    for group in made:
        assert all(high <= low * FACTOR * (1 + 1e-9) for low, high in zip(group.low, group.high, strict=True))


def test_each_law_has_its_dashes_and_its_words_at_its_end():
    rows = rows_of(
        qr_mgs=[(1e-16, 1e-16), (1e-15, 1e-15)],
        normal_lu=[(1e-14, 1e-14), (1e-12, 1e-12)],
        svd_full=[(1e-16, 3e-16), (1e-15, 3e-15)],
    )
    figure = plot.draw(LINES, rows)
    drawn = gids(figure, "law ")
    assert sorted({line.get_gid() for line in drawn}) == ["law normal.lu", "law qr.mgs, svd.full"]
    patterns = {line.get_gid(): str(line._dash_pattern) for line in drawn}
    assert len(set(patterns.values())) == 2
    curves = {str(line._dash_pattern) for line in gids(figure, "line ")}
    assert not curves & set(patterns.values())
    assert len(gids(figure, "band ")) == 1
    text = shown(figure)
    assert text.count("predicted for") == 2
    assert "qr.mgs, svd.full" in text


def test_a_law_that_leaves_the_axes_is_named_where_it_leaves_them():
    figure = plot.draw(LINES, rows_of(qr_mgs=[(1e-9, 1e-9), (2e-9, 1e-4), (2e-9, 1e4)]))
    axes = figure.axes[0]
    ends = [line.get_xydata()[0] for line in gids(figure, "leader")]
    assert any(y == pytest.approx(1.0) and x < 0.9 for x, y in ends)
    assert axes.get_ylim()[1] < 1e-4


def test_what_is_measured_above_its_prediction_is_said_with_where_and_how_much():
    rows = rows_of(qr_householder=[(1e-16, 1e-16), (7.7e-16, 1e-16), (2e-16, 1e-16)], gauss_no=[(1e-9, 1e-8)] * 3)
    text = shown(plot.draw(LINES, rows))
    assert "Measured above its prediction: qr.householder at 2 of 3 points, up to 7.7 times (at 10)." in text
    assert "which is no bound" in text
    assert "gauss.no at" not in text


def test_nothing_above_its_prediction_is_said_too():
    text = shown(plot.draw(LINES, rows_of(a=[(1e-16, 1e-15)])))
    assert "No measured point is above its prediction." in text
    assert "prediction" not in shown(plot.draw(plot.Lines("t"), rows_of(a=[(1e-16, 1e-15)])))


def test_digits_below_their_prediction_are_said_in_digits():
    one = trace("a", (8.0, 7.0), y=(8.5, 5.5))
    assert "Measured below its prediction: a at 1 of 2 points, up to 1.5 digits (at 10, b = 0)." in remark(
        [("b = 0", [one])], digits=True
    )


def test_an_error_where_none_is_predicted_is_above_it():
    assert "up to" in remark([("", [trace("a", (0.0,), y=(1e-16,))])], digits=False)
    assert "No measured point" in remark([("", [trace("a", (0.0,), y=(0.0,))])], digits=False)

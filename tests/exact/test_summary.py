"""A summary has each figure in its place, names what differs between programs, and escapes names."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import InputError
from stabilitylab.exact.fit.record import OF_COEFFICIENTS, OF_FIT

RNG = np.random.default_rng(3)
A = np.round(RNG.standard_normal((20, 2)), 3)
B = np.round(A @ [2, -1] + 5 + 0.3 * RNG.standard_normal(20), 3)
HOSTILE = ("a|b\nc", "<script>alert(1)</script>", "[red]x[/red]", '=cmd|"/C calc"!A0', "\x1b[31m`*_#")


def rows_of(text):
    """The lines of the table of a summary in text: the first word of each to the others."""
    lines = text.split("\n\n")[-2].splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines[1:]}


def said(text, name):
    """What stands behind a name above or below the table, in one line."""
    found = re.search(rf"^{re.escape(name)}  +(.*(?:\n {{20,}}.*)*)", text, re.MULTILINE)
    assert found, f"{name} is not in:\n{text}"
    return " ".join(found[1].split())


def test_every_figure_is_in_its_place_in_full_when_all_digits_are_asked_for():
    fit = sl.lstsq(A, B, intercept=True, names=["u", "v"])
    text = str(fit.summary(level=0.9, digits=None))
    rows, ends = rows_of(text), fit.conf_int(0.9)
    assert list(rows) == list(fit.names)
    for j, name in enumerate(fit.names):
        figures = [fit.x[j], fit.standard_errors[j], fit.t_statistics[j], fit.p_values[j], *ends[j]]
        assert rows[name] == [*(repr(float(v)) for v in figures), f"{fit.supported_digits[j]:.1f}"]
    assert "90 % from" in text
    for name, figure in {
        "residual norm": fit.residual_norm,
        "residual standard deviation": fit.residual_standard_deviation,
        "R² about the mean": fit.r_squared_about_mean,
        "R² about zero": fit.r_squared_about_zero,
        "adjusted R² about the mean": fit.adjusted_r_squared,
        "log-likelihood": fit.log_likelihood,
    }.items():
        assert said(text, name) == repr(float(figure))
    assert said(text, "AIC") == (
        f"{fit.aic!r} (sigma counted, as in R; {fit.aic_without_sigma!r} without, as statsmodels)"
    )
    assert said(text, "BIC").startswith(repr(fit.bic))
    assert said(text, "F") == f"{fit.f_statistic!r} on 2 and 17 degrees of freedom, p = {fit.f_p_value!r}"
    assert (said(text, "rows"), said(text, "degrees of freedom")) == ("20", "17")
    assert str(fit.certificate) in said(text, "proof")


def test_six_digits_are_shown_by_default_and_the_way_to_the_others():
    fit = sl.lstsq(A, B)
    text = str(fit.summary())
    assert rows_of(text)["a0"][:2] == [f"{fit.x[0]:.6g}", f"{fit.standard_errors[0]:.6g}"]
    assert "shown to 6 digits (digits=None shows all)" in said(text, "proof")
    assert "R² about the mean" not in text  # there is no constant
    assert said(text, "adjusted R² about zero") == f"{fit.adjusted_r_squared:.6g}"


def test_the_level_is_checked_and_taken_as_written():
    fit = sl.lstsq(A, B)
    for level in ("0.999", 0.999):
        assert "99.9 % from" in str(fit.summary(level))
    assert "99.99999999 % from" in str(fit.summary("0.9999999999"))
    with pytest.raises(InputError, match="level is the probability"):
        fit.summary(95)
    with pytest.raises(InputError, match="level is the probability"):
        fit.to_dict(level=1)


def test_a_coefficient_that_is_exactly_zero_is_said_to_be_exact():
    square = np.array([[1.0, 1], [1, -1], [1, 0], [1, 0]])
    fit = sl.lstsq(square, [1.0, 1, 2, 4])
    assert fit.is_exactly_zero.tolist() == [False, True]
    assert rows_of(str(fit.summary()))["a1"][:2] == ["0", "(exact)"]
    assert repr(fit).splitlines()[2].split() == ["a1", "0.0", "exact"]
    assert "<td" in fit._repr_html_()
    assert ">exact<" in fit._repr_html_()


def test_a_p_value_below_the_least_double_is_said_to_be_below_it():
    x = np.arange(60.0)
    fit = sl.lstsq(x[:, None], 3 * x + 1e-14 * (x % 7))
    for digits in (6, None):
        text = str(fit.summary(digits=digits))
        assert rows_of(text)["a0"][3:5] == ["<", "5e-324"]
        assert said(text, "F").endswith("p < 5e-324")


def test_why_there_are_no_standard_errors_and_what_the_data_do_not_determine_come_in_words():
    few = str(sl.lstsq(A[:2], B[:2]).summary())
    assert "2 rows for 2 coefficients leave no residuals" in said(few, "no standard errors")
    assert rows_of(few)["a0"][1:6] == ["none"] * 5
    least = str(sl.lstsq(A[:, [0, 0]], B, policy="minimum-norm").summary())
    assert least.startswith("Certified least squares of b, the solution of least norm")
    assert "rank 1" in said(least, "no standard errors")
    with pytest.warns(sl.core.errors.UndeterminedWarning):
        noise = sl.lstsq(np.column_stack([A, A @ [1, 0.7]]), B)
    for shown in (str(noise.summary()), str(noise), noise.summary().to_markdown()):
        assert shown.lstrip("*").startswith("Warning: the data cannot tell" if "Warn" in shown[:12] else "the data")
    assert re.match(r"<div>\n<p><strong>Warning: the data cannot tell", noise.summary()._repr_html_())
    assert re.match(r"<div>\n<p><strong>Warning: the data cannot tell", noise._repr_html_())


def test_weights_are_named():
    w = np.arange(1.0, 21)
    relative, absolute = (str(sl.lstsq(A, B, weights=w, weighting=how).summary()) for how in ("relative", "absolute"))
    assert said(relative, "weights").startswith("relative: ")
    assert said(absolute, "weights").startswith("absolute, ")
    assert re.search(r" z +p ", absolute)
    assert said(absolute, "AIC").endswith("(sigma is known)")
    assert "\nF " not in absolute


def test_an_exact_fit_and_a_target_without_scatter_are_told():
    whole = np.round(1000 * A)
    exact = str(sl.lstsq(whole, whole @ [2, 1]).summary())
    assert said(exact, "log-likelihood") == "inf"
    nothing = str(sl.lstsq(A, np.ones(20), intercept=True).summary())
    assert said(nothing, "R² about the mean").startswith("none: the target is constant")
    assert said(str(sl.lstsq(A, np.zeros(20)).summary()), "R² about zero") == "none: the target is 0 in every row"


def test_what_is_out_of_range_is_said_in_its_place():
    fit = sl.lstsq(A * 1e-160, B * 1e-250)
    text = str(fit.summary())
    assert said(text, "residual norm") == f"{fit.residual_norm:.6g}"
    record = fit.to_dict()
    assert record["rss"] is None
    assert "the residual sum of squares" in record["reasons"]["rss"]
    far = sl.lstsq(A * 1e-158, B * 1e150)
    text = str(far.summary())
    assert "the upper end of the interval of a0 overflows" in said(text, "no intervals")
    assert rows_of(text)["a0"][4:6] == ["none", "none"]


def test_rows_that_were_left_out_are_counted(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("x,y\n1,2\n2,NA\n3,5\n4,\n5,9\n")
    text = str(sl.fit_file(path, "y", missing="drop").summary())
    assert text.startswith("Certified least squares of y\n")
    assert said(text, "rows") == "3, and 2 left out, in which a number is missing"


# --- names are only text


class Cells(HTMLParser):
    """The names of the tags, and the texts of header cells."""

    def __init__(self):
        super().__init__()
        self.tags, self.names, self.inside = [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        assert {name for name, _ in attrs} <= {"style"}
        self.inside = tag == "th"
        if self.inside:
            self.names.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.names[-1] += data


def hostile_fit(names=HOSTILE):
    wide = np.round(RNG.standard_normal((12, len(names))), 3)
    return sl.lstsq(wide, B[:12], names=list(names))


def test_hostile_names_are_text_in_html():
    fit = hostile_fit()
    for page in (fit.summary()._repr_html_(), fit._repr_html_()):
        cells = Cells()
        cells.feed(page)
        assert set(cells.tags) <= {"div", "p", "table", "thead", "tbody", "tr", "th", "td", "strong"}
        assert set(cells.names) >= {"<script>alert(1)</script>", "[red]x[/red]", '=cmd|"/C calc"!A0', "\\x1b[31m`*_#"}
        assert "\x1b" not in page


def test_hostile_names_are_text_in_markdown():
    lines = hostile_fit().summary().to_markdown().splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + len(HOSTILE)
    assert all(len(re.split(r"(?<!\\)(?:\\\\)*\|", line)) == len(table[0].split("|")) for line in table)
    assert "&lt;script&gt;" in "".join(table)
    assert not any("<s" in line or "\x1b" in line for line in lines)


def test_hostile_names_are_one_line_each_in_text():
    fit = hostile_fit()
    for text in (str(fit.summary()), repr(fit.summary()), repr(fit)):
        assert "\x1b" not in text
        assert [line for line in text.splitlines() if line.lstrip().startswith("a|b\\nc")]


@given(st.lists(st.text(min_size=1), min_size=3, max_size=3, unique=True))
def test_no_name_breaks_a_page(names):
    page = sl.lstsq(A, B, intercept=True, names=names[:2]).summary()
    cells = Cells()
    cells.feed(page._repr_html_())
    assert cells.tags.count("td") == cells.tags.count("tr") - 1 + 6 * 3
    assert len([line for line in page.to_markdown().split("\n") if line.startswith("| ")]) == 2 + 3
    assert str(page).isprintable() or "\n" in str(page)


# --- the record and the certificate


def test_the_record_holds_every_figure_and_is_json():
    fit = sl.lstsq(A, B, intercept=True)
    record = json.loads(json.dumps(fit.to_dict(level=0.9)))
    for name in (*OF_FIT, "r_squared_kind", "weighting", "degrees_of_freedom", "rows", "target"):
        assert record[name] == getattr(fit, name), name
    for name in OF_COEFFICIENTS:
        assert record[name] == getattr(fit, name).tolist(), name
    assert np.transpose([record["lower"], record["upper"]]).tolist() == fit.conf_int(0.9).tolist()
    assert (record["x"], record["level"], record["reasons"]) == (fit.x.tolist(), 0.9, {})
    assert {"aic", "bic", "r_squared"} <= set(record["conventions"])
    few = sl.lstsq(A[:2], B[:2]).to_dict()
    assert (few["p_values"], few["lower"]) == (None, None)
    assert few["why_no_standard_errors"]


def test_a_certificate_prints_as_a_sentence():
    certificate = sl.lstsq(A, B).certificate
    assert str(certificate) == (
        f"x proven to {certificate.digits:.0f} digits by {certificate.route}, rank 2 of 2, which "
        "sl.check(certificate, A, b) verifies"
    )
    assert repr(certificate) == f"Certificate: {certificate}"
    assert sl.check(certificate, A, B).valid
    assert str(sl.lstsq(A, np.zeros(20)).certificate).startswith("x proven exactly by ")


# --- several targets, a penalty


def test_several_targets_have_a_column_each_with_the_figures_of_each_fit():
    fits = sl.lstsq(A, np.column_stack([B, A[:, 0]]), intercept=True)
    text = str(fits.summary(level=0.9, digits=None))
    lines = [line.split("  ") for line in text.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    table = {row[0]: row[1:] for row in cells if len(row) == 3}
    assert table["a1"] == [repr(float(fit.x[2])) + " (exact)" * bool(fit.x[2] == 0) for fit in fits]
    assert table["90 % from"] == [repr(float(fit.conf_int(0.9)[2, 0])) for fit in fits]
    assert table["R² about the mean"] == [repr(fit.r_squared_about_mean) for fit in fits]
    assert table["AIC"] == [repr(fit.aic) for fit in fits]
    assert "AIC and BIC  sigma counted, as in R" in text
    assert text.startswith("Certified least squares of b0 and b1\n")
    assert fits.summary().to_markdown().count("\n| ") == 1 + 1 + 3 * 5 + 6
    assert "<table>" in fits.summary()._repr_html_()


def test_hostile_targets_are_text():
    frame = np.zeros(20, dtype=[("<script>", float), ("a|b", float)])
    frame["<script>"], frame["a|b"] = B, B * 2
    fits = sl.lstsq(A, frame)
    assert fits.targets == ("<script>", "a|b")
    for page in (fits._repr_html_(), fits.summary()._repr_html_(), fits[0].summary()._repr_html_()):
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
    assert r"a\|b" in fits.summary().to_markdown()


def test_a_penalty_is_said_and_what_it_takes_away():
    text = str(sl.lstsq(A, B, intercept=True, ridge="0.1").summary())
    assert said(text, "penalty") == "0 x² for intercept; 0.1 x² for a0 and a1"
    assert "the penalty moves the coefficients" in said(text, "no standard errors")
    assert "maximum likelihood" in said(text, "no log-likelihood, AIC and BIC")
    assert "degrees of freedom" not in text.split("no standard errors")[0]

"""A diagnosis by blocks against the ordinary one of the same small file, and against rationals."""

import gzip
import tracemalloc
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

import stabilitylab as sl
from exact_fit import exact_fit
from stabilitylab.bench import route
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.errors import (
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    UnknownNameError,
)
from stabilitylab.data.table.by_blocks import text
from stabilitylab.diagnosis import by_blocks
from stabilitylab.diagnosis.asked import asked
from stabilitylab.diagnosis.by_blocks import too_large
from stabilitylab.diagnosis.by_blocks.equivalent import _triangle
from stabilitylab.diagnosis.by_blocks.too_large import is_too_large
from stabilitylab.diagnosis.dependence import dependence_of
from stabilitylab.diagnosis.forecast import forecast_of
from stabilitylab.scoring.accuracy import digits_cap

ROWS = 7  # in a block
EVERYTHING = {"target": "y", "weights": "w", "missing": "drop", "by_blocks": True}


def numbers(m=60, near=1e-4):
    """A table of decimals: two columns that are nearly one, and one far from 0."""
    rng = np.random.default_rng(5)
    a, noise = rng.normal(size=m), rng.normal(size=(4, m))
    b, far = a + near * noise[0], 1e6 + 3 * noise[1]
    return {"a": a, "b": b, "far": far, "y": a + 2 * b - far / 1e6 + 0.1 * noise[2]}


def written(path, columns, form="%.9g"):
    """The table as text, and its decimals as they stand there."""
    texts = {name: [v if isinstance(v, str) else form % v for v in values] for name, values in columns.items()}
    path.write_text("\n".join(map(",".join, [texts, *zip(*texts.values(), strict=True)])) + "\n")
    return texts


@pytest.fixture
def plain(tmp_path):
    written(tmp_path / "t.csv", numbers())
    return tmp_path / "t.csv"


@pytest.fixture
def mixed(tmp_path):
    """Dates whose order of day and month stands in one row only, groups, missing cells, truths and weights."""
    m = 90
    rng = np.random.default_rng(6)
    columns = {
        "day": [f"{1 + i % 11:02}/{2 + i % 9:02}/2021" for i in range(m)],
        "group": [("north", "south, far", "west")[int(i)] for i in rng.integers(0, 3, m)],
        "open": [("true", "false")[int(i)] for i in rng.integers(0, 2, m)],
        "x": list(np.round(rng.normal(size=m), 3)),
        "w": [str(int(i)) for i in rng.integers(1, 4, m)],
        "y": list(np.round(rng.normal(size=m), 2)),
    }
    columns["group"] = [f'"{group}"' for group in columns["group"]]
    columns["day"][4] = "25/03/2021"
    columns["x"][11], columns["x"][77], columns["y"][30] = "NA", "", "null"
    columns["group"][70] = '"only there"'
    written(tmp_path / "m.csv", columns, "%.12g")
    return tmp_path / "m.csv"


def of(found, name):
    return [getattr(row, name) for row in found.coefficients]


@pytest.mark.parametrize("route", ["numpy.lstsq", "numpy.solve_normal", "qr.householder"])
@pytest.mark.parametrize("near", [1.0, 1e-6])
def test_coefficients_are_those_of_the_whole_table_and_so_is_the_forecast(tmp_path, route, near):
    written(tmp_path / "t.csv", numbers(near=near))
    options = {"target": "y", "route": route}
    blocks = sl.diagnose(tmp_path / "t.csv", **options, by_blocks=True, rows=ROWS)
    whole, forecast = (sl.diagnose(tmp_path / "t.csv", **options, forecast=way) for way in (False, True))
    for name in ("name", "certified", "standard_error", "t", "p", "lower", "upper"):
        assert of(blocks, name) == of(whole, name)
    assert of(blocks, "digits") == pytest.approx(of(forecast, "digits"), abs=0.1)
    assert [one.certified for one in blocks.figures] == [one.certified for one in whole.figures[:2]]
    assert blocks.dependence.indexes == pytest.approx(whole.dependence.indexes, rel=1e-6)
    assert blocks.dependence.cond == pytest.approx(whole.dependence.cond, rel=1e-6)
    assert blocks.dependence.harm == whole.dependence.harm
    assert blocks.dependence.says == whole.dependence.says
    assert (blocks.mode, blocks.causes, blocks.steps, blocks.fixes) == ("by blocks", (), (), ())
    assert of(blocks, "returned") == [None] * 4
    assert "The call was not run" in blocks.verdict


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "w"},
        {"weights": "w", "weighting": "absolute"},
        {"weights": "w", "intercept": False},
        {"intercept": False},
    ],
    ids=str,
)
def test_weights_and_a_fit_without_a_constant_change_what_they_change_of_the_whole_table(tmp_path, options):
    written(tmp_path / "t.csv", {**numbers(), "w": np.arange(60) % 5 + 1})
    blocks = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS, **options)
    whole = asked(tmp_path / "t.csv", target="y", **options)
    assert of(blocks, "certified") == whole.fit().x.tolist()
    assert of(blocks, "standard_error") == whole.fit().standard_errors.tolist()
    assert of(blocks, "digits") == pytest.approx(forecast_of(whole, route(blocks.call).label), abs=0.1)
    dependence = dependence_of(whole)
    assert blocks.dependence.indexes == pytest.approx(dependence.indexes, rel=1e-6)
    assert {name: v for name, v in blocks.dependence.vif.items() if v} == pytest.approx(
        {name: v for name, v in dependence.vif.items() if v}, rel=1e-6
    )
    assert (blocks.dependence.harm, blocks.dependence.says) == (dependence.harm, dependence.says)


def test_coefficients_and_errors_are_those_of_rationals(tmp_path):
    texts = written(tmp_path / "t.csv", numbers(30))
    A = np.array(
        [[Fraction(1), *map(Fraction, row)] for row in zip(*(texts[n] for n in ("a", "b", "far")), strict=True)]
    )
    exact = exact_fit(A, np.array(list(map(Fraction, texts["y"]))))
    found = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS)
    assert of(found, "certified") == list(map(float, exact.x))
    errors = [float(v) ** 0.5 for v in exact.variances]
    assert of(found, "standard_error") == pytest.approx(errors, rel=1e-15)


def test_dates_groups_truths_weights_and_missing_cells_are_those_of_the_whole_table(mixed):
    blocks = sl.diagnose(mixed, **EVERYTHING, rows=ROWS, include_data=True)
    whole = asked(mixed, target="y", weights="w", missing="drop")
    fit = whole.fit()
    assert blocks.rows_left_out == whole.table.rows_left_out == 3
    assert blocks.rows == fit.rows
    assert "group[west]" in fit.names
    assert of(blocks, "name") == list(fit.names)
    assert of(blocks, "certified") == fit.x.tolist()
    assert of(blocks, "p") == fit.p_values.tolist()
    read = [note for note in whole.table.notes if note.startswith(("column", "read", "3 of", "group"))]
    assert len(read) == 5
    assert set(read) <= set(blocks.notes)


def test_no_size_of_a_block_changes_anything(mixed):
    found = [sl.diagnose(mixed, **EVERYTHING, rows=rows).to_dict() for rows in (1, 13, 1000)]
    digits = [[row.pop("digits") for row in one["coefficients"]] for one in found]
    assert digits[0] == pytest.approx(digits[1])
    assert digits[0] == pytest.approx(digits[2])
    for one in found:
        one.pop("digits")
    assert found[0] == found[1] == found[2]


def test_numbers_as_groups_and_a_formula_of_columns(tmp_path):
    columns = {**numbers(), "k": [("1", "2.0", "2", "10")[i % 4] for i in range(60)]}
    written(tmp_path / "t.csv", columns)
    formula = "y ~ C(k) + a - 1"
    blocks = sl.diagnose(tmp_path / "t.csv", formula=formula, by_blocks=True, rows=ROWS)
    whole = sl.diagnose(tmp_path / "t.csv", formula=formula)
    assert of(blocks, "name") == of(whole, "name") == ["k[1]", "k[2]", "k[10]", "a"]
    assert of(blocks, "certified") == of(whole, "certified")
    with pytest.raises(InputError, match=r"poly.* is not formed by blocks: write it into a column"):
        sl.diagnose(tmp_path / "t.csv", formula="y ~ poly(a, 2)", by_blocks=True)


def test_a_file_that_is_sorted_by_group_shows_one_of_them_first(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "FIRST", 500)
    columns = {**numbers(), "group": ["early"] * 40 + ["late"] * 12 + ["last"] * 8}
    written(tmp_path / "t.csv", columns)
    for question in ({"target": "y"}, {"formula": "y ~ a + C(group, ref='last')"}):
        blocks = sl.diagnose(tmp_path / "t.csv", **question, by_blocks=True, rows=ROWS)
        fit = asked(tmp_path / "t.csv", **question).fit()
        assert (of(blocks, "name"), of(blocks, "certified")) == (list(fit.names), fit.x.tolist())
    columns["group"] = ["early"] * 40 + [f"late {i}" for i in range(20)]
    written(tmp_path / "t.csv", columns)
    with pytest.raises(InputError, match=r"'group' \(21\) holds too many different texts in 60 rows"):
        sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True)
    with pytest.raises(UnknownNameError, match="no column is named 'z'"):
        sl.diagnose(tmp_path / "t.csv", target="z", by_blocks=True)


def test_a_packed_file_and_an_array_are_read_so_too(plain, tmp_path):
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    found = [sl.diagnose(path, target="y", by_blocks=True, rows=ROWS) for path in (plain, packed)]
    assert of(found[0], "certified") == of(found[1], "certified")
    array = np.column_stack(list(numbers().values()))
    np.save(tmp_path / "t.npy", array)
    blocks = sl.diagnose(tmp_path / "t.npy", target="a3", by_blocks=True, rows=ROWS)
    assert of(blocks, "certified") == of(sl.diagnose(tmp_path / "t.npy", target="a3"), "certified")
    whole = sl.diagnose(tmp_path / "t.npy", target="a3", forecast=True)
    assert of(blocks, "digits") == pytest.approx(of(whole, "digits"), abs=0.1)


def by_storing_alone(monkeypatch, path, **options):
    """The digits by blocks, and of the whole table, for a route whose own error is nothing."""
    perfect = RouteLabel(name="perfect", source="", law="columnwise", constant=1e-9)
    monkeypatch.setattr(by_blocks, "_judged_route", lambda question, name: SimpleNamespace(label=perfect))
    blocks = sl.diagnose(path, **options, by_blocks=True, rows=ROWS)
    return of(blocks, "digits"), forecast_of(asked(path, **options), perfect)


@pytest.mark.parametrize("tenths", [1, 10])
def test_whole_numbers_cost_nothing_to_store_and_decimals_do(tmp_path, monkeypatch, tenths):
    columns = {"a": np.arange(50) % 7 / tenths, "y": (np.arange(50) ** 2) % 11 / tenths}
    written(tmp_path / "t.csv", columns, "%.1f")
    blocks, whole = by_storing_alone(monkeypatch, tmp_path / "t.csv", target="y")
    assert (min(blocks) == digits_cap("float64")) == (tenths == 1)
    assert blocks == pytest.approx(whole, abs=0.1)


@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"format": "float32"}], ids=str)
@pytest.mark.parametrize("noise", [0.1, 1e-6])
def test_what_storing_costs_is_that_of_the_whole_table(tmp_path, monkeypatch, options, noise):
    rng = np.random.default_rng(8)
    size = np.where(np.arange(400) % 2, 0.03, 1.0)
    a, b = size * (1 + 1e-4 * rng.normal(size=400)), size
    columns = {"a": a, "b": b + 1e-4 * rng.normal(size=400), "y": a + b + noise * rng.normal(size=400)}
    written(tmp_path / "t.csv", {**columns, "w": rng.integers(50, 150, 400)}, "%.9g")
    blocks, whole = by_storing_alone(monkeypatch, tmp_path / "t.csv", target="y", columns=["a", "b"], **options)
    assert min(whole) < 15
    assert blocks[1:] == pytest.approx(whole[1:], abs=0.3)
    assert whole[0] - 1.5 < blocks[0] < whole[0] + 0.3  # the intercept rests on the rows of small numbers


def test_a_cut_off_that_grows_with_rows_is_that_of_all_rows(tmp_path):
    columns = numbers()
    columns = {"a": columns["a"], "b": 3e14 * (columns["far"] - 1e6), "y": columns["y"]}
    written(tmp_path / "t.csv", columns)
    blocks = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS)
    whole = sl.diagnose(tmp_path / "t.csv", target="y", forecast=True)
    assert of(blocks, "digits") == pytest.approx(of(whole, "digits"), abs=0.1)
    assert min(of(blocks, "digits")) == 0.0


def test_dates_are_counted_from_the_earliest_in_the_finest_unit_of_any_block(tmp_path):
    days = [f"2021-{1 + (7 * i) % 12:02}-{1 + (5 * i) % 28:02}" for i in range(40)]
    days[20], days[33] = "2020-12-30", "2021-03-04 06:30:00.25"
    written(tmp_path / "t.csv", {"day": days, "y": np.round(np.cos(np.arange(40)), 3)})
    blocks = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS, include_data=True)
    whole = asked(tmp_path / "t.csv", target="y")
    assert of(blocks, "certified") == whole.fit().x.tolist()
    assert {note for note in whole.table.notes if "elapsed since 2020-12-30T00:00:00" in note} <= set(blocks.notes)


@pytest.mark.parametrize("order", ["dmy", "mdy"])
def test_dates_that_can_be_read_in_two_ways_are_read_as_is_said(tmp_path, order):
    days = [f"{1 + i % 11:02}/{2 + i % 9:02}/2021" for i in range(40)]
    columns = {"day": days, "y": np.round(np.cos(np.arange(40)), 3)}
    written(tmp_path / "t.csv", columns)
    with pytest.raises(NotNumericError, match="say which, dates='dmy' or dates='mdy'"):
        sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS)
    blocks = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS, dates=order, include_data=True)
    whole = asked(tmp_path / "t.csv", target="y", dates=order)
    assert of(blocks, "certified") == whole.fit().x.tolist()
    assert {note for note in whole.table.notes if "as was said" in note} < set(blocks.notes)
    days[30] = "25/03/2021"  # in a block of its own
    written(tmp_path / "t.csv", columns)
    if order == "dmy":
        told = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS, dates=order)
        assert of(told, "certified") == asked(tmp_path / "t.csv", target="y").fit().x.tolist()
    else:
        with pytest.raises(NotNumericError, match=r"line 32, column 'day': '25/03/2021' .* say dates='dmy'"):
            sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS, dates=order)


def test_the_first_lines_end_where_no_quoted_field_goes_on(tmp_path, monkeypatch):
    content = b"x,y\n" + b'"a, b\nc",1\nd,2\n' * 20
    for first in range(12, 60):
        monkeypatch.setattr(text, "FIRST", first)
        lines = text.whole_lines(content[:first], tmp_path)
        assert content.startswith(lines)
        assert lines.endswith(b"\n")
        assert lines.count(b'"') % 2 == 0
    with pytest.raises(InputError, match="no line ends"):
        text.whole_lines(b"x" * 59, tmp_path)


def test_an_exact_dependence_is_said_and_no_digit_is_forecast(tmp_path):
    columns = numbers()
    columns["b"] = 2 * np.round(columns["a"], 3)
    columns["a"] = np.round(columns["a"], 3)
    written(tmp_path / "t.csv", columns)
    found = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS)
    assert [one.code for one in found.causes] == ["SL204"]
    assert found.severity == "error"
    assert "b = 2 a" in found.verdict
    assert found.digits is None
    assert found.dependence.near[0].is_exact


def test_what_rests_on_rounding_is_said(tmp_path):
    x = np.random.default_rng(3).uniform(10, 11, 60)
    written(tmp_path / "t.csv", {**{f"x{k}": x**k for k in range(1, 6)}, "y": np.cos(9 * x)}, "%.6g")
    found = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=ROWS)
    assert found.verdict.startswith("The data cannot tell intercept, x1")
    assert found.severity == "error"
    assert found.causes == ()  # whether half a unit in every number is enough, only the rows tell


def test_every_route_is_forecast_and_none_is_run(plain):
    found = sl.diagnose(plain, target="y", by_blocks=True, libraries=True, only=["numpy"])
    rows = {row.route: row for row in found.routes}
    assert {row.status for row in found.routes} == {"FORECAST"}
    assert rows["numpy.lstsq"].digits == tuple(of(found, "digits"))
    assert rows["numpy.solve_normal"].worst < rows["numpy.lstsq"].worst
    assert rows["numpy.lstsq"].x is None
    assert found.routes[0].worst == min(row.worst for row in found.routes)
    usual = sl.diagnose(plain, target="y", by_blocks=True, libraries=True, only=["numpy"], every=False)
    assert [row.route for row in usual.routes] == ["numpy.lstsq"]
    assert usual.more_calls == len(found.routes) - 1


@pytest.mark.parametrize("name", ["normal.inverse", "normal.lu", "qr.cgs"])
def test_errors_that_are_followed_step_by_step_do_not_depend_on_how_many_rows_stand_for_all(tmp_path, name):
    written(tmp_path / "t.csv", numbers(m=2000))
    blocks = sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, route=name)
    whole = forecast_of(asked(tmp_path / "t.csv", target="y"), route(name).label)
    assert max(whole) < digits_cap("float64")
    assert of(blocks, "digits") == pytest.approx(whole, abs=0.1)


def test_a_decomposition_of_the_rows_themselves_is_forecast_by_its_law_and_too_low(plain):
    label = route("gsl.SV_solve").label
    blocks = sl.diagnose(plain, target="y", by_blocks=True, route=label.name)
    whole = forecast_of(asked(plain, target="y"), label)
    assert (np.array(of(blocks, "digits")) < whole + 0.1).all()


def test_missing_cells_of_all_blocks_are_counted_at_once(mixed):
    with pytest.raises(NotFiniteError, match=r"3 cells are missing, 2 in column 'x' \(lines 13, 79\); 1 in column 'y'"):
        sl.diagnose(mixed, **{**EVERYTHING, "missing": "refuse"}, rows=ROWS)


def refused(path, text, **options):
    path.write_text(text)
    return sl.diagnose(path, target="y", by_blocks=True, **options)


HEAD = "x,y\n" + "".join(f"{i},{i * i % 7}\n" for i in range(200_000 // 10))


@pytest.mark.parametrize(
    ("more", "error", "says"),
    [
        ("red,1\n", NotNumericError, "line 20002, column 'x': expected a number"),
        ("1e999,1\n", OutOfRangeError, "line 20002, column 'x'"),
        ("inf,1\n", NotFiniteError, "line 20002, column 'x'"),
    ],
)
def test_what_no_first_row_shows_is_refused_with_its_line(tmp_path, more, error, says, monkeypatch):
    monkeypatch.setattr(text, "FIRST", 1000)
    with pytest.raises(error, match=says):
        refused(tmp_path / "t.csv", HEAD + more)


def test_other_refusals_end_with_the_way_out(plain, tmp_path):
    for data, options, says in (
        (numbers(), {}, "by blocks goes with a file"),
        (plain, {"route": "numpy.normal_inverse_of_nothing"}, "no solver or library route"),
        (plain, {"sheet": "one"}, "a workbook is not read by blocks"),
        (tmp_path, {}, "is no file"),
    ):
        with pytest.raises((InputError, sl.StabilityLabError), match=says):
            sl.diagnose(data, target="y", by_blocks=True, **options)
    with pytest.raises(OutOfRangeError, match="negative weight"):
        sl.diagnose(plain, target="y", weights="a", by_blocks=True)
    with pytest.raises(EmptyError):
        refused(tmp_path / "e.csv", "x,y\n")


def test_a_file_that_changes_between_the_readings_is_noticed(plain):
    lines = plain.read_text()

    def progress(part, done, total):
        if part.endswith("first time") and done == total:
            plain.write_text(lines.rpartition("\n")[0].rpartition("\n")[0] + "\n")

    with pytest.raises(InputError, match="was changed while it was being read"):
        sl.diagnose(plain, target="y", by_blocks=True, progress=progress)


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(text, "FIRST", 2000)
    peaks = []
    for times in (8, 40):
        columns = {name: np.tile(values, times) for name, values in numbers().items()}
        written(tmp_path / "t.csv", columns)
        tracemalloc.start()
        sl.diagnose(tmp_path / "t.csv", target="y", by_blocks=True, rows=60)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]


def test_a_file_larger_than_memory_goes_by_blocks_unasked(plain, monkeypatch):
    assert not is_too_large(plain)
    assert not is_too_large(numbers())
    small = type("Memory", (), {"available": plain.stat().st_size})
    monkeypatch.setattr(too_large.psutil, "virtual_memory", lambda: small)
    assert is_too_large(plain)
    assert sl.diagnose(plain, target="y").mode == "by blocks"
    assert sl.diagnose(plain, target="y", by_blocks=False).mode == "exact"


def test_a_triangle_has_the_products_it_was_made_of():
    from decimal import Decimal

    R = _triangle([[Decimal(v) for v in row] for row in ((4, 2, 8), (2, 2, 6), (8, 6, 20))])
    assert R == [[2, 1, 4], [0, 1, 2], [0, 0, 0]]

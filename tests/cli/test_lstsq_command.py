"""The command `lstsq`: a file in, certified numbers out, the same as in memory; bad input says the way out."""

import csv
import json
import warnings
from decimal import Context, Decimal
from fractions import Fraction

import numpy as np
import pytest
from click.testing import CliRunner

import stabilitylab as sl
from data_files import table, written
from stabilitylab.cli.main import main
from stabilitylab.problems.nist import certified

EXACT = Context(prec=200)


@pytest.fixture(autouse=True)
def here(monkeypatch, tmp_path):
    """A folder of one's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(*arguments, code=0):
    result = CliRunner().invoke(main, ["lstsq", *map(str, arguments)])
    assert result.exit_code == code, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(*arguments):
    """What --json prints, which is all there is on standard output."""
    return json.loads(called(*arguments, "--json").stdout)


def nist(name, path):
    """A data set of NIST as a CSV file of its features' decimals, powers included, every digit of them."""
    problem = sl.problems.get(name)()
    columns = {key: (column.integers, column.exponent) for key, column in problem.data.items()}
    if problem.design.degree is not None:
        integers, exponent = columns.pop("x")
        powers = range(1, problem.design.degree + 1)
        columns |= {f"x{k}": ([i**k for i in integers], k * exponent) for k in powers}
    texts = [[f"{Decimal(i).scaleb(exponent, EXACT):f}" for i in integers] for integers, exponent in columns.values()]
    return written(path, list(columns), zip(*texts, strict=True))


# --- the numbers


@pytest.mark.parametrize("name", [name for name in sl.problems.names() if name.startswith("nist.")])
def test_the_decimals_of_nist_give_the_values_nist_certifies(here, name):
    published = certified(name)
    path = nist(name, here / "data.csv")
    options = ["--no-intercept"] * name.startswith("nist.noint")
    record = told(path, "--target", "y", *options)
    assert agree(record["x"], published.estimates)
    assert agree(record["standard_errors"], published.standard_deviations)
    assert agree([record["r_squared"]], [published.r_squared])
    if name == "nist.filip":
        assert not agree(told(path, "--target", "y", "--truth", "matrix")["x"], published.estimates)


def agree(ours, published):
    """Whether doubles agree with decimals to 15 digits, of which the last is itself rounded."""
    return all(
        abs(Fraction(x) - Fraction(text)) <= abs(Fraction(text)) / 10**14
        for x, text in zip(ours, published, strict=True)
    )


def test_an_array_and_its_text_are_one_problem(here):
    array = np.array([[float(v) for v in line] for line in table()])
    np.save(here / "data.npy", array)
    written(here / "data.csv", ["a0", "a1", "a2", "a3"], [[repr(float(v)) for v in row] for row in array])
    for options in ((), ("--columns", "a2,a0"), ("--no-intercept",), ("--block", 7)):
        binary = told("data.npy", "--target", 3, *options)
        assert binary["x"] == told("data.csv", "--target", "a3", "--truth", "matrix", *options)["x"]
        assert binary["names"][-1] in ("a2", "a0")


def test_the_two_truths_are_told_apart(here):
    written(here / "data.csv", ["x", "y"], [["1.1", "1"], ["1.2", "2"], ["1.3", "3"]])
    exact = told("data.csv", "--target", "y")
    assert exact["x"] == [-10, 10]
    assert told("data.csv", "--target", "y", "--truth", "matrix")["x"] != exact["x"]


# --- what is printed


def test_the_page_shows_every_number_in_full_and_what_stands_behind_it(here):
    path = nist("nist.longley", here / "data.csv")
    with warnings.catch_warnings(action="ignore"):
        fit = sl.fit_file(path, "y")
    said = called(path, "--target", "y", "--level", "0.99").output
    assert str(fit.summary(level="0.99", digits=None)) in said
    for j, name in enumerate(fit.names):
        (line,) = [line for line in said.splitlines() if line.split()[:1] == [name]]
        figures = (fit.x, fit.standard_errors, fit.t_statistics, fit.p_values, *fit.conf_int("0.99").T)
        assert line.split()[1:] == [*(repr(float(v[j])) for v in figures), f"{fit.supported_digits[j]:.1f}"]
    assert "fitted: the numbers as written in the file" in said
    assert " s in all, " in said
    assert "the numbers as stored in float64" in called(path, "--target", "y", "--truth", "matrix").output


def test_so_many_digits_of_each_number_are_shown_as_are_asked_for(here):
    path = nist("nist.longley", here / "longley.csv")
    fit = sl.fit_file(path, "y")
    page = called(path, "--target", "y", "--digits", "4", "--predict", path).stdout
    assert f"{fit.x[1]:.4g} " in page
    assert repr(float(fit.x[1])) not in page
    value = fit.predict(sl.problems.get("nist.longley")().A[:1, 1:])[0]
    assert f"2     {value:.4g}\n" in page
    assert "shown to 4 digits (all without --digits)" in " ".join(page.split())
    assert told(path, "--target", "y", "--digits", "1")["x"] == fit.x.tolist()
    assert "0 is not in the range 1<=x<=17" in called(path, "--target", "y", "--digits", "0", code=2).stderr


def test_json_is_the_fit_s_own_record(here):
    path = written(here / "data.csv", ["a", "b", "c", "y"], table())
    record = sl.fit_file(path, "y").to_dict()
    for volatile in (record, told_record := told(path, "--target", "y")):
        for key in [key for key in volatile if "seconds" in key]:
            del volatile[key]
    assert told_record["x"] == record["x"]
    assert told_record.keys() == record.keys()


def test_as_many_rows_as_coefficients_have_no_standard_errors(here):
    path = written(here / "data.csv", ["x", "y"], [["1", "2"], ["2", "4"]])
    said = called(path, "--target", "y").output
    assert "rank 2 of 2" in said
    assert "2 rows for 2 coefficients leave no residuals" in " ".join(said.split())
    assert told(path, "--target", "y")["standard_errors"] is None


def test_an_exact_fit_has_no_number_for_its_t_in_json_and_inf_on_the_page(here):
    path = written(here / "data.csv", ["x", "y"], [["1", "2"], ["2", "4"], ["3", "6"]])
    record = told(path, "--target", "y")
    assert (record["x"], record["standard_errors"], record["t_statistics"]) == ([0, 2], [0, 0], [None, None])
    assert "inf" in called(path, "--target", "y").output


def test_names_are_only_text(here):
    names = ["[bold red]x[/]", "=cmd|' /C calc'!A0", "[link=http://x]", "\x1b[31m", "y"]
    lines = [[*line, str(j % 7)] for j, line in enumerate(table())]
    path = written(here / "data.csv", names, [[*line[:3], line[4], line[3]] for line in lines])
    result = called(path, "--target", "y")
    assert "[bold red]x[/]" in result.output
    assert "=cmd|' /C calc'!A0" in result.output
    assert "[link=http://x]" in result.output
    assert "\x1b" not in result.output
    assert "\\x1b[31m" in result.output
    assert told(path, "--target", "y")["names"] == ["intercept", *names[:-1]]


def test_a_name_with_a_newline_is_one_row_and_no_name_is_broken_where_output_is_redirected(here):
    long = "a name of " + "very " * 80 + "many words"
    lines = [[*line, str(j % 7)] for j, line in enumerate(table())]
    path = written(here / "data.csv", ["x\nz", long, "b", "c", "y"], lines)
    said = called(path, "--target", "y").output
    (first,) = [line for line in said.splitlines() if "x\\nz" in line]
    assert len(first.split()) == 8
    assert [line for line in said.splitlines() if long in line]


def test_blank_separated_text_is_read_as_the_message_says(here):
    (here / "data.txt").write_text("  a    y\n 1.5  2\n 3    4\n  5 6.5\n")
    assert "give --separator ' '" in called("data.txt", "--target", "y", code=2).stderr
    assert told("data.txt", "--target", "y", "--separator", " ")["names"] == ["intercept", "a"]


def test_a_name_with_a_comma_is_chosen_in_quotes(here):
    path = written(here / "data.csv", ["a,b", "c", "d", "y"], table())
    assert told(path, "--target", "y", "--columns", '"a,b", d')["names"] == ["intercept", "a,b", "d"]


def test_a_number_that_is_misspelt_is_no_date(here):
    (here / "data.csv").write_text("a,y\n1,2\n1o,3\n")
    said = called("data.csv", "--target", "y", code=2).stderr
    assert said.endswith("got '1o': correct it, or leave the column out\n")


def test_the_help_teaches_by_examples():
    said = " ".join(called("--help").output.split())
    assert "stabilitylab lstsq houses.csv --target price" in said
    assert "as three rows do" in said
    assert "Certified least squares" in CliRunner().invoke(main, ["--help"]).output


# --- bad use

GOOD = "a,b,y\n" + "".join(f"{j},{j * j % 7},{j % 3}\n" for j in range(9))
BAD_USE = {
    "no target": (GOOD, (), "Missing option '--target'"),
    "an unknown target": (GOOD, ("--target", "yy"), "no column is named 'yy': did you mean 'y'?"),
    "an unknown column": (GOOD, ("--target", "y", "--columns", "a,bb"), "no column is named 'bb': did you mean 'b'?"),
    "several unknown columns": (
        GOOD,
        ("--target", "yy", "--columns", "a,zzz", "--weights", "w"),
        "no columns are named 'yy' (did you mean 'y'?), 'zzz', 'w': the columns are 'a', 'b', 'y'",
    ),
    "unknown weights": (GOOD, ("--target", "y", "--weights", "w"), "no column is named 'w'"),
    "dates": ("d,y\n2024-01-01,1\n2024-01-02,2\n", ("--target", "y"), "dates and names of groups are read by `stab"),
    "the target as a column": (
        GOOD,
        ("--target", "y", "--columns", "a,y"),
        "column 'y' is the target, and among the columns",
    ),
    "the weights as a column": (
        GOOD,
        ("--target", "y", "--weights", "b", "--columns", "a,b"),
        "column 'b' is the weights, and among the columns too: leave it out there",
    ),
    "the target as weights": (
        GOOD,
        ("--target", "y", "--weights", "y"),
        "column 'y' is the target, and the weights too: name another for the weights",
    ),
    "a negative weight": (
        GOOD + "1,-2,3\n",
        ("--target", "y", "--weights", "b"),
        "data.csv, line 11, column 'b': -2 is a negative weight: give weights of 0 or more",
    ),
    "no weight above 0": (
        "a,w,y\n1,0,2\n2,0,3\n",
        ("--target", "y", "--weights", "w"),
        "has 0 rows of weight above 0 in column 'w' for 2 coefficients ('intercept', 'a'): give at least 2 rows",
    ),
    "a column twice": (GOOD, ("--target", "y", "--columns", "a,a"), "column 'a' is named twice"),
    "a target twice": (GOOD, ("--target", "y,y"), "column 'y' is named twice among the targets"),
    "a target of two as a column": (
        GOOD,
        ("--target", "y,b", "--columns", "a,b"),
        "column 'b' is a target, and among the columns too",
    ),
    "an empty target": (GOOD, ("--target", ""), "--target must be names between commas"),
    "a level in percent": (GOOD, ("--target", "y", "--level", "95"), "give a share and not percent: 0.95"),
    "an interval around nothing": (GOOD, ("--target", "y", "--interval", "prediction"), "--predict FILE"),
    "absolute weights without weights": (GOOD, ("--target", "y", "--weighting", "absolute"), "name the column"),
    "a penalty that is none": (GOOD, ("--target", "y", "--ridge", "-1"), "ridge must be 0 or more"),
    "a word for a penalty": (GOOD, ("--target", "y", "--ridge", "much"), "ridge"),
    "an output of another kind": (GOOD, ("--target", "y", "--output", "x.xlsx"), "must end in one of .csv, .json, .md"),
    "an output over the input": (GOOD, ("--target", "y", "--output", "data.csv"), "--output fit.csv"),
    "rows to predict for without a column": (
        GOOD,
        ("--target", "y", "--predict", "data.csv", "--columns", "a", "--output", "no/folder/x.csv"),
        "No such file or directory",
    ),
    "no name of a column": (GOOD, ("--target", "y", "--columns", ""), "--columns must be names between commas"),
    "a column without a name": (GOOD, ("--target", "y", "--columns", "a,,b"), "--columns must be names between commas"),
    "an open quote in the columns": (GOOD, ("--target", "y", "--columns", '"a'), "--columns must be names"),
    "nothing left": ("y\n1\n2\n", ("--target", "y", "--no-intercept"), "no column is left to fit 'y' with"),
    "a word": (GOOD + "1,two,3\n", ("--target", "y"), "line 11, column 'b': expected a number"),
    "an empty field": (
        GOOD + "1,,3\n",
        ("--target", "y"),
        "line 11, column 'b': the field is empty: give the number, or leave such rows out, --missing drop",
    ),
    "a comma of two readings": (GOOD + '1,"1,234",3\n', ("--target", "y"), "--thousands ',' (as 1234)"),
    "a ragged row": (GOOD + "1,2\n", ("--target", "y"), "line 11: expected 3 fields"),
    "another separator": (GOOD.replace(",", ";"), ("--target", "y"), "give --separator ';'"),
    "tabs": (GOOD.replace(",", "\t"), ("--target", "y"), "give --separator tab"),
    "no name": (GOOD.replace("a,b", ",b"), ("--target", "y"), "name the columns to use, --columns b"),
    "a separator in words": (GOOD, ("--target", "y", "--separator", "comma"), "the separator must be one character"),
    "an unknown decimal mark": (GOOD, ("--target", "y", "--decimal", ";"), "the decimal mark must be '.' or ','"),
    "an unknown truth": (GOOD, ("--target", "y", "--truth", "data"), "'data' is not one of 'decimal', 'matrix'"),
    "an unknown policy": (GOOD, ("--target", "y", "--policy", "basic"), "'basic' is not one of"),
    "no block": (GOOD, ("--target", "y", "--block", "0"), "0 is not in the range x>=1"),
    "fewer rows than columns": (
        "a,b,y\n1,2,3\n",
        ("--target", "y"),
        "data.csv has 1 row for 3 coefficients ('intercept', 'a', 'b'): give at least 3 rows, leave columns out, "
        "or ask for --policy minimum-norm",
    ),
    "dependent columns": (
        "a,c,y\n1,2,3\n2,4,4\n4,8,9\n",
        ("--target", "y", "--no-intercept"),
        "data.csv: the rank is 1 of 2, exactly: c = 2 a. Leave it out, or ask for --policy minimum-norm",
    ),
    "a combination": (
        "u,v,my z,y\n1,0,1,2\n0,1,0.7,1\n1,1,1.7,4\n2,1,2.7,5\n",
        ("--target", "y"),
        "exactly: 'my z' = u + 0.7 v. Leave it out",
    ),
    "a misspelt column among few": (GOOD, ("--target", "yy"), "did you mean 'y'? The columns are 'a', 'b', 'y'"),
    "a misspelt column among many": (
        ",".join(f"column{k}" for k in range(40)) + "\n",
        ("--target", "colum7"),
        "There are 40 columns",
    ),
    "an argument as a name": (
        GOOD.replace("a,", "truth='matrix',"),
        ("--target", "x"),
        "are \"truth='matrix'\", 'b', 'y'",
    ),
    "a comment first": ("# houses\n" + GOOD, ("--target", "y"), "line 1 is a comment: take it out"),
    "a comma too many": (
        GOOD + "1,2,3,\n",
        ("--target", "y"),
        "got 4: quote fields that hold ',', or take out the others",
    ),
    "blanks between thousands": (
        GOOD + "1 234,2,3\n",
        ("--target", "y"),
        "'1 234' has marks between thousands: give --thousands ' '",
    ),
    "blanks between fields": (GOOD.replace(",", "   "), ("--target", "y"), "give --separator ' '"),
    "semicolons and decimal commas": ("a;y\n1,5;2\n2;3\n", ("--target", "y"), "give --separator ';' and --decimal ','"),
    "names without a word": (GOOD.replace("a,b", ',"c,d"'), ("--target", "y"), "--columns '\"c,d\"'"),
    "a newline in a name": ('"x\nz",y\n1,two\n', ("--target", "x"), "did you mean 'x\\nz'?"),
    "no rows": ("a,y\n", ("--target", "y"), "has column names and no rows"),
    "nothing": ("", ("--target", "y"), "is empty"),
    "another encoding": (
        GOOD.encode() + b"\xe9,1,2\n",
        ("--target", "y"),
        "line 11: expected text in UTF-8: save the file so, or say what it is, most likely --encoding cp1252",
    ),
    "an unknown encoding": (GOOD, ("--target", "y", "--encoding", "latin-9x"), "no encoding of text is named"),
}


@pytest.mark.parametrize("how", BAD_USE)
def test_bad_use_is_exit_code_2_and_says_the_way_out(here, how):
    content, arguments, says = BAD_USE[how]
    (here / "data.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    result = called("data.csv", *arguments, code=2)
    assert says in result.stderr
    assert result.stdout == ""


def test_a_missing_file_a_folder_and_an_array_of_decimals_are_bad_use(here):
    assert "nothing.csv is not there" in called("nothing.csv", "--target", "y", code=2).stderr
    assert "is a directory" in called(here, "--target", "y", code=2).stderr
    np.save("data.npy", np.eye(3))
    assert "ask for --truth matrix" in called("data.npy", "--target", 0, "--truth", "decimal", code=2).stderr
    assert "no column is named 'a7'" in called("data.npy", "--target", 7, code=2).stderr


def test_dependent_columns_are_named_and_the_least_solution_is_there_for_the_asking(here):
    path = written(here / "data.csv", ["a", "copy", "y"], [[str(j), str(2 * j), str(5 * j)] for j in range(5)])
    assert "copy" in called(path, "--target", "y", "--no-intercept", code=2).stderr
    assert "ask for --policy minimum-norm" in called(path, "--target", "y", "--no-intercept", code=2).stderr
    least = told(path, "--target", "y", "--no-intercept", "--policy", "minimum-norm")
    assert least["x"] == [1, 2]


def test_what_the_data_do_not_determine_comes_before_any_number(here):
    rng = np.random.default_rng(5)
    u, v = (np.round(rng.standard_normal(40), 12) for _ in range(2))
    rows = np.column_stack([u, v, u + 0.7 * v, rng.standard_normal(40)])
    path = written(
        here / "noise.csv", ["width", "height in m", "z", "y"], [list(map(repr, row)) for row in rows.tolist()]
    )
    said = called(path, "--target", "y").output
    first = said.strip().splitlines()[0]
    assert first.startswith(
        "Warning: the data cannot tell width, 'height in m' and z apart: z = width + 0.7 'height in m'"
    )
    assert "digits the data support" in said
    record = json.loads(called(path, "--target", "y", "--json").output)
    assert record["supported_digits"][1:] == pytest.approx([0, 0, 0], abs=1)
    assert "Warning: " + record["undetermined"] == first


# --- several targets, predictions, files


def fitted_and_new(here):
    """A table, and rows to predict for: other columns, another order, one row without a number, and an empty line."""
    written(here / "data.csv", ["a", "b", "c", "y"], table())
    (here / "new.csv").write_text("c,word,a,b\n1.5,x,0.1,2\n\n2,y,,1\n-1e2,z,3,0.25\n")
    return [["0.1", "2", "1.5"], ["3", "0.25", "-1e2"]]


@pytest.mark.parametrize("interval", [None, "confidence", "prediction"])
def test_predictions_are_those_of_the_fit_in_memory_by_the_lines_of_the_file(here, interval):
    rows = fitted_and_new(here)
    asked = ("--predict", "new.csv", "--missing", "drop", "--level", "0.9")
    options = ("--interval", interval) if interval else ()
    record = told("data.csv", "--target", "y", *asked, *options)["predictions"]
    whole = [[Fraction(v) for v in line] for line in table()]
    fit = sl.lstsq([line[:3] for line in whole], [line[3] for line in whole], intercept=True)
    assert (record["lines"], record["rows_left_out"]) == ([2, 5], 1)
    assert record["values"] == fit.predict(rows).tolist()
    if interval:
        expected = fit.predict(rows, interval=interval, level="0.9")
        assert [record["lower"], record["upper"]] == [expected.lower.tolist(), expected.upper.tolist()]
    page = called("data.csv", "--target", "y", *asked, *options).output
    (line,) = [line for line in page.splitlines() if line.split()[:1] == ["5"]]
    assert line.split()[1] == repr(record["values"][1])
    assert len(line.split()) == (4 if interval else 2)
    assert "1 left out, in which a number is missing" in page
    refused = called("data.csv", "--target", "y", "--predict", "new.csv", code=2).stderr
    assert "new.csv, line 4, column 'a': the field is empty" in refused
    (here / "less.csv").write_text("a,b\n1,2\n")
    missing = called("data.csv", "--target", "y", "--predict", "less.csv", code=2).stderr
    assert "less.csv: no column is named 'c'" in missing


def test_an_array_is_predicted_for_by_its_numbered_columns(here):
    array = np.array([[float(v) for v in line] for line in table()])
    np.save("data.npy", array)
    record = told("data.npy", "--target", "3", "--predict", "data.npy")["predictions"]
    assert record["rows"] == list(range(len(array)))
    assert record["values"] == sl.lstsq(array[:, :3], array[:, 3], intercept=True).predict(array[:, :3]).tolist()


def test_several_targets_have_the_bits_of_each_by_itself(here):
    fitted_and_new(here)
    both = told("data.csv", "--target", "y,c", "--columns", "a,b", "--predict", "new.csv", "--missing", "drop")
    for target in ("y", "c"):
        own = told("data.csv", "--target", target, "--columns", "a,b", "--predict", "new.csv", "--missing", "drop")
        of_both = both["targets"][target]
        assert {**own, "seconds": 0} == {**of_both, "seconds": 0}
    said = called("data.csv", "--target", "y,c").output
    assert said.index("squares of y") < said.index("squares of c")
    assert told("data.csv", "--target", "c", "--columns", "a,b")["names"] == ["intercept", "a", "b"]


def test_rows_and_encodings_are_told(here):
    (here / "data.csv").write_bytes("größe;y\n1;2\n2;\n3;5\n4;9\n".encode("cp1252"))
    options = ("--separator", ";", "--encoding", "cp1252", "--missing", "drop")
    assert "3, and 1 left out, in which a number is missing" in called("data.csv", "--target", "y", *options).output
    assert told("data.csv", "--target", "y", *options)["names"] == ["intercept", "größe"]


def test_a_penalty_and_absolute_weights_are_those_of_lstsq(here):
    lines = [[*line, "0.25"] for line in table()]
    written(here / "data.csv", ["a", "b", "c", "y", "w"], lines)
    whole = [[Fraction(v) for v in line] for line in lines]
    A, b, w = [line[:3] for line in whole], [line[3] for line in whole], [line[4] for line in whole]
    record = told("data.csv", "--target", "y", "--ridge", "0.1", "--columns", "a,b,c")
    assert record["x"] == sl.lstsq(A, b, intercept=True, ridge="0.1").x.tolist()
    assert record["penalties"] == [0, 0.1, 0.1, 0.1]
    page = called("data.csv", "--target", "y", "--ridge", "0.1", "--columns", "a,b,c").output
    assert "0 x² for intercept; 0.1 x² for a, b and c" in page
    record = told("data.csv", "--target", "y", "--weights", "w", "--weighting", "absolute")
    expected = sl.lstsq(A, b, weights=w, weighting="absolute", intercept=True)
    assert record["standard_errors"] == expected.standard_errors.tolist()
    assert record["p_values"] == expected.p_values.tolist()


# --- output


NAMES = ["=cmd|'/C calc'!A0", "+a", "-b|c", "@d", "[red]e[/]\n<script>", "\t=f"]


def hostile(here):
    rng = np.random.default_rng(2)
    lines = [[f"{v:.2f}" for v in row] for row in rng.standard_normal((20, len(NAMES) + 1))]
    return written(here / "data.csv", [*NAMES, "=y"], lines)


def test_a_table_of_all_figures_reads_back_and_holds_no_formula(here):
    hostile(here)
    said = called("data.csv", "--target", "=y", "--predict", "data.csv", "--output", "out.csv").output
    assert "all figures: out.csv" in said
    with open("out.csv", newline="") as lines:
        rows = list(csv.DictReader(lines, strict=True))
    assert not [cell for row in rows for name, cell in row.items() if cell[:1] in "=+@" and cell and name != "value"]
    fit = sl.fit_file("data.csv", "=y")
    coefficients = [row for row in rows if row["kind"] == "coefficient"]
    assert [row["name"] for row in coefficients] == [
        "intercept",
        *("'=cmd|'/C calc'!A0", "'+a", "'-b|c", "'@d", "[red]e[/]\\n<script>", "'=f"),
    ]
    for name, values in {
        "value": fit.x,
        "standard_error": fit.standard_errors,
        "statistic": fit.t_statistics,
        "p": fit.p_values,
        "lower": fit.conf_int()[:, 0],
        "upper": fit.conf_int()[:, 1],
        "supported_digits": fit.supported_digits,
    }.items():
        assert [float(row[name]) for row in coefficients] == values.tolist()
    figures = {row["name"]: row for row in rows if row["kind"] == "figure"}
    assert float(figures["aic"]["value"]) == fit.aic
    assert "as in R" in figures["aic"]["note"]
    assert figures["r_squared"]["note"] == "about the mean"
    predicted = [row for row in rows if row["kind"] == "prediction"]
    assert len(predicted) == 20
    assert predicted[0]["name"] == "line 3"  # the names take two lines


def test_a_record_and_a_page_hold_the_same(here):
    hostile(here)
    called("data.csv", "--target", "=y", "--output", "out.json", "--level", "0.9")
    record = json.loads((here / "out.json").read_text("utf-8"))
    ours = told("data.csv", "--target", "=y", "--level", "0.9")
    assert {**record, "seconds": 0} == {**ours, "seconds": 0}
    assert record["names"] == ["intercept", *(name.strip() for name in NAMES)]
    called("data.csv", "--target", "=y", "--output", "OUT.MD", "--predict", "data.csv", "--interval", "confidence")
    page = (here / "OUT.MD").read_text("utf-8")
    fit = sl.fit_file("data.csv", "=y")
    assert page.startswith(fit.summary(digits=None).to_markdown())
    assert "<script>" not in page
    assert "### Predictions of =y, with confidence intervals at 95 %" in page
    assert not called("data.csv", "--target", "=y", "--output", "x.json", "--json").stdout.count("all figures")

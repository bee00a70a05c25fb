"""Two results side by side: what moved by a digit or changed its ending, whatever order the rows are in."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

import planted
from stabilitylab.cli.main import main
from stabilitylab.core.errors import InputError, StabilityLabError
from stabilitylab.core.types import Measurement
from stabilitylab.lab.compare import compare, grouped
from stabilitylab.report.committed import ENVIRONMENTS, publish_rows
from stabilitylab.report.rows import Rows, write


def row(problem="p", solver="s", digits=10.0, status="SOLVED", **fields):
    x = (1.0,) if digits is not None else None
    made = Measurement(
        problem, {}, solver, "float64", "float64", "matrix", status, "", (), None, x, {"digits.min": digits}
    )
    return replace(made, **fields)


def results(folder, *rows, **stamp):
    (folder / "rows").mkdir(parents=True)
    write(rows, folder / "rows" / "one.quick.rows.jsonl")
    (folder / "rows" / "one.quick.journal.jsonl").write_text("no rows\n")
    if stamp:
        (folder / "environment.json").write_text(json.dumps(stamp))
    return folder


def refused(**fields):
    return row(digits=None, status="REFUSED", **fields)


def test_a_result_compared_with_itself_has_no_change(tmp_path):
    both = results(tmp_path / "a", row(), row("q"), refused(solver="t"))
    found = compare(both, both)
    assert (found.changed, found.same, found.only_before, found.only_after) == ((), 3, (), ())
    assert found.worse == ()
    assert found.environment == {}


def test_what_moves_by_a_digit_is_a_change_with_the_worst_loss_first(tmp_path):
    before = results(tmp_path / "a", row("p"), row("q"), row("r"), row("s"))
    after = results(
        tmp_path / "b", row("s", digits=9.1), row("r", digits=12.0), row("q", digits=3.0), row("p", digits=9.0)
    )
    found = compare(before, after)
    assert [(change.cell[0], change.lost) for change in found.changed] == [("q", 7.0), ("p", 1.0), ("r", -2.0)]
    assert [change.cell[0] for change in found.worse] == ["q", "p"]
    assert found.same == 1
    assert [change.cell[0] for change in compare(before, after, threshold=0.5).worse] == ["q", "p", "s"]
    assert [change.cell[0] for change in compare(before, after, threshold=5).changed] == ["q"]


def test_an_answer_that_is_lost_is_worse_and_one_that_is_gained_is_not(tmp_path):
    before = results(tmp_path / "a", row("p", digits=0.2), refused(problem="q"), row("r"))
    after = results(tmp_path / "b", refused(problem="p"), row("q", digits=0.5), row("r", status="WARNED"))
    found = compare(before, after)
    assert {change.cell[0] for change in found.changed} == {"p", "q", "r"}
    assert [change.cell[0] for change in found.worse] == ["p"]


def test_cells_are_told_apart_by_all_that_names_them(tmp_path):
    variants = [row(), row(format="float32"), row(truth="decimal"), row(variant="scaled 1"), row(solver="t"), row("q")]
    before = results(tmp_path / "a", *variants)
    after = results(tmp_path / "b", *variants[:3])
    found = compare(before, after)
    assert found.same == 3
    lacking = [one.cell for one in found.only_before]
    assert [cell for cell in lacking if cell[1] == "t"] == [("p", "t", "float64", "matrix", "published")]
    assert len(lacking) == 3
    assert compare(after, before).only_after == found.only_before


def test_a_cell_of_two_experiments_is_the_row_that_was_scored(tmp_path):
    before = results(tmp_path / "a", row())
    write([row(digits=None, x=(1.0,))], before / "rows" / "two.quick.rows.jsonl")
    after = results(tmp_path / "b", row(digits=2.0))
    assert [change.lost for change in compare(before, after).changed] == [8.0]


def test_parameters_and_conditions_that_a_name_does_not_spell_tell_cells_apart(tmp_path):
    rows = [
        row(parameters={"m": 5}),
        row(parameters={"m": 6}),
        row(conditions={"version": "1.8"}),
        row(conditions={"version": "1.9"}),
    ]
    before, after = results(tmp_path / "a", *rows), results(tmp_path / "b", *reversed(rows))
    assert compare(before, after).same == 4
    lacking = compare(before, results(tmp_path / "c", *rows[1:3]))
    assert [one.cell[0] for one in lacking.only_before] == ["p(m=5)", "p [version 1.9]"]
    spelled = [row("p(m=5)", parameters={"m": 5, "seed": 0}, problem_hash="85c73213a9736391")]
    assert compare(results(tmp_path / "d", *spelled), results(tmp_path / "e")).only_before[0].cell[0] == "p(m=5)"


# --- committed tables, and rows of schema 1


def committed(folder, *rows, name="one", **stamp):
    folder.mkdir(parents=True, exist_ok=True)
    publish_rows(name, Rows(rows), folder, stamp)
    return folder


ROWS = (
    row(),
    row("q"),
    refused(solver="t"),
    row("p", format="float32"),
    row(variant="scaled 1"),
    row(parameters={"m": 5}),
)


def test_committed_tables_compare_with_what_a_run_wrote(tmp_path):
    tables, run = committed(tmp_path / "tables", *ROWS), results(tmp_path / "run", *ROWS)
    for before, after in ((tables, run), (run, tables), (tables, tables), (tables / "one-rows.csv.gz", run)):
        found = compare(before, after)
        assert (found.changed, found.same, found.only_before, found.only_after) == ((), len(ROWS), (), ())
    worse = results(tmp_path / "worse", replace(ROWS[0], scores={"digits.min": 3.5}), *ROWS[1:])
    assert [(change.cell[0], change.lost) for change in compare(tables, worse).worse] == [("p", 6.5)]
    lost = compare(tables, results(tmp_path / "lost", refused(), *ROWS[1:])).worse
    assert [change.after.status for change in lost] == ["REFUSED"]


def test_each_chapter_of_committed_tables_has_its_own_environment(tmp_path):
    tables = committed(tmp_path / "tables", row("p"), name="one", python="3.11")
    committed(tables, row("q"), name="two", python="3.12")
    run = results(tmp_path / "run", row("p", digits=1.0), row("q", digits=1.0), python="3.12")
    found = compare(tables, run)
    assert {change.cell[0]: change.because for change in found.changed} == {
        "p": ("Python 3.11 -> 3.12",),
        "q": ("nothing recorded differs",),
    }
    assert found.environment == {"Python": ("3.11 or 3.12", "3.12")}


def test_environments_that_are_no_record_are_named(tmp_path):
    tables = committed(tmp_path / "tables", row())
    (tables / ENVIRONMENTS).write_text("[1]")
    with pytest.raises(StabilityLabError, match=r"environments\.json"):
        compare(tables, tables)


def test_rows_of_schema_1_compare_with_those_of_today(tmp_path):
    run = results(tmp_path / "run", *ROWS)
    old = results(tmp_path / "old")
    lines = [one.to_dict() for one in ROWS]
    for line in lines:
        line |= {"dtype": line.pop("format"), "copy": line.pop("variant"), "schema": 1}
        del line["conditions"], line["facts"]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (old / "rows" / "one.quick.rows.jsonl").write_text(text)
    assert compare(old, run).same == len(ROWS)


def test_what_differs_where_they_were_made_is_named(tmp_path):
    before = results(tmp_path / "a", row(), python="3.11", processor="A", same=1)
    after = results(tmp_path / "b", row(), python="3.12", same=1)
    assert compare(before, after).environment == {"Python": ("3.11", "3.12")}


# --- reasons beside changes

R = {"version": "4.3.3", "blas": "OpenBLAS 0.3.26 (openblas-pthread)"}
SKLEARN = {"version": "1.8.0", "blas": "OpenBLAS 0.3.30 (wheel of numpy)"}
STAMP = {
    "python": "3.11.7",
    "processor": "A",
    "system": "Linux x86_64",
    "packages": {"numpy": "2.3", "scipy": "1.16", "mpmath": "1.3.0"},
    "blas": [{"internal_api": "openblas", "version": "0.3.30", "architecture": "Zen"}],
    "source": "0123456789ab",
    "libraries": {"R": R, "scikit-learn": SKLEARN},
}
LM, LR, QR = (row(solver=name) for name in ("r.lm", "sklearn.LinearRegression", "qr.householder"))


def worsened(*rows):
    return [replace(one, scores={"digits.min": 5.8}) for one in rows]


def reasons(tmp_path, stamp_then, stamp_now, *rows):
    """Of each route whose digits changed, why, from committed tables to a run."""
    before = committed(tmp_path / "tables", *rows, **stamp_then)
    after = results(tmp_path / "run", *worsened(*rows), **stamp_now)
    return {change.cell[1]: change.because for change in compare(before, after).changed}


def test_version_and_blas_of_a_program_stand_beside_its_change_and_no_python(tmp_path):
    now = {
        **STAMP,
        "python": "3.12.1",
        "packages": {"numpy": "2.4", "scipy": "1.16", "mpmath": "1.3.0"},
        "libraries": {"R": {"version": "4.5.0", "blas": "reference BLAS 3.12.0"}, "scikit-learn": SKLEARN},
    }
    found = reasons(tmp_path, STAMP, now, LM, LR, QR)
    assert found == {
        "r.lm": ("R 4.3.3 -> 4.5.0", "OpenBLAS 0.3.26 (openblas-pthread) -> reference BLAS 3.12.0"),
        "sklearn.LinearRegression": ("NumPy 2.3 -> 2.4", "Python 3.11.7 -> 3.12.1"),
        "qr.householder": ("NumPy 2.3 -> 2.4", "Python 3.11.7 -> 3.12.1"),
    }


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"processor": "B"}, "processor A -> B"),
        ({"system": "Darwin arm64"}, "system Linux x86_64 -> Darwin arm64"),
        ({"source": "ba9876543210"}, "another source of stabilitylab"),
        ({"blas": [{"internal_api": "mkl", "version": "2024.2"}]}, "OpenBLAS 0.3.30 Zen -> mkl 2024.2"),
        ({"packages": {"numpy": "2.3", "scipy": "1.17", "mpmath": "1.3.0"}}, "SciPy 1.16 -> 1.17"),
        ({}, "nothing recorded differs"),
    ],
)
def test_each_thing_that_the_own_solvers_depend_on_is_a_reason(tmp_path, changed, said):
    assert reasons(tmp_path, STAMP, {**STAMP, **changed}, QR) == {"qr.householder": (said,)}


def test_the_blas_that_a_row_names_itself_counts_more_than_the_record(tmp_path):
    before = results(tmp_path / "a", LM, **STAMP)
    after = results(tmp_path / "b", *worsened(replace(LM, facts={"blas": "BLIS 0.9.0"})), **STAMP)
    (change,) = compare(before, after).changed
    assert change.because == ("OpenBLAS 0.3.26 (openblas-pthread) -> BLIS 0.9.0",)


def test_records_of_versions_alone_are_read_and_what_only_one_side_knows_is_said(tmp_path):
    old = {**STAMP, "libraries": {"R": "4.3.3", "scikit-learn": "1.8.0"}}
    assert reasons(tmp_path, old, STAMP, LM) == {
        "r.lm": ("nothing recorded differs, but BLAS of R is not recorded on both sides",)
    }
    assert reasons(tmp_path / "unknown", {}, STAMP, LM) == {"r.lm": ("where it was made is not recorded before",)}


def test_a_problem_with_other_bits_is_a_reason(tmp_path):
    before = results(tmp_path / "a", row(problem_hash="aa"), **STAMP)
    after = results(tmp_path / "b", row(problem_hash="bb", digits=1.0), **STAMP)
    assert compare(before, after).changed[0].because == ("the problem has other bits",)


def test_a_problem_whose_name_changed_is_found_by_its_bits(tmp_path):
    before = results(tmp_path / "a", row("hilbert", problem_hash="aa"), row("hilbert", solver="t", problem_hash="aa"))
    named = [row("hilbert(n=13)", problem_hash="aa", digits=3.0), row("hilbert(n=14)", solver="t", problem_hash="bb")]
    found = compare(before, results(tmp_path / "b", *named))
    assert [(change.cell[0], change.lost) for change in found.changed] == [("hilbert", 7.0)]
    assert [one.cell[1] for one in found.only_before] == [one.cell[1] for one in found.only_after] == ["t"]


def test_an_answer_that_one_side_did_not_score_is_no_change(tmp_path):
    before = results(tmp_path / "a", row())
    after = results(tmp_path / "b", replace(row(), scores={}))
    assert (compare(before, after).changed, compare(before, after).same) == ((), 1)


# --- cells of one side


def test_cells_of_one_side_are_grouped_by_the_largest_part_that_the_other_lacks(tmp_path):
    tables = committed(tmp_path / "tables", LM, LR, QR, row("q", solver="qr.householder"), row(), name="one")
    committed(tables, row("a", solver="svd.full"), row("b", solver="svd.full"), name="two")
    run = results(tmp_path / "run", QR)
    found = compare(tables, run)
    assert found.same == 1
    assert dict(grouped(found.only_before)) == {
        "two was not run there": 2,
        "R: nothing there is of it": 1,
        "scikit-learn: nothing there is of it": 1,
        "one: ran at quick size there": 1,
        "one: no route s there": 1,
    }
    assert next(iter(grouped(found.only_before))) == ("two was not run there", 2)


def test_single_files_are_held_against_each_other_whatever_they_are_called(tmp_path):
    tables = committed(tmp_path / "tables", LM, row(), QR, name="published")
    run = results(tmp_path / "run", LM, row("q"), QR) / "rows" / "one.quick.rows.jsonl"
    found = compare(tables / "published-rows.csv.gz", run)
    assert found.same == 2
    assert dict(grouped(found.only_before)) == {"no such problem, truth or variant there": 1}


def test_the_command_says_reasons_and_counts_and_its_json_has_every_cell(tmp_path):
    tables = committed(tmp_path / "tables", LM, QR, row("q", solver="qr.householder"), **STAMP)
    now = {**STAMP, "libraries": {"R": {**R, "version": "4.5.0"}}}
    run = results(tmp_path / "run", *worsened(LM), QR, **now)
    said = CliRunner().invoke(main, ["compare", str(tables), str(run)])
    assert said.exit_code == 1
    assert said.output.splitlines() == [
        "Where they were made differs in:",
        "  R: 4.3.3 -> 4.5.0",
        "r.lm on p (matrix): 10.0 -> 5.8 digits; R 4.3.3 -> 4.5.0",
        "Only before, 1 in all:",
        "  1: one: ran at quick size there",
        "1 changed, 1 of them lost digits or their answer; 1 the same; 1 only before, 0 only after",
    ]
    record = json.loads(CliRunner().invoke(main, ["compare", str(tables), str(run), "--json"]).stdout)
    assert record["changed"][0]["because"] == ["R 4.3.3 -> 4.5.0"]
    assert record["only_before"][0]["why"] == "one: ran at quick size there"
    assert record["environment"] == {"R": ["4.3.3", "4.5.0"]}
    assert CliRunner().invoke(main, ["compare", str(tables), str(run), "--digits", "5"]).exit_code == 0


def test_how_a_cell_ended_is_said_in_the_words_of_a_table(tmp_path):
    before, after = results(tmp_path / "a", row()), results(tmp_path / "b", refused())
    said = CliRunner().invoke(main, ["compare", str(before), str(after)]).output
    assert said.startswith("s on p (matrix): 10.0 digits -> refused, and said why; where it was made is not recorded")


def test_a_real_run_compares_with_tables_published_from_it(tmp_path):
    path = planted.experiment(tmp_path)
    command = ["run", "--from", str(path.parent), "--jobs", "1", "--out", str(tmp_path / "out")]
    assert CliRunner().invoke(main, [*command, "--update"]).exit_code == 0
    found = compare(path.parent / "tables", tmp_path / "out")
    assert (found.changed, found.same, found.only_before, found.only_after) == ((), 16, (), ())
    assert found.environment == {}


def test_a_file_of_rows_will_do(tmp_path):
    before, after = (results(tmp_path / name, row()) / "rows" / "one.quick.rows.jsonl" for name in "ab")
    assert compare(before, after).same == 1


def test_a_folder_without_rows_says_what_to_name(tmp_path):
    with pytest.raises(InputError, match=r"holds no \*\.rows\.jsonl and no \*-rows\.csv\.gz: name a folder that"):
        compare(tmp_path, tmp_path)


@pytest.mark.parametrize("line", [b"{}", b'{"problem": ', b"\xff\xfe", b'{"problem":"p","verdikt":""}'])
def test_damage_is_named_by_file_and_line(tmp_path, line):
    good, bad = results(tmp_path / "a", row()), results(tmp_path / "b", row())
    with (bad / "rows" / "one.quick.rows.jsonl").open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(StabilityLabError, match=r"one\.quick\.rows\.jsonl, line 2: "):
        compare(good, bad)


def test_a_stamp_that_is_no_json_is_named(tmp_path):
    before = results(tmp_path / "a", row())
    (before / "environment.json").write_text("{")
    with pytest.raises(InputError, match=r"environment\.json is no JSON"):
        compare(before, before)

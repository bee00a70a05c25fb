"""Two results side by side: what moved by a digit or changed its ending, whatever order the rows are in."""

import json
from dataclasses import replace

import pytest

from stabilitylab.core.errors import InputError, StabilityLabError
from stabilitylab.core.types import Measurement
from stabilitylab.lab.compare import compare
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
    assert [cell for cell in found.only_before if cell[1] == "t"] == [("p", "t", "float64", "matrix", "published")]
    assert len(found.only_before) == 3
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
    assert [cell[0] for cell in lacking.only_before] == ["p(m=5)", "p [version 1.9]"]
    spelled = [row("p(m=5)", parameters={"m": 5, "seed": 0}, problem_hash="85c73213a9736391")]
    assert compare(results(tmp_path / "d", *spelled), results(tmp_path / "e")).only_before[0][0] == "p(m=5)"


# --- committed tables, and rows of schema 1


def committed(folder, *rows, name="one", **stamp):
    folder.mkdir(exist_ok=True)
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


def test_several_chapters_of_committed_tables_are_read_together(tmp_path):
    tables = committed(tmp_path / "tables", row("p"), name="one", python="3.11")
    committed(tables, row("q"), name="two", python="3.12")
    run = results(tmp_path / "run", row("p"), row("q"), python="3.12")
    found = compare(tables, run)
    assert found.same == 2
    assert sorted(found.environment["python"][0]) == ["3.11", "3.12"]
    assert found.environment["python"][1] == "3.12"


def test_libraries_are_compared_where_both_sides_know_them(tmp_path):
    tables = committed(tmp_path / "a", row(), python="3.11", libraries={"NumPy": "2.4"})
    run = results(tmp_path / "run", row(), python="3.11")
    assert compare(tables, run).environment == {}
    other = committed(tmp_path / "b", row(), python="3.11", libraries={"NumPy": "2.5"})
    assert compare(tables, other).environment == {"libraries": ({"NumPy": "2.4"}, {"NumPy": "2.5"})}


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


def test_stamps_that_differ_are_named(tmp_path):
    before = results(tmp_path / "a", row(), python="3.11", blas=["x"], same=1)
    after = results(tmp_path / "b", row(), python="3.12", same=1)
    assert compare(before, after).environment == {"python": ("3.11", "3.12"), "blas": (["x"], None)}


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

"""Rows come back bit for bit, and a journal that was cut anywhere keeps every whole line."""

import json
import math
import struct
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.errors import StabilityLabError, UnknownNameError
from stabilitylab.core.types import Measurement, Status
from stabilitylab.report.rows import Journal, NoRowsError, Rows, from_json, read, to_json, write

ROW = Measurement(
    problem="p(cond=100)",
    parameters={"cond": 1e2, "seed": 0},
    solver="qr.householder",
    format="float64",
    works_in="float64",
    truth="matrix",
    status="SOLVED",
    note="",
    warnings=(),
    rank=None,
    x=(0.1, -2.5),
    scores={"digits.min": 12.25, "growth": None},
    reasons={"growth": "the route is no elimination"},
    seed=0,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(max_size=20)
rows = st.builds(
    Measurement,
    problem=names,
    parameters=st.dictionaries(names, finite | st.integers() | names | st.booleans() | st.none(), max_size=3),
    solver=names,
    format=names,
    works_in=names,
    truth=st.sampled_from(["decimal", "data", "matrix"]),
    status=st.sampled_from([status.name for status in Status]),
    note=st.text(st.characters(exclude_categories=())),  # lone surrogates, line separators and all
    warnings=st.lists(st.text(), max_size=3).map(tuple),
    rank=st.none() | st.integers(0, 50),
    x=st.none() | st.lists(finite, max_size=5).map(tuple),
    scores=st.dictionaries(names, finite | st.none(), max_size=4),
    reasons=st.dictionaries(names, names, max_size=3),
    verdict=names,
    cause=names,
    seed=st.none() | st.integers(),
    variant=names,
    conditions=st.dictionaries(names, finite | st.integers() | names, max_size=3),
    facts=st.dictionaries(names, finite | st.integers() | names, max_size=3),
)


def bits(value):
    """A value with its floats as bits, so that 0.0 and -0.0, or 1.0 and 1, are not equal."""
    if isinstance(value, float):
        return struct.pack("d", value)
    if isinstance(value, dict):
        return {key: bits(item) for key, item in value.items()}
    return type(value)(map(bits, value)) if isinstance(value, tuple) else value


# --- JSON lines


@given(row=rows)
def test_a_row_comes_back_from_its_line_bit_for_bit(row):
    line = to_json(row)
    assert "\n" not in line
    back = from_json(line)
    for field in fields(Measurement):
        assert bits(getattr(back, field.name)) == bits(getattr(row, field.name)), field.name


@settings(max_examples=50)
@given(found=st.lists(rows, max_size=4))
def test_files_and_journals_give_back_what_was_written(found, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    write(found, folder / "rows.jsonl")
    assert list(read(folder / "rows.jsonl")) == found
    keyed = [(f"key{k}", row) for k, row in enumerate(found)]
    Journal(folder / "journal.jsonl").append([*keyed, ("passed over", None)])
    assert Journal(folder / "journal.jsonl").rows == {**dict(keyed), "passed over": None}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_lacks_is_not_written(value):
    with pytest.raises(ValueError, match="JSON"):
        to_json(replace(ROW, scores={"digits.min": value}))


# --- rows of schema 1


def old(**changes):
    """ROW as schema 1 wrote it."""
    content = json.loads(to_json(ROW))
    for field in ("conditions", "facts"):
        del content[field]
    content |= {"dtype": content.pop("format"), "copy": content.pop("variant"), "schema": 1}
    return {**content, **changes}


def test_a_row_of_schema_1_is_read_as_one_of_this_schema():
    row = from_json(json.dumps(old(dtype="float32", copy="scaled 3")))
    assert row == replace(ROW, format="float32", variant="scaled 3")
    assert from_json(to_json(row)) == row


POSED = {
    "a version": ({"library": "NumPy", "version": "2.4", "cond": 10.0}, {"library": "NumPy", "version": "2.4"}, {}),
    "words": (
        {"works in": "float64", "near.fate": "kept", "voice": "warned", "script": "print(1)"},
        {},
        {"works in": "float64", "near.fate": "kept", "reporting": "warned", "script": "print(1)"},
    ),
    "a broken law": (
        {"library": "numpy", "thorough": 1, "outcome": "broken", "k": 4, "difference": 0.5},
        {"library": "numpy", "thorough": 1},
        {"outcome": "broken", "k": 4, "difference": 0.5},
    ),
    "a parameter that is called as a fact was": ({"k": 3, "first": 0}, {}, {}),
}


@pytest.mark.parametrize("what", POSED)
def test_conditions_and_facts_that_posed_as_parameters_leave_them(what):
    parameters, conditions, facts = POSED[what]
    row = from_json(json.dumps(old(parameters=parameters)))
    assert (row.conditions, row.facts) == (conditions, facts)
    moved = {*conditions, *facts, *(["voice"] if "reporting" in facts else [])}
    assert row.parameters == {name: value for name, value in parameters.items() if name not in moved}


# --- what is no row

DAMAGED = {
    "an old row with a new field": json.dumps(old(facts={})),
    "an old row without a format": json.dumps({k: v for k, v in old().items() if k != "dtype"}),
    "an old row with parameters that are none": json.dumps(old(parameters=[])),
    "a new row that says it is old": json.dumps({**json.loads(to_json(ROW)), "schema": 1}),
    "an old row that says it is new": json.dumps(old(schema=2)),
    "facts that are none": json.dumps({**json.loads(to_json(ROW)), "facts": "sweet"}),
    "an unknown field": json.dumps({**json.loads(to_json(ROW)), "flavour": "sweet"}),
    "a field is missing": json.dumps({"problem": "p"}),
    "a list": "[1, 2]",
    "torn": to_json(ROW)[:-5],
    "no JSON": "digits: 12",
    "an unknown status": json.dumps({**json.loads(to_json(ROW)), "status": "FINE"}),
    "a status that is no text": json.dumps({**json.loads(to_json(ROW)), "status": []}),
    "another schema": json.dumps({**json.loads(to_json(ROW)), "schema": 0}),
    "no scores": json.dumps({**json.loads(to_json(ROW)), "scores": None}),
    "empty": "",
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_line_that_is_no_row_is_named_by_its_number(damage, tmp_path):
    line, good = DAMAGED[damage], to_json(ROW).encode()
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\n".join([good, good, line if isinstance(line, bytes) else line.encode(), good]) + b"\n")
    with pytest.raises(StabilityLabError, match=r"rows\.jsonl, line 3: "):
        read(path)


def test_a_file_that_has_no_row_in_its_first_line_is_no_file_of_rows(tmp_path):
    for text, why in (("# A page of text", "no JSON"), ('{"page": 1}', "not a row of this schema")):
        (tmp_path / "README.md").write_text(text)
        with pytest.raises(StabilityLabError, match=rf"README\.md is no file of rows as .*: line 1: {why}$"):
            read(tmp_path / "README.md")


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_journal_passes_over_a_line_that_is_no_row(damage, tmp_path):
    line = DAMAGED[damage]
    path = tmp_path / "journal.jsonl"
    keyed = f'{{"key":"bad","row":{line}}}\n'.encode() if isinstance(line, str) else line + b"\n"
    path.write_bytes(keyed + f'{{"key":"good","row":{to_json(ROW)}}}\n'.encode() + b'{"key":[],"row":null}\n7\n')
    assert Journal(path).rows == {"good": ROW}


# --- the journal


def test_a_journal_cut_at_any_byte_keeps_every_whole_line_and_takes_new_ones(tmp_path):
    whole = tmp_path / "whole.jsonl"
    keyed = [(f"key{k}", None if k == 1 else replace(ROW, note=f"row {k} ×\u2028")) for k in range(4)]
    Journal(whole).append(keyed)
    content = whole.read_bytes()
    ends = [k + 1 for k, byte in enumerate(content) if byte == ord("\n")]
    path = tmp_path / "cut.jsonl"
    for cut in range(ends[1], len(content) + 1):
        path.write_bytes(content[:cut])
        kept = sum(end - 1 <= cut for end in ends)  # the newline itself may be torn off
        journal = Journal(path)
        assert journal.rows == dict(keyed[:kept]), cut
        journal.append([("new", ROW)])
        assert Journal(path).rows == journal.rows == {**dict(keyed[:kept]), "new": ROW}, cut


def test_a_journal_in_a_folder_that_is_not_there_is_empty_and_can_be_written(tmp_path):
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    assert journal.rows == {}
    journal.append([("a", ROW)])
    assert Journal(journal.path).rows == {"a": ROW}


def test_the_last_row_of_a_key_counts(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    journal.append([("a", ROW)])
    journal.append([("a", replace(ROW, note="again"))])
    assert Journal(journal.path).rows["a"].note == "again"


def test_pruning_forgets_every_other_key_in_memory_and_on_disk(tmp_path):
    journal = Journal(tmp_path / "x.journal.jsonl")
    journal.append([("a", ROW), ("b", None), ("c", ROW)])
    journal.path.with_suffix(".part").write_text(f'{{"key":"left by a kill","row":{to_json(ROW)}}}\n')
    journal.prune({"a", "b", "unheard of"})
    assert journal.rows == Journal(journal.path).rows == {"a": ROW, "b": None}
    assert [path.name for path in tmp_path.iterdir()] == ["x.journal.jsonl"]


def test_pruning_what_is_all_wanted_does_not_touch_the_file(tmp_path):
    journal = Journal(tmp_path / "x.journal.jsonl")
    journal.append([("a", ROW)])
    before = journal.path.stat()
    journal.prune({"a"})
    assert (journal.path.stat().st_mtime_ns, journal.path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


# --- questions

OTHER = replace(ROW, solver="normal.cholesky", status="REFUSED", x=None, scores={"digits.min": None})
LAST = replace(ROW, problem="q", parameters={"cond": 1e8}, scores={"digits.min": 3.0})
ALL = Rows((ROW, OTHER, LAST))


def test_where_takes_fields_parameters_and_collections():
    assert list(ALL.where(solver="qr.householder")) == [ROW, LAST]
    assert list(ALL.where(problem__cond=1e8)) == [LAST]
    assert list(ALL.where(problem__cond={1e2, 1e8}, status=("REFUSED", "RAISED"))) == [OTHER]
    assert list(ALL.where()) == list(ALL)
    assert len(ALL) == 3
    assert ALL.any(problem="q")
    assert not ALL.any(problem="r")


def test_names_look_into_parameters_conditions_and_facts_then_scores_then_fields():
    row = replace(
        ROW, conditions={"version": "1.9", "cond": 3}, facts={"works in": "float32", "near.fate": "kept", "solver": "f"}
    )
    assert row["problem.cond"] == 1e2
    assert row["conditions.cond"] == 3
    assert row["conditions.version"] == "1.9"
    assert row["facts.near.fate"] == "kept"
    assert row["facts.works in"] == "float32"
    assert row["facts.solver"] == "f"
    assert (row["solver"], row["problem"], row["digits.min"]) == ("qr.householder", "p(cond=100)", 12.25)
    assert (row["format"], row["variant"]) == ("float64", "published")
    lacking = ("facts.cond", "problem.version", "conditions.works in", "digits", "dtype", "copy")
    assert [row.get(name) for name in lacking] == [None] * len(lacking)
    assert [row[name] for name in lacking[:3]] == [None] * 3
    assert list(Rows((row, ROW)).where(conditions__version="1.9", facts__solver="f")) == [row]


def test_a_misspelt_name_is_told_by_a_row_and_asked_in_vain_of_rows():
    row = replace(ROW, scores={"digits.min": None, "growth": 1.5}, reasons={"digits.max": "refused"})
    assert (row["digits.min"], row["digits.max"], row["growth"], row["seed"], row["answered"]) == (
        None,
        None,
        1.5,
        0,
        True,
    )
    with pytest.raises(UnknownNameError, match=r"the row has no 'digits\.mn': did you mean digits\.min"):
        row["digits.mn"]
    with pytest.raises(UnknownNameError, match=r"the row has no 'rnak': did you mean rank"):
        row["rnak"]
    mixed = Rows((replace(ROW, scores={}, reasons={}), row))  # a score that one row has
    assert mixed.values("growth") == [1.5]
    assert mixed.distinct("growth") == [None, 1.5]
    assert list(mixed.where(growth=1.5)) == [row]


@given(row=rows)
def test_the_dictionary_of_a_row_is_what_its_line_holds(row):
    assert json.loads(to_json(row)) == row.to_dict()


SENTENCES = {
    "an answer": (
        {"truth": "decimal", "solver": "numpy.lstsq", "problem": "nist.longley", "parameters": {}},
        "numpy.lstsq on nist.longley: 12.2 correct digits in the worst coefficient (decimal truth, float64)",
    ),
    "all digits": (
        {"scores": {"digits.min": 15.9545}},
        "qr.householder on p(cond=100): 15.95 correct digits in the worst coefficient (matrix truth, float64)",
    ),
    "another format and variant": (
        {"format": "float32", "variant": "scaled 3", "conditions": {"version": "1.9"}},
        "qr.householder on p(cond=100): 12.2 correct digits in the worst coefficient (matrix truth, float32, computed "
        "in float64, scaled 3, version 1.9)",
    ),
    "a cut-off": (
        {"status": "RANK_REDUCED", "scores": {"digits.min": 0.0}, "cause": "rank cut-off: 1 of 2 directions kept"},
        "qr.householder on p(cond=100): 0.0 correct digits in the worst coefficient; solved in a smaller space: "
        "directions were dropped by a rank cut-off; rank cut-off: 1 of 2 directions kept (matrix truth, float64)",
    ),
    "a cut-off and a warning": (
        {"status": "RANK_REDUCED", "warnings": ("UserWarning: beware",)},
        "qr.householder on p(cond=100): 12.2 correct digits in the worst coefficient; solved in a smaller space: "
        "directions were dropped by a rank cut-off; with a warning (matrix truth, float64)",
    ),
    "a start at the answer": (
        {"facts": {"start": "started at the answer"}},
        "qr.householder on p(cond=100): 12.2 correct digits in the worst coefficient; started at the answer "
        "(matrix truth, float64)",
    ),
    "a failure": (
        {"status": "REFUSED", "note": "Singular matrix", "x": None, "scores": {"digits.min": None}},
        "qr.householder on p(cond=100): refused, and said why: Singular matrix (matrix truth, float64)",
    ),
    "no digits": (
        {"scores": {"digits.min": None}, "reasons": {"digits.min": "many solutions"}},
        "qr.householder on p(cond=100): correct digits not scored: many solutions (matrix truth, float64)",
    ),
    "a probe": (
        {
            "problem": "graded",
            "parameters": {"m": 50, "n": 5},
            "problem_hash": "",
            "truth": "",
            "scores": {"ratio": 4.256789, "seconds": None},
            "facts": {"works in": "float64", "script": "import\nthis"},
        },
        "qr.householder on graded(m=50, n=5): ratio 4.257, works in float64 (float64)",
    ),
    "a probe without a number": (
        {"problem": "law", "parameters": {}, "problem_hash": "", "truth": "", "scores": {}},
        "qr.householder on law: no score (float64)",
    ),
}


@pytest.mark.parametrize("what", SENTENCES)
def test_a_row_prints_as_a_sentence(what):
    changes, sentence = SENTENCES[what]
    row = replace(ROW, **{"problem_hash": "85c73213a9736391", **changes})
    assert str(row) == repr(row) == sentence


@given(row=rows)
def test_every_row_has_a_sentence_that_names_solver_problem_and_note(row):
    said = str(row)
    assert said.startswith(f"{row.solver} on {row.problem}")
    assert row.note in said


@pytest.mark.parametrize("wanted", [{"solver": "nobody"}, {"problem__cond": 7}, {"nothing": 1}, {"solver": ()}])
def test_where_raises_rather_than_returning_nothing(wanted):
    with pytest.raises(NoRowsError, match=f"no row has {next(iter(wanted))}="):
        ALL.where(**wanted)


def test_values_are_those_that_are_there_and_distinct_ones_keep_their_order():
    assert ALL.values("digits.min") == [12.25, 3.0]
    assert ALL.distinct("solver") == ["qr.householder", "normal.cholesky"]
    with pytest.raises(NoRowsError, match=r"growth"):
        ALL.values("growth")

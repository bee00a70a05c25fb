"""Committed rows: every score comes back bit for bit, equal rows give equal bytes, and damage is named by its line."""

import csv
import gzip
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from made_tables import STATUSES, measured
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import Measurement
from stabilitylab.report.committed import (
    COLUMNS,
    COORDINATES,
    ENVIRONMENTS,
    SUFFIX,
    environment_id,
    environments,
    publish_rows,
    read_committed,
)
from stabilitylab.report.rows import Rows

HERE = {"python": "3.12", "blas": [{"version": "0.3"}], "libraries": {"NumPy": "2.4"}}
THERE = {**HERE, "python": "3.13"}

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=8)
score_names = st.text(min_size=1, max_size=8)
values = st.dictionaries(texts, finite | st.integers() | texts | st.booleans() | st.none(), max_size=2)
rows = st.builds(
    Measurement,
    problem=texts,
    parameters=values,
    solver=texts,
    format=texts,
    works_in=texts,
    truth=st.sampled_from(["decimal", "data", "matrix", ""]),
    status=st.sampled_from(STATUSES),
    note=texts,
    warnings=st.just(("beware",)),
    rank=st.none(),
    x=st.none(),
    scores=st.dictionaries(score_names, finite | st.integers() | st.none(), max_size=3),
    reasons=st.dictionaries(score_names, st.text(min_size=1, max_size=8), max_size=2),
    variant=texts,
    problem_hash=texts,
    conditions=values,
    facts=values,
)


def bits(value):
    return struct.pack("d", value) if isinstance(value, float) else value


def kept(row):
    """What a committed row keeps of a row, with floats as bits."""
    scores = {name: bits(row.scores.get(name)) for name in (*row.scores, *row.reasons)}
    mappings = [{k: bits(v) for k, v in getattr(row, name).items()} for name in ("parameters", "conditions")]
    texts = [getattr(row, name) for name in COORDINATES if name not in ("parameters", "conditions")]
    return scores, dict(row.reasons), mappings, texts, row.answered


def path_in(folder, name="one"):
    return folder / f"{name}{SUFFIX}"


def published(folder, *measurements, name="one", environment=HERE):
    publish_rows(name, Rows(measurements), folder, environment)
    return path_in(folder, name)


# --- back again


@given(made=st.lists(rows, max_size=5))
def test_rows_come_back_with_coordinates_endings_scores_and_reasons(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    assert [kept(row) for row in read_committed(published(folder, *made))] == [kept(row) for row in made]


@pytest.mark.parametrize("scores", [({"a": 1.0}, {"b": 2.0}), ({}, {}), ({"a": None}, {"a": None})])
def test_neighbours_with_the_same_coordinates_stay_two_rows(tmp_path, scores):
    one, two = (measured(scores=part, reasons={}) for part in scores)
    assert [row.scores for row in read_committed(published(tmp_path, one, two))] == list(scores)


def test_half_a_surrogate_pair_in_the_words_of_a_library_is_written_as_an_escape(tmp_path):
    path = published(tmp_path, measured(digits=None, reasons={"digits.min": "bad \udc80 byte"}))
    assert read_committed(path).all[0].reasons["digits.min"] == "bad \\udc80 byte"


# --- the bytes


def test_the_same_rows_give_the_same_bytes_without_a_time_in_them(tmp_path):
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
        published(folder, measured(), measured("q", digits=None, status="REFUSED"))
    first, again = ({path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in folders)
    assert first == again
    assert set(first) == {f"one{SUFFIX}", ENVIRONMENTS}
    head = first[f"one{SUFFIX}"][:10]
    assert (head[:2], head[3], head[4:8]) == (b"\x1f\x8b", 0, b"\0\0\0\0"), "no file name and no time"
    published(folders[0], measured())
    assert path_in(folders[0]).read_bytes() != first[f"one{SUFFIX}"]


def test_a_line_holds_one_score_for_whoever_reads_it_without_this_package(tmp_path):
    row = measured(
        scores={"digits.min": 9.25, "growth": None}, reasons={"growth": "no elimination"}, variant="scaled 3"
    )
    with gzip.open(published(tmp_path, row), "rt", encoding="utf-8", newline="") as file:
        head, one, two = csv.reader(file)
    assert tuple(head) == COLUMNS
    first, second = (dict(zip(COLUMNS, line, strict=True)) for line in (one, two))
    assert (first["score"], first["value"], first["reason"]) == ("digits.min", "9.25", "")
    assert (second["score"], second["value"], second["reason"]) == ("growth", "", "no elimination")
    assert (first["parameters"], first["variant"], first["status"]) == ('{"cond":100000000.0}', "scaled 3", "SOLVED")
    assert first["environment"] in json.loads((tmp_path / ENVIRONMENTS).read_text("utf-8"))


# --- environments


def test_environments_are_kept_as_long_as_a_file_refers_to_them(tmp_path):
    published(tmp_path, measured(), name="one", environment=HERE)
    published(tmp_path, measured(), name="two", environment=THERE)
    assert environments(tmp_path) == {environment_id(HERE): HERE, environment_id(THERE): THERE}
    published(tmp_path, measured(), name="one", environment=THERE)
    assert environments(tmp_path) == {environment_id(THERE): THERE}


def test_an_identifier_is_of_the_content_and_not_of_its_order():
    assert environment_id(HERE) == environment_id(dict(reversed(HERE.items()))) != environment_id(THERE)


def test_an_environment_that_is_no_record_is_named(tmp_path):
    assert environments(tmp_path) == {}
    for text in ("{", "[]", '{"a": 1}'):
        (tmp_path / ENVIRONMENTS).write_text(text)
        with pytest.raises(StabilityLabError, match=r"environments\.json "):
            environments(tmp_path)


# --- damage


def damaged(path, change):
    """The file with its lines changed and zipped again."""
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(gzip.compress("\n".join(change(lines)).encode() + b"\n"))


def replaced(line, **fields):
    """A change of fields of the second line of rows, which is line 3 of the file."""
    assert line == 3

    def change(lines):
        named = dict(zip(COLUMNS, next(csv.reader([lines[2]])), strict=True)) | fields
        quoted = ['"' + named[column].replace('"', '""') + '"' for column in COLUMNS]
        return [*lines[:2], ",".join(quoted), *lines[3:]]

    return change


DAMAGE = {
    "a value that is no number": (replaced(3, value="many"), "line 3: 'many' is no number"),
    "an unknown status": (replaced(3, status="FINE"), "line 3: 'FINE' is no status"),
    "parameters that are no JSON": (replaced(3, parameters="{"), "line 3: "),
    "conditions that are no object": (replaced(3, conditions="[]"), "line 3: parameters and conditions must be"),
    "a field too few": (lambda lines: [*lines[:2], lines[2].rpartition(",")[0], *lines[3:]], "line 3: expected 14"),
    "another header": (lambda lines: ["a,b", *lines[1:]], "line 1: expected the columns row, problem"),
    "nothing": (lambda lines: [], "line 1: expected the columns"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_by_file_and_line(tmp_path, what):
    path = published(tmp_path, measured(scores={"a": 1.0}), measured("q", scores={"a": 2.0}), measured("r"))
    change, says = DAMAGE[what]
    assert len(read_committed(path)) == 3
    damaged(path, change)
    with pytest.raises(StabilityLabError, match=r"one-rows\.csv\.gz, ") as refusal:
        read_committed(path)
    assert says in str(refusal.value)


@pytest.mark.parametrize("cut", [5, 40, -1])
def test_a_torn_file_is_named(tmp_path, cut):
    path = published(tmp_path, *(measured(digits=float(k)) for k in range(15)))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(StabilityLabError, match=r"one-rows\.csv\.gz, after line \d+: "):
        read_committed(path)


def test_what_is_no_gzip_or_no_text_is_named(tmp_path):
    path = path_in(tmp_path)
    for content in (b"row,problem\n", gzip.compress(b"\xff\xfe\n")):
        path.write_bytes(content)
        with pytest.raises(StabilityLabError, match=r"one-rows\.csv\.gz, after line 0: "):
            read_committed(path)


def test_a_changed_byte_in_the_middle_is_found(tmp_path):
    path = published(tmp_path, *(measured(digits=float(k) / 7) for k in range(200)))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(StabilityLabError, match=r"one-rows\.csv\.gz"):
        read_committed(path)


def test_numbers_of_numpy_and_endless_reasons_are_read_again(tmp_path):
    row = replace(
        measured(), scores={"digits.min": np.float64(1.5), "n": np.int64(3), "x": None}, reasons={"x": "no " * 100_000}
    )
    publish_rows("numbers", Rows((row,)), tmp_path, HERE)
    (again,) = read_committed(tmp_path / f"numbers{SUFFIX}")
    assert dict(again.scores) == {"digits.min": 1.5, "n": 3.0, "x": None}
    assert again.reasons["x"].startswith("no no ")

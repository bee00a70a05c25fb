"""The rows of a chapter in long form, small enough to be committed: one line a score, gzipped CSV, to be compared.

`NAME-rows.csv.gz` has the columns of `COLUMNS`; `environments.json` beside it says where they were made, under the
identifier that the lines carry. Left out is what a comparison does not ask for: coefficients, notes, warnings, facts
but the cause of lost digits.
"""

import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from stabilitylab import libraries
from stabilitylab.core import environment
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import BLAS, CAUSE, Measurement, Status
from stabilitylab.report.blas_used import blas_used
from stabilitylab.report.environment import LIBRARIES
from stabilitylab.report.rows import Rows

SUFFIX = "-rows.csv.gz"
ENVIRONMENTS = "environments.json"
COORDINATES = ("problem", "problem_hash", "parameters", "conditions", "solver", "format", "truth", "variant", "status")
COLUMNS = ("row", *COORDINATES, "environment", "score", "value", "reason")
"""row: its number, 0, 1, ...; parameters, conditions: JSON; value: "" for none, whose reason follows.

A row without any score has one line, with an empty score. One that was asked what cost its digits has a line more, of
the score "cause", with the cause as its reason.
"""
LONGEST = 2000  # characters of a reason that are kept
ID_LENGTH = 12  # hexadecimal digits of SHA-256 that tell environments apart
_WHOLE = re.compile(r"-?\d+")


def publish_rows(name: str, rows: Rows, folder: Path, made_in: Mapping[str, Any]) -> tuple[str, ...]:
    """Write the rows of a chapter, and where they were made, into a folder of committed tables; the file names.

    made_in: as of `environment_of`. The same rows and environment give the same bytes. Environments that no file of
    the folder refers to are forgotten.
    """
    identifier = environment_id(made_in)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{SUFFIX}"
    path.write_bytes(_zipped(_table(rows, identifier)))
    known = {**environments(folder), identifier: dict(made_in)}
    used = {identifier, *(one for file in folder.glob(f"*{SUFFIX}") if file != path for one in _identifiers(file))}
    kept = {one: known[one] for one in sorted(used) if one in known}
    text = json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    (folder / ENVIRONMENTS).write_text(text + "\n", "utf-8", newline="\n")
    return path.name, ENVIRONMENTS


def environment_of(rows: Iterable[Measurement]) -> dict[str, Any]:
    """Where rows are made now: versions, BLAS, processor and source, and the libraries of the rows.

    Of a library its version and the BLAS that its rows name (see `blas_used`).
    """
    versions = {one.title: one.version for one in libraries.each()}
    return {
        **environment.stamp(),
        "source": environment.source_hash()[:ID_LENGTH],
        LIBRARIES: {
            title: {"version": versions[title](), **({BLAS: name} if name else {})}
            for title, name in blas_used(rows).items()
        },
    }


def write_environment(made_in: Mapping[str, Any], path: Path) -> None:
    """Write the record of a run; libraries that an earlier run into the same folder recorded there are kept.

    Unless that was made elsewhere: under another processor, Python, BLAS or source.
    """
    try:
        earlier = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        earlier = {}
    record = dict(made_in)
    known = earlier.get(LIBRARIES) if isinstance(earlier, dict) else None
    if isinstance(known, dict) and all(earlier.get(key) == made_in[key] for key in made_in if key != LIBRARIES):
        record[LIBRARIES] = dict(sorted({**known, **made_in[LIBRARIES]}.items()))
    path.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def environment_id(made_in: Mapping[str, Any]) -> str:
    """The first digits of the SHA-256 of an environment's JSON with sorted keys."""
    content = json.dumps(made_in, sort_keys=True, allow_nan=False)
    return hashlib.sha256(content.encode()).hexdigest()[:ID_LENGTH]


def environments(folder: Path) -> dict[str, dict[str, Any]]:
    """The environments of a folder of committed tables by identifier; none where the file is not there.

    Raises StabilityLabError naming a file that is no such record.
    """
    path = folder / ENVIRONMENTS
    try:
        content = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        raise StabilityLabError(f"{path} is no JSON: {error}") from None
    if not isinstance(content, dict) or not all(isinstance(one, dict) for one in content.values()):
        raise StabilityLabError(f"{path} must hold one record for each environment: write it with run --update")
    return content


def identifier_in(path: Path) -> str:
    """The identifier of the environment of a file written by `publish_rows`; "" where it has no row."""
    return next((line[COLUMNS.index("environment")] for _, line in _lines(path)), "")


def read_committed(path: Path) -> Rows:
    """The rows of a file written by `publish_rows`, with coordinates, status, scores and reasons.

    Raises StabilityLabError naming the file, and the line that is none of such a file.
    """
    rows: list[Measurement] = []
    coordinates: list[str] | None = None
    scores: dict[str, float | None] = {}
    reasons: dict[str, str] = {}
    facts: dict[str, str] = {}
    for number, line in _lines(path):
        if line[: len(COORDINATES) + 1] != coordinates:
            coordinates, scores, reasons, facts = line[: len(COORDINATES) + 1], {}, {}, {}
            try:
                rows.append(_row(coordinates[1:], scores, reasons, facts))
            except (ValueError, TypeError, RecursionError) as error:
                raise StabilityLabError(f"{path}, line {number}: {error}") from None
        score, value, reason = line[-3:]
        if score == CAUSE:
            facts[CAUSE] = reason
            continue
        try:
            if score or value:
                scores[score] = _number(value) if value else None
        except ValueError:
            raise StabilityLabError(f"{path}, line {number}: {value!r} is no number") from None
        if reason:
            reasons[score] = reason
    return Rows(tuple(rows))


def _table(rows: Rows, identifier: str) -> str:
    text = io.StringIO(newline="")
    out = csv.writer(text)  # with the line ends of RFC 4180, so that a carriage return in a name is quoted
    out.writerow(COLUMNS)
    for number, row in enumerate(rows):
        place = [number, *(_text(getattr(row, name)) for name in COORDINATES), identifier]
        names = dict.fromkeys((*row.scores, *row.reasons))
        for score in names or ("",):
            value = row.scores.get(score)
            # A NumPy number prints its type; what a library says may be longer than a CSV reader takes.
            number_text = "" if value is None else repr(value if type(value) is int else float(value))
            out.writerow([*place, score, number_text, row.reasons.get(score, "")[:LONGEST]])
        if CAUSE in row.facts:
            out.writerow([*place, CAUSE, "", row.facts[CAUSE][:LONGEST]])
    return text.getvalue()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), allow_nan=False)


def _zipped(text: str) -> bytes:
    """Gzip without name or time, so that the same text gives the same bytes."""
    content = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=content, compresslevel=9, mtime=0) as file:
        file.write(text.encode("utf-8", errors="backslashreplace"))  # a library's words may hold half a surrogate pair
    return content.getvalue()


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines under the header with their numbers. Raises StabilityLabError for another header or a torn file."""
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if tuple(next(reader, ())) != COLUMNS:
                raise StabilityLabError(f"{path}, line 1: expected the columns {', '.join(COLUMNS)}")
            for line in reader:
                number = reader.line_num
                if len(line) != len(COLUMNS):
                    raise StabilityLabError(f"{path}, line {number}: expected {len(COLUMNS)} fields; got {len(line)}")
                yield number, line
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise StabilityLabError(f"{path}, after line {number}: {error}") from None


def _identifiers(path: Path) -> Collection[str]:
    return {line[COLUMNS.index("environment")] for _, line in _lines(path)}


def _row(
    coordinates: list[str], scores: dict[str, float | None], reasons: dict[str, str], facts: dict[str, str]
) -> Measurement:
    named: dict[str, Any] = dict(zip(COORDINATES, coordinates, strict=True))
    parameters, conditions = json.loads(named.pop("parameters")), json.loads(named.pop("conditions"))
    if not isinstance(parameters, dict) or not isinstance(conditions, dict):
        raise ValueError("parameters and conditions must be JSON objects")
    if named["status"] not in Status.__members__:
        raise ValueError(f"{named['status']!r} is no status")
    return Measurement(
        **named,
        parameters=parameters,
        conditions=conditions,
        works_in=named["format"],
        note="",
        warnings=(),
        rank=None,
        x=None,
        scores=scores,
        reasons=reasons,
        facts=facts,
        seed=parameters.get("seed"),
    )


def _number(text: str) -> float:
    """The number whose repr the text is, a whole one as an integer."""
    return int(text) if _WHOLE.fullmatch(text) else float(text)

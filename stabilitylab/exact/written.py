"""Fits and predictions in a file, with every digit: a table for spreadsheets, a record for programs, or Markdown."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from stabilitylab.core.errors import InputError
from stabilitylab.core.markup import named_in_csv
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.record import OF_FIT, record_of
from stabilitylab.exact.predict_file import FilePrediction

HEADER = (
    *("target", "kind", "name", "value", "standard_error", "statistic", "p", "lower", "upper", "supported_digits"),
    "note",
)
"""The columns of the CSV file; `kind` is "coefficient", "figure" (of the whole fit) or "prediction"."""

Predictions = Mapping[str, FilePrediction]


def require_format(path: str | os.PathLike[str]) -> str:
    """The suffix of a file that can be written. Raises InputError for another, with those there are."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path} must end in one of {', '.join(FORMATS)}, which says what is written; got {suffix!r}")
    return suffix


def write(
    path: str | os.PathLike[str],
    fits: Sequence[CertifiedFit],
    *,
    level: object = 0.95,
    predictions: Predictions | None = None,
) -> None:
    """Write fits, a target each, with intervals of this level, and predictions by the name of the target.

    The suffix says how: .csv, a row a coefficient, a figure, and a prediction, where names that a spreadsheet would
    evaluate have an apostrophe in front; .json, the record of each fit; .md, its summary with all digits.
    Raises InputError for another suffix, OSError where the file cannot be written.
    """
    text = FORMATS[require_format(path)](fits, level, predictions or {})
    Path(path).write_text(text, "utf-8", newline="\n")


def record(fits: Sequence[CertifiedFit], level: object, predictions: Predictions) -> dict[str, Any]:
    """The record of one fit, or of several by their targets, in numbers that JSON has: None for infinity and NaN."""
    records = {}
    for fit in fits:
        own = record_of(fit, level)
        if fit.target in predictions:
            own["predictions"] = predictions[fit.target].to_dict()
        records[fit.target] = _finite(own)
    return next(iter(records.values())) if len(fits) == 1 else {"targets": records}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _json(fits: Sequence[CertifiedFit], level: object, predictions: Predictions) -> str:
    return json.dumps(record(fits, level, predictions), indent=1, allow_nan=False) + "\n"


def _markdown(fits: Sequence[CertifiedFit], level: object, predictions: Predictions) -> str:
    pages = []
    for fit in fits:
        pages.append(fit.summary(level, digits=None).to_markdown())
        if fit.target in predictions:
            pages.append(predictions[fit.target].page().to_markdown())
    return "\n".join(pages)


def _csv(fits: Sequence[CertifiedFit], level: object, predictions: Predictions) -> str:
    lines = [",".join(HEADER)]
    for fit in fits:
        own = record_of(fit, level)
        rows = [*_coefficients(own), *_figures(own)]
        if fit.target in predictions:
            rows += _predicted(predictions[fit.target])
        for kind, name, numbers, note in rows:
            cells = ["" if v is None else repr(v) for v in numbers]
            lines.append(",".join([named_in_csv(fit.target), kind, named_in_csv(name), *cells, named_in_csv(note)]))
    return "\n".join(lines) + "\n"


Row = tuple[str, str, Sequence[float | None], str]


def _coefficients(own: Mapping[str, Any]) -> Iterator[Row]:
    n = len(own["names"])
    columns = ("x", "standard_errors", "t_statistics", "p_values", "lower", "upper", "supported_digits")
    values = zip(*(own[name] or [None] * n for name in columns), strict=True)
    for name, zero, numbers in zip(own["names"], own["is_exactly_zero"], values, strict=True):
        notes = ["exactly 0"] * bool(zero) + ["p < 5e-324"] * bool(numbers[3] == 0 and isfinite(numbers[2]))
        yield "coefficient", name, numbers, "; ".join(notes)


def _figures(own: Mapping[str, Any]) -> Iterator[Row]:
    for name in (*OF_FIT, "rows", "rows_left_out", "degrees_of_freedom", "rank", "level"):
        note = own["reasons"].get(name, "") or own["conventions"].get(name, "")
        if name in ("r_squared", "adjusted_r_squared"):
            note = own["r_squared_kind"]
        yield "figure", name, [own[name], *[None] * 6], note
    for name in ("why_no_standard_errors", "why_no_log_likelihood", "undetermined", "proof"):
        if own[name]:
            yield "figure", name, [None] * 7, own[name]


def _predicted(one: FilePrediction) -> Iterator[Row]:
    note = "" if one.interval is None else f"{one.interval} interval"
    for k, place in enumerate(one.places):
        ends = (None, None) if one.lower is None or one.upper is None else (float(one.lower[k]), float(one.upper[k]))
        yield "prediction", f"{one.place} {place}", [float(one.values[k]), None, None, None, *ends, None], note


FORMATS: Mapping[str, Callable[[Sequence[CertifiedFit], object, Predictions], str]] = {
    ".csv": _csv,
    ".json": _json,
    ".md": _markdown,
}

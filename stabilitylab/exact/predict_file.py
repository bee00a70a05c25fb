"""Predictions of a fit for the rows of a file, which are found by the names of their columns."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, get_args

import numpy as np

from stabilitylab.core.arguments import require_choice
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError
from stabilitylab.core.types import IntervalKind
from stabilitylab.data.tabular import FileTable, open_table, truth_of_file
from stabilitylab.data.tabular.columns import FileTruth, Missing
from stabilitylab.exact.distributions import exact_level
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.frame import frame
from stabilitylab.exact.fit.page import Page
from stabilitylab.exact.fit.summary import printed


@dataclass(frozen=True, eq=False)
class FilePrediction:
    """A x for rows of a file: values (k,), and lower and upper (k,) where an interval was asked for.

    target: what is predicted. places (k,): lines of text as an editor counts them, or rows of an array from 0, which
    `place` says. rows_left_out: how many others there are, in which a number is missing.
    """

    target: str
    place: str
    places: tuple[int, ...]
    values: Array
    lower: Array | None
    upper: Array | None
    interval: IntervalKind | None
    level: float
    rows_left_out: int

    def page(self, digits: int | None = None) -> Page:
        """A row for each prediction; digits: of each number that is shown, None for all."""
        share = f"{100 * self.level:.12g} %"
        interval = f", with {self.interval} intervals at {share}" if self.interval else ""
        columns = [v for v in (self.values, self.lower, self.upper) if v is not None]
        left = f"{self.rows_left_out} left out, in which a number is missing"
        return Page(
            title=f"Predictions of {self.target}{interval}",
            header=(self.place, "value", f"{share} from", "to")[: 1 + len(columns)],
            body=tuple((str(place), *(printed(v[k], digits) for v in columns)) for k, place in enumerate(self.places)),
            foot=(("rows", left),) if self.rows_left_out else (),
        )

    def __repr__(self) -> str:
        return str(self.page())

    def _repr_html_(self) -> str:
        return self.page()._repr_html_()

    def to_frame(self) -> Any:
        """A pandas.DataFrame of value, and lower and upper where there are any, by the lines or rows of the file.

        Raises MissingLibraryError where pandas is not installed.
        """
        columns = {"value": self.values, "lower": self.lower, "upper": self.upper}
        return frame({key: v for key, v in columns.items() if v is not None}, self.places, self.place)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, texts and lists."""
        ends = {name: None if v is None else v.tolist() for name, v in (("lower", self.lower), ("upper", self.upper))}
        return {
            "target": self.target,
            f"{self.place}s": list(self.places),
            "values": self.values.tolist(),
            **ends,
            "interval": self.interval,
            "level": self.level if self.interval else None,
            "rows_left_out": self.rows_left_out,
        }


@in_default_mode
def predict_file(
    fit: CertifiedFit,
    path: str | os.PathLike[str],
    *,
    interval: IntervalKind | None = None,
    level: object = 0.95,
    truth: FileTruth | None = None,
    separator: str = ",",
    decimal: str = ".",
    thousands: str = "",
    encoding: str = "utf-8",
    missing: Missing = "refuse",
    rows: int | None = None,
) -> FilePrediction:
    """The predictions of a fit for every row of a file, each the double nearest to its exact value.

    The columns are those that the fit is named after; others may be there. interval, level: as for
    `CertifiedFit.predict`. The other arguments and errors are those of `fit_file`.
    """
    truth, share = truth or truth_of_file(path), exact_level(level)
    require_choice("truth", truth, get_args(FileTruth))
    require_choice("missing", missing, get_args(Missing))
    table = open_table(
        path, separator=separator, decimal=decimal, thousands=thousands, encoding=encoding, missing=missing
    )
    names = fit.names[fit.intercept :]
    if not names:
        raise InputError(f"{path}: the fit has no columns but the intercept, which is the same for every row")
    if fit.intercept:
        names = _in_file(names, table)
    places: list[int] = []
    dropped: list[int] = []
    scales, blocks = table.read(names, truth, rows, left_out=dropped.extend, kept=places.extend)
    found = [_of_block(fit, block, scales, interval, level) for block in blocks]
    values = np.concatenate([one for one, _ in found])
    lower, upper = (np.concatenate([ends[side] for _, ends in found]) if interval else None for side in (0, 1))
    return FilePrediction(
        fit.target, table.place, tuple(places), values, lower, upper, interval, float(share), len(dropped)
    )


def _in_file(own: tuple[str, ...], table: FileTable) -> tuple[str, ...]:
    """The names that the columns of a fit with an intercept have in a file: own, or with "intercept" for one of them.

    A column of that name is "intercept (2)" in the fit, or the next such that is free. Raises InputError where the file
    has the columns for more than one reading.
    """
    ways, k = [own], 2
    while (told_apart := f"intercept ({k})") in own:
        ways.append(tuple("intercept" if name == told_apart else name for name in own))
        k += 1
    there = [way for way in ways if set(way) <= set(table.names)]
    if len(there) > 1:
        (one, other), *_ = (pair for pair in zip(*there[:2], strict=True) if pair[0] != pair[1])
        raise InputError(
            f"{table.path} has a column {one!r} and a column {other!r}, and either may be meant: rename one"
        )
    return there[0] if there else own


def _of_block(
    fit: CertifiedFit, block: Array, scales: Sequence[Fraction], interval: IntervalKind | None, level: object
) -> tuple[Array, tuple[Array, Array] | tuple[()]]:
    A = block
    if any(scale != 1 for scale in scales) or block.dtype == object:
        A = np.empty(block.shape, dtype=object)
        for j, scale in enumerate(scales):
            A[:, j] = [int(value) * scale for value in block[:, j]]
    if interval is None:
        return fit.predict(A), ()
    found = fit.predict(A, interval=interval, level=level)
    return found.values, (found.lower, found.upper)

"""One array in a .npy file, memory-mapped and read in blocks of rows; pickles are refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import (
    Argument,
    ComplexError,
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
)
from stabilitylab.data.tabular.columns import (
    BLOCK_FIELDS,
    Blocks,
    FileTruth,
    Missing,
    Named,
    Progress,
    Told,
    no_progress,
    not_counted,
)
from stabilitylab.data.tabular.foreign import foreign
from stabilitylab.data.tabular.numerals import DROP

_REMOVE = "remove the row or give the number"


@dataclass(frozen=True)
class ArrayTable(Named):
    """A two-dimensional array in a .npy file, memory-mapped; its columns are named a0, a1, ..."""

    array: Array = field(repr=False, default_factory=lambda: np.empty((0, 0)))
    missing: Missing = "refuse"
    place: ClassVar[str] = "row"

    @classmethod
    def open(cls, path: Path, missing: Missing = "refuse") -> "ArrayTable":
        """Map the array. Raises InputError for a file that holds none, else the errors of `validation.checked`."""
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError) as error:
            # NumPy's own words advise loading pickles, which may run anything: they are not passed on.
            raise _no_numbers(path, error) from None
        if not isinstance(array, np.ndarray):
            array.close()
            raise InputError(f"{path} ", *(foreign(path) or ()))
        if array.dtype.kind == "c":
            raise ComplexError(f"{path} is complex; stack real and imaginary parts as rows of a real problem")
        if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
            raise NotNumericError(
                f"{path} must hold real numbers of at most 64 bits; its dtype is {array.dtype}: "
                f"save array.astype(float), where that is what is meant"
            )
        if array.ndim != 2:
            way = "save array[:, None]" if array.ndim == 1 else "save array.reshape(m, n)"
            raise ShapeError(
                f"{path} must hold an array (m, n), one column the target; its shape is {array.shape}: {way}"
            )
        if array.size == 0:
            raise EmptyError(
                f"{path} must have at least one row and one column; its shape is {array.shape}: give the data"
            )
        return cls(path, tuple(f"a{j}" for j in range(array.shape[1])), array, missing)

    def index(self, name: str) -> int:
        """The place of a column, by its name or its number from 0. Raises UnknownNameError."""
        return super().index(f"a{int(name)}" if name.isdecimal() else name)

    def read(
        self,
        columns: Sequence[str],
        truth: FileTruth = "matrix",
        rows: int | None = None,
        progress: Progress = no_progress,
        weights: str | None = None,
        left_out: Told = not_counted,
        kept: Told = not_counted,
    ) -> tuple[tuple[Fraction, ...], Blocks]:
        """(scales, blocks): float64 blocks (rows, len(columns)) of the stored numbers; every scale is 1.

        weights, left_out, kept: as for text; a NaN is a number that is missing. Raises InputError for truth "decimal",
        which a file of binary numbers has not; NotFiniteError and OutOfRangeError with row and column.
        """
        if truth == "decimal":
            way = Argument("truth", "matrix")
            raise InputError(f"{self.path} holds binary numbers, not decimals as written: ask for ", way)
        return (Fraction(1),) * len(columns), self._blocks(columns, rows, progress, weights, left_out, kept)

    def _blocks(
        self,
        columns: Sequence[str],
        rows: int | None,
        progress: Progress,
        weights: str | None,
        left_out: Told,
        kept: Told,
    ) -> Blocks:
        chosen = [self.index(name) for name in columns]
        m, size = len(self.array), rows or max(1, BLOCK_FIELDS // self.array.shape[1])
        complete = 0
        for start in range(0, m, size):
            stored = np.asarray(self.array[start : start + size])[:, chosen]
            block, places = stored.astype(np.float64), np.arange(start, start + len(stored))
            absent = np.isnan(block).any(axis=1)
            if self.missing == "drop" and absent.any():
                left_out(places[absent].tolist())
                stored, block, places = stored[~absent], block[~absent], places[~absent]
            bad = np.argwhere(~np.isfinite(block))
            if bad.size:
                i, j = bad[0]
                raise NotFiniteError(
                    f"{self.path}, row {places[i]}, column {columns[j]} is {block[i, j]}: ",
                    *(("give the number, or leave such rows out, ", DROP) if np.isnan(block[i, j]) else (_REMOVE,)),
                )
            if stored.dtype.itemsize == 8 and stored.dtype.kind in "iu" and (np.abs(block) > 2.0**53).any():
                i, j = np.argwhere(np.abs(block) > 2.0**53)[0]
                raise OutOfRangeError(
                    f"{self.path}, row {places[i]}, column {columns[j]} is {stored[i, j]}, beyond 2**53, "
                    f"where float64 rounds: subtract an offset"
                )
            if weights is not None and (block[:, columns.index(weights)] < 0).any():
                i = int(np.argmax(block[:, columns.index(weights)] < 0))
                raise OutOfRangeError(
                    f"{self.path}, row {places[i]} (the first is 0), column {weights!r} is a negative weight: give "
                    f"weights of 0 or more"
                )
            complete += len(block)
            if len(block):
                kept(places.tolist())
                yield block
            progress(min(start + size, m), m)
        if not complete:
            raise EmptyError(
                f"{self.path}: every row holds a NaN in columns {', '.join(columns[:5])}: use fewer of them"
            )


def _no_numbers(path: Path, error: Exception) -> InputError:
    """The error about a file from which NumPy maps no array."""
    with path.open("rb") as raw:
        begins = raw.read(6)
    if begins != b"\x93NUMPY":
        says = ("is no array of NumPy: write it by numpy.save(path, array), or name text .csv",)
        return InputError(f"{path} ", *(foreign(path) or says))
    if "bject" in str(error):  # "Array can't be memory-mapped: Python objects in dtype."
        return NotNumericError(
            f"{path} holds Python objects (dtype object), which are not loaded, since that may run anything: "
            f"save numbers, numpy.save(path, array.astype(float))"
        )
    return InputError(f"{path} is a damaged .npy file: save it again, numpy.save(path, array)")

"""One array in a .npy file, memory-mapped and read in blocks of rows; pickles are refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import (
    ComplexError,
    EmptyError,
    InputError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    ShapeError,
)
from stabilitylab.data.tabular.columns import BLOCK_FIELDS, Blocks, FileTruth, Named, Progress, no_progress


@dataclass(frozen=True)
class ArrayTable(Named):
    """A two-dimensional array in a .npy file, memory-mapped; its columns are named a0, a1, ..."""

    array: Array = field(repr=False, default_factory=lambda: np.empty((0, 0)))

    @classmethod
    def open(cls, path: Path) -> "ArrayTable":
        """Map the array. Raises InputError for a file that holds none, else the errors of `validation.checked`."""
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError):
            # NumPy's own words advise loading pickles, which may run anything: they are not passed on.
            raise InputError(
                f"{path} is no array of numbers in NumPy's .npy format: save it with numpy.save(path, array)"
            ) from None
        if not isinstance(array, np.ndarray):
            raise InputError(f"{path} holds several arrays: save one, with numpy.save")
        if array.dtype.kind == "c":
            raise ComplexError(f"{path} is complex; stack real and imaginary parts as rows of a real problem")
        if array.dtype.kind not in "fiub" or array.dtype.itemsize > 8:
            raise NotNumericError(f"{path} must hold real numbers of at most 64 bits; its dtype is {array.dtype}")
        if array.ndim != 2:
            raise ShapeError(f"{path} must hold an array (m, n), one column the target; its shape is {array.shape}")
        if array.size == 0:
            raise EmptyError(f"{path} must have at least one row and one column; its shape is {array.shape}")
        return cls(path, tuple(f"a{j}" for j in range(array.shape[1])), array)

    def index(self, name: str) -> int:
        """The place of a column, by its name or its number from 0. Raises UnknownNameError."""
        return super().index(f"a{int(name)}" if name.isdecimal() else name)

    def read(
        self,
        columns: Sequence[str],
        truth: FileTruth = "matrix",
        rows: int | None = None,
        progress: Progress = no_progress,
    ) -> tuple[tuple[Fraction, ...], Blocks]:
        """(scales, blocks): float64 blocks (rows, len(columns)) of the stored numbers; every scale is 1.

        Raises InputError for truth "decimal", which a file of binary numbers has not; NotFiniteError and
        OutOfRangeError with row and column.
        """
        if truth == "decimal":
            raise InputError(f"{self.path} holds binary numbers, not decimals as written: ask for truth='matrix'")
        return (Fraction(1),) * len(columns), self._blocks(columns, rows, progress)

    def _blocks(self, columns: Sequence[str], rows: int | None, progress: Progress) -> Blocks:
        chosen = [self.index(name) for name in columns]
        m, size = len(self.array), rows or max(1, BLOCK_FIELDS // self.array.shape[1])
        for start in range(0, m, size):
            stored = np.asarray(self.array[start : start + size])[:, chosen]
            block = stored.astype(np.float64)
            bad = np.argwhere(~np.isfinite(block))
            if bad.size:
                i, j = bad[0]
                raise NotFiniteError(
                    f"{self.path}, row {start + i}, column {columns[j]} is {block[i, j]}: "
                    f"remove the row or give the number"
                )
            if stored.dtype.itemsize == 8 and stored.dtype.kind in "iu" and (np.abs(block) > 2.0**53).any():
                i, j = np.argwhere(np.abs(block) > 2.0**53)[0]
                raise OutOfRangeError(
                    f"{self.path}, row {start + i}, column {columns[j]} is {stored[i, j]}, beyond 2**53, "
                    f"where float64 rounds: subtract an offset"
                )
            yield block
            progress(min(start + size, m), m)

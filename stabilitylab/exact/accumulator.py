"""The exact normal equations of data that come in blocks, from anywhere, in any order; n² numbers of memory."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from stabilitylab.arithmetic.formats import Array
from stabilitylab.errors import InputError, ShapeError
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.given import feed, given
from stabilitylab.exact.gram import GramSums
from stabilitylab.exact.least_squares import Policy, fitted
from stabilitylab.exact.normal import NormalEquations

FORMAT = 1  # of a saved accumulator


class GramAccumulator:
    """[A b]'[A b] summed without any rounding, block by block: `add`, `remove`, `merge`, then `solve`.

    The sums are integers, so that they are the same bit for bit under any order of rows, blocks and merges and any
    number of threads, and rows can be taken out again exactly. n: the columns of A; scales (n + 1,): what the numbers
    of each column of A, then of b, count, for data in exact units such as cents. Memory: O(n²), plus one block.
    A column counts as constant, for R² about the mean, when all rows ever given have the same value in it.
    """

    def __init__(self, n: int, *, scales: Sequence[Fraction] | None = None) -> None:
        if n < 1:
            raise InputError(f"an accumulator needs at least one column; got n = {n}")
        if scales is not None and (len(scales) != n + 1 or any(s <= 0 for s in scales)):
            raise InputError(f"scales must be {n + 1} positive numbers, one for each column of A and one for b")
        self.n = n
        self.scales = None if scales is None else tuple(Fraction(s) for s in scales)
        self._sums = GramSums(n + 1)
        # The value each column has had in every row so far; NaN once it has had two.
        self._same: Array | None = None

    @property
    def rows(self) -> int:
        """Rows added and not removed; rows of weight 0 do not count."""
        return self._sums.rows

    def add(self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> "GramAccumulator":
        """Add rows A (k, n), b (k,), of any exact numbers that `lstsq` takes, and return the accumulator.

        Raises the errors of `door.checked` for the block, and then holds what it held before.
        """
        return self._change(A, b, weights, 1)

    def remove(self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> "GramAccumulator":
        """Take rows out again, exactly: as if they had never been added."""
        return self._change(A, b, weights, -1)

    def extend(self, blocks: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]]) -> "GramAccumulator":
        """Add every block (A, b) of an iterator."""
        for A, b in blocks:
            self.add(A, b)
        return self

    def merge(self, other: "GramAccumulator") -> "GramAccumulator":
        """Add all the rows of another, which stays as it is. Raises InputError when the columns differ."""
        if (self.n, self.scales) != (other.n, other.scales):
            raise InputError("accumulators must have the same number of columns and the same scales to be merged")
        self._sums.merge(other._sums)
        if other._same is not None:
            self._see(other._same[None, :])
        return self

    def normal_equations(self) -> NormalEquations:
        """The exact sums in integers."""
        return self._sums.normal_equations()

    def solve(self, *, names: Sequence[str] | None = None, policy: Policy = "full-rank") -> CertifiedFit:
        """The certified fit of all the rows; its errors are those of `lstsq`. The accumulator can go on."""
        started = process_time()
        if policy == "full-rank" and self.rows < self.n:
            raise ShapeError(f"{self.rows} rows do not determine {self.n} coefficients: add at least {self.n}")
        labels = tuple(f"a{j}" for j in range(self.n)) if names is None else tuple(map(str, names))
        if len(labels) != self.n:
            raise InputError(f"names must have one entry for each of {self.n} columns; got {len(labels)}")
        found = [] if self._same is None else np.flatnonzero(np.isfinite(self._same) & (self._same != 0)).tolist()
        constant = found[0] if found else None
        return fitted(self.normal_equations(), self.scales, self.rows, labels, policy, started, None, constant)

    def save(self, path: str | Path) -> None:
        """Write the sums to a .npz file of plain arrays."""
        normal = self.normal_equations()
        scales = [] if self.scales is None else [f"{s.numerator}/{s.denominator}" for s in self.scales]
        np.savez_compressed(
            path,
            format=FORMAT,
            rows=self.rows,
            digits=np.triu(normal.digits),
            exponents=normal.exponents,
            scales=np.array(scales, dtype=np.str_),
            same=np.empty(0) if self._same is None else self._same,
        )

    @classmethod
    def load(cls, path: str | Path) -> "GramAccumulator":
        """Read what `save` wrote; nothing in the file is executed. Raises InputError for any other file."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls._restored({name: stored[name] for name in stored.files})
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
        except (ValueError, KeyError, TypeError, AttributeError, EOFError, ArithmeticError, BadZipFile):
            raise InputError(
                f"{path} is no accumulator saved by this version: give the file that save() wrote"
            ) from None

    @classmethod
    def _restored(cls, stored: dict[str, Any]) -> "GramAccumulator":
        digits, exponents, same = stored["digits"], stored["exponents"], stored["same"]
        if int(stored["format"]) != FORMAT:
            raise ValueError("another format")
        size = len(exponents)
        if digits.dtype != np.int64 or exponents.dtype != np.int64 or digits.shape[1:] != (size, size):
            raise ValueError("its arrays do not fit together")
        if np.abs(digits).max(initial=0) > 1 << 21 or (digits != np.triu(digits)).any():
            raise ValueError("its digits are no sums of products")
        if len(same) not in (0, size - 1):
            raise ValueError("its columns do not fit together")
        scales = [Fraction(text) for text in stored["scales"].tolist()]
        made = cls(size - 1, scales=scales or None)
        made._sums = GramSums.restored(digits, exponents, int(stored["rows"]))
        made._same = same if len(same) else None
        return made

    def _change(
        self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None, sign: int
    ) -> "GramAccumulator":
        data = given(A, b, wide=True)
        if data.A.shape[1] != self.n:
            raise ShapeError(f"a block must have {self.n} columns; got {data.A.shape}")
        if data.scales is not None and any(scale != 1 for scale in data.scales):
            raise InputError("a block must hold floats or integers: give decimals as integers with their scales")
        feed(self._sums, data, weights, sign)
        self._see(data.A)
        return self

    def _see(self, A: Array) -> None:
        """Note which columns go on being constant; most are not, and are not looked at again."""
        if self._same is None:
            self._same = A[0].astype(np.float64)
        for j in np.flatnonzero(~np.isnan(self._same)):
            if (A[:, j] != self._same[j]).any():
                self._same[j] = np.nan

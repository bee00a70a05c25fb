"""The exact normal equations of data that come in blocks, from anywhere, in any order; n² numbers of memory."""

import zlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from time import process_time
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, ShapeError, UnderdeterminedError
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.gram.inputs import ExactInput, Weights, exact_input, exact_weights, feed
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.sums import GramSums
from stabilitylab.exact.least_squares import POLICIES, Policy, fitted

FORMAT = 1  # of a saved accumulator
# What reading a file that is none, or a damaged one, may raise.
DAMAGED = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    BadZipFile,
    zlib.error,
)


class GramAccumulator:
    """[A b]'[A b] summed without any rounding, block by block: `add`, `remove`, `merge`, then `solve`.

    The sums are integers, so that they are the same bit for bit under any order of rows, blocks and merges and any
    number of threads, and rows can be taken out again exactly. n: the columns of A; scales (n + 1,): what the numbers
    of each column of A, then of b, count, for data in exact units such as cents; weight_unit: what weights count, for
    weights that are no binary fractions. Memory: O(n²), plus one block.
    A column counts as constant, for R² about the mean, when all rows ever given have the same value in it.
    """

    def __init__(self, n: int, *, scales: Sequence[Fraction] | None = None, weight_unit: Fraction | int = 1) -> None:
        if not isinstance(n, int) or n < 1:
            raise InputError(f"an accumulator needs a whole number of columns, at least one; got n = {n!r}")
        self.n = n
        self.scales = None if scales is None else tuple(map(_positive, scales))
        if self.scales is not None and len(self.scales) != n + 1:
            raise InputError(f"scales must be {n + 1} numbers, one for each column of A and one for b")
        self.weight_unit = _positive(weight_unit)
        self._sums = GramSums(n + 1)
        # The value each column has had in every row so far; None once it has had two.
        self._same: list[Fraction | None] | None = None

    @property
    def rows(self) -> int:
        """Rows added and not removed; rows of weight 0 do not count."""
        return self._sums.rows

    def add(self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None = None) -> "GramAccumulator":
        """Add rows A (k, n), b (k,), of any exact numbers that `lstsq` takes, and return the accumulator.

        Raises the errors of `validation.checked` for the block, and then holds what it held before.
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
        if not isinstance(other, GramAccumulator):
            raise InputError(f"an accumulator can be merged with another; got {type(other).__name__}")
        units = [(one.n, one.scales, one.weight_unit) for one in (self, other)]
        if units[0] != units[1]:
            raise InputError("accumulators must have the same columns, scales and weight unit to be merged")
        self._sums.merge(other._sums)
        if other._same is not None:
            self._same = _both(self._same, other._same)
        return self

    def normal_equations(self) -> NormalEquations:
        """The exact sums in integers."""
        return self._sums.normal_equations(self.scales, self.weight_unit)

    def solve(self, *, names: Sequence[str] | None = None, policy: Policy = "full-rank") -> CertifiedFit:
        """The certified fit of all the rows; its errors are those of `lstsq`. The accumulator can go on."""
        started = process_time()
        if policy not in POLICIES:
            raise InputError(f"policy must be one of {', '.join(POLICIES)}; got {policy!r}")
        if policy == "full-rank" and self.rows < self.n:
            raise UnderdeterminedError(
                f"{self.rows} rows do not determine {self.n} coefficients: add at least {self.n}"
            )
        labels = tuple(f"a{j}" for j in range(self.n)) if names is None else tuple(map(str, names))
        if len(labels) != self.n:
            raise InputError(f"names must have one entry for each of {self.n} columns; got {len(labels)}")
        constant = next((j for j, value in enumerate(self._same or ()) if value), None)
        return fitted(self.normal_equations(), labels, policy, started, constant)

    def save(self, path: str | Path) -> None:
        """Write the sums to a file of plain arrays (.npz), beside and then in place of what was there."""
        normal = self.normal_equations()
        path = Path(path)
        part = path.with_name(f"{path.name}.{uuid4()}.part")
        try:
            with part.open("wb") as file:
                np.savez_compressed(
                    file,
                    format=FORMAT,
                    rows=self.rows,
                    digits=np.triu(normal.digits),
                    exponents=normal.exponents,
                    scales=_texts(self.scales or ()),
                    weight_unit=_texts([self.weight_unit]),
                    same=_texts([] if self._same is None else self._same),
                )
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: str | Path) -> "GramAccumulator":
        """Read what `save` wrote; nothing in the file is executed. Raises InputError for any other file."""
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls._restored({name: stored[name] for name in stored.files})
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from None
        except DAMAGED:
            raise InputError(
                f"{path} is no accumulator saved by this version: give the file that save() wrote"
            ) from None

    @classmethod
    def _restored(cls, stored: dict[str, Any]) -> "GramAccumulator":
        digits, exponents = stored["digits"], stored["exponents"]
        if int(stored["format"]) != FORMAT:
            raise ValueError("another format")
        size = len(exponents)
        if digits.dtype != np.int64 or exponents.dtype != np.int64 or digits.shape[1:] != (size, size):
            raise ValueError("its arrays do not fit together")
        if np.abs(digits).max(initial=0) > 1 << 21 or (digits != np.triu(digits)).any():
            raise ValueError("its digits are no sums of products")
        scales, same = (_fractions(stored[name]) for name in ("scales", "same"))
        if len(same) not in (0, size - 1):
            raise ValueError("its columns do not fit together")
        made = cls(size - 1, scales=scales or None, weight_unit=_fractions(stored["weight_unit"])[0])
        made._sums = GramSums.restored(digits, exponents, int(stored["rows"]))
        made._same = same or None
        return made

    def _change(
        self, A: npt.ArrayLike, b: npt.ArrayLike, weights: npt.ArrayLike | None, sign: int
    ) -> "GramAccumulator":
        data = exact_input(A, b, wide=True)
        if data.A.shape[1] != self.n:
            raise ShapeError(f"a block must have {self.n} columns; got {data.A.shape}")
        if data.scales is not None and any(scale != 1 for scale in data.scales):
            raise InputError("a block must hold floats or integers: give decimals as integers with their scales")
        found = exact_weights(weights, len(data.b))
        if found is not None:
            values = found.values * (found.unit / self.weight_unit)
            if any(w.denominator & (w.denominator - 1) for w in values):
                raise InputError(
                    "weights must be whole or binary fractions of the weight unit: give the accumulator weight_unit"
                )
            found = Weights(values, self.weight_unit)
        same = _both(self._same, _constants(data, found, self._same))
        feed(self._sums, data, found, sign)
        self._same = same
        return self


def _constants(
    data: ExactInput, weights: Weights | None, known: list[Fraction | None] | None
) -> list[Fraction | None] | None:
    """The value of each column that is constant in the rows that count; columns known not to be are not looked at."""
    A = data.A if weights is None else data.A[weights.values.astype(bool)]
    if len(A) == 0:
        return None
    looked = [known is None or known[j] is not None for j in range(A.shape[1])]
    return [Fraction(A[0, j]) if look and (A[:, j] == A[0, j]).all() else None for j, look in enumerate(looked)]


def _both(one: list[Fraction | None] | None, other: list[Fraction | None] | None) -> list[Fraction | None] | None:
    """What is constant in both; None says that there were no rows."""
    if one is None or other is None:
        return other if one is None else one
    return [a if a == b else None for a, b in zip(one, other, strict=True)]


def _positive(value: Any) -> Fraction:
    try:
        found = Fraction(value)
    except (TypeError, ValueError, ArithmeticError):
        raise InputError(f"a scale must be a positive number; got {value!r}") from None
    if found <= 0:
        raise InputError(f"a scale must be a positive number; got {value!r}")
    return found


def _texts(values: Sequence[Fraction | None]) -> Array:
    """Fractions as text, None as an empty one."""
    return np.array(["" if v is None else f"{v.numerator:x}/{v.denominator:x}" for v in values], dtype=np.str_)


def _fractions(texts: Array) -> list[Any]:
    parts = [text.split("/") for text in texts.tolist()]
    return [None if part == [""] else Fraction(int(part[0], 16), int(part[1], 16)) for part in parts]

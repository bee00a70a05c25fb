"""Accumulators as bytes: saved, sent to other processes, and compared."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Self

from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import InputError
from stabilitylab.exact.accumulator import file
from stabilitylab.exact.accumulator.blocks import Blocks
from stabilitylab.exact.accumulator.canonical import canonical
from stabilitylab.exact.accumulator.content import Content, OldContent
from stabilitylab.exact.accumulator.summed import Summed


class Kept(Summed):
    """Sums that go into bytes and come back as they were; see `GramAccumulator`."""

    def to_bytes(self) -> bytes:
        """All that it holds as bytes, which `from_bytes` reads: the same for equal accumulators, on every machine.

        They are what `save` writes. Cost: O((n + targets)²) operations on Python integers. Raises InputError for sums
        from which more rows were removed than added.
        """
        if self.rows < 0:
            raise InputError(f"{-self.rows} more rows were removed than added: add them before the sums are saved")
        return self._packed()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The accumulator that `to_bytes` wrote; nothing in the data is executed.

        No more memory is taken than the data have. Raises InputError for other bytes.
        """
        if not isinstance(data, bytes | bytearray | memoryview):
            raise InputError(f"from_bytes takes the bytes that to_bytes() returned; got {type(data).__name__}")
        return cls._read(bytes(data))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sums to a file of plain arrays (.npz).

        Raises InputError where it cannot be written, and for sums from which more rows were removed than added.
        """
        file.write(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read what `save` wrote; nothing in the file is executed. Raises InputError for any other file."""
        return cls._read(path)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same sums, exactly, and read blocks alike, whatever their history but for removals."""
        if not isinstance(other, Kept):
            return NotImplemented
        return self._shape == other._shape and self.rows == other.rows and self._packed() == other._packed()

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __reduce__(self) -> tuple[Callable[..., Any], tuple["type[Kept]", bytes, bool]]:
        return _sent, (type(self), self._packed(), self._only_added)

    def _packed(self) -> bytes:
        return file.packed(self._content().to_arrays())

    @in_default_mode
    def _content(self) -> Content:
        scales = self._own_scales
        factors = [unit / own for unit, own in zip(self._sum_scales, scales, strict=True)]
        return Content(
            self.n,
            self.targets,
            self.intercept,
            self.scales,
            self.weight_unit,
            self.names,
            self.target_names,
            canonical(self._sums, factors, self._sum_weight_unit / self.weight_unit),
            self._total_weight,
            self._same,
            self._observed,
            self._unweighted,
            self._blocks,
        )

    @classmethod
    def _read(cls, data: str | os.PathLike[str] | bytes, *, sent: bool = False) -> Self:
        arrays = file.read(data)
        try:
            made = cls._restored(Content.of_arrays(arrays)) if "texts" in arrays else cls._restored_old(arrays)
            if made.rows < 0 and not sent:
                raise ValueError("fewer rows than none")
        except file.DAMAGED:
            raise InputError(f"{file.called(data)} is a damaged accumulator: {file.WAY_OUT}") from None
        return made

    @classmethod
    def _restored(cls, content: Content) -> Self:
        made = cls(
            content.n,
            content.targets,
            intercept=content.intercept,
            target_names=content.target_names,
            scales=content.scales,
            weight_unit=content.weight_unit,
        )
        made.names = content.names  # as they were when it was written, one perhaps twice
        made._sums = content.sums.to_sums()
        made._sum_weight_unit = content.weight_unit / content.sums.divisor
        made._same, made._observed, made._total_weight = content.same, content.observed, content.total
        made._unweighted, made._blocks, made._only_added = content.unweighted, content.blocks, False
        return made

    @classmethod
    def _restored_old(cls, arrays: Mapping[str, Any]) -> Self:
        old = OldContent.of_arrays(arrays)
        made = cls(old.sums.size - 1, scales=old.scales, weight_unit=old.weight_unit)
        made._sums, made._same = old.sums, old.same
        made._sum_scales, made._sum_weight_unit = old.sum_scales or made._own_scales, old.sum_weight_unit
        # Formats 1 and 2 do not say how exactly the numbers are known or which weights there were, and have no ids.
        made._unweighted = False
        made._observed, made._blocks, made._only_added = None, Blocks(loose=old.sums.rows > 0), False
        return made


def _sent(kind: type[Kept], data: bytes, only_added: bool) -> Kept:
    """What an accumulator in another process was."""
    made = kind._read(data, sent=True)
    made._only_added = only_added
    return made

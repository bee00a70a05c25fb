"""Blocks of rows that have an id, so that a task that is run twice counts once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stabilitylab.core.errors import InputError
from stabilitylab.core.printable import quoted

SHOWN = 3  # ids that a message names
WAY_OUT = "merge what each task made, a task once, or add all blocks to one accumulator"


@dataclass(frozen=True)
class Blocks:
    """The ids of the blocks that were added, each with the SHA-256 of its exact sums.

    loose: whether rows without an id were added, removed or read; of those nobody can tell whether they count twice.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    loose: bool = False

    def holds(self, block: str, digest: str) -> bool:
        """Whether a block has been added. Raises InputError where it was, with other rows."""
        known = self.digests.get(block)
        if known is not None and known != digest:
            raise InputError(
                f"block {block!r} was counted with other rows: give every block an id of its own, or start anew"
            )
        return known is not None

    def with_block(self, block: str | None, digest: str) -> "Blocks":
        """One block more; None for rows without an id."""
        if block is None:
            return Blocks(self.digests, True)
        return Blocks({**self.digests, block: digest}, self.loose)

    def without(self, block: str) -> "Blocks":
        """One block less."""
        return Blocks({name: digest for name, digest in self.digests.items() if name != block}, self.loose)

    def is_counted_in(self, other: "Blocks") -> bool:
        """Whether every row of these has been counted in the other."""
        return not self.loose and bool(self.digests) and self.digests.keys() <= other.digests.keys()

    def to_merge(self, other: "Blocks") -> "Blocks | None":
        """The blocks of both where they have none in common; None where one holds all of the other's rows.

        Raises InputError where a block was counted with other rows, and where only some of the rows are in both.
        """
        common = [block for block, digest in other.digests.items() if self.holds(block, digest)]
        if not common:
            return Blocks({**self.digests, **other.digests}, self.loose or other.loose)
        if self.is_counted_in(other) or other.is_counted_in(self):
            return None
        shown = quoted(sorted(common), SHOWN)
        are = "block {} is" if len(common) == 1 else "blocks {} are"
        raise InputError(
            f"{are.format(shown)} in both accumulators, and each holds other rows too, so that neither sum is a part "
            f"of the other: {WAY_OUT}"
        )


def require_id(block: Any) -> None:
    """Raise InputError unless an id is a text."""
    if not isinstance(block, str) or not block:
        raise InputError(f"the id of a block must be a text, such as block='part-17'; got {block!r}")

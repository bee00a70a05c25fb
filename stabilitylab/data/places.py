"""What errors call the entries of what was passed in: by the user's own names of columns and numbers of rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from stabilitylab.core.errors import NotFiniteError

FIRST = "row 0 is the first"


@dataclass(frozen=True, eq=False)
class Places:
    """How the entries of one argument are called: A[3, 1], or column 'south', row 3 where its columns have names.

    what: the argument's name. columns: those of its columns, () where they have none. labels: those of its rows, as the
    index of pandas has them; None where these are their numbers. start: the number of the first row of a block.
    """

    what: str
    columns: tuple[str, ...] = ()
    labels: Any = None
    start: int = 0

    def column(self, j: int | None = None) -> str:
        """Column j of A, or the only one (None)."""
        if self.columns:
            return f"column {self.columns[j or 0]!r}"
        return self.what if j is None else f"column {j} of {self.what}"

    def entry(self, *place: int) -> str:
        """The entry at a place (row,) or (row, column)."""
        row = self.start + place[0]
        if self.columns:
            return f"{self.column(*place[1:])}, row {row}"
        return f"{self.what}[{', '.join(map(str, (row, *place[1:])))}]"

    def counted(self, *place: int) -> str:
        """From which number rows are counted, and how the user calls this one; "" where there are no names."""
        if self.labels is not None:
            return f" ({FIRST}; its index is {label_shown(self.labels[self.start + place[0]])})"
        return f" ({FIRST})" if self.columns else ""

    def not_finite(self, value: object, *place: int) -> NotFiniteError:
        """The error about an entry that is NaN, infinite, missing or masked."""
        return NotFiniteError(
            f"{self.entry(*place)} is {value}{self.counted(*place)}: remove that row or give the number"
        )


def label_shown(label: Any) -> str:
    """A label of a row as Python writes it, of NumPy's numbers the number."""
    return repr(label.item() if isinstance(label, np.generic) else label)

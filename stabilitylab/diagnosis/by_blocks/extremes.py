"""The rows of a long file in which a column has its smallest and its largest number, for a report that shows cells."""

from collections.abc import Sequence

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.data.table.by_blocks import RawBlock
from stabilitylab.data.table.row_shown import RowShown

MOST = 12  # columns


class Extremes:
    """names: of the columns of a block, each once. numeric: which of them hold numbers."""

    def __init__(self, names: Sequence[str], numeric: Sequence[int]) -> None:
        self.names, self.numeric = names, list(numeric)[:MOST]
        self.found: dict[tuple[int, bool], tuple[float, RowShown]] = {}

    def see(self, numbers: Sequence[Array], block: RawBlock) -> None:
        """Look at a block, and at the numbers that its cells are."""
        for j in self.numeric:
            for largest in (False, True):
                row = int(numbers[j].argmax() if largest else numbers[j].argmin())
                value = float(numbers[j][row])
                before = self.found.get((j, largest))
                if before is None or (value > before[0] if largest else value < before[0]):
                    self.found[j, largest] = value, block.shown(row, self.names)

    @property
    def rows(self) -> tuple[tuple[str, RowShown], ...]:
        """(why it is shown, the row), each row once."""
        why: dict[int, list[str]] = {}
        rows: dict[int, RowShown] = {}
        for (j, largest), (_, row) in self.found.items():
            why.setdefault(row.place, []).append(f"{'largest' if largest else 'smallest'} {self.names[j]}")
            rows[row.place] = row
        return tuple(("; ".join(why[place]), row) for place, row in rows.items())

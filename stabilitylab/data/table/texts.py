"""A column of texts, of a file or a frame: exact decimals, dates, yes and no, or labels."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotNumericError, OutOfRangeError
from stabilitylab.data.labels import Labels
from stabilitylab.data.table.column import BadCell, GivenColumn, Reading
from stabilitylab.data.table.dates import dates_of
from stabilitylab.data.table.moments import elapsed
from stabilitylab.data.table.table import Dating
from stabilitylab.data.tabular.numerals import BadField, Notation, Numerals, missing

PLAIN = Notation()
DIGITS = dict.fromkeys(map(ord, "123456789"), "0")
OF_BYTES = bytes.maketrans(b"123456789", b"0" * 9)
OF_COMMAS = b"0123456789+-.,eE\n"
_ALONE = {"", "-", ".", ","}
NUMERIC = re.compile(r"[0-9+\-.,'_ eE]+")
"""What numbers of every notation are made of."""
TRUTHS = {"true": 1, "false": 0}
WAYS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"[-+\u2212]?[0-9]+([.,' _][0-9]+)* ?[%‰]"),
        "percent signs are not read: take them out, and the coefficient is for one of them (in pandas "
        "df[column].str.rstrip('%').astype(float)), or leave the column out",
    ),
    (
        re.compile(r"[-+\u2212]?[$€£¥]? ?[0-9]+([.,' _][0-9]+)* ?[$€£¥]?(?<=[$€£¥])|[-+\u2212]?[$€£¥].*[0-9]"),
        "signs of a currency are not read: take them out, or leave the column out",
    ),
    (re.compile(r"\u2212[0-9]+([.,' _][0-9]+)*"), "this minus is another sign than '-': replace it"),
    (
        re.compile(r"[-+]?[0-9]{1,3}([\u00a0\u2009\u202f][0-9]{3})+([.,][0-9]+)?"),
        "the blank between thousands is a no-break or a thin one: replace it by nothing",
    ),
    (
        re.compile(r"[-+]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+"),
        "nothing stands between thousands here: take the commas out, in pandas df[column].str.replace(',', '')",
    ),
    (
        re.compile(r"[-+]?[0-9]{1,3}([.' _][0-9]{3})+,[0-9]+"),
        "here the decimal mark is a point, and nothing stands between thousands: take their mark out, then replace the "
        "comma, in pandas df[column].str.replace(',', '.')",
    ),
    (
        re.compile(r"[-+]?[0-9]+,[0-9]+"),
        "here the decimal mark is a point: in pandas df[column].str.replace(',', '.'), or .str.replace(',', '') if it "
        "stands between thousands; if all are labels, begin each with a letter",
    ),
    (re.compile(r"\( ?[0-9]+([.,' _][0-9]+)* ?\)"), "brackets are not read as a minus: write '-' in front"),
    (re.compile(r"[-+]?[0-9]+\.?[0-9]*[dD][-+]?[0-9]+"), "an exponent is written with e, as in 1e5: replace d"),
    (re.compile(r"0[xX][0-9a-fA-F]+"), "hexadecimal numbers are not read: write them in decimals"),
    (re.compile(r"[-+]?[0-9]+ ?/ ?[0-9]+"), "fractions are not read: write them as decimals"),
    (re.compile(r"(?=.*[^\x00-\x7f])[-+]?\d+([.,\u066b]\d+)?"), "digits of another script are not read: write 0 to 9"),
)
"""Numbers that are none of any notation: what they are made of, and the way out."""
SHOWN = 40  # characters of a cell in a message


@dataclass(frozen=True, eq=False)
class TextColumn(GivenColumn):
    """The m texts of a column, as they stand in a file."""

    cells: Sequence[str]
    notation: Notation = field(default_factory=Notation)

    @cached_property
    def absent(self) -> Array:
        """Empty cells, NA, null, and the like."""
        text = _one_text(self.cells)
        if text and "," in text and text.isascii() and not text.encode("ascii").translate(None, OF_COMMAS):
            # Nothing but what numbers with decimal commas are made of: `missing` would look at each by itself.
            text = text.replace(",", ".")
            return missing(text.split("\n")) if _ALONE.isdisjoint(self.cells) else missing(self.cells)
        return missing(self.cells)

    @cached_property
    def present(self) -> list[str]:
        """The cells that hold something, without blanks around it."""
        absent = self.absent
        cells = self.cells if not absent.any() else [self.cells[i] for i in np.flatnonzero(~absent).tolist()]
        return list(map(str.strip, cells))

    @cached_property
    def plain(self) -> Numerals | None:
        """What the column holds as numbers in plain notation; None where any cell is none, or there are no cells."""
        try:
            return Numerals.read(self.present, PLAIN) if self.present else None
        except BadField:
            return None

    @cached_property
    def shapes(self) -> Counter[str]:
        """Those of the cells that hold something."""
        return shapes(self.present)

    def written_in(self, notation: Notation) -> "TextColumn":
        """The same column in another notation."""
        written = self if notation == PLAIN else replace(self, notation=notation)
        for name in ("absent", "present", "shapes"):  # which no notation changes
            if name in vars(self):
                vars(written)[name] = vars(self)[name]
        return written

    def reading(self, rows: Array | None, dating: Dating) -> Reading:
        """Numbers exactly as written, where all cells are; else units elapsed of dates, true and false, or labels.

        Raises BadCell for numbers among texts, for numbers beyond the range of float64 and for dates that can be read
        in two ways.
        """
        if rows is None and self.notation == PLAIN and self.plain is not None and not self.absent.any():
            return Reading(_exact(self.plain))
        if rows is None and not self.absent.any():
            return read_texts(self.present, self.notation, dating, self.shapes)
        cells = self.cells if rows is None else [self.cells[i] for i in rows.tolist()]
        return read_texts(list(map(str.strip, cells)), self.notation, dating)

    def shown(self, row: int) -> str:
        """The cell."""
        return self.cells[row]

    @property
    def counts_rows(self) -> bool:
        """As in every column of its kind."""
        first = self.cells[0].strip() if self.cells else ""
        return first in ("0", "1") and list(self.cells) == [str(int(first) + i) for i in range(len(self.cells))]

    def differ(self, at_least: int) -> bool:
        """As in every column of its kind."""
        return self.plain is None and all_differ(self.cells, at_least)


def all_differ(cells: Sequence[str], at_least: int) -> bool:
    """Whether m texts, at least so many, begin with letters, and no two are the same."""
    return (
        len(cells) >= at_least
        and all(cell.strip()[:1].isalpha() for cell in cells)
        and not missing(cells).any()
        and len(set(cells)) == len(cells)
    )


def read_texts(
    cells: Sequence[str], notation: Notation, dating: Dating, known: Collection[str] | None = None
) -> Reading:
    """What m texts are, as `TextColumn.reading` says. known: their shapes, where these are known."""
    plain = _plain(cells, notation, known)
    try:
        return Reading(_exact(Numerals.read(plain, PLAIN if plain is not cells else notation)))
    except BadField as bad:
        if bad.kind is OutOfRangeError:
            raise BadCell(bad.row, bad.kind, *bad.says) from None
        first = bad
    distinct = set(cells)
    numeric = _numeric(shapes(distinct), notation)
    if numeric:
        raise _mixed(cells, {cell for cell in distinct if cell.translate(DIGITS) in numeric}, first)
    found = dates_of(cells, distinct, dating.order)
    if found is not None:
        return elapsed(found, dating)
    _refuse_marks(cells, distinct)
    if {cell.lower() for cell in distinct} <= TRUTHS.keys():
        return Reading(Decimals(tuple(TRUTHS[cell.lower()] for cell in cells)), "holds true and false, read as 1 and 0")
    return Reading(Labels(tuple(cells)))


def shapes(cells: Collection[str]) -> Counter[str]:
    """Texts with 0 for every digit, and how often each occurs: whether a text is a number is that of its shape."""
    text = _one_text(cells)
    if text is None:
        return Counter(cell.translate(DIGITS) for cell in cells)
    # Several times faster, where all are ASCII.
    zeros = text.encode("ascii").translate(OF_BYTES).decode("ascii") if text.isascii() else text.translate(DIGITS)
    return Counter(zeros.split("\n"))


def _one_text(cells: Collection[str]) -> str | None:
    """The cells, one on a line; None where there are none, or a cell has lines itself, as a quoted one may."""
    text = "\n".join(cells)
    return text if text.count("\n") == len(cells) - 1 else None


def _numeric(known: Collection[str], notation: Notation) -> set[str]:
    """The shapes that are numbers."""
    return {shape for shape in known if NUMERIC.fullmatch(shape) and notation.holds(shape)}


def _plain(cells: Sequence[str], notation: Notation, known: Collection[str] | None) -> Sequence[str]:
    """Numbers as Python writes them, all at once; cells of which some are no numbers as they are."""
    if notation == PLAIN:
        return cells
    known = shapes(cells) if known is None else known
    text = _one_text(cells)
    if text is None or len(_numeric(known, notation)) < len(known):
        return cells
    return (
        (text.replace(notation.thousands, "") if notation.thousands else text)
        .replace(notation.decimal, ".")
        .split("\n")
    )


def _exact(numerals: Numerals) -> Decimals:
    places = int(numerals.places.max())
    integers = numerals.integers(places)
    whole = integers if integers.dtype == object else integers.astype(np.int64)
    return Decimals(tuple(whole.tolist()), -places)


def _mixed(cells: Sequence[str], numbers: set[str], first: BadField) -> BadCell:
    """The error about a column of which some cells are numbers: about the first of the kind that is rarer."""
    count = sum(cell in numbers for cell in cells)
    if 2 * count >= len(cells):
        return BadCell(first.row, first.kind, f"{count} of {len(cells)} cells are numbers, but ", *first.says)
    row = next(i for i, cell in enumerate(cells) if cell in numbers)
    return BadCell(
        row,
        NotNumericError,
        f"{shown(cells[row])} is a number, and {len(cells) - count} of {len(cells)} cells are texts: correct it, or, "
        f"if all are labels, begin each with a letter",
    )


def _refuse_marks(cells: Sequence[str], distinct: set[str]) -> None:
    """Raise BadCell where every cell is a number, some with a mark that is not read: a percentage, an amount, ..."""
    marked = {cell: way for cell in distinct if (way := _way(cell))}
    if not marked or not all(cell in marked or NUMERIC.fullmatch(cell) for cell in distinct):
        return
    row = next(i for i, cell in enumerate(cells) if cell in marked)
    count = sum(cell in marked for cell in cells)
    of = f"in {'all' if count == len(cells) else f'{count} of'} {len(cells)} cells"
    raise BadCell(row, NotNumericError, f"{shown(cells[row])} is a number with a mark, {of}: {marked[cells[row]]}")


def _way(cell: str) -> str:
    """How to write a number that is none of any notation; "" for any other text."""
    return next((way for pattern, way in WAYS if pattern.fullmatch(cell)), "")


def shown(cell: str) -> str:
    """A cell in quotes, a long one shortened."""
    return repr(cell if len(cell) <= SHOWN else cell[: SHOWN - 3] + "...")

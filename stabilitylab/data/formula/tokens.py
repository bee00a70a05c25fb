"""The text of a formula cut into tokens, each with its place, and errors that mark a place in the text."""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.core.printable import one_line

LONGEST = 100_000  # characters of a formula
Kind: TypeAlias = Literal["name", "number", "text", "sign", "end"]

# Names as R has them, with dots inside; of any alphabet. A number has no sign.
TOKEN = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<name>(?:[^\W\d]|\.(?=[^\W\d]|\.))[\w.]*)
    | (?P<quoted>"(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*`)
    | (?P<sign>\*\*|%in%|[-+*/:^~(),=.])
    """,
    re.VERBOSE | re.DOTALL,
)
WAYS = {
    '"': "the quotation mark is never closed: close it",
    "'": "the quotation mark is never closed: close it",
    "`": "the backtick is never closed: close it",
    "|": "random effects, instruments and absorbed effects are no terms of a linear regression: write C(group) for "
    "the levels of a group",
    "$": "a column is written by its name alone, without its table: x, not data$x",
    "[": "nothing can be picked out of a column here: make a column of it in the table",
    "{": "nothing is evaluated here: write the term itself, such as x, log(x) or I(x^2)",
    "<": "comparisons are no terms: make a column of 0 and 1 in the table",
    ">": "comparisons are no terms: make a column of 0 and 1 in the table",
    "!": "logic is no term: make a column of 0 and 1 in the table",
    "&": "logic is no term: make a column of 0 and 1 in the table",
    ";": "a formula is one line without statements: leave out what stands behind it",
    "\\": "put a name with such characters in quotes",
}


@dataclass(frozen=True)
class Source:
    """The text of a formula, whose errors mark a place in it."""

    text: str

    def error(
        self, start: int, end: int, says: str, kind: type[InputError] | type[UnknownNameError] = InputError
    ) -> InputError | UnknownNameError:
        """The error about characters start to end: what was expected and the way out, and under it the text, marked."""
        before, marked = one_line(self.text[:start]), one_line(self.text[start:end])
        shown = before + marked + one_line(self.text[end:])
        cut = max(0, len(before) - 60)
        line = ("..." if cut else "") + shown[cut : cut + 120] + ("..." if len(shown) > cut + 120 else "")
        carets = " " * (len(before) - cut + 3 * bool(cut)) + "^" * min(max(len(marked), 1), 60)
        error = kind(f"formula, character {start + 1}: {one_line(says)}")
        error.picture = f"\n    {line}\n    {carets}" if shown.strip() else ""
        return error


@dataclass(frozen=True)
class Token:
    """A name, a number, a quoted text, a sign, or the end; value: without its quotes; start, end: where it stands.

    quote: the mark around it, "" without.
    """

    kind: Kind
    value: str
    start: int
    end: int
    quote: str = ""

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.value)


def tokens_of(source: Source) -> list[Token]:
    """The tokens of a formula, the last of the kind "end". Raises InputError for a character that starts none."""
    text = source.text
    if len(text) > LONGEST:
        raise InputError(f"a formula has at most {LONGEST} characters; got {len(text)}: use `.` for all columns")
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            character = text[place]
            way = WAYS.get(character, "put a name with such characters in quotes")
            raise source.error(place, place + 1, f"{character!r} begins nothing that a formula can hold; {way}")
        kind, value = match.lastgroup, match[0]
        if kind == "quoted":
            inside = re.sub(r"\\(.)", r"\1", value[1:-1], flags=re.DOTALL)
            found.append(Token("text", inside, place, match.end(), value[0]))
        elif kind != "blank":
            found.append(Token(kind, value, place, match.end()))  # type: ignore[arg-type]
        place = match.end()
    return [*found, Token("end", "", len(text), len(text))]


def written_name(name: str) -> str:
    """A name as it is written in a formula: as it is, or in backticks."""
    match = TOKEN.fullmatch(name)
    if match is not None and match.lastgroup == "name":
        return name
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"

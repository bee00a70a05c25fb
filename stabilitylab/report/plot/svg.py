"""An SVG of matplotlib in fewer bytes: the same shapes, in the same order, within 0.06 pt of their places.

What takes the room in such a file is text, since a glyph is a path (a font may be missing where the file is read) and
each letter a reference to it, and what every shape repeats: its style, ids that nothing refers to, eight digits of a
coordinate, groups around single shapes. See `compact`.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from string import ascii_letters
from typing import Generic, TypeAlias, TypeVar
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"

STEPS = 50
"""Steps to a point: all coordinates of the result are whole numbers of them."""

EM = 9.0
"""The font size in points at which glyphs are drawn; a text of another size is scaled."""

_ADVANCE = 128  # matplotlib sets glyphs at multiples of this part of a hundredth of the font size, in six decimals
_FONT_UNITS = 64  # and draws them in units of this part, y upwards
_WORTH = 3  # a pair that occurs so often takes fewer bytes under a name of its own than written out each time

Run: TypeAlias = tuple[tuple[str, float], ...]
"""Glyphs, or names of groups of them, each with its distance from the start in hundredths of the font size."""

K = TypeVar("K")
Point: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class _Text:
    """One line of text: its glyphs, the font size over EM, where it starts (in points), and how it is turned."""

    run: Run
    scale: float
    place: tuple[float, float]
    rotation: float


@dataclass(frozen=True)
class _Shape:
    """A path, a marker or a text, and what it is painted with: style and clip path."""

    paint: tuple[str, str]
    drawn: Element | _Text


@dataclass
class _Names(Generic[K]):
    """Short names in place of long ones, in order of first use: a, b, ..., Z, aa, ab, ..."""

    given: dict[K, str] = field(default_factory=dict)

    def __call__(self, long: K) -> str:
        return self.given.setdefault(long, _short(len(self.given)))


def _short(number: int) -> str:
    rest, last = divmod(number, len(ascii_letters))
    return (_short(rest - 1) if rest else "") + ascii_letters[last]


def compact(svg: str) -> str:
    """The SVG that matplotlib wrote, with the same picture in a fifth to two fifths of the bytes.

    Coordinates become whole fiftieths of a point and those of paths relative; each style is written once, as a class;
    each glyph once; a piece of text that is repeated, once; comments, metadata and ids that nothing refers to go. Every
    shape is still drawn, in its order. Raises ValueError for an element that figures of this package do not have.
    """
    root = ElementTree.fromstring(svg)
    defined = {node.attrib["id"]: node for node in root.iter() if "id" in node.attrib and node.tag != f"{_SVG}g"}
    outlined = {name for name, node in defined.items() if node.attrib.get("d", "").strip()}
    shapes = _joined(_shapes(root, "", outlined))
    texts = Counter(shape.drawn.run for shape in shapes if isinstance(shape.drawn, _Text))
    shared = {text for text, count in texts.items() if count > 1}
    writer = _Writer(defined, _Repeated.of(texts), shared, _Names(), _Names(), {})
    body = writer.body(shapes)
    rules = "".join(f".{name}{{{_css(style)}}}" for style, name in writer.classes.given.items())
    left, top, width, height = (round(float(number) * STEPS) for number in root.attrib["viewBox"].split())
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" '
        f'width="{width / STEPS:g}pt" height="{height / STEPS:g}pt" viewBox="{left} {top} {width} {height}">\n'
        f"<style>svg{{stroke-width:{STEPS};stroke-linejoin:round}}{rules}</style>\n"
        f"<defs>\n{''.join(writer.definitions.values())}</defs>\n{body}</svg>\n"
    )


# --- what is drawn


def _shapes(node: Element, clip: str, outlined: Collection[str]) -> Iterator[_Shape]:
    """What is painted below a node, in order. A clip path of a group is that of each shape in it.

    outlined: the ids of what has an outline; a blank between words has none.
    """
    for child in node:
        tag = child.tag.removeprefix(_SVG)
        inner = child.attrib.get("clip-path", clip)
        style = child.attrib.get("style", "")
        if tag in ("metadata", "defs"):
            continue
        if tag in ("path", "use"):
            _only(child, "id", "style", "clip-path", *(("d",) if tag == "path" else (_HREF, "x", "y")))
            yield _Shape((style, inner), child)
        elif tag == "g" and "transform" in child.attrib:
            _only(child, "id", "style", "clip-path", "transform")
            yield _Shape((style, inner), _text(child, outlined))
        elif tag == "g":
            _only(child, "id", "clip-path")
            yield from _shapes(child, inner, outlined)
        else:
            raise ValueError(f"figures of this package have no <{tag}>")


def _only(node: Element, *known: str) -> None:
    """Raise ValueError for an attribute that would be lost."""
    if unknown := set(node.attrib) - set(known):
        raise ValueError(f"figures of this package have no <{node.tag.removeprefix(_SVG)}> with {sorted(unknown)}")


_TEXT = re.compile(r"translate\((\S+) (\S+)\)(?: rotate\((\S+)\))? scale\((\S+) -\4\)")
_SHIFT = re.compile(r"translate\((\S+) 0\)")


def _text(group: Element, outlined: Collection[str]) -> _Text:
    match = _TEXT.fullmatch(group.attrib["transform"])
    if match is None:
        raise ValueError(f"a group with a transform should be a text: {group.attrib['transform']}")
    x, y, angle, size = (float(number or 0) for number in match.groups())
    run = []
    for glyph in group:
        if glyph.tag != f"{_SVG}defs":
            _only(glyph, _HREF, "transform")
            name = glyph.attrib[_HREF].removeprefix("#")
            shift = _SHIFT.fullmatch(glyph.attrib.get("transform", "translate(0 0)"))
            if glyph.tag != f"{_SVG}use" or shift is None:
                raise ValueError("a text should be of glyphs beside each other")
            if name in outlined:
                run.append((name, round(float(shift[1]) * _ADVANCE) / _ADVANCE))
    return _Text(tuple(run), size * 100 / EM, (x, y), angle)


def _joined(shapes: Iterable[_Shape]) -> list[_Shape]:
    """The shapes without empty texts, and with neighbouring texts of one look on one line as one text."""
    made: list[_Shape] = []
    for shape in shapes:
        last = made[-1] if made else shape
        if not isinstance(shape.drawn, _Text):
            made.append(shape)
        elif shape.drawn.run:
            whole = _along_one_line(last.drawn, shape.drawn) if made and last.paint == shape.paint else None
            if whole is None:
                made.append(shape)
            else:
                made[-1] = _Shape(shape.paint, whole)
    return made


def _along_one_line(first: Element | _Text, second: _Text) -> _Text | None:
    """Both texts as one; None where they are not of one size on one level line."""
    if not isinstance(first, _Text) or (first.scale, first.rotation, second.rotation) != (second.scale, 0, 0):
        return None
    if _steps(first.place[1]) != _steps(second.place[1]):
        return None
    apart = (second.place[0] - first.place[0]) / (EM / 100 * first.scale)
    moved = tuple((glyph, x + round(apart * _ADVANCE) / _ADVANCE) for glyph, x in second.run)
    return replace(first, run=first.run + moved)


# --- what is repeated in texts


@dataclass(frozen=True)
class _Repeated:
    """Texts in which frequent pieces have names, and the piece that is meant by each name.

    Again and again the pair of neighbours that occurs most often is replaced, so that a name may stand for a pair of
    names. Source: Larsson and Moffat, Proc. IEEE 88 (2000) 1722-1732.
    """

    runs: Mapping[Run, Run]
    named: Mapping[str, Run]

    @classmethod
    def of(cls, runs: Iterable[Run]) -> "_Repeated":
        """The pieces of these texts, each text counted once."""
        original = tuple(runs)
        current, named = list(original), dict[str, Run]()
        pairs = [list(_neighbours(run)) for run in current]
        counts = Counter(pair for here in pairs for pair in here)
        while True:
            pair, count = max(counts.items(), key=lambda item: item[1], default=(("", "", 0.0), 0))
            if count < _WORTH:
                break
            name = f"pair {len(named)}"
            named[name] = ((pair[0], 0.0), (pair[1], pair[2]))
            # Only texts with the pair change, so that only theirs are counted anew.
            for k, here in enumerate(pairs):
                if pair in here:
                    current[k] = _replaced(current[k], pair, name)
                    pairs[k] = list(_neighbours(current[k]))
                    counts.subtract(here)
                    counts.update(pairs[k])
            counts += Counter()  # without those of which none is left
        # A name that only one place refers to takes more bytes than what it stands for.
        uses = Counter(name for run in (*current, *named.values()) for name, _ in run)
        for name in [name for name in named if uses[name] == 1]:
            whole = named.pop(name)
            current = [_spelt(run, name, whole) for run in current]
            named = {other: _spelt(run, name, whole) for other, run in named.items()}
        return cls(dict(zip(original, current, strict=True)), named)


def _neighbours(run: Run) -> Iterator[tuple[str, str, float]]:
    """Each pair of neighbours with its distance; of three alike in a row only the first two."""
    previous = None
    for (first, x), (second, y) in pairwise(run):
        pair = (first, second, y - x)
        previous = None if pair == previous else pair
        if previous:
            yield pair


def _replaced(run: Run, pair: tuple[str, str, float], name: str) -> Run:
    made: list[tuple[str, float]] = []
    for glyph, x in run:
        if made and (made[-1][0], glyph, x - made[-1][1]) == pair:
            made[-1] = (name, made[-1][1])
        else:
            made.append((glyph, x))
    return tuple(made)


def _spelt(run: Run, name: str, whole: Run) -> Run:
    return tuple(
        part for glyph, x in run for part in ([(g, x + dx) for g, dx in whole] if glyph == name else [(glyph, x)])
    )


# --- how it is written


@dataclass
class _Writer:
    """Writes shapes, and below `definitions` what they refer to, each thing once and before what refers to it."""

    defined: Mapping[str, Element]
    repeated: _Repeated
    shared: Collection[Run]
    ids: _Names[object]
    classes: _Names[str]
    definitions: dict[object, str]

    def body(self, shapes: Sequence[_Shape]) -> str:
        """The shapes; neighbours that are painted alike in one group."""
        lines = []
        for (style, clip), group in groupby(shapes, key=lambda shape: shape.paint):
            paint = self._class(style) + self._clip(clip)
            drawn = [self._drawn(shape.drawn) for shape in group]
            # Opacity is of a group as a whole: where shapes of one overlap, it is not that of each.
            if len(drawn) > 1 and paint and "opacity" not in style:
                lines.append(f"<g{paint}>{''.join(head + rest for head, rest in drawn)}</g>\n")
            else:
                lines += [f"{head}{paint}{rest}\n" for head, rest in drawn]
        return "".join(lines)

    def _class(self, style: str) -> str:
        return f' class="{self.classes(style)}"' if style else ""

    def _clip(self, clip: str) -> str:
        if not clip:
            return ""
        name = clip.removeprefix("url(#").removesuffix(")")
        (shape,) = self.defined[name]
        _only(shape, "x", "y", "width", "height")
        box = "".join(f' {key}="{_steps(float(value))}"' for key, value in shape.attrib.items())
        return f' clip-path="url(#{self._define("clipPath", name, "", f"<rect{box}/>")})"'

    def _drawn(self, drawn: Element | _Text) -> tuple[str, str]:
        """The element of a shape in two parts, between which its paint goes."""
        if isinstance(drawn, _Text):
            return self._text(drawn)
        if drawn.tag == f"{_SVG}path":
            return "<path", f' d="{_path(drawn.attrib["d"], STEPS, STEPS)}"/>'
        marker = self.defined[drawn.attrib[_HREF].removeprefix("#")]
        _only(marker, "id", "d", "style")
        shape = f'{self._class(marker.attrib.get("style", ""))} d="{_path(marker.attrib["d"], STEPS, STEPS)}"'
        name = self._define("path", marker.attrib["id"], shape, "")
        return "<use", f"{_reference(name)}{_at(float(drawn.attrib['x']), float(drawn.attrib['y']))}/>"

    def _text(self, text: _Text) -> tuple[str, str]:
        turn = f"rotate({text.rotation:.6g})" if text.rotation else ""
        size = f"scale({text.scale:.6g})" if text.scale != 1 else ""
        place = f' transform="translate({_steps(text.place[0])} {_steps(text.place[1])}){turn}{size}"'
        pieces = self.repeated.runs[text.run]
        if text.run not in self.shared and len(pieces) > 1:
            return "<g", f"{place}>{self._uses(pieces)}</g>"
        name = self._group(text.run, pieces) if len(pieces) > 1 else self._glyph(pieces[0][0])
        return "<use", f"{_reference(name)}{place if turn or size else _at(*text.place)}/>"

    def _uses(self, run: Run) -> str:
        return "".join(f"<use{_reference(self._glyph(name))}{_along(x)}/>" for name, x in run)

    def _glyph(self, name: str) -> str:
        if name in self.repeated.named:
            return self._group(name, self.repeated.named[name])
        steps = EM / 100 * STEPS / _FONT_UNITS
        return self._define("path", name, f' d="{_path(self.defined[name].attrib["d"], steps, -steps)}"', "")

    def _group(self, key: object, run: Run) -> str:
        return self.ids.given.get(key) or self._define("g", key, "", self._uses(run))

    def _define(self, tag: str, key: object, attributes: str, inside: str) -> str:
        name = self.ids(key)
        end = f">{inside}</{tag}>" if inside else "/>"
        self.definitions.setdefault(key, f'<{tag} id="{name}"{attributes}{end}\n')
        return name


def _reference(name: str) -> str:
    """As SVG 2 writes it (W3C 2018, section 16.1.2); the prefix of SVG 1.1 would take a tenth of the file."""
    return f' href="#{name}"'


def _along(x: float) -> str:
    steps = _steps(x * EM / 100)
    return f' x="{steps}"' if steps else ""


def _at(x: float, y: float) -> str:
    return f' x="{_steps(x)}" y="{_steps(y)}"'


def _steps(points: float) -> int:
    return round(points * STEPS)


_LENGTH = re.compile(r"(stroke-(?:width|dasharray|dashoffset):)([^;]+)")


def _css(style: str) -> str:
    """A style without blanks, its lengths in steps."""
    bare = re.sub(r"\s*([:;,])\s*", r"\1", style.strip().rstrip(";"))
    return _LENGTH.sub(lambda match: match[1] + re.sub(r"[\d.]+", _length, match[2]), bare)


def _length(match: re.Match[str]) -> str:
    return f"{float(match[0]) * STEPS:g}"


_COMMAND = re.compile(r"([MLQCz])([-\d.e\s]*)")


def _path(d: str, x_steps: float, y_steps: float) -> str:
    """Path data in relative commands and whole steps; each point is rounded by itself, so that no rounding adds up.

    x_steps, y_steps: steps to a unit. Raises ValueError for a command that matplotlib does not write.
    """
    if _COMMAND.sub("", d).strip():
        raise ValueError(f"path data that matplotlib does not write: {d[:40]!r}")
    made, last = "", ""
    start, now, control = (0, 0), (0, 0), (0, 0)
    for command, text in _COMMAND.findall(d):
        if command == "z":
            made, last, now, control = made + "z", "z", start, start
            continue
        numbers = [float(number) for number in text.split()]
        points = [(round(x * x_steps), round(y * y_steps)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        mirrored = (2 * now[0] - control[0], 2 * now[1] - control[1])
        letter, values = _relative(command, points, now, mirrored if last in ("q", "t") else None)
        control = mirrored if letter == "t" else points[-2] if letter == "q" else points[-1]
        separated = " ".join(map(str, values)).replace(" -", "-")
        # A letter that is repeated may be left out; after m it would be read as l.
        repeated = letter == last and letter != "m"
        made += ("" if separated.startswith("-") else " ") + separated if repeated else letter + separated
        last, now = letter, points[-1]
        if command == "M":
            start = now
    return made


def _relative(command: str, points: Sequence[Point], now: Point, mirrored: Point | None) -> tuple[str, list[int]]:
    """The shortest command that says the same, and its numbers; mirrored: the control point that `t` would take."""
    *_, (x, y) = points
    if command == "L" and (x == now[0] or y == now[1]):
        return ("v", [y - now[1]]) if x == now[0] else ("h", [x - now[0]])
    if command == "Q" and mirrored and max(abs(a - b) for a, b in zip(mirrored, points[0], strict=True)) <= 1:
        return "t", [x - now[0], y - now[1]]
    return command.lower(), [value for px, py in points for value in (px - now[0], py - now[1])]

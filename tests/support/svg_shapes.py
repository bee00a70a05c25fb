"""What an SVG draws: every outline in absolute points with the style it is painted with, references followed."""

import math
import re
from dataclasses import dataclass
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
INHERITED_NOT = {"opacity", "clip-path"}
DEFAULTS = {"fill": "#000000", "stroke": "none", "stroke-linecap": "butt", "stroke-linejoin": "miter"}


@dataclass(frozen=True)
class Shape:
    """An outline: its commands (absolute), their points, its style, and the clip box."""

    commands: str
    points: tuple
    style: tuple
    clip: tuple


def _referred(node):
    """What a node refers to: matplotlib writes SVG 1.1's attribute, `compact` that of SVG 2."""
    return node.attrib[HREF] if HREF in node.attrib else node.attrib["href"]


def shapes(text):
    """Every outline of an SVG in the order in which it is painted, in points; lengths of strokes are in points too."""
    root = ElementTree.fromstring(text)
    by_id = {node.attrib["id"]: node for node in root.iter() if "id" in node.attrib}
    sheets = "".join(node.text or "" for node in root.iter(f"{SVG}style"))
    rules = {name: _declared(body) for name, body in re.findall(r"([.*\w]+)\s*\{([^}]*)\}", sheets)}
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    unit = float(root.attrib["width"].removesuffix("pt")) / width
    assert (left, top) == (0, 0)
    assert math.isclose(unit * height, float(root.attrib["height"].removesuffix("pt")), rel_tol=1e-6)
    drawn = []

    def visit(node, matrix, style, clip, referred=False):
        tag = node.tag.removeprefix(SVG)
        if tag in ("defs", "metadata", "style", "clipPath") and not referred:
            return
        matrix = _times(matrix, _matrix(node.attrib.get("transform", "")))
        style = dict(style)
        style |= rules.get("*", {}) | (rules.get("svg", {}) if tag == "svg" else {})
        style |= rules.get(f".{node.attrib.get('class')}", {}) | _declared(node.attrib.get("style", ""))
        if "clip-path" in node.attrib:
            (box,) = by_id[re.fullmatch(r"url\(#(.+)\)", node.attrib["clip-path"])[1]]
            clip = tuple(unit * float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        if tag == "use":
            moved = _times(matrix, (1, 0, 0, 1, float(node.attrib.get("x", 0)), float(node.attrib.get("y", 0))))
            visit(by_id[_referred(node).removeprefix("#")], moved, style, clip, referred=True)
        elif tag == "path":
            commands, points = outline(node.attrib.get("d", ""))
            if points:
                placed = tuple(_placed(matrix, point, unit) for point in points)
                drawn.append(Shape(commands, placed, _painted(style, unit), clip))
        else:
            assert tag in ("svg", "g"), tag
            for child in node:
                visit(child, matrix, style, clip)

    visit(root, (1, 0, 0, 1, 0, 0), dict(DEFAULTS), ())
    return drawn


def outline(d):
    """Path data as absolute commands M, L, Q, C, Z and their points."""
    tokens = re.findall(r"[a-zA-Z]|-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?", d)
    commands, points, here, start, control, letter, k = "", [], (0.0, 0.0), (0.0, 0.0), None, "", 0
    counts = {"m": 1, "l": 1, "t": 1, "q": 2, "c": 3}

    def take(count):
        nonlocal k
        numbers = list(map(float, tokens[k : k + count]))
        k += count
        return numbers

    while k < len(tokens):
        if tokens[k].isalpha():
            letter, k = tokens[k], k + 1
        low, base = letter.lower(), here if letter.islower() else (0.0, 0.0)
        if low == "z":
            commands, here, control = commands + "Z", start, None
            continue
        if low in "hv":
            (value,) = take(1)
            new = [(base[0] + value, here[1]) if low == "h" else (here[0], base[1] + value)]
        else:
            numbers = take(2 * counts[low])
            new = [(base[0] + x, base[1] + y) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        if low == "t":
            assert control is not None, "t without a curve before it"
            new = [(2 * here[0] - control[0], 2 * here[1] - control[1]), *new]
        control = new[0] if low in "qt" else None
        commands += {"h": "L", "v": "L", "t": "Q"}.get(low, low.upper())
        points += new
        here = new[-1]
        if low == "m":
            start, letter = here, "l" if letter == "m" else "L"
    return commands, points


def _declared(text):
    pairs = (part.partition(":") for part in text.split(";") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _painted(style, unit):
    """The style as what is seen: lengths in points, and nothing about a stroke where there is none."""
    style = {"stroke-width": "1", **style}
    if style["stroke"] == "none":
        style = {key: value for key, value in style.items() if not key.startswith("stroke-")}
    made = {}
    for key, value in style.items():
        if key in ("stroke-width", "stroke-dasharray", "stroke-dashoffset"):
            made[key] = tuple(round(float(length) * unit, 6) for length in re.split(r"[\s,]+", value))
        else:
            made[key] = value
    return tuple(sorted(made.items()))


def _matrix(text):
    made = (1, 0, 0, 1, 0, 0)
    for name, inside in re.findall(r"(\w+)\(([^)]*)\)", text):
        a, *b = map(float, re.split(r"[\s,]+", inside.strip()))
        if name == "translate":
            step = (1, 0, 0, 1, a, b[0] if b else 0)
        elif name == "scale":
            step = (a, 0, 0, b[0] if b else a, 0, 0)
        else:
            assert name == "rotate", name
            cos, sin = math.cos(math.radians(a)), math.sin(math.radians(a))
            step = (cos, sin, -sin, cos, 0, 0)
        made = _times(made, step)
    return made


def _times(m, n):
    a, b, c, d, e, f = m
    g, h, i, j, k, l = n  # noqa: E741
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f


def _placed(matrix, point, unit):
    a, b, c, d, e, f = matrix
    x, y = point
    return unit * (a * x + c * y + e), unit * (b * x + d * y + f)

"""How programs write the names of coefficients, brought to one form."""

import re
from collections.abc import Iterable

INTERCEPT = "intercept"
_INTERCEPTS = frozenset({"intercept", "(intercept)", "const", "constant", "(constant)", "_cons", "cons", "_intercept"})
_QUOTED = re.compile(r"""^Q\((['"])(.*)\1\)$""")
_IDENTITY = re.compile(r"^I\((.*)\)$")
_RAW = re.compile(r"^poly\((.+?),(?:degree=)?\d+,(?:raw(?:=(?:TRUE|True|T))?|simple=TRUE)\)\[?(\d+)\]?$")
_ORTHOGONAL = re.compile(r"^poly\((.+?),(?:degree=)?(\d+)\)\[?(\d+)\]?$")
_LEVEL = re.compile(r"^(.*)\[[TSDPH]\.(.*)\]$")


def normal(name: str) -> str:
    """A name in the form in which names are compared: "x^2" for "I(x ** 2)", "g[b]" for "C(g)[T.b]"."""
    text = name.strip()
    if text.casefold() in _INTERCEPTS:
        return INTERCEPT
    parts = _split(text)
    if len(parts) > 1:
        return ":".join(sorted(map(normal, parts)))
    if text.startswith("C("):
        inside, rest = _inside(text[1:])
        text = inside.split(",", 1)[0].strip() + rest
    text = text.strip("`")
    if quoted := _QUOTED.match(text):
        text = quoted[2]
    if level := _LEVEL.match(text):
        text = f"{level[1]}[{level[2]}]"
    text = "".join(text.split()).replace("**", "^")
    if identity := _IDENTITY.match(text):
        text = identity[1]
    if raw := _RAW.match(text):
        return raw[1] if raw[2] == "1" else f"{raw[1]}^{raw[2]}"
    if orthogonal := _ORTHOGONAL.match(text):
        return f"poly({orthogonal[1]},{orthogonal[2]})[{orthogonal[3]}]"
    return text[:-2] if text.endswith("^1") else text


def of_level(column: str, level: str, number: int = 0) -> frozenset[str]:
    """How programs name the coefficient of one level of a category.

    number: of the coefficient under sum coding, from 1, by which R names it; 0 where that is no name of it.
    """
    written = [f"{column}{level}", f"{column}_{level}", f"{column}.{level}", f"{column}={level}", f"[{column}={level}]"]
    written += [f"{column} {level}", f"{column}-{level}", f"{column}[{level}]"]
    written += [f"{column}{number}", f"{column}[{number}]"] if number else []
    return frozenset(map(normal, written))


def of_product(first: Iterable[str], second: Iterable[str]) -> frozenset[str]:
    """How programs name the coefficient of a product, from the names of its factors."""
    found = set()
    for a in first:
        for b in second:
            found |= {":".join(sorted((a, b))), f"{a}*{b}", f"{b}*{a}", f"{a}{b}", f"{b}{a}", f"{a}_{b}", f"{b}_{a}"}
    return frozenset(found)


def _split(text: str) -> list[str]:
    """The factors of "a:b", colons within brackets and quotes left alone."""
    parts, depth, quote, start = [], 0, "", 0
    for place, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        elif character == ":" and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


def _inside(text: str) -> tuple[str, str]:
    """What stands between the bracket that a text begins with and its partner, and what stands behind."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if not depth:
            return text[1:place], text[place + 1 :]
    return text[1:], ""

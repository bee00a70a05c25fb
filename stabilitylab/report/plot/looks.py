"""Colour, marker and dashes of a series: a route has one colour in every figure, and no two of a figure look alike."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

COLOURS = ("#000000", "#AA22EE", "#CC4400", "#88AAEE", "#880000", "#008888", "#224488", "#EE8800")
"""Eight colours that are at least 0.14 apart in OKLab, to normal sight and without one of the three kinds of cones.

Sources: Ottosson (2020) for OKLab; Machado, Oliveira and Fernandes (2009) for the sights.
"""

MARKERS = ("o", "s", "^", "D", "v", "P", "<", "X", ">", "*", "d")
_LARGER = {"P": 1.2, "X": 1.2, "*": 1.5, "d": 1.2}  # what fills less of its square
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1, 1, 1, 1, 1)))

SALT = 325143
"""Goes into the hash of a name. It is chosen so that routes that the experiments draw together differ in colour."""

_ROUTE = re.compile(r"\w+\.\S+")


@dataclass(frozen=True)
class Look:
    """How a series is told from the others: by colour, and in grey by marker and dashes."""

    colour: str
    marker: str
    dashes: Any

    def size(self, points: float) -> float:
        """The size at which its marker looks as large as a circle of that diameter."""
        return points * _LARGER.get(self.marker, 1.0)


def wanted(name: str, salt: int = SALT) -> Look:
    """The look of a name by its SHA-256 alone, so that it depends on no figure and on no other name."""
    colour, marker, dashes = hashlib.sha256(f"{salt} {name}".encode()).digest()[:3]
    return Look(COLOURS[colour % len(COLOURS)], MARKERS[marker % len(MARKERS)], DASHES[dashes % len(DASHES)])


def looks(names: Sequence[Any]) -> dict[Any, Look]:
    """A look for each name of a figure, whatever their order.

    A text of the form `family.variant`, as routes are named, has the colour of `wanted`; other names share the colours
    out evenly. Markers and dashes are those of `wanted` where no other series of the figure has them, else the next
    that are used least: among 55 series no two agree in both, among 440 no two look alike.
    """
    chosen: dict[Any, Look] = {}
    ordered = sorted(dict.fromkeys(names), key=lambda name: (not _is_route(name), str(name)))
    for name in ordered:
        first = wanted(str(name))
        colours = Counter(look.colour for look in chosen.values())
        colour = first.colour if _is_route(name) else min(COLOURS, key=lambda c: colours[c])
        chosen[name] = _free(Look(colour, first.marker, first.dashes), list(chosen.values()))
    return {name: chosen[name] for name in names}


def _is_route(name: Any) -> bool:
    return isinstance(name, str) and _ROUTE.fullmatch(name) is not None


def _free(first: Look, taken: Sequence[Look]) -> Look:
    """The look nearest to `first`, in its colour, with the marker and the dashes that are taken least."""
    markers = Counter(look.marker for look in taken)
    dashes = Counter(str(look.dashes) for look in taken)
    pairs = Counter((look.marker, str(look.dashes)) for look in taken)
    wholes = Counter((look.colour, look.marker, str(look.dashes)) for look in taken)
    places = product(_from(MARKERS, first.marker), _from(DASHES, first.dashes))
    marker, dash = min(
        places,
        key=lambda p: (
            wholes[first.colour, p[0], str(p[1])],
            pairs[p[0], str(p[1])],
            markers[p[0]],
            dashes[str(p[1])],
        ),
    )
    return Look(first.colour, marker, dash)


def _from(all_of_them: Sequence[Any], first: Any) -> list[Any]:
    """All of them in their order, beginning with `first`."""
    k = list(all_of_them).index(first)
    return [*all_of_them[k:], *all_of_them[:k]]

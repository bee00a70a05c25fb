"""Curves and points of a figure that lie on each other: which do, so that each can be drawn to be seen."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

Point = tuple[float, float]
N = TypeVar("N", bound=Hashable)


@dataclass(frozen=True)
class Stretch:
    """A part of a curve along which the same others lie on it.

    first, last: numbers of the points at its ends. The curve is number `place` of the `of` curves that lie here.
    """

    first: int
    last: int
    place: int
    of: int


def stretches(curves: Mapping[N, Sequence[Point | None]], near: float) -> dict[N, list[Stretch]]:
    """The curves in stretches; None in a curve is a gap.

    Segments with ends at the same x lie on each other where both ends are within `near`, and are counted as one where
    such segments chain up. What is over x alone, a point between two gaps, is in no stretch.
    """
    # 1. Segments by the x of their ends, so that only those are compared.
    segments: dict[tuple[float, float], list[tuple[float, float, N]]] = {}
    for name, curve in curves.items():
        for a, b in pairwise(curve):
            if a is not None and b is not None:
                segments.setdefault((a[0], b[0]), []).append((a[1], b[1], name))
    company: dict[tuple[float, float, N], tuple[N, ...]] = {}
    order = list(curves)
    for (left, right), here in segments.items():
        for group in _chained(here, near):
            together = tuple(sorted((name for _, _, name in group), key=order.index))
            company |= {(left, right, name): together for name in together}
    # 2. Neighbouring segments of one company are one stretch.
    made: dict[N, list[Stretch]] = {}
    for name, curve in curves.items():
        parts: list[tuple[tuple[N, ...], int, int]] = []
        for k, (a, b) in enumerate(pairwise(curve)):
            if a is None or b is None:
                continue
            together = company[a[0], b[0], name]
            if parts and parts[-1][0] == together and parts[-1][2] == k:
                parts[-1] = (together, parts[-1][1], k + 1)
            else:
                parts.append((together, k, k + 1))
        made[name] = [Stretch(first, last, group.index(name), len(group)) for group, first, last in parts]
    return made


def _chained(segments: Sequence[tuple[float, float, N]], near: float) -> list[list[tuple[float, float, N]]]:
    groups: list[list[tuple[float, float, N]]] = []
    for segment in segments:
        touched = [g for g in groups if any(_beside(segment[:2], other[:2], near) for other in g)]
        merged = [segment, *(other for g in touched for other in g)]
        groups = [g for g in groups if g not in touched] + [merged]
    return groups


def _beside(a: tuple[float, float], b: tuple[float, float], near: float) -> bool:
    return max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= near


def stacked(points: Sequence[Point], near: float) -> list[tuple[int, int]]:
    """For each point (place, of): it is number `place`, from the bottom, of the `of` points on one spot.

    A point is on a spot where it is within `near` of another that is on it.
    """
    groups: list[list[int]] = []
    for k, point in enumerate(points):
        touched = [g for g in groups if any(math.dist(point, points[j]) <= near for j in g)]
        groups = [g for g in groups if g not in touched] + [[*(j for g in touched for j in g), k]]
    found = [(0, 1)] * len(points)
    for group in groups:
        for place, k in enumerate(sorted(group)):
            found[k] = (place, len(group))
    return found


def ring(place: int, of: int, size: float) -> float:
    """The size of a marker so that each of those on one spot shows around those above it; the top one has `size`."""
    step = min(0.5 * size, 1.8 * size / max(of - 1, 1))
    return size + (of - 1 - place) * step

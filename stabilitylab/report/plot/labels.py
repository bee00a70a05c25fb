"""Places of labels, along an edge, in rows above it and beside points, that do not overlap."""

import math
from collections.abc import Sequence
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""left, bottom, right, top."""


def spread(wanted: Sequence[float], sizes: Sequence[float], low: float, high: float) -> list[float]:
    """Middles of intervals of these sizes within [low, high] that do not overlap, in the order of `wanted`.

    Their squared displacement is least: with p_i = q_i + the sizes below i + half its own, over the sorted order, the
    q_i are the isotonic regression of wanted_i less that; pools of adjacent violators take their mean. Clipping q to
    [low, high - all sizes] keeps the optimum. Where the intervals do not fit, all shrink in proportion. Source: Barlow
    et al. (1972), section 1.2.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    total = sum(sizes)
    shrunk = min(1.0, (high - low) / total) if total else 1.0
    # 1. Pools of (mean, size); a pool below its predecessor is merged into it.
    pools: list[tuple[float, int]] = []
    offsets, below = [], 0.0
    for i in order:
        offsets.append(below + shrunk * sizes[i] / 2)
        below += shrunk * sizes[i]
        pools.append((wanted[i] - offsets[-1], 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (b, nb), (a, na) = pools.pop(), pools.pop()
            pools.append(((a * na + b * nb) / (na + nb), na + nb))
    # 2. Back to positions.
    top = max(low, high - below)
    flat = [min(max(mean, low), top) for mean, size in pools for _ in range(size)]
    placed = [0.0] * len(wanted)
    for i, q, offset in zip(order, flat, offsets, strict=True):
        placed[i] = q + offset
    return placed


def in_rows(starts: Sequence[float], widths: Sequence[float], high: float) -> list[tuple[float, int]]:
    """(left edge, row) of labels above an axis that begin at their starts, or end at `high` where they would pass it.

    Each is in the lowest row that has room beside those that start further right, and through which no line leads up to
    one of them. So a line up to a label that begins at its start meets no other that does.
    """
    begins: list[float] = []
    placed = [(0.0, 0)] * len(starts)
    done: list[int] = []
    for i in sorted(range(len(starts)), key=lambda i: -starts[i]):
        left = max(0.0, min(starts[i], high - widths[i]))
        right = left + widths[i]
        highest = max([placed[j][1] for j in done if left < starts[j] < right], default=0)
        row = next((row for row, begin in enumerate(begins) if row >= highest and right <= begin), len(begins))
        begins[row : row + 1] = [left]
        placed[i] = (left, row)
        done.append(i)
    return placed


def beside(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], taken: Sequence[Box], frame: Box
) -> list[Box]:
    """A box of each size near its point that covers no other box, no box of `taken` and stays inside the frame.

    The place nearest to its point of those that cover least and whose leader crosses least; a few rounds, in each of
    which every box is placed anew beside all others, since the first ones did not know the last.
    """
    places = [_places(point, size, frame) for point, size in zip(points, sizes, strict=True)]
    boxes: list[Box | None] = [None] * len(points)
    for _ in range(_ROUNDS):
        before = list(boxes)
        for k, (point, here) in enumerate(zip(points, places, strict=True)):
            others = [box for j, box in enumerate(boxes) if j != k and box is not None]
            boxes[k] = _cheapest(here, point, others, taken)
        if boxes == before:
            break
    return [box for box in boxes if box is not None]


_ROUNDS = 6
_CROSSING = 0.6  # inches by which a leader may be longer to cross one dot, guide or label less
_Place: TypeAlias = tuple[float, Box]
_SIDES = (*((dx, dy) for dy in (0.0, 0.5, -0.5, 1.0, -1.0) for dx in (1.0, -1.0)), (0.0, 1.0), (0.0, -1.0))


def _places(point: tuple[float, float], size: tuple[float, float], frame: Box) -> list[_Place]:
    """Boxes around a point inside the frame, each with its distance; nearest first."""
    (x, y), (width, height) = point, size
    found = []
    for radius in range(1, 25):
        for dx, dy in _SIDES:
            reach = 0.3 * height * (radius + 1)
            left = x + dx * reach - (width if dx < 0 else width / 2 if dx == 0 else 0)
            bottom = y + dy * reach - height / 2
            left = min(max(left, frame[0]), frame[2] - width)
            bottom = min(max(bottom, frame[1]), frame[3] - height)
            found.append((reach, (left, bottom, left + width, bottom + height)))
    return found


def _cheapest(places: Sequence[_Place], point: tuple[float, float], others: Sequence[Box], taken: Sequence[Box]) -> Box:
    """The place of least cost: first the area that its box covers, then the length of its leader and its crossings."""
    best, least = places[0][1], (math.inf, math.inf)
    # Its own point is where a leader starts; that is no crossing.
    around = [box for box in (*others, *taken) if not _inside(point, box)]
    for reach, box in places:
        # Places come in order of their distance, which is a part of what they cost.
        if least[0] == 0 and reach >= least[1]:
            break
        covered = round(sum(_overlap(box, other) for other in (*others, *taken)), 9)
        if covered > least[0]:
            continue
        end = facing(box, point)
        cost = covered, reach + _CROSSING * sum(_crosses(point, end, other) for other in around)
        if cost < least:
            best, least = box, cost
    return best


def facing(box: Box, point: tuple[float, float]) -> tuple[float, float]:
    """Where a leader from the point ends: the middle of the side of the box that faces it."""
    x, y = point
    if box[0] <= x <= box[2]:
        return (box[0] + box[2]) / 2, box[1] if y < box[1] else box[3]
    return (box[0] if x < box[0] else box[2]), (box[1] + box[3]) / 2


def _inside(point: tuple[float, float], box: Box) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _crosses(a: tuple[float, float], b: tuple[float, float], box: Box) -> bool:
    """Whether the segment from a to b meets the box: by the parameters at which it enters and leaves each slab."""
    enter, leave = 0.0, 1.0
    for k in (0, 1):
        step, low, high = b[k] - a[k], box[k] - a[k], box[k + 2] - a[k]
        if step == 0:
            if low > 0 or high < 0:
                return False
            continue
        first, last = sorted((low / step, high / step))
        enter, leave = max(enter, first), min(leave, last)
    return enter <= leave


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0

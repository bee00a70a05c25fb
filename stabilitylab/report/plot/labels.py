"""Places of labels, along an edge and beside points, that do not overlap."""

from collections.abc import Sequence
from typing import TypeAlias

Box: TypeAlias = tuple[float, float, float, float]
"""left, bottom, right, top."""


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least `gap` apart within [low, high], in the order of `wanted` and with least squared displacement.

    With p_i = q_i + i gap over the sorted order, the q_i are the isotonic regression of wanted_i - i gap: pools of
    adjacent violators take their mean. Clipping q to [low, high - (k - 1) gap] keeps the optimum. Where k labels do not
    fit, they are spaced evenly over the interval instead. Source: Barlow et al. (1972), section 1.2.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    count = len(order)
    if count > 1 and (count - 1) * gap > high - low:
        gap = (high - low) / (count - 1)
    # 1. Pools of (mean, size); a pool below its predecessor is merged into it.
    pools: list[tuple[float, int]] = []
    for rank, i in enumerate(order):
        pools.append((wanted[i] - rank * gap, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (b, nb), (a, na) = pools.pop(), pools.pop()
            pools.append(((a * na + b * nb) / (na + nb), na + nb))
    # 2. Back to positions.
    top = max(low, high - max(count - 1, 0) * gap)
    flat = [min(max(mean, low), top) for mean, size in pools for _ in range(size)]
    placed = [0.0] * count
    for rank, i in enumerate(order):
        placed[i] = flat[rank] + rank * gap
    return placed


def beside(
    points: Sequence[tuple[float, float]], sizes: Sequence[tuple[float, float]], taken: Sequence[Box], frame: Box
) -> list[Box]:
    """A box of each size near its point that covers no earlier box, no box of `taken` and stays inside the frame.

    Greedy: rings of growing radius, eight directions each; the first free place wins, or else the least covered.
    """
    boxes: list[Box] = []
    directions = [(1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1), (0, 1), (0, -1)]
    for (x, y), (width, height) in zip(points, sizes, strict=True):
        best, cost = None, float("inf")
        for radius in range(1, 13):
            for dx, dy in directions:
                reach = 0.6 * height * radius
                left = x + dx * reach - (width if dx < 0 else width / 2 if dx == 0 else 0)
                bottom = y + dy * reach - height / 2
                box = (left, bottom, left + width, bottom + height)
                outside = sum(
                    max(0.0, d) for d in (frame[0] - left, frame[1] - bottom, box[2] - frame[2], box[3] - frame[3])
                )
                covered = sum(_overlap(box, other) for other in (*boxes, *taken)) + outside * height
                if covered < cost:
                    best, cost = box, covered
            if cost == 0:
                break
        assert best is not None
        boxes.append(best)
    return boxes


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0

"""Numbers as limbs, signed digits in base 2**22: so short that BLAS multiplies and adds them without any rounding.

The words, here and in the modules that use this one:
limb: one signed digit in base 2**22, an integer of at most 2**21 in magnitude, held in float64 or int64;
place: the weight 2**(-22 p) of a limb, p = 0 for the most significant; plane: the limbs of one place of a whole array;
level: sums of products of limbs that belong to one place, int64 and too large for limbs until carries are moved on.
A product of two limbs has 42 bits, and 2048 of those add up to at most 2**53: float64 sums them exactly in any order,
on any number of threads, with or without fused multiply-add.
Source: Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59 (2012) 95-118.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array

WIDTH = 22
TERMS = 2048  # products of two limbs that float64 sums exactly
BASE = 1 << WIDTH
HALF = 1 << (WIDTH - 1)
PACKED = 2 * WIDTH  # bits of two limbs packed into one integer, which an int64 and FLINT's small integers hold
Levels = npt.NDArray[np.int64]
Indices: TypeAlias = npt.NDArray[np.int64]
Layout: TypeAlias = tuple[Indices, ...]  # for each place, the columns of [A b] that have limbs there
# t + ROUND - ROUND is t rounded to an integer, for |t| < 2**51.
ROUND = 1.5 * 2.0**52


def sliced(t: Array, stack: Array) -> tuple[Layout, Indices]:
    """Split t (n, k), |t| < 2**51, into limbs at len(stack) / n places, written to stack; t is overwritten.

    Returns the layout, which says for each place p the rows of t with limbs there (all at the first place, then fewer
    and fewer), and the columns of t that need more places. stack holds the rows of place 0, then those of place 1, and
    so on, without gaps, as the numbers that they stand for: limb times 2**(-22 p). At place 0 these are integers of up
    to |t| + 1/2, which need not be limbs.
    """
    places = len(stack) // len(t)
    layout = [np.arange(len(t))]
    start = 0
    for p in range(places):
        limbs = stack[start : start + len(t)]
        start += len(t)
        step = ROUND * 2.0 ** (-WIDTH * p)
        np.add(t, step, out=limbs)
        np.subtract(limbs, step, out=limbs)
        if p == places - 1:
            return tuple(layout), np.flatnonzero((t != limbs).any(axis=0))
        np.subtract(t, limbs, out=t)
        # Integers and small floats end early. One column of t is asked first: it nearly always answers.
        rows = layout[p]
        if not t[:, 0].all():
            more = t.any(axis=1)
            if not more.any():
                break
            if not more.all():
                rows, t = rows[more], t[more]
        layout.append(rows)
    return tuple(layout), np.empty(0, dtype=np.int64)


def limbs_of_floats(t: Array) -> list[Array]:
    """The planes of t, |t| <= 2**21, as many as it takes: t = sum over p of planes[p] 2**(-22 p) exactly."""
    t = t.copy()
    planes = []
    while True:
        plane = (t + ROUND) - ROUND
        planes.append(plane)
        t -= plane
        if not t.any():
            return planes
        t *= BASE


def limbs_of_integers(values: Array, count: int) -> list[Array]:
    """The planes of an object array of Python ints, most significant first: values = sum planes[p] 2**(22 (count-1-p)).

    Raises OverflowError when an integer needs more than `count` limbs.
    """
    # With half a unit of every place added, the limbs are the bit fields of a number that is not negative.
    bias = HALF * sum(1 << (WIDTH * k) for k in range(count))
    size = WIDTH * count // 8 + 4
    flat = values.ravel().tolist()
    raw = b"".join([(v + bias).to_bytes(size, "little") for v in flat])
    octets = np.frombuffer(raw, dtype=np.uint8).reshape(len(flat), size).astype(np.int64)
    planes = []
    for k in range(count - 1, -1, -1):
        first, shift = divmod(WIDTH * k, 8)
        word = octets[:, first] | octets[:, first + 1] << 8 | octets[:, first + 2] << 16 | octets[:, first + 3] << 24
        field = word >> shift if k == count - 1 else (word >> shift) & (BASE - 1)
        planes.append((field - HALF).astype(np.float64).reshape(values.shape))
    if planes[0].max(initial=0.0) > HALF or octets[:, (WIDTH * (count - 1)) // 8 + 4 :].any():
        raise OverflowError(f"an integer has more than {count} limbs in base 2**{WIDTH}")
    return planes


def carried(levels: list[Array]) -> list[Array]:
    """The planes of the numbers that levels, most significant first, stand for: carries are moved on.

    Works on int64 and on float64 arrays, which must have room for a carry of 2**42; carries may add planes in front.
    """
    out: list[Array] = []
    carry: Any = 0
    for level in reversed(levels):
        value = level + carry
        carry = _quotient(value)
        out.append(value - carry * BASE)
    while carry.any():
        value, carry = carry, _quotient(carry)
        out.append(value - carry * BASE)
    return out[::-1]


def _quotient(value: Array) -> Array:
    """value / 2**22 rounded to an integer."""
    if value.dtype.kind == "i":
        return (value + HALF) >> WIDTH
    return np.asarray((value * (1.0 / BASE) + ROUND) - ROUND)


def packed(levels: Levels) -> list[Levels]:
    """The numbers of levels (K, N) in base 2**44, two places to an integer, most significant first.

    The numbers are sum over k of levels[k] 2**(22 (K - 1 - k)), int64 with room for a carry of 2**42. All but the first
    array of the result are within 0 .. 2**44 - 1; the first has the sign.
    """
    out = []
    rest = list(levels)
    carry = np.zeros_like(levels[0])
    while len(rest) > 1:
        low = rest.pop() + carry
        high = rest.pop() + (low >> WIDTH)
        out.append((low & (BASE - 1)) + ((high & (BASE - 1)) << WIDTH))
        carry = high >> WIDTH
    if rest:
        out.append(rest.pop() + carry)
    elif np.abs(carry).max(initial=0) >> (62 - PACKED):
        out.append(carry)
    else:
        out[-1] += carry << PACKED
    return out[::-1]


def integers(levels: Levels) -> list[int]:
    """The numbers of levels (K, N), sum over k of levels[k] 2**(22 (K - 1 - k)), as N Python ints."""
    first, *others = packed(levels)
    values: list[int] = first.tolist()
    for pairs in others:
        values = [(value << PACKED) + low for value, low in zip(values, pairs.tolist(), strict=True)]
    return values


def weighted(planes: list[Array], weights: Array) -> tuple[list[Array], int]:
    """The planes of column i of `planes` times weights[i], and how many places they begin before the planes given.

    weights: Fractions w >= 0 over powers of two.
    """
    denominator = max(w.denominator for w in weights)
    # A whole number of limbs below the point, so that the levels stay aligned.
    places = -(-(denominator.bit_length() - 1) // WIDTH)
    whole = np.empty(len(weights), dtype=object)
    whole[:] = [int(w * (1 << places * WIDTH)) for w in weights]
    count = -(-(max(whole.tolist()).bit_length() + 1) // WIDTH)
    w_planes = limbs_of_integers(whole, count)
    products = [np.zeros_like(planes[0]) for _ in range(len(planes) + count - 1)]
    for i, w in enumerate(w_planes):
        for p, plane in enumerate(planes):
            products[i + p] += w * plane
    limbs = carried(products)
    return limbs, count - 1 - places + len(limbs) - len(products)

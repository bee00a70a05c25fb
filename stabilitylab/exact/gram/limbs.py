"""Numbers as signed limbs in base 2**22: small enough that BLAS multiplies and adds them without any rounding.

A limb is an integer of at most 2**21 in magnitude, held in float64. A product of two has 42 bits, and 2048 of those
add up to at most 2**53: float64 sums them exactly in any order, on any number of threads, with or without fused
multiply-add. Source: Ozaki, Ogita, Oishi, Rump, Numer. Algorithms 59 (2012) 95-118.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from stabilitylab.core.arithmetic.formats import Array

WIDTH = 22
TERMS = 2048  # products of two limbs that float64 sums exactly
BASE = 1 << WIDTH
HALF = 1 << (WIDTH - 1)
PACKED = 2 * WIDTH  # bits of two limbs, which an int64 and Python's and FLINT's small integers hold
Levels = npt.NDArray[np.int64]
Indices: TypeAlias = npt.NDArray[np.int64]
Layout: TypeAlias = tuple[Indices, ...]  # for each place of limbs, the columns of [A b] that have some there
# t + ROUND - ROUND is t rounded to an integer, for |t| < 2**51.
ROUND = 1.5 * 2.0**52


def sliced(t: Array, stack: Array) -> tuple[Layout, Indices]:
    """Peel limbs off t (n, k), |t| < 2**51, which is destroyed: limb p times 2**(-22 p) for p < len(stack) / n.

    What is found: which rows of t have a limb at place p, all of them at the first, fewer and fewer after it; and the
    columns of t that have more limbs than there are places. The limbs of each place stand one under the other in
    stack, without gaps; all but the first are at most 2**21.
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
    """Integer planes of limbs of t, |t| <= 2**21: t = sum of plane p times 2**(-22 p), exactly, to the last bit."""
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
    """`count` planes of limbs, most significant first, of an object array of Python ints: the values themselves.

    Raises OverflowError when an integer needs more limbs.
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
    """The same number in limbs of at most 2**21, most significant first; levels have room for a carry.

    Works on int64 and on float64 arrays; carries may add limbs in front.
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
    """The same numbers in base 2**44, most significant first: all but the first, which may be any, in 0 .. 2**44 - 1.

    levels (K, N): sum over k of levels[k] 2**(22 (K - 1 - k)), int64 with room for a carry of 2**42.
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
    """The integers sum over k of levels[k] 2**(22 (K - 1 - k)), for levels (K, N)."""
    first, *others = packed(levels)
    values: list[int] = first.tolist()
    for limb in others:
        values = [(value << PACKED) + low for value, low in zip(values, limb.tolist(), strict=True)]
    return values


def weighted(planes: list[Array], weights: Array) -> tuple[list[Array], int]:
    """The planes of limbs of w times the planes, for Fractions w >= 0 over powers of two, and how far they lead."""
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

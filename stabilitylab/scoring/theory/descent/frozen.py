"""What rounding to nearest does to small steps: weights that stay, running means that stay, decay that is lost."""

from math import ceil, frexp, log2

import numpy as np

from stabilitylab.core.arithmetic.formats import Array, Format
from stabilitylab.core.errors import InputError


def stays(x: Array, step: Array, format: Format) -> Array:
    """Whether x + step, rounded to nearest, is x again: |step| at most half the distance to the neighbour on its side.

    x and step: numbers of the format, finite; step as it is added, lr g rounded. Just above a power of two in modulus
    the distance towards 0 is half of the one away from it. At exactly half, the tie goes to the even significand: x
    stays if its own is even. Exact for every format with subnormal numbers; x of the largest modulus counts as if
    there was a next number.
    Source: Xia, Massei, Hochstenbach and Koren, J. Optim. Theory Appl. (2024), arXiv 2202.12276, section 3.
    """
    x, step = format.rounded(x), format.rounded(step)
    gap = gap_beside(x, step, format)
    x, step = _magnitude(x), _magnitude(step)
    rest = gap - step
    # gap - step is exact where it matters, near half the gap; half the gap itself may lie below the subnormal numbers.
    even = np.fmod(x / gap, 2) == 0
    return np.asarray((step < rest) | ((step == rest) & even))


def gap_beside(x: Array, direction: Array, format: Format) -> Array:
    """The distance from x to its neighbour in the format on the side of `direction`, as a plain array; exact."""
    x = format.rounded(x)
    up, down = (_plain(neighbour) for neighbour in (format.next_up(x), format.next_down(x)))
    value = _plain(x)
    with np.errstate(invalid="ignore", over="ignore"):
        above, below = up - value, value - down
    # Beyond the largest number there is none: the distance goes on as it was.
    above, below = np.where(np.isfinite(above), above, below), np.where(np.isfinite(below), below, above)
    return np.asarray(np.where(_plain(format.rounded(direction)) > 0, above, below))


def cannot_decrease(beta: float, format: Format) -> bool:
    """Whether beta v rounds back to v for every normal v: 1 - beta <= u/2 = 2**-(p+1).

    v (1 - beta) must be at most half the distance to the number below v: that is u/2 of v where v is a power of two,
    the tie going to v, and more than that everywhere else. The same bound decides whether beta itself rounds to 1.
    bfloat16: beta2 of 0.999 and all above 0.998.
    """
    return 1 - beta <= format.unit_roundoff / 2


def sum_stops_at(term: float, format: Format) -> float:
    """Where a running sum of equal terms stops growing: the least power of two 2**e with 2**(e-p) >= term.

    There half the distance to the next number is at least the term; below, the sum still moves, and no further than to
    2**e, to which a tie goes. Of ones: 2**p, which is 256 in bfloat16, 2048 in float16, 2**24 in float32. Of
    (1 - beta2) g²: where v stops in a format in which v `cannot_decrease`; the term is as the format holds it.
    term: positive, a normal number of the format, small enough that 2**e lies in its range.
    """
    if not term > 0:
        raise InputError(f"the term must be positive; got {term:g}: a sum of zeros never moves")
    fraction, exponent = frexp(term)
    return 2.0 ** (exponent - (fraction == 0.5) + format.precision)


def mean_stops_at(beta: float, g: float, format: Format) -> float:
    """Where m = beta m + (1 - beta) g, from 0 and with each operation rounded, stops for a constant g > 0.

    Rounding never reverses an order, so that the map is monotone, and from 0 its iterates rise to its least fixed
    point: the least number m of the format with map(m) <= m. Found among all numbers up to the first power of two above
    g, for formats of at most 11 bits; for longer ones they are too many.
    """
    if format.precision > 11:
        raise InputError(f"{format} has too many numbers to go through: this is for formats of at most 11 bits")
    if not g > 0:
        raise InputError(f"the gradient must be positive; got {g:g}")
    top = ceil(log2(g)) + 1
    lowest = max(format.minimum_exponent, top - 40)
    significands = np.arange(1 << (format.precision - 1), 1 << format.precision)
    exponents = np.arange(lowest, top + 1)[:, None] - (format.precision - 1)
    numbers = format.rounded(np.ldexp(significands.astype(np.float64), exponents).ravel())
    moved = beta * numbers + (1 - beta) * format.rounded(g)
    return float(_plain(numbers)[np.flatnonzero(_plain(moved) <= _plain(numbers))[0]])


def decay_is_lost(decay: float, format: Format) -> bool | None:
    """Whether decoupled decay, x - decay x with decay = lr weight_decay, leaves every x as it is; None: some of them.

    decay |x| must be at most half the distance to the number below |x|, which is between u/2 and u of |x|: at most u/2
    it is lost for every normal x. Above, it is lost where the significand of x, in [1, 2), is above 1 and at most
    u/decay: for none if that is below 1 + 2 u, the first one above 1. decay: as the format holds it, where decay x is
    formed in it; exactly, where x (1 - decay) is formed in a wider one and rounded.
    """
    u = format.unit_roundoff
    return True if decay <= u / 2 else False if decay * (1 + 2 * u) >= u else None


def scaling_is_exact(gradient: Array, exponent: int, format: Format) -> Array:
    """Whether each gradient times 2**exponent is a normal number of the format (or 0), so that scaling loses no bit.

    Holds for the whole chain of products and sums behind the gradient if it holds for each number in it, since scaling
    by a power of two then commutes with rounding. Numbers of modulus up to 2**(e_min - p), half the smallest subnormal
    (float16: 2**-25), become 0 without it, and those below 2**e_min (float16: 2**-14) lose bits.
    Source: Micikevicius et al., Mixed precision training, ICLR (2018), section 3.2.
    """
    magnitude = np.abs(np.asarray(gradient, dtype=np.float64))
    low, high = float(format.smallest_normal), float(format.largest)
    with np.errstate(over="ignore", under="ignore"):
        scaled = np.ldexp(magnitude, exponent)
    return np.asarray((magnitude == 0) | ((scaled >= low) & (scaled <= high)))


def _plain(values: Array) -> Array:
    """Without the rounding of a format: in float64, which holds every format but the longest."""
    plain = np.asarray(values)
    return plain if plain.dtype == np.longdouble else plain.astype(np.float64)


def _magnitude(values: Array) -> Array:
    return np.asarray(np.abs(_plain(values)))

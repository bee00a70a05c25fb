"""The tails of F and of the normal distribution as balls, and balls as intervals; the precision is the caller's.

FLINT computes the incomplete beta function with proven error bounds (Johansson, IEEE Trans. Computers 66 (2017)
1281-1292; ACM Trans. Math. Software 45 (2019) 30). What is chosen here is the form of it that costs least.
"""

from typing import Any

import flint

from stabilitylab.exact.solve.interval import Interval

MOST_LOST = 1500  # bits, up to which 1 less the larger probability costs less than the smaller one


def tail(p: int, q: int, d1: int, d2: int | None, *, upper: bool = True, floor: int | None = None) -> Any:
    """P(F > p/q), or for upper False P(F < p/q), as a ball: to nearly full precision where it is the smaller one.

    The other is 1 less the smaller one, by I_x(a, b) = 1 - I_y(b, a) for y = 1 - x (DLMF 8.17.4). f = p/q is 1 where
    both are of a like size, and balls of x and y are formed apart, so that none holds a number above 1. floor: what is
    below 2**-floor may be enclosed by 0 and that.
    """
    if d2 is None:
        assert d1 == 1, "the limit for unbounded d2 is that of the square of one normal number"
        root = (flint.arb(flint.fmpz(p)) / flint.fmpz(2 * q)).sqrt()
        return root.erfc() if upper else root.erf()
    if p == 0:
        return flint.arb(1 if upper else 0)
    part, rest = flint.fmpz(d1 * p), flint.fmpz(d2 * q)
    a, b = flint.arb(d2) / 2, flint.arb(d1) / 2
    if p < q:
        below = _share(part, rest).beta_lower(b, a, 1)
        return 1 - below if upper else below
    if not upper or part > rest or d1 % 2 == 0:
        above = _share(rest, part).beta_lower(a, b, 1)
        return above if upper else 1 - above
    # x is near 1, where FLINT takes up to a thousand times as long, unless d1 is even and there is a finite sum: by 1
    # less the other, as long as few bits cancel.
    with flint.ctx.workprec(64):
        least, most = _bounds(_share(rest, part), _share(part, rest), a, b)
    if floor is not None and most < flint.arb(2) ** -floor:
        return flint.arb(0).union(most)
    lost = MOST_LOST + 1 if least < flint.arb(2) ** -MOST_LOST else -int(least.mid().man_exp()[1])
    if lost > MOST_LOST:
        return _share(rest, part).beta_lower(a, b, 1)
    with flint.ctx.workprec(flint.ctx.prec + lost):
        return 1 - _share(part, rest).beta_lower(b, a, 1)


def _share(one: Any, other: Any) -> Any:
    """one / (one + other) for integers, of which it is computed anew at each precision."""
    return flint.arb(one) / (one + other)


def _bounds(x: Any, y: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Bounds on I_x(a, b) below and above: 1/B(a, b) times the integral of u**(a-1) (1-u)**(b-1) from 0 to x.

    There (1-u)**(b-1) lies between 1 and y**(b-1).
    """
    plain = x**a * ((a + b).lgamma() - a.lgamma() - b.lgamma()).exp() / a
    power = y ** (b - 1)
    return (plain * power, plain) if b > 1 else (plain, plain * power)


def interval_of(ball: Any) -> Interval:
    """The numbers of a finite ball, over a power of two."""
    (middle, e), (radius, at) = ball.mid().man_exp(), ball.rad().man_exp()
    unit = max(0, -int(e), -int(at))
    m, r = int(middle) << (unit + int(e)), int(radius) << (unit + int(at))
    return Interval(m - r, m + r, 1 << unit)

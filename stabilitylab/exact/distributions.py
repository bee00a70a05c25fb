"""p-values and quantiles of Student's t, F and the normal distribution, in ball arithmetic from exact intervals.

One function gives them all. With d1 and d2 degrees of freedom F exceeds f with probability

    P(F > f) = I_x(d2/2, d1/2),   x = d2 / (d2 + d1 f),

I the regularized incomplete beta function (Abramowitz and Stegun 1964, 26.6.2; DLMF 8.17). The square of Student's t
with v degrees of freedom is F with 1 and v of them, so that the two-sided p of t is P(F > t²) = I_x(v/2, 1/2) (26.7.1).
With v unbounded it is the square of a normal z, and P(z² > f) = erfc(sqrt(f/2)); d2 is None for that.

Everything starts from an interval of rationals that holds f, and is an interval of rationals again. Where f is exact,
precision is doubled up to MOST_BITS until one double is nearest to the result. What that leaves open is a tie, exactly
the midpoint of two doubles, or an end of a confidence interval that is exactly 0: rational numbers, which
`exact_upper_tail` and `exact_squared_quantile` find. What is neither is refused.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from math import isnan, isqrt
from typing import Any

import flint

from stabilitylab.core.arithmetic.flint_precision import FLINT_PRECISION
from stabilitylab.core.errors import InputError, NotCertifiedError
from stabilitylab.exact.solve.interval import Interval, exactly, quotient
from stabilitylab.exact.tails import interval_of, tail

MOST_BITS = 4000  # up to which precision is raised
FIRST_BITS = 256  # where an exact number starts
MOST_TERMS = 2000  # of a finite sum in rationals, beyond which it is not formed
FLOOR = 1100  # p-values below 2**-FLOOR, which the doubles end above, are enclosed by 0 and that
MOST_PLACES = 3000  # decimal places of a level
SPARE = 64  # bits beyond those asked for that the search for a quantile works with, at first


def exact_level(level: object) -> Fraction:
    """The level of an interval, exactly: text, Decimal, Fraction, or a float, which means its shortest decimal.

    0.95 is 19/20, and not the double next to it. Raises InputError for what is no number between 0 and 1.
    """
    value = None if isinstance(level, bool) else _as_fraction(str(level))
    if value is not None and 0 < value < 1:
        return value
    way_out = "give a number between 0 and 1, such as 0.95"
    if value is not None and 1 < value < 100:
        way_out = f"give a share and not percent: {float(value / 100)!r}"
    raise InputError(f"level is the probability that an interval covers; got {level!r}: {way_out}")


def _as_fraction(text: str) -> Fraction | None:
    try:
        numerator, slash, denominator = text.partition("/")
        if slash:
            found = Fraction(int(numerator), int(denominator))
        else:
            decimal = Decimal(text)
            exponent = decimal.as_tuple().exponent
            if not isinstance(exponent, int) or abs(exponent) > MOST_PLACES or decimal.adjusted() > MOST_PLACES:
                return None
            found = Fraction(decimal)
    except (ValueError, ArithmeticError, InvalidOperation):
        return None
    return found if found.denominator < 10 ** (MOST_PLACES + 1) else None


# --- p-values


def upper_tail(f: Interval, d1: int, d2: int | None, bits: int) -> Interval:
    """P(F > f) for the numbers f of an interval with low >= 0, F with d1 and d2 degrees of freedom.

    It falls as f grows: both ends are evaluated, with `bits` bits, of which a few are lost, more for many degrees of
    freedom. d2 None: the limit for unbounded d2, for d1 = 1 only: the two-sided p of a normal z with z² = f.
    """
    with FLINT_PRECISION, flint.ctx.workprec(bits):
        least = _as_probability(tail(f.high, f.over, d1, d2, floor=FLOOR))
        most = least if f.low == f.high else _as_probability(tail(f.low, f.over, d1, d2, floor=FLOOR))
    return Interval(least.low * most.over, most.high * least.over, least.over * most.over)


def nearest_upper_tail(
    f: Interval, d1: int, d2: int | None, bits: int = FIRST_BITS, what: str = "the p-value"
) -> float | None:
    """The double nearest to P(F > f) for every f of the interval; None when there is more than one.

    0.0 for what lies below 2**-1075. Where f is exact, bits are doubled up to MOST_BITS. Raises NotCertifiedError, with
    `what` for a name, where the tail is then not told from the midpoint of two doubles, and not known to be one.
    """
    while True:
        enclosed = upper_tail(f, d1, d2, bits)
        low, high = quotient(enclosed.low, enclosed.over), quotient(enclosed.high, enclosed.over)
        if low == high:
            return low
        if f.low < f.high:
            return None
        if bits >= MOST_BITS:
            break
        bits = min(2 * bits, MOST_BITS)
    exact = exact_upper_tail(Fraction(f.low, f.over), d1, d2)
    if exact is None:
        raise NotCertifiedError(
            f"{what} is not told from the midpoint of two doubles by {MOST_BITS} bits: take the statistic that it is "
            f"of, and either of the doubles"
        )
    return quotient(exact.numerator, exact.denominator)


def exact_upper_tail(f: Fraction, d1: int, d2: int | None) -> Fraction | None:
    """P(F > f) where that is a rational number, and None where it is irrational or a sum of more than MOST_TERMS.

    For even d1, I_x(a, b) = x**a sum_{j < b} (a)_j / j! y**j with a = d2/2, b = d1/2, y = 1 - x; for even d2 the same
    for 1 - I_x(a, b) = I_y(b, a). x and y are rational, so that the sum is rational, and the power where it is whole or
    of a square. For odd d1 and d2, t with one degree of freedom has P = 1 - (2/pi) atan(t), rational with a rational
    t² > 0 only at t² = 1/3, 1, 3 (Niven 1956, corollary 3.12). With more degrees of freedom P is a rational number less
    2/pi times the sum of an angle and an algebraic number: that, a linear form in logarithms, is transcendental or 0
    (Baker 1966), and P then irrational or that of an angle as before, of which none is the midpoint of two doubles.
    Of erfc no rational value is known but those at 0 and infinity, so that d2 None gives none.
    """
    if f == 0:
        return Fraction(1)
    if d2 is None:
        return None
    x = d2 / (d2 + d1 * f)
    if d1 % 2 == 0:
        return _finite_sum(x, d2, d1 // 2)
    if d2 % 2 == 0:
        below = _finite_sum(1 - x, d1, d2 // 2)
        return None if below is None else 1 - below
    if d1 == d2 == 1:
        return {Fraction(1, 4): Fraction(1, 3), Fraction(1, 2): Fraction(1, 2), Fraction(3, 4): Fraction(2, 3)}.get(x)
    return None


def _finite_sum(x: Fraction, twice_a: int, b: int) -> Fraction | None:
    """x**a sum_{j < b} (a)_j / j! (1 - x)**j for whole b; None where x**a is irrational, or the sum is too long."""
    base = x if twice_a % 2 == 0 else _square_root(x)
    if base is None or max(b, twice_a) > MOST_TERMS:
        return None
    total = term = Fraction(1)
    for j in range(1, b):
        term *= Fraction(twice_a + 2 * (j - 1), 2 * j) * (1 - x)
        total += term
    return total * base ** (twice_a if twice_a % 2 else twice_a // 2)


def _square_root(x: Fraction) -> Fraction | None:
    """The square root of a rational number where it is rational."""
    p, q = isqrt(x.numerator), isqrt(x.denominator)
    return Fraction(p, q) if p * p == x.numerator and q * q == x.denominator else None


def printed_p_value(p: float, statistic: float, digits: int = 3) -> str:
    """A p-value in so many digits; "< 5e-324", the least double, where it is below 2**-1075 and so rounded to 0.

    statistic: the t, z or F that it is of, which is infinite where the fit is exact: only then is the p-value 0.
    """
    if isnan(p):
        return "undefined"
    if p == 0.0:
        return "0" if statistic in (float("inf"), -float("inf")) else "< 5e-324"
    return f"{p:.{digits}g}"


# --- quantiles


@lru_cache(maxsize=256)
def squared_quantile(level: Fraction, df: int | None, bits: int) -> Interval:
    """q² for the q with P(|T| <= q) = level, T Student's t with df degrees of freedom, None for the normal z.

    To a relative width of 2**(1 - bits), proven: the tails of both ends lie on both sides of 1 - level in balls. The
    ends are found by regula falsi for the logarithms of probability and q², in the Illinois variant, on the side of
    the distribution that holds less (Dowell and Jarratt, BIT 11 (1971) 168-174). Raises NotCertifiedError where no
    precision up to MOST_BITS beyond the one asked for tells the sides apart.
    """
    upper = 2 * level >= 1
    goal = 1 - level if upper else level
    spare = SPARE
    while spare <= MOST_BITS:
        with FLINT_PRECISION, flint.ctx.workprec(bits + spare):
            middle = _exponential(_root_of_logarithms(goal, df, bits + spare // 2, upper=upper))
            low, high = middle.low * ((1 << bits) - 1), middle.low * ((1 << bits) + 1)
            over = middle.over << bits
            probability = flint.arb(flint.fmpq(goal.numerator, goal.denominator))
            ends = [tail(end, over, 1, df, upper=upper) for end in (low, high)]
            if upper:
                ends.reverse()
            if ends[0] < probability < ends[1]:
                return Interval(low, high, over)
        spare *= 4
    raise NotCertifiedError(
        f"the quantile of t at level {float(level)} with {df} degrees of freedom is not settled by {MOST_BITS} bits: "
        f"take another level"
    )


def exact_squared_quantile(level: Fraction, df: int | None) -> Fraction | None:
    """q² for that q where it is a rational number with a denominator of up to 1000 bits, else None.

    Such a number is the simplest one in a narrow enough interval. Whether it is q² is decided by `exact_upper_tail`.
    """
    if df is None:
        return None
    guess = squared_quantile(level, df, MOST_BITS).middle.limit_denominator(1 << 1000)
    return guess if guess > 0 and exact_upper_tail(guess, 1, df) == 1 - level else None


def _root_of_logarithms(goal: Fraction, df: int | None, bits: int, *, upper: bool) -> Any:
    """About log q² for the q² whose tail, or for upper False whose rest, is the goal. Nothing is proven here."""
    log_goal = flint.arb(flint.fmpq(goal.numerator, goal.denominator)).log().mid()
    enough = flint.arb(2) ** -bits

    def above(s: Any) -> Any:
        """The logarithm of the probability over the goal, with the sign that makes it grow with s."""
        square = _exponential(s)
        log = tail(square.low, square.over, 1, df, upper=upper).log().mid()
        return log_goal - log if upper else log - log_goal

    # 1. A bracket: steps from q = 1 outwards, each twice as long as the last.
    low = high = flint.arb(0)
    at_low = at_high = above(low)
    step = flint.arb(1)
    while at_low > 0:
        high, at_high, low = low, at_low, low - step
        at_low, step = above(low), 2 * step
    while at_high < 0:
        low, at_low, high = high, at_high, high + step
        at_high, step = above(high), 2 * step
    # 2. Regula falsi; an end that stays twice counts half.
    last = 0
    while high - low > enough and at_high > at_low:
        s = (low - at_low * (high - low) / (at_high - at_low)).mid()
        at_s = above(s)
        if abs(at_s) < enough:
            return s
        if at_s < 0:
            low, at_low, at_high, last = s, at_s, at_high / 2 if last < 0 else at_high, -1
        else:
            high, at_high, at_low, last = s, at_s, at_low / 2 if last > 0 else at_low, 1
        low, high, at_low, at_high = low.mid(), high.mid(), at_low.mid(), at_high.mid()
    return low


def _as_probability(ball: Any) -> Interval:
    """The numbers of a ball within [0, 1]; from 0 to 2**-FLOOR for one below."""
    if not ball.is_finite():
        return Interval(0, 1)
    if ball < flint.arb(2) ** -FLOOR:
        return Interval(0, 1, 1 << FLOOR)
    found = interval_of(ball)
    return Interval(max(found.low, 0), min(found.high, found.over), found.over)


def _exponential(s: Any) -> Interval:
    """A number next to exp(s), exactly."""
    mantissa, e = s.exp().mid().man_exp()
    value, power = int(mantissa), int(e)
    return exactly(value << power) if power >= 0 else Interval(value, value, 1 << -power)

"""The Gaussian log-likelihood of a fit, in ball arithmetic from an exact interval of the residual sum of squares.

Source: the definitions of `logLik.lm`, `AIC` and `BIC` in R (R Core Team, package stats).
"""

from math import prod

import flint

from stabilitylab.core.arithmetic.flint_precision import FLINT_PRECISION
from stabilitylab.exact.gram.inputs import Weights
from stabilitylab.exact.solve.interval import Interval
from stabilitylab.exact.tails import interval_of


def log_likelihood(rss: Interval, rows: int, log_weights: Interval, bits: int, *, known: bool) -> Interval:
    """(sum log w - m log(2 pi sigma²) - rss / sigma²) / 2 over m rows, rss = sum w r².

    known: sigma² is 1, the weights are 1/sigma_i². Otherwise sigma² = rss / m, its maximum-likelihood estimate, for
    rss.low > 0. It falls as rss grows: both ends are evaluated, with `bits` bits.
    """
    with FLINT_PRECISION, flint.ctx.workprec(bits + rows.bit_length()):
        values = []
        for end in (rss.high, rss.low):
            sum_of_squares = flint.arb(flint.fmpz(end)) / flint.fmpz(rss.over)
            if known:
                value = rows * (2 * flint.arb.pi()).log() + sum_of_squares
            else:
                value = rows * ((2 * flint.arb.pi() * sum_of_squares / rows).log() + 1)
            values.append(interval_of(-value / 2))
    least, most = values
    found = Interval(least.low * most.over, most.high * least.over, least.over * most.over)
    return found + Interval(log_weights.low, log_weights.high, 2 * log_weights.over)


def sum_of_logs(weights: Weights, bits: int) -> Interval:
    """sum log w over the weights above 0: the logarithm of their product. Cost: half a second for a million."""
    positive = [w for w in weights.values.tolist() if w]
    unit = weights.unit
    with FLINT_PRECISION, flint.ctx.workprec(bits + 2 * len(positive).bit_length() + 20):
        if weights.values.dtype == object:
            balls = [flint.arb(flint.fmpq(*w.as_integer_ratio())) for w in positive]
        else:
            balls = list(map(flint.arb, positive))
        product = prod(balls, start=flint.arb(1)) * flint.arb(flint.fmpq(*unit.as_integer_ratio())) ** len(positive)
        return interval_of(product.log())


def log_of(number: int, bits: int) -> Interval:
    """log of a whole number above 0."""
    with FLINT_PRECISION, flint.ctx.workprec(bits):
        return interval_of(flint.arb(number).log())

"""How a step is added to the weights: plainly, with compensation, in a wider master copy, or rounded at random."""

from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from stabilitylab.core.arguments import require_whole
from stabilitylab.core.arithmetic.error_free import to_odd, two_sum
from stabilitylab.core.arithmetic.formats import FLOAT64, Array, Format, FormatLike, format_named, format_of
from stabilitylab.core.arithmetic.stochastic import stochastic_sum, stochastically_rounded

Update: TypeAlias = Callable[[Array, Array], Array]
"""(x (n,), step (n,)) -> x + step in the format of x; one that carries something over serves one run only.

The step may be of a wider format than x, that of the state.
"""


def plain(x: Array, step: Array) -> Array:
    """x + step, rounded once to the format of x: to nearest, of the exact sum, whatever the format of the step."""
    if x.dtype == object or _of_one_format(x, step):
        return x + step
    wanted = format_of(x)
    if max(wanted.precision, format_of(step).precision) <= FLOAT64.precision:
        # Rounded to odd in float64 the sum still says on which side of a tie it lies, so that the format rounds once;
        # float64 itself has that from its own addition.
        return np.asanyarray(x + np.asarray(step)) if wanted == FLOAT64 else wanted.rounded(_sum_to_odd(x, step))
    return _sum_of_fractions(x, step, wanted)


def compensated() -> Update:
    """x + step, what an addition loses being taken from the next step: in the format of x, which two arrays then have.

    Reaches what a format of twice the precision would, as long as steps themselves are numbers of the format.
    Source: Zamirai, Zhang, Aberger and De Sa, Revisiting BFloat16 training, arXiv:2010.06192 (2020); Kahan, CACM 8
    (1965) 40."""
    lost: Array | None = None

    def update(x: Array, step: Array) -> Array:
        nonlocal lost
        # 1. y = u - c, the step less what came too much last time.
        y = _as(x, step) if lost is None else plain(-lost, step)
        # 2. s = x + y, and c = (s - x) - y, exact where |y| <= |x|.
        s = x + y
        lost = (s - x) - y
        return s

    return update


def master(format: FormatLike = "float32") -> Update:
    """Each step is added to a copy of x in a wider format, and x is that copy rounded: steps that x loses add up.

    Source: Micikevicius et al., Mixed precision training, ICLR (2018), section 3.1."""
    wide = format_named(format)
    copy: Array | None = None

    def update(x: Array, step: Array) -> Array:
        nonlocal copy
        copy = plain(wide.rounded(x) if copy is None else copy, step)
        return format_of(x).rounded(copy)

    return update


def stochastic(seed: int) -> Update:
    """x + step rounded up or down at random, so that the mean over draws is x + step; the same seed draws the same.

    Source: Croci et al., Royal Society Open Science 9 (2022) 211631, section 2; for training, Zamirai et al. (2020)."""
    require_whole("seed", seed, at_least=0)
    generator = np.random.default_rng(seed)

    def update(x: Array, step: Array) -> Array:
        if _of_one_format(x, step):
            return stochastic_sum(x, step, generator)
        return stochastically_rounded(_sum_to_odd(x, step), format_of(x), generator)

    return update


def _of_one_format(x: Array, step: Array) -> bool:
    return x.dtype == step.dtype and getattr(x, "format", None) == getattr(step, "format", None)


def _as(x: Array, step: Array) -> Array:
    """The step in the format of x."""
    return step if x.dtype == object else format_of(x).rounded(step)


def _sum_to_odd(x: Array, step: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return to_odd(*two_sum(np.asarray(x).astype(np.float64), np.asarray(step).astype(np.float64)))


def _sum_of_fractions(x: Array, step: Array, wanted: Format) -> Array:
    """The exact sum of each entry, rounded once; where one is not finite or overflows, as NumPy adds them."""
    with np.errstate(over="ignore", invalid="ignore"):
        out = wanted.rounded(np.asarray(x) + np.asarray(step))
    for j in np.flatnonzero(np.isfinite(np.asarray(out))):
        exact: Fraction = format_of(x).exact(x[j]) + format_of(step).exact(step[j])
        out[j] = wanted.nearest(exact)
    return out

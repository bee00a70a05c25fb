"""Whether the iterates are those of the formula."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, repeat
from typing import Any

import numpy as np

from stabilitylab.conformance.optimisers.questions import question
from stabilitylab.conformance.optimisers.recurrences import RECURRENCES, mp, slope_of
from stabilitylab.conformance.optimisers.trainee import Trainee
from stabilitylab.conformance.verdict import SettledError, Verdict
from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64, Array, Format
from stabilitylab.core.objective import LeastSquares

MATRIX = np.array([[2, 1, 0], [-1, 2, 1], [0, 1, -3], [1, 0, 2]], dtype=np.float64)
TARGET = np.array([3, -2, 8, 1], dtype=np.float64)
START = np.array([4, -3, 2.5])
# Rates that change, and are numbers of every format: what is done with the rate of another step shows.
RATES = tuple(2.0**-5 * factor for factor in (1, 1, 0.5, 0.75, 0.25, 1.5, 1, 0.5, 0.5, 1))
STEPS = len(RATES)
# Hyperparameters of which each is another and exact in every format, so that exchanging two of them shows; eps is of
# the size of gradients, without which nobody sees on which side of a root it stands.
CHANGED = {"momentum": 0.75, "dampening": 0.25, "beta": 0.75, "beta1": 0.5, "beta2": 0.75, "decay": 0.75, "eps": 0.25}
CHANGED |= {"initial": 0.5, "weight_decay": 0.125, "momentum_decay": 1.0}
# Gradients that change sign, whatever x is: what remembers them in a sign alone shows what it remembers. Eighths.
GIVEN = np.random.default_rng(15).integers(-24, 25, (STEPS, 3)) / 8
ROOM = 4.0  # units of u, per step, relative to the largest weight and the way gone


@question(source="the source of each optimiser; Higham (2002), section 3.1, for the growth of rounding errors")
def follows_its_formula(optimiser: Trainee) -> None:
    """|x_k - x_k'| <= 4 (k + 1) u (|x_k'| + way gone) for ten steps, x' the formula in 200 bits; every variant.

    On a small problem of integers that is far from solved, and on given gradients that change sign, in float64 and
    float32, with a rate that changes. Constant: each step adds half a u of x by its own rounding, and its errors are of
    order u times its length; 4 leaves a factor of seven to what is measured here. A wrong formula is off by 1e-3 and
    more.
    """
    for settings in _settings(optimiser):
        for given in (False, True):
            expected = _expected(optimiser, settings, given=given)
            for format in (FLOAT64, FLOAT32):
                _compare(optimiser, settings, expected, format, given=given)


def _settings(optimiser: Trainee) -> Iterator[dict[str, Any]]:
    """The defaults; other numbers; and those with each choice between formulas."""
    yield {}
    changed = {name: CHANGED[name] for name in optimiser.defaults if name in CHANGED and name not in optimiser.variants}
    yield changed
    for name, choices in optimiser.variants.items():
        yield from ({**changed, name: choice} for choice in choices if choice != optimiser.defaults[name])


def _expected(optimiser: Trainee, settings: dict[str, Any], *, given: bool) -> list[list[Any]]:
    follow = RECURRENCES.get(optimiser.entry.label.name)
    optimiser.require(follow is not None, "no formula is known under its name")
    assert follow is not None
    listed = iter(GIVEN.tolist())
    exactly = slope_of(MATRIX.tolist(), TARGET.tolist(), Fraction(1))

    def slope(x: list[Any]) -> list[Any]:
        return [mp.mpf(v) for v in next(listed)] if given else exactly(x)

    try:
        return follow(slope, START.tolist(), RATES, {**optimiser.defaults, **settings})
    except KeyError as missing:
        reason = f"its formula has {missing}, and it has no such hyperparameter"
        raise SettledError(Verdict.FAIL, reason) from missing


def _compare(
    optimiser: Trainee, settings: dict[str, Any], expected: list[list[Any]], format: Format, *, given: bool
) -> None:
    listed = chain(GIVEN, repeat(GIVEN[-1]))
    objective = LeastSquares(format.rounded(MATRIX), format.rounded(TARGET))

    def gradient(x: Array) -> Array:
        return format.rounded(next(listed)) if given else objective.gradient(x)

    found = optimiser.run(gradient, format.rounded(START), RATES, **settings)
    optimiser.require(len(found) == STEPS, f"ended after {len(found)} steps")
    way = mp.zero
    for k, (iterate, right, before) in enumerate(zip(found, expected[1:], expected, strict=False)):
        way += max(abs(a - b) for a, b in zip(right, before, strict=True))
        apart = max(abs(mp.mpf(float(a)) - b) for a, b in zip(iterate.x, right, strict=True))
        room = ROOM * (k + 1) * format.unit_roundoff * (max(map(abs, right)) + way)
        said = ", ".join(f"{name}={value!r}" for name, value in settings.items()) or "defaults"
        optimiser.require(
            bool(apart <= room),
            f"{format}, {said}: step {k + 1} is {float(apart):.1e} away from the formula, allowed {float(room):.1e}",
        )

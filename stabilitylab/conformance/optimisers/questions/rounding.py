"""Whether the weights are rounded once, to their own format, where the state has a wider one."""

import numpy as np

from stabilitylab.conformance.optimisers.questions import question
from stabilitylab.conformance.optimisers.trainee import Trainee
from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Array, Format, format_of

# Of the weights, and of gradients and state.
PAIRS = ((BFLOAT16, FLOAT32), (FLOAT16, FLOAT32), (FLOAT32, FLOAT64))


@question(source="Figueroa, ACM SIGNUM Newsletter 30 (1995) 21-26: where rounding twice is not rounding once")
def rounds_its_weights_once(optimiser: Trainee) -> None:
    """1 + s is rounded up where s is past half a last place by some 2**-18 of itself: the first step from 1.

    s is the step of the optimiser in the format of its state, brought there by the rate. Rounding s, or the sum, to a
    format in between, or s to that of the weights, makes a tie of it, which goes down to even. No constant: equality.
    """
    for format, wide in PAIRS:
        ulp = 2.0 ** (1 - format.precision)
        x, step = _first(optimiser, format, wide, 1.0)
        unit = abs(float(step[0]))
        # 1. The rate at which the step is half an ulp and a little more; the sign makes the weights larger.
        x, step = _first(optimiser, format, wide, ulp / 2 * (1 + 2.0**-18) / unit)
        size = float(step[0])
        optimiser.require(
            ulp / 2 < size < ulp / 2 * (1 + 2.0**-16),
            f"{format}: the step is {size}, and not proportional to the rate",
        )
        # 2. The weight beside it.
        found = float(x[0])
        optimiser.require(found == 1 + ulp, f"{format} weights, state in {wide}: 1 + {size!r} became {found!r}")


def _first(optimiser: Trainee, format: Format, wide: Format, lr: float) -> tuple[Array, Array]:
    """The weights after one step at the rate lr, and that step, which is asked of an update that keeps it."""
    steps: list[Array] = []

    def kept(x: Array, step: Array) -> Array:
        steps.append(step)
        return x

    def gradient(x: Array) -> Array:
        return wide.rounded(np.array([-0.75]))

    start = format.rounded(np.ones(1))
    # Decay adds a second step, which is no part of the question.
    settings = {"weight_decay": 0.0} if "weight_decay" in optimiser.defaults else {}
    optimiser.run(gradient, start, (lr,), update=kept, **settings)
    optimiser.require(
        bool(steps) and format_of(steps[-1]) == wide, f"the step is not in {wide}, the format of its state"
    )
    return optimiser.run(gradient, start, (lr,), **settings)[0].x, steps[-1]

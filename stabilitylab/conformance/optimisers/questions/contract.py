"""Whether an optimiser is a plain generator: a gradient a step, weights by its update alone, nothing changed."""

import numpy as np

from stabilitylab.conformance.optimisers.questions import question
from stabilitylab.conformance.optimisers.questions.formula import MATRIX, RATES, START, TARGET
from stabilitylab.conformance.optimisers.trainee import Trainee
from stabilitylab.core.arithmetic.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, Array, format_of
from stabilitylab.core.objective import LeastSquares
from stabilitylab.solvers.descent.schedules import constant

CONTRACT = "the contract of an optimiser: an endless generator over a gradient function"


@question(source=CONTRACT)
def asks_for_one_gradient_a_step(optimiser: Trainee) -> None:
    """k iterates ask for k gradients, the first one at the start, and it does not end by itself."""
    asked: list[Array] = []

    def gradient(x: Array) -> Array:
        asked.append(x.copy())
        return LeastSquares(MATRIX, TARGET).gradient(x)

    for k, _ in enumerate(optimiser.steps(gradient, START.copy(), constant(2.0**-6), 50), 1):
        optimiser.require(len(asked) == k, f"{len(asked)} gradients for {k} steps")
    optimiser.require(len(asked) == 50, f"it ended by itself after {len(asked)} steps")
    optimiser.require(np.array_equal(asked[0], START), f"the first gradient was that at {asked[0]}")


@question(source=CONTRACT)
def leaves_its_start_alone_and_repeats_its_bits(optimiser: Trainee) -> None:
    """The start is unchanged, an iterate stays what it was when the next comes, and two runs have the same bits."""
    start, objective = START.copy(), LeastSquares(MATRIX, TARGET)
    kept, bits = [], []
    for iterate in optimiser.steps(objective.gradient, start, constant(2.0**-6), 5):
        kept.append(iterate)
        bits.append([value.tobytes() for value in (iterate.x, *iterate.state.values())])
    optimiser.require(np.array_equal(start, START), "the start was written to")
    now = [[value.tobytes() for value in (one.x, *one.state.values())] for one in kept]
    optimiser.require(now == bits, "an iterate was written to by a later step")
    again = optimiser.run(objective.gradient, START.copy(), (2.0**-6,) * 5)
    same = all(np.array_equal(one.x, other.x) for one, other in zip(kept, again, strict=True))
    optimiser.require(same, "two runs, two answers")


@question(source=CONTRACT)
def keeps_the_format_of_the_weights_and_of_the_gradient(optimiser: Trainee) -> None:
    """The weights have the format of the start; with a gradient in float32 the state has that, and the weights not."""
    for format in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16):
        objective = LeastSquares(format.rounded(MATRIX), format.rounded(TARGET))
        for x, state in optimiser.run(objective.gradient, format.rounded(START), RATES[:3]):
            optimiser.require(format_of(x) == format, f"weights in {format_of(x)} from a start in {format}")
            for name, values in state.items():
                found = format_of(values)
                optimiser.require(found == format, f"{name} in {found} for weights and gradients in {format}")
    objective = LeastSquares(FLOAT32.rounded(MATRIX), FLOAT32.rounded(TARGET))
    for x, state in optimiser.run(lambda x: objective.gradient(FLOAT32.rounded(x)), BFLOAT16.rounded(START), RATES[:3]):
        optimiser.require(format_of(x) == BFLOAT16, f"weights in {format_of(x)} from a start in bfloat16")
        for name, values in state.items():
            # A point at which a gradient was taken is a weight, whatever its name.
            kind = format_of(values)
            optimiser.require(kind in (FLOAT32, BFLOAT16), f"{name} in {kind} for gradients in float32")


@question(source=CONTRACT)
def moves_by_its_update_alone(optimiser: Trainee) -> None:
    """x is what the update returns and nothing else, and the next gradient belongs to it: compensation rests on that.

    With an update that leaves x alone the weights never move, whatever the state does.
    """
    objective, steps = LeastSquares(MATRIX, TARGET), []

    def still(x: Array, step: Array) -> Array:
        steps.append(step)
        return x

    for x, _ in optimiser.run(objective.gradient, START.copy(), RATES[:5], update=still):
        optimiser.require(np.array_equal(x, START), f"moved to {x} by other ways than its update")
    optimiser.require(len(steps) >= 5, "the update was not asked")

"""Why do weights in bfloat16 stop moving far from the minimum, and what makes them move again?

A training step adds a small number to a weight, and the sum is rounded to the format of the weights. Where the step is
at most half the distance to the next number of the format, the sum is the weight itself: it never moves again, whatever
the loss says. In the first table one weight goes from 0 towards 3 by gradient descent on (x - 3)²/2, at three rates.
Where it stops is said before the run from the format and the rate alone, and each remedy of mixed-precision training is
tried. The third table is a small regression trained by Adam, whose mean of squared gradients is kept in bfloat16 or in
float32: a mean with a long memory cannot fall in bfloat16, where 0.999 rounds to 1.
"""

import numpy as np

from stabilitylab.lab import (
    Experiment,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    finding,
    format_named,
    remedy,
    run_file,
    train,
)

TARGET = 3.0
ONE, REGRESSION = "one weight", "a regression by Adam"
SHORT = ("bfloat16", "float16")
RATES = {0.1: 200, 0.01: 1500, 0.001: 8000}  # and the steps that suffice in exact arithmetic
UPDATES = ("plain", "compensated", "master", "stochastic")
STATES = ("bfloat16", "float32")
STEPS = 4000  # of Adam
NEAR = 0.02  # relative to the target: as near as bfloat16 gets when it is right in the mean


def predicted_stop(name: str, lr: float) -> float:
    """Where a weight that comes from 0 stops, from the format and the rate alone.

    In [2**e, 2**(e+1)) numbers are s = 2**(e+1) u apart. A number x stays where the rounded step lr (TARGET - x) is
    below s/2, or just s/2 and the last bit of x is 0. Where it is a little more, the sum is the next number: none is
    passed over, and the weight stops at the first that stays.
    """
    format = format_named(name)
    rate = float(format.rounded(lr))
    for e in range(-10, 2):
        s = 2.0 ** (e + 1) * format.unit_roundoff
        places = np.arange(round(2.0**e / s), round(2.0 ** (e + 1) / s))
        steps = np.asarray(format.rounded(rate * np.asarray(format.rounded(TARGET - places * s))), dtype=np.float64)
        stays = (steps < s / 2) | ((steps == s / 2) & (places % 2 == 0))
        if stays.any():
            return float(places[stays.argmax()] * s)
    return TARGET


def format_and_rate(row: Measurement) -> str:
    """The heading of a column."""
    return f"{row['conditions.format']}, rate {row['problem.rate']:g}"


def rows(size: Size):
    """One weight in each short format at each rate; then Adam in each state."""
    rates = RATES if size == "full" else {0.1: 200, 0.01: 1500}
    for format in SHORT:
        for lr in rates:
            yield Probe(ONE, UPDATES, (("rate", lr),), (("format", format),))
    yield Probe(REGRESSION, STATES, (), (("format", "float32"),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """Where each update, or state, ends."""
    return tuple(map(of_one_weight(probe) if probe.problem == ONE else of_regression(probe), probe.solvers))


def of_one_weight(probe: Probe):
    """The row of an update: where the weight is after the steps that suffice in exact arithmetic."""
    format, lr = str(probe["format"]), float(probe["rate"])

    def row(update: str) -> Measurement:
        data = (np.ones((1, 1)), np.array([TARGET]))
        run = train("gradient", data, lr=lr, steps=RATES[lr], format=format, update=update)
        scores = {"weight": float(run.x[0]), "still since": float(run.still_since)}
        scores["predicted"] = predicted_stop(format, lr) if update == "plain" else TARGET
        return probe.row(update, scores)

    return row


def of_regression(probe: Probe):
    """The row of a state: digits and loss gap of a small regression, from a start far away."""

    def row(state: str) -> Measurement:
        A = np.array([[6.0, 1.0], [5.0, -2.0], [6.0, 2.0], [5.0, 1.0]])
        b = A @ [1.25, -0.75] + np.array([0.01, -0.02, 0.01, 0.0])
        short = None if state == "float32" else state
        run = train("adam", (A, b), lr=0.1, steps=STEPS, format="float32", state=short, start=[30.0, -30.0])
        v = np.asarray(run.state["v"], dtype=np.float64)
        return probe.row(state, {"loss gap": float(run.gaps[-1]), "digits.min": run.digits[-1], "mean square": v.max()})

    return row


def frozen(rows: Rows) -> dict[str, object]:
    """Plain updates: how many stop where they were to stop, and the one farthest from the target."""
    plain = list(rows.where(problem=ONE, solver="plain"))
    farthest = min(plain, key=lambda row: row["weight"])
    return {
        "right": sum(row["weight"] == row["predicted"] for row in plain),
        "all": len(plain),
        "format": farthest["conditions.format"],
        "rate": farthest["problem.rate"],
        "weight": farthest["weight"],
        "target": TARGET,
    }


def freed(rows: Rows) -> dict[str, object]:
    """The farthest that a weight with one of the remedies ends from the target, relative to it."""
    others = [row for row in rows.where(problem=ONE) if row.solver != "plain"]
    worst = max(others, key=lambda row: abs(row["weight"] - TARGET))
    percent = 100 * abs(worst["weight"] / TARGET - 1)
    return {"percent": percent, "weight": worst["weight"], "target": TARGET}


def states(rows: Rows) -> dict[str, float]:
    """The loss gap of Adam with its state in bfloat16 over that with its state in float32, and the means of squares."""
    short, wide = (next(iter(rows.where(problem=REGRESSION, solver=state))) for state in STATES)
    return {
        "times": short["loss gap"] / wide["loss gap"],
        "short_mean": short["mean square"],
        "wide_mean": wide["mean square"],
    }


CODE = """
import numpy as np

import stabilitylab as sl

A, b = np.eye(2), np.array([3.0, 2.0])
ways = {"everything in bfloat16": ("plain", None), "master weights in float32": ("master", "float32")}
for name, (update, state) in ways.items():
    run = sl.train("adam", (A, b), lr=2e-3, steps=3000, format="bfloat16", update=update, state=state)
    print(f"{run.digits[-1]:.1f} digits with {name}")
"""

EXPERIMENT = Experiment(
    chapter=24,
    rows=rows,
    measure=measure,
    tables=(
        Pivot("Where a weight on its way from 0 to 3 ends", columns=format_and_rate,
              value="weight", where={"problem": ONE}, format="plain"),
        Pivot("Where it was to stop, said before the run", columns=format_and_rate,
              value="predicted", where={"problem": ONE, "solver": "plain"}, format="plain"),
        Pivot("Adam with weights in float32: the loss above its minimum, by the format of the state", columns="problem",
              value="loss gap", where={"problem": REGRESSION}),
    ),
    findings=(
        finding(
            "Each of the {all} plain runs stops at the very number that the format and the rate say before the run; in "
            "{format} at the rate {rate:g} that is {weight:g}, on the way to {target:g}.",
            frozen, lambda n: n["right"] == n["all"],
        ),
        finding(
            "With compensated summation, a master copy in float32 or stochastic rounding every run ends at "
            "{weight:g}.",
            freed, lambda n: n["percent"] < 100 * NEAR,
        ),
        finding(
            "Adam with its state in bfloat16 ends {times:.2g} times as far above the least loss as with its state in "
            "float32, the weights in float32 both times: at the end the mean of squared gradients is "
            "{short_mean:.2g} in "
            "bfloat16, and has fallen to {wide_mean:.2g} in float32.",
            states, lambda n: n["times"] > 10,
        ),
    ),
    remedies=(
        remedy(
            "Keep master weights and the optimiser's state in float32: the weight then ends at {weight:g} at every "
            "rate, "
            "and Adam {times:.2g} times as near in the loss.",
            lambda rows: {**freed(rows), **states(rows)},
            lambda n: n["percent"] < 100 * NEAR and n["times"] > 10,
            CODE,
        ),
    ),
    symptoms=("my bf16 weights never move", "the loss stays the same from the first step"),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

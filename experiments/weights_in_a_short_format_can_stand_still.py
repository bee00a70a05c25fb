"""Why do weights in bfloat16 stop moving far from the minimum, and what makes them move again?

A training step adds a small number to a weight, and the sum is rounded to the format of the weights. Where the step is
at most half the distance to the next number of the format, the sum is the weight itself: it never moves again, whatever
the loss says. In the first table one weight goes from 0 towards 3 by gradient descent on (x - 3)²/2, at three rates.
Where it stops is said before the run from the format and the rate alone, and each remedy of mixed-precision training is
tried. The second table is a plain regression trained by Adam, whose mean of squared gradients is kept in the format of
the weights or in float32: a mean with a long memory cannot fall in bfloat16, where 0.999 rounds to 1.
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
STATES = ("that of the weights", "float32")
STEPS = 1500  # of Adam
NEAR = 0.02  # relative to the target: as near as bfloat16 gets when it is right in the mean


def predicted_stop(name: str, lr: float) -> float:
    """Where a weight that comes from 0 stops: in each interval [2**e, 2**(e+1)) numbers are s = 2**(e+1) u apart, and it
    stops at the first x with lr (TARGET - x) <= s/2, that is x >= TARGET - s/(2 lr), where that is in the interval.

    Just before, a step is rounded to one s, so that no number is passed over.
    """
    u, lr = format_named(name).unit_roundoff, float(format_named(name).rounded(np.array(lr)))
    for e in range(-20, 2):
        s = 2.0 ** (e + 1) * u
        x = max(2.0**e, np.ceil((TARGET - s / (2 * lr)) / s) * s)
        if x < 2.0 ** (e + 1):
            return min(x, TARGET)
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
    yield Probe(REGRESSION, STATES, (), (("format", "bfloat16"),))


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
    """The row of a state: digits and loss gap of a plain regression with a large first gradient."""

    def row(state: str) -> Measurement:
        rng = np.random.default_rng(20261201)
        A = np.column_stack([np.ones(24), rng.standard_normal(24)])
        b = A @ [30.0, 10.0] + 0.1 * rng.standard_normal(24)
        wide = "float32" if state == "float32" else None
        run = train("adam", (A, b), lr=0.05, steps=STEPS, format=str(probe["format"]), state=wide, loss="mean")
        return probe.row(state, {"loss gap": float(run.gaps[-1]), "digits.min": run.digits[-1]})

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
    return {"percent": 100 * abs(worst["weight"] / TARGET - 1), "update": worst.solver, "target": TARGET}


def states(rows: Rows) -> dict[str, float]:
    """The loss gap of Adam with its state in bfloat16 and in float32."""
    short, wide = (next(iter(rows.where(problem=REGRESSION, solver=state)))["loss gap"] for state in STATES)
    return {"short": short, "wide": wide, "times": short / wide}


CODE = """
run = sl.train("adam", (A, b), lr=1e-3, format="bfloat16", update="master", state="float32")
"""

EXPERIMENT = Experiment(
    rows=rows,
    measure=measure,
    tables=(
        Pivot("Where a weight on its way from 0 to 3 ends", columns=format_and_rate,
              value="weight", where={"problem": ONE}, format="plain"),
        Pivot("Where it was to stop, said before the run", columns=format_and_rate,
              value="predicted", where={"problem": ONE, "solver": "plain"}, format="plain"),
        Pivot("Adam in bfloat16: the loss above its minimum, by the format of the state", columns="problem",
              value="loss gap", where={"problem": REGRESSION}),
    ),
    findings=(
        finding(
            "Each of the {all} plain runs stops at the very number that the format and the rate say before the run; in "
            "{format} at the rate {rate:g} that is {weight:g}, on the way to {target:g}.",
            frozen, lambda n: n["right"] == n["all"],
        ),
        finding(
            "With compensated summation, a master copy in float32 or stochastic rounding every run ends within "
            "{percent:.2g} % of {target:g}.",
            freed, lambda n: n["percent"] < 100 * NEAR,
        ),
        finding(
            "Adam with its state in bfloat16 ends {times:.2g} times as far above the least loss as with its state in "
            "float32, the weights in bfloat16 both times.",
            states, lambda n: n["times"] > 10,
        ),
    ),
    remedies=(
        remedy(
            "Keep master weights and the optimiser's state in float32: the weight then ends within {percent:.2g} % of "
            "{target:g} at every rate, and Adam {times:.2g} times as near in the loss.",
            lambda rows: {**freed(rows), **states(rows)},
            lambda n: n["percent"] < 100 * NEAR and n["times"] > 10,
            CODE,
        ),
    ),
    symptoms=("my bf16 weights never move", "the loss stays the same from the first step"),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

"""How far does Adam walk in a step, does it ever come to rest, and what does eps have to do with it?

Adam divides the mean of the gradients by the root of the mean of their squares, plus eps: a step is about the learning
rate, whatever the size of the gradient. So it walks, at a speed that is known before the run; at a constant rate it
comes to rest only where eps is large enough to count, beyond a threshold that is known too; and because it divides each
coordinate by its own size, it helps on columns that are scaled badly, and not on columns that are mixed. Everything
here is this package's own Adam, in float64, on least squares, whose minimiser is known exactly.
"""

import numpy as np

from stabilitylab.lab import (
    Experiment,
    Guide,
    Lines,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    finding,
    remedy,
    run_file,
    train,
)

WALK, REST, MIXED = "the way to 90 % of a coefficient", "at rest", "scaled or mixed columns"
WAYS = (10, 100, 1000, 10000)  # |x*| / lr
LEVELS = (0.5, 0.95, 1.05, 2.0)  # eps over its threshold
BETA1 = 0.9
KAPPAS = (1.0, 3.0, 10.0, 30.0, 100.0)
METHODS = ("adam", "gradient")
STEPS = 600
BETA2, LONG = 0.99, 6000  # of the runs that may come to rest
SETTLED = 1e-9  # rates: no cycle is as small
REACHED = 0.9


def method_and_columns(row: Measurement) -> str:
    """The heading of a row, and the name of a line."""
    return f"{row.solver}, {row['problem.columns']} columns"


def rows(size: Size):
    """Ways of several lengths; eps beside its threshold at several rates; columns scaled and mixed."""
    for way in WAYS if size == "full" else WAYS[:3]:
        yield Probe(WALK, ("adam",), (("way", way),))
    for lr in (0.1, 0.01) if size == "full" else (0.1,):
        for level in LEVELS:
            yield Probe(REST, ("adam",), (("rate", lr), ("eps over threshold", level)))
    for kappa in KAPPAS if size == "full" else KAPPAS[::2]:
        for columns in ("scaled", "mixed"):
            yield Probe(MIXED, METHODS, (("cond", kappa), ("columns", columns)))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The rows of a probe."""
    kinds = {WALK: walked, REST: rested, MIXED: compared}
    return tuple(kinds[probe.problem](probe, solver) for solver in probe.solvers)


def walked(probe: Probe, solver: str) -> Measurement:
    """The step at which one coefficient has come REACHED of its way, where the rate is 1/way of it."""
    way = int(probe["way"])
    run = train(solver, (np.ones((1, 1)), np.ones(1)), lr=1 / way, steps=way * 3 // 2)
    there = next((int(k) for k, x in zip(run.steps, run.weights, strict=True) if float(x[0]) >= REACHED), None)
    return probe.row(solver, {"steps": there, "steps over way": None if there is None else there / way})


def rested(probe: Probe, solver: str) -> Measurement:
    """How far one coefficient, whose minimiser is 0, is from it late in the run, in rates.

    eps is a share of its threshold lr L (1 - β₁)/(2 (1 + β₁)). The mean of squares forgets the start within some
    hundreds of steps at BETA2, and in thousands at the usual 0.999.
    """
    lr, L = float(probe["rate"]), 4.0
    eps = float(probe["eps over threshold"]) * lr * L * (1 - BETA1) / (2 * (1 + BETA1))
    data = (np.full((1, 1), np.sqrt(L)), np.zeros(1))
    run = train(solver, data, lr=lr, steps=LONG, hyperparameters={"eps": eps, "beta2": BETA2}, start=[3 * lr])
    late = [abs(float(x[0])) for k, x in zip(run.steps, run.weights, strict=True) if k > LONG / 2]
    return probe.row(solver, {"error in rates": max(late) / lr, "eps": eps})


def compared(probe: Probe, solver: str) -> Measurement:
    """The loss gap after STEPS on two columns of norms 1 and 1/cond, or on the same turned by 45 degrees."""
    cond = float(probe["cond"])
    A = np.diag([1.0, 1 / cond])
    if probe["columns"] == "mixed":
        A = A @ np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
    b = A @ np.array([1.0, -2.0])
    lr = 0.01 if solver == "adam" else 1.0
    run = train(solver, (A, b), lr=lr, steps=STEPS, hyperparameters={"eps": 1e-16} if solver == "adam" else {})
    worst = max(abs(float(e)) for e in run.minimum.error(run.x))
    return probe.row(solver, {"error.worst": worst})


def speed(rows: Rows) -> dict[str, float]:
    """Steps over |x*|/lr, least and most, over ways of several lengths."""
    ratios = rows.where(problem=WALK).values("steps over way")
    longest = max(rows.where(problem=WALK), key=lambda row: row["problem.way"])
    return {"low": min(ratios), "high": max(ratios), "longest": longest["problem.way"], "steps": longest["steps"]}


def threshold(rows: Rows) -> dict[str, float]:
    """The largest late error above the threshold of eps, and the smallest below it."""
    rested = rows.where(problem=REST)
    below = [row for row in rested if row["problem.eps over threshold"] < 1]
    above = [row for row in rested if row["problem.eps over threshold"] > 1]
    return {
        "below": min(row["error in rates"] for row in below),
        "above": max(row["error in rates"] for row in above),
        "low": max(row["problem.eps over threshold"] for row in below),
        "high": min(row["problem.eps over threshold"] for row in above),
    }


def turned(rows: Rows) -> dict[str, float]:
    """Adam's error on scaled and on mixed columns at the largest condition number, and gradient descent's on both."""
    cond = max(rows.where(problem=MIXED).values("problem.cond"))
    at = rows.where(problem=MIXED, problem__cond=cond)
    found = {
        f"{solver}_{columns}": next(iter(at.where(solver=solver, problem__columns=columns)))["error.worst"]
        for solver in METHODS
        for columns in ("scaled", "mixed")
    }
    return {"cond": cond, **found}


CODE = """
import numpy as np

import stabilitylab as sl

A = np.column_stack([np.ones(40), np.linspace(-1, 1, 40)])
b = A @ [300.0, -20.0]
steps, largest = 2000, 300.0
for name, lr, schedule in (
    ("the usual rate", 1e-3, None),
    ("a rate that covers the way, and falls", 6 * largest / steps, lambda k: 1 - k / steps),
):
    run = sl.train("adam", (A, b), lr=lr, steps=steps, schedule=schedule)
    print(f"{run.digits[-1]:.1f} digits with {name}")
"""

EXPERIMENT = Experiment(
    chapter=23,
    rows=rows,
    measure=measure,
    tables=(
        Pivot("Steps to 90 % of a coefficient, by its size over the rate", rows="solver", columns="problem.way",
              value="steps", where={"problem": WALK}, format="plain"),
        Pivot(f"The largest error of the second half of {LONG:,} steps, in rates, by eps over its threshold",
              rows="problem.rate", columns="problem.eps over threshold", value="error in rates",
              where={"problem": REST}),
        Pivot(f"The error of the worse of two coefficients after {STEPS} steps, by the condition number of the columns",
              rows=method_and_columns, columns="problem.cond", value="error.worst", where={"problem": MIXED}),
    ),
    figures=(
        Lines("Two columns of different norms, and the same turned by 45 degrees", x="problem.cond", y="error.worst",
              series=method_and_columns, where={"problem": MIXED},
              x_label="condition number of the columns", y_label=f"error after {STEPS} steps",
              guides=(Guide("y", 1.0, "as far as at the start"),)),
    ),
    findings=(
        finding(
            "From 0 Adam comes to 90 % of a coefficient in {low:.2g} to {high:.2g} times |x*|/lr steps; one that is "
            "{longest} rates away takes {steps:.0f} steps.",
            speed, lambda n: n["low"] > 0.8 and n["high"] < 3,
        ),
        finding(
            "With eps at {low:g} times lr L (1 - β₁)/(2 (1 + β₁)) or less Adam never comes to rest: errors of at least "
            "{below:.1g} rates come back in every run; from {high:g} times on all that is left is {above:.0e} rates.",
            threshold, lambda n: n["below"] > 1e-4 and n["above"] < SETTLED,
        ),
        finding(
            "On columns whose norms differ by a factor {cond:g} Adam's error after the same steps is "
            "{adam_scaled:.1g}, and "
            "gradient descent's {gradient_scaled:.1g}; with the same columns turned by 45 degrees Adam's is "
            "{adam_mixed:.1g}: what it divides by is the size of a coordinate, and not that of a direction.",
            turned, lambda n: n["adam_scaled"] < n["gradient_scaled"] / 10 and n["adam_mixed"] > 10 * n["adam_scaled"],
        ),
    ),
    remedies=(
        remedy(
            "Let the rate cover the way, and fall to 0: some times the largest coefficient over the number of steps. A "
            "coefficient {longest} rates away takes {steps:.0f} steps at a constant rate, and no data change that.",
            speed, lambda n: n["low"] > 0.8, CODE,
        ),
    ),
    symptoms=(
        "Adam is far from the regression coefficients after thousands of epochs",
        "the loss of Adam goes up and down and never settles",
    ),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

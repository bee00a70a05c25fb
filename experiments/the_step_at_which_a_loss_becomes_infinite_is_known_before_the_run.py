"""When does the loss of a training run become infinite, and can that be said before the run?

Above the limit of stability the error along the largest eigenvalue of the Hessian grows by a fixed factor in each step,
until the sum of the squared residuals exceeds the largest number of the format. Eigenvalues, rate and format say at
which step: here that is computed first, and then the run is made. In the first table the rate is above the limit of
each method by a factor from 2 to 1.0015, which is not seen for thousands of steps. The second table is the regression
with which many people begin: the price of houses from area and bedrooms, at the rate 0.01 that a tutorial gave, as it
is and with standardised columns.
"""

import numpy as np

from stabilitylab.lab import (
    Experiment,
    Lines,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    explain_descent,
    finding,
    remedy,
    run_file,
    train,
)

ABOVE, HOUSES = "a rate above the limit", "houses"
LIMITS = {"gradient": 2.0, "heavy_ball": 3.8, "nesterov": 3.8 / 2.8}  # of lr L, at the momentum 0.9
FACTORS = (2.0, 1.1, 1.01, 1.0015)
FORMATS = ("float64", "float32")
NEAR = 1.005  # times the limit: nearer to it float64 takes a hundred thousand steps
STEPS = 25_000
RATE, LONG = 0.01, 8000  # of the houses
WAYS = ("as they are", "standardised")
WITHIN = 1  # steps


def rows(size: Size):
    """Each method above its limit in each format; then the houses."""
    for factor in FACTORS if size == "full" else FACTORS[:2]:
        for format in FORMATS if factor > NEAR else FORMATS[1:]:
            yield Probe(ABOVE, tuple(LIMITS), (("factor", factor),), (("format", format),))
    for format in FORMATS:
        yield Probe(HOUSES, WAYS, (("rate", RATE),), (("format", format),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The rows of a probe."""
    return tuple((above if probe.problem == ABOVE else houses)(probe, solver) for solver in probe.solvers)


def above(probe: Probe, method: str) -> Measurement:
    """The step at which the loss is infinite, measured, and as it was to be expected."""
    rng = np.random.default_rng(7)
    A = rng.standard_normal((30, 4)) * [1, 2, 3, 4]
    b = A @ [1.0, -1.0, 0.5, 2.0] + rng.standard_normal(30)
    A, b = A.astype(str(probe["format"])), b.astype(str(probe["format"]))
    L = float(np.linalg.norm(A.astype(float), 2) ** 2)
    run = train(
        method, (A, b), lr=LIMITS[method] / L * float(probe["factor"]), steps=STEPS, format=str(probe["format"])
    )
    scores = {"step": run.infinite_loss, "predicted step": run.predicted_overflow}
    return probe.row(method, {**scores, "excess": float(probe["factor"]) - 1})


def made_houses():
    """47 houses: a constant, the area in square feet, the bedrooms; and the price in thousands."""
    rng = np.random.default_rng(2011)
    area = rng.uniform(850, 4500, 47).round()
    bedrooms = np.clip((area / 900 + rng.normal(0, 0.7, 47)).round(), 1, 5)
    price = 90 + 0.14 * area - 9 * bedrooms + rng.normal(0, 60, 47)
    return np.column_stack([np.ones(47), area, bedrooms]), price.round(1)


def houses(probe: Probe, way: str) -> Measurement:
    """What the rate of the tutorial does to the houses, as they are and with standardised columns."""
    A, b = made_houses()
    if way == "standardised":
        A[:, 1:] = (A[:, 1:] - A[:, 1:].mean(axis=0)) / A[:, 1:].std(axis=0)
    run = train("gradient", (A, b), lr=RATE, steps=LONG, format=str(probe["format"]), loss="mean")
    scores = {"step": run.infinite_loss, "predicted step": run.predicted_overflow, "digits.min": run.digits[-1]}
    facts = {}
    if not run.is_finite:
        found = explain_descent(A, b, run)
        scores["limit"] = found.causes[0].witness["limit"]
        facts = {"code": found.cause}
    return probe.row(way, scores, facts=facts)


def named(row: Measurement) -> str:
    """The heading of a row, and the name of a line."""
    return f"{row.solver}, {row['conditions.format']}"


def apart(rows: Rows) -> dict[str, float]:
    """How many runs become infinite within WITHIN steps of what was said, and the one that takes longest."""
    runs = [row for row in rows.where(problem=ABOVE) if row["step"] is not None]
    latest = max(runs, key=lambda row: row["step"])
    return {
        "within": sum(abs(row["step"] - row["predicted step"]) <= WITHIN for row in runs),
        "all": len(list(rows.where(problem=ABOVE))),
        "latest": latest["step"],
        "said": latest["predicted step"],
        "factor": latest["problem.factor"],
    }


def tutorial(rows: Rows) -> dict[str, object]:
    """The houses in float32: when the loss is infinite, the limit of the rate, the digits with standardised columns."""
    raw, standard = (next(iter(rows.where(problem=HOUSES, solver=way, conditions__format="float32"))) for way in WAYS)
    return {
        "rate": RATE,
        "limit": raw["limit"],
        "step": raw["step"],
        "code": raw["facts.code"],
        "digits": standard["digits.min"],
    }


CODE = """
import numpy as np

import stabilitylab as sl

rng = np.random.default_rng(3)
area, rooms = rng.uniform(800, 4000, 50), rng.integers(1, 6, 50)
A = np.column_stack([np.ones(50), area, rooms])
b = A @ [50, 0.1, 20] + rng.normal(0, 30, 50)
raw = sl.train("gradient", (A, b), lr=0.01, loss="mean", steps=5000)
print(f"{raw.digits[-1]:.1f} digits as they are: the loss is infinite at step {raw.infinite_loss}")
S = A.copy()
S[:, 1:] = (A[:, 1:] - A[:, 1:].mean(axis=0)) / A[:, 1:].std(axis=0)
print(f"{sl.train('gradient', (S, b), lr=0.01, loss='mean', steps=5000).digits[-1]:.1f} digits standardised")
"""

EXPERIMENT = Experiment(
    chapter=25,
    rows=rows,
    measure=measure,
    tables=(
        Pivot("The step at which the loss is infinite, by the rate over the limit of stability", rows=named,
              columns="problem.factor", value="step", where={"problem": ABOVE}, format="plain"),
        Pivot("The same, said before the run", rows=named, columns="problem.factor",
              value="predicted step", where={"problem": ABOVE}, format="plain"),
        Pivot(f"House prices by gradient descent at the rate {RATE}: correct digits after {LONG:,} steps",
              rows="solver", columns="conditions.format", value="digits.min", where={"problem": HOUSES}),
    ),
    figures=(
        Lines("The step at which the loss is infinite", x="excess", y="step", series=named,
              where={"problem": ABOVE}, x_label="by how much the rate exceeds the limit", y_label="step"),
    ),
    findings=(
        finding(
            "In {within} of {all} runs the loss becomes infinite within one step of the step that was said before; a "
            "rate {factor:g} times the limit takes {latest:.0f} steps, and step {said:.0f} was said.",
            apart, lambda n: n["within"] == n["all"],
        ),
        finding(
            "At the rate {rate:g} the loss of the houses is infinite at step {step:.0f} in float32: the limit of "
            "stability is {limit:.2g} ({code}).",
            tutorial, lambda n: n["step"] < 100 and n["limit"] < n["rate"] and n["code"] == "SL401",
        ),
    ),
    remedies=(
        remedy(
            "Standardise the columns: the rate {rate:g}, with which the loss is infinite at step {step:.0f}, then "
            "gives "
            "{digits:.1f} correct digits in float32.",
            tutorial, lambda n: n["digits"] > 4, CODE,
        ),
    ),
    symptoms=("my loss is nan or inf in linear regression", "the loss explodes after thousands of steps"),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

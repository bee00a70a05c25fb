"""How many steps does gradient descent need, and how far does it come in a short format?

The error along each eigenvector of the Hessian shrinks by a factor of its own in each step, and the rate must suit the
largest eigenvalue: the smallest then decides how long it takes. Eigenvalues of the Hessian are squares of singular
values, so that the number of steps goes with the square of the condition number of the columns (explained on the first
page). The first tables compare steps measured with steps said before the run. In the figure the loss falls as predicted
until the format ends it: where the step on every weight is less than half the distance to the next number, each sum
rounds back to the weight, and nothing moves any more. The thin lines are the prediction: the loss gap of exact
arithmetic, and the level at which the weights of the format stand still. Last, the usual reason for a large condition
number, and what to do: columns whose values lie far from 0.
"""

from functools import cache

import numpy as np

from stabilitylab.lab import (
    Experiment,
    Lines,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    Start,
    constant,
    finding,
    floors,
    format_named,
    haar,
    modes,
    plain,
    remedy,
    run_file,
    solvers,
    train,
    tuning,
)

LONG, GAP, COLUMNS = "steps to six digits", "the loss gap", "years and incomes"
CONDS = (3.0, 10.0, 30.0, 100.0)
TUNINGS = {"lr 2/(L + mu)": tuning.best_gradient, "lr 1/L": tuning.safe_gradient}
DIGITS = 6
FORMATS = ("float64", "float32", "float16", "bfloat16")
COND = 10.0  # of the runs whose loss gap is drawn
CHECKED = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1500, 2048, 3000, 4096)
FEW = 1024  # steps of a run, unless more are asked for
WAYS = ("as they are", "centred", "centred and scaled")
STEPS = 1000
WITHIN = 3.0  # a factor


def rows(size: Size):
    """Steps by condition number; the loss gap by steps and format; three forms of the same columns."""
    for cond in CONDS if size == "full" else CONDS[:2]:
        yield Probe(LONG, tuple(TUNINGS), (("cond", cond),))
    for steps in CHECKED if size == "full" else CHECKED[:11:2]:
        yield Probe(GAP, FORMATS, (("cond", COND), ("steps", steps)))
    yield Probe(COLUMNS, WAYS, (("steps", STEPS),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The rows of a probe."""
    kinds = {LONG: how_long, GAP: gap_after, COLUMNS: by_columns}
    return tuple(kinds[probe.problem](probe, solver) for solver in probe.solvers)


def made(cond: float):
    """A (20, 5) with singular values from 1 to 1/cond, and b with a residual as large as A x."""
    rng = np.random.default_rng(int(cond))
    U, V = haar(rng, 20, 6), haar(rng, 5, 5)
    A = U[:, :5] * np.geomspace(1, 1 / cond, 5) @ V.T
    b = A @ rng.standard_normal(5)
    return A, b + np.linalg.norm(b) * U[:, 5]


def how_long(probe: Probe, way: str) -> Measurement:
    """Steps until the part of the error along the smallest eigenvalue, and with it all, has DIGITS digits less."""
    A, b = made(float(probe["cond"]))
    start = Start(A, b, np.zeros(5))
    tuned = TUNINGS[way](float(start.eigenvalues[-1]), float(start.eigenvalues[0]))
    predicted = modes.steps_to_digits(tuned.recurrence, tuned.lr * start.eigenvalues, DIGITS).max()
    descend = solvers.descent.get("descent.gradient")
    iterates = descend(lambda x: A.T @ (A @ x - b), np.zeros(5), lr=constant(tuned.lr))
    wanted = np.abs(start.components) * 10.0**-DIGITS
    left = (np.abs(start.eigenvectors.T @ (iterate.x - start.minimiser)) for iterate in iterates)
    steps = next(k for k, error in enumerate(left, 1) if (error <= wanted).all())
    return probe.row(way, {"steps": steps, "predicted steps": float(predicted), "lr": tuned.lr})


@cache
def in_format(name: str, steps: int):
    """A run in a format, and what theory says of the rounded data."""
    format = format_named(name)
    A, b = (format.rounded(values) for values in made(COND))
    start = Start(A, b, np.zeros(5))
    tuned = tuning.safe_gradient(float(start.eigenvalues[-1]), float(start.eigenvalues[0]))
    data = (np.asarray(A, dtype=np.float64), np.asarray(b, dtype=np.float64))
    return start, tuned, train("gradient", data, lr=tuned.lr, steps=steps, format=name)


def gap_after(probe: Probe, name: str) -> Measurement:
    """The loss gap at the recorded step nearest to that of the probe, measured and predicted."""
    steps = int(probe["steps"])
    start, tuned, run = in_format(name, FEW if steps <= FEW else max(CHECKED))
    at = int(np.argmin(np.abs(run.steps - steps)))
    logs, _ = modes.log_modes(tuned.recurrence, tuned.lr * start.eigenvalues, run.steps[at])
    falling = float(np.sum(start.eigenvalues * start.components**2 * np.exp(2 * logs))) / 2
    floor = floors.floor_of_loss_gap(start, tuned.lr, format_named(name))
    return probe.row(name, {"gap": float(run.gaps[at]), "predicted.error": max(falling, floor), "floor": floor})


def by_columns(probe: Probe, way: str) -> Measurement:
    """Gradient descent at 1/L on a constant, a year and an income, in one of three forms of the columns."""
    rng = np.random.default_rng(1)
    year, income = np.arange(1980.0, 2020.0), rng.uniform(20, 90, 40).round()
    y = 0.3 * (year - 2000) + 0.1 * income + rng.normal(0, 1, 40)
    columns = [year, income]
    if way != WAYS[0]:
        columns = [column - column.mean() for column in columns]
    if way == WAYS[2]:
        columns = [column / column.std() for column in columns]
    A = np.column_stack([np.ones(40), *columns])
    start = Start(A, y, np.zeros(3))
    tuned = tuning.safe_gradient(float(start.eigenvalues[-1]), float(start.eigenvalues[0]))
    needed = modes.steps_to_digits(tuned.recurrence, tuned.lr * start.eigenvalues, DIGITS).max()
    run = train("gradient", (A, y), lr=tuned.lr, steps=int(probe["steps"]))
    cond = float(np.sqrt(start.eigenvalues[0] / start.eigenvalues[-1]))
    return probe.row(way, {"digits.min": run.digits[-1], "cond": cond, "predicted steps": float(needed)})


def longest(rows: Rows) -> dict[str, object]:
    """Steps at the smallest and the largest condition number, and how far predictions are off at most."""
    runs = rows.where(problem=LONG, solver=next(iter(TUNINGS)))
    few, many = (pick(runs, key=lambda row: row["problem.cond"]) for pick in (min, max))
    return {
        "low": plain(few["problem.cond"]),
        "few": few["steps"],
        "high": plain(many["problem.cond"]),
        "many": many["steps"],
        "power": float(np.log(many["steps"] / few["steps"]) / np.log(many["problem.cond"] / few["problem.cond"])),
        "off": 100 * max(abs(row["steps"] / row["predicted steps"] - 1) for row in rows.where(problem=LONG)),
    }


def last(rows: Rows) -> dict[str, object]:
    """Where each format ends beside the level predicted, and its digits of the loss gap against float64's."""
    ends = {}
    for name in FORMATS:
        ends[name] = max(rows.where(problem=GAP, solver=name), key=lambda row: row["problem.steps"])
    ratios = [row["gap"] / row["floor"] for name, row in ends.items() if row["predicted.error"] == row["floor"]]
    return {
        "low": min(ratios),
        "high": max(ratios),
        "count": len(ratios),
        "short": ends["bfloat16"]["gap"],
        "single": ends["float32"]["gap"],
        "steps": ends["float32"]["problem.steps"],
    }


def columns(rows: Rows) -> dict[str, object]:
    """The three forms of the columns: condition numbers, steps predicted, digits reached."""
    raw, centred, standard = (next(iter(rows.where(problem=COLUMNS, solver=way))) for way in WAYS)
    return {
        "steps": raw["problem.steps"],
        "cond": raw["cond"],
        "needed": raw["predicted steps"],
        "raw": raw["digits.min"],
        "centred": centred["digits.min"],
        "standard": standard["digits.min"],
        "few": standard["predicted steps"],
        "standard_cond": standard["cond"],
    }


CODE = """
import numpy as np

rng = np.random.default_rng(1)
year, income = np.arange(1980.0, 2020.0), rng.uniform(20, 90, 40).round()
y = 0.3 * (year - 2000) + 0.1 * income + rng.normal(0, 1, 40)


def slope_of_year(standardise, steps=1000):
    columns = np.column_stack([year, income])
    mean, scale = (columns.mean(axis=0), columns.std(axis=0)) if standardise else (np.zeros(2), np.ones(2))
    A = np.column_stack([np.ones(40), (columns - mean) / scale])
    x, lr = np.zeros(3), 1 / np.linalg.norm(A, 2) ** 2
    for _ in range(steps):
        x -= lr * (A.T @ (A @ x - y))
    return x[1] / scale[0]  # in units of y per year


right = np.linalg.lstsq(np.column_stack([np.ones(40), year - 2000, income]), y, rcond=None)[0][1]
print(f"{slope_of_year(False) / right:.2f} of the slope, columns as they are")  # 0.01
print(f"{slope_of_year(True) / right:.6f} of the slope, centred and scaled")  # 1.000000
"""

EXPERIMENT = Experiment(
    chapter=21,
    rows=rows,
    measure=measure,
    tables=(
        Pivot(f"Steps of gradient descent to {DIGITS} digits along every eigenvector, by the condition number",
              rows="solver", columns="problem.cond", value="steps", where={"problem": LONG}, format="plain"),
        Pivot("The same, said before the run", rows="solver", columns="problem.cond", value="predicted steps",
              where={"problem": LONG}, format="plain"),
        Pivot(f"A constant, a year and an income: digits after {STEPS} steps at the rate 1/L",
              rows="solver", columns="problem", value="digits.min", where={"problem": COLUMNS}),
    ),
    figures=(
        Lines(f"The loss falls at the rate of the condition number, {COND:g}, until the format ends it",
              x="problem.steps", y="gap", where={"problem": GAP}, laws=True, x_label="step",
              y_label="loss above its minimum"),
    ),
    findings=(
        finding(
            "For {digits} digits gradient descent at its best rate needs {few:,.0f} steps at condition number {low} "
            "and {many:,.0f} at {high}: they grow with its power {power:.2f}. Steps said before the run are off by at "
            "most {off:.2g} %.",
            lambda rows: {**longest(rows), "digits": DIGITS},
            lambda n: 1.8 < n["power"] < 2.2 and n["off"] < 5,
        ),
        finding(
            "After {steps} steps the loss stands still {short:.1g} above its minimum in bfloat16 and {single:.1g} in "
            "float32. In {count} formats it stands still: between {low:.1g} and {high:.1g} times the level predicted.",
            last, lambda n: n["low"] > 1 / WITHIN**2 and n["high"] < WITHIN**2 and n["single"] < 1e-4 * n["short"],
        ),
        finding(
            "A constant, a year and an income have the condition number {cond:.1e}: {digits} digits would take "
            "{needed:.0e} steps, and after {steps} steps {raw:.1f} are right.",
            lambda rows: {**columns(rows), "digits": DIGITS}, lambda n: n["needed"] > 1e8 and n["raw"] < 2,
        ),
    ),
    remedies=(
        remedy(
            "Centre the columns and divide them by their standard deviations: the condition number falls from "
            "{cond:.1e} to {standard_cond:.1f}, {few:.0f} steps are enough, and {standard:.1f} digits are right after "
            "{steps}, where centring alone has {centred:.1f}.",
            columns, lambda n: n["standard"] > 10 and n["few"] < 100, CODE,
        ),
    ),
    symptoms=(
        "gradient descent takes forever on my regression",
        "the loss stops falling long before the coefficients are right",
        "SGD never reaches the OLS coefficients",
    ),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

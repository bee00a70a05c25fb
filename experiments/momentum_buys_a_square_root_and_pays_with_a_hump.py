"""What does momentum buy, and what does it cost?

Gradient descent needs steps in proportion to the square of the condition number of the columns (explained on the first
page); with the best momentum it is the condition number itself. Two methods are compared with it: the heavy ball, which
keeps moving along the sum of the gradients before, and Nesterov's, which takes the gradient where that movement leads.
The price of the heavy ball is at the beginning: with its best parameters the error along the eigenvector of the largest
eigenvalue first grows, the more the better the parameters suit a large condition number. The price of Nesterov's method
is its limit: at the same rate and momentum it diverges where the heavy ball converges, and even earlier than gradient
descent. Each table of measured steps stands beside what the eigenvalues say before the run; the thin line of the figure
is such a prediction.
"""

from functools import cache
from itertools import islice

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
    Start,
    constant,
    finding,
    haar,
    hump,
    modes,
    plain,
    recurrence,
    remedy,
    run_file,
    solvers,
    tuning,
)

LONG, PEAK, WAY, LIMIT = "steps to six digits", "the highest error", "the error by steps", "after the same steps"
CONDS = (3.0, 10.0, 30.0, 100.0)
PEAKS = (10.0, 30.0, 100.0, 300.0, 1000.0)
BALL, GRADIENT, NESTEROV = "heavy_ball", "gradient", "nesterov"
TUNINGS = {GRADIENT: tuning.best_gradient, BALL: tuning.best_heavy_ball, NESTEROV: tuning.best_nesterov}
DIGITS = 6
SHOWN = 100.0  # the condition number of the drawn runs
CHECKED = (1, 2, 4, 8, 16, 30, 50, 70, 100, 150, 200, 300, 400, 500, 600, 700, 800)
MOMENTUM = 0.9
RATES = (1.0, 1.3, 1.4, 1.9, 2.1, 3.7, 3.9)  # lr L
RUN = 250  # steps at each of them
BETWEEN = 1.4  # lr L, above Nesterov's limit and below the others'


def rows(size: Size):
    """Steps and peaks by condition number; the way there; the same rate and momentum for each method."""
    for cond in CONDS if size == "full" else CONDS[:2]:
        yield Probe(LONG, tuple(TUNINGS), (("cond", cond),))
    for cond in PEAKS if size == "full" else PEAKS[:3]:
        yield Probe(PEAK, (BALL, NESTEROV), (("cond", cond),))
    for steps in CHECKED:
        yield Probe(WAY, tuple(TUNINGS), (("cond", SHOWN), ("steps", steps)))
    for rate in RATES:
        yield Probe(LIMIT, tuple(TUNINGS), (("rate", rate),), (("momentum", MOMENTUM),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The rows of a probe."""
    kinds = {LONG: how_long, PEAK: highest, WAY: after, LIMIT: at_rate}
    return tuple(kinds[probe.problem](probe, solver) for solver in probe.solvers)


@cache
def made(cond: float):
    """A (20, 5) with singular values from 1 to 1/cond, b with a residual as large as A x, and a start at 0."""
    rng = np.random.default_rng(int(cond))
    U, V = haar(rng, 20, 6), haar(rng, 5, 5)
    A = U[:, :5] * np.geomspace(1, 1 / cond, 5) @ V.T
    b = A @ rng.standard_normal(5)
    return Start(A, b + np.linalg.norm(b) * U[:, 5], np.zeros(5))


def tuned(method: str, start: Start):
    """The best parameters of a method for these eigenvalues."""
    return TUNINGS[method](float(start.eigenvalues[-1]), float(start.eigenvalues[0]))


def errors(method: str, start: Start, lr: float, momentum: float):
    """The error along each eigenvector over that of the start (5,), after each step, without end."""
    A, b, V = start.A, start.b, start.eigenvectors
    given = {} if method == GRADIENT else {"momentum": momentum}
    run = solvers.descent.get(f"descent.{method}")
    for iterate in run(lambda x: A.T @ (A @ x - b), np.zeros(len(V)), lr=constant(lr), **given):
        yield np.abs(V.T @ (iterate.x - start.minimiser) / start.components)


def how_long(probe: Probe, method: str) -> Measurement:
    """Steps until the error along each eigenvector stays DIGITS digits below that of the start."""
    start = made(float(probe["cond"]))
    best = tuned(method, start)
    predicted = modes.steps_to_digits(best.recurrence, best.lr * start.eigenvalues, DIGITS).max()
    done, since = 0, 0
    for k, error in enumerate(errors(method, start, best.lr, best.momentum), 1):
        if (error > 10.0**-DIGITS).any():
            since = k
        # Long enough below to say that it stays there.
        done = since + 1
        if k > 1.2 * done + 50:
            break
    return probe.row(method, {"steps": done, "predicted steps": float(predicted), "rate": best.rate})


def highest(probe: Probe, method: str) -> Measurement:
    """The largest error along the eigenvector of the largest eigenvalue, over that of the start, and its step."""
    cond = float(probe["cond"])
    start = made(cond)
    best = tuned(method, start)
    top = [1.0, *(float(e[0]) for e in islice(errors(method, start, best.lr, best.momentum), int(2 * cond)))]
    scores = {"peak": max(top), "step": int(np.argmax(top))}
    if method == BALL:
        expected = hump.hump(cond**2)
        scores |= {"predicted peak": expected.height, "predicted step": expected.step}
    return probe.row(method, scores)


@cache
def drawn(method: str):
    """The errors of a run along every eigenvector (steps, 5)."""
    start = made(SHOWN)
    best = tuned(method, start)
    return np.array(list(islice(errors(method, start, best.lr, best.momentum), max(CHECKED))))


def after(probe: Probe, method: str) -> Measurement:
    """The largest error along an eigenvector after some steps, over that of the start, and as it was to be expected."""
    start, k = made(SHOWN), int(probe["steps"])
    best = tuned(method, start)
    logs, _ = modes.log_modes(best.recurrence, best.lr * start.eigenvalues, k)
    return probe.row(method, {"error": float(drawn(method)[k - 1].max()), "predicted.error": float(np.exp(logs.max()))})


def at_rate(probe: Probe, method: str) -> Measurement:
    """The largest error along an eigenvector after RUN steps at lr L and MOMENTUM, over that of the start."""
    start = made(10.0)
    rate = float(probe["rate"])
    L = float(start.eigenvalues[0])
    (last,) = islice(errors(method, start, rate / L, MOMENTUM), RUN - 1, RUN)
    followed = recurrence.LINEAR[method](*(() if method == GRADIENT else (MOMENTUM,)))
    return probe.row(method, {"error": float(last.max()), "limit": followed.limit})


def powers(rows: Rows) -> dict[str, object]:
    """The power of the condition number with which steps grow, for each method, and the steps at the largest."""
    found = {}
    for method in TUNINGS:
        few, *_, many = sorted(rows.where(problem=LONG, solver=method), key=lambda row: row["problem.cond"])
        ratio = many["problem.cond"] / few["problem.cond"]
        found[method] = float(np.log(many["steps"] / few["steps"]) / np.log(ratio))
        found[f"{method}_steps"] = many["steps"]
    off = max(abs(row["steps"] / row["predicted steps"] - 1) for row in rows.where(problem=LONG))
    return {**found, "cond": plain(many["problem.cond"]), "off": 100 * off, "digits": DIGITS}


def peaks(rows: Rows) -> dict[str, object]:
    """The highest error of the heavy ball at the largest condition number, and how far predictions are off."""
    balls = rows.where(problem=PEAK, solver=BALL)
    last = max(balls, key=lambda row: row["problem.cond"])
    cond = last["problem.cond"]
    calm = next(iter(rows.where(problem=PEAK, solver=NESTEROV, problem__cond=cond)))
    return {
        "cond": plain(cond),
        "peak": last["peak"],
        "step": last["step"],
        "said": last["predicted peak"],
        "off": 100 * max(abs(row["peak"] / row["predicted peak"] - 1) for row in balls),
        "rule": 100 * max(abs(row["peak"] / (row["problem.cond"] / np.e) - 1) for row in balls),
        "nesterov": calm["peak"],
    }


def between(rows: Rows) -> dict[str, object]:
    """The errors of all methods at a rate above Nesterov's limit, and whether each limit separates the rates."""
    here = rows.where(problem=LIMIT)
    at = {method: next(iter(here.where(solver=method, problem__rate=BETWEEN))) for method in TUNINGS}
    right = sum((row["error"] < 1) == (row["problem.rate"] < row["limit"]) for row in here)
    return {
        "rate": BETWEEN,
        "momentum": MOMENTUM,
        "steps": RUN,
        "limit": at[NESTEROV]["limit"],
        **{method: row["error"] for method, row in at.items()},
        "right": right,
        "all": len(list(here)),
    }


CODE = """
import numpy as np

rng = np.random.default_rng(0)
U, V = np.linalg.qr(rng.normal(size=(20, 5)))[0], np.linalg.qr(rng.normal(size=(5, 5)))[0]
s = np.geomspace(1, 0.01, 5)
A = U * s @ V.T
right = rng.normal(size=5)
b = A @ right


def error(lr, momentum, steps=1500):
    x, v = np.zeros(5), np.zeros(5)
    for _ in range(steps):
        v = momentum * v + A.T @ (A @ x - b)
        x = x - lr * v
    return np.linalg.norm(x - right) / np.linalg.norm(right)


lr, momentum = 4 / (s[0] + s[-1]) ** 2, ((s[0] - s[-1]) / (s[0] + s[-1])) ** 2
print(f"{error(2 / (s[0] ** 2 + s[-1] ** 2), 0.0):.1f} gradient descent, its best rate")  # 0.2
print(f"{error(lr, momentum) < 1e-9} that the heavy ball has nine digits")  # True
"""

EXPERIMENT = Experiment(
    chapter=22,
    rows=rows,
    measure=measure,
    tables=(
        Pivot(f"Steps to {DIGITS} digits along every eigenvector, each method with its best parameters",
              rows="solver", columns="problem.cond", value="steps", where={"problem": LONG}, format="plain"),
        Pivot("The same, said before the run", rows="solver", columns="problem.cond", value="predicted steps",
              where={"problem": LONG}, format="plain"),
        Pivot("The highest error along the eigenvector of the largest eigenvalue, 1 at the start", rows="solver",
              columns="problem.cond", value="peak", where={"problem": PEAK}, format="plain"),
        Pivot(f"The largest error along an eigenvector after {RUN} steps, 1 at the start, with momentum {MOMENTUM}, "
              "by the rate in units of 1/L", rows="solver", columns="problem.rate", value="error",
              where={"problem": LIMIT}),
    ),
    figures=(
        Lines(f"Momentum is faster in the end, and the heavy ball worse at first: condition number {SHOWN:g}",
              x="problem.steps", y="error", where={"problem": WAY}, laws=True, x_label="step",
              y_label="largest error along an eigenvector", guides=(Guide("y", 1.0, "the start"),)),
    ),
    findings=(
        finding(
            "The steps to {digits} digits grow with the power {gradient:.2f} of the condition number for gradient "
            "descent, {heavy_ball:.2f} for the heavy ball and {nesterov:.2f} for Nesterov's method. Those said before "
            "the run are off by at most {off:.1g} %.",
            powers,
            lambda n: n["gradient"] > 1.8 and max(n[BALL], n[NESTEROV]) < 1.3 and n["off"] < 5,
        ),
        finding(
            "From a start with no velocity the error of the heavy ball along the largest eigenvalue first grows: at "
            "condition number {cond} to {peak:.1f} times that of the start, at step {step}. {said:.1f} was said before "
            "the run; over all condition numbers the prediction is off by at most {off:.1g} %, and the rule cond/e by "
            "{rule:.1g} %. Nesterov's method rises to {nesterov:.2g} times at most.",
            peaks, lambda n: n["off"] < 1 and n["rule"] < 1 and n["peak"] > 10 * n["nesterov"],
        ),
        finding(
            "At the rate {rate}/L and momentum {momentum} Nesterov's method diverges, to {nesterov:.0e} times the "
            "error of the start in {steps} steps: its limit is {limit:.3f}/L. The heavy ball is at {heavy_ball:.0e} "
            "then, and gradient descent at {gradient:.0e}. In {right} of {all} runs the limit says which converge.",
            between,
            lambda n: n["nesterov"] > 10 and max(n[BALL], n[GRADIENT]) < 0.1 and n["right"] == n["all"],
        ),
    ),
    remedies=(
        remedy(
            "Give gradient descent a momentum that suits the condition number: at {cond} the heavy ball needs "
            "{heavy_ball_steps:,.0f} steps to {digits} digits, where gradient descent needs {gradient_steps:,.0f}.",
            powers, lambda n: n["heavy_ball_steps"] < n["gradient_steps"] / 2, CODE,
        ),
    ),
    symptoms=(
        "with momentum the loss goes up before it goes down",
        "Nesterov momentum diverges at a rate that works without it",
    ),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

"""Is Adam in PyTorch the Adam of Optax and of Keras?

Eleven optimisers that PyTorch, Optax and Keras have under one name go downhill from (1, 1) in the bowl
(x1² + 100 x2²)/2, at one rate, each in the process of its library. The gradients are computed here and fed to them, so
that no library's differentiation enters. The first table shows the first weight after 100 steps with every other
setting left as it comes; the second the first step after which a trajectory is more than 16 ulps (units in the last
place) from PyTorch's, also with the settings made equal as far as there are options for it. Then each implementation is
held against the formula in its own documentation: the formula is followed in 200 bits from the very gradients that were
fed, and the table shows in how many digits the weights agree. "As stored" rounds the settings first that a library
keeps in a shorter format than its weights. The last two tables ask for the first step of Adam at small gradients, and
what becomes of it in short formats.
"""

from functools import lru_cache
from itertools import islice

import numpy as np

from stabilitylab.lab import (
    Experiment,
    Lines,
    Measurement,
    NoRowsError,
    Pivot,
    Probe,
    Rows,
    Size,
    Status,
    finding,
    format_named,
    optimisers,
    remedy,
    replayed,
    run_file,
    solvers,
    trajectory,
)

LIBRARIES = ("torch", "optax", "keras")
NAMES = (
    *("sgd", "sgd_momentum", "sgd_nesterov", "adagrad", "rmsprop", "adadelta"),
    *("adam", "amsgrad", "adamw", "nadam", "adamax"),
)
RATE, RATES = 2.0**-7, {"adadelta": 1.0}  # numbers of every format
AS_THEY_COME, MADE_EQUAL = "as they come", "made equal"
EPS = {"epsilon": 1e-8}
EQUAL = {  # what makes one of the three the one of another, where it has an option for it
    "adagrad": {"torch": {"initial_accumulator_value": 0.1, "eps": 1e-7}},
    "rmsprop": {"torch": {"alpha": 0.9}, "optax": {"eps_in_sqrt": False}, "keras": EPS},
    "adadelta": {"keras": {"rho": 0.9, "epsilon": 1e-6}},
    "adam": {"keras": EPS},
    "amsgrad": {"keras": EPS},
    "adamw": {"optax": {"weight_decay": 0.01}, "keras": {"weight_decay": 0.01, **EPS}},
    "nadam": {"torch": {"momentum_decay": 1.0}, "keras": EPS},
    "adamax": {"keras": EPS},
}
STEPS, DRAWN_STEPS, OURS = 100, 20, "descent.rmsprop"
NO_ROW = "it does not take this format, or keeps no setting in another"
FORMULA, DRAWN, ONE_STEP, SHORT = "its own formula", "the first steps of RMSprop", "one step of Adam", "Adam in short"
DOCUMENTED = tuple(e.label.name for e in optimisers.catalog if e.label.documented and e.label.fed)
FEW = ("adam", "sgd", "nadam")
ADAMS = ("torch.adam", "torch.adam_foreach", "torch.adam_fused", "optax.adam", "keras.adam", "optimi.adam")
ONE_ADAM = ("torch.adam", "optax.adam", "keras.adam", "sklearn.mlp_adam")
GRADIENTS = (1e-6, 1e-7, 1e-8)
BOWL, NOT_CHECKED, FACTS = "bowl", "not checked here", ("parts", "outcome")
SCORES = {
    BOWL: ("weight", "parts"),
    FORMULA: ("first", "last", "left"),
    DRAWN: ("weight",),
    ONE_STEP: ("rates",),
    SHORT: ("way",),
}
FLAT, TWENTY, BETA2 = "gradient 0, float16", "20 steps, bfloat16", "20 steps, bfloat16, beta2 0.99"


# --- what is measured


def task(A, b, x0, steps: int, rate: float = RATE, format: str = "float64", **options) -> optimisers.Task:
    """A task at one rate with fed gradients, half the sum of squares, the numbers rounded to the format."""
    A, b, x0 = (optimisers.stored(values, format) for values in (A, b, x0))
    return optimisers.Task(A, b, x0, np.full(steps, rate), format=format, options=options)


def bowl(name: str, steps: int, format: str = "float64", **options) -> optimisers.Task:
    """(x1² + 100 x2²)/2 from (1, 1), at the rate of that name."""
    return task(np.diag([1.0, 10.0]), np.zeros(2), np.ones(2), steps, RATES.get(name, RATE), format, **options)


@lru_cache
def of_bowl(route: str, settings: str) -> np.ndarray:
    """The weights of a route in the bowl."""
    library, _, name = route.partition(".")
    options = EQUAL.get(name, {}).get(library, {}) if settings == MADE_EQUAL else {}
    return ran(route, bowl(name, STEPS, **options))


def ran(route: str, asked: optimisers.Task) -> np.ndarray:
    """The weights of a route; a library that is here and fails has none."""
    found = trajectory(route, asked)
    return np.full((len(asked.lr) + 1, len(asked.x0)), np.nan) if found.path is None else found.path


def in_three(name: str) -> tuple[str, ...]:
    """The routes of one name."""
    return tuple(f"{library}.{name}" for library in LIBRARIES)


def rows(size: Size):
    """The bowl by every name; the formulas by format; steps that are drawn; one step; short formats."""
    for name in NAMES:
        for settings in (AS_THEY_COME, MADE_EQUAL) if name in EQUAL else (AS_THEY_COME,):
            yield Probe(name, in_three(name), conditions=(("settings", settings),))
    kept, adams = DOCUMENTED, DOCUMENTED
    if size == "quick":
        kept, adams = (tuple(f"{one}.{name}" for one in LIBRARIES for name in few) for few in (FEW, FEW[:1]))
    for format in ("float64", "float32", "bfloat16", "float16") if size == "full" else ("float64", "float32"):
        asked = kept if format == "float64" else adams
        names = tuple(name for name in asked if format in optimisers.entry(name).label.formats)
        yield Probe(FORMULA, names, conditions=(("format", format), ("settings", "documented")))
    stores = tuple(name for name in kept if optimisers.entry(name).label.stores)
    yield Probe(FORMULA, stores, conditions=(("format", "float64"), ("settings", "stored")))
    here = tuple(name for name in in_three("rmsprop") if not optimisers.entry(name).label.lacks)
    for step in range(1, DRAWN_STEPS + 1):
        yield Probe(DRAWN, (*here, OURS), (("step", step),))
    last = None if size == "full" else -1  # of each list the one that needs one library more
    for gradient in GRADIENTS:
        yield Probe(ONE_STEP, ONE_ADAM[:last], (("gradient", gradient),))
    for asked, names in ((FLAT, ADAMS[:last]), (TWENTY, ADAMS[:last]), (BETA2, ("keras.adam",))):
        yield Probe(SHORT, names, conditions=(("asked", asked),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The rows of a probe; a route whose library is not here has one that says so."""
    of = {FORMULA: of_formula, DRAWN: drawn, ONE_STEP: one_step, SHORT: in_short}.get(probe.problem, in_bowl)
    found = []
    for solver in probe.solvers:
        if lacks := "" if solver == OURS else optimisers.entry(solver).label.lacks:
            scores, facts = dict.fromkeys(SCORES.get(probe.problem, SCORES[BOWL])), dict.fromkeys(FACTS, NOT_CHECKED)
            note = f"{NOT_CHECKED}: {lacks}"
            found.append(probe.row(solver, scores, status=Status.UNUSABLE, note=note, facts=facts))
        else:
            scores, facts = of(probe, solver)
            found.append(probe.row(solver, scores, facts=facts))
    return tuple(found)


def in_bowl(probe: Probe, solver: str):
    """The first weight at the end, and where the way parts from PyTorch's."""
    settings = str(probe["settings"])
    path = of_bowl(solver, settings)
    first = f"torch.{probe.problem}"
    if solver == first or optimisers.entry(first).label.lacks:
        return {"weight": path[-1, 0], "parts": None}, {"parts": "it is" if solver == first else NOT_CHECKED}
    step = replayed.parted(of_bowl(first, settings), path, "float64")
    return {"weight": path[-1, 0], "parts": step}, {"parts": f"never in {STEPS}" if step is None else f"{step}"}


def of_formula(probe: Probe, solver: str):
    """Digits of agreement after the first step and at the end, at most those of the format."""
    format = str(probe["format"])
    rng = np.random.default_rng(20261201)
    A = rng.standard_normal((12, 3))
    b = A @ [1.0, -2.0, 3.0] + 0.1 * rng.standard_normal(12)
    asked = task(A, b, np.array([0.25, 0.5, -0.25]), STEPS, 0.01, format)
    found = replayed.against_formula(solver, asked, ran(solver, asked), reading=str(probe["settings"]))
    all_of_format = -np.log10(format_named(format).unit_roundoff)
    first, last = (float(min(found.digits[k], all_of_format)) for k in (1, STEPS))
    return {"first": first, "last": last, "left": found.left()}, {"all": all_of_format}


def drawn(probe: Probe, solver: str):
    """The first weight after a step, by a library or by the formula of the lecture in which RMSprop was proposed."""
    path = of_lecture() if solver == OURS else of_bowl(solver, AS_THEY_COME)
    return {"weight": float(path[int(probe["step"])][0])}, {}


@lru_cache
def of_lecture() -> list[np.ndarray]:
    """The weights by this package's RMSprop."""
    asked = bowl("rmsprop", DRAWN_STEPS)
    steps = solvers.descent.get(OURS)(optimisers.fed_gradient(asked), asked.x0, lr=lambda step: RATE)
    return [asked.x0, *(step.x for step in islice(steps, DRAWN_STEPS))]


def one_step(probe: Probe, solver: str):
    """The length of the first step from 0, in rates."""
    asked = task(np.ones((1, 1)), np.array([-float(probe["gradient"])]), np.zeros(1), 1)
    return {"rates": -ran(solver, asked)[1, 0] / RATE}, {}


def in_short(probe: Probe, solver: str):
    """In words, what a step at gradient 0 is, or whether 20 steps go anywhere."""
    if probe["asked"] == FLAT:
        step = ran(solver, task(np.ones((1, 1)), np.zeros(1), np.zeros(1), 1, format="float16"))[1, 0]
        return {"way": None if np.isnan(step) else step}, {"outcome": "NaN" if np.isnan(step) else f"{abs(step):g}"}
    options = {"beta_2": 0.99} if probe["asked"] == BETA2 else {}
    way = 1 - ran(solver, bowl("adam", 20, "bfloat16", **options))[-1, 0]
    return {"way": way}, {"outcome": f"goes {way:.2g}" if way else "never moves"}


# --- what is said of it


def only(rows: Rows, solver: str, **where) -> Measurement:
    """The row of a route. Raises NoRowsError where its library is not here."""
    (row,) = rows.where(solver=solver, **where)
    if not row.answered and row.note:
        raise NoRowsError(f"{row.note.removeprefix(f'{NOT_CHECKED}: ')}: steps of {solver} were not measured here")
    return row


def parting(rows: Rows) -> dict[str, int]:
    """How many names part in the first step as they come, and how many go PyTorch's way with settings made equal."""

    for name in NAMES:
        only(rows, f"torch.{name}", problem=name, conditions__settings=AS_THEY_COME)

    def parts(one: str, name: str, settings: str) -> int | None:
        return only(rows, f"{one}.{name}", problem=name, conditions__settings=settings)["parts"]

    first = sum(1 in [parts(one, name, AS_THEY_COME) for one in LIBRARIES[1:]] for name in NAMES)
    best = {name: MADE_EQUAL if name in EQUAL else AS_THEY_COME for name in NAMES}
    same = {one: sum(parts(one, name, best[name]) is None for name in NAMES) for one in LIBRARIES[1:]}
    return {"all": len(NAMES), "first": first, "steps": STEPS, **same}


def smallest(rows: Rows) -> dict[str, float | str]:
    """The first step of Adam at the smallest gradient, in rates."""
    wanted = {route.partition(".")[0]: only(rows, route, problem=ONE_STEP, problem__gradient=GRADIENTS[-1])["rates"]
              for route in ONE_ADAM[:3]}  # fmt: skip
    return {**wanted, "gradient": f"{GRADIENTS[-1]:g}"}


def agreeing(rows: Rows) -> dict[str, float | int]:
    """Digits in float64 of all implementations but one, their rates as stored, and of that one."""
    nadam = only(rows, "torch.nadam", problem=FORMULA, conditions__format="float64")
    documented = {row.solver: row for row in rows.where(problem=FORMULA, conditions__format="float64")}
    stored = {row.solver: row for row in rows.where(problem=FORMULA, conditions__settings="stored")}
    best = {k: row for k, row in {**documented, **stored}.items() if row.answered and row["last"] is not None}
    others = [min(row["first"], row["last"]) for name, row in best.items() if name != "torch.nadam"]
    return {"all": len(others), "least": min(others), "nadam": nadam["first"]}


def keras_rate(rows: Rows) -> dict[str, float]:
    """Digits of Keras's SGD in float64 after the first step, its rate as documented and as stored."""
    where = {"problem": FORMULA, "conditions__format": "float64"}
    return {s: only(rows, "keras.sgd", **where, conditions__settings=s)["first"] for s in ("documented", "stored")}


def in_float32(rows: Rows) -> dict[str, float]:
    """Digits of three Adams in float32, at the end."""
    where = {"problem": FORMULA, "conditions__format": "float32"}
    return {one: only(rows, f"{one}.adam", **where)["last"] for one in LIBRARIES}


def flat(rows: Rows) -> dict[str, str]:
    """Two answers of PyTorch at gradient 0."""
    where = {"problem": SHORT, "conditions__asked": FLAT}
    routes = {"loop": "torch.adam", "fused": "torch.adam_fused"}
    return {name: only(rows, route, **where)["facts.outcome"] for name, route in routes.items()}


def unmoved(rows: Rows) -> dict[str, object]:
    """Who of those that are here does not move in bfloat16, and how far Keras's Adam goes with a shorter memory."""
    moved = only(rows, "keras.adam", problem=SHORT, conditions__asked=BETA2)["way"]
    here = rows.where(problem=SHORT, conditions__asked=TWENTY)
    return {"still": [row.solver for row in here if row["facts.outcome"] == "never moves"], "way": moved}


def library(row: Measurement) -> str:
    """The heading of a column."""
    return row.solver.partition(".")[0]


def name_and_settings(row: Measurement) -> str:
    """A line of the second table."""
    return f"{row.problem}, {row['conditions.settings']}"


def format_and_reading(row: Measurement) -> str:
    """The heading of a column of the formulas."""
    stored = ", as stored" if row["conditions.settings"] == "stored" else ""
    return f"{row['conditions.format']}{stored}"


CODE = """
import os

os.environ["KERAS_BACKEND"] = "jax"  # before Keras is imported; other backends have the same optimiser
import keras


def after_twenty_steps(beta_2):
    weight = keras.Variable([1.0], dtype="bfloat16")
    optimiser = keras.optimizers.Adam(0.01, beta_2=beta_2)
    optimiser.build([weight])
    for _ in range(20):
        optimiser.apply([weight.value])  # the gradient of weight**2 / 2
    return float(weight.value[0])


print(f"{after_twenty_steps(0.999):.2f} with 0.999")  # 1.00
print(f"{after_twenty_steps(0.99):.2f} with 0.99, which is at most 1 - 2**-9")  # 0.77
"""

EXPERIMENT = Experiment(
    rows=rows,
    measure=measure,
    chapter=27,
    limit=120,
    tables=(
        Pivot("The first weight after 100 steps, all settings as they come", rows="problem", columns=library,
              value="weight", where={"problem": NAMES, "conditions.settings": AS_THEY_COME}, format="short"),
        Pivot("The first step after which the way is not PyTorch's", rows=name_and_settings, columns=library,
              value="facts.parts",
              where={"problem": NAMES, "solver": tuple(f"{one}.{n}" for one in LIBRARIES[1:] for n in NAMES)}),
        Pivot("Digits in which an implementation agrees with its own formula, after the first step",
              columns=format_and_reading, value="first", where={"problem": FORMULA}, format="digits", absent=NO_ROW),
        Pivot("Digits in which an implementation agrees with its own formula, after 100 steps",
              columns=format_and_reading, value="last", where={"problem": FORMULA}, format="digits", absent=NO_ROW),
        Pivot("The first step of Adam, in rates, by the size of the gradient", columns="problem.gradient",
              value="rates", where={"problem": ONE_STEP}, format="short"),
        Pivot("Adam in short formats", columns="conditions.asked", value="facts.outcome", where={"problem": SHORT},
              absent="not asked: it moves with 0.999"),
    ),
    figures=(
        Lines("RMSprop as it comes goes a way of its own in PyTorch", x="problem.step", y="weight",
              where={"problem": DRAWN}, log_x=False, log_y=False, x_label="step", y_label="first weight"),
    ),
    findings=(
        finding(
            "As they come {first} of {all} names part from PyTorch in the first step, in Optax or in Keras. With "
            "settings made equal Optax goes PyTorch's way for {steps} steps under {optax} of the names, and Keras "
            "under {keras}.",
            parting, lambda n: n["first"] >= 6 and n["optax"] > n["keras"] >= 3,
        ),
        finding(
            "At a gradient of {gradient} the first step of Adam is {torch:.2g} rates in PyTorch and in Optax, and "
            "{keras:.1g} in Keras, whose eps is larger and comes before the bias correction.",
            smallest, lambda n: abs(n["torch"] - n["optax"]) < 1e-6 and n["keras"] < n["torch"] / 50,
        ),
        finding(
            "In float64 {all} implementations agree with their own documented formula in {least:.1f} digits or more, "
            "settings as stored; `torch.optim.NAdam` has {nadam:.1f} in its first step: it keeps the product of its "
            "momenta in float32.",
            agreeing, lambda n: n["least"] > 14 and n["nadam"] < 11,
        ),
        finding(
            "Keras keeps the learning rate in float32 for float64 weights: its SGD agrees with x - lr g in "
            "{documented:.1f} digits after the first step, and in {stored:.1f} where lr is rounded first.",
            keras_rate, lambda n: n["documented"] < 11 and n["stored"] > 15,
        ),
        finding(
            "In float32 Adam keeps {torch:.1f} digits of its formula over 100 steps in PyTorch, {optax:.1f} in Optax "
            "and {keras:.1f} in Keras, which form 1 - beta**k in float32.",
            in_float32, lambda n: n["torch"] > max(n["optax"], n["keras"]) + 0.8,
        ),
        finding(
            "At a gradient of 0 in float16 `torch.optim.Adam` makes {loop} of the weight, and with `fused=True` a step "
            "of {fused}.",
            flat, lambda n: (n["loop"], n["fused"]) == ("NaN", "0"),
        ),
    ),
    remedies=(
        remedy(
            "In bfloat16 give Keras's Adam a beta2 of at most 1 - 1/512: with 0.999, which rounds to 1, it never "
            "moves; with 0.99 it goes {way:.2g} in 20 steps.",
            unmoved, lambda n: n["still"] == ["keras.adam"] and n["way"] > 0.1, CODE, needs=("keras.adam",),
        ),
    ),
    symptoms=(
        "PyTorch and Keras train differently with the same Adam",
        "my loss curve changed when I moved from Keras to JAX",
        "Adam does not move in bfloat16",
    ),
)  # fmt: skip

if __name__ == "__main__":
    run_file(__file__)

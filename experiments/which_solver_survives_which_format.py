"""Which solver survives which floating-point format, and what can a short one still be used for?

bfloat16 has 8 bits, float16 and tensorfloat32 have 11, float32 has 24, float64 has 53, and a pair of float64 numbers
(double-double) about 106. The same algorithms run in each of them, every operation rounded to the format, and their
answers are held against the exact solution for the numbers as the format stores them. With the unit roundoff u, half
the gap between 1 and the next number, the error laws say the same for all: orthogonal methods have no digit left at
the condition number 1/u, and methods that form A'A at 1/sqrt(u), which is 16 for bfloat16 and 45 for float16. The range
of a format is another matter: float16 ends at 65504, so that A'A overflows where a column has a norm of 256, and A'A
loses what is smaller than 0.0002. bfloat16 has fewer bits and the range of float32.

A format that is too short to solve in may still be good enough to factor in. Iterative refinement factors A once in the
short format, forms residuals in a long one and corrects the answer in float64 until it no longer moves. Each step
shrinks the error by about u cond(A)/2, u of the short format: above the condition number 1/u it does not shrink at all.

Condition numbers in the tables are those before the matrix is rounded to the format, which in a short one changes them.
Thin lines in the figure are the error laws, computed from the matrix as stored before any solver ran.
"""

import math
from itertools import islice

import numpy as np

from stabilitylab.lab import (
    Breakdown,
    Experiment,
    Guide,
    Lines,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    Status,
    cases,
    conditioning,
    finding,
    format_named,
    plain,
    problems,
    reference,
    refined,
    refinement_factor,
    refinements,
    remedy,
    run_file,
)

FORMATS = ("bfloat16", "float16", "tensorfloat32", "float32", "float64", "double_double")
CHOLESKY, LU, INVERSE, CLASSICAL = "normal.cholesky", "normal.lu", "normal.inverse", "qr.cgs"
QR, MODIFIED = "qr.householder", "qr.mgs"
CONDS = (1e1, 1e2, 1e3, 1e4, 1e6)
MILD = 10.0  # a condition number that every format here can bear
SPREAD = 3.5  # columns in units that differ by up to seven powers of ten
FITTING = (0, 1, 2, 3, 4, 6)  # seeds of those whose entries float16 holds: no number becomes 0 or infinite

FACTORS = ("float8_e4m3", "bfloat16", "float16", "float32")
SHARES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)  # condition numbers in units of 1/u of the format of the factors
REFINED = "refinement"


def digits(row: Measurement) -> float:
    """Digits of the solution as a whole; no answer is no digits."""
    return row["digits.normwise"] or 0.0


def held(rows: Rows) -> Rows:
    """The rows of columns in like units."""
    return rows.where(solver=(CHOLESKY, LU, INVERSE, CLASSICAL, QR, MODIFIED), problem__column_spread=None)


def kept(rows: Rows, solver: str, format: str, cond: float) -> float:
    """The median digits of a solver in a format at a condition number."""
    chosen = held(rows).where(solver=solver, format=format, problem__cond=cond)
    return float(np.median([digits(row) for row in chosen]))


def possible(format: str) -> float:
    """The digits that a format can hold, -log10 u."""
    return -math.log10(format_named(format).unit_roundoff)


def at_mild(rows: Rows) -> dict[str, float]:
    """By how many digits QR stays below what each format holds, at a condition number of MILD."""
    short = {format: possible(format) - kept(rows, QR, format, MILD) for format in FORMATS}
    return {
        "cond": plain(MILD),
        "most": max(short.values()),
        "short": kept(rows, QR, "bfloat16", MILD),
        "long": kept(rows, QR, "double_double", MILD),
    }


def as_predicted(rows: Rows) -> dict[str, float]:
    """In how many answers of all formats the error is at most ten times what the law expects."""
    scored = [row for row in held(rows) if row["predicted.error"] and row["error.normwise"]]
    short = [row for row in scored if format_named(row.format).precision < 24]
    within = [row for row in scored if row["error.normwise"] <= 10 * row["predicted.error"]]
    return {"within": len(within), "all": len(scored), "short": len(short)}


def squares(rows: Rows) -> dict[str, float]:
    """Digits at a condition number between 1/sqrt(u) and 1/u, for two formats."""
    return {
        "half": plain(1e2),
        "single": plain(1e4),
        "normal half": kept(rows, LU, "float16", 1e2),
        "qr half": kept(rows, QR, "float16", 1e2),
        "normal single": kept(rows, LU, "float32", 1e4),
        "qr single": kept(rows, QR, "float32", 1e4),
    }


def ranges(rows: Rows) -> dict[str, float]:
    """What becomes of Cholesky and of QR on columns of unlike units, in two formats."""
    spread = rows.where(problem__column_spread=SPREAD)
    half, brain = (spread.where(solver=CHOLESKY, format=format) for format in ("float16", "bfloat16"))
    lost = [row for row in half if not row.answered]
    return {
        "lost": len(lost),
        "all": len(half),
        "overflow": sum("is inf" in row.note for row in lost),
        "brain": sum(not row.answered for row in brain),
        "qr": sum(row.answered for row in spread.where(solver=QR, format="float16")),
    }


def same_bits(rows: Rows) -> dict[str, float]:
    """In how many answers float16 and tensorfloat32, of 11 bits each, differ by no more than their range explains."""
    pairs = [
        (row, other)
        for row, other in zip(held(rows).where(format="float16"), held(rows).where(format="tensorfloat32"), strict=True)
        if row.answered and other.answered and row["problem.cond"] == MILD
    ]
    gaps = [abs(digits(row) - digits(other)) for row, other in pairs]
    return {"pairs": len(pairs), "gap": max(gaps)}


def refining(rows: Rows, low: float, high: float) -> Rows:
    """The rows of refinement at a condition number of low to high times 1/u."""
    own = rows.where(solver=REFINED)
    return Rows([row for row in own if low <= row["problem.u_cond"] <= high])


def limit(rows: Rows) -> dict[str, float]:
    """How many refinements converge well below 1/u and well above, and the fewest digits of those below."""
    below, above = refining(rows, 0.0, 0.1), refining(rows, 10.0, math.inf)
    return {
        "below": sum(row.answered for row in below),
        "all below": len(below),
        "fewest": min(row["digits.normwise"] or 0.0 for row in below),
        "above": sum(row.answered for row in above),
        "all above": len(above),
    }


def rates(rows: Rows) -> dict[str, float]:
    """How many measured factors of the error are within a factor 5 of the predicted one."""
    rated = [row for row in refining(rows, 0.0, 0.3) if row["rate"] is not None]
    near = [row for row in rated if 0.2 <= row["rate"] / row["predicted.rate"] <= 5]
    return {"near": len(near), "all": len(rated)}


def four_bits(rows: Rows) -> dict[str, float]:
    """What factors of 4 bits are good for."""
    own = refining(rows, 0.0, 0.3).where(conditions__factor="float8_e4m3")
    best = max(own, key=lambda row: row["problem.u_cond"] if row.answered else 0)
    return {"bits": format_named("float8_e4m3").precision, "steps": best["steps"], "digits": digits(best)}


def probes(size: Size) -> list[Probe]:
    """A refinement for each format of the factors, condition number and kind of response."""
    shares = SHARES if size == "full" else (0.1, 10.0)
    return [
        Probe(
            "synthetic.randsvd",
            (REFINED,),
            parameters=(("u_cond", share), ("residual", residual)),
            conditions=(("factor", factor),),
        )
        for share in shares
        for factor in FACTORS
        for residual in (0.0, 1.0)
        if share / format_named(factor).unit_roundoff > 1.5
    ]


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The digits of refinement, the steps it took, and by how much a step shrank the error, beside the prediction."""
    factor = str(probe["factor"])
    cond = float(probe["u_cond"]) / format_named(factor).unit_roundoff
    problem = problems.get("synthetic.randsvd")(m=30, n=5, cond=cond, residual=float(probe["residual"]), seed=1)
    predicted = refinement_factor(conditioning(problem.A, problem.b), factor)
    nothing = {"digits.normwise": None, "error.normwise": None, "steps": None, "rate": None}
    try:
        fit = refined(problem.A, problem.b, factor)
    except Breakdown as error:
        scores = {**nothing, "predicted.rate": predicted}
        return (probe.row(REFINED, scores, status=Status.REFUSED, note=str(error), truth="matrix"),)
    ref = reference(problem)
    exact = np.array([float(v) for v in ref.x])
    error = float(np.linalg.norm(fit.x - exact) / np.linalg.norm(exact))
    steps = [one.moved for one in islice(refinements(problem.A, problem.b, factor), fit.iterations)]
    # The last step or two are the rounding of x itself.
    rate = (steps[-2] / steps[0]) ** (1 / (len(steps) - 2)) if len(steps) > 3 else None
    scores = {
        "digits.normwise": min(-math.log10(error), 15.95) if error else 15.95,
        "error.normwise": error,
        "steps": fit.iterations,
        "rate": rate,
        "predicted.rate": predicted,
    }
    return (probe.row(REFINED, scores, truth="matrix"),)


SCALING = """
import numpy as np

rng = np.random.default_rng(0)
A = np.column_stack([np.ones(50), rng.uniform(200, 400, 50)]).astype(np.float16)
print(f"the largest entry of A'A in float16 is {(A.T @ A).max()}")  # inf
exponents = np.frexp(np.abs(A).max(axis=0))[1]  # exact: powers of two
scaled = np.ldexp(A, -exponents)
print(f"with scaled columns it is {(scaled.T @ scaled).max()}")  # 18
"""

REFINING = """
import numpy as np

from stabilitylab import lre, reference, solvers

rng = np.random.default_rng(0)
A, b = rng.standard_normal((50, 4)), rng.standard_normal(50)
short = solvers.get("qr.householder")(A.astype(np.float16), b.astype(np.float16))
fit = solvers.get("refinement.float16")(A, b)
print(f"{lre(short.astype(float), reference(A, b)):.1f} digits in float16")  # 1.7 digits
print(f"{lre(fit.x, reference(A, b)):.1f} digits with the factors refined")  # 16 digits
"""

GRID = {"problem__column_spread": None}

EXPERIMENT = Experiment(
    chapter=26,
    problems=(
        *cases("synthetic.randsvd", m=30, n=5, cond=CONDS, seed=range(3)),
        *cases("synthetic.randsvd", m=30, n=5, cond=MILD, column_spread=SPREAD, seed=FITTING),
    ),
    quick=(
        *cases("synthetic.randsvd", m=30, n=5, cond=(1e1, 1e2, 1e4), seed=0),
        *cases("synthetic.randsvd", m=30, n=5, cond=MILD, column_spread=SPREAD, seed=FITTING[:2]),
    ),
    solvers=(CHOLESKY, LU, INVERSE, CLASSICAL, MODIFIED, QR),
    formats=FORMATS,
    metrics=("digits.min", "digits.supported", "digits.normwise", "error.normwise"),
    rows=probes,
    measure=measure,
    tables=(
        *(
            Pivot(
                f"Correct digits at condition number {plain(cond)}",
                columns="format",
                value="digits.normwise",
                where={"problem__cond": cond, **GRID},
                reduce="median",
            )
            for cond in (1e1, 1e2, 1e4)
        ),
        *(
            Pivot(
                f"Columns of unlike units in {format}: correct digits of each matrix",
                columns="problem.seed",
                value="digits.normwise",
                where={"problem__column_spread": SPREAD, "solver": (CHOLESKY, LU, QR), "format": format},
            )
            for format in ("float16", "bfloat16")
        ),
        Pivot(
            "Correct digits of refinement, by the format of its factors and the condition number times u",
            rows="conditions.factor",
            columns="problem.u_cond",
            value="digits.normwise",
            where={"solver": REFINED},
            reduce="min",
        ),
        Pivot(
            "Steps of refinement",
            rows="conditions.factor",
            columns="problem.u_cond",
            value="steps",
            where={"solver": REFINED},
            reduce="median",
            format="plain",
        ),
    ),
    figures=(
        Lines(
            "In every format QR has digits up to 1/u, the normal equations up to its square root",
            x="problem.cond",
            y="digits.normwise",
            series="format",
            panels="solver",
            where={"solver": (QR, LU), **GRID},
            laws=True,
            x_label="condition number before rounding",
            y_label="correct digits",
        ),
        Lines(
            "Refinement takes more and more steps up to where u cond(A) is near 1, and none converges beyond",
            x="problem.u_cond",
            y="steps",
            series="conditions.factor",
            where={"solver": REFINED, "problem__residual": 1.0},
            guides=(Guide("x", 1.0, "1"),),
            log_y=False,
            x_label="condition number times u of the factors",
            y_label="steps until x moves no longer",
        ),
    ),
    findings=(
        finding(
            "At condition number {cond} Householder QR keeps all digits but {most:.1f} at most in every format: "
            "{short:.1f} in bfloat16, {long:.1f} in double-double.",
            at_mild,
            lambda n: n["most"] < 2,
        ),
        finding(
            "One law, with the format's u, predicts them all: {within} of {all} answers have an error of at most ten "
            "times the estimate, {short} of them in formats of 8 and 11 bits.",
            as_predicted,
            lambda n: n["within"] >= 0.95 * n["all"] and n["short"] > 0.2 * n["all"],
        ),
        finding(
            "Between 1/sqrt(u) and 1/u only QR has digits: {normal half:.1f} of the normal equations and {qr half:.1f} "
            "of QR in float16 at {half}, {normal single:.1f} and {qr single:.1f} in float32 at {single}.",
            squares,
            lambda n: n["qr half"] - n["normal half"] > 0.7 and n["qr single"] - n["normal single"] > 1.5,
        ),
        finding(
            "On columns of unlike units Cholesky of A'A in float16 has no answer for {lost} of {all} problems, "
            "{overflow} of them because A'A is infinite; in bfloat16, which has fewer bits and more range, for "
            "{brain}. QR in float16 answers all {qr}.",
            ranges,
            lambda n: n["lost"] > n["brain"] and n["overflow"] > 0 and n["qr"] == n["all"],
        ),
        finding(
            "float16 and tensorfloat32 have equally many bits, and where the range is enough their answers agree: "
            "digits differ by {gap:.1f} at most in {pairs} pairs.",
            same_bits,
            lambda n: n["gap"] < 0.5,
        ),
        finding(
            "Refinement converges in {below} of {all below} cases at condition numbers up to a tenth of 1/u of its "
            "factors, to {fewest:.1f} digits or more, and in {above} of {all above} from ten times 1/u on.",
            limit,
            lambda n: n["below"] == n["all below"] and n["fewest"] > 14 and n["above"] == 0,
        ),
        finding(
            "A step shrinks the error by u cond/2 as predicted, within a factor 5, in {near} of {all} refinements.",
            rates,
            lambda n: n["near"] >= 0.7 * n["all"],
        ),
        finding(
            "Factors of {bits} bits (float8_e4m3) are enough for {digits:.1f} digits, after {steps} steps.",
            four_bits,
            lambda n: n["digits"] > 14,
        ),
    ),
    remedies=(
        remedy(
            "Scale the columns by powers of two before A'A is formed in float16, which is exact: as they came, "
            "{overflow} of {all} overflowed.",
            ranges,
            lambda n: n["overflow"] > 0,
            SCALING,
        ),
        remedy(
            "Factor in the short format and refine in the long one: {fewest:.1f} digits or more at condition numbers "
            "up to a tenth of 1/u.",
            limit,
            lambda n: n["fewest"] > 14,
            REFINING,
        ),
    ),
    symptoms=(
        "my regression in float16 is inf or NaN, and in bfloat16 it is not",
        "how many bits do I need to solve this",
        "mixed-precision refinement does not converge",
    ),
)

if __name__ == "__main__":
    run_file(__file__)

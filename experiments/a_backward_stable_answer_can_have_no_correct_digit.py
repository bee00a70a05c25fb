"""Can a good algorithm return a wrong answer, and would we notice?

A backward stable method solves a problem within rounding of the given one: its *backward error*, in units of the unit
roundoff u, is near 1. Whether that is near the right answer is for the data to say: *digits the data support* are those
that survive a change of half an ulp (unit in the last place) in every stored entry. So three columns that are often
confused stand side by side: correct digits, backward error, and what the data support. A small backward error with few
digits means that no other solver will do better, and that the data have to be put in another way. The column-wise
backward error tells methods that are stable in norm only (SVD) from those that are stable column by column.
"""

from stabilitylab.lab import (
    Column,
    Experiment,
    Guide,
    Listing,
    Pivot,
    Rows,
    Scatter,
    case,
    finding,
    plain,
    remedy,
    run_file,
)

CONSISTENT = case("synthetic.randsvd", cond=1e6)
LARGE_RESIDUAL = case("synthetic.randsvd", cond=1e6, residual=1.0)
HOPELESS = case("synthetic.randsvd", cond=1e12, residual=1.0)
SINCE_1970, ELAPSED = case("real.timestamps_ms"), case("real.timestamps_ms", elapsed=True)
STABLE = ("qr.householder", "qr.mgs")
QR, SVD, NORMAL, INVERSE = "qr.householder", "svd.full", "normal.cholesky", "normal.inverse"


def digits(row) -> float:
    """Digits of the worst coefficient; no answer is no digits."""
    return row["digits.min"] or 0.0


def short(row):
    """The problem, where the point of Householder QR stands."""
    if row["solver"] != QR:
        return ""
    family, given = row["problem"].partition("(")[0].partition(".")[2], row.parameters
    if family == "randsvd":
        return f"cond {plain(given['cond'])}" + (", residual" if given.get("residual") else "")
    return f"{family}({', '.join(f'{name}={value}' for name, value in given.items())})" if given else family


def row_of(rows: Rows, solver: str, recipe):
    """The row of one solver on one problem."""
    return next(iter(rows.where(solver=solver, problem=recipe.build().name)))


def stable(rows: Rows) -> dict[str, float]:
    """The largest column-wise backward error of the stable methods, and the fewest and most digits they keep."""
    chosen = rows.where(solver=STABLE)
    kept = [digits(row) for row in chosen]
    return {"error": max(chosen.values("backward_error.columnwise")), "fewest": min(kept), "most": max(kept)}


def svd_on_filip(rows: Rows) -> dict[str, float]:
    """Both backward errors of the SVD on Filip."""
    row = row_of(rows, SVD, case("nist.filip"))
    return {"norm": row["backward_error.optimal"], "columns": row["backward_error.columnwise"], "kept": digits(row)}


def normal_equations(rows: Rows) -> dict[str, float]:
    """Backward errors of Cholesky at the same condition number, without and with a residual."""
    pairs = {"consistent": CONSISTENT, "large": LARGE_RESIDUAL}
    return {name: row_of(rows, NORMAL, recipe)["backward_error.optimal"] for name, recipe in pairs.items()}


def shortfall(rows: Rows) -> dict[str, float]:
    """The most digits by which Householder QR, and the normal equations by LU, stay below what the data support."""
    short = {}
    for name, solver in {"qr": QR, "lu": "normal.lu"}.items():
        scored = [row for row in rows.where(solver=solver) if row["digits.supported"] is not None]
        short[name] = max(row["digits.supported"] - digits(row) for row in scored)
    return short


def residual_misleads(rows: Rows) -> dict[str, float]:
    """Digits of the residual norm and of x where x is lost."""
    row = row_of(rows, QR, HOPELESS)
    return {"residual": row["digits.residual_norm"], "x": digits(row)}


def another_origin(rows: Rows) -> dict[str, float]:
    """What the data support, and what Householder QR keeps, counted from 1970 and from the first time stamp."""
    before, after = row_of(rows, QR, SINCE_1970), row_of(rows, QR, ELAPSED)
    return {
        "supported": before["digits.supported"],
        "kept": digits(before),
        "supported after": after["digits.supported"],
        "kept after": digits(after),
    }


CODE = """
import numpy as np

t = 1.7e12 + np.arange(1000.0)  # Unix milliseconds; the slope is 3
b = 5 + 3 * (t - t[0])
rng = np.random.default_rng(0)


def slope(t, b):  # by Householder QR, which is backward stable
    Q, R = np.linalg.qr(np.column_stack([np.ones_like(t), t]))
    return np.linalg.solve(R, Q.T @ b)[1]


def supported(t, b):  # digits that survive a change in the last place of t and b
    nearby = [np.nextafter(v, rng.choice([-np.inf, np.inf], len(v))) for v in (t, b)]
    return -np.log10(max(abs(slope(*nearby) / slope(t, b) - 1), 2.0**-53))


print(f"{supported(t, b):.1f} digits are supported, counted from 1970")  # 7 digits
print(f"{supported(t - t[0], b):.1f} digits are supported, counted from the first stamp")  # 16 digits
"""

EXPERIMENT = Experiment(
    chapter=6,
    problems=(
        case("nist.filip"),
        case("nist.longley"),
        case("nist.pontius"),
        case("nist.wampler5"),
        case("classic.hilbert", n=10),
        case("classic.hilbert", n=13),
        case("classic.vandermonde", n=12),
        case("classic.lauchli"),
        SINCE_1970,
        ELAPSED,
        case("real.years", degree=3),
        case("real.income_and_rate"),
        CONSISTENT,
        LARGE_RESIDUAL,
        HOPELESS,
    ),
    solvers=(QR, "qr.mgs", SVD, "numpy.lstsq_rcond0", "numpy.pinv", NORMAL, "normal.lu", INVERSE),
    metrics=(
        "digits.min",
        "digits.median",
        "digits.supported",
        "digits.residual_norm",
        "backward_error.optimal",
        "backward_error.estimate",
        "backward_error.columnwise",
    ),
    tables=(
        Listing(
            "Householder QR: a small backward error everywhere, and digits where the data support them",
            columns=(
                "problem",
                "digits.min",
                Column("predicted.digits", "predicted"),
                "digits.supported",
                "backward_error.optimal",
                "backward_error.columnwise",
                "digits.residual_norm",
            ),
            where={"solver": QR},
            flag="verdict",
        ),
        Pivot("Correct digits of the worst coefficient", flag="verdict", rows="problem", columns="solver"),
        Pivot("Backward error in units of u", rows="problem", columns="solver", value="backward_error.optimal"),
        Pivot(
            "Column-wise backward error in units of u",
            rows="problem",
            columns="solver",
            value="backward_error.columnwise",
        ),
    ),
    figures=(
        Scatter(
            "Backward stable and still wrong: the algorithm decides left or right, the data decide up or down",
            x="backward_error.columnwise",
            y="digits.min",
            where={"solver": (QR, SVD, NORMAL, INVERSE)},
            labels=short,
            guides=(Guide("x", 10.0, "10 u"),),
            x_label="column-wise backward error, in units of u",
            y_label="correct digits, worst coefficient",
        ),
    ),
    findings=(
        finding(
            "Householder QR and modified Gram-Schmidt have column-wise backward errors of at most {error:.1f} u on all "
            "of these problems, and keep from {fewest:.1f} to {most:.1f} digits.",
            stable,
            lambda n: n["error"] < 30 and n["fewest"] < 0.5 and n["most"] > 10,
        ),
        finding(
            "Householder QR stays at most {qr:.1f} digits below what the data support on any problem; the normal "
            "equations by LU stay below it by up to {lu:.1f}.",
            shortfall,
            lambda n: n["qr"] < 1 and n["lu"] > 3,
        ),
        finding(
            "On Filip the SVD is stable in norm ({norm:.1g} u) and not column by column ({columns:.1e} u): "
            "{kept:.1f} digits.",
            svd_on_filip,
            lambda n: n["norm"] < 100 and n["columns"] > 1e3,
        ),
        finding(
            "The normal equations have a backward error of {consistent:.1e} u on consistent data and {large:.1f} u "
            "with a large residual, at the same condition number.",
            normal_equations,
            lambda n: n["consistent"] > 1e3 and n["large"] < 100,
        ),
        finding(
            "A residual norm right to {residual:.1f} digits is no sign that x is right: it has {x:.1f} digits there.",
            residual_misleads,
            lambda n: n["residual"] > 10 and n["x"] < 1,
        ),
    ),
    remedies=(
        remedy(
            "Where the data support too few digits, put the data in another way, not to another solver: Unix "
            "milliseconds support {supported:.1f} digits, and Householder QR keeps {kept:.1f}; the same milliseconds "
            "counted from the first support {supported after:.1f}, and it keeps {kept after:.1f}.",
            another_origin,
            lambda n: n["supported after"] > n["supported"] + 3 and n["kept after"] > n["kept"] + 3,
            CODE,
        ),
    ),
    symptoms=(
        "the residual is tiny, but the coefficients look wrong",
        "float32 and float64 give different answers",
        "every solver gives other coefficients for my data",
    ),
)

if __name__ == "__main__":
    run_file(__file__)

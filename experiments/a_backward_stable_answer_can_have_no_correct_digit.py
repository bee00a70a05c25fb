"""Can a good algorithm return a wrong answer, and would we notice?

A backward stable method solves a problem within rounding of the given one. Whether that is near the right answer is
for the data to say: *digits the data support* are those that survive a change of half an ulp in every stored entry. So
three columns that are often blurred stand side by side: correct digits, backward error, and what the data support. The
column-wise backward error tells methods that are stable in norm only (SVD) from those that are stable column by column.
"""

from stabilitylab.lab import Column, Experiment, Finding, Guide, Listing, Pivot, Rows, Scatter, case, run_file

CONSISTENT = case("synthetic.randsvd", cond=1e6)
LARGE_RESIDUAL = case("synthetic.randsvd", cond=1e6, residual=1.0)
HOPELESS = case("synthetic.randsvd", cond=1e12, residual=1.0)
STABLE = ("qr.householder", "qr.mgs")
QR, SVD, NORMAL, INVERSE = "qr.householder", "svd.full", "normal.cholesky", "normal.inverse"


def digits(row) -> float:
    """Digits of the worst coefficient; no answer is no digits."""
    return row["digits.min"] or 0.0


def short(row):
    """The problem, where the point of Householder QR stands."""
    name = row["problem"].partition(".")[2].replace("randsvd(cond=", "cond ").replace(", residual=1.0)", ", residual")
    return name.rstrip(")") if row["solver"] == QR and "cond " in name else name if row["solver"] == QR else ""


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


def shortfall(rows: Rows, solver: str) -> float:
    """The most digits by which a route stays below what the data support."""
    scored = [row for row in rows.where(solver=solver) if row["digits.supported"] is not None]
    return max(row["digits.supported"] - digits(row) for row in scored)


def residual_misleads(rows: Rows) -> dict[str, float]:
    """Digits of the residual norm and of x where x is lost."""
    row = row_of(rows, QR, HOPELESS)
    return {"residual": row["digits.residual_norm"], "x": digits(row)}


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
        case("real.timestamps_ms"),
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
        Finding(
            "Householder QR and modified Gram-Schmidt have column-wise backward errors of at most {error:.1f} u on all "
            "of these problems, and keep from {fewest:.1f} to {most:.1f} digits.",
            lambda rows: stable(rows)["error"] < 30 and stable(rows)["fewest"] < 0.5 and stable(rows)["most"] > 10,
            stable,
        ),
        Finding(
            "Householder QR keeps what the data support on every problem, to within a digit; the normal equations by "
            "LU fall short of it by up to {short:.1f}.",
            lambda rows: shortfall(rows, QR) < 1 and shortfall(rows, "normal.lu") > 3,
            lambda rows: {"short": shortfall(rows, "normal.lu")},
        ),
        Finding(
            "On Filip the SVD is stable in norm ({norm:.1g} u) and not column by column ({columns:.1e} u): "
            "{kept:.1f} digits.",
            lambda rows: svd_on_filip(rows)["norm"] < 100 and svd_on_filip(rows)["columns"] > 1e3,
            svd_on_filip,
        ),
        Finding(
            "The normal equations have a backward error of {consistent:.1e} u on consistent data and {large:.1f} u "
            "with a large residual, at the same condition number.",
            lambda rows: normal_equations(rows)["consistent"] > 1e3 and normal_equations(rows)["large"] < 100,
            normal_equations,
        ),
        Finding(
            "A residual norm right to {residual:.1f} digits says nothing about x, which has {x:.1f} right there.",
            lambda rows: residual_misleads(rows)["residual"] > 10 and residual_misleads(rows)["x"] < 1,
            residual_misleads,
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)

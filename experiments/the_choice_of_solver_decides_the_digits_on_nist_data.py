"""Which solver, and which NumPy or SciPy call, keeps the digits of the NIST regressions?

Eleven data sets with certified answers, and every route of the catalogue that takes them, called as users call it.
Three truths are scored. *Decimal* is NIST's own question: the data as published. *Data* asks for the solution of the
data rounded to float64, and *matrix* for that of the stored design matrix, all that a solver of (A, b) can see.
Where decimal and matrix differ, the digits were lost before the solver started. Beside the published order stands the
worst of eight copies with rows and columns permuted, and of eight with columns scaled by powers of two: each copy has
exactly the same answer, so that a difference is luck.
"""

from stabilitylab.lab import (
    Column,
    Experiment,
    Finding,
    HeatMap,
    Listing,
    Pivot,
    Rows,
    Variant,
    case,
    problems,
    run_file,
    solvers,
)

COPIES = 8
PERMUTED = tuple(Variant("permuted", k).name for k in range(1, COPIES + 1))
SCALED = tuple(Variant("scaled", k).name for k in range(1, COPIES + 1))
NIST = tuple(name for name in problems.names() if name.startswith("nist."))
PUBLISHED = {"truth": "decimal", "variant": "published"}
QR = "qr.householder"
# Our own solvers, and what comes with NumPy and SciPy; the other libraries have a chapter of their own.
OURS = (*solvers.names(), "numpy.*", "scipy.*", "statistics.*")

# What Householder QR must reach in the published order.
EXPECTED = {
    "nist.norris": 11.5,
    "nist.pontius": 11.5,
    "nist.noint1": 14,
    "nist.noint2": 14,
    "nist.longley": 10.5,
    "nist.wampler1": 8.5,
    "nist.wampler2": 8.5,
    "nist.wampler3": 8.5,
    "nist.wampler4": 7,
    "nist.wampler5": 5,
    "nist.filip": 7,
}


def digits(rows: Rows, solver: str, problem: str, truth: str = "decimal") -> float:
    """Correct digits of the worst coefficient in the published order; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem, truth=truth, variant="published")
    return row["digits.min"] or 0.0


def filip(rows: Rows) -> dict[str, float]:
    """Filip in the published order."""
    routes = {
        "default": "numpy.lstsq",
        "kept": "numpy.lstsq_rcond0",
        "mapped": "numpy.Polynomial",
        "qr": QR,
        "scipy": "scipy.lstsq_gelsd",
    }
    by_route = {name: digits(rows, solver, "nist.filip") for name, solver in routes.items()}
    return by_route | {"qr_on_matrix": digits(rows, QR, "nist.filip", "matrix")}


def wampler5(rows: Rows) -> dict[str, float]:
    """Wampler5, whose residual is far larger than the fit, by both methods, and the same matrix without it by QR."""
    return {
        "normal": digits(rows, "normal.cholesky", "nist.wampler5"),
        "qr": digits(rows, QR, "nist.wampler5"),
        "without": digits(rows, QR, "nist.wampler1"),
    }


def scaled_apart(rows: Rows, solver: str) -> float:
    """The most that scaling columns by powers of two moves a route's digits on any data set."""
    here = rows.where(solver=solver, truth="decimal")
    moved = []
    for name in here.distinct("problem"):
        worst = min(here.where(problem=name, variant=SCALED).values("digits.min"))
        moved.append(abs(digits(rows, solver, name) - worst))
    return max(moved)


def worst(title: str, copies: tuple[str, ...]) -> Pivot:
    """The leaderboard over copies: the fewest digits of any."""
    return Pivot(title, where={"truth": "decimal", "variant": copies}, reduce="min", sort="leaderboard")


EXPERIMENT = Experiment(
    chapter=2,
    problems=tuple(case(name) for name in NIST),
    quick=tuple(case(f"nist.{name}") for name in ("filip", "longley", "pontius", "wampler1", "wampler5")),
    solvers=OURS,
    truths=("decimal", "data", "matrix"),
    permuted=COPIES,
    scaled=COPIES,
    metrics=(
        "digits.min",
        "digits.median",
        "digits.normwise",
        "digits.standard_errors",
        "digits.r_squared",
        "digits.supported",
        "digits.statistical",
        "error.scaled",
        "ulps.max",
        "backward_error.optimal",
        "backward_error.columnwise",
    ),
    tables=(
        Pivot("Correct digits against the decimal truth, published order", where=PUBLISHED, sort="leaderboard"),
        worst("The worst of eight permuted copies", PERMUTED),
        worst("The worst of eight copies with columns scaled by powers of two", SCALED),
        Pivot(
            "Against the data truth: digits lost by rounding the data are not counted",
            where={"truth": "data", "variant": "published"},
            sort="leaderboard",
        ),
        Pivot(
            "Against the matrix truth: the solver alone, with verdicts of its error law",
            where={"truth": "matrix", "variant": "published"},
            sort="leaderboard",
            flag="verdict",
        ),
        Pivot(
            "What the error laws predict for the table above, before any solver has run",
            value="predicted.digits",
            where={"truth": "matrix", "variant": "published"},
        ),
        Listing(
            "What Householder QR keeps, what its law predicts, and what the data and their noise allow",
            columns=(
                "problem",
                "truth",
                "digits.min",
                Column("predicted.digits", "predicted"),
                "digits.supported",
                "digits.statistical",
                "backward_error.columnwise",
            ),
            where={"solver": QR, "variant": "published"},
            flag="verdict",
        ),
    ),
    figures=(
        HeatMap(
            "The same data, the same computer: from no correct digit to nearly all of them",
            where=PUBLISHED,
            sort="leaderboard",
        ),
        HeatMap(
            "The worst of eight permuted copies: what is left when luck is removed",
            where={"truth": "decimal", "variant": PERMUTED},
            reduce="min",
            sort="leaderboard",
        ),
    ),
    findings=(
        Finding(
            "On Filip `numpy.linalg.lstsq` keeps {default:.1f} digits by default, because its rank cut-off drops a "
            "direction; with `rcond=0` the same call keeps {kept:.1f}.",
            lambda rows: (
                filip(rows)["default"] < 0.5
                and filip(rows)["kept"] > 4
                and "rank cut-off"
                in next(iter(rows.where(solver="numpy.lstsq", problem="nist.filip", **PUBLISHED))).cause
            ),
            filip,
        ),
        Finding(
            "Householder QR keeps {qr:.1f} digits of Filip's decimal answer and {qr_on_matrix:.1f} of the stored "
            "matrix's; `Polynomial.fit`, which never forms that matrix, keeps {mapped:.1f}.",
            lambda rows: filip(rows)["mapped"] > filip(rows)["qr"] + 1,
            filip,
        ),
        Finding(
            "Householder QR reaches what is expected of a column-wise backward stable method on every data set.",
            lambda rows: all(digits(rows, QR, name) >= EXPECTED[name] for name in rows.distinct("problem")),
        ),
        Finding(
            "The normal equations by Cholesky lose {longley:.1f} digits against QR on Longley and {wampler1:.1f} on "
            "Wampler1, and refuse Filip.",
            lambda rows: (
                all(
                    digits(rows, QR, name) - digits(rows, "normal.cholesky", name) > 2
                    for name in ("nist.longley", "nist.wampler1")
                )
                and rows.any(solver="normal.cholesky", problem="nist.filip", status="REFUSED")
            ),
            lambda rows: {
                name: digits(rows, QR, f"nist.{name}") - digits(rows, "normal.cholesky", f"nist.{name}")
                for name in ("longley", "wampler1")
            },
        ),
        Finding(
            "On Wampler5 the normal equations keep {normal:.1f} digits and QR {qr:.1f}; on the same matrix without a "
            "residual, Wampler1, QR keeps {without:.1f}.",
            lambda rows: (
                wampler5(rows)["normal"] > wampler5(rows)["qr"] - 1
                and wampler5(rows)["without"] > wampler5(rows)["qr"] + 2
            ),
            wampler5,
        ),
        Finding(
            "Scaling columns by powers of two moves the digits of `scipy.linalg.lstsq` (gelsd) by up to {gelsd:.1f}, "
            "those of Householder QR by {qr:.1f}.",
            lambda rows: scaled_apart(rows, "scipy.lstsq_gelsd") > 2 and scaled_apart(rows, QR) < 0.5,
            lambda rows: {"gelsd": scaled_apart(rows, "scipy.lstsq_gelsd"), "qr": scaled_apart(rows, QR)},
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)

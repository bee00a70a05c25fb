"""What does a spreadsheet do to a regression?

LINEST, SLOPE and INTERCEPT of LibreOffice and of Gnumeric, run without a window, on the eleven NIST regressions, beside
what a statistician and a NumPy user would type, and beside the formula with MINVERSE that textbooks print. The first
table shows correct decimal digits of the worst coefficient: 15.95 is all that float64 holds, 0 is none. The data go
into the sheet as decimals of 17 digits, and the program is made to print what it read: the error of its reader is a
column of its own, in units in the last place.
"""

from stabilitylab.lab import Experiment, HeatMap, Listing, Pivot, Rows, case, finding, problems, remedy, run_file

NIST = tuple(name for name in problems.names() if name.startswith("nist."))
SHEETS = ("libreoffice.*", "gnumeric.*")
WAMPLER = tuple(f"nist.wampler{k}" for k in range(1, 6))


def digits(rows: Rows, solver: str, problem: str) -> float:
    """Correct digits of the worst coefficient; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem)
    return row["digits.min"] or 0.0


def wampler(rows: Rows, solver: str) -> list[float]:
    """The digits on each of the five Wampler problems."""
    return [digits(rows, solver, name) for name in WAMPLER if rows.any(solver=solver, problem=name)]


def against_numpy(rows: Rows) -> dict[str, float]:
    """The fewest digits of any Wampler problem, by Gnumeric and by NumPy."""
    return {"gnumeric": min(wampler(rows, "gnumeric.LINEST")), "numpy": min(wampler(rows, "numpy.lstsq"))}


def near_the_best(rows: Rows) -> dict[str, int | str]:
    """On how many problems Gnumeric's LINEST is within a digit of the best here, and the most of any other route."""
    names, within = rows.distinct("problem"), dict.fromkeys(rows.distinct("solver"), 0)
    for name in names:
        kept = {row.solver: row["digits.min"] or 0.0 for row in rows.where(problem=name)}
        for solver, digits in kept.items():
            within[solver] += max(kept.values()) - digits < 1
    own = within.pop("gnumeric.LINEST")
    return {"own": own, "others": max(within.values()), "all": len(names)}


def reader(rows: Rows) -> dict[str, float]:
    """The largest error in what the spreadsheets read."""
    sheets = Rows(tuple(row for row in rows if row.solver.startswith(("libreoffice.", "gnumeric."))))
    return {"ulps": max(sheets.values("reader.ulps"))}


def side_by_side(*named: tuple[str, str, str]):
    """Numbers of a finding: (name, route, problem) each, the digits of that route on that problem."""
    return lambda rows: {name: digits(rows, solver, f"nist.{problem}") for name, solver, problem in named}


CODE = """
import numpy as np

load = 150_000.0 * np.arange(1, 21)  # a calibration with a square, as Pontius
A = np.column_stack([load**0, load, load**2])
right = np.array([1.0, 2.0**-20, 2.0**-50])
b = A @ right  # without a rounding


def digits(x):
    return max(0.0, -np.log10(max(abs(x / right - 1).max(), 1e-16)))


print(f"{digits(np.linalg.lstsq(A, b)[0]):.1f} digits by numpy.linalg.lstsq")  # 7 digits
Q, R = np.linalg.qr(A)
print(f"{digits(np.linalg.solve(R, Q.T @ b)):.1f} digits by QR")  # 13 digits
"""

EXPERIMENT = Experiment(
    chapter=16,
    problems=tuple(case(name) for name in NIST),
    solvers=(*SHEETS, "r.lm", "numpy.lstsq", "qr.householder"),
    truths=("decimal",),
    metrics=(
        "digits.min",
        "digits.supported",
        "digits.standard_errors",
        "digits.r_squared",
        "reader.ulps",
    ),
    tables=(
        Pivot("Correct digits of the coefficients", rows="problem", columns="solver"),
        Pivot(
            "Correct digits of the standard errors", rows="problem", columns="solver", value="digits.standard_errors"
        ),
        Pivot("Correct digits of R²", rows="problem", columns="solver", value="digits.r_squared"),
        Listing(
            "What each program made of Filip",
            columns=("solver", "digits.min", "rank", "status", "reader.ulps", "warnings", "note"),
            where={"problem": "nist.filip"},
        ),
    ),
    figures=(HeatMap("Spreadsheets, R and NumPy on the NIST regressions: one of the spreadsheets keeps the most"),),
    findings=(
        finding(
            "Gnumeric's LINEST is within a digit of the best on {own} of {all} problems, and no other route here on "
            "more than {others}.",
            near_the_best,
            lambda n: n["own"] > n["others"],
            needs=("gnumeric.LINEST",),
        ),
        finding(
            "Gnumeric's LINEST keeps at least {gnumeric:.1f} digits of every Wampler problem; `numpy.linalg.lstsq` "
            "{numpy:.1f} of the worst.",
            against_numpy,
            lambda n: n["gnumeric"] > n["numpy"] + 1,
            needs=("gnumeric.LINEST",),
        ),
        finding(
            "Both spreadsheets read the decimals as the doubles that were meant: the largest error is {ulps:g} ulps.",
            reader,
            lambda n: n["ulps"] == 0,
            needs=("gnumeric.LINEST", "libreoffice.LINEST"),
        ),
        finding(
            "In LibreOffice the textbook's formula with MINVERSE keeps {longley inverse:.1f} digits of Longley and "
            "{wampler1 inverse:.1f} of Wampler1; LINEST keeps {longley:.1f} and {wampler1:.1f}.",
            side_by_side(
                ("longley", "libreoffice.LINEST", "longley"),
                ("wampler1", "libreoffice.LINEST", "wampler1"),
                ("longley inverse", "libreoffice.MINVERSE", "longley"),
                ("wampler1 inverse", "libreoffice.MINVERSE", "wampler1"),
            ),
            lambda n: all(n[name] > n[f"{name} inverse"] + 2 for name in ("longley", "wampler1")),
            needs=("libreoffice.LINEST",),
        ),
    ),
    remedies=(
        remedy(
            "In NumPy factor by QR: Householder QR, measured here as this package's `qr.householder`, keeps {qr:.1f} "
            "digits of Pontius, where `numpy.linalg.lstsq` keeps {numpy:.1f}; `numpy.linalg.qr` is the same "
            "factorisation by LAPACK.",
            side_by_side(("qr", "qr.householder", "pontius"), ("numpy", "numpy.lstsq", "pontius")),
            lambda n: n["qr"] > n["numpy"] + 3,
            CODE,
        ),
    ),
    symptoms=(
        "Excel and Python differ",
        "LINEST and MINVERSE give different coefficients",
        "a coefficient of 0 with a standard error of 0 in LINEST",
    ),
)

if __name__ == "__main__":
    run_file(__file__)

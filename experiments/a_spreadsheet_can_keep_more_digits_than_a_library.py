"""What does a spreadsheet do to a regression?

LINEST, SLOPE and INTERCEPT of LibreOffice and of Gnumeric, headless, on the eleven NIST regressions, beside what a
statistician and a NumPy user would type. The data go into the sheet as decimals of 17 digits, and the sheet is asked
for what it read: the error of its reader is a column of its own.
"""

from stabilitylab.lab import Experiment, Finding, HeatMap, Listing, Pivot, Rows, case, problems, run_file

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


def in_a_sheet(rows: Rows) -> Rows:
    """The rows of the spreadsheets."""
    return Rows(tuple(row for row in rows if row.solver.startswith(("libreoffice.", "gnumeric."))))


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
        Pivot("Correct digits of the coefficients", rows="problem", columns="solver", flag="silence"),
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
    figures=(
        HeatMap(
            "Spreadsheets, R and NumPy on the NIST regressions: one of the spreadsheets keeps the most", flag="silence"
        ),
    ),
    findings=(
        Finding(
            "Gnumeric's LINEST keeps at least {fewest:.1f} digits of every Wampler problem; `numpy.linalg.lstsq` "
            "{numpy:.1f} of the worst.",
            lambda rows: min(wampler(rows, "gnumeric.LINEST")) > min(wampler(rows, "numpy.lstsq")) + 1,
            lambda rows: {
                "fewest": min(wampler(rows, "gnumeric.LINEST")),
                "numpy": min(wampler(rows, "numpy.lstsq")),
            },
            needs=("gnumeric.LINEST",),
        ),
        Finding(
            "Both spreadsheets read the decimals as the doubles that were meant.",
            lambda rows: max(in_a_sheet(rows).values("reader.ulps")) == 0,
            needs=("gnumeric.LINEST", "libreoffice.LINEST"),
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)

"""What slope does a library return when the regressor is a Unix timestamp?

A thousand points one second, millisecond or nanosecond apart, and a response whose exact least-squares slope is 3. The
noise is as small as integers allow; nothing about the data is difficult but their distance from 1970: beside numbers of
1.7 thousand million the steps of 1 are small, and a column of time stamps is nearly a multiple of the intercept's
column of ones. In nanoseconds float64 keeps only every 256th stamp, so that the stored data have another slope: no
solver can bring back 3 from them. The columns `elapsed` hold the same data counted from the first stamp.
"""

from stabilitylab.lab import Experiment, HeatMap, Pivot, Reporting, Rows, cases, finding, remedy, run_file

UNITS = ("s", "ms", "ns")
SLOPE = 3.0


def data(row):
    """The unit, and whether time is counted from the first stamp."""
    return row["problem"].removeprefix("real.timestamps_").replace("(elapsed=True)", " elapsed")


def slope(row):
    """The slope returned."""
    return None if row["x"] is None else row["x"][1]


def returned(rows: Rows, solver: str, unit: str, elapsed: bool = False) -> float:
    """The slope a route returned."""
    (row,) = (r for r in rows.where(solver=solver, truth="decimal") if data(r) == unit + " elapsed" * elapsed)
    return slope(row)


def by_lstsq(rows: Rows) -> dict[str, float | str]:
    """The slopes that numpy.linalg.lstsq returns from 1970 on, and whether only the rank tells of it."""
    own = [row for row in rows.where(solver="numpy.lstsq", truth="decimal") if data(row) in ("s", "ms")]
    return {
        "s": returned(rows, "numpy.lstsq", "s"),
        "ms": returned(rows, "numpy.lstsq", "ms"),
        "rank": max(row.rank for row in own),
        "warned": any(row.warnings for row in own),
        "reporting": Reporting.RANK_ONLY.value.capitalize(),
    }


def on_seconds(rows: Rows) -> dict[str, float]:
    """The slopes of two routes that keep it."""
    return {"linregress": returned(rows, "scipy.linregress", "s"), "qr": returned(rows, "qr.householder", "s")}


def digits_by(rows: Rows) -> dict[str, int | float]:
    """How many routes keep less than one digit from 1970 on, and the fewest digits of any on elapsed time."""
    scored = [(data(row), row["digits.min"] or 0.0) for row in rows.where(truth="decimal")]
    return {
        "all": sum(unit == "s" for unit, _ in scored),
        "lost": sum(unit == "s" and kept < 1 for unit, kept in scored),
        "lost ns": sum(unit == "ns" and kept < 1 for unit, kept in scored),
        "elapsed": min(kept for unit, kept in scored if unit.endswith(" elapsed")),
    }


CODE = """
import numpy as np

t = 1.7e9 + np.arange(1000.0)  # Unix seconds; the slope is 3
b = 5 + 3 * (t - t[0])


def digits(slope):
    return min(15.95, -np.log10(max(abs(slope / 3 - 1), 1e-99)))


def slope(t):
    return np.linalg.lstsq(np.column_stack([np.ones_like(t), t]), b)[0][1]


print(f"{digits(slope(t)):.1f} digits of the slope, counted from 1970: {slope(t):.1e}")  # 0 digits
print(f"{digits(slope(t - t[0])):.1f} digits of the slope, counted from the first stamp")  # 16 digits
"""

USUAL = (
    "numpy.lstsq",
    "numpy.polyfit",
    "numpy.Polynomial",
    "scipy.linregress",
    "statistics.linear_regression",
    "normal.cholesky",
    "qr.householder",
)
FAMILIES = tuple(f"real.timestamps_{unit}" for unit in UNITS)

EXPERIMENT = Experiment(
    chapter=3,
    problems=tuple(c for family in FAMILIES for c in cases(family, elapsed=(False, True))),
    solvers=(
        "numpy.*",
        "scipy.linregress",
        "scipy.lsq*",
        "scipy.lstsq*",
        "statistics.*",
        "qr.householder",
        "normal.cholesky",
        "svd.full",
    ),
    truths=("decimal", "data"),
    metrics=("digits.min", "digits.supported", "digits.normwise", "backward_error.optimal", "digits.statistical"),
    tables=(
        Pivot(
            "The slope returned, where 3 is right",
            columns=data,
            value=slope,
            where={"truth": "decimal", "solver": USUAL},
            format="short",
        ),
        Pivot("Correct digits of the worse coefficient, decimal truth", columns=data, where={"truth": "decimal"}),
        Pivot(
            "Correct digits of the worse coefficient, data truth: what rounding the stamps lost is not counted",
            columns=data,
            where={"truth": "data"},
        ),
    ),
    figures=(
        HeatMap(
            "Counted from 1970 many calls lose every digit, counted from the first stamp none does",
            columns=data,
            where={"truth": "decimal"},
        ),
    ),
    findings=(
        finding(
            "`numpy.linalg.lstsq` on [1, Unix seconds] returns the slope {s:.1e}, and {ms:.1e} on milliseconds, where "
            "3 is right. {reporting}: it is {rank} of 2, and there is no warning.",
            by_lstsq,
            lambda n: 1e-7 < n["s"] < 1e-5 and n["ms"] < 1e-7 and n["rank"] < 2 and not n["warned"],
        ),
        finding(
            "`scipy.stats.linregress` and Householder QR return {linregress:.7f} and {qr:.7f} on seconds.",
            on_seconds,
            lambda n: all(abs(found - SLOPE) < 1e-4 for found in n.values()),
        ),
        finding(
            "On seconds {lost} of {all} routes keep less than one digit or give no answer, on nanoseconds {lost ns}.",
            digits_by,
            lambda n: n["lost"] > n["all"] / 4 and n["lost ns"] > n["lost"],
        ),
        finding(
            "On nanoseconds `linregress` returns {slope:.3f}.",
            lambda rows: {"slope": returned(rows, "scipy.linregress", "ns")},
            lambda n: abs(n["slope"] - SLOPE) > 0.3,
        ),
    ),
    remedies=(
        remedy(
            "Count time from the first stamp, `t - t[0]`: every route then keeps at least {elapsed:.1f} digits, where "
            "{lost} of {all} keep less than one, or give no answer, on seconds since 1970.",
            digits_by,
            lambda n: n["elapsed"] > 9 and n["lost"] > n["all"] / 4,
            CODE,
        ),
    ),
    symptoms=(
        "my slope is 1e-6",
        "the fitted line is flat",
        "the slope in milliseconds is not a thousandth of the slope in seconds",
    ),
)

if __name__ == "__main__":
    run_file(__file__)

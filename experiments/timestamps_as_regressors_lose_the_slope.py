"""What slope does a library return when the regressor is a Unix timestamp?

A thousand points one second, millisecond or nanosecond apart, and a response whose exact least-squares slope is 3. The
noise is as small as integers allow; nothing about the data is difficult but their distance from 1970. In nanoseconds
float64 keeps only every 256th stamp, so that the stored data have another slope: no solver can bring back 3 from them.
The columns `elapsed` hold the same data counted from the first stamp.
"""

from stabilitylab.lab import Experiment, Finding, HeatMap, Pivot, Rows, cases, run_file

UNITS = ("s", "ms", "ns")
SLOPE = 3.0


def data(row):
    """The unit, and whether time is counted from the first stamp."""
    return row["problem"].removeprefix("real.timestamps_").replace("(elapsed=True)", " elapsed")


def slope(row):
    """The slope returned."""
    return None if row["x"] is None else row["x"][1]


def returned(rows: Rows, solver: str, unit: str, elapsed: bool = False) -> float:
    """The slope a route returned; NaN where it returned none."""
    wanted = [r for r in rows.where(solver=solver, truth="decimal") if data(r) == unit + " elapsed" * elapsed]
    return float("nan") if wanted[0].x is None else wanted[0].x[1]


def slopes(rows: Rows) -> dict[str, float]:
    """The slopes the findings speak of."""
    return {
        "lstsq_s": returned(rows, "numpy.lstsq", "s"),
        "lstsq_ms": returned(rows, "numpy.lstsq", "ms"),
        "linregress_s": returned(rows, "scipy.linregress", "s"),
        "linregress_ns": returned(rows, "scipy.linregress", "ns"),
        "qr_s": returned(rows, "qr.householder", "s"),
    }


def lost(rows: Rows) -> dict[str, int]:
    """How many routes keep less than one digit, counted from 1970."""
    at = {unit: [row for row in rows.where(truth="decimal") if data(row) == unit] for unit in UNITS}
    gone = {unit: sum((row["digits.min"] or 0.0) < 1 for row in rows_at) for unit, rows_at in at.items()}
    return {"lost": gone["s"], "lost_ns": gone["ns"], "all": len(at["s"])}


def fewest_elapsed(rows: Rows) -> float:
    """The fewest digits any route keeps once time is counted from the first stamp."""
    return min(row["digits.min"] or 0.0 for row in rows.where(truth="decimal", problem__elapsed=True))


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
    metrics=("digits.min", "digits.normwise", "backward_error.optimal", "digits.statistical"),
    tables=(
        Pivot(
            "The slope returned, where 3 is right",
            columns=data,
            value=slope,
            where={"truth": "decimal"},
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
        Finding(
            "`numpy.linalg.lstsq` on [1, Unix seconds] returns the slope {lstsq_s:.1e}, and {lstsq_ms:.1e} on "
            "milliseconds, where 3 is right, and says nothing.",
            lambda rows: (
                1e-7 < slopes(rows)["lstsq_s"] < 1e-5
                and slopes(rows)["lstsq_ms"] < 1e-7
                and not any(row.warnings for row in rows.where(solver="numpy.lstsq"))
            ),
            slopes,
        ),
        Finding(
            "`scipy.stats.linregress` and Householder QR return {linregress_s:.7f} and {qr_s:.7f} on seconds.",
            lambda rows: all(abs(slopes(rows)[name] - SLOPE) < 1e-4 for name in ("linregress_s", "qr_s")),
            slopes,
        ),
        Finding(
            "On seconds {lost} of {all} routes keep less than one digit, on nanoseconds {lost_ns}.",
            lambda rows: lost(rows)["lost"] > lost(rows)["all"] / 4 and lost(rows)["lost_ns"] > lost(rows)["lost"],
            lost,
        ),
        Finding(
            "On nanoseconds `linregress` returns {linregress_ns:.3f}.",
            lambda rows: abs(slopes(rows)["linregress_ns"] - SLOPE) > 0.3,
            slopes,
        ),
        Finding(
            "Counted from the first stamp, every route keeps at least {fewest:.1f} digits.",
            lambda rows: fewest_elapsed(rows) > 9,
            lambda rows: {"fewest": fewest_elapsed(rows)},
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)

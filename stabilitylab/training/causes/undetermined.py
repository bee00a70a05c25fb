"""The data do not determine the coefficients: no optimiser can find what is not there."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.scoring.undetermined import undetermined
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry


@cause("SL412", "the data do not determine the coefficients", "warning", "data",
       source="Oettli and Prager, Numer. Math. 6 (1964) 405-409")  # fmt: skip
def not_determined(inquiry: Inquiry) -> Found | None:
    """Columns that depend on each other exactly, or whose independence is owed to rounding alone: shown by the rank of
    A in exact arithmetic, or by a relation that holds within half a unit in the last place of every entry."""
    run = inquiry.run
    if not run.minimum.is_unique:
        return shown(
            "SL412",
            f"the columns depend on each other: {run.minimum.reference.rank} of {len(run.names)} are independent, and "
            f"infinitely many weights have the least loss; an optimiser that starts at 0 goes to the one of least norm",
            witness={"rank": run.minimum.reference.rank},
        )
    rounded = inquiry.problem
    relation = undetermined(rounded, run.minimum.reference) if rounded.format == run.setting.format else ""
    if not relation:
        return None
    return shown(
        "SL412",
        f"the columns depend on each other within the rounding of the numbers: {relation}; digits of these "
        "coefficients "
        f"mean nothing",
        witness={"relation": relation},
    )

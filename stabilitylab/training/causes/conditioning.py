"""The conditioning of the data: the run goes as fast as its law says, and that is slow."""

import numpy as np

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.printable import one_decimal
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry
from stabilitylab.training.orthogonal import orthogonalised

DONE = 0.01  # of the error along an eigenvector at the start: a direction with less is done


@cause("SL411", "the conditioning decides how long it takes", "warning", "data", source="Polyak (1987), section 1.4")
def conditioning(inquiry: Inquiry) -> Found | None:
    """A run that still comes nearer, or stands far away, where the same optimiser with the same budget on orthogonal
    columns that span the same space comes nearer: only the conditioning is removed."""
    run = inquiry.run
    if inquiry.is_fine or not run.is_finite or not run.minimum.is_unique:
        return None
    removed = orthogonalised(inquiry)
    if removed is None or not removed.gap * 100 < inquiry.gap:
        return None
    done = inquiry.directions_left < DONE
    j, needed = inquiry.slowest
    more = (
        f"; {inquiry.names[j]} needs about {needed:.2g} steps in all for one more digit" if np.isfinite(needed) else ""
    )
    return shown(
        "SL411",
        f"the condition number of the columns is {inquiry.cond:.2e}, and the eigenvalues of the Hessian differ by "
        "its square: "
        f"{int(done.sum())} of {len(done)} directions are done after {run.ended} steps{more}; on orthogonal columns "
        "that span "
        f"the same space the same optimiser ends {removed.gap:.1e} above the least loss, not {inquiry.gap:.1e}",
        witness={"cond": inquiry.cond, "directions done": int(done.sum()), "coefficient": inquiry.names[j],
                 "steps needed": needed, "loss gap": inquiry.gap, "on orthogonal columns": removed.gap},
        removal=f"orthogonal columns: {removed.gap:.1e} above the least loss; solved directly "
                f"{one_decimal(removed.direct_digits)} digits",
        digits_before=run.digits[-1],
        digits_after=removed.direct_digits,
    )  # fmt: skip

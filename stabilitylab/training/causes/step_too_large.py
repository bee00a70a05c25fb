"""The rate is above the largest at which the method is stable: the loss grows without bound."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.core.objective import LOSSES
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry

BELOW = 0.9  # of the limit: the rate of the run that removes the cause


@cause("SL401", "the rate is above the limit of stability", "error", "algorithm", source="Polyak (1987), section 1.4")
def step_too_large(inquiry: Inquiry) -> Found | None:
    """A run that ends infinite or farther away than it began, at a rate above the limit that the largest eigenvalue of
    the Hessian sets; in exact arithmetic it grows too, and at BELOW of the limit it does not."""
    limit = inquiry.largest_rate
    grew = not inquiry.run.is_finite or inquiry.gap > inquiry.first_gap
    if limit is None or inquiry.setting.lr <= limit or not grew or not inquiry.grows_exactly:
        return None
    tamed = inquiry.again(lr=BELOW * limit)
    if not tamed.is_finite or not float(tamed.gaps[-1]) < inquiry.first_gap:
        return None
    run, L = inquiry.run, float(inquiry.run.minimum.spectrum[0][0])
    ended = f"the weights are infinite at step {run.not_finite}" if run.not_finite is not None else "the loss grows"
    if run.infinite_loss is not None:
        ended = f"the loss is infinite at step {run.infinite_loss}"
    predicted = run.predicted_overflow
    said = f" (step {predicted} was to be expected before the run)" if predicted is not None else ""
    return shown(
        "SL401",
        f"the rate {inquiry.setting.lr:g} is above {limit:.3g}, the largest at which {inquiry.method} is stable on "
        "these "
        f"data (the largest eigenvalue of the Hessian is {L:.3g}): {ended}{said}",
        witness={"rate": inquiry.setting.lr, "limit": limit, "largest eigenvalue": L,
                 "loss infinite at": run.infinite_loss,
                 "predicted": predicted, **_conventions(inquiry, limit)},
        removal=f"at the rate {BELOW * limit:.3g} the loss falls",
        digits_before=run.digits[-1],
        digits_after=tamed.digits[-1],
    )  # fmt: skip


def _conventions(inquiry: Inquiry, limit: float) -> dict[str, float]:
    """The limit under the other conventions of the loss: the factor in front moves it."""
    m = len(inquiry.run.minimum.b)
    factors = {"half sum": 1.0, "sum": 2.0, "half mean": 1 / m, "mean": 2 / m}
    own = factors[inquiry.setting.loss]
    return {f"limit for the {loss}": limit * own / factors[loss] for loss in LOSSES if loss != inquiry.setting.loss}

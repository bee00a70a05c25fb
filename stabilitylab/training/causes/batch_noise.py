"""Batches of rows: each step follows another loss, and at a constant rate the weights never come to rest."""

from stabilitylab.bench.causes.found import Found
from stabilitylab.training.causes.cause import cause, shown
from stabilitylab.training.causes.inquiry import Inquiry


@cause(
    "SL407",
    "batch noise",
    "warning",
    "algorithm",
    source="Bottou, Curtis and Nocedal, SIAM Review 60 (2018), section 4.2",
)
def batch_noise(inquiry: Inquiry) -> Found | None:
    """A run in batches that stands, or grows, where the same run on all rows comes nearer."""
    m, setting = len(inquiry.run.minimum.b), inquiry.setting
    if setting.batch is None or inquiry.is_fine or (inquiry.run.is_finite and not inquiry.stands):
        return None
    # The gradient of a sum over all rows is m / batch times as long as that of a batch; of a mean it is as long.
    rate = setting.lr * setting.batch / m if setting.loss in ("half sum", "sum") else setting.lr
    whole = inquiry.again(batch=None, lr=rate)
    if not inquiry.gains(whole):
        return None
    return shown(
        "SL407",
        f"with batches of {setting.batch} of {m} rows the loss is "
        f"{inquiry.gap:.1e} above its minimum; the same run on all rows ends {float(whole.gaps[-1]):.1e} above it",
        witness={
            "loss gap": inquiry.gap,
            "loss gap on all rows": float(whole.gaps[-1]),
            "batch": inquiry.setting.batch,
        },
        removal=f"all rows in each step: it ends {inquiry.compared(whole)}",
        digits_before=inquiry.run.digits[-1],
        digits_after=whole.digits[-1],
    )

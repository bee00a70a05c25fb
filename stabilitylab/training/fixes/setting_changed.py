"""Changes of the setting: another rate, schedule, format, update, scale of the loss, and momentum."""

from collections.abc import Iterator
from typing import Any

from stabilitylab.core.arithmetic.formats import FLOAT32
from stabilitylab.scoring.theory.descent.tuning import best_gradient, best_heavy_ball
from stabilitylab.training.causes.inquiry import Inquiry
from stabilitylab.training.fixes.fix import Tried, fix
from stabilitylab.training.run import Run

BELOW = 0.9  # of the largest stable rate
WARM = 100  # steps of a warm-up
CLIP = 1.0
WAYS = 6.0  # times the longest way, that the rates of a falling schedule cover twice over
SCALES = (2.0**8, 2.0**16)  # of the loss


def tried(says: str, run: Run, code: str) -> Iterator[Tried]:
    """A run that stayed finite, as what was tried."""
    if run.is_finite:
        yield Tried(says, code, run.digits[-1], float(run.gaps[-1]))


def call(inquiry: Inquiry, **changes: Any) -> str:
    """The call of `train` with some arguments changed."""
    setting = inquiry.setting
    arguments: dict[str, Any] = {
        "lr": setting.lr,
        "steps": setting.steps,
        "format": setting.format.name,
        "hyperparameters": dict(setting.hyperparameters) or None,
        "state": setting.state.name if setting.state is not None else None,
        "update": setting.update,
        "loss": setting.loss,
        "batch": setting.batch,
        "loss_scale": setting.loss_scale,
        **changes,
    }
    defaults = {"format": "float64", "update": "plain", "loss": "half sum", "loss_scale": 1.0}
    optimiser = arguments.pop("optimiser", setting.optimiser).removeprefix("descent.")
    written = ", ".join(
        f"{name}={value if name == 'schedule' else _rounded(value)!r}"
        for name, value in arguments.items()
        if value is not None and value != defaults.get(name)
    )
    return f"sl.train({optimiser!r}, problem, {written})"


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


@fix("a smaller rate", "SL401", source="Polyak (1987), section 1.4")
def smaller_rate(inquiry: Inquiry) -> Iterator[Tried]:
    """The best constant rate of gradient descent, or BELOW of the largest stable one."""
    if inquiry.largest_rate is None:
        return
    eigenvalues = inquiry.run.minimum.spectrum[0]
    rate = BELOW * inquiry.largest_rate
    if inquiry.setting.optimiser == "descent.gradient" and eigenvalues[-1] > 0:
        rate = best_gradient(float(eigenvalues[-1]), float(eigenvalues[0])).lr
    yield from tried(f"With the rate {rate:.3g}", inquiry.again(lr=rate), call(inquiry, lr=rate))


@fix("the mean in place of the sum", "SL401")
def mean_loss(inquiry: Inquiry) -> Iterator[Tried]:
    """The same rate on the mean over rows, the loss that most libraries have."""
    if inquiry.setting.loss in ("half sum", "sum"):
        yield from tried("With the mean of the squares as the loss", inquiry.again(loss="mean"),
                         call(inquiry, loss="mean"))  # fmt: skip


@fix("momentum", "SL411", source="Polyak (1964)")
def momentum(inquiry: Inquiry) -> Iterator[Tried]:
    """Heavy ball with its best parameters: the steps grow with the condition number and not with its square."""
    eigenvalues = inquiry.run.minimum.spectrum[0]
    if inquiry.largest_rate is None or not eigenvalues[-1] > 0:
        return
    best = best_heavy_ball(float(eigenvalues[-1]), float(eigenvalues[0]))
    changes: dict[str, Any] = {
        "optimiser": "descent.heavy_ball",
        "lr": best.lr,
        "hyperparameters": {"momentum": best.momentum},
    }
    yield from tried("With momentum (heavy ball)", inquiry.again(**changes),
                     call(inquiry, optimiser="heavy_ball", lr=best.lr,
                          hyperparameters={"momentum": round(best.momentum, 6)}))  # fmt: skip


@fix("a rate that falls", "SL407", "SL408")
def falling(inquiry: Inquiry) -> Iterator[Tried]:
    """The rate falls to 0 over the budget, by as much in each step."""
    steps = inquiry.setting.steps
    run = inquiry.again(schedule=lambda k: 1 - k / steps)
    yield from tried("With a rate that falls to 0", run, call(inquiry, schedule=f"lambda k: 1 - k / {steps}"))


@fix("a larger rate", "SL410")
def larger_rate(inquiry: Inquiry) -> Iterator[Tried]:
    """A rate that falls to 0 and covers the longest way WAYS/2 times."""
    way = max(abs(float(e)) for e in inquiry.run.minimum.error(inquiry.run.weights[0]))
    steps = inquiry.setting.steps
    rate = WAYS * way / steps
    run = inquiry.again(lr=rate, schedule=lambda k: 1 - k / steps)
    yield from tried(f"With a rate that falls from {rate:.3g} to 0", run,
                     call(inquiry, lr=rate, schedule=f"lambda k: 1 - k / {steps}"))  # fmt: skip


@fix("a smaller eps", "SL406")
def smaller_eps(inquiry: Inquiry) -> Iterator[Tried]:
    """A millionth of eps."""
    eps = inquiry.setting.hyperparameter("eps")
    if eps:
        changed = {**inquiry.setting.hyperparameters, "eps": eps * 1e-6}
        yield from tried(f"With eps = {eps * 1e-6:g}", inquiry.again(hyperparameters=changed),
                         call(inquiry, hyperparameters=changed))  # fmt: skip


@fix("no decay", "SL409")
def no_decay(inquiry: Inquiry) -> Iterator[Tried]:
    """Weight decay 0."""
    changed = {**inquiry.setting.hyperparameters, "weight_decay": 0.0}
    if inquiry.setting.hyperparameter("weight_decay"):
        yield from tried("Without weight decay", inquiry.again(hyperparameters=changed),
                         call(inquiry, hyperparameters=changed))  # fmt: skip


@fix("all rows", "SL407")
def all_rows(inquiry: Inquiry) -> Iterator[Tried]:
    """Every row in each step."""
    if inquiry.setting.batch is not None:
        yield from tried("With all rows in each step", inquiry.again(batch=None), call(inquiry, batch=None))


@fix("a wider state", "SL404", "SL402", source="Micikevicius et al., ICLR (2018)")
def wider_state(inquiry: Inquiry) -> Iterator[Tried]:
    """The optimiser's state in float32 beside short weights."""
    if inquiry.setting.state_format.precision < FLOAT32.precision:
        yield from tried("With the optimiser's state in float32", inquiry.again(state=FLOAT32),
                         call(inquiry, state="float32"))  # fmt: skip


@fix("master weights", "SL403", "SL404", "SL405", source="Micikevicius et al., ICLR (2018), section 3.1")
def master_weights(inquiry: Inquiry) -> Iterator[Tried]:
    """A copy of the weights and the state in float32, of which the short weights are the rounding."""
    if inquiry.setting.format.precision < FLOAT32.precision:
        yield from tried("With master weights in float32", inquiry.again(update="master", state=FLOAT32),
                         call(inquiry, update="master", state="float32"))  # fmt: skip


@fix("compensated summation", "SL403", source="Kahan, CACM 8 (1965) 40; Zamirai et al., arXiv:2010.06192")
def compensated(inquiry: Inquiry) -> Iterator[Tried]:
    """The rounding error of each update carried along to the next."""
    if inquiry.setting.update == "plain":
        yield from tried("With compensated summation of the steps", inquiry.again(update="compensated"),
                         call(inquiry, update="compensated"))  # fmt: skip


@fix("stochastic rounding", "SL403", source="Xia et al., arXiv:2202.12276")
def stochastic(inquiry: Inquiry) -> Iterator[Tried]:
    """Updates rounded up or down at random, right in the mean."""
    if inquiry.setting.update == "plain" and inquiry.setting.format.precision < FLOAT32.precision:
        yield from tried("With stochastic rounding of the weights", inquiry.again(update="stochastic"),
                         call(inquiry, update="stochastic"))  # fmt: skip


@fix("a scaled loss", "SL402", source="Micikevicius et al., ICLR (2018), section 3.2")
def scaled_loss(inquiry: Inquiry) -> Iterator[Tried]:
    """The loss times a power of two before it is differentiated, the gradient divided by it in float32."""
    if inquiry.setting.format.precision < FLOAT32.precision:
        for scale in SCALES:
            yield from tried(f"With the loss scaled by {scale:g}, state in float32",
                             inquiry.again(loss_scale=scale, state=FLOAT32),
                             call(inquiry, loss_scale=scale, state="float32"))  # fmt: skip


@fix("clipping", "SL401")
def clipped(inquiry: Inquiry) -> Iterator[Tried]:
    """Gradients shortened to CLIP: the run stays finite, and is seldom near."""
    if inquiry.setting.clip is None:
        yield from tried(f"With gradients clipped at {CLIP:g}", inquiry.again(clip=CLIP), call(inquiry, clip=CLIP))


@fix("warm-up", "SL401", "SL408")
def warmed_up(inquiry: Inquiry) -> Iterator[Tried]:
    """A rate that grows over the first WARM steps."""
    run = inquiry.again(schedule=lambda k: min(1.0, (k + 1) / WARM))
    grows = f"lambda k: min(1, (k + 1) / {WARM})"
    yield from tried(f"With {WARM} steps of warm-up", run, call(inquiry, schedule=grows))


@fix("a wider format", "SL402", "SL403", "SL404", "SL405")
def wider(inquiry: Inquiry) -> Iterator[Tried]:
    """Every number in float64."""
    if inquiry.is_short:
        yield from tried("With every number in float64", inquiry.in_float64,
                         call(inquiry, format="float64", state=None, update="plain", loss_scale=1.0))  # fmt: skip

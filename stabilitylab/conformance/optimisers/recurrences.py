"""The formula of each optimiser in 200 bits: an oracle that shares no code with the package.

Every running mean is written as the weighted sum that it stands for, over all gradients so far: a mean with the bias
correction is sum w_j g_j / sum w_j, w_j = beta^(k-j), and no power is subtracted from 1. Momentum is written in terms
of positions, or as such a sum. Square roots are mpmath's. k counts steps from 0.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import mpmath

BITS = 200
mp: Any = mpmath.MPContext()
mp.prec = BITS

Vector: TypeAlias = list[Any]
History: TypeAlias = list[Vector]
Settings: TypeAlias = Mapping[str, Any]
Slope: TypeAlias = Callable[[Vector], Vector]
Path: TypeAlias = list[Vector]
Follow: TypeAlias = Callable[[Slope, Vector, Sequence[Any], Settings], Path]

RECURRENCES: dict[str, Follow] = {}
"""(gradient, x_0, lr of each step, hyperparameters) -> x_0, x_1, ..., by the name of the optimiser."""


def slope_of(A: Sequence[Sequence[Any]], b: Sequence[Any], factor: Any) -> Slope:
    """The gradient factor A'(A x - b) of exact numbers, as a function of x."""
    rows = [[mp.mpf(v) for v in row] for row in A]
    right = [mp.mpf(v) for v in b]
    scale = mp.mpf(factor.numerator) / factor.denominator

    def slope(x: Vector) -> Vector:
        r = [mp.fdot(row, x) - v for row, v in zip(rows, right, strict=True)]
        return [scale * mp.fdot(column, r) for column in zip(*rows, strict=True)]

    return slope


def recurrence(name: str) -> Callable[[Follow], Follow]:
    """Enter a function in RECURRENCES."""

    def add(follow: Follow) -> Follow:
        RECURRENCES[name] = follow
        return follow

    return add


def exactly(settings: Settings, name: str) -> Any:
    """A hyperparameter as an exact number."""
    return mp.mpf(settings[name])


def weighted(history: History, beta: Any) -> Vector:
    """sum_j beta^(k-j) h_j over a history h_0, ..., h_k."""
    k = len(history) - 1
    return [mp.fsum(beta ** (k - j) * v for j, v in enumerate(entries)) for entries in zip(*history, strict=True)]


def total(history: History, beta: Any) -> Any:
    """sum_j beta^(k-j), the weights of `weighted`."""
    return mp.fsum(beta**j for j in range(len(history)))


def squares(history: History) -> History:
    """The squares of every entry."""
    return [[v * v for v in entries] for entries in history]


def moved(x: Vector, lr: Any, direction: Vector) -> Vector:
    """x - lr direction."""
    return [a - lr * d for a, d in zip(x, direction, strict=True)]


def along(direction: Callable[[History, Path, Settings], Vector]) -> Follow:
    """The path x_(k+1) = x_k - lr_k direction(all gradients so far, all x so far)."""

    def follow(slope: Slope, start: Vector, rates: Sequence[Any], settings: Settings) -> Path:
        path, history = [[mp.mpf(v) for v in start]], []
        for lr in rates:
            history.append(slope(path[-1]))
            path.append(moved(path[-1], mp.mpf(lr), direction(history, path, settings)))
        return path

    return follow


RECURRENCES["descent.gradient"] = along(lambda history, path, settings: history[-1])


@recurrence("descent.heavy_ball")
def heavy_ball(slope: Slope, start: Vector, rates: Sequence[Any], settings: Settings) -> Path:
    """Polyak's x - lr g + ratio momentum (x - x_before): ratio 1 where lr is inside, else that of the two rates."""
    momentum, damped = exactly(settings, "momentum"), 1 - exactly(settings, "dampening")
    path = [[mp.mpf(v) for v in start]]
    for k, lr in enumerate(map(mp.mpf, rates)):
        kept = damped if k else mp.one
        x = moved(path[-1], lr * kept, slope(path[-1]))
        if k:
            ratio = mp.one if settings["lr_inside"] else lr / mp.mpf(rates[k - 1])
            x = [v + momentum * ratio * (now - before) for v, now, before in zip(x, path[-1], path[-2], strict=True)]
        path.append(x)
    return path


@recurrence("descent.nesterov")
def nesterov(slope: Slope, start: Vector, rates: Sequence[Any], settings: Settings) -> Path:
    """Textbook: descend from y, then look ahead from the last two x. The path is that of x, or of y."""
    momentum = exactly(settings, "momentum")
    if settings["form"] == "shifted":
        return along(
            lambda history, path, _: [
                g + momentum * v for g, v in zip(history[-1], weighted(history, momentum), strict=True)
            ]
        )(slope, start, rates, settings)
    positions = [[mp.mpf(v) for v in start]]
    ahead = [positions[0]]
    for lr in rates:
        positions.append(moved(ahead[-1], mp.mpf(lr), slope(ahead[-1])))
        ahead.append([(1 + momentum) * p - momentum * q for p, q in zip(positions[-1], positions[-2], strict=True)])
    return positions if settings["form"] == "textbook" else ahead


@recurrence("descent.momentum_mean")
@along
def momentum_mean(history: History, path: Path, settings: Settings) -> Vector:
    """(1 - beta) sum_j beta^(k-j) g_j."""
    beta = exactly(settings, "beta")
    return [(1 - beta) * v for v in weighted(history, beta)]


def over_root(direction: Vector, under: Vector, eps: Any, inside: bool) -> Vector:
    """direction / (sqrt(under) + eps), or direction / sqrt(under + eps)."""
    if inside:
        return [d / mp.sqrt(v + eps) for d, v in zip(direction, under, strict=True)]
    return [d / (mp.sqrt(v) + eps) for d, v in zip(direction, under, strict=True)]


@recurrence("descent.adagrad")
@along
def adagrad(history: History, path: Path, settings: Settings) -> Vector:
    """g over the root of all squares so far."""
    initial = exactly(settings, "initial")
    under = [initial + v for v in weighted(squares(history), mp.one)]
    return over_root(history[-1], under, exactly(settings, "eps"), settings["eps_inside"])


@recurrence("descent.rmsprop")
@along
def rmsprop(history: History, path: Path, settings: Settings) -> Vector:
    """g over the root of the mean of squares, uncorrected."""
    decay = exactly(settings, "decay")
    under = [(1 - decay) * v for v in weighted(squares(history), decay)]
    return over_root(history[-1], under, exactly(settings, "eps"), settings["eps_inside"])


@recurrence("descent.adadelta")
def adadelta(slope: Slope, start: Vector, rates: Sequence[Any], settings: Settings) -> Path:
    """g sqrt((u + eps)/(v + eps)), u of the steps taken before."""
    decay, eps = exactly(settings, "decay"), exactly(settings, "eps")
    path, history, taken = [[mp.mpf(v) for v in start]], [], [[mp.zero] * len(start)]
    for lr in rates:
        history.append(slope(path[-1]))
        above = [(1 - decay) * v + eps for v in weighted(squares(taken), decay)]
        under = [(1 - decay) * v + eps for v in weighted(squares(history), decay)]
        taken.append([g * mp.sqrt(a / v) for g, a, v in zip(history[-1], above, under, strict=True)])
        path.append(moved(path[-1], mp.mpf(lr), taken[-1]))
    return path


def adaptive(history: History, settings: Settings) -> tuple[Vector, Vector, Any]:
    """The corrected means of g and of g², and what v was divided by for the second."""
    beta1, beta2 = exactly(settings, "beta1"), exactly(settings, "beta2")
    mean = [v / total(history, beta1) for v in weighted(history, beta1)]
    square = [v / total(history, beta2) for v in weighted(squares(history), beta2)]
    return mean, square, (1 - beta2) * total(history, beta2)


@recurrence("descent.adam")
@along
def adam(history: History, path: Path, settings: Settings) -> Vector:
    """The weighted mean of g over the root of that of g²."""
    if settings["corrected"]:
        return adam_direction(history, settings)
    beta1 = exactly(settings, "beta1")
    mean, square, correction = adaptive(history, settings)
    raw = [(1 - beta1) * total(history, beta1) * v for v in mean]
    return over_root(raw, [correction * v for v in square], exactly(settings, "eps"), False)


@recurrence("descent.amsgrad")
@along
def amsgrad(history: History, path: Path, settings: Settings) -> Vector:
    """As Adam, over the largest of all v so far, or of all corrected v."""
    beta1, beta2, eps = (exactly(settings, name) for name in ("beta1", "beta2", "eps"))
    every = [weighted(squares(history[: k + 1]), beta2) for k in range(len(history))]
    if settings["maximum_of"] == "corrected v" and settings["corrected"]:
        seen = [[v / total(history[: k + 1], beta2) for v in entries] for k, entries in enumerate(every)]
        largest = [max(entries) for entries in zip(*seen, strict=True)]
    else:
        divisor = total(history, beta2) if settings["corrected"] else 1 / (1 - beta2)
        largest = [max(entries) / divisor for entries in zip(*every, strict=True)]
    divisor = total(history, beta1) if settings["corrected"] else 1 / (1 - beta1)
    return over_root([v / divisor for v in weighted(history, beta1)], largest, eps, False)


@recurrence("descent.adamw")
def adamw(slope: Slope, start: Vector, rates: Sequence[Any], settings: Settings) -> Path:
    """(1 - lr weight_decay) x less Adam's step; coupled: Adam on g + weight_decay x."""
    decay, coupled = exactly(settings, "weight_decay"), settings["decay"] == "coupled"
    path, history = [[mp.mpf(v) for v in start]], []
    for lr in map(mp.mpf, rates):
        x = path[-1]
        history.append([g + decay * v if coupled else g for g, v in zip(slope(x), x, strict=True)])
        step = adam_direction(history, settings)
        # "beside the step" and "in the step" are one formula; they differ in what is rounded.
        path.append(moved(x if coupled else [(1 - lr * decay) * v for v in x], lr, step))
    return path


def adam_direction(history: History, settings: Settings) -> Vector:
    """Adam's step over lr, with the bias correction."""
    mean, square, correction = adaptive(history, settings)
    eps = exactly(settings, "eps")
    # eps beside sqrt(v) is eps / sqrt(correction) beside the root of the corrected mean.
    before = settings["eps_added"] == "before correction"
    return over_root(mean, square, eps / mp.sqrt(correction) if before else eps, False)


@recurrence("descent.nadam")
@along
def nadam(history: History, path: Path, settings: Settings) -> Vector:
    """The means of m and of g, each over 1 less the product of its momenta, over the root of v."""
    beta1, warmth = exactly(settings, "beta1"), exactly(settings, "momentum_decay")
    k = len(history)
    growing = settings["momentum"] == "growing"
    # 0.96 is the double of that name, which is what an implementation has.
    mu = [beta1 * (1 - mp.mpf(0.96) ** (t * warmth) / 2) if growing else beta1 for t in range(1, k + 2)]
    now, ahead = 1 - mp.fprod(mu[:-1]), 1 - mp.fprod(mu)
    mean, square, _ = adaptive(history, settings)
    m = [(1 - beta1) * total(history, beta1) * v for v in mean]
    both = [mu[-1] * v / ahead + (1 - mu[-2]) * g / now for v, g in zip(m, history[-1], strict=True)]
    return over_root(both, square, exactly(settings, "eps"), False)


@recurrence("descent.lion")
@along
def lion(history: History, path: Path, settings: Settings) -> Vector:
    """The sign of a mixture of g and the mean of all gradients before."""
    beta1, beta2, decay = (exactly(settings, name) for name in ("beta1", "beta2", "weight_decay"))
    before = weighted(history[:-1], beta2) if len(history) > 1 else [mp.zero] * len(history[0])
    mixed = [beta1 * (1 - beta2) * m + (1 - beta1) * g for m, g in zip(before, history[-1], strict=True)]
    return [mp.sign(c) + decay * x for c, x in zip(mixed, path[-1], strict=True)]

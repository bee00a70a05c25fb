"""Training runs in which one thing was put wrong on purpose, a kind for each cause, and runs that are right."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Planted:
    """kind: what was planted. codes: those that name it, one of which must come first. optimiser, A, b, and the
    arguments of `train`; history: the convention of the loss under which a history is made, where one is."""

    kind: str
    codes: tuple[str, ...]
    optimiser: str
    A: Any
    b: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    history: str = ""


def made(rng: np.random.Generator, kappa: float, m: int = 20, n: int = 3, size: float = 1.0, noise: float = 0.0):
    """A (m, n) with singular values from size to size/kappa, x of size 1, and b = A x + noise."""
    U, _ = np.linalg.qr(rng.standard_normal((m, n)))
    V, _ = np.linalg.qr(rng.standard_normal((n, n)))
    A = U * (size * kappa ** -np.linspace(0, 1, n)) @ V.T
    x = rng.choice([-1, 1], n) * rng.uniform(0.5, 2, n)
    return A, A @ x + noise * size * rng.standard_normal(m) / np.sqrt(m)


def all_kinds(count: int, seed: int = 0, kinds=None) -> Iterator[Planted]:
    """`count` runs of each kind, or of some."""
    for kind in KINDS if kinds is None else kinds:
        rng = np.random.default_rng([seed, *kind.__name__.encode()])
        for k in range(count):
            yield kind(rng, k)


LIMIT = {"gradient": 2.0, "heavy_ball": 3.8, "nesterov": 3.8 / 2.8, "momentum_mean": 38.0}


def too_large(rng, k):
    """A rate above the limit of the method, by 3 % to a factor 3."""
    optimiser = list(LIMIT)[k % 4]
    size = 10.0 ** rng.uniform(-1, 2)
    A, b = made(rng, 10.0 ** rng.uniform(0.2, 1.5), size=size, noise=0.3)
    lr = LIMIT[optimiser] / size**2 * 10.0 ** rng.uniform(np.log10(1.03), 0.5)
    return Planted("too large", ("SL401",), optimiser, A, b,
                   {"lr": lr, "steps": 1500, "format": ["float64", "float32"][k // 4 % 2]})  # fmt: skip


def slow(rng, k):
    """A stable rate, and fewer steps than the condition number asks for."""
    optimiser = ["gradient", "heavy_ball", "nesterov"][k % 3]
    A, b = made(rng, 10.0 ** rng.uniform(1.8, 3), noise=0.3)
    return Planted("slow", ("SL411",), optimiser, A, b, {"lr": rng.uniform(0.5, 1.0), "steps": 400})


def at_the_floor(rng, k):
    """The best rate, in a short format, with more steps than it needs."""
    A, b = made(rng, rng.uniform(9, 13), m=8, n=2, noise=0.3)
    return Planted("floor", ("SL405",), "gradient", A, b,
                   {"lr": rng.uniform(0.8, 1.8), "steps": 2500,
                    "format": ["float16", "bfloat16"][k % 4 // 3]})  # fmt: skip


def frozen(rng, k):
    """A small rate in a short format: steps below half the distance of two numbers."""
    A, b = made(rng, rng.uniform(1.1, 2), m=4, n=2, noise=0.1)
    return Planted("frozen weight", ("SL403",), "gradient", A, b,
                   {"lr": 10.0 ** rng.uniform(-2.1, -1.7), "steps": 700,
                    "format": ["bfloat16", "float16"][k % 2]})  # fmt: skip


def frozen_state(rng, k):
    """Adam's state in bfloat16 beside weights in float32, and first gradients that are large beside the later ones."""
    A, b = made(rng, rng.uniform(3, 5), m=4, n=2, size=rng.uniform(8, 15), noise=0.01)
    return Planted("frozen state", ("SL404",), "adam", A, b,
                   {"lr": 0.1, "steps": 4000, "format": "float32", "state": "bfloat16",
                    "start": [30.0, -30.0]})  # fmt: skip


def eps_too_large(rng, k):
    """Gradients far below eps."""
    A, b = made(rng, rng.uniform(1.5, 5), size=10.0 ** rng.uniform(-6, -5))
    return Planted("eps", ("SL406",), "adam", A, b, {"lr": 0.01, "steps": 1500, "hyperparameters": {"eps": 1e-7}})


def cycling(rng, k):
    """A constant rate with a method whose steps do not shrink with the gradient."""
    A, b = made(rng, rng.uniform(3, 8), size=rng.uniform(1, 10), noise=0.5)
    optimiser, lr = [("lion", 0.02), ("rmsprop", 0.05)][k % 2]
    return Planted("cycling", ("SL408",), optimiser, A, b, {"lr": lr, "steps": 2000})


def noisy(rng, k):
    """Batches at a constant rate, and residuals that are not 0."""
    A, b = made(rng, rng.uniform(1.5, 4), m=40, size=6.0, noise=2.0)
    return Planted("noise", ("SL407",), "gradient", A, b,
                   {"lr": rng.uniform(0.02, 0.1), "steps": 2500, "batch": int(rng.integers(1, 8)),
                    "seed": k})  # fmt: skip


def far_away(rng, k):
    """Coefficients farther away than the rate times the steps."""
    A, b = made(rng, rng.uniform(1.5, 4), noise=0.1)
    scale = 10.0 ** rng.uniform(1.5, 3.5)
    optimiser = ["adam", "adamw", "nadam"][k % 3]
    hyperparameters = {"weight_decay": 0.0} if optimiser == "adamw" else {}
    return Planted("far away", ("SL410",), optimiser, A, b * scale,
                   {"lr": 10.0 ** rng.uniform(-3, -2), "steps": 800,
                    "hyperparameters": hyperparameters})  # fmt: skip


def decayed(rng, k):
    """Weight decay, where least squares is meant."""
    A, b = made(rng, rng.uniform(1.5, 3), noise=0.1)
    return Planted("decay", ("SL409",), "adamw", A, b,
                   {"lr": 0.05, "steps": 2000, "hyperparameters": {"weight_decay": rng.uniform(0.1, 1)},
                    "schedule": _falling})  # fmt: skip


def _falling(step: int) -> float:
    return 0.997**step


def dependent(rng, k):
    """A column that is the sum of two others, exactly."""
    A = rng.integers(-9, 10, (15, 3)).astype(float)
    A[:, 2] = A[:, 0] + A[:, 1]
    return Planted("dependent", ("SL412",), "gradient", A, A @ [1.0, 2.0, 0.0] + rng.standard_normal(15),
                   {"lr": 1e-3, "steps": 300})  # fmt: skip


def overflow(rng, k):
    """Products beyond the range of float16."""
    A, b = made(rng, rng.uniform(1.2, 2), size=rng.uniform(300, 900), noise=0.1)
    return Planted("overflow", ("SL402",), "gradient", A, b * rng.uniform(2, 10),
                   {"lr": 1e-6 * rng.uniform(0.3, 1), "steps": 400, "format": "float16"})  # fmt: skip


def underflow(rng, k):
    """Gradients below the smallest number of float16."""
    A, b = made(rng, rng.uniform(1.2, 2), size=rng.uniform(0.002, 0.005), noise=0.1)
    return Planted("underflow", ("SL402",), "gradient", A, b * 0.02,
                   {"lr": 6e4, "steps": 1500, "format": "float16", "loss": "mean"})  # fmt: skip


def other_loss(rng, k):
    """A history made with another loss than is said."""
    A, b = made(rng, rng.uniform(1.5, 4), noise=0.2)
    made_with, said = [("mean", "half sum"), ("sum", "half sum"), ("half mean", "mean")][k % 3]
    return Planted("other loss", ("SL413",), "gradient", A, b, {"lr": 0.2, "steps": 120, "loss": said}, made_with)


def right(rng, k):
    """Runs that arrive."""
    A, b = made(rng, rng.uniform(1.2, 3), noise=rng.uniform(0, 0.5))
    optimiser = ["gradient", "heavy_ball", "nesterov"][k % 3]
    hyperparameters = {} if optimiser == "gradient" else {"momentum": 0.3}
    format = ["float64", "float32"][k // 3 % 2]
    return Planted("right", (), optimiser, A, b,
                   {"lr": 0.9, "steps": 1500, "format": format, "hyperparameters": hyperparameters})  # fmt: skip


KINDS = (too_large, slow, at_the_floor, frozen, frozen_state, eps_too_large, cycling, noisy, far_away, decayed,
         dependent, overflow, underflow, other_loss, right)  # fmt: skip


def named_first(one: Planted) -> str:
    """The code that the explanation of a planted run, or of the history it would have left, has first; "" for none."""
    import stabilitylab as sl

    data = (one.A, one.b)
    if not one.history:
        return sl.explain_descent(*data, sl.train(one.optimiser, data, **one.arguments)).cause
    left = sl.train(one.optimiser, data, **{**one.arguments, "loss": one.history})
    said = {name: value for name, value in one.arguments.items() if name != "steps"}
    return sl.explain_descent(*data, np.array(left.weights[:100]), optimiser=one.optimiser, **said).cause


def campaign(count: int) -> Iterator[str]:
    """A line for each kind: how many of `count` runs are named rightly; the codes of the others."""
    for kind in KINDS:
        wrong = []
        for one in all_kinds(count, kinds=(kind,)):
            code = named_first(one)
            if code not in one.codes and (one.codes or code):
                wrong.append(code or "healthy")
        yield f"{kind.__name__}: {count - len(wrong)} of {count} {', '.join(wrong)}".rstrip()


if __name__ == "__main__":
    import sys

    for line in campaign(int(sys.argv[1])):
        print(line, flush=True)

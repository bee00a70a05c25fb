"""schedulefree's optimisers on a CPU: the answer is a running mean of the iterates, and no schedule is needed.

The gradient is taken at y, between the mean x and the iterate z; the weights are x, those of `optimizer.eval()`.
Gradients and losses as with torch.optim.
"""

from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import python_library
from stabilitylab.libraries.optimisers import Task, fed_gradient, optimiser_route
from stabilitylab.libraries.optimisers.torch_optimisers import predicted

SCHEDULEFREE = python_library(
    "schedulefree", title="schedulefree", modules=("schedulefree", "torch"), distribution="schedulefree"
)
SOURCE = "Defazio et al., The Road Less Scheduled, NeurIPS (2024); schedulefree, documentation"


def _schedulefree(task: Task, kind: str) -> Array:
    """The weights x (steps + 1, n) after each step, as `eval()` sets them; training goes on from y, bit for bit."""
    import schedulefree
    import torch

    dtype = getattr(torch, task.format)
    A, b, w = (torch.tensor(values, dtype=dtype) for values in (task.A, task.b, task.x0))
    w.requires_grad_(True)
    gradient, loss = fed_gradient(task), torch.nn.MSELoss(reduction="sum" if task.loss == "sum" else "mean")
    optimiser = getattr(schedulefree, kind)([w], lr=float(task.lr[0]), **task.options)

    def weights() -> Array:
        values: Array = w.detach().to(torch.float64).numpy().copy()
        return values

    path = [weights()]
    optimiser.train()
    for rate in task.lr:
        optimiser.param_groups[0]["lr"] = float(rate)
        optimiser.zero_grad()
        if task.own_gradient:
            loss(A @ w, b).backward()
        else:
            w.grad = torch.tensor(gradient(weights()), dtype=dtype)
        optimiser.step()
        between = w.detach().clone()
        optimiser.eval()
        path.append(weights())
        optimiser.train()
        with torch.no_grad():
            w.copy_(between)  # the way there and back would round twice
    return np.array(path)


def _declared() -> dict[str, Any]:
    formats = ("float64", "float32", "bfloat16", "float16")
    return {"source": SOURCE, "losses": ("mean", "sum"), "formats": formats, "predicts": predicted}


@optimiser_route("schedulefree.sgd", SCHEDULEFREE, **_declared())
def sgd(task: Task) -> Array:
    """z <- z - lr g(y), x the mean of the z, y = 0.1 z + 0.9 x: schedulefree.SGDScheduleFree(lr)."""
    return _schedulefree(task, "SGDScheduleFree")


@optimiser_route("schedulefree.adamw", SCHEDULEFREE, **_declared())
def adamw(task: Task) -> Array:
    """As schedulefree.sgd, the gradient over the root of its mean square: schedulefree.AdamWScheduleFree(lr)."""
    return _schedulefree(task, "AdamWScheduleFree")

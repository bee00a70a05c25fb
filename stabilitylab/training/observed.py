"""The gradient that an optimiser is fed, in the format of the weights, and the losses that are seen on the way."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.sums import column_sums, product, transposed_product
from stabilitylab.core.objective import LeastSquares
from stabilitylab.training.setting import Setting

Draw = Callable[[], LeastSquares]


class Observed:
    """A gradient function of the weights that keeps what it last computed.

    draw: the loss of the rows of the next step, its arrays in the format of the weights. The residuals are those of the
    loss times `loss_scale`; the gradient goes to the format of the state, there is divided by the scale, and is
    shortened to the norm `clip` where it is longer. loss: of the last call; gradient: as it was handed on; parts: what
    was computed on the way, by name.
    """

    def __init__(self, setting: Setting, draw: Draw) -> None:
        self._setting, self._draw = setting, draw
        self.loss: Any = None
        self.gradient: Array | None = None
        self.parts: Mapping[str, Array] = {}

    def __call__(self, x: Array) -> Array:
        objective, setting = self._draw(), self._setting
        fitted = product(objective.A, x)
        r = fitted - objective.b
        self.loss = objective.scaled(column_sums(r * r)) / 2
        scaled = objective.scaled(r)
        if setting.loss_scale != 1:
            scaled = scaled * setting.loss_scale
        g = transposed_product(objective.A, scaled)
        self.parts = {"A x": fitted, "residuals": r, "scaled": scaled, "gradient": g}
        if setting.state is not None:
            g = setting.state.rounded(_plain(g))
        if setting.loss_scale != 1:
            g = g / setting.loss_scale
        if setting.clip is not None:
            norm = float(np.linalg.norm(_plain(g)))
            if norm > setting.clip:
                g = g * (setting.clip / norm)
        self.gradient = g
        return g


def _plain(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64)

"""Models of pyfixest: feols without absorbed effects and without instruments. The data are inside the model."""

from typing import Any

import numpy as np

from stabilitylab.core.errors import InputError
from stabilitylab.diagnosis.models.answer import Answered
from stabilitylab.diagnosis.models.attributes import attribute, floats, lineage, number, texts, title
from stabilitylab.diagnosis.models.given import refuse_given
from stabilitylab.diagnosis.models.matrix_models import Matrix, answered_by_matrix


def answered_by_pyfixest(model: Any, X: Any, y: Any, weights: Any) -> Answered:
    """The regression of a model of feols. Raises InputError for effects, instruments, and other models."""
    if lineage(model)[0][1] != "Feols":
        raise InputError(f"a {title(model)} is not known here as least squares: pass one model of feols")
    if attribute(model, "_has_fixef", False):
        raise InputError(
            "a model with absorbed effects, y ~ x | group, has no coefficients for them: fit y ~ x + C(group)"
        )
    if attribute(model, "_is_iv", False):
        raise InputError("a regression with instruments is no least squares of y on X: pass one without them")
    way = "fit it with store_data=True and lean=False"
    A = floats(attribute(model, "_X", way=way), "_X", ndim=2)
    b = floats(attribute(model, "_Y", way=way), "_Y", ndim=2).ravel()
    w = floats(attribute(model, "_weights", way=way), "_weights", ndim=2).ravel()
    has_weights = bool(attribute(model, "_has_weights", False))
    if has_weights:  # which it has multiplied X and y by the roots of
        A = floats(attribute(model, "_X_untransformed", way=way), "_X_untransformed", ndim=2)
        b = floats(np.ravel(attribute(model, "_Y_untransformed", way=way)), "_Y_untransformed")
    refuse_given(X, y, weights, len(b), "the model")
    formula, frame = str(attribute(model, "_fml", "")), attribute(model, "_data", None)
    dropped = texts(attribute(model, "_collin_vars", None) or (), "_collin_vars")
    notes = tuple(f"pyfixest dropped {name}, which it takes for dependent on the others" for name in dropped)
    is_plain = str(attribute(model, "_vcov_type", "")) == "iid" and not has_weights
    return answered_by_matrix(
        Matrix(
            texts(attribute(model, "_coefnames"), "_coefnames"),
            A,
            b,
            floats(attribute(model, "_beta_hat"), "_beta_hat"),
            str(attribute(model, "_depvar", "y")),
            "pyfixest.feols",
            f"feols({formula!r}, data)",
            "" if dropped else formula,
            frame,
            "pyfixest.feols" if not has_weights and not dropped else "",
            standard_errors=floats(attribute(model, "_se"), "_se") if is_plain else None,
            r_squared=number(attribute(model, "_r2", None), "_r2"),
            weights=w if has_weights else None,
            notes=notes,
        )
    )

"""Results of statsmodels: OLS and WLS, by arrays or by a formula. The data are inside the result."""

from typing import Any

import numpy as np

from stabilitylab.core.errors import InputError
from stabilitylab.diagnosis.models.answer import Answered
from stabilitylab.diagnosis.models.attributes import attribute, floats, lineage, number, texts, title
from stabilitylab.diagnosis.models.given import refuse_given
from stabilitylab.diagnosis.models.matrix_models import Matrix, answered_by_matrix

LEAST_SQUARES = ("OLS", "WLS", "GLM")
WHITENED = ("GLS", "GLSAR")  # least squares of other rows: X and y times the root of an inverse covariance


def answered_by_statsmodels(result: Any, X: Any, y: Any, weights: Any) -> Answered:
    """The regression of a result of OLS, WLS or a normal GLM. Raises InputError for others, and for what has none."""
    kinds = [name for _, name in lineage(result)]
    if any(name in LEAST_SQUARES for name in kinds):
        raise InputError(f"{title(result)} is not fitted yet: pass its result, {title(result)}(y, X).fit()")
    if any("Regularized" in name for name in kinds):
        raise InputError("fit_regularized has a penalty, and so answers another question than least squares: use fit()")
    model = attribute(result, "model", way="pass the result that fit() returns")
    kind = title(model)
    if not any(library == "statsmodels" and name in LEAST_SQUARES for library, name in lineage(model)[:1]):
        way = f"pass one of {' or '.join(LEAST_SQUARES)}"
        if kind in WHITENED:
            way = "pass that of the rows as it weighs them, OLS(result.model.wendog, result.model.wexog).fit()"
        raise InputError(f"a result of {kind} is not known here as least squares: {way}")
    if kind == "GLM":
        _require_gaussian(model)
    way = "fit it again; remove_data() has taken its data away"
    A = floats(_present(attribute(model, "exog", way=way), "exog", way), "exog", ndim=2)
    b = floats(_present(attribute(model, "endog", way=way), "endog", way), "endog")
    refuse_given(X, y, weights, len(b), f"the result of {kind}")
    covariance = str(attribute(result, "cov_type", "nonrobust"))
    is_plain = covariance == "nonrobust"
    formula = attribute(model, "formula", "")
    data = attribute(model, "data", None)
    w = floats(attribute(model, "weights"), "weights") if kind == "WLS" else None
    if w is not None and w.shape != b.shape:
        w = np.broadcast_to(w, b.shape).copy()
    rank = number(attribute(model, "rank", None), "rank")
    is_formula = isinstance(formula, str) and bool(formula)
    return answered_by_matrix(
        Matrix(
            texts(attribute(model, "exog_names"), "exog_names"),
            A,
            b,
            floats(attribute(result, "params"), "params"),
            str(attribute(model, "endog_names", "y")),
            f"statsmodels.{kind}",
            f"{kind.lower()}({formula!r}, data).fit()" if is_formula else f"{kind}(y, X).fit()",
            formula if is_formula else "",
            None if data is None else attribute(data, "frame", None),
            "statsmodels.GLM_Gaussian" if kind == "GLM" else f"statsmodels.{kind}",
            None if rank is None else int(rank),
            floats(attribute(result, "bse"), "bse") if is_plain else None,
            None if kind == "GLM" else number(attribute(result, "rsquared", None), "rsquared"),
            w,
            () if is_plain else (f"the result has standard errors of another kind ({covariance}): not compared",),
        )
    )


def _require_gaussian(model: Any) -> None:
    """Raise InputError for a generalised linear model that is not least squares, row by row with weight 1."""
    family = attribute(model, "family")
    kinds = (title(family), title(attribute(family, "link")))
    if kinds != ("Gaussian", "Identity"):
        raise InputError(f"GLM of {kinds[0]} with the link {kinds[1]} is no least squares: pass a normal one, or OLS")
    for name in ("freq_weights", "var_weights"):
        weights = attribute(model, name, None)
        if weights is not None and (floats(weights, name) != 1).any():
            raise InputError(f"GLM with {name} is not known here: pass a result of WLS")
    offset = attribute(model, "_offset_exposure", None)
    if offset is not None and np.any(floats(np.ravel(offset), "offset")):
        raise InputError("GLM with an offset is not known here: subtract it from y")


def _present(value: Any, what: str, way: str) -> Any:
    if value is None:
        raise InputError(f"the result has no {what}: {way}")
    return value

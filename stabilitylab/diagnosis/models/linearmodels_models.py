"""Results of linearmodels: OLS, IV2SLS without instruments, PooledOLS. The data are inside the result."""

from typing import Any

import numpy as np

from stabilitylab.core.errors import InputError
from stabilitylab.diagnosis.models.answer import Answered
from stabilitylab.diagnosis.models.attributes import attribute, floats, lineage, number, texts, title
from stabilitylab.diagnosis.models.given import refuse_given
from stabilitylab.diagnosis.models.matrix_models import Matrix, answered_by_matrix

KNOWN = {"_OLS": "OLS", "IV2SLS": "IV2SLS", "PooledOLS": "PooledOLS"}


def answered_by_linearmodels(result: Any, X: Any, y: Any, weights: Any) -> Answered:
    """The regression of a result without instruments and effects. Raises InputError for others."""
    if any(name in KNOWN for _, name in lineage(result)):
        raise InputError(f"{title(result)} is not fitted yet: pass its result, as fit() returns it")
    model = attribute(result, "model", way="pass the result that fit() returns")
    kind = KNOWN.get(lineage(model)[0][1], "")
    if not kind:
        raise InputError(
            f"a result of {title(model)} is not known here as least squares: pass one of {', '.join(KNOWN.values())}"
        )
    if kind != "PooledOLS" and _width(attribute(model, "endog", None)):
        raise InputError("a regression with instruments is no least squares of y on X: pass one without them")
    exog, dependent, given = (attribute(model, name) for name in ("exog", "dependent", "weights"))
    array = "values2d" if kind == "PooledOLS" else "ndarray"
    A = floats(attribute(exog, array), "exog", ndim=2)
    b = floats(attribute(dependent, array), "dependent", ndim=2).ravel()
    w = floats(attribute(given, array), "weights", ndim=2).ravel()
    refuse_given(X, y, weights, len(b), f"the result of {kind}")
    names = texts(attribute(exog, "vars" if kind == "PooledOLS" else "cols"), "names")
    target = texts(attribute(dependent, "vars" if kind == "PooledOLS" else "cols"), "names")
    return answered_by_matrix(
        Matrix(
            names,
            A,
            b,
            floats(attribute(result, "params"), "params"),
            target[0] if target else "y",
            f"linearmodels.{kind}",
            f"{kind}(y, X).fit()",
            route=f"linearmodels.{kind}" if np.ptp(w) == 0 else "",
            r_squared=number(attribute(result, "rsquared", None), "rsquared"),
            weights=None if np.ptp(w) == 0 else w,
            notes=(
                "linearmodels has standard errors of another kind by default: they are not compared",
                *(("the weights are those inside the result, divided by their mean and rounded",) * bool(np.ptp(w))),
            ),
        )
    )


def _width(data: Any) -> int:
    """The number of columns of what may be no data at all."""
    shape = None if data is None else attribute(data, "shape", None)
    return int(shape[1]) if isinstance(shape, tuple) and len(shape) == 2 else 0

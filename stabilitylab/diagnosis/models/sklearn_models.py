"""Estimators of scikit-learn that minimise |y - a - X w|, alone or behind a pipeline of transformers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64, Array, Format
from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.core.printable import one_line
from stabilitylab.data.design import Design
from stabilitylab.data.frames import names_of_columns
from stabilitylab.data.kinds import is_sparse
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Column, Intercept, Term
from stabilitylab.diagnosis.models.answer import Answered
from stabilitylab.diagnosis.models.attributes import attribute, floats, lineage, number, texts, title
from stabilitylab.diagnosis.models.given import given_table, given_weights
from stabilitylab.diagnosis.models.sklearn_features import Feature, labels_read
from stabilitylab.diagnosis.models.sklearn_steps import transformed

PENALISED = ("RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "LassoLars", "LassoLarsCV", "BayesianRidge")
REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        PENALISED, "has a penalty, and so answers another question than least squares: fit LinearRegression"
    ),
    "TransformedTargetRegressor": "fits a transformed y: pass its regressor_, with y transformed as it does",
    **dict.fromkeys(("GridSearchCV", "RandomizedSearchCV"), "holds the model that it chose: pass its best_estimator_"),
    "MultiOutputRegressor": "holds a model for each target: pass one of its estimators_, with that column of y",
}
LONGEST = 300  # characters of a model as it is written
KNOWN = ("LinearRegression", "Ridge", "SGDRegressor", "Pipeline")


def answered_by_sklearn(model: Any, X: Any, y: Any, weights: Any) -> Answered:
    """The regression of a fitted LinearRegression, Ridge(alpha=0), SGDRegressor without penalty, or of a Pipeline.

    Raises InputError for other models, for one that is not fitted, and where X is not as it was fitted.
    """
    steps, regressor = _parts(model)
    kind = _require_least_squares(regressor)
    w, intercept = _coefficients(regressor)
    table, names, response = given_table(X, y)
    _require_same_columns(model, names, is_named=bool(names_of_columns(X)))
    features = tuple(Feature(Column(name)) for name in names)
    for step in steps:
        features = transformed(step, features, table)
    if len(features) != len(w):
        raise ShapeError(
            f"the model has {len(w)} coefficients, and X gives {len(features)} features: pass the X it was fitted on"
        )
    has_intercept = bool(attribute(regressor, "fit_intercept", True))
    design, x, notes = _ordered(features, w, intercept, has_intercept, table)
    read = {response, *design.numbers, *design.labels}
    data = {name: values for name, values in table.columns.items() if name in read}
    problem = Problem(table.name, data, design, "as given", response=response, format=_format(data))
    rank = attribute(regressor, "rank_", None) if kind == "LinearRegression" else None
    return Answered(
        problem,
        replace(table, notes=(*table.notes, *notes)),
        x,
        _name(regressor, steps),
        f"{_written(model)}.fit(X, y)",
        _route(regressor, kind, X) if not steps else "",
        None if rank is None else int(rank) + has_intercept,
        weights=given_weights(weights, table.rows),
        weights_name="weights" if weights is not None else "",
    )


def _name(regressor: Any, steps: list[Any]) -> str:
    """The public name of the class, behind those of the steps in front of it."""
    module = ".".join(part for part in type(regressor).__module__.split(".") if not part.startswith("_"))
    return f"{module}.{title(regressor)}{' behind ' * bool(steps)}{', '.join(map(title, steps))}"


def _written(model: Any) -> str:
    """A model as scikit-learn writes it, in one line; by its class where that is too long."""
    try:
        text = one_line(" ".join(repr(model).split()))
    except Exception:
        text = ""
    return text if 0 < len(text) <= LONGEST else f"{title(model)}(...)"


def _parts(model: Any) -> tuple[list[Any], Any]:
    """The transformers of a pipeline, and the estimator at its end."""
    if "Pipeline" not in [name for library, name in lineage(model) if library == "sklearn"]:
        return [], model
    steps = [step for _, step in attribute(model, "steps")]
    if not steps:
        raise InputError("the pipeline has no steps: pass one that was fitted")
    inner, regressor = _parts(steps[-1])
    return [step for step in [*steps[:-1], *inner] if step is not None and step != "passthrough"], regressor


def _require_least_squares(model: Any) -> str:
    """The class by which a model is known. Raises InputError for one that is not least squares without a penalty."""
    names = [name for library, name in lineage(model) if library == "sklearn"]
    kind = next((name for name in names if name in KNOWN or name in REFUSED), "")
    if kind in REFUSED:
        raise InputError(f"{title(model)} {REFUSED[kind]}")
    if attribute(model, "positive", False):
        raise InputError(f"{title(model)}(positive=True) is no least squares without bounds: fit it without positive")
    if kind == "Ridge" and (alpha := _alpha(model)):
        raise InputError(
            f"Ridge(alpha={alpha}) has a penalty, and so answers another question than least squares: "
            f"sl.lstsq(X, y, intercept=True, ridge={alpha}) is that one, certified; Ridge(alpha=0) has no penalty"
        )
    if kind == "SGDRegressor":
        if attribute(model, "loss", "") != "squared_error":
            raise InputError(f"SGDRegressor(loss={model.loss!r}) is no least squares: fit loss='squared_error'")
        if attribute(model, "penalty", None) is not None and attribute(model, "alpha", 0):
            raise InputError(
                "SGDRegressor has a penalty by default, and so answers another question: fit SGDRegressor(penalty=None)"
            )
    if not kind:
        raise InputError(
            f"a {title(model)} is not known here as least squares, the one problem whose exact solution is certified "
            f"here and digits are counted against: pass a fitted {', '.join(KNOWN)}, or a result of "
            "statsmodels, linearmodels or pyfixest"
        )
    return kind


def _alpha(model: Any) -> str:
    """The penalty of a Ridge as a text, "" for none."""
    alpha = np.ravel(floats(np.atleast_1d(attribute(model, "alpha", 1.0)), "alpha"))
    return "" if not alpha.any() else f"{alpha[0]:g}" if alpha.size == 1 else str(alpha.tolist())


def _coefficients(model: Any) -> tuple[Array, float]:
    """coef_ (n,) and intercept_ of a fitted model of one target."""
    coef = attribute(model, "coef_")
    array = floats(coef, "coef_", ndim=np.ndim(coef) if np.ndim(coef) in (1, 2) else 1)
    if array.ndim == 2 and array.shape[0] != 1:
        raise InputError(f"the model has {array.shape[0]} targets: fit and pass one for each column of y")
    intercept = np.ravel(floats(np.atleast_1d(attribute(model, "intercept_")), "intercept_"))
    if intercept.size != 1:
        raise InputError(f"the model has {intercept.size} intercepts: fit and pass one for each column of y")
    return array.ravel(), intercept[0]


def _require_same_columns(model: Any, names: tuple[str, ...], *, is_named: bool) -> None:
    """Raise ShapeError where X has another number of columns than at the fit, InputError where they are others."""
    count = number(attribute(model, "n_features_in_", None), "n_features_in_")
    if count is not None and int(count) != len(names):
        raise ShapeError(f"the model was fitted on {int(count)} columns, and X has {len(names)}: pass the X of the fit")
    fitted = attribute(model, "feature_names_in_", None)
    if fitted is None or not is_named:
        return
    expected = texts(fitted, "feature_names_in_")
    if expected != names:
        other = next((a, b) for a, b in zip(expected, names, strict=True) if a != b)
        raise InputError(
            f"the model was fitted on a column {other[0]!r} where X has {other[1]!r}: pass X with the columns of the "
            "fit, in their order"
        )


def _ordered(
    features: tuple[Feature, ...], w: Array, intercept: float, has_intercept: bool, table: Table
) -> tuple[Design, Array, list[str]]:
    """The design, an intercept first and levels in its order, and the coefficients in that order."""
    places: dict[Term, dict[str, int]] = {}
    notes: list[str] = []
    constant = intercept if has_intercept else None
    for j, feature in enumerate(features):
        if feature.term == Intercept():
            if has_intercept:
                notes.append("a column of ones stands beside the intercept: their coefficients are added up")
            constant = (constant or 0.0) + w[j]
            continue
        levels = places.setdefault(feature.term, {})
        if feature.level in levels:
            raise InputError(f"the feature {feature} comes twice out of the pipeline: leave one out")
        levels[feature.level] = j
    terms = ([Intercept()] if constant is not None else []) + list(places)
    order: list[int] = []
    for term, levels in places.items():
        expected = labels_read(term, table)
        if set(levels) != set(expected):
            raise InputError(f"the pipeline uses some features of {term} only: fit it on all of them")
        order += [levels[level] for level in expected]
    x = w[order] if constant is None else np.append(w.dtype.type(constant), w[order])
    return Design(tuple(terms)), x, notes


def _format(data: Mapping[str, Any]) -> Format:
    """float32 where every column is, as scikit-learn then computes in it; float64 otherwise."""
    is_short = [isinstance(values, np.ndarray) and values.dtype == np.float32 for values in data.values()]
    return FLOAT32 if all(is_short) else FLOAT64


def _route(model: Any, kind: str, X: Any) -> str:
    """The route of the catalogue that makes the same call, with all options at their defaults."""
    if kind == "LinearRegression" and attribute(model, "tol", 1e-6) == 1e-6:
        return "sklearn.LinearRegression_sparse" if is_sparse(X) else "sklearn.LinearRegression"
    return ""

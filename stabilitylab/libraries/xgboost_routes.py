"""XGBoost's linear booster: coordinate descent, in float32, as many rounds as it is given."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

XGBOOST = python_library("xgboost", title="XGBoost", modules=("xgboost",), distribution="xgboost-cpu")

ROUNDS = 100
ALWAYS = "there is no option to leave the bias out, so that what has no intercept is refused"
STOPS = f"{ROUNDS} rounds of coordinate descent leave a few digits, and none where columns are nearly dependent"


@route(
    "xgboost.gblinear",
    XGBOOST,
    source="XGBoost documentation, parameters for the linear booster; Bradley et al., ICML (2011) 321-328",
    tags=("no-rank-test",),
    works_in="float32",
    scalars=("float32", "float64"),
    call_form="columns",
    takes=lambda design: bool(design.intercept),
    takes_says="models with an intercept",
    fails={
        "agrees_with_the_exact_solution": "intercept_ leaves out base_score, the mean of y, where prediction starts",
        "cuts_off_where_it_says": ALWAYS,
        "leaves_its_input_alone_and_repeats_its_bits": ALWAYS,
        "works_in_the_precision_it_says": ALWAYS,
        "returns_the_format_of_its_input": "data and coefficients are float32, for float64 data too",
    },
    default=True,
    iterative=True,
)
def xgboost_gblinear(X: Array, y: Array, intercept: bool) -> Fit:
    """intercept_ and coef_ of XGBRegressor(booster="gblinear", n_jobs=1).fit(X, y), X (m, p), y (m,), 100 rounds.

    All in float32. Predictions start from base_score, by default the mean of y, and intercept_ is what is added to it:
    taken for the constant of the model it is wrong by that mean. With several threads the updater, "shotgun", gives
    other bits in every call, so one thread is taken. There always is a bias: without an
    intercept it raises InputError.
    Source: XGBoost documentation, Parameters for Linear Booster; XGBRegressor, attribute intercept_."""
    return _boosted(X, y, intercept, base_score=None)


@route(
    "xgboost.gblinear_base_score0",
    XGBOOST,
    source="XGBoost documentation, parameters for the linear booster, and base_score",
    tags=("no-rank-test",),
    works_in="float32",
    scalars=("float32", "float64"),
    call_form="columns",
    takes=lambda design: bool(design.intercept),
    takes_says="models with an intercept",
    fails={
        "agrees_with_the_exact_solution": STOPS,
        "cuts_off_where_it_says": ALWAYS,
        "leaves_its_input_alone_and_repeats_its_bits": ALWAYS,
        "works_in_the_precision_it_says": ALWAYS,
        "returns_the_format_of_its_input": "data and coefficients are float32, for float64 data too",
    },
    iterative=True,
)
def xgboost_gblinear_base_score0(X: Array, y: Array, intercept: bool) -> Fit:
    """intercept_ and coef_ of XGBRegressor(booster="gblinear", base_score=0, n_jobs=1).fit(X, y), 100 rounds.

    As xgboost.gblinear, but that prediction starts from 0, so that intercept_ is the constant of the model.
    Source: XGBoost documentation, Parameters for Linear Booster; learning task parameters, base_score."""
    return _boosted(X, y, intercept, base_score=0.0)


def _boosted(X: Array, y: Array, intercept: bool, base_score: float | None) -> Fit:
    import xgboost

    if not intercept:
        raise InputError("the linear booster always has a bias")
    model = xgboost.XGBRegressor(booster="gblinear", n_estimators=ROUNDS, n_jobs=1, base_score=base_score).fit(X, y)
    slopes = np.asarray(model.coef_, dtype=np.float32).ravel()
    return Fit(np.append(np.float32(np.ravel(model.intercept_)[0]), slopes), iterations=ROUNDS)

"""Fitted estimators and pipelines of scikit-learn as questions: the certified answer is that of the same features."""

import numpy as np
import pytest

from stabilitylab.core.arithmetic.formats import FLOAT32
from stabilitylab.core.errors import InputError, RankDeficientError, ShapeError
from stabilitylab.core.types import Status
from stabilitylab.diagnosis.digits import digits_of
from stabilitylab.diagnosis.models import asked_of_model

pd = pytest.importorskip("pandas", reason="pandas is not installed")
linear = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is not installed")
pre = pytest.importorskip("sklearn.preprocessing", reason="scikit-learn is not installed")
pipeline = pytest.importorskip("sklearn.pipeline", reason="scikit-learn is not installed")
compose = pytest.importorskip("sklearn.compose", reason="scikit-learn is not installed")

M = 40
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=M),
        "z": np.abs(RNG.normal(size=M)) + 1,
        "n": RNG.integers(0, 9, M),
        "g": list("badc") * 10,
        "h": ["u", "v", "v", "u", "u"] * 8,
    }
)
NUMBERS = FRAME[["x", "z", "n"]]
Y = pd.Series(RNG.normal(size=M) + FRAME.x, name="target")
WEIGHTS = np.abs(RNG.normal(size=M)) + 0.1
OLS = linear.LinearRegression


def behind(*steps, **options):
    return pipeline.make_pipeline(*steps, OLS(**options))


def columns(*transformers, **options):
    return compose.ColumnTransformer([(str(k), *t) for k, t in enumerate(transformers)], **options)


FIRST = pre.OneHotEncoder(drop="first")
LEVEL_C = pipeline.make_pipeline(pre.OneHotEncoder(drop=["c"]), pre.StandardScaler(with_mean=False))
MODELS = {
    "plain": (OLS(), NUMBERS, ("intercept", "x", "z", "n")),
    "no intercept": (OLS(fit_intercept=False), NUMBERS, ("x", "z", "n")),
    "no penalty": (linear.Ridge(alpha=0), NUMBERS, ("intercept", "x", "z", "n")),
    "scaled": (
        behind(pre.StandardScaler()),
        NUMBERS,
        ("intercept", "scaled(centred(x))", "scaled(centred(z))", "scaled(centred(n))"),
    ),
    "only scaled": (behind(pre.StandardScaler(with_mean=False)), NUMBERS[["z"]], ("intercept", "scaled(z)")),
    "only centred": (behind(pre.StandardScaler(with_std=False)), NUMBERS[["z"]], ("intercept", "centred(z)")),
    "range": (behind(pre.MinMaxScaler()), NUMBERS[["x"]], ("intercept", "ranged(x)")),
    "another range": (
        behind(pre.MinMaxScaler(feature_range=(-1.5, 1))),
        NUMBERS[["x"]],
        ("intercept", "((ranged(x) * 2.5) + -1.5)"),
    ),
    "largest": (behind(pre.MaxAbsScaler()), NUMBERS[["x"]], ("intercept", "overlargest(x)")),
    "powers beside an intercept": (
        behind(pre.PolynomialFeatures(2)),
        NUMBERS[["x", "z"]],
        ("intercept", "x", "z", "x^2", "x:z", "z^2"),
    ),
    "powers with ones": (
        behind(pre.PolynomialFeatures(3), fit_intercept=False),
        NUMBERS[["z"]],
        ("intercept", "z", "z^2", "z^3"),
    ),
    "levels": (
        behind(columns((pre.StandardScaler(), ["z"]), (FIRST, ["g", "h"]), remainder="passthrough")),
        FRAME,
        ("intercept", "scaled(centred(z))", "g[b]", "g[c]", "g[d]", "h[v]", "x", "n"),
    ),
    "all levels": (
        behind(columns((pre.OneHotEncoder(), ["g"]), (pre.FunctionTransformer(np.log), [1])), fit_intercept=False),
        FRAME,
        ("g[a]", "g[b]", "g[c]", "g[d]", "log(z)"),
    ),
    "nested": (
        behind(columns((LEVEL_C, ["g"]))),
        FRAME,
        ("intercept", "scaled(g[a])", "scaled(g[b])", "scaled(g[d])"),
    ),
    "levels in an order of their own": (
        behind(columns((pre.OneHotEncoder(categories=[["d", "b", "a", "c"]], drop="first"), ["g"]))),
        FRAME,
        ("intercept", "g[a]", "g[b]", "g[c]"),
    ),
    "levels of numbers": (
        behind(columns((pre.OneHotEncoder(drop="first"), slice("n", "n")))),
        FRAME.assign(n=[10, 9, 100, 9] * 10),
        ("intercept", "n[10]", "n[100]"),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_certified_answer_is_that_of_the_features_that_the_model_has(name):
    model, X, features = MODELS[name]
    model.fit(X, Y)
    question, call, stages = asked_of_model(model, X, Y)
    assert question.names == features
    assert question.problem.response == "target"
    assert stages is None
    fit = question.fit("data")
    assert digits_of(call.solution.x, fit).min() > 10
    # The predictions of the design with the coefficients of the model are those of the model.
    assert np.allclose(question.problem.A @ call.solution.x, model.predict(X), rtol=1e-9, atol=1e-9)
    assert call.name.startswith("sklearn.linear_model.")
    assert not any("residuals" in note for note in question.table.notes)


def test_a_plain_model_is_a_call_of_the_catalogue_and_one_behind_steps_is_none():
    model = OLS().fit(NUMBERS, Y)
    _, call, _ = asked_of_model(model, NUMBERS, Y)
    assert (call.entry.label.name, call.code, call.name) == (
        "sklearn.LinearRegression",
        "LinearRegression().fit(X, y)",
        "sklearn.linear_model.LinearRegression",
    )
    assert (call.solution.status, call.solution.fit.rank) == (Status.SOLVED, 4)
    _, call, _ = asked_of_model(behind(pre.StandardScaler()).fit(NUMBERS, Y), NUMBERS, Y)
    assert call.entry is None
    assert call.name == "sklearn.linear_model.LinearRegression behind StandardScaler"


def test_weights_are_given_beside_a_model_that_does_not_keep_them():
    model = OLS().fit(NUMBERS, Y, sample_weight=WEIGHTS)
    question, call, _ = asked_of_model(model, NUMBERS, Y, weights=WEIGHTS)
    assert digits_of(call.solution.x, question.fit("data")).min() > 10
    assert question.weights.tolist() == WEIGHTS.tolist()
    forgotten, _, _ = asked_of_model(model, NUMBERS, Y)
    assert "it was not fitted on these X and y" in forgotten.table.notes[-1]


def test_a_model_of_other_data_is_answered_and_that_is_said():
    model = OLS().fit(NUMBERS, Y)
    question, call, _ = asked_of_model(model, NUMBERS, Y + FRAME.z)
    assert "times the least possible: digits were lost in the fit, or it was not fitted" in question.table.notes[-1]
    exact, _, _ = asked_of_model(model, NUMBERS, model.predict(NUMBERS).round(1) + NUMBERS.z)
    assert "residuals" in exact.table.notes[-1]
    assert call.solution.status is Status.SOLVED


def test_single_precision_stays_single_precision():
    X, y = NUMBERS[["x", "z"]].to_numpy(np.float32), Y.to_numpy(np.float32)
    question, call, _ = asked_of_model(OLS().fit(X, y), X, y)
    assert question.problem.format is FLOAT32
    assert call.solution.x.dtype == np.float32
    assert question.names == ("intercept", "a0", "a1")
    assert asked_of_model(OLS().fit(NUMBERS, Y), NUMBERS, Y)[0].problem.format is not FLOAT32


def test_a_sparse_matrix_is_another_call():
    sparse = pytest.importorskip("scipy.sparse")
    X = sparse.csr_array(NUMBERS.to_numpy(float))
    question, call, _ = asked_of_model(OLS(tol=1e-14).fit(X, Y), X, Y)
    assert digits_of(call.solution.x, question.fit()).min() > 5
    _, call, _ = asked_of_model(OLS().fit(X, Y), X, Y)
    assert call.entry.label.name == "sklearn.LinearRegression_sparse"


@pytest.mark.parametrize(
    "chosen",
    [
        compose.make_column_selector(dtype_include="number"),
        [True, True, True, False, False],
        slice(0, 3),
        slice("x", "n"),
        np.array([0, 1, 2]),
        [-5, -4, -3],
        lambda X: ["x", "z", "n"],
    ],
    ids=lambda chosen: type(chosen).__name__,
)
def test_columns_are_chosen_in_every_way(chosen):
    model = behind(columns((pre.StandardScaler(), chosen))).fit(FRAME, Y)
    question, call, _ = asked_of_model(model, FRAME, Y)
    assert question.names == ("intercept", *(f"scaled(centred({name}))" for name in "xzn"))
    assert digits_of(call.solution.x, question.fit("data")).min() > 10


def test_a_rank_cut_off_is_a_status():
    X = np.stack([FRAME.x, FRAME.x + 1e-9 * FRAME.z], axis=1)
    question, call, _ = asked_of_model(OLS().fit(X, Y), X, Y)
    assert call.solution.status is Status.RANK_REDUCED
    assert call.solution.note == "rank 2 of 3 columns"
    assert question.names == ("intercept", "a0", "a1")


def test_the_dummy_trap_is_a_question_of_dependent_columns():
    model = behind(columns((pre.OneHotEncoder(), ["g"]))).fit(FRAME, Y)
    question, _, _ = asked_of_model(model, FRAME, Y)
    with pytest.raises(RankDeficientError, match=r"'g\[d\]' = intercept"):
        question.fit()


def test_a_constant_column_is_centred_and_not_scaled():
    X = NUMBERS.assign(one=3.0)
    question, _, _ = asked_of_model(behind(pre.StandardScaler()).fit(X, Y), X, Y)
    assert question.names[-1] == "centred(one)"
    with pytest.raises(RankDeficientError, match="one"):
        question.fit()


def test_a_target_may_be_a_column_of_x_by_name():
    table = NUMBERS.assign(t=Y)
    question, call, _ = asked_of_model(OLS().fit(NUMBERS, Y), table, "t")
    assert question.problem.response == "t"
    assert digits_of(call.solution.x, question.fit()).min() > 10


class Other(linear.LinearRegression):
    """A class of one's own."""


def test_a_class_of_ones_own_is_what_it_inherits_from():
    assert asked_of_model(Other().fit(NUMBERS, Y), NUMBERS, Y)[0].names == ("intercept", "x", "z", "n")


FITTED = OLS().fit(NUMBERS, Y)
MALFORMED = {
    "not fitted": (lambda: (OLS(), NUMBERS, Y), InputError, "this LinearRegression has no coef_.*fit it first"),
    "a pipeline that is not fitted": (lambda: (behind(pre.StandardScaler()), NUMBERS, Y), InputError, "fit it first"),
    "a class": (lambda: (OLS, NUMBERS, Y), InputError, "is a class, not a fitted model"),
    "no model": (lambda: (3, NUMBERS, Y), InputError, "a int is no fitted model of sklearn, statsmodels"),
    "no data": (lambda: (FITTED,), InputError, r"pass X and y as well, diagnose\(model, X, y\)"),
    "no y": (lambda: (FITTED, NUMBERS), InputError, "pass y as well"),
    "a penalty": (
        lambda: (linear.Ridge(alpha=0.5).fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        r"Ridge\(alpha=0.5\) has a penalty.*sl.lstsq\(X, y, intercept=True, ridge=0.5\)",
    ),
    "another penalty": (lambda: (linear.Lasso().fit(NUMBERS, Y), NUMBERS, Y), InputError, "Lasso has a penalty"),
    "a penalty by default": (
        lambda: (linear.SGDRegressor().fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        r"fit SGDRegressor\(penalty=None\)",
    ),
    "another loss": (
        lambda: (linear.SGDRegressor(loss="huber").fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        "fit loss='squared_error'",
    ),
    "bounds": (lambda: (OLS(positive=True).fit(NUMBERS, Y), NUMBERS, Y), InputError, "fit it without positive"),
    "a transformed target": (
        lambda: (compose.TransformedTargetRegressor(OLS()).fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        "pass its regressor_, with y transformed",
    ),
    "another model": (
        lambda: (linear.HuberRegressor().fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        "HuberRegressor is not known here as least squares.*: pass a fitted LinearRegression",
    ),
    "several targets": (lambda: (OLS().fit(NUMBERS, NUMBERS), NUMBERS, Y), InputError, "the model has 3 targets"),
    "a step that is not known": (
        lambda: (behind(pre.RobustScaler()).fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        r"what a RobustScaler does to the columns is not known.*e\(model\[-1\], model\[:-1\].transform\(X\), y\)",
    ),
    "a function of one's own": (
        lambda: (behind(pre.FunctionTransformer(lambda X: X)).fit(NUMBERS, Y), NUMBERS, Y),
        InputError,
        "not with a function of one's own",
    ),
    "infrequent levels": (
        lambda: (behind(columns((pre.OneHotEncoder(min_frequency=3), ["g"]))).fit(FRAME, Y), FRAME, Y),
        InputError,
        "fit it without min_frequency",
    ),
    "levels that X has not": (
        lambda: (behind(columns((pre.OneHotEncoder(), ["g"]))).fit(FRAME, Y), FRAME.assign(g=list("abce") * 10), Y),
        InputError,
        "knows a level 'd' of 'g' that X has not",
    ),
    "fewer columns": (lambda: (FITTED, NUMBERS[["x"]], Y), ShapeError, "fitted on 3 columns, and X has 1"),
    "columns in another order": (
        lambda: (FITTED, NUMBERS[["z", "x", "n"]], Y),
        InputError,
        "fitted on a column 'x' where X has 'z'",
    ),
    "fewer values of y": (lambda: (FITTED, NUMBERS, Y[:5]), ShapeError, "y has 5 values, and X 40 rows"),
    "y with several columns": (lambda: (FITTED, NUMBERS, NUMBERS), ShapeError, "y has 3 columns: pass one at a time"),
    "y by a name that is none": (lambda: (FITTED, NUMBERS, "nope"), InputError, "'nope', which is no column of X"),
    "missing cells": (lambda: (FITTED, NUMBERS.mask(NUMBERS > 1.9), Y), InputError, "missing"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_regression_is_refused_with_the_way_out(name):
    make, kind, says = MALFORMED[name]
    with pytest.raises(kind, match=says):
        asked_of_model(*make())


def test_weights_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="weights has 3 values, and X 40 rows"):
        asked_of_model(FITTED, NUMBERS, Y, weights=[1, 2, 3])
    with pytest.raises(InputError, match="weights must be numbers"):
        asked_of_model(FITTED, NUMBERS, Y, weights=["a"] * M)


class Hostile:
    """An attribute that raises whatever is done to it."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("an array of mine\x1b[2J")

    def __len__(self):
        raise RuntimeError("a length")

    def __bool__(self):
        raise RuntimeError("a truth")

    def __iter__(self):
        raise RuntimeError("an iterator")


@pytest.mark.parametrize("attribute", ["coef_", "intercept_", "fit_intercept", "positive", "n_features_in_", "rank_"])
@pytest.mark.parametrize("value", [Hostile(), "text", None, [[[1.0]]], object()], ids=lambda v: type(v).__name__)
def test_attributes_that_are_no_numbers_are_errors_of_ours_or_harmless(attribute, value):
    model = OLS().fit(NUMBERS, Y)
    setattr(model, attribute, value)
    try:
        _, call, _ = asked_of_model(model, NUMBERS, Y)
    except InputError as error:
        text = str(error)
    else:
        text = call.name
    assert "\x1b" not in text


def test_an_attribute_that_raises_is_an_error_of_ours():
    class Raises(linear.LinearRegression):
        @property
        def coef_(self):
            raise KeyError("mine")

    with pytest.raises(InputError, match=r"Raises.coef_ cannot be read \(KeyError: 'mine'\)"):
        asked_of_model(Raises(), NUMBERS, Y)


def test_coefficients_that_are_not_finite_are_a_status():
    model = OLS().fit(NUMBERS, Y)
    model.coef_ = np.array([1.0, np.nan, 2.0])
    _, call, _ = asked_of_model(model, NUMBERS, Y)
    assert (call.solution.status, call.solution.note) == (Status.NOT_FINITE, "z is nan")

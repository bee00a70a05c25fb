"""Models that were not fitted on what is passed beside them: no library is blamed, and what a step holds is checked."""

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.core.errors import InputError

linear = pytest.importorskip("sklearn.linear_model")
pd = pytest.importorskip("pandas")
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, StandardScaler  # noqa: E402

RNG = np.random.default_rng(5)
ROWS = 40
X = pd.DataFrame({"x": np.round(RNG.normal(10, 3, ROWS), 2), "z": np.round(RNG.normal(size=ROWS), 3)})
Y = np.round(2 + 3 * X["x"] - X["z"] + RNG.normal(size=ROWS), 2)
WEIGHTS = RNG.integers(1, 4, ROWS)


def behind(*steps, rows=slice(None), **fitted):
    return make_pipeline(*steps, linear.LinearRegression()).fit(X[rows], Y[rows], **fitted)


def codes(found):
    return {one.code for one in found.causes}


def test_a_pipeline_of_other_rows_or_weights_does_not_accuse_its_library():
    shuffled = sl.diagnose(behind(StandardScaler()), X, Y[::-1])
    weighted = behind(PolynomialFeatures(2, include_bias=False), linearregression__sample_weight=WEIGHTS)
    forgotten = sl.diagnose(weighted, X, Y)
    ridge = sl.diagnose(linear.Ridge(alpha=0).fit(X[:20], Y[:20]), X, Y)
    for found in (shuffled, forgotten, ridge):
        assert codes(found) == {"SL199"}
        assert "inside the library" not in found.verdict
    assert sl.diagnose(weighted, X, Y, weights=WEIGHTS).severity == "healthy"


def test_a_model_that_was_given_weights_is_told_that_they_may_be_missing():
    model = linear.LinearRegression().fit(X, Y, sample_weight=WEIGHTS)
    found = sl.diagnose(model, X, Y)
    assert found.causes == ()
    assert "and the weights of the fit where it had some" in found.verdict


def test_a_result_whose_data_were_changed_does_not_accuse_its_library():
    sm = pytest.importorskip("statsmodels.api")
    result = sm.OLS(Y, sm.add_constant(X)).fit()
    assert sl.diagnose(result).severity == "healthy"
    result.model.exog[3, 1] += 1
    found = sl.diagnose(result)
    assert found.causes == ()
    assert "Fit it again: the data inside it, or the coefficients" in found.verdict


def test_a_library_that_loses_the_digits_again_is_still_named():
    far = pd.DataFrame({"x": X["x"] + 1e9, "square": (X["x"] + 1e9) ** 2})
    found = sl.diagnose(linear.LinearRegression().fit(far, Y), far, Y)
    assert not codes(found) & {"SL199"}
    assert found.causes


@pytest.mark.parametrize("step", [StandardScaler(), StandardScaler(with_std=False), MinMaxScaler(), MaxAbsScaler()])
def test_a_step_that_was_fitted_on_other_rows_is_refused(step):
    model = behind(step)
    assert sl.diagnose(model, X, Y).severity == "healthy"
    model[0].fit(X[X["x"].abs() < X["x"].abs().max()])
    with pytest.raises(InputError, match=r"_ = \S+ of x, which is \S+ in X: pass the X of the fit, or transform X"):
        sl.diagnose(model, X, Y)
    found = sl.diagnose(model[-1], model[:-1].transform(X), Y)
    assert found.severity in ("error", "healthy")


def test_weights_of_a_step_are_refused_and_the_way_out_works():
    model = behind(StandardScaler(), linearregression__sample_weight=WEIGHTS, standardscaler__sample_weight=WEIGHTS)
    with pytest.raises(InputError, match="StandardScaler holds mean_"):
        sl.diagnose(model, X, Y, weights=WEIGHTS)
    assert sl.diagnose(model[-1], model[:-1].transform(X), Y, weights=WEIGHTS).severity == "healthy"


def test_steps_behind_steps_and_far_columns_are_not_taken_for_others():
    far = X.assign(x=X["x"] + 1e9)
    for table in (X, far):
        for steps in (
            (StandardScaler(), MinMaxScaler()),
            (PolynomialFeatures(2, include_bias=False), StandardScaler(), StandardScaler()),
        ):
            model = make_pipeline(*steps, linear.LinearRegression()).fit(table, Y)
            assert sl.diagnose(model, table, Y).coefficients
    short = X.astype(np.float32)
    assert sl.diagnose(make_pipeline(StandardScaler(), linear.LinearRegression()).fit(short, Y), short, Y).coefficients


def test_a_column_that_a_scaler_takes_for_constant_is_not_scaled():
    """scale_ is 1 there, though the standard deviation is not 0."""
    table = X.assign(z=1e9 + 2.0**-22 * (np.arange(ROWS) % 2))
    model = make_pipeline(StandardScaler(), linear.LinearRegression()).fit(table, Y)
    assert model[0].scale_[1] == 1
    assert model[0].var_[1] > 0
    names = [one.name for one in sl.diagnose(model, table, Y).coefficients]
    assert names == ["intercept", "scaled(centred(x))", "centred(z)"]


def test_a_value_that_an_imputer_replaces_is_refused():
    gap = X["x"][0]
    with pytest.raises(InputError, match="SimpleImputer fills in where x is"):
        sl.diagnose(behind(SimpleImputer(missing_values=gap)), X, Y)
    assert sl.diagnose(behind(SimpleImputer(missing_values=-999)), X, Y).severity == "healthy"


def test_bounds_are_refused():
    with pytest.raises(InputError, match=r"Ridge\(positive=True\) is no least squares without bounds"):
        sl.diagnose(linear.Ridge(alpha=0, positive=True).fit(X, Y), X, Y)


def test_coefficients_in_float16_have_that_as_their_cause():
    short = X.astype(np.float16)
    model = linear.LinearRegression().fit(X, Y)
    model.coef_, model.intercept_ = model.coef_.astype(np.float16), np.float16(model.intercept_)
    assert codes(sl.diagnose(model, X, Y)) == {"SL103"}
    found = sl.diagnose(linear.LinearRegression().fit(short, Y), short, Y)
    assert found.severity == "healthy" or codes(found) == {"SL103"}


def test_coefficients_that_are_no_numbers_are_not_taken_for_other_rows():
    model = linear.LinearRegression().fit(X, Y)
    model.coef_ = np.array([np.nan, 1.0])
    found = sl.diagnose(model, X, Y)
    assert "gave no answer" in found.verdict
    assert "not those of a fit" not in found.verdict


@pytest.mark.parametrize(
    "option",
    [{"target": "x"}, {"formula": "y ~ x"}, {"format": "float32"}, {"route": "numpy.lstsq"}, {"missing": "drop"}],
)
def test_an_option_of_tables_is_refused_beside_a_model(option):
    (name,) = option
    with pytest.raises(InputError, match=f"{name} goes with a table, and a fitted model has its own: leave {name} out"):
        sl.diagnose(linear.LinearRegression().fit(X, Y), X, Y, **option)


def test_the_way_out_of_generalised_least_squares_works():
    sm = pytest.importorskip("statsmodels.api")
    result = sm.GLS(Y, sm.add_constant(X), sigma=1.0 / WEIGHTS).fit()
    with pytest.raises(InputError, match=r"OLS\(result\.model\.wendog, result\.model\.wexog\)\.fit\(\)"):
        sl.diagnose(result)
    found = sl.diagnose(sm.OLS(result.model.wendog, result.model.wexog).fit())
    assert found.severity == "healthy"
    assert [one.certified for one in found.coefficients] == pytest.approx(result.params.tolist())


def test_what_else_comes_from_a_library_is_no_table_without_a_target():
    scaler = StandardScaler().fit(X)
    with pytest.raises(InputError, match="a StandardScaler is not known here as least squares"):
        sl.diagnose(scaler, X, Y)
    sm = pytest.importorskip("statsmodels.api")
    with pytest.raises(InputError, match=r"this Summary has no model, .*pass the result that fit\(\) returns"):
        sl.diagnose(sm.OLS(Y, X).fit().summary())
    utils = pytest.importorskip("sklearn.utils")
    bunch = utils.Bunch(x=X["x"].to_numpy(), y=Y.to_numpy())
    assert sl.diagnose(bunch, target="y").severity == "healthy"


def test_weights_that_a_library_keeps_in_another_scale_are_said():
    linearmodels = pytest.importorskip("linearmodels")
    sm = pytest.importorskip("statsmodels.api")
    design = sm.add_constant(X)
    weighted = sl.diagnose(linearmodels.OLS(Y, design, weights=pd.Series(1.5 * WEIGHTS)).fit())
    assert "the weights are those inside the result, divided by their mean and rounded" in weighted.notes
    assert not any("weights" in note for note in sl.diagnose(linearmodels.OLS(Y, design).fit()).notes)

"""Results of statsmodels, linearmodels and pyfixest as questions: the data, and the formula, are inside them."""

import warnings

import numpy as np
import pytest

from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.data.kinds import is_model
from stabilitylab.diagnosis.digits import digits_of
from stabilitylab.diagnosis.models import asked_of_model
from stabilitylab.diagnosis.models.matrix_models import Matrix, answered_by_matrix

pd = pytest.importorskip("pandas", reason="pandas is not installed")

M = 40
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"x": RNG.normal(size=M), "z": np.abs(RNG.normal(size=M)) + 1, "n": RNG.integers(0, 9, M), "g": list("badc") * 10}
)
FRAME["y"] = RNG.normal(size=M) + FRAME.x
FRAME["w"] = np.abs(RNG.normal(size=M)) + 0.1
GAPS = FRAME.copy()
GAPS.loc[5, "x"] = np.nan


@pytest.fixture(scope="module")
def sm():
    return pytest.importorskip("statsmodels.api", reason="statsmodels is not installed")


@pytest.fixture(scope="module")
def smf():
    return pytest.importorskip("statsmodels.formula.api", reason="statsmodels is not installed")


def judged(result, *args):
    """The question and the call of a result whose coefficients are right to ten digits."""
    question, call, stages = asked_of_model(result, *args)
    assert stages is None
    assert digits_of(call.solution.x, question.fit("data")).min() > 10
    return question, call


FORMULAS = {
    "y ~ x": ("intercept", "x"),
    "y ~ x - 1": ("x",),
    "y ~ x*C(g) + np.log(z) + I(n**2)": (
        ("intercept", "g[b]", "g[c]", "g[d]", "x", "x:g[b]", "x:g[c]", "x:g[d]", "log(z)", "n^2")
    ),
    "y ~ C(g, Treatment(reference='c')) + x": ("intercept", "g[a]", "g[b]", "g[d]", "x"),
    "y ~ C(g, Sum) + x": ("intercept", "g[a]", "g[b]", "g[c]", "x"),
}


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_of_statsmodels_is_read_again_over_its_own_table(smf, formula):
    question, call = judged(smf.ols(formula, GAPS).fit())
    assert question.names == FORMULAS[formula]
    assert question.formula
    assert any("1 of 40 rows are left out" in note for note in question.table.notes)
    assert call.name == "statsmodels.OLS"
    assert call.entry.label.name == "statsmodels.OLS"
    assert formula in call.code


def test_what_patsy_scales_is_scaled_as_it_does(smf):
    question, _ = judged(smf.ols("y ~ scale(x) + center(z)", FRAME).fit())
    assert question.names == ("intercept", "scaled(centred(x))", "centred(z)")
    assert question.formula == "y ~ scale(x) + center(z)"


def test_a_response_that_is_a_function_is_formed_as_numpy_does(smf):
    question, _ = judged(smf.ols("np.log(z) ~ x + C(g)", FRAME).fit())
    assert (question.problem.response, question.formula) == ("log(z)", "log(z) ~ x + g")


def test_a_formula_that_is_not_read_here_leaves_the_matrix(smf):
    question, _ = judged(smf.ols("np.log(z) ~ x + np.abs(n)", FRAME).fit())
    assert question.names == ("intercept", "x", "np.abs(n)")
    assert question.formula == ""
    assert any("the formula of the result is not read here (formula, character 17:" in n for n in question.table.notes)


def test_a_formula_whose_features_are_others_here_leaves_the_matrix(smf):
    for other in ("y ~ z", "n ~ x"):
        result = smf.ols("y ~ x", FRAME).fit()
        result.model.formula = other
        question, _ = judged(result)
        assert (question.names, question.formula) == (("intercept", "x"), "")
        assert any("are not those of the result" in note for note in question.table.notes)


def test_arrays_and_frames_of_statsmodels(sm):
    X = sm.add_constant(FRAME[["x", "z", "n"]])
    question, call = judged(sm.OLS(FRAME.y, X).fit())
    assert question.names == ("intercept", "x", "z", "n")
    assert (call.entry.label.name, call.code) == ("statsmodels.OLS", "OLS(y, X).fit()")
    assert call.solution.fit.standard_errors.shape == (4,)
    assert call.solution.fit.rank == 4
    question, _ = judged(sm.OLS(FRAME.y.to_numpy(), FRAME[["x", "z"]].to_numpy()).fit())
    assert question.names == ("x1", "x2")
    # The constant may stand behind, and the coefficients go with it.
    result = sm.OLS(FRAME.y, sm.add_constant(FRAME[["x"]], prepend=False)).fit()
    question, call = judged(result)
    assert question.names == ("intercept", "x")
    assert call.solution.fit.standard_errors.tolist() == [result.bse["const"], result.bse["x"]]


def test_a_normal_glm_is_least_squares(sm, smf):
    _question, call = judged(sm.GLM(FRAME.y, sm.add_constant(FRAME[["x"]])).fit())
    assert (call.name, call.entry.label.name) == ("statsmodels.GLM", "statsmodels.GLM_Gaussian")
    assert judged(smf.glm("y ~ x + C(g)", FRAME).fit())[0].formula == "y ~ x + g"


def test_weights_of_statsmodels_come_with_the_result(sm, smf):
    question, call = judged(sm.WLS(FRAME.y, sm.add_constant(FRAME[["x"]]), weights=FRAME.w).fit())
    assert question.weights.tolist() == FRAME.w.tolist()
    assert call.name == "statsmodels.WLS"
    question, _ = judged(smf.wls("y ~ x + C(g)", FRAME, weights=FRAME.w).fit())
    assert question.formula == "y ~ x + g"


def test_robust_standard_errors_are_not_compared(sm):
    question, call = judged(sm.OLS(FRAME.y, sm.add_constant(FRAME[["x"]])).fit(cov_type="HC1"))
    assert call.solution.fit.standard_errors is None
    assert any("standard errors of another kind (HC1)" in note for note in question.table.notes)


MALFORMED = {
    "not fitted": (lambda sm: (sm.OLS(FRAME.y, FRAME[["x"]]),), InputError, r"pass its result, OLS\(y, X\).fit\(\)"),
    "a penalty": (
        lambda sm: (sm.OLS(FRAME.y, FRAME[["x"]]).fit_regularized(alpha=0.1),),
        InputError,
        "fit_regularized has a penalty",
    ),
    "another model": (lambda sm: (sm.RLM(FRAME.y, FRAME[["x"]]).fit(),), InputError, "a result of RLM is not known"),
    "another family": (
        lambda sm: (sm.GLM(FRAME.n, FRAME[["x"]], family=sm.families.Poisson()).fit(),),
        InputError,
        "GLM of Poisson with the link Log is no least squares",
    ),
    "weights of a GLM": (
        lambda sm: (sm.GLM(FRAME.y, FRAME[["x"]], freq_weights=FRAME.n + 1).fit(),),
        InputError,
        "GLM with freq_weights is not known here: pass a result of WLS",
    ),
    "an offset": (
        lambda sm: (sm.GLM(FRAME.y, FRAME[["x"]], offset=FRAME.n).fit(),),
        InputError,
        "GLM with an offset is not known here",
    ),
    "other rows": (
        lambda sm: (sm.OLS(FRAME.y, FRAME[["x"]]).fit(), FRAME[["x"]][:4]),
        ShapeError,
        "holds the 40 rows of its fit, and X has 4: leave X out",
    ),
    "weights beside it": (
        lambda sm: (sm.OLS(FRAME.y, FRAME[["x"]]).fit(), None, None, FRAME.w),
        InputError,
        "holds its own weights",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_result_of_least_squares_is_refused(sm, name):
    make, kind, says = MALFORMED[name]
    model, *rest = make(sm)
    X, y, weights = [*rest, None, None, None][:3]
    with pytest.raises(kind, match=says):
        asked_of_model(model, X, y, weights=weights)


def test_a_result_whose_data_were_removed_is_refused(sm):
    result = sm.OLS(FRAME.y, FRAME[["x"]]).fit()
    result.remove_data()
    with pytest.raises(InputError, match="remove_data"):
        asked_of_model(result)


def test_a_matrix_that_does_not_fit_or_is_not_finite_is_refused():
    A, y, x = np.ones((3, 2)), np.ones(3), np.ones(2)
    with pytest.raises(ShapeError, match=r"a matrix \(3, 2\), 2 values of y and 2 coefficients"):
        answered_by_matrix(Matrix(("a", "b"), A, y[:2], x, "y", "", ""))
    A[1, 1] = np.inf
    with pytest.raises(InputError, match="not finite"):
        answered_by_matrix(Matrix(("a", "b"), A, y, x, "y", "", ""))


def test_columns_of_equal_names_stay_apart():
    A = np.stack([np.ones(4), np.arange(4.0), np.arange(4.0) ** 2], axis=1)
    answered = answered_by_matrix(Matrix(("const", "y", "y"), A, A[:, 1], np.zeros(3), "y", "", ""))
    assert answered.problem.feature_names == ("intercept", "y", "y (2)")
    assert answered.problem.response == "y (3)"


def test_results_of_linearmodels():
    lm = pytest.importorskip("linearmodels", reason="linearmodels is not installed")
    question, call = judged(lm.OLS(FRAME.y, FRAME[["x", "z"]]).fit())
    assert (question.names, call.name) == (("x", "z"), "linearmodels.OLS")
    question, _ = judged(lm.IV2SLS.from_formula("y ~ 1 + x + z", FRAME).fit())
    assert question.names == ("intercept", "x", "z")
    question, _ = judged(lm.OLS(FRAME.y, FRAME[["x"]], weights=FRAME.w).fit())
    assert question.weights is not None
    panel = FRAME.assign(i=np.arange(M) // 4, t=np.arange(M) % 4).set_index(["i", "t"])
    question, _ = judged(lm.PooledOLS.from_formula("y ~ 1 + x", panel).fit())
    assert question.names == ("intercept", "x")
    with pytest.raises(InputError, match="with instruments"):
        asked_of_model(lm.IV2SLS(FRAME.y, FRAME[["x"]], FRAME[["z"]], FRAME[["n"]]).fit())
    with pytest.raises(InputError, match="a result of PanelOLS is not known here"):
        asked_of_model(lm.PanelOLS.from_formula("y ~ 1 + x + EntityEffects", panel).fit())
    with pytest.raises(InputError, match="not fitted yet"):
        asked_of_model(lm.IV2SLS(FRAME.y, FRAME[["x"]], None, None))


def test_models_of_pyfixest():
    pf = pytest.importorskip("pyfixest", reason="pyfixest is not installed")
    warnings.simplefilter("ignore")  # of pyfixest about pandas, and about the column that it drops
    model = pf.feols("y ~ x + C(g) + log(z)", FRAME, vcov="iid")
    assert is_model(model)
    question, call = judged(model)
    assert question.names == ("intercept", "g[b]", "g[c]", "g[d]", "x", "log(z)")
    assert question.formula == "y ~ x + g + log(z)"
    assert call.solution.fit.standard_errors.shape == (6,)
    question, _ = judged(pf.feols("y ~ x", FRAME, weights="w"))
    assert question.weights is not None
    question, _ = judged(pf.feols("y ~ x + z + I(x + z)", FRAME))
    assert any("pyfixest dropped I(x + z)" in note for note in question.table.notes)
    with pytest.raises(InputError, match=r"fit y ~ x \+ C\(group\)"):
        asked_of_model(pf.feols("y ~ x | g", FRAME))
    with pytest.raises(InputError, match="pass one model of feols"):
        asked_of_model(pf.feols("y ~ 1 | x ~ z", FRAME))

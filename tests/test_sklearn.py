"""The scikit-learn estimator: scikit-learn's own checks, and the numbers of `sl.lstsq` through all of its machinery."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import LinAlgWarning
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

import stabilitylab as sl
from stabilitylab.core.errors import InputError, RankDeficientError, UnderdeterminedError, UndeterminedWarning
from stabilitylab.sklearn import CertifiedLinearRegression


def data(m=40, n=3, seed=1):
    random = np.random.default_rng(seed)
    X = random.standard_normal((m, n))
    return X, X @ np.arange(1.0, n + 1) + 5 + random.standard_normal(m)


@pytest.mark.filterwarnings("ignore:the data have rank")  # one check has fewer rows than columns
@parametrize_with_checks([CertifiedLinearRegression(), CertifiedLinearRegression(fit_intercept=False)])
def test_it_passes_every_check_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_its_numbers_are_those_of_lstsq(fit_intercept):
    X, y = data()
    model = CertifiedLinearRegression(fit_intercept=fit_intercept).fit(X, y)
    fit = sl.lstsq(X, y, intercept=fit_intercept)
    assert [*([model.intercept_] if fit_intercept else []), *model.coef_] == list(fit.x)
    assert list(model.standard_errors_) == list(fit.standard_errors)
    assert model.certificate_.x == fit.certificate.x
    assert model.rank_ == 3 + fit_intercept
    assert model.intercept_ == 0 or fit_intercept


def test_it_keeps_the_digits_of_filip_that_the_usual_estimator_loses():
    filip = sl.problems.get("nist.filip")()
    X, ref = filip.A[:, 1:], sl.reference(filip)

    def digits(model):
        model.fit(X, filip.b)
        return sl.lre(np.array([model.intercept_, *model.coef_]), ref)

    assert digits(CertifiedLinearRegression()) > 15.9
    assert digits(LinearRegression()) < 10


def test_whole_weights_are_repeated_rows_exactly():
    X, y = data()
    counts = np.random.default_rng(2).integers(0, 4, len(y))
    weighted = CertifiedLinearRegression().fit(X, y, sample_weight=counts)
    repeated = CertifiedLinearRegression().fit(np.repeat(X, counts, axis=0), np.repeat(y, counts))
    assert weighted.intercept_ == repeated.intercept_
    assert list(weighted.coef_) == list(repeated.coef_)
    plain = CertifiedLinearRegression().fit(X, y)
    assert list(plain.coef_) != list(weighted.coef_)
    assert list(CertifiedLinearRegression().fit(X, y, sample_weight=2.0).coef_) == list(plain.coef_)


def test_it_survives_pickling_and_cloning_forgets_the_fit():
    X, y = data()
    model = CertifiedLinearRegression(fit_intercept=False).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert list(again.coef_) == list(model.coef_)
    assert list(again.standard_errors_) == list(model.standard_errors_)
    fresh = clone(model)
    assert fresh.get_params() == {"fit_intercept": False, "policy": "minimum-norm"}
    assert not hasattr(fresh, "coef_")


def test_it_stands_in_a_pipeline_and_in_a_search():
    X, y = data()
    piped = make_pipeline(FunctionTransformer(np.square), CertifiedLinearRegression()).fit(X, y)
    assert list(piped[-1].coef_) == list(sl.lstsq(X**2, y, intercept=True).x[1:])
    search = GridSearchCV(CertifiedLinearRegression(), {"fit_intercept": [True, False]}, cv=3).fit(X, y)
    assert search.best_params_ == {"fit_intercept": True}


def test_the_columns_that_depend_are_named_as_in_the_frame():
    pandas = pytest.importorskip("pandas")
    X, y = data()
    frame = pandas.DataFrame(X, columns=["age", "height", "weight"])
    assert list(CertifiedLinearRegression().fit(frame, y).feature_names_in_) == list(frame)
    with pytest.raises(RankDeficientError, match="age2"):
        CertifiedLinearRegression(policy="full-rank").fit(frame.assign(age2=frame.age), y)


def test_the_minimum_norm_is_shared_between_copies():
    X, y = data()
    with pytest.warns(LinAlgWarning, match="rank 3 for 6 coefficients, exactly"):
        copied = CertifiedLinearRegression(fit_intercept=False).fit(np.hstack([X, X]), y)
    plain = CertifiedLinearRegression(fit_intercept=False).fit(X, y)
    assert copied.rank_ == 3
    assert list(copied.coef_) == [*plain.coef_ / 2, *plain.coef_ / 2]


def test_fewer_rows_than_coefficients_are_refused_where_one_answer_is_asked_for():
    with pytest.raises(UnderdeterminedError, match=r"n_samples=3 .* 4 coefficients \(3 features and the intercept\)"):
        CertifiedLinearRegression(policy="full-rank").fit(np.eye(3), np.ones(3))
    with pytest.warns(LinAlgWarning, match="rank 1 for 2"):
        least = CertifiedLinearRegression(fit_intercept=False).fit([[3.0, 4.0]], [50.0])
    assert list(least.coef_) == [6, 8]


def test_an_unknown_policy_is_refused():
    with pytest.raises(InputError, match="policy"):
        CertifiedLinearRegression(policy="quiet").fit(*data())


def test_whole_numbers_that_float64_would_round_are_taken_as_they_are():
    whole = np.array([[2**60 + 1], [2**60 + 2], [2**60 + 3]])
    model = CertifiedLinearRegression().fit(whole, [1.0, 2.0, 3.0])
    assert (list(model.coef_), model.intercept_) == ([1], -(2.0**60))


def test_without_scikit_learn_the_import_says_how_to_get_it():
    code = "import sys; sys.modules['sklearn.base'] = None; import stabilitylab; import stabilitylab.sklearn"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "MissingLibraryError: stabilitylab.sklearn needs scikit-learn 1.6 or newer" in done.stderr
    assert "pip install 'stabilitylab[sklearn]'" in done.stderr


def test_it_says_how_many_digits_the_data_support_and_warns_where_that_is_none():
    rng = np.random.default_rng(5)
    X = rng.standard_normal((30, 2))
    model = CertifiedLinearRegression().fit(X, X @ [1, 2] + rng.standard_normal(30))
    assert model.supported_digits_.tolist() == model.certified_.supported_digits.tolist()
    assert model.supported_digits_.min() > 12
    with pytest.warns(UndeterminedWarning, match="the data cannot tell x0, x1 and x2 apart") as caught:
        CertifiedLinearRegression().fit(np.column_stack([X, X[:, 0] - 0.5 * X[:, 1]]), X[:, 0])
    assert caught[0].filename == __file__


def test_a_model_of_scikit_learn_is_no_solver_and_the_ways_out_work():
    norris = sl.problems.get("nist.norris")()
    for model in (LinearRegression, LinearRegression(), LinearRegression().fit, CertifiedLinearRegression()):
        with pytest.raises(InputError, match=r"solver is a model \((Certified)?LinearRegression\), not a function"):
            sl.measure(model, norris)
    model = LinearRegression(fit_intercept=False)
    row = sl.measure(lambda A, b: model.fit(A, b).coef_, norris)
    assert row["digits.min"] == sl.score(model.coef_, norris)["digits.min"] > 10


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_several_targets_have_the_shapes_of_scikit_learn_and_the_bits_of_one_target_each(k, fit_intercept):
    X, y = data()
    Y = np.column_stack([y, y**2, -y])[:, :k]
    model = CertifiedLinearRegression(fit_intercept=fit_intercept).fit(X, Y)
    usual = LinearRegression(fit_intercept=fit_intercept).fit(X, Y)
    assert model.coef_.shape == usual.coef_.shape == (k, 3)
    assert np.shape(model.intercept_) == np.shape(usual.intercept_)
    assert np.allclose(model.coef_, usual.coef_)
    assert np.allclose(model.predict(X), usual.predict(X))
    assert model.predict(X).shape == (40, k)
    assert model.supported_digits_.shape == model.standard_errors_.shape == (k, 3 + fit_intercept)
    assert len(model.certificate_) == k
    assert model.score(X, Y) == pytest.approx(usual.score(X, Y))
    for j in range(k):
        alone = CertifiedLinearRegression(fit_intercept=fit_intercept).fit(X, Y[:, j])
        assert alone.coef_.tolist() == model.coef_[j].tolist()
        assert alone.standard_errors_.tolist() == model.standard_errors_[j].tolist()
        assert alone.intercept_ == np.broadcast_to(model.intercept_, k)[j]
        assert alone.certificate_.nearest == model.certificate_[j].nearest


def test_sparse_features_have_the_bits_of_the_dense_ones():
    X, y = data()
    X[X < 0] = 0
    dense = CertifiedLinearRegression().fit(X, y)
    kept = CertifiedLinearRegression().fit(sparse.csc_array(X), y)
    assert kept.coef_.tolist() == dense.coef_.tolist()
    assert kept.predict(sparse.coo_array(X)).tolist() == pytest.approx(dense.predict(X).tolist())


def test_a_misaligned_index_is_noticed_by_the_estimator():
    pandas = pytest.importorskip("pandas")
    X, y = data()
    frame, column = pandas.DataFrame(X), pandas.Series(y)
    with pytest.raises(InputError, match=r"y\.loc\[X\.index\]"):
        CertifiedLinearRegression().fit(frame, column[::-1])
    assert (
        CertifiedLinearRegression().fit(frame, column).coef_.tolist() == sl.lstsq(X, y, intercept=True).x[1:].tolist()
    )


def test_a_feature_named_intercept_is_told_apart_from_the_constant():
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame({"intercept": [1.0, 2.0, 4.0, 7.0]})
    model = CertifiedLinearRegression().fit(X, [1.0, 3.0, 4.0, 9.0])
    assert model.certified_.names == ("intercept", "intercept (2)")
    assert model.coef_.tolist() == sl.lstsq(X, [1.0, 3.0, 4.0, 9.0], intercept=True).x[1:].tolist()

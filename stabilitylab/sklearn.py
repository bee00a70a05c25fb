"""`sl.lstsq` as a scikit-learn estimator: certified coefficients in a Pipeline, a grid search, a cross-validation."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgWarning

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import MissingLibraryError, UnderdeterminedError
from stabilitylab.core.types import Policy
from stabilitylab.data.frames import distinct
from stabilitylab.data.index import refuse_misaligned
from stabilitylab.exact.fit import CertifiedFit
from stabilitylab.exact.fit.several import CertifiedFits
from stabilitylab.exact.least_squares import lstsq

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ImportError as error:
    raise MissingLibraryError(
        f"stabilitylab.sklearn needs scikit-learn 1.6 or newer ({error}): pip install 'stabilitylab[sklearn]'"
    ) from None


class CertifiedLinearRegression(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """min sum_i w_i (y_i - intercept - x_i' coef)^2 over X (m, n), y (m,): each number the double nearest to the exact.

    y (m, k) is k targets, as LinearRegression takes them, fitted from one exact Gram matrix; X may be sparse.

    Use it where scikit-learn's LinearRegression stands. What differs: the intercept is a column of ones in the exact
    problem, so that nothing is centred in floating point, and X counts as rank deficient only when it is, exactly, as
    stored: nearly dependent columns have one answer, and it is given.

    fit_intercept: whether a constant is fitted. policy: what is done when the data leave the coefficients open (a
    copied column, all dummies beside the intercept, fewer rows than coefficients). "minimum-norm", the default, takes
    the solution of least norm and warns (LinAlgWarning), since a fold that misses a category must not end a search;
    the intercept counts in that norm, other than in LinearRegression, which centres first. "full-rank" refuses, as
    `sl.lstsq` does, with a RankDeficientError that names the dependent columns.

    After fit: `coef_` (n,), `intercept_`, `rank_` (of the features with the constant), `n_features_in_`,
    `feature_names_in_`; `certified_`, the CertifiedFit with everything else; `certificate_`; `standard_errors_`;
    `supported_digits_`. For y (m, k): `coef_` (k, n), `intercept_` (k,), CertifiedFits, a tuple of certificates, and a
    row for each target of the others, also where k = 1. Where the data support less than one digit of a coefficient,
    fit warns (UndeterminedWarning).

    Raises ValueError for what scikit-learn refuses; under "full-rank" UnderdeterminedError for fewer rows than
    coefficients, and RankDeficientError; InputError, OutOfRangeError and NotCertifiedError as `sl.lstsq` does.
    Source: the conventions of scikit-learn, "Developing scikit-learn estimators"; `check_estimator` passes whole.
    """

    def __init__(self, *, fit_intercept: bool = True, policy: Policy = "minimum-norm") -> None:
        self.fit_intercept = fit_intercept
        self.policy = policy

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None
    ) -> "CertifiedLinearRegression":
        """Fit to X (m, n) and y (m,) or (m, k), sample_weight (m,) or one for all; a whole weight is that many rows."""
        refuse_misaligned(X, y, "y", of="X")
        refuse_misaligned(X, sample_weight, "sample_weight", of="X")
        A, b = validate_data(self, X, y, y_numeric=True, multi_output=True, accept_sparse=True)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, A)
        (m, n), constant = A.shape, int(bool(self.fit_intercept))
        if m < n + constant and self.policy == "full-rank":
            raise UnderdeterminedError(
                f"n_samples={m} is less than the {n + constant} coefficients ({n} features"
                f"{' and the intercept' * constant}), so that infinitely many fit: give more rows, drop features, "
                "or ask for policy='minimum-norm'"
            )
        features = [str(name) for name in getattr(self, "feature_names_in_", [f"x{j}" for j in range(n)])]
        names = distinct(["intercept", *features])[1:] if constant else distinct(features)
        fitted: CertifiedFit | CertifiedFits = lstsq(
            A, b, weights=weights, intercept=bool(constant), policy=self.policy, names=names
        )
        if b.ndim == 2 and isinstance(fitted, CertifiedFit):
            fitted = CertifiedFits((fitted,))
        self.certified_ = fitted
        self.coef_: Array = np.ascontiguousarray(fitted.x[constant:].T)
        self.intercept_: Array | float = 0.0
        if constant:
            self.intercept_ = fitted.x[0] if b.ndim == 2 else float(fitted.x[0])
        self.rank_: int = self._fits[0].certificate.rank
        if self.rank_ < n + constant:
            warnings.warn(
                f"the data have rank {self.rank_} for {n + constant} coefficients, exactly: of the many solutions this "
                f"is the one of least norm; policy='full-rank' refuses and names the dependent columns",
                LinAlgWarning,
                stacklevel=2,
            )
        return self

    def predict(self, X: npt.ArrayLike) -> Array:
        """X @ coef_' + intercept_ (m,) or (m, k) in float64: the coefficients are certified, this product is not."""
        check_is_fitted(self)
        A = validate_data(self, X, reset=False, accept_sparse=True)
        predicted: Array = A.astype(np.float64) @ self.coef_.T + self.intercept_
        return predicted

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    @property
    def _fits(self) -> tuple[CertifiedFit, ...]:
        return self.certified_.fits if isinstance(self.certified_, CertifiedFits) else (self.certified_,)

    @property
    def certificate_(self) -> Any:
        """What proves the coefficients, for `sl.check`; one for each target of y (m, k)."""
        check_is_fitted(self)
        proofs = tuple(fit.certificate for fit in self._fits)
        return proofs if isinstance(self.certified_, CertifiedFits) else proofs[0]

    @property
    def supported_digits_(self) -> Array | None:
        """How many digits of each coefficient the data support, the intercept's first when there is one.

        At worst, when every number changes within its rounding: see `CertifiedFit`. None at a lower rank."""
        check_is_fitted(self)
        return self._of_targets(self.certified_.supported_digits)

    @property
    def standard_errors_(self) -> Array | None:
        """Correctly rounded standard errors, the intercept's first when there is one; computed when first asked for.

        None when there are as many coefficients as rows."""
        check_is_fitted(self)
        return self._of_targets(self.certified_.standard_errors)

    def _of_targets(self, figure: Array | None) -> Array | None:
        """A figure (n,), or (k, n) where the fits have it as (n, k)."""
        return None if figure is None else np.ascontiguousarray(figure.T)

"""The question that a fitted model answers, with its answer, for the models of every library known here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stabilitylab.core.errors import InputError, StabilityLabError
from stabilitylab.data.kinds import is_model
from stabilitylab.diagnosis.models.answer import Answered, question_and_call
from stabilitylab.diagnosis.models.attributes import lineage, said, title
from stabilitylab.diagnosis.models.linearmodels_models import answered_by_linearmodels
from stabilitylab.diagnosis.models.pyfixest_models import answered_by_pyfixest
from stabilitylab.diagnosis.models.sklearn_models import answered_by_sklearn
from stabilitylab.diagnosis.models.statsmodels_models import answered_by_statsmodels
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.replay import Stage

LIBRARIES: Mapping[str, Callable[[Any, Any, Any, Any], Answered]] = {
    "sklearn": answered_by_sklearn,
    "statsmodels": answered_by_statsmodels,
    "linearmodels": answered_by_linearmodels,
    "pyfixest": answered_by_pyfixest,
}


def is_of_library(data: Any) -> bool:
    """Whether data are a model, or another object of a library whose models are known here, and no table of it."""
    if is_model(data):
        return True
    holds_values = isinstance(data, Mapping | Sequence) or hasattr(data, "__array__") or hasattr(data, "__dataframe__")
    return not holds_values and any(library in LIBRARIES for library, _ in lineage(data))


def asked_of_model(
    model: Any, X: Any = None, y: Any = None, *, weights: Any = None
) -> tuple[Question, Call, tuple[Stage, ...] | None]:
    """The regression that a fitted model answers, its answer, and stages of its own (None: those of the question).

    model: a fitted estimator or pipeline of scikit-learn, with X and y as it was fitted; or a result of statsmodels,
    linearmodels or pyfixest, which holds its data. weights: the sample weights of a fit of scikit-learn, which does not
    keep them. What a pipeline does to the columns becomes terms of the design, so that the certified answer is that of
    the same question, in the units in which the model has its coefficients.
    Raises InputError, with the way out, for a model that is not fitted, is not least squares, or cannot be read; and
    the errors of `table_of` for X, y and weights.
    """
    if isinstance(model, type):
        raise InputError(f"{model.__name__} is a class, not a fitted model: pass {model.__name__}(...).fit(X, y)")
    libraries = [library for library, _ in lineage(model)]
    known = next((library for library in libraries if library in LIBRARIES), None)
    if known is None:
        raise InputError(
            f"a {title(model)} is no fitted model of {', '.join(LIBRARIES)}: pass one, or its coefficients to "
            "sl.arbitrate(data, {'mine': coefficients}, target=...)"
        )
    try:
        answered = LIBRARIES[known](model, X, y, weights)
    except StabilityLabError:
        raise
    except Exception as error:  # what a model has in place of an attribute may raise anything
        raise InputError(
            f"this {title(model)} cannot be read ({said(error)}): pass a fitted model as {known} made it"
        ) from error
    question, call = question_and_call(answered)
    return question, call, None

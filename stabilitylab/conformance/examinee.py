"""A route in front of a question: how it is called, and how a question says what it makes of the answers."""

import numpy as np

from stabilitylab.bench import Route, answered, how_failed
from stabilitylab.bench.call import Answer
from stabilitylab.bench.isolation import LIMITS, Limits
from stabilitylab.conformance.judged import Judged
from stabilitylab.conformance.systems import kind_of
from stabilitylab.conformance.verdict import SettledError, Verdict
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.types import Fit, Status
from stabilitylab.data.call_form import call_form


class Examinee(Judged):
    """A route that is asked one question.

    Its methods raise SettledError where an answer, or the lack of one, settles the question.
    """

    def __init__(self, entry: Route, limits: Limits = LIMITS) -> None:
        super().__init__()
        self.entry = entry
        self.limits = limits

    @property
    def label(self) -> RouteLabel:
        """What the route claims."""
        return self.entry.label

    @property
    def kind(self) -> str:
        """Which of the systems of `systems` it takes: "square", or the name of its call form."""
        return kind_of(self.label)

    def formats(self, *among: str) -> tuple[str, ...]:
        """The formats it takes, among these where some are named. NOT_APPLICABLE where there are none."""
        taken = tuple(scalar for scalar in self.label.scalars if not among or scalar in among)
        self.applies(bool(taken), f"it does not take {' or '.join(among) or 'any format'}")
        return taken

    def answer(
        self, A: Array, b: Array, *, intercept: bool = False, fortran: bool = False, watched: bool = False
    ) -> Answer:
        """What it answers to min |b - A x|, A (m, n), b (m,), in fresh arrays, put as it wants them.

        intercept: the first column is the ones of an intercept. fortran: a matrix goes column by column. watched: as
        for `bench.answered`. `fit` is None only for a refusal, and a ValueError is one: DIED, or FAIL for another error
        and for what is no x (n,).
        """
        first, *others = call_form(self.label.call_form).of_matrix(A, b, intercept=intercept)
        arguments = (np.array(first, order="F" if fortran else "C"), *others)
        answer = answered(self.entry, arguments, limits=self.limits, watched=watched)
        if answer.fit is None:
            failed = how_failed(self.label, answer)
            self.applies(failed is not Status.UNUSABLE, f"{Status.UNUSABLE.value}: {answer.note}")
            if failed is not Status.REFUSED and not answer.value_error:
                gone = failed in (Status.DIED, Status.TIMED_OUT)
                raise SettledError(Verdict.DIED if gone else Verdict.FAIL, f"{failed.value}: {answer.note}")
        else:
            x = np.asarray(answer.fit.x)
            if x.shape != (A.shape[1],) or x.dtype.kind not in "fO":
                said = f"returned {x.dtype} of shape {x.shape} for {A.shape[1]} coefficients"
                raise SettledError(Verdict.FAIL, said)
        return answer

    def fit(self, A: Array, b: Array, *, intercept: bool = False) -> Fit:
        """As `answer`, of which it is the part that holds the coefficients. REFUSED where it refuses."""
        return self.answered(self.answer(A, b, intercept=intercept))

    def answered(self, answer: Answer) -> Fit:
        """The coefficients in an answer. REFUSED where there are none."""
        if answer.fit is None:
            raise SettledError(Verdict.REFUSED, answer.note)
        return answer.fit

    def x(self, A: Array, b: Array, *, intercept: bool = False) -> Array:
        """The coefficients (n,). As `fit`, and FAIL where one is not finite."""
        x = np.asarray(self.fit(A, b, intercept=intercept).x)
        if not is_finite(x):
            raise SettledError(Verdict.FAIL, f"returned {x}")
        return x


def is_finite(x: Array) -> bool:
    """Whether all coefficients are finite; mpmath numbers too."""
    return bool(np.isfinite(x.astype(float) if x.dtype == object else x).all())

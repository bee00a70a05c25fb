"""A route sits the exam."""

from stabilitylab import bench
from stabilitylab.bench import Route
from stabilitylab.bench.isolation import LIMITS, Limits
from stabilitylab.conformance import questions
from stabilitylab.conformance.examinee import Examinee
from stabilitylab.conformance.questions import Question
from stabilitylab.conformance.verdict import ExamResult, SettledError, Verdict
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import MissingLibraryError

PATIENCE = 3
"""How many questions may end with the process gone before no more are put: each can take minutes."""


def exam(route: str | Route, *, limits: Limits = LIMITS) -> tuple[ExamResult, ...]:
    """The verdict on a route in every question, in the order of the questions' names.

    route: a name in the catalogues, or an entry of its own. limits: of one call, where the route has a process of its
    own. Raises UnknownNameError, and MissingLibraryError where what the route needs is not here.
    """
    entry = bench.route(route) if isinstance(route, str) else route
    if entry.label.lacks:
        raise MissingLibraryError(f"{entry.label.name} cannot sit the exam here: {entry.label.lacks}")
    results: list[ExamResult] = []
    for question in questions.catalog:
        if sum(result.verdict is Verdict.DIED for result in results) < PATIENCE:
            results.append(sit(entry, question.function, limits=limits))
        else:
            reason = f"not asked, after {PATIENCE} questions that took its process"
            results.append(_result(entry, question.function, Verdict.DIED, reason))
    return tuple(results)


def sit(entry: Route, question: Question, *, limits: Limits = LIMITS) -> ExamResult:
    """The verdict on a route in one question.

    A question that ends without having required anything of the route did not apply to it, and is no pass.
    """
    examinee = Examinee(entry, limits)
    try:
        with one_blas_thread():
            question(examinee)
    except SettledError as settled:
        return _result(entry, question, settled.verdict, settled.reason)
    if not examinee.judged:
        return _result(entry, question, Verdict.NOT_APPLICABLE, "nothing that it asks is for this route")
    return _result(entry, question, Verdict.PASS, "")


def _result(entry: Route, question: Question, verdict: Verdict, reason: str) -> ExamResult:
    name = question.__name__
    return ExamResult(entry.label.name, name, verdict, reason, entry.label.fails.get(name, ""))

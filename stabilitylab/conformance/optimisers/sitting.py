"""An optimiser sits the exam."""

from stabilitylab.conformance.optimisers import questions
from stabilitylab.conformance.optimisers.questions import Question
from stabilitylab.conformance.optimisers.trainee import Trainee
from stabilitylab.conformance.verdict import ExamResult, SettledError, Verdict
from stabilitylab.core.catalog import Entry
from stabilitylab.solvers import descent
from stabilitylab.solvers.descent import OptimiserLabel


def exam(optimiser: str | Entry[OptimiserLabel]) -> tuple[ExamResult, ...]:
    """The verdict on an optimiser in every question, in the order of the questions' names.

    optimiser: a name in the catalogue, or an entry of its own, whose label names the formula that it should have.
    Raises UnknownNameError.
    """
    entry = descent.entry(optimiser) if isinstance(optimiser, str) else optimiser
    return tuple(sit(entry, question.function) for question in questions.catalog)


def sit(entry: Entry[OptimiserLabel], question: Question) -> ExamResult:
    """The verdict on an optimiser in one question; one that required nothing did not apply, and is no pass."""
    trainee = Trainee(entry)
    verdict, reason = Verdict.PASS, ""
    try:
        question(trainee)
    except SettledError as settled:
        verdict, reason = settled.verdict, settled.reason
    if verdict is Verdict.PASS and not trainee.judged:
        verdict, reason = Verdict.NOT_APPLICABLE, "nothing that it asks is for this optimiser"
    return ExamResult(entry.label.name, question.__name__, verdict, reason)

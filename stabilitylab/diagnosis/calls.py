"""What a route of the catalogue answers to a question."""

from stabilitylab.bench import lacks, route, solve, unsuited
from stabilitylab.core.errors import InputError, MissingLibraryError
from stabilitylab.data.call_form import takes_weights
from stabilitylab.diagnosis.question import Call, Question


def called(name: str, question: Question) -> Call:
    """The answer of the route of that name, failures included.

    Raises UnknownNameError for no such route, MissingLibraryError for one whose library is not here, InputError for one
    that does not take such a question, with the reason.
    """
    missing = lacks(name)
    if missing:
        raise MissingLibraryError(f"{name} cannot run here: {missing}")
    entry = route(name)
    reason = refuses(name, question)
    if reason:
        raise InputError(f"{name} {reason}: choose another route; `stabilitylab list` names them")
    weights = question.float_weights
    solution = solve(entry, question.problem, weights=None if weights is None else weights.tolist())
    return Call(name, solution, entry, entry.summary)


def refuses(name: str, question: Question) -> str:
    """Why the route of that name is not asked this question; "" where it is."""
    entry = route(name)
    if question.weights is not None and not takes_weights(entry.function):
        return "takes no weights"
    return unsuited(entry.label, question.problem) or ""

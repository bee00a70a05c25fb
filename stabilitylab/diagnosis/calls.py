"""What a route of the catalogue answers to a question."""

from dataclasses import replace

from stabilitylab.bench import lacks, route, routes, solve, unsuited
from stabilitylab.core.errors import Argument, InputError, MissingLibraryError
from stabilitylab.data.call_form import takes_weights
from stabilitylab.diagnosis.question import Call, Question

NO_WEIGHTS = "takes no weights"
ROUTE = "numpy.lstsq"
WEIGHTED = ("statsmodels.WLS", "sklearn.LinearRegression")  # what people call with weights, first


def chosen(name: str | None, question: Question) -> tuple[Question, str]:
    """The route that is judged, with a note in the question where one was chosen because it takes weights.

    name: None where none was named: numpy.lstsq, or of those that are here the usual one that takes weights.
    """
    if name is not None or question.weights is None:
        return question, name or ROUTE
    able = taking_weights(question)
    if not able:
        return question, ROUTE
    note = f"{ROUTE} takes no weights: {able[0]} is judged in its place"
    return replace(question, table=replace(question.table, notes=(*question.table.notes, note))), able[0]


def taking_weights(question: Question) -> tuple[str, ...]:
    """The routes that are here, take weights and can be asked this question, the usual ones first."""
    names = [one.label.name for one in routes() if takes_weights(one.function) and one.label.available]
    able = [name for name in names if not refuses(name, question)]
    return tuple(sorted(able, key=lambda name: (name not in WEIGHTED, WEIGHTED.index(name) if name in WEIGHTED else 0)))


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
    if reason == NO_WEIGHTS:
        able = taking_weights(question)
        if not able:
            raise InputError(
                f"{name} {reason}, and no library that takes some is here: install statsmodels or scikit-learn"
            )
        raise InputError(f"{name} {reason}; here {', '.join(able)} take them: ", Argument("route", able[0]))
    if reason:
        raise InputError(f"{name} {reason}: choose another route; `stabilitylab list` names them")
    weights = question.float_weights
    solution = solve(entry, question.problem, weights=None if weights is None else weights.tolist())
    return Call(name, solution, entry, entry.summary)


def refuses(name: str, question: Question) -> str:
    """Why the route of that name is not asked this question; "" where it is."""
    entry = route(name)
    if question.weights is not None and not takes_weights(entry.function):
        return NO_WEIGHTS
    return unsuited(entry.label, question.problem) or ""

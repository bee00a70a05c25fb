"""The optimisers of libraries as subjects of metamorphic laws, each run in the process of its library."""

from dataclasses import replace

from stabilitylab.bench.optimisers import prediction, trajectory
from stabilitylab.conformance.optimisers.subject import Subject, of_library
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.libraries import optimisers
from stabilitylab.libraries.optimisers import Task


def subject_of(name: str) -> Subject:
    """The optimiser of a library of that name. Raises UnknownNameError.

    Its path raises StabilityLabError where it gives no weights: two runs that both failed would obey every law.
    """

    def path(task: Task) -> Array:
        found = trajectory(name, task)
        if found.path is None:
            raise StabilityLabError(f"{name} gave no weights: {found.note}")
        return found.path

    def predicted(A: Array, x: Array) -> Array:
        found = prediction(name, A, x)
        if found is None:
            raise StabilityLabError(f"{name} gave no prediction")
        return found

    code = f"from stabilitylab.conformance.optimisers.of_libraries import subject_of\nsubject = subject_of({name!r})"
    label = optimisers.entry(name).label
    return replace(of_library(label, path, code), predicted=predicted if label.predicts is not None else None)

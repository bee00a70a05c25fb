"""Files of routes, problems, metrics and questions that could not be imported: what is absent without them, and why."""

from collections.abc import Mapping

from stabilitylab import libraries, problems, solvers
from stabilitylab.conformance import questions
from stabilitylab.scoring import metrics


def not_imported() -> dict[str, str]:
    """The modules of all catalogues that could not be imported: name -> what happened, where, and the way out."""
    catalogues = (solvers.catalog, libraries.catalog, problems.catalog, metrics.catalog, questions.catalog)
    return {module: why for catalog in catalogues for module, why in catalog.broken.items()}


def lines_of(modules: Mapping[str, str]) -> list[str]:
    """A line for each of them."""
    return [f"not here: {module}: {why}" for module, why in modules.items()]

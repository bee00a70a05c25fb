"""Whether floats look like rounded decimals, and what the data determine if they are."""

from dataclasses import replace

import numpy as np

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.data.problem import Problem
from stabilitylab.diagnosis.question import Question

FEW = 8  # characters of a number, sign and point counted, up to which it looks rounded
LARGEST = 200_000  # numbers that are looked at: a text of each is made


def warning_as_printed(question: Question) -> str:
    """What is not determined if floats stand for the decimals that they print as; "" where all is, or none look so.

    A file of decimals says how exactly its numbers are known, half a unit of the last place; a float read from it says
    half an ulp, and hides that. Asked only where every number of a column of floats prints with few characters.
    """
    problem = question.problem
    used = {*problem.design.numbers, problem.response}
    floats = {
        name: values
        for name, values in problem.data.items()
        if name in used and isinstance(values, np.ndarray) and values.dtype == np.float64
    }
    if not floats or sum(map(len, floats.values())) > LARGEST or question.weights is not None:
        return ""
    texts = {name: list(map(repr, values.tolist())) for name, values in floats.items()}
    short = {name: cells for name, cells in texts.items() if all(len(cell) <= FEW for cell in cells)}
    rounded = {name: cells for name, cells in short.items() if not _is_whole(floats[name])}
    if not rounded:
        return ""
    data = {**problem.data, **{name: Decimals.parse(cells) for name, cells in short.items()}}
    twin = Problem(problem.name, data, problem.design, problem.source, response=problem.response)
    try:
        fit = replace(question, problem=twin).fit("decimal")
    except StabilityLabError:  # of what is no unique solution more is said elsewhere
        return ""
    if not any(rounded.keys() & set(one.names) for one in fit.near_relations):
        return ""
    return (
        f"the numbers of {', '.join(sorted(rounded))} print with few decimals; if they were rounded to these, "
        f"{fit.undetermined}"
    )


def _is_whole(values: Array) -> bool:
    return bool((values == np.floor(values)).all())

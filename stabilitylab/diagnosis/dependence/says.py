"""What a person is told about near dependence, in one or two sentences that end with what to do.

Each remedy that is named was computed: the condition index after centring, after scaling, or of a polynomial in a
variable that is mapped to [-1, 1].
"""

from collections.abc import Sequence

import numpy as np

from stabilitylab.core.printable import one_decimal
from stabilitylab.data.terms import Centred, Elapsed
from stabilitylab.diagnosis.dependence.columns import Columns, index_of
from stabilitylab.diagnosis.dependence.harm import Risks
from stabilitylab.diagnosis.dependence.relations import LARGE
from stabilitylab.diagnosis.question import Question
from stabilitylab.diagnosis.result import NearDependence
from stabilitylab.exact.dependent import listed

CUT_OFF = 1e6  # condition index from which cut-offs in use leave directions out
MOST = 2  # relations that are said


def exact_says(near: Sequence[NearDependence]) -> str:
    """Of columns that depend on others exactly."""
    said = "; ".join(one.relation for one in near[:MOST])
    more = f"; and {len(near) - MOST} more" if len(near) > MOST else ""
    them = "one of these columns" if len(near) == 1 else f"{len(near)} of these columns"
    return (
        f"Columns are exactly dependent: {said}{more}. The data determine no coefficient of theirs by itself, in any "
        f"arithmetic: leave out {them}; the fitted values stay the same."
    )


def says(question: Question, columns: Columns, near: Sequence[NearDependence], risks: Risks) -> str:
    """Of a question of full rank."""
    names, n = columns.names, len(columns.names)
    index, cond = float(columns.indexes[-1]), columns.cond
    numerical = [j for j in range(n) if risks.numerical(j)]
    statistical = [names[j] for j in range(n) if risks.statistical[j]]
    proven = [one for one in near if one.within_rounding]
    relations = "; ".join(one.relation for one in (proven or near)[:MOST])
    if proven:
        return (
            f"The columns depend on each other within the rounding of the numbers: {relations}. The coefficients of "
            "these columns are rounding noise: drop one of them, or give the numbers with more digits."
        )
    if numerical:
        return _numerical(question, columns, numerical, risks, relations, statistical)
    if statistical:
        return (
            f"{listed(statistical)} say nearly the same as other columns ({relations}): the intervals of their "
            "coefficients are wide, and their digits are fine. Nothing is to be mended in the arithmetic: drop one of "
            "these columns, combine them, or collect data in which they differ."
        )
    if index >= LARGE:
        if columns.constant is not None and columns.centred_index < LARGE:
            return (
                f"The condition number of {cond:.2g} comes from units and from the constant: columns lie far from 0 "
                f"for their spread, and scaled and about their means it is {columns.centred_index:.2g}. It harms "
                f"nothing here: {_nothing(index)}"
            )
        return (
            f"Columns are nearly dependent, with a condition index of {index:.2g} ({relations}), which harms nothing "
            f"here: the intervals are narrow enough, and digits are kept: {_nothing(index)}"
        )
    if cond >= LARGE * max(1.0, index):
        return (
            f"The condition number of {cond:.2g} comes from the units of the columns: scaled to one norm it is "
            f"{index:.2g}. It harms nothing here: nothing to do."
        )
    return f"No columns are nearly dependent: the largest condition index is {index:.2g}. Nothing to do."


def _nothing(index: float) -> str:
    """That nothing is to be done, or what a coarse cut-off may do."""
    if index < CUT_OFF:
        return "nothing to do."
    return (
        "but a program with a coarse rank cut-off (1e-7 in lm of R, 1e-6 in scikit-learn) may leave a column out: "
        "measure the columns from their means."
    )


def _numerical(
    question: Question,
    columns: Columns,
    at_risk: Sequence[int],
    risks: Risks,
    relations: str,
    statistical: Sequence[str],
) -> str:
    names, index = columns.names, float(columns.indexes[-1])
    whose = _whose(names, at_risk)
    by_svd = _kept(min(float(risks.by_svd[j]) for j in at_risk))
    if all(risks.only_by_scale(j) for j in at_risk) and index < LARGE:
        return (
            f"The columns have sizes so different that a solver which does not scale them may keep {by_svd} of "
            f"{whose}; scaled to one norm the condition number falls from {columns.cond:.2g} to {index:.2g}: rescale "
            "the columns, or change their units."
        )
    by_rounding = [j for j in at_risk if risks.by_rounding[j]]
    if by_rounding:
        first = f"The rounding of the numbers themselves moves {_whose(names, by_rounding)} by more than the noise does"
    elif all(risks.only_by_scale(j) for j in at_risk):
        by_qr = _kept(min(float(risks.by_qr[j]) for j in at_risk))
        first = (
            f"Digits are at risk: QR keeps {by_qr} of {whose}, a solver whose errors are relative to the largest "
            f"column may keep {by_svd}"
        )
    else:
        by_qr = _kept(min(float(risks.by_qr[j]) for j in at_risk))
        first = f"Digits are at risk: a good solver in {question.problem.format.name} keeps {by_qr} of {whose}"
    because = f" ({relations})" if relations else ""
    wide = " The intervals are wide as well." if statistical else ""
    return f"{first}{because}.{wide} {_way_out(question, columns, rounded=bool(by_rounding))}"


def _whose(names: Sequence[str], some: Sequence[int]) -> str:
    return "every coefficient" if len(some) == len(names) else listed([names[j] for j in some])


def _kept(digits: float) -> str:
    return f"about {one_decimal(digits)} digits" if digits >= 1 else "less than a digit"


def _way_out(question: Question, columns: Columns, *, rounded: bool) -> str:
    index = float(columns.indexes[-1])
    polynomial = mapped_index(question)
    if polynomial is not None and polynomial < index / LARGE:
        x = listed(list(question.problem.design.terms[1].numbers))
        return (
            f"With {x} mapped to [-1, 1] before its powers are formed the condition index falls from {index:.2g} to "
            f"{polynomial:.2g}: map {x}, or use orthogonal polynomials, and read it with all its digits."
        )
    if columns.constant is not None and columns.centred_index < LARGE:
        return (
            f"Measured from their means, or from the first row, the columns have a condition index of "
            f"{columns.centred_index:.2g} instead of {index:.2g}: subtract the origin before the numbers are rounded."
        )
    if columns.constant is not None and columns.centred_index < index / LARGE:
        return (
            f"Centring brings the condition index from {index:.2g} to {columns.centred_index:.2g}; for the rest drop a "
            "column, or use a certified solver."
        )
    return (
        "Drop one of these columns, or give the numbers with more digits."
        if rounded
        else "Drop one of these columns, or use a certified solver on the numbers as they are."
    )


def mapped_index(question: Question) -> float | None:
    """The largest condition index of 1, t, ..., t**d for x mapped to t in [-1, 1]; None for another design, or line."""
    design, problem = question.problem.design, question.problem
    if design.degree is None or design.degree < 2:
        return None
    term = design.terms[1]
    if isinstance(term, Centred | Elapsed) or len(term.numbers) != 1:
        return None
    x = np.asarray(problem.column(term.numbers[0]), dtype=np.float64)
    low, high = float(x.min()), float(x.max())
    half, middle = high / 2 - low / 2, high / 2 + low / 2
    if not (np.isfinite(half) and half > 0):
        return None
    return index_of(np.vander((x - middle) / half, design.degree + 1, increasing=True), question.float_weights)

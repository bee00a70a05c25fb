"""An answer to the question asked, or to none that was tried: its digits, and what the arithmetic cost."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor

import numpy as np

from stabilitylab.bench.causes import Found, Suspect, causes_of
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import Solution, Status
from stabilitylab.diagnosis.arbitrate.agreement import CAP, Agreement, beside, compared
from stabilitylab.diagnosis.arbitrate.answers import Answer
from stabilitylab.diagnosis.arbitrate.in_part import in_part
from stabilitylab.diagnosis.arbitrate.result import NONE, NONE_TRIED, Judged, JudgedCoefficient
from stabilitylab.diagnosis.arbitrate.search import Search, Workshop
from stabilitylab.diagnosis.arbitrate.spelling import normal
from stabilitylab.exact.solve.interval import quotient

MEANT = 4.0  # correct digits of the worst coefficient from which an answer is said to solve the question asked
EXPLAINED = 8.0  # correct digits below which it is asked what the arithmetic cost
PROVEN = frozenset({"SL101", "SL102", "SL103", "SL104", "SL201", "SL202", "SL203", "SL204", "SL205"})
"""Causes that are proven of an answer from elsewhere, whose program is unknown; others need the call itself."""


def of_asked(workshop: Workshop, one: Search) -> Judged:
    """An answer that solves none of the other questions."""
    asked, is_unique = one.asked, workshop.setting.solved(workshop.asked) is not None
    digits = None if asked is None else asked.worst
    causes = () if asked is None or asked.is_right else _causes(workshop, asked)
    solves = asked is not None and (asked.is_right or asked.worst >= MEANT or bool(causes))
    part = None if solves else in_part(workshop, one.answer)
    is_part = asked is None and part is not None and part.is_all_right
    all_right = asked is not None and asked.is_right
    if is_part and part is not None:
        digits, all_right = min(part.digits), max(part.errors) <= 1.0
        how = f"all printed digits are right{spanned(part.digits)}" if all_right else f"{counted(digits)} are right"
        sentence = f"answers the question asked, in the coefficients that it has: {how}. It has none of {part.lacks}."
    elif asked is None:
        having = one.tried - 1  # the question asked has other coefficients
        sentence = f"solves none of the {having} questions tried that have its coefficients."
        if having < 1:
            sentence = "solves none of the questions tried: all have other coefficients."
    elif solves:
        sentence = f"answers the question asked: {right(asked)}."
        if not is_unique:
            sentence = f"is the solution of least norm of the many that the question asked has: {right(asked)}."
        sentence += "".join(f" {cause.code}: {cause.sentence}." for cause in causes)
    else:
        sentence = (
            f"{right(asked)} in the worst coefficient for the question asked; it solves none of the {one.tried - 1} "
            "other questions tried."
        )
    solves = solves or is_part
    if not solves and part is not None and part.sentence:
        sentence += f" Of the coefficients, {part.sentence}"
    known = asked_coefficients(workshop, one.answer, asked)
    names = one.answer.names or workshop.setting.question.names
    coefficients = []
    for name, value in zip(names, one.answer.values, strict=True):
        exact = known.get(normal(name), (None, None))
        coefficients.append(JudgedCoefficient(name, value.text, *exact, *exact))
    code = "" if solves else NONE_TRIED
    witness = {"questions tried": one.tried}
    nothing = Found(NONE.code, NONE.title, NONE.severity, f"{one.answer.label} {sentence}", witness)
    return Judged(
        one.answer.label,
        code,
        (code,) if code else (),
        sentence,
        "the question asked" if solves else "",
        digits,
        digits,
        tuple(coefficients),
        causes if solves else (nothing,),
        (),
        one.tried,
        all_right=all_right,
    )


def asked_coefficients(
    workshop: Workshop, answer: Answer, asked: Agreement | None = None
) -> dict[str, tuple[float | None, float | None]]:
    """For each name the coefficient of the question asked, nearest double, and correct digits of the answer's."""
    x = asked.x if asked is not None else workshop.setting.solved(workshop.asked)
    features = workshop.asked.features
    if x is None:
        return {}
    values = beside(answer, features)
    return {
        normal(name): (nearest(exact), None if value is None else compared(value, exact)[1])
        for feature, value, exact in zip(features, values, x, strict=True)
        for name in {feature.name, *feature.others}
    }


def _causes(workshop: Workshop, asked: Agreement) -> tuple[Found, ...]:
    """What the arithmetic cost, where that is proven of an answer whose program is unknown."""
    question = workshop.setting.question
    if asked.worst >= EXPLAINED or any(value is None for value in asked.values):
        return ()
    x = np.array([float(value.value) for value in asked.values if value is not None])
    weights = question.float_weights
    suspect = Suspect(
        question.problem, Solution(x, Status.SOLVED), "decimal", weights=None if weights is None else weights.tolist()
    )
    try:
        return tuple(one for one in causes_of(suspect, remove=False) if one.code in PROVEN)
    except StabilityLabError:
        return ()


def right(one: Agreement) -> str:
    """How many digits are right, in words."""
    if one.is_right and one.worst >= CAP:
        return "all digits are right"
    if one.is_right:
        return f"all printed digits are right{spanned([d for d in one.digits if d is not None])}"
    return f"{counted(one.worst)} {'is' if floor(one.worst) == 1 else 'are'} right"


def spanned(digits: Sequence[float]) -> str:
    """From the fewest digits of a coefficient to the most, in brackets: " (4 to 7)"; "" of none."""
    if not digits:
        return ""
    few, many = floor(min(digits)), floor(max(digits))
    return f" ({few} to {many})" if many > few else f" ({few})"


def counted(digits: float) -> str:
    """A number of correct digits, in words."""
    whole = floor(digits)
    return "no digits" if whole < 1 else f"{whole} digit{'s' * (whole != 1)}"


def nearest(value: Fraction) -> float:
    """The nearest double."""
    return quotient(value.numerator, value.denominator)

"""Data that many coefficients fit equally well: why, and which of these a call returned."""

from dataclasses import replace

import numpy as np

from stabilitylab.bench.causes import Found
from stabilitylab.bench.causes.cause import shown
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, RankDeficientError, UnderdeterminedError
from stabilitylab.core.printable import one_decimal
from stabilitylab.diagnosis.coefficients import returned
from stabilitylab.diagnosis.digits import digits_of, worst
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.diagnosis.result import Coefficient
from stabilitylab.exact.dependent import listed
from stabilitylab.scoring.accuracy import correct_digits
from stabilitylab.scoring.reference import reference

DEPENDENT = "SL204"
IS_ONE = 6.0  # digits from which an answer is one of the solutions


def many_solutions(
    question: Question, call: Call, error: RankDeficientError | UnderdeterminedError
) -> tuple[Found, tuple[Coefficient, ...]]:
    """(what was found, the coefficients): those returned beside the certified ones of the same choice.

    error: that which refused a unique solution; its text has the relation between columns. The choices that are told
    apart are the solution of least norm and basic ones, in which coefficients are 0 or NA; of another answer no
    certified value is given.
    """
    n = len(question.names)
    x = returned(call, n)
    chosen, certified, digits = _choice(question, call, x)
    rows = tuple(
        Coefficient(
            name, value, None if certified is None else float(certified[j]), None if digits is None else digits[j]
        )
        for j, (name, value) in enumerate(zip(question.names, x, strict=True))
    )
    found = shown(DEPENDENT, f"{why_many(question, error)}. {call.name} {chosen}.")
    return replace(found, witness={"rank": str(error)}), rows


def why_many(question: Question, error: RankDeficientError | UnderdeterminedError) -> str:
    """What keeps the data from determining coefficients, as a sentence without its end."""
    if isinstance(error, UnderdeterminedError):
        m, n = question.rows, len(question.names)
        return (
            f"{m} rows cannot determine {n} coefficients: many fit equally well. Give more rows, or leave columns out"
        )
    text = str(error.args[0])  # without the policies of `lstsq`, which are no options here
    return f"{text[:1].upper()}{text[1:]}, for no program can tell their coefficients apart"


def _choice(
    question: Question, call: Call, x: list[float | None]
) -> tuple[str, Array | None, list[float | None] | None]:
    """(which of the solutions it is in words, that one certified, the digits)."""
    if call.solution.x is None or not call.solution.status.answered:
        note = f": {call.solution.note}" if call.solution.note else ""
        return f"gave no answer ({call.solution.status.value}{note})", None, None
    values = np.array([0.0 if v is None else v for v in x])
    least = question.fit("decimal", "minimum-norm")
    digits = digits_of(values, least).tolist()
    if worst(digits) >= IS_ONE:
        said = f"returned the one of least norm among all solutions, right to {one_decimal(worst(digits))} digits"
        return said, np.asarray(least.x), digits
    left_out = [question.names[j] for j, v in enumerate(x) if not v]
    if question.weights is None and left_out:
        kept = [j for j, v in enumerate(x) if v]
        try:
            basic = reference(question.problem, truth="decimal", policy="basic", kept=kept)
        except InputError:  # these columns depend on each other too, or others are needed
            basic = None
        if basic is not None:
            digits = list(correct_digits(values, basic.x, basic.scales))
            if worst([digits[j] for j in kept]) >= IS_ONE:
                said = f"left out {listed(left_out)}, and its other coefficients are right for the columns that remain"
                scored = [digits[j] if v is not None else None for j, v in enumerate(x)]
                return said, np.array([float(v) for v in basic.x]), scored
    return "returned neither the solution of least norm nor one without a column", None, None

"""`arbitrate`: each answer beside the question asked and beside those that it may have answered instead."""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from typing import Any

from stabilitylab.bench.causes import Found
from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import RankDeficientError, StabilityLabError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.core.types import Weighting
from stabilitylab.data.formula import RulesName
from stabilitylab.data.table import Table, table_of
from stabilitylab.diagnosis.arbitrate.agreement import Agreement
from stabilitylab.diagnosis.arbitrate.answers import Answer, answers_of
from stabilitylab.diagnosis.arbitrate.asked_question import (
    asked_coefficients,
    counted,
    nearest,
    of_asked,
    right,
    spanned,
)
from stabilitylab.diagnosis.arbitrate.known_names import known_names
from stabilitylab.diagnosis.arbitrate.meanings import catalog
from stabilitylab.diagnosis.arbitrate.result import NONE_TRIED, Arbitration, Judged, JudgedCoefficient
from stabilitylab.diagnosis.arbitrate.search import SECONDS, Search, Workshop, search
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.diagnosis.arbitrate.spelling import normal
from stabilitylab.diagnosis.arbitrate.verify import Proof, proof_of
from stabilitylab.diagnosis.asked import asked
from stabilitylab.diagnosis.question import Question
from stabilitylab.diagnosis.shown_rows import without_cells


@in_default_mode
def arbitrate(
    data: Any,
    answers: Any,
    *,
    target: str | None = None,
    formula: str | None = None,
    columns: Sequence[str] | None = None,
    intercept: bool = True,
    weights: str | None = None,
    weighting: Weighting = "relative",
    rules: RulesName = "R",
    **reading: Any,
) -> Arbitration:
    """Whose coefficients are right, how many digits of them, and of which question.

    data, target, formula, columns, intercept, weights, rules, reading: the question asked, as for `asked`. answers: see
    `arbitrate_question`. An answer that solves another question to its printed digits (another reference level, no
    intercept, scaled columns, dropped rows, other weights, a penalty, ...) is told so under a stable code; one that
    solves none of those tried is SL399. Raises the errors of `asked` and of `arbitrate_question`.
    """
    question = asked(
        data, target=target, formula=formula, columns=columns, intercept=intercept, weights=weights,
        weighting=weighting, rules=rules, **reading,
    )  # fmt: skip
    return arbitrate_question(question, answers, incomplete=_incomplete(data, question, reading))


def _incomplete(data: Any, question: Question, reading: Mapping[str, Any]) -> frozenset[int]:
    """The rows of a question that lack a cell in a column that is not used, which some programs leave out."""
    if isinstance(data, Table):
        return frozenset()
    try:
        whole = table_of(data, **{**reading, "missing": "drop", "needed": None})
    except StabilityLabError:  # what is wrong in a column that is not used does no harm
        return frozenset()
    kept = set(whole.places)
    return frozenset(row for row, place in enumerate(question.table.places) if place not in kept)


def arbitrate_question(
    question: Question, answers: Any, *, seconds: float = SECONDS, incomplete: frozenset[int] = frozenset()
) -> Arbitration:
    """For each answer, how many digits are right, and of which question.

    answers: a mapping from a name to coefficients: a vector in the order of the design, a mapping from names (a missing
    one is not in that model), numbers or text as printed, a fit, a series of pandas, or the path of a file; or the path
    of one file of all. A file, or a text of several lines, has lines name,value; a column or a row for each program;
    lines program,coefficient,value; or what `readers` know of the tables that programs print. seconds: of processor
    time for combinations of two meanings, all answers together. Every question that an answer is said to solve is
    solved again from its columns by `lstsq` and in rationals. incomplete: rows that lack a cell in a column of the
    table that is not used. Raises the errors of `answers.answers_of`, and UnknownNameError for a coefficient that no
    question of these columns has.
    """
    setting = Setting(question, incomplete)
    known = known_names(setting)
    given = answers_of(answers, question.names, known)
    _require_known(setting, given, known)
    notes: tuple[str, ...] = without_cells(question.table)
    try:
        question.fit("decimal")
    except RankDeficientError as error:
        notes = (*notes, f"The question asked has no unique answer: {error}")
    workshop, left = Workshop(setting), seconds
    judged, unfinished = [], []
    for answer in given:
        one = search(workshop, answer, left)
        left -= one.seconds
        judged.append(_judged(workshop, one))
        if not one.is_finished:
            unfinished.append(answer.label)
    rest = f"Time ran out before every question was tried for {', '.join(unfinished)}." if unfinished else ""
    rows = question.problem.shape[0]
    verdict = _verdict(judged)
    pairs = tuple(filter(None, (_pair(a, b) for a, b in combinations(judged, 2))))
    return Arbitration(verdict, question.problem.response, question.title, rows, tuple(judged), pairs, notes, rest)


def _require_known(setting: Setting, answers: Sequence[Answer], known: Collection[str]) -> None:
    """Raise UnknownNameError for a coefficient that none of the questions tried has."""
    for answer in answers:
        for name in answer.names or ():
            if normal(name) not in known:
                asked = setting.question.names
                hint = did_you_mean(name, asked, plural="coefficients", show=repr, few=12)
                raise UnknownNameError(f"{answer.label}: no coefficient is named {name!r}: {hint}")


def _judged(workshop: Workshop, one: Search) -> Judged:
    proofs = [proof_of(workshop.setting, found) for found in one.found]
    found = [(agreement, proof) for agreement, proof in zip(one.found, proofs, strict=True) if proof.holds]
    if not found:
        return of_asked(workshop, one)
    (best, proof), ties = found[0], tuple(tie.model.says for tie, _ in found[1:])
    asked = asked_coefficients(workshop, one.answer)
    coefficients = []
    for feature, value, x, digits in zip(best.model.features, best.values, best.x, best.digits, strict=True):
        if value is not None or feature.is_present:
            text = value.text if value else ""
            of_asked_one = asked.get(normal(feature.name), (None, None))
            coefficients.append(JudgedCoefficient(feature.name, text, nearest(x), digits, *of_asked_one))
    either = f" or {' or '.join(ties)}" if ties else ""
    question = f"{best.model.says}{either}"
    asked_digits = None if one.asked is None else one.asked.worst
    instead = f"; of the question asked, {counted(asked_digits)}" if asked_digits is not None else ""
    sentence = f"answers another question, {question}: of that, {right(best)}{instead}."
    if ties:
        sentence += " Its printed digits do not tell these questions apart."
    return Judged(
        one.answer.label,
        best.model.codes[0],
        best.model.codes,
        sentence,
        question,
        best.worst,
        asked_digits,
        tuple(coefficients),
        tuple(_found(code, best, one, proof) for code in best.model.codes),
        ties,
        one.tried,
        one.chance,
        best.is_right,
    )


def _found(code: str, best: Agreement, one: Search, proof: Proof) -> Found:
    says = " and ".join(d.says for d in best.model.differences if d.code == code)
    witness: dict[str, Any] = {
        "questions tried": one.tried,
        "largest error in half units of the last printed place": best.misfit,
        "-log10 of the probability by chance": one.chance,
        "certified by lstsq": proof.certified,
        "normal equations hold in rationals": proof.normal_equations,
    }
    entry = catalog.entry(code).label
    before = None if one.asked is None else one.asked.worst
    sentence = f"{one.answer.label}: {says}."
    return Found(code, entry.title, entry.severity, sentence, witness, digits_before=before, digits_after=best.worst)


def _verdict(judged: Sequence[Judged]) -> str:
    solving = [one.name for one in judged if one.is_right]
    other = [one for one in judged if one.code and one.code != NONE_TRIED]
    unknown = [one.name for one in judged if one.code == NONE_TRIED]
    parts = []
    if solving:
        parts.append(f"{_list(solving)} answer{'s' * (len(solving) == 1)} the question asked, {_to(judged)}")
    parts += [f"{one.name} answers another: {one.question}" for one in other]
    if unknown:
        parts.append(f"{_list(unknown)} solve{'s' * (len(unknown) == 1)} none of the questions tried")
    return "; ".join(parts) + "."


def _to(judged: Sequence[Judged]) -> str:
    """To how many digits the answers to the question asked are right: all that were printed, or of the worst."""
    whole = [one for one in judged if one.is_right and one.all_right]
    rest = [one for one in judged if one.is_right and not one.all_right]
    parts = []
    if whole:
        digits = [c.digits for one in whole for c in one.coefficients if c.digits is not None]
        names = f"{_list([one.name for one in whole])} " if rest else ""
        parts.append(f"{names}in all digits printed{spanned(digits)}")
    if rest:
        names = f"{_list([one.name for one in rest])} " if whole else ""
        parts.append(f"{names}to {counted(min(one.digits or 0.0 for one in rest))}")
    return ", ".join(parts)


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _pair(a: Judged, b: Judged) -> str:
    """How two answers differ; "" where both are right or neither is known."""
    if a.code == b.code == "" or NONE_TRIED in (a.code, b.code):
        return ""
    if a.question == b.question:
        return f"{a.name} and {b.name} answer the same question, {a.question}."
    each = min(a.digits or 0.0, b.digits or 0.0)
    how = (
        "all printed digits of both are right" if a.all_right and b.all_right else f"both are right to {counted(each)}"
    )
    return f"{a.name} and {b.name} answer different questions, {b.name}: {b.question}; {a.name}: {a.question}; {how}."

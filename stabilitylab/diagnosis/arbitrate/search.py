"""Which question an answer solves: those of each meaning solved exactly, one accepted only if no other will do."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import log10
from time import process_time

from stabilitylab.core.catalog import Entry
from stabilitylab.diagnosis.arbitrate.agreement import (
    ENOUGH,
    NEARLY,
    Agreement,
    agreement,
    evidence,
    may_hold,
    placed,
)
from stabilitylab.diagnosis.arbitrate.answers import Answer
from stabilitylab.diagnosis.arbitrate.features import asked_model
from stabilitylab.diagnosis.arbitrate.meanings import Meaning, View, catalog
from stabilitylab.diagnosis.arbitrate.model import Model
from stabilitylab.diagnosis.arbitrate.printed import as_float
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.diagnosis.arbitrate.spelling import normal

SINGLE_SECONDS = 10.0  # of processor time for one answer, after which no further questions of one difference are tried
BETTER = 3.0  # digits by which the accepted question agrees better than the one asked, and than any other
AGAINST_CHANCE = 3.0  # -log10 of the probability of such an agreement by chance that is asked for
SECONDS = 3.0  # of processor time, all answers together, after which no further combinations are tried
OFF = 6.0  # half units of the last printed place from which an answer does not solve a question that others do solve


@dataclass(frozen=True, eq=False)
class Search:
    """What was found for one answer.

    asked: beside the question asked, where that has infinitely many solutions beside the one of least norm; None where
    the answer has other coefficients.
    found: the questions that the answer solves, none where it solves the one asked, or none of those tried; several
    where its digits do not tell them apart. tried: how many questions. chance: -log10 of the probability that one
    agrees so by chance.
    is_finished: whether every question was tried, or time ran out. seconds: of processor time for combinations.
    """

    answer: Answer
    asked: Agreement | None
    found: tuple[Agreement, ...]
    tried: int
    chance: float | None
    is_finished: bool
    seconds: float


@dataclass(frozen=True, eq=False)
class Workshop:
    """A setting with the questions that are the same whatever the answer is, each formed once, and solved once."""

    setting: Setting
    _kept: dict[tuple[int, str], list[Model]] = field(default_factory=dict)
    _alive: list[Model] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._alive.append(asked_model(self.setting))

    @property
    def asked(self) -> Model:
        """The question as it was asked."""
        return self._alive[0]

    def models(self, model: Model, entry: Entry[Meaning], answer: Answer) -> Iterator[Model]:
        """The questions that one meaning makes of a model: from this answer, and then those for any."""
        yield from self.from_answer(model, entry, answer)
        key = (id(model), entry.label.code)
        if key not in self._kept:
            self._alive.append(model)  # so that no other model has its id
            kept: list[Model] = []
            for one in entry.function(View(self.setting, model)):
                if one.is_usual or not model.differences:
                    kept.append(one)
                    yield one
            self._kept[key] = kept  # all of them: a search that ran out of time leaves none behind
        else:
            yield from self._kept[key]

    def from_answer(self, model: Model, entry: Entry[Meaning], answer: Answer) -> Iterator[Model]:
        """The questions that one meaning makes of a model by looking at an answer."""
        if entry.label.uses_answer:
            yield from entry.function(View(self.setting, model, answer))


def search(workshop: Workshop, answer: Answer, seconds: float = SECONDS) -> Search:
    """The question that an answer solves, to nearly all of its printed digits, where that can be shown.

    A question is accepted if (1) each coefficient has 4 correct digits, or nearly all that were printed; (2) the
    largest error in printed places is 1000 times smaller than for the question asked, and than for any other question
    tried with other coefficients, those within that factor being named as ties; and (3) by chance one of the questions
    tried would agree as well with a probability below 1/1000, as `agreement.evidence` counts it.
    """
    setting = workshop.setting
    x = setting.solved(workshop.asked)
    asked = least_norm(workshop, answer) if x is None else agreement(answer, workshop.asked, x)
    if asked is not None and (asked.is_right or _is_near(asked)):
        return Search(answer, asked, (), 1, None, True, 0.0)
    entries = sorted(catalog, key=lambda entry: (entry.label.stage, entry.label.code))
    near: list[Agreement] = []
    singles: list[tuple[Entry[Meaning], Model]] = []
    tried = 1
    is_finished, started = True, process_time()
    for entry in sorted(entries, key=lambda entry: entry.label.stage == 0):  # rows last: they cost most
        for model in workshop.models(workshop.asked, entry, answer):
            if process_time() - started > SINGLE_SECONDS:
                is_finished = False
                break
            found = _compared(setting, answer, model)
            tried += found is not None
            near += found or []
            singles.append((entry, model))
    alone = tried  # those of a single difference that have the coefficients of the answer
    accepted, chance = _accepted(workshop, asked, near, tried, alone)
    started = process_time()
    if not accepted:
        for model in _combinations(workshop, singles, entries, answer):
            if process_time() - started > seconds:
                is_finished = False
                break
            found = _compared(setting, answer, model)
            tried += found is not None
            near += found or []
        accepted, chance = _accepted(workshop, asked, near, tried, alone)
    return Search(answer, asked, accepted, tried, chance, is_finished, process_time() - started)


def least_norm(workshop: Workshop, answer: Answer) -> Agreement | None:
    """The answer beside the solution of least norm of a question that has infinitely many."""
    fit = workshop.setting.question.fit("decimal", "minimum-norm")
    return agreement(answer, workshop.asked, tuple(Fraction(v) for v in fit.x.tolist()))


def _combinations(
    workshop: Workshop,
    singles: Sequence[tuple[Entry[Meaning], Model]],
    entries: Sequence[Entry[Meaning]],
    answer: Answer,
) -> Iterator[Model]:
    """Two meanings in the order of their stages, those first of which there are fewer; then what is found from the
    answer beside any other meaning."""
    by_code: dict[str, list[tuple[Entry[Meaning], Model]]] = {}
    for entry, model in singles:
        by_code.setdefault(entry.label.code, []).append((entry, model))
    firsts = [one for some in sorted(by_code.values(), key=len) for one in some]
    seconds = sorted(entries, key=lambda entry: len(by_code.get(entry.label.code, ())))
    for second in seconds:
        for first, model in firsts:
            if model.is_usual and _follows(first.label, second.label) and _may_have(answer, model, second.label):
                yield from workshop.models(model, second, answer)
    for is_usual in (True, False):
        for second in seconds:
            for first, model in firsts:
                is_new = first is not second and not (model.is_usual and _follows(first.label, second.label))
                if model.is_usual == is_usual and is_new and _may_have(answer, model, second.label):
                    yield from workshop.from_answer(model, second, answer)


def _follows(first: Meaning, second: Meaning) -> bool:
    """Whether one meaning is combined with another in this order."""
    return (first.stage, first.code) < (second.stage, second.code)


def _may_have(answer: Answer, model: Model, second: Meaning) -> bool:
    """Whether a question that a second meaning makes of a model can have the coefficients of an answer."""
    if second.renames:
        return True
    if answer.names is None:
        return len(answer.values) == len(model.features)
    return answer.by_name.keys() <= {name for f in model.features for name in (normal(f.name), *f.others)}


def _compared(setting: Setting, answer: Answer, model: Model) -> list[Agreement] | None:
    """The answer beside the solution of a question, where it agrees with that; None where it has other coefficients."""
    values = placed(answer, model)
    if values is None:
        return None
    x = setting.solved(model)
    if x is None or not may_hold(values, [as_float(v) for v in x]):
        return []
    found = agreement(answer, model, x)
    return [found] if found is not None and found.holds else []


def _rank(one: Agreement) -> tuple[float, int, int]:
    """The best agreement first; of those to nearly all printed digits, the question that is simplest."""
    return round(log10(max(one.misfit, NEARLY)), 1), len(one.model.differences), one.model.tries


def _accepted(
    workshop: Workshop, asked: Agreement | None, near: Sequence[Agreement], tried: int, singles: int
) -> tuple[tuple[Agreement, ...], float | None]:
    """The questions that are accepted, the best first, and how improbable their agreement is by chance."""
    best = min(near, key=_rank, default=None)
    if best is None:
        return (), None
    if asked is not None and log10(asked.misfit / best.misfit) < BETTER:
        return (), None
    spread = workshop.setting.spread(best.model)
    chance = evidence(best, asked, spread) - log10(_as_likely(best.model, tried, singles))
    if chance < AGAINST_CHANCE:
        return (), chance
    tied = [one for one in sorted(near, key=_rank) if one is best or _is_tied(best, one)]
    return tuple(_different(tied)), chance


def _is_near(asked: Agreement) -> bool:
    """Whether an answer agrees so well with the question asked that none other is a thousand times nearer."""
    return asked.worst >= ENOUGH and log10(asked.misfit) < BETTER


def _as_likely(model: Model, tried: int, singles: int) -> int:
    """How many questions are thought as likely beforehand as this one: a quarter that it is one of the single
    differences, a quarter that it is one of two, and a sixteenth for each way to find one from the answer.

    A question that was found from the answer stands for all among which it was found, of every model it began with.
    """
    if len(model.differences) > 1:
        return 4 * (tried + model.tries * (singles if model.tries > 1 else 1))
    return 16 * model.tries if model.tries > 1 else 4 * singles


def _is_tied(best: Agreement, other: Agreement) -> bool:
    """Whether the printed digits leave it open which of two questions the answer solves.

    Where the one agrees to nearly all of them, another does not that is off by several units of the last printed place
    or was found among more questions.
    """
    if log10(other.misfit / best.misfit) >= BETTER:
        return False
    if best.misfit > NEARLY:
        return True
    return other.misfit <= OFF and other.model.tries <= best.model.tries


def _different(tied: Sequence[Agreement]) -> list[Agreement]:
    """Of questions of one code those with other solutions."""
    found: list[Agreement] = []
    for one in tied:
        same = [other for other in found if set(one.model.codes) == set(other.model.codes)]
        if not any(one.x == other.x for other in same):
            found.append(one)
    return found

"""Which coefficients of an answer agree with the question asked, where all do not: by name, those of a category once."""

from collections.abc import Sequence

from stabilitylab.core.printable import one_line
from stabilitylab.diagnosis.arbitrate.agreement import ENOUGH, NEARLY, beside, compared
from stabilitylab.diagnosis.arbitrate.answers import Answer
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.search import Workshop
from stabilitylab.diagnosis.arbitrate.spelling import normal

LEAST = 2  # digits printed of a coefficient that is said to agree
MOST = 8  # names in a sentence


def in_part(workshop: Workshop, answer: Answer) -> str:
    """A sentence on what agrees with the question asked and what does not; "" where nothing or everything agrees.

    A coefficient agrees that has 4 correct digits, or nearly all that were printed and no fewer than two. Where the
    intercept and the coefficients of categories are all that does not, it asks whether those are coded in another way.
    """
    model, x = workshop.asked, workshop.setting.solved(workshop.asked)
    if x is None:
        return ""
    features, values = model.features, beside(answer, model.features)
    agree: list[Feature] = []
    differ: list[Feature] = []
    for feature, value, exact in zip(features, values, x, strict=True):
        if value is None:
            continue
        error, digits = compared(value, exact)
        is_near = digits is not None and (digits >= ENOUGH or (error <= NEARLY and value.digits >= LEAST))
        (agree if is_near else differ).append(feature)
    found = {name for f in features for name in (normal(f.name), *f.others)}
    unknown = [name for name in answer.names or () if normal(name) not in found]
    missing = [f for f, value in zip(features, values, strict=True) if value is None]
    if not agree or not (differ or unknown or missing):
        return ""
    agreeing = _named(model, agree, [*differ, *missing])
    parts = [f"{_list(agreeing)} agree{'s' * (len(agreeing) == 1)} with the question asked"]
    others = [*_named(model, differ, agree), *(repr(one_line(name)) for name in unknown)]
    if others:
        parts.append(f"{_list(others)} do{'es' * (len(others) == 1)} not")
    if missing:
        parts.append(f"it has no coefficient of {_list(_named(model, missing, [*agree, *differ]))}")
    off = [*differ, *missing]
    coded = dict.fromkeys(column for f in off if f.is_indicator for column in _columns(f))
    numbers = [f for f in off if not f.is_indicator and not f.is_intercept]
    question = f": another coding of {_list([repr(column) for column in coded])}?" if coded and not numbers else "."
    sentence = f"{'; '.join(parts)}{question}"
    return sentence[:1].upper() + sentence[1:]


def _columns(feature: Feature) -> list[str]:
    return sorted({atom.column for monomial in feature.polynomial for atom in monomial})


def _named(model: Model, some: Sequence[Feature], others: Sequence[Feature]) -> list[str]:
    """The names of features; of a category by its column, where no feature of that is among others."""
    elsewhere = {column for f in others if f.is_indicator for column in _columns(f)}
    found: dict[str, None] = {}
    for feature in some:
        columns = _columns(feature)
        whole = feature.is_indicator and len(columns) == 1 and columns[0] not in elsewhere
        found["the intercept" if feature.is_intercept else repr(columns[0] if whole else feature.name)] = None
    return list(found)


def _list(names: Sequence[str]) -> str:
    shown = [*names[:MOST], f"{len(names) - MOST} more"] if len(names) > MOST + 1 else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

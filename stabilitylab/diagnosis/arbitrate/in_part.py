"""Which coefficients of an answer agree with the question asked: by name, those of a category once."""

from collections.abc import Sequence
from dataclasses import dataclass

from stabilitylab.core.printable import one_line
from stabilitylab.diagnosis.arbitrate.agreement import ENOUGH, NEARLY, beside, compared
from stabilitylab.diagnosis.arbitrate.answers import Answer
from stabilitylab.diagnosis.arbitrate.model import Feature
from stabilitylab.diagnosis.arbitrate.search import Workshop
from stabilitylab.diagnosis.arbitrate.spelling import normal

LEAST = 2  # digits printed of a coefficient that is said to agree
MOST = 8  # names in a sentence


@dataclass(frozen=True, eq=False)
class InPart:
    """An answer beside the question asked, coefficient by coefficient.

    agree, differ, missing: features of the question that have 4 correct digits, or nearly all that were printed and no
    fewer than two; that have not; that the answer has no number for. unknown: names that the question has not. errors:
    of those that agree, in half units of the last printed place, and digits: their correct ones.
    """

    agree: tuple[Feature, ...]
    differ: tuple[Feature, ...]
    missing: tuple[Feature, ...]
    unknown: tuple[str, ...]
    errors: tuple[float, ...]
    digits: tuple[float, ...]

    @property
    def is_all_right(self) -> bool:
        """Whether all that the answer has agrees, though it has not all."""
        return bool(self.agree and self.missing) and not (self.differ or self.unknown)

    @property
    def sentence(self) -> str:
        """What agrees and what does not; "" where nothing does, or everything.

        Where the coefficients of categories, beside the intercept, are all that does not, it asks about their coding.
        """
        if not self.agree or not (self.differ or self.unknown or self.missing):
            return ""
        agreeing = _named(self.agree, [*self.differ, *self.missing])
        parts = [f"{_list(agreeing)} agree{'s' * (len(agreeing) == 1)} with the question asked"]
        others = [*_named(self.differ, self.agree), *(repr(one_line(name)) for name in self.unknown)]
        if others:
            parts.append(f"{_list(others)} do{'es' * (len(others) == 1)} not")
        if self.missing:
            parts.append(f"it has no coefficient of {self.lacks}")
        off = [*self.differ, *self.missing]
        coded = dict.fromkeys(column for f in off if f.is_indicator for column in _columns(f))
        numbers = [f for f in off if not f.is_indicator and not f.is_intercept]
        question = f": another coding of {_list([repr(column) for column in coded])}?" if coded and not numbers else "."
        return f"{'; '.join(parts)}{question}"

    @property
    def lacks(self) -> str:
        """What the answer has no number for, in words."""
        return _list(_named(self.missing, [*self.agree, *self.differ]))


def in_part(workshop: Workshop, answer: Answer) -> InPart | None:
    """Each coefficient of an answer beside the question asked; None where that has no unique solution."""
    model, x = workshop.asked, workshop.setting.solved(workshop.asked)
    if x is None:
        return None
    features, values = model.features, beside(answer, model.features)
    agree, differ, errors, found_digits = [], [], [], []
    for feature, value, exact in zip(features, values, x, strict=True):
        if value is None:
            continue
        error, digits = compared(value, exact)
        if digits is not None and (digits >= ENOUGH or (error <= NEARLY and value.digits >= LEAST)):
            agree.append(feature)
            errors.append(error)
            found_digits.append(digits)
        else:
            differ.append(feature)
    known = {name for f in features for name in (normal(f.name), *f.others)}
    unknown = tuple(name for name in answer.names or () if normal(name) not in known)
    missing = tuple(f for f, value in zip(features, values, strict=True) if value is None)
    return InPart(tuple(agree), tuple(differ), missing, unknown, tuple(errors), tuple(found_digits))


def _columns(feature: Feature) -> list[str]:
    return sorted({atom.column for monomial in feature.polynomial for atom in monomial})


def _named(some: Sequence[Feature], others: Sequence[Feature]) -> list[str]:
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

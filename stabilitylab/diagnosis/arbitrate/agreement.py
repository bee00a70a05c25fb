"""How well an answer agrees with the exact solution of a question: in printed places, in digits, and against chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log10

import numpy as np

from stabilitylab.diagnosis.arbitrate.answers import Answer
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.printed import FAR, Printed, as_float
from stabilitylab.diagnosis.arbitrate.spelling import normal

CAP = 15.95  # correct digits that a float64 can show
NEARLY = 2.0  # half units of the last printed place by which an answer may be off that agrees to nearly all digits
ENOUGH = 4.0  # correct digits of each coefficient, or all that are printed, from which an answer agrees


@dataclass(frozen=True, eq=False)
class Agreement:
    """An answer beside the exact solution x (n,) of a model.

    values (n,): the numbers of the answer for the features of the model, None where it has none. errors (n,): what is
    between them, in units in which 1 is half of the last printed place: up to 1, all printed digits are right.
    digits (n,): correct ones, no more than were printed; None where it has none.
    """

    model: Model
    x: tuple[Fraction, ...]
    values: tuple[Printed | None, ...]
    errors: tuple[float, ...]
    digits: tuple[float | None, ...]

    @property
    def misfit(self) -> float:
        """The largest error in half units of the last printed place, at least 1."""
        return max(1.0, *self.errors)

    @property
    def holds(self) -> bool:
        """Whether each coefficient has 4 correct digits, or nearly all that were printed."""
        return all(d is None or e <= NEARLY or d >= ENOUGH for e, d in zip(self.errors, self.digits, strict=True))

    @property
    def is_right(self) -> bool:
        """Whether every printed digit of every coefficient is right."""
        return all(e <= 1.0 for e in self.errors)

    @property
    def worst(self) -> float:
        """Correct digits of the worst coefficient, of those with a wrong digit; without one, the most printed."""
        known = [(e, d) for e, d in zip(self.errors, self.digits, strict=True) if d is not None]
        wrong = [d for e, d in known if e > 1.0]
        return min(wrong) if wrong else max((d for _, d in known), default=0.0)


def placed(answer: Answer, model: Model) -> tuple[Printed | None, ...] | None:
    """The number of the answer for each feature of a model; None where its names are others.

    A feature that the model has not is missing in the answer, or 0.
    """
    if answer.names is None:
        if len(answer.values) != len(model.features):
            return None
        values: list[Printed | None] = list(answer.values)
    else:
        values, used = [], set()
        for feature in model.features:
            name = found_name(answer.by_name, feature.name, feature.others)
            used.add(name)
            values.append(None if name is None else answer.by_name[name])
        if set(answer.by_name) - used:
            return None
    for feature, value in zip(model.features, values, strict=True):
        if (feature.is_present and value is None) or (not feature.is_present and value is not None and value.value):
            return None
    return tuple(values)


def found_name(given: Mapping[str, Printed], name: str, others: frozenset[str]) -> str | None:
    """The name under which an answer has a feature; None where it has none."""
    first = normal(name)
    if first in given:
        return first
    return next((other for other in given if other in others), None)


def beside(answer: Answer, features: Sequence[Feature]) -> tuple[Printed | None, ...]:
    """The number of the answer for each of some features, None where it has none; its other names do not matter."""
    if answer.names is None:
        return answer.values if len(answer.values) == len(features) else (None,) * len(features)
    names = [found_name(answer.by_name, feature.name, feature.others) for feature in features]
    return tuple(None if name is None else answer.by_name[name] for name in names)


def agreement(answer: Answer, model: Model, x: tuple[Fraction, ...]) -> Agreement | None:
    """The answer beside the solution of a model; None where it has other coefficients."""
    values = placed(answer, model)
    if values is None:
        return None
    pairs = [compared(value, exact) for value, exact in zip(values, x, strict=True)]
    return Agreement(model, x, values, tuple(e for e, _ in pairs), tuple(d for _, d in pairs))


def may_hold(values: Sequence[Printed | None], x: Sequence[float]) -> bool:
    """Whether numbers can agree with a solution x (n,), in floats and with room to spare: a quick test."""
    for value, exact in zip(values, x, strict=True):
        if value is not None and abs(value.number - exact) > max(3 * value.half_number, 2e-4 * abs(exact)):
            return False
    return True


def compared(value: Printed | None, exact: Fraction) -> tuple[float, float | None]:
    """The error in half units of the last printed place, and correct digits: those printed, where it is the truth
    rounded."""
    if value is None:
        return 0.0, None
    error, most = abs(value.value - exact), min(CAP, float(value.digits))
    units = 0.0 if not error else as_float(error / value.half) if value.half else float(FAR)
    if units <= 1.0:
        return units, most
    digits = -log10(as_float(error / abs(exact))) if exact else 0.0
    return units, min(most, max(0.0, digits))


def evidence(found: Agreement, asked: Agreement | None, spread: Sequence[Sequence[float]]) -> float:
    """-log10 of the probability that an answer to no question tried agrees with one model as well by chance.

    The chance considered: the answer is off the question asked by an error distributed as the errors of data are,
    normally with covariance proportional to `spread` = (A'A)^-1 (n, n), of the size that is seen. In the coordinates in
    which that is diagonal, such an error comes within the agreement seen with probability s_k**-1 for each of its
    standard deviations s_k above 1. No more is counted than what each coefficient gains by itself: what is right for
    the question asked too is no evidence, nor is there more in a number than the digits that agree.
    """
    known = {} if asked is None else dict(zip((normal(f.name) for f in asked.model.features), asked.x, strict=True))
    gains, sizes, present = [], [], []
    for feature, value, exact, error in zip(found.model.features, found.values, found.x, found.errors, strict=True):
        if value is None or not feature.is_present:
            continue
        present.append(feature)
        tolerance = max(value.half, abs(value.value - exact), value.half * Fraction(error))
        moved = min(abs(value.value), abs(value.value - known.get(normal(feature.name), Fraction(0))))
        tolerance = tolerance or Fraction(1, FAR)
        gains.append(as_float(moved / tolerance))
        sizes.append(tolerance)
    total = sum(max(0.0, log10(gain)) for gain in gains if gain)
    largest = max(sizes, default=Fraction(1))
    inverse = np.array([as_float(largest / size) for size in sizes])
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.array(spread) * inverse[:, None] * inverse
    if not np.isfinite(scaled).all():
        return max((max(0.0, log10(gain)) for gain in gains if gain), default=0.0)
    variances = np.clip(np.linalg.eigvalsh(scaled), 0, None)
    top = float(variances.max(initial=0.0))
    if not top:
        return 0.0
    size = sum(min(gain, 1e100) ** 2 for gain in gains)
    in_directions = sum(max(0.0, 0.5 * log10(size * v / top)) for v in variances.tolist() if v > 0)
    return float(min(total, in_directions))

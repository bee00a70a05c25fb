"""The search for a violation of a law, shrunk to the smallest instance that breaks it, and as a script."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from stabilitylab.conformance.optimisers.laws import Comparison, Instance, Law, Side, compare
from stabilitylab.conformance.optimisers.subject import Subject
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.libraries.optimisers import Task

USUAL = Instance(0, ((3, 1, -2, 4), (-2, 4, 1, -3), (1, -1, 3, 2), (4, 2, -1, 3), (-3, 0, 2, -1)), (2, -1, 3))
"""A problem without symmetry or exact fit, far from its minimum."""


@dataclass(frozen=True)
class Result:
    """Whether a subject obeys a law.

    tried: comparisons made. why_not: why it was not tried at all. witness: the smallest instance found that breaks it,
    and `comparison` there; None where none does.
    """

    subject: str
    law: str
    tried: int = 0
    why_not: str = ""
    witness: Instance | None = None
    comparison: Comparison | None = None

    @property
    def holds(self) -> bool:
        """Whether it was tried and not broken."""
        return self.tried > 0 and self.witness is None


def search(subject: Subject, law: Law) -> Result:
    """Put a law to a subject on USUAL, in each of its formats and at k of both signs; shrink what breaks it."""
    tried = 0
    if not subject.formats:
        return Result(subject.name, law.name, why_not="it takes no format of a range as wide as that of float32")
    for instance in instances(subject, law):
        found = compare(subject, law, instance)
        if isinstance(found, str):
            return Result(subject.name, law.name, why_not=found)
        tried += 1
        if found.broken:
            smallest = shrunk(instance, lambda one: _breaks(subject, law, one))
            at = compare(subject, law, smallest)
            assert isinstance(at, Comparison)
            return Result(subject.name, law.name, tried, witness=smallest, comparison=at)
    return Result(subject.name, law.name, tried)


def instances(subject: Subject, law: Law) -> Iterator[Instance]:
    """USUAL in each format, at the largest exponents of the law and at halves of them; odd ones among them."""
    least, largest = law.exponents
    exponents = dict.fromkeys((largest, least, largest // 2, least // 2, min(1, largest), max(-1, least)))
    for format in subject.formats:
        yield from (replace(USUAL, exponent=k, format=format) for k in exponents if k or not any(law.exponents))


def _breaks(subject: Subject, law: Law, instance: Instance) -> bool:
    found = compare(subject, law, instance)
    return isinstance(found, Comparison) and found.broken


def shrunk(instance: Instance, breaks: Callable[[Instance], bool]) -> Instance:
    """The instance with steps, rows, columns and the exponent made fewer, entries 0 or 1, as long as the law breaks."""
    for smaller in _smaller(instance):
        if breaks(smaller):
            return shrunk(smaller, breaks)
    return instance


def _smaller(one: Instance) -> Iterator[Instance]:
    if one.steps > 1:
        yield replace(one, steps=1)
        yield replace(one, steps=one.steps - 1)
    if abs(one.exponent) > 1:
        yield from (replace(one, exponent=k) for k in (int(np.sign(one.exponent)), int(one.exponent / 2)))
    for i in range(len(one.rows)) if len(one.rows) > 1 else ():
        yield replace(one, rows=one.rows[:i] + one.rows[i + 1 :])
    for j in range(len(one.x0)) if len(one.x0) > 1 else ():
        rows = tuple(row[:j] + row[j + 1 :] for row in one.rows)
        yield replace(one, rows=rows, x0=one.x0[:j] + one.x0[j + 1 :])
    for i, row in enumerate(one.rows):
        for j, number in enumerate(row):
            for least in _less(number):
                changed = (*row[:j], least, *row[j + 1 :])
                yield replace(one, rows=(*one.rows[:i], changed, *one.rows[i + 1 :]))
    for j, number in enumerate(one.x0):
        yield from (replace(one, x0=(*one.x0[:j], least, *one.x0[j + 1 :])) for least in _less(number))


def _less(number: int) -> tuple[int, ...]:
    return {0: (), 1: (0,)}.get(number, (0, 1))


def script(subject: Subject, law: Law, instance: Instance) -> str:
    """A script that prints two lines, which the law says are equal: the weights after the last step, or predictions.

    Raises ValueError where the law does not apply to the subject."""
    sides = law.sides(subject, instance)
    if isinstance(sides, str):
        raise ValueError(f"the law {law.name!r} cannot be put to {subject.name}: {sides}")
    k = f" k = {instance.exponent}." if any(law.exponents) else ""
    lines = [f"# {law.statement}{k}", "import numpy as np", "from stabilitylab.libraries.optimisers import Task"]
    lines.append(subject.code)
    return "\n".join([*lines, *(f"print({_side(side)}.tolist())" for side in sides)])


def _side(side: Side) -> str:
    arguments = ", ".join(_written(argument) for argument in side.arguments)
    row = -1 if side.row is None else side.row
    return f"subject.{side.call}({arguments})[{row}]" + (f"[{list(side.order)}]" if side.order else "")


def _written(argument: object) -> str:
    if isinstance(argument, Task):
        arrays = ", ".join(_array(values) for values in (argument.A, argument.b, argument.x0, argument.lr))
        options = dict(argument.options)
        return f"Task({arrays}, loss={argument.loss!r}, format={argument.format!r}, options={options!r})"
    return _array(argument) if isinstance(argument, np.ndarray) else repr(argument)


def _array(values: Array) -> str:
    return f"np.array({values.tolist()!r})"

"""A pipeline run stage by stage in the user's arithmetic, everything behind exactly: what each stage moved the end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.replay.check import Check, of_certified, of_returned
from stabilitylab.replay.enclosed import Vector, vector_of
from stabilitylab.replay.stage import Stage, joined, same

INSIDE = "inside the library"
"""The name of the one stage that a library is where no model of its inside reproduces what it returned."""


@dataclass(frozen=True, eq=False)
class Replay:
    """The points x_0, ..., x_K of a pipeline of K stages, each a vector (n,), and the checks made of them.

    x_k: the first k stages run in the user's arithmetic and the others exactly. stages: those the points belong to;
    models of a library's inside that did not reproduce its answer are one stage, INSIDE. checks: those that failed
    among them.
    """

    stages: tuple[Stage, ...]
    points: tuple[Vector, ...]
    checks: tuple[Check, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the stages."""
        return tuple(stage.name for stage in self.stages)

    @cached_property
    def changes(self) -> tuple[Vector, ...]:
        """x_k - x_(k-1) for each stage; their middles add up to those of `total`, exactly."""
        return tuple(_difference(b, a) for a, b in zip(self.points, self.points[1:], strict=False))

    @cached_property
    def total(self) -> Vector:
        """x_K - x_0: the error of the whole pipeline."""
        return _difference(self.points[-1], self.points[0])

    @property
    def holds(self) -> bool:
        """Whether no stage that the points belong to is refuted: a model that was given up does not count."""
        return not self.refuted

    @property
    def refuted(self) -> tuple[str, ...]:
        """The stages that a failed check speaks against and that are still among the stages; none of them is to be
        believed."""
        against = {name for check in self.checks for name in check.refutes}
        return tuple(name for name in self.names if name in against)

    def dominant(self, entry: int) -> int | None:
        """The stage that moved one entry most, whatever the radii leave open; None where none did, or that is open."""
        moved = [change[entry] for change in self.changes]
        first = max(range(len(moved)), key=lambda k: abs(moved[k].middle))
        others = [change.most for k, change in enumerate(moved) if k != first]
        known = moved[first].least
        return first if known and known >= max(others, default=Fraction(0)) else None

    def cancelling(self, entry: int, beyond: Fraction = Fraction(0)) -> tuple[int, ...]:
        """The stages that moved one entry against another stage, each of the two by more than the whole pipeline did.

        Their errors cancel there, so that the end is nearer to the truth than either alone. beyond: only where both
        moved it by more than this. Changes whose sign the radii leave open do not count.
        """
        moved = [change[entry] for change in self.changes]
        left = max(self.total[entry].most, beyond)
        large = [k for k, change in enumerate(moved) if change.least > left]
        signs = {moved[k].middle > 0 for k in large}
        return tuple(large) if len(signs) == 2 else ()


def replay(
    stages: Sequence[Stage],
    data: Any,
    *,
    truth: Vector | None = None,
    returned: Array | Mapping[str, Array] | None = None,
    certified: Mapping[str, Vector] | None = None,
) -> Replay:
    """The replay of the stages, from the state `data`: x_k for k = 0, ..., K.

    truth: a certified enclosure of the exact answer, which x_0 must meet entry by entry. certified: such enclosures for
    later points, by the name of the last stage that is run as the user did. returned: what the user's own run gave, to
    which x_K must be equal bit for bit; or, by name, what it gave behind several stages, each of which must be equal.
    Where one is not and models of a library's inside stand before it, the stages from the first of them on become one,
    INSIDE, whose outcome is what was returned. Other checks that fail are in `Replay.refuted`.

    Cost: K stages as the user ran them and K (K + 1) / 2 exactly, fewer where states are equal: a run that reaches a
    state of another run ends where that did. `joined` makes few stages of many.
    Raises InputError for no stages, for two of one name and for a name that no stage has, ShapeError where points
    differ in length, NotFiniteError where the user's run ends at a vector that is not finite, what the stages raise.
    """
    names = [stage.name for stage in stages]
    if not names or len(set(names)) < len(names):
        raise InputError(f"a replay needs stages, each of another name; got {names}")
    known = returned if isinstance(returned, Mapping) else {} if returned is None else {names[-1]: returned}
    certified = dict(certified or {})
    if unknown := sorted({*certified, *known} - set(names)):
        raise InputError(f"no stage is named {unknown[0]!r}: the stages are {', '.join(names)}")
    kept, states, checks = _as_user(stages, data, known)
    points = _ends(kept, states)
    if len({len(point) for point in points}) > 1:
        raise ShapeError(f"the points of a replay must have one length; got {[len(point) for point in points]}")
    for k, vector in enumerate([truth, *(certified.get(stage.name) for stage in kept)]):
        if vector is not None:
            checks.append(of_certified(points[k], vector, kept, k))
    return Replay(kept, points, tuple(checks))


def _as_user(
    stages: Sequence[Stage], data: Any, known: Mapping[str, Array]
) -> tuple[tuple[Stage, ...], list[Any], list[Check]]:
    """The stages to be believed, the user's state before and behind each (K + 1,), and the checks of these states."""
    kept: list[Stage] = []
    states, checks, start = [data], [], 0
    for stage in stages:
        kept.append(stage)
        states.append(stage.users(states[-1]))
        if stage.name not in known:
            continue
        checks.append(of_returned(states[-1], known[stage.name], kept[start:]))
        first = next((k for k in range(start, len(kept)) if kept[k].is_model), None)
        if not checks[-1].holds and first is not None:
            kept[first:] = [_inside(tuple(kept[first:]), known[stage.name])]
            states[first + 1 :] = [known[stage.name]]
        start = len(kept)
    return tuple(kept), states, checks


def _inside(models: Sequence[Stage], returned: Array) -> Stage:
    """The stages of a library, which no model reproduces, as one."""
    whole = joined(models, INSIDE, "what the library does, which no model here reproduces")
    return replace(whole, users=lambda state: returned, is_model=False)


def _ends(stages: Sequence[Stage], states: Sequence[Any]) -> tuple[Vector, ...]:
    """The vector to which the exact stages lead from each of the user's states (K + 1,).

    Behind each stage two states are kept, with their ends: the user's own, and the last one of an exact run. A stage
    that rounds nothing gives the user's state again, and from there on two runs are one.
    """
    count = len(stages)
    ends = [vector_of(states[count])]  # that of the last state first
    met: dict[int, tuple[Any, Vector]] = {}
    for k in reversed(range(count)):
        state, passed, end = states[k], {}, None
        for position in range(k + 1, count + 1):
            state = stages[position - 1].exactly(state)
            if same(state, states[position]):
                end = ends[count - position]
            elif position in met and same(state, met[position][0]):
                end = met[position][1]
            if end is not None:
                break
            passed[position] = state
        ends.append(vector_of(state) if end is None else end)
        met.update({position: (reached, ends[-1]) for position, reached in passed.items()})
    return tuple(reversed(ends))


def _difference(later: Vector, earlier: Vector) -> Vector:
    return tuple(a.minus(b) for a, b in zip(later, earlier, strict=True))

"""SL311: coefficients under each other's names."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from math import factorial

from stabilitylab.diagnosis.arbitrate.agreement import placed
from stabilitylab.diagnosis.arbitrate.features import asked_model
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.printed import Printed

CLOSE = Fraction(1, 3000)  # relative error up to which a number of the answer is taken for a coefficient


@meaning("SL311", "columns in another order", 8, renames=True, uses_answer=True)
def order(view: View) -> Iterator[Model]:
    """Reversed, or the intercept last; of features with other names, under those of the question asked; from an answer,
    the permutation of the coefficients that it is, where it is one."""
    if view.answer is None:
        if view.model.differences:
            yield from _under_asked_names(view)
        else:
            yield from _as_usual(view.model)
        return
    values = placed(view.answer, view.model)
    if values is None or view.x is None or len(view.x) < 2:
        return
    model, n = view.model, len(view.x)
    places = _matched(values, view.x)
    if places is None or places == list(range(n)):
        return
    moved = [j for j in range(n) if places[j] != j]
    features = tuple(_renamed(model.features[k], model.features[j]) for j, k in enumerate(places))
    yield model.changed(
        "SL311", _says(model, places, moved), tries=_count(places, moved), is_usual=False, features=features
    )


def _as_usual(model: Model) -> Iterator[Model]:
    """The orders that LINEST and programs with the intercept last print."""
    n = len(model.features)
    last = [*range(1, n), 0] if n and model.features[0].is_intercept else list(range(n))
    for places in (list(range(n - 1, -1, -1)), last):
        moved = [j for j in range(n) if places[j] != j]
        if moved:
            features = tuple(_renamed(model.features[k], model.features[j]) for j, k in enumerate(places))
            yield model.changed("SL311", _says(model, places, moved), features=features)


def _under_asked_names(view: View) -> Iterator[Model]:
    """The coefficients of a model one after the other under the names of the question asked, where those are others."""
    asked = asked_model(view.setting).features
    given = [f for f in view.model.features if f.is_present]
    if len(given) != len(asked) or all(a.name == b.name for a, b in zip(given, asked, strict=True)):
        return
    features = tuple(_renamed(f, under) for f, under in zip(given, asked, strict=True))
    moved = [repr(b.name) for a, b in zip(given, asked, strict=True) if a.name != b.name]
    names = f"{', '.join(moved[:6])}{', ...' if len(moved) > 6 else ''}"
    yield view.model.changed("SL311", f"under the names of the question asked ({names})", features=features)


def _matched(values: Sequence[Printed | None], x: Sequence[Fraction]) -> list[int] | None:
    """For each number of the answer the place of the coefficient that it is; None where it is no permutation."""
    free, found = list(range(len(x))), []
    for j, value in enumerate(values):
        near = [k for k in free if value is not None and _is_close(value, x[k])]
        if not near and value is None and j in free:
            near = [j]
        if not near:
            return None
        best = j if j in near else min(near, key=lambda k: _distance(values[j], x[k]))
        free.remove(best)
        found.append(best)
    return found


def _is_close(value: Printed, exact: Fraction) -> bool:
    return abs(value.value - exact) <= max(2 * value.half, CLOSE * abs(exact))


def _distance(value: Printed | None, exact: Fraction) -> Fraction:
    return abs(value.value - exact) if value is not None else Fraction(0)


def _renamed(feature: Feature, under: Feature) -> Feature:
    return replace(feature, name=under.name, others=under.others)


def _says(model: Model, places: Sequence[int], moved: Sequence[int]) -> str:
    names, n = [feature.name for feature in model.features], len(places)
    if list(places) == list(range(n - 1, -1, -1)):
        return "the coefficients in reverse order"
    if len(moved) == 2:
        return f"the coefficients of {names[moved[0]]!r} and {names[moved[1]]!r} interchanged"
    if list(places) == [*range(1, n), 0] and model.features[0].is_intercept:
        return "the intercept last in place of first"
    pairs = ", ".join(f"that of {names[places[j]]!r} under {names[j]!r}" for j in moved[:6])
    return f"the coefficients in another order: {pairs}{', ...' if len(moved) > 6 else ''}"


def _count(places: Sequence[int], moved: Sequence[int]) -> int:
    """How many permutations are as simple."""
    n = len(places)
    if list(places) in (list(range(n - 1, -1, -1)), [*range(1, n), 0]):
        return 2
    return n * (n - 1) // 2 if len(moved) == 2 else factorial(n)

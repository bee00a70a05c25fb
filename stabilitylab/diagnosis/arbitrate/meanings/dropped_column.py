"""SL307: a column dropped."""

from collections.abc import Iterator
from dataclasses import replace

from stabilitylab.diagnosis.arbitrate.agreement import beside
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model


def _columns(feature: Feature) -> frozenset[str]:
    return frozenset(atom.column for monomial in feature.polynomial for atom in monomial)


@meaning("SL307", "a column dropped", 5, uses_answer=True)
def dropped_column(view: View) -> Iterator[Model]:
    """Without one feature; without all of one column, where that is another question; from an answer with names,
    without all those that it has not."""
    features = view.model.features
    if view.answer is not None:
        yield from _not_named(view)
        return
    sets: dict[tuple[int, ...], str] = {}
    for j, feature in enumerate(features):
        if feature.is_present and not feature.is_intercept:
            sets.setdefault((j,), f"without {feature.name!r}")
    columns = dict.fromkeys(column for feature in features for column in sorted(_columns(feature)))
    for column in columns:
        some = tuple(j for j, f in enumerate(features) if f.is_present and column in _columns(f))
        sets.setdefault(some, f"without any term of {column!r}")
    for dropped, says in sets.items():
        if dropped and len(dropped) < len(view.model.present):
            kept = tuple(replace(f, is_present=False) if j in dropped else f for j, f in enumerate(features))
            yield view.model.changed("SL307", says, features=kept)


def _not_named(view: View) -> Iterator[Model]:
    """Without the two or more features that an answer has no number for, nor a 0."""
    if view.answer is None or view.answer.names is None:
        return
    features = view.model.features
    values = beside(view.answer, features)
    absent = [
        j
        for j, (f, v) in enumerate(zip(features, values, strict=True))
        if f.is_present and not f.is_intercept and (v is None or not v.value)
    ]
    if not 1 < len(absent) < len(view.model.present):
        return
    columns = dict.fromkeys(column for j in absent for column in sorted(_columns(features[j])))
    whole = [
        c for c in columns if all(j in absent for j, f in enumerate(features) if f.is_present and c in _columns(f))
    ]
    single = [features[j].name for j in absent if not _columns(features[j]) & set(whole)]
    says = " and ".join([f"any term of {c!r}" for c in whole] + [repr(name) for name in single])
    kept = tuple(replace(f, is_present=False) if j in absent else f for j, f in enumerate(features))
    yield view.model.changed("SL307", f"without {says}", features=kept)

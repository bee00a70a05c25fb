"""SL307: a column dropped."""

from collections.abc import Iterator
from dataclasses import replace

from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model


def _columns(feature: Feature) -> frozenset[str]:
    return frozenset(atom.column for monomial in feature.polynomial for atom in monomial)


@meaning("SL307", "a column dropped", 5)
def dropped_column(view: View) -> Iterator[Model]:
    """Without one feature; and without all features of one column, where that is another question."""
    features = view.model.features
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

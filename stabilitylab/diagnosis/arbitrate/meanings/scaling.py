"""SL304: regressors, or the response too, centred or scaled; or left as they are where that was asked for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.polynomial import Atom, Polynomial, affine, of_atom, substituted
from stabilitylab.diagnosis.arbitrate.setting import Setting


class Change(NamedTuple):
    """(p - centre) / size of a polynomial p over the rows of a model."""

    says: str
    of: Callable[[Setting, Model, Polynomial], tuple[Fraction, Fraction]]


def _mean(setting: Setting, model: Model, p: Polynomial) -> Fraction:
    return setting.mean(p, model)


def _sd(setting: Setting, model: Model, p: Polynomial) -> Fraction:
    rows = setting.rows - len(model.left_out)
    return setting.size(setting.variance(p, model) * rows / (rows - 1)) if rows > 1 else Fraction(0)


def _population_sd(setting: Setting, model: Model, p: Polynomial) -> Fraction:
    return setting.size(setting.variance(p, model))


def _norm(setting: Setting, model: Model, p: Polynomial) -> Fraction:
    return setting.size(setting.inner(p, p, model))


def _ends(setting: Setting, model: Model, p: Polynomial) -> tuple[Fraction, Fraction]:
    values = setting.values(p)
    kept = [n for row, n in enumerate(values.integers) if row not in model.left_out]
    ends = min(kept) * values.scale, max(kept) * values.scale
    return min(ends), max(ends)


def _range(setting: Setting, model: Model, p: Polynomial) -> tuple[Fraction, Fraction]:
    low, high = _ends(setting, model, p)
    return low, high - low


def _largest(setting: Setting, model: Model, p: Polynomial) -> tuple[Fraction, Fraction]:
    return Fraction(0), max(map(abs, _ends(setting, model, p)))


def _first(setting: Setting, model: Model, p: Polynomial) -> tuple[Fraction, Fraction]:
    values = setting.values(p)
    return next(values[row] for row in range(setting.rows) if row not in model.left_out), Fraction(1)


CENTRED = Change("centred at the mean", lambda s, m, p: (_mean(s, m, p), Fraction(1)))
CHANGES: Sequence[Change] = (
    CENTRED,
    Change(
        "centred and divided by the standard deviation (m - 1 rows)", lambda s, m, p: (_mean(s, m, p), _sd(s, m, p))
    ),
    Change(
        "centred and divided by the standard deviation (m rows)",
        lambda s, m, p: (_mean(s, m, p), _population_sd(s, m, p)),
    ),
    Change("divided by the standard deviation (m - 1 rows)", lambda s, m, p: (Fraction(0), _sd(s, m, p))),
    Change("divided by the standard deviation (m rows)", lambda s, m, p: (Fraction(0), _population_sd(s, m, p))),
    Change("centred and divided by twice the standard deviation", lambda s, m, p: (_mean(s, m, p), 2 * _sd(s, m, p))),
    Change("divided by the 2-norm", lambda s, m, p: (Fraction(0), _norm(s, m, p))),
    Change(
        "centred and divided by the 2-norm",
        lambda s, m, p: (_mean(s, m, p), _norm(s, m, affine(p, 1, -_mean(s, m, p)))),
    ),
    Change("scaled to the range from 0 to 1", _range),
    Change("divided by the largest magnitude", _largest),
    Change("counted from the first row", _first),
    Change("counted from the smallest", lambda s, m, p: (_ends(s, m, p)[0], Fraction(1))),
)

USUAL = 3  # of CHANGES, that are combined with other meanings


@meaning("SL304", "centred or scaled regressors", 4)
def scaling(view: View) -> Iterator[Model]:
    """Every regressor, or one, changed alike; indicators of categories too, or not; the response too, or not."""
    setting, model = view.setting, view.model
    yield from _undone(model)
    numeric = [j for j, f in enumerate(model.features) if f.is_present and not f.is_intercept and not f.is_indicator]
    every = [j for j, f in enumerate(model.features) if f.is_present and not f.is_intercept]
    groups = {tuple(every): "regressors, categories too,", tuple(numeric): "regressors"}
    for change in CHANGES:
        for group, named in groups.items():
            changed = _changed(setting, model, group, change)
            if changed is None or not group:
                continue
            says = f"{named} {change.says}"
            usual = change in CHANGES[:USUAL]
            yield model.changed("SL304", says, is_usual=usual, features=changed)
            response = _of_response(setting, model, change)
            if response is not None and group == tuple(numeric):
                centre, size = response
                both = tuple(replace(f, factor=f.factor / size) for f in changed)
                moved = affine(model.response, 1, -centre)
                yield model.changed("SL304", f"{says}, the response too", is_usual=usual, features=both, response=moved)
                if size != 1:
                    alone = affine(model.response, 1, -centre)
                    yield model.changed(
                        "SL304", f"{says}, the response centred", is_usual=False, features=changed, response=alone
                    )
        yield from _raw(setting, model, change)
        if len(every) > 1 and not model.differences:
            for j in numeric:
                one = _changed(setting, model, (j,), change)
                if one is not None:
                    yield model.changed(
                        "SL304", f"{model.features[j].name!r} {change.says}", is_usual=False, features=one
                    )
    response = _of_response(setting, model, CENTRED)
    if response is not None:
        yield model.changed(
            "SL304", "the response centred at its mean", response=affine(model.response, 1, -response[0])
        )


def _changed(setting: Setting, model: Model, group: Sequence[int], change: Change) -> tuple[Feature, ...] | None:
    features = list(model.features)
    for j in group:
        feature = features[j]
        centre, size = change.of(setting, model, feature.polynomial)
        if not size:
            return None
        features[j] = replace(feature, polynomial=affine(feature.polynomial, 1, -centre), factor=feature.factor * size)
    return tuple(features)


def _of_response(setting: Setting, model: Model, change: Change) -> tuple[Fraction, Fraction] | None:
    centre, size = change.of(setting, model, model.response)
    return (centre, size) if size else None


def _raw(setting: Setting, model: Model, change: Change) -> Iterator[Model]:
    """Columns, all of them or one, changed before powers and products are formed of them."""
    features = [f for f in model.features if f.is_present]
    numbers = {a: 0 for f in features for mono in f.polynomial for a in mono if a.kind in ("number", "feature")}
    multiplied = {a: 0 for f in features for mono in f.polynomial for a in mono if len(mono) > 1 and a in numbers}
    if not multiplied or any(len(f.polynomial) > 1 and not f.is_indicator for f in features):
        return
    values = {atom: change.of(setting, model, of_atom(atom)) for atom in numbers}
    for atoms in dict.fromkeys([tuple(numbers), *((atom,) for atom in multiplied)]):
        if not all(values[atom][1] for atom in atoms):
            continue
        replaced: dict[Atom, Polynomial] = {atom: affine(of_atom(atom), 1, -values[atom][0]) for atom in atoms}
        changed = []
        for feature in model.features:
            factor = feature.factor
            for atom in next(iter(feature.polynomial)):
                factor *= values[atom][1] if atom in atoms else 1
            changed.append(replace(feature, polynomial=substituted(feature.polynomial, replaced), factor=factor))
        named = "columns" if len(atoms) > 1 else repr(atoms[0].column)
        says = f"{named} {change.says} before powers and products are formed"
        yield model.changed("SL304", says, is_usual=change in CHANGES[:USUAL], features=tuple(changed))


def _undone(model: Model) -> Iterator[Model]:
    """The columns as they are, where the question has them centred or scaled."""
    features, done = [], False
    for feature in model.features:
        (top, c), *rest = sorted(feature.polynomial.items(), key=lambda item: -len(item[0]))
        linear = len(top) == 1 and top[0].kind == "number" and all(not monomial for monomial, _ in rest)
        if linear and (rest or c != 1):
            features.append(Feature(top[0].column, of_atom(top[0]), feature.others | {feature.name}))
            done = True
        else:
            features.append(feature)
    if done:
        yield model.changed("SL304", "regressors neither centred nor scaled", features=tuple(features))

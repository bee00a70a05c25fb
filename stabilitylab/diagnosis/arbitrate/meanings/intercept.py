"""SL303: no intercept, or one too many."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

from stabilitylab.diagnosis.arbitrate.contrasts import Coding
from stabilitylab.diagnosis.arbitrate.features import categories, coding_of, model_of
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.meanings.reference_level import MOST
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.polynomial import ONE
from stabilitylab.diagnosis.arbitrate.spelling import INTERCEPT


@meaning("SL303", "no intercept, or one too many", 5, renames=True)
def intercept(view: View) -> Iterator[Model]:
    """Without the intercept asked for, categories as they are or one of them with all its levels; or with one."""
    model = view.model
    if model.intercept is None:
        if not any(feature.is_intercept for feature in model.features):
            features = (Feature(INTERCEPT, ONE), *model.features)
            yield model.changed("SL303", "an intercept besides", features=features)
        return
    without = tuple(replace(f, is_present=False) if f.is_intercept else f for f in model.features)
    yield model.changed("SL303", "no intercept", features=without)
    if not model.differences:
        yield from _every_level(view)


def _every_level(view: View) -> Iterator[Model]:
    """A coefficient for each level of one category, beside every reference level of the others."""
    terms = categories(view.setting)
    own = {column: coding_of(view.setting, term) for column, term in terms.items()}
    for column, coding in own.items():
        if coding.kind == "full":
            continue
        others = {name: one for name, one in own.items() if name != column and one.kind != "full"}
        levels = [view.setting.labels(name).sorted_levels for name in others]
        choices = (
            list(product(*levels)) if prod(map(len, levels)) <= MOST else [tuple(o.reference for o in others.values())]
        )
        for chosen in choices:
            moved = {
                name: Coding(one.kind, level)
                for (name, one), level in zip(others.items(), chosen, strict=True)
                if level != one.reference
            }
            full = model_of(view.setting, {column: Coding("full"), **moved}).features
            features = tuple(replace(f, is_present=False) if f.is_intercept else f for f in full)
            says = f"no intercept, and a coefficient for every level of {column!r}"
            found = view.model.changed("SL303", says, features=features)
            text = " and ".join(
                f"reference level {one.reference!r} of {name!r} in place of {own[name].reference!r}"
                for name, one in moved.items()
            )
            yield found.changed("SL301", text) if text else found

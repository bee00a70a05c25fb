"""SL303: no intercept, or one too many."""

from collections.abc import Iterator
from dataclasses import replace

from stabilitylab.diagnosis.arbitrate.features import Coding, categories, coding_of, model_of
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.polynomial import ONE
from stabilitylab.diagnosis.arbitrate.spelling import INTERCEPT


@meaning("SL303", "no intercept, or one too many", 5)
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
        for column, term in categories(view.setting).items():
            if coding_of(view.setting, term).kind != "full":
                full = model_of(view.setting, {column: Coding("full", "")}).features
                features = tuple(replace(f, is_present=False) if f.is_intercept else f for f in full)
                says = f"no intercept, and a coefficient for every level of {column!r}"
                yield model.changed("SL303", says, features=features)

"""Every name that a coefficient of some question about a table can have."""

from itertools import product

from stabilitylab.diagnosis.arbitrate.contrasts import CONTRASTS, Coding
from stabilitylab.diagnosis.arbitrate.features import categories, features_of
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.diagnosis.arbitrate.spelling import INTERCEPT, normal

HIGHEST = 12  # degrees of a polynomial whose names are known, whatever the design has


def known_names(setting: Setting) -> frozenset[str]:
    """In normal form: of the features of the design in every coding, of the intercept, and of powers."""
    terms = categories(setting)
    found = {INTERCEPT}
    kinds = ("full", "treatment", "sum", *CONTRASTS)
    for kind in kinds:
        codings = {}
        for column in terms:
            levels = setting.labels(column).sorted_levels
            codings[column] = [
                Coding(kind, level if kind in ("treatment", "sum") else "") for level in (levels[-1], levels[0])
            ]
        for chosen in product(range(2), repeat=min(1, len(codings))):
            pick = chosen[0] if chosen else 0
            picked = {column: some[pick] for column, some in codings.items()}
            for term in setting.problem.design.terms:
                for feature in features_of(setting, term, picked):
                    found |= {normal(feature.name), *feature.others}
    for name in setting.problem.design.numbers:
        found |= {normal(f"{name}^{k}") for k in range(1, HIGHEST + 1)}
        found |= {normal(f"poly({name},{d})[{k}]") for d in range(1, HIGHEST + 1) for k in range(1, d + 1)}
    return frozenset(found)

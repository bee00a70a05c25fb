"""SL302: a category with sum coding in place of treatment coding, or the other way round."""

from collections.abc import Iterator

from stabilitylab.diagnosis.arbitrate.features import Coding, categories, coding_of, model_of
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model

KINDS = {"treatment": "treatment coding", "sum": "sum coding"}


@meaning("SL302", "another coding of a category", 2)
def another_coding(view: View) -> Iterator[Model]:
    """Every category, and each by itself, coded in the other way, with each level as the one without a coefficient."""
    terms = categories(view.setting)
    own = {column: coding_of(view.setting, term) for column, term in terms.items()}
    coded = {column: coding for column, coding in own.items() if coding.kind != "full"}
    groups = [(column,) for column in coded] + ([tuple(coded)] if len(coded) > 1 else [])
    for group in groups:
        levels = [view.setting.labels(column).sorted_levels for column in group]
        choices = [tuple(some[-1] for some in levels), tuple(some[0] for some in levels)]
        if len(group) == 1:
            choices += [(level,) for level in levels[0]]
        for chosen in dict.fromkeys(choices):
            changed = {
                column: Coding("treatment" if coded[column].kind == "sum" else "sum", level)
                for column, level in zip(group, chosen, strict=True)
            }
            says = " and ".join(
                f"{KINDS[coding.kind]} of {column!r}, {coding.reference!r} being the level without a coefficient, in "
                f"place of {KINDS[own[column].kind]}"
                for column, coding in changed.items()
            )
            yield view.model.changed("SL302", says, features=model_of(view.setting, changed).features)

"""SL301: a category with another reference level."""

from collections.abc import Iterator
from itertools import product

from stabilitylab.diagnosis.arbitrate.contrasts import Coding
from stabilitylab.diagnosis.arbitrate.features import categories, coding_of, model_of
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model

MOST = 200  # combinations of reference levels of several categories


@meaning("SL301", "another reference level", 2, renames=True)
def another_reference_level(view: View) -> Iterator[Model]:
    """Each other level as the reference; of several categories, every combination where there are not too many."""
    terms = categories(view.setting)
    own = {column: coding_of(view.setting, term) for column, term in terms.items()}
    coded = {column: coding for column, coding in own.items() if coding.kind != "full"}
    levels = {column: view.setting.labels(column).sorted_levels for column in coded}
    choices: list[tuple[str, ...]] = []
    count = 1
    for some in levels.values():
        count *= len(some)
    if count <= MOST:
        choices = list(product(*levels.values()))
    else:
        first = tuple(coding.reference for coding in coded.values())
        choices = [tuple(some[0] for some in levels.values()), tuple(some[-1] for some in levels.values())]
        for k, some in enumerate(levels.values()):
            choices += [(*first[:k], level, *first[k + 1 :]) for level in some]
    for chosen in dict.fromkeys(choices):
        changed = {
            column: Coding(coding.kind, level)
            for (column, coding), level in zip(coded.items(), chosen, strict=True)
            if level != coding.reference
        }
        if changed:
            says = " and ".join(
                f"reference level {coding.reference!r} of {column!r} in place of {own[column].reference!r}"
                for column, coding in changed.items()
            )
            yield view.model.changed(
                "SL301", says, features=model_of(view.setting, changed, view.model.left_out).features
            )

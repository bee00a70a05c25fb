"""SL302: a category coded in another way: sum for treatment coding or the other way round, Helmert, polynomial, ..."""

from collections.abc import Iterator, Sequence
from itertools import product

from stabilitylab.diagnosis.arbitrate.contrasts import CONTRASTS, MOST_SCORED, Coding
from stabilitylab.diagnosis.arbitrate.features import categories, coding_of, model_of
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model

KINDS = {"treatment": "treatment coding", "sum": "sum coding", **CONTRASTS}
MOST = 400  # combinations of codings of several categories


@meaning("SL302", "another coding of a category", 2, renames=True)
def another_coding(view: View) -> Iterator[Model]:
    """Every category, and each by itself, coded in every other way, beside every reference level of the others."""
    terms = categories(view.setting)
    own = {column: coding_of(view.setting, term) for column, term in terms.items()}
    coded = {column: coding for column, coding in own.items() if coding.kind != "full"}
    levels = {column: view.setting.labels(column).sorted_levels for column in coded}
    options = [_options(coding, levels[column]) for column, coding in coded.items()]
    count = 1
    for some in options:
        count *= len(some)
    if count > MOST:
        options = [_few(coding, levels[column]) for column, coding in coded.items()]
        count = 2 ** len(options)
    chosen = list(product(*options)) if count <= MOST else _alone(coded, options)
    for codings in chosen:
        changed = {
            column: coding for (column, before), coding in zip(coded.items(), codings, strict=True) if coding != before
        }
        kinds = {column: coding for column, coding in changed.items() if coding.kind != own[column].kind}
        if not kinds:  # another reference level is a meaning of its own
            continue
        says = " and ".join(
            f"{KINDS[coding.kind]} of {column!r}{_without(coding)} in place of {KINDS[own[column].kind]}"
            for column, coding in kinds.items()
        )
        model = view.model.changed(
            "SL302", says, features=model_of(view.setting, changed, view.model.left_out).features
        )
        moved = " and ".join(
            f"reference level {coding.reference!r} of {column!r} in place of {own[column].reference!r}"
            for column, coding in changed.items()
            if column not in kinds
        )
        yield model.changed("SL301", moved) if moved else model


def _without(coding: Coding) -> str:
    return f", {coding.reference!r} being the level without a coefficient," if coding.reference else ""


def _options(own: Coding, levels: Sequence[str]) -> list[Coding]:
    """Every coding of a category, its own first."""
    found = [own, *(Coding("sum", levels[k]) for k in (-1, 0))]
    found += [Coding(kind, level) for kind in ("treatment", "sum") for level in levels]
    found += [Coding(kind) for kind in CONTRASTS if len(levels) <= MOST_SCORED]
    return list(dict.fromkeys(found))


def _few(own: Coding, levels: Sequence[str]) -> list[Coding]:
    other = "treatment" if own.kind == "sum" else "sum"
    return list(dict.fromkeys([own, Coding(other, levels[-1])]))


def _alone(coded: dict[str, Coding], options: Sequence[Sequence[Coding]]) -> list[tuple[Coding, ...]]:
    """Each category in another coding by itself."""
    own = tuple(coded.values())
    return [(*own[:k], coding, *own[k + 1 :]) for k, some in enumerate(options) for coding in some[1:]]

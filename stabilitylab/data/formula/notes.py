"""Sentences about what a formula left open and was decided: levels, polynomials, what is named twice."""

from collections.abc import Iterator

from stabilitylab.core.printable import one_line, quoted
from stabilitylab.data.formula.category import Factor, labels_of
from stabilitylab.data.formula.coding import Coded, by_margins, minimal
from stabilitylab.data.formula.columns import Known
from stabilitylab.data.formula.expansion import Expanded
from stabilitylab.data.polynomial import OrthogonalPolynomial
from stabilitylab.data.terms import Scaled


def notes_of(found: Expanded, known: Known) -> tuple[str, ...]:
    """What a reader of the coefficients has to know, a sentence each."""
    return tuple(map(one_line, _notes(found, known)))


def _notes(found: Expanded, known: Known) -> Iterator[str]:
    if found.square:
        yield f"{found.square} is the term without the power, as in R and patsy: I(x^2) is the square of x"
    if found.repeated:
        yield f"{quoted(found.repeated)} stands more than once and is one term"
    for variable in found.used:
        if isinstance(variable, Factor):
            yield from _of_factor(variable, known)
        elif any(isinstance(term, OrthogonalPolynomial) for term in variable.terms):
            yield (
                f"{variable.text}: orthogonal polynomials as R's poly gives them, of which the coefficients are; "
                f"{variable.text[:-1]}, raw) are powers"
            )
        elif any(isinstance(term, Scaled) for term in variable.terms):
            rows = "m - 1 rows, as R does" if known.rules.divisor == "sd" else "m rows, as patsy does"
            yield f"{variable.text}: minus the mean, divided by the standard deviation over {rows}"
    if any(isinstance(variable, Factor) for variable in found.used):
        yield "features of a category are named column[level], for columnlevel of R and column[T.level] of statsmodels"
    if not known.rules.minimal and _width(found, by_margins(found), known) > _width(found, minimal(found), known):
        yield (
            "interactions without their main effects are coded fully, as R does, so that some features depend exactly "
            "on others, and R gives NA for them: a*b adds the main effects"
        )


def _of_factor(factor: Factor, known: Known) -> Iterator[str]:
    labels = labels_of(factor.column, known)
    level, rule = factor.contrasts.reference_level(labels)
    by = (
        "as the formula says"
        if rule == "given"
        else f"{rule}, {known.rules.says}"
        if _is_default(factor, known)
        else rule
    )
    if factor.coding == "sum":
        yield (
            f"{factor.column!r} is coded by sums: coefficients are differences from the mean of its levels, and level "
            f"{level!r} ({'as the formula says' if rule == 'given' else rule}) has none of its own"
        )
    else:
        yield f"the reference level of {factor.column!r} is {level!r} ({by})"
    in_dictionaries = sorted(labels.levels, key=lambda text: (text.casefold(), text))
    if rule in ("first alphabetically", "last alphabetically") and not labels.numeric and known.rules.name == "R":
        other = in_dictionaries[0 if rule == "first alphabetically" else -1]
        if other != level:
            yield (
                f"texts sort by code points here, capital letters first; R sorts by its locale, where {other!r} may "
                f"take the place of {level!r}: C({known.written(factor.column)}, ref={other!r}) is that"
            )


def _is_default(factor: Factor, known: Known) -> bool:
    return factor.rule == known.rules.reference


def _width(found: Expanded, blocks: list[Coded], known: Known) -> int:
    """The number of features of blocks, each variable of numbers being one."""
    total = 0
    for term, full in blocks:
        width = 1
        for i in term:
            variable = found.variables[i]
            if isinstance(variable, Factor):
                width *= len(labels_of(variable.column, known).levels) - (i not in full)
        total += width
    return total

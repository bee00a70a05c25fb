"""Terms of a formula as terms of a design: which category of an interaction is coded fully, and which by contrasts."""

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import combinations
from typing import TypeAlias

from stabilitylab.data.category import Category
from stabilitylab.data.formula.category import Factor
from stabilitylab.data.formula.expansion import Expanded
from stabilitylab.data.formula.rules import Rules
from stabilitylab.data.polynomial import OrthogonalPolynomial
from stabilitylab.data.terms import Crossed, Product, Term
from stabilitylab.data.together import Together

Coded: TypeAlias = tuple[tuple[int, ...], frozenset[int]]
"""The variables of a block of features, and those of them that are coded fully."""


def blocks_of(expanded: Expanded, rules: Rules) -> list[Coded]:
    """The blocks of features of the terms, in their order, without the intercept."""
    return minimal(expanded) if rules.minimal else by_margins(expanded)


def by_margins(expanded: Expanded) -> list[Coded]:
    """One block for each term: a category is coded by contrasts where the term without it is in the model, else fully.

    R's model.matrix: in the model is what an earlier term contains; a category alone is coded by contrasts, and without
    an intercept the first category of the first term that has one is coded fully.
    Source: R, stats/src/model.c, TermCode and modelmatrix; Chambers and Hastie (1992), section 2.4.1.
    """
    is_factor = [isinstance(variable, Factor) for variable in expanded.variables]
    blocks: list[Coded] = []
    missing = not expanded.intercept
    for k, term in enumerate(expanded.terms):
        full = set()
        for i in (i for i in term if is_factor[i]):
            rest = set(term) - {i}
            if (rest and not any(rest <= set(earlier) for earlier in expanded.terms[:k])) or missing:
                full.add(i)
            missing = False
        blocks.append((term, frozenset(full)))
    return blocks


def minimal(expanded: Expanded) -> list[Coded]:
    """Blocks that span what the terms span, none of them dependent on others by its coding; several for some terms.

    Every term stands for the products of all subsets of its categories, coded by contrasts. Those that an earlier term
    with the same numbers has are left out; the others are merged, a:b by contrasts with a by contrasts being a by
    contrasts times b in full. Source: patsy, "How patsy codes categoricals" in its manual (Smith 2011-2015).
    """
    is_factor = [isinstance(variable, Factor) for variable in expanded.variables]
    numbers = [frozenset(i for i in term if not is_factor[i]) for term in expanded.terms]
    order = list(dict.fromkeys([frozenset[int](), *numbers]))
    used: dict[frozenset[int], set[frozenset[int]]] = {key: set() for key in order}
    if expanded.intercept:
        used[frozenset()].add(frozenset())
    blocks: list[Coded] = []
    for k in sorted(range(len(expanded.terms)), key=lambda k: (order.index(numbers[k]), len(expanded.terms[k]))):
        term, seen = expanded.terms[k], used[numbers[k]]
        factors = [i for i in term if is_factor[i]]
        subsets = [frozenset(s) for size in range(len(factors) + 1) for s in combinations(factors, size)]
        new = [(subset, frozenset[int]()) for subset in subsets if subset not in seen]
        seen.update(subset for subset, _ in new)
        for subset, full in _merged(new):
            blocks.append((tuple(i for i in term if i in subset or not is_factor[i]), full))
    return blocks


def _merged(subterms: list[tuple[frozenset[int], frozenset[int]]]) -> list[tuple[frozenset[int], frozenset[int]]]:
    """Subterms, each with the categories coded fully, after each that another contains has been merged into that."""
    merged = list(subterms)
    while pair := _pair(merged):
        short, long = pair
        (subset, full), (larger, _) = merged[short], merged[long]
        merged[long] = (larger, full | (larger - subset))
        del merged[short]
    return merged


def _pair(subterms: Sequence[tuple[frozenset[int], frozenset[int]]]) -> tuple[int, int] | None:
    for short, (subset, full) in enumerate(subterms):
        for long, (larger, coded) in enumerate(subterms[short + 1 :], short + 1):
            if len(larger - subset) == 1 and subset < larger and full == coded & subset and not coded - subset:
                return short, long
    return None


def features_of(expanded: Expanded, blocks: Iterable[Coded]) -> list[Term]:
    """The terms of a design for the blocks; a variable of several terms stays several where it stands alone."""
    found: list[Term] = []
    for block, full in blocks:
        parts = [expanded.variables[i].features(full=i in full) for i in block]
        found += parts[0] if len(parts) == 1 else [reduce(_product, map(_together, parts))]
    return found


def _together(terms: tuple[Term, ...]) -> Term:
    return terms[0] if len(terms) == 1 else Together(terms)


def _product(first: Term, second: Term) -> Term:
    """Features of the first term fastest, which makes no difference where one of the two is one feature."""
    return (Product if _is_one(first) or _is_one(second) else Crossed)(first, second)


def _is_one(term: Term) -> bool:
    if isinstance(term, Product):
        return all(map(_is_one, term.factors))
    return not isinstance(term, Category | OrthogonalPolynomial | Together)

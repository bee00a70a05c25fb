"""The features of a design as polynomials in the columns of the table, with every way in which programs name them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.data.category import Category
from stabilitylab.data.terms import Centred, Column, Columns, Elapsed, Intercept, Mapped, Power, Product, Scaled, Term
from stabilitylab.diagnosis.arbitrate.contrasts import CONTRASTS, Coding, Contrast, contrasts
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.polynomial import ONE, Atom, Polynomial, affine, of_atom, plus, power, times
from stabilitylab.diagnosis.arbitrate.setting import RESPONSE, Setting
from stabilitylab.diagnosis.arbitrate.spelling import INTERCEPT, normal, of_level, of_product


def asked_model(setting: Setting) -> Model:
    """The question as it was asked."""
    return model_of(setting, {})


def model_of(setting: Setting, codings: Mapping[str, Coding], left_out: frozenset[int] = frozenset()) -> Model:
    """The question asked, with some categories coded in another way, of the levels that the rows kept have."""
    terms = setting.problem.design.terms
    features = tuple(feature for term in terms for feature in features_of(setting, term, codings))
    return Model(levels_kept(setting, features, left_out), of_atom(RESPONSE), setting.weights)


def levels_kept(setting: Setting, features: tuple[Feature, ...], left_out: frozenset[int]) -> tuple[Feature, ...]:
    """The features without those of levels that no row has that is kept.

    Where the reference level has none, the first of those that are left takes its place if there is an intercept.
    """
    levels = {atom for f in features for monomial in f.polynomial for atom in monomial if atom.kind == "level"}
    if not left_out or not levels:
        return features
    kept = [row for row in range(setting.rows) if row not in left_out]
    empty = {atom for atom in levels if not any(setting.column((atom,)).integers[row] for row in kept)}
    if not empty and all(_has_reference(setting, column, features, kept) for column in {a.column for a in levels}):
        return features
    found = [
        replace(f, is_present=f.is_present and not all(set(monomial) & empty for monomial in f.polynomial))
        for f in features
    ]
    for column in sorted({atom.column for atom in levels}):
        if any(f.is_intercept and f.is_present for f in found) and not _has_reference(setting, column, found, kept):
            first = next((j for j, f in enumerate(found) if f.is_present and _is_level(f, column)), None)
            if first is not None:
                found[first] = replace(found[first], is_present=False)
    return tuple(found)


def _is_level(feature: Feature, column: str) -> bool:
    """Whether a feature is the 0 and 1 of one level of a column."""
    monomials = list(feature.polynomial)
    return len(monomials) == 1 and len(monomials[0]) == 1 and monomials[0][0].column == column and feature.is_indicator


def _has_reference(setting: Setting, column: str, features: Iterable[Feature], kept: Sequence[int]) -> bool:
    """Whether some row that is kept has no level of the column that has a feature."""
    coded = [f for f in features if f.is_present and _is_level(f, column)]
    if not coded:
        return True
    columns = [setting.values(f.polynomial).integers for f in coded]
    return any(not any(integers[row] for integers in columns) for row in kept)


def coding_of(setting: Setting, term: Category) -> Coding:
    """How a category of the design is coded."""
    if term.coding not in ("treatment", "sum"):
        return Coding(term.coding, "")
    return Coding(term.coding, term.reference_level(setting.labels(term.column)).level)


def categories(setting: Setting) -> dict[str, Category]:
    """The categories of a design, those within products too, by column."""
    found: dict[str, Category] = {}

    def look(term: Term) -> None:
        if isinstance(term, Category):
            found.setdefault(term.column, term)
        elif isinstance(term, Product):
            for factor in term.factors:
                look(factor)

    for term in setting.problem.design.terms:
        look(term)
    return found


def features_of(setting: Setting, term: Term, codings: Mapping[str, Coding]) -> list[Feature]:
    """The features of one term of the design."""
    if isinstance(term, Intercept):
        return [Feature(INTERCEPT, ONE)]
    if isinstance(term, Column):
        return [Feature(term.name, of_atom(Atom("number", term.name)))]
    if isinstance(term, Category):
        coding = codings.get(term.column) or coding_of(setting, term)
        if (term.column, coding) not in setting.coded:
            setting.coded[term.column, coding] = _levels(setting, term.column, coding)
        return setting.coded[term.column, coding]
    if isinstance(term, Product):
        first, second = (features_of(setting, factor, codings) for factor in term.factors)
        return [_product(a, b) for a in first for b in second]
    if isinstance(term, Power | Centred | Elapsed | Scaled):
        return [_mapped(setting, term, feature) for feature in features_of(setting, term.inner, codings)]
    return _opaque(setting, term)


def _levels(setting: Setting, column: str, coding: Coding) -> list[Feature]:
    labels = setting.labels(column)
    if coding.kind in CONTRASTS:
        return [_contrast(column, labels.sorted_levels, one) for one in contrasts(coding.kind, labels.sorted_levels)]
    levels = [level for level in labels.sorted_levels if level != coding.reference]
    found = []
    for number, level in enumerate(levels, 1):
        p = of_atom(Atom("level", column, level))
        if coding.kind == "sum":
            p = plus(p, of_atom(Atom("level", column, coding.reference)), -1)
        counted = number if coding.kind == "sum" and not labels.numeric else 0
        found.append(Feature(f"{column}[{level}]", p, of_level(column, level, counted)))
    return found


def _contrast(column: str, levels: Sequence[str], one: Contrast) -> Feature:
    p: Polynomial = {}
    for level, weight in zip(levels, one.weights, strict=True):
        p = plus(p, of_atom(Atom("level", column, level)), weight)
    written = (f"{column}{other}" for other in one.others)
    names = frozenset(map(normal, (*written, f"{column}[{one.name}]", f"C({column})[{one.name}]")))
    return Feature(f"{column}[{one.name}]", p, names, one.factor)


def _product(a: Feature, b: Feature) -> Feature:
    names = of_product({normal(a.name), *a.others}, {normal(b.name), *b.others})
    return Feature(f"{a.name}:{b.name}", times(a.polynomial, b.polynomial), names, a.factor * b.factor)


def _mapped(setting: Setting, term: Mapped, inner: Feature) -> Feature:
    (name,) = replace(term, of=inner.name).names({})
    p, values = inner.polynomial, setting.values(inner.polynomial)
    if isinstance(term, Power):
        plain = {f"np.power({inner.name},{term.degree})", f"{inner.name}{term.degree}", f"{inner.name}_{term.degree}"}
        return Feature(name, power(p, term.degree), frozenset(plain))
    if isinstance(term, Centred):
        return Feature(name, affine(p, 1, -_mean(values)))
    if isinstance(term, Elapsed):
        return Feature(name, affine(p, 1, -values[0]))
    assert isinstance(term, Scaled), "terms of other kinds are opaque"
    return Feature(name, affine(p, 1 / _size(term, values)))


def _size(term: Scaled, values: ExactColumn) -> Fraction:
    """What a column is divided by."""
    (scaled,) = Scaled("x", term.by).exact(Columns(len(values), {"x": values}, {}))
    return values.scale / scaled.scale


def _mean(values: ExactColumn) -> Fraction:
    return Fraction(sum(values.integers), len(values)) * values.scale


def _opaque(setting: Setting, term: Term) -> list[Feature]:
    numbers = {name: setting.numbers(name) for name in term.numbers}
    labels = {name: setting.labels(name) for name in term.labels}
    names = term.names(labels)
    if any(name not in setting.opaque for name in names):
        setting.opaque.update(zip(names, term.exact(Columns(setting.rows, numbers, labels)), strict=True))
    others = [frozenset({f"np.{name}"}) for name in names]
    return [Feature(n, of_atom(Atom("feature", n)), o) for n, o in zip(names, others, strict=True)]

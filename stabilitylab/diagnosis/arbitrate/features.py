"""The features of a design as polynomials in the columns of the table, with every way in which programs name them."""

from collections.abc import Mapping, Sequence
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


def model_of(setting: Setting, codings: Mapping[str, Coding]) -> Model:
    """The question asked, with some categories coded in another way."""
    terms = setting.problem.design.terms
    features = tuple(feature for term in terms for feature in features_of(setting, term, codings))
    return Model(features, of_atom(RESPONSE), setting.weights)


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
        return _levels(setting, term.column, codings.get(term.column) or coding_of(setting, term))
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

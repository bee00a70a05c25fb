"""Transformers of scikit-learn as terms: what each makes of the features that come into it."""

from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from fractions import Fraction
from functools import reduce
from numbers import Real
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT64, Array
from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.data.arithmetic import Calculated, Constant
from stabilitylab.data.category import Category
from stabilitylab.data.labels import Labels
from stabilitylab.data.logarithms import Log1p, Log2, Log10
from stabilitylab.data.problem import DataColumn
from stabilitylab.data.ranges import OverLargest, Ranged
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Centred, Column, Exp, Intercept, Log, Power, Product, Scaled, Sqrt, Term
from stabilitylab.diagnosis.models.attributes import attribute, floats, lineage, title
from stabilitylab.diagnosis.models.sklearn_features import AS_IS, Feature, is_held, labels_of, require_held, values_of

FUNCTIONS: Mapping[str, Callable[[Term], Term]] = {
    "log": Log,
    "log2": Log2,
    "log10": Log10,
    "log1p": Log1p,
    "exp": Exp,
    "sqrt": Sqrt,
}
"""The functions of NumPy that a FunctionTransformer may hold."""


Features = tuple[Feature, ...]


def transformed(step: Any, features: Features, table: Table) -> Features:
    """The features behind a fitted transformer. Raises InputError for one that is not known here, or not fitted."""
    names = [name for library, name in lineage(step) if library == "sklearn"]
    kind = next((name for name in names if name in STEPS), "")
    if not kind:
        raise InputError(
            f"what a {title(step)} does to the columns is not known here: transform X first, and pass the last step of "
            "the pipeline with that, diagnose(model[-1], model[:-1].transform(X), y)"
        )
    count = attribute(step, "n_features_in_", None)
    if isinstance(count, int) and count != len(features):
        raise ShapeError(
            f"{title(step)} was fitted on {count} columns, and gets {len(features)}: pass the X of the fit"
        )
    return STEPS[kind](step, features, table)


def _each(features: Features, form: Callable[[Term], Term]) -> Features:
    return tuple(Feature(form(feature.term), feature.level) for feature in features)


def _standard_scaler(step: Any, features: Features, table: Table) -> Features:
    """(x - mean) / sd, sd over m rows; where scale_ is 1, as it is of a column taken for constant, the mean alone."""
    with_mean, with_std = bool(attribute(step, "with_mean", True)), bool(attribute(step, "with_std", True))
    scale, mean = attribute(step, "scale_"), attribute(step, "mean_", None)
    sizes = np.ones(len(features)) if scale is None else floats(scale, "scale_")
    found = []
    for j, (feature, size) in enumerate(zip(features, sizes, strict=True)):
        column = values_of(feature, table)
        if with_mean and mean is not None:
            require_held(step, "mean_", feature, floats(mean, "mean_")[j], column, float(np.mean(column)), table)
        is_scaled = with_std and (size != 1 or is_held(feature, size, column, float(np.std(column)), table))
        if is_scaled:
            require_held(step, "scale_", feature, size, column, float(np.std(column)), table)
        term = Centred(feature.term) if with_mean else feature.term
        found.append(Feature(Scaled(term, "population sd") if is_scaled else term, feature.level))
    return tuple(found)


def _min_max_scaler(step: Any, features: Features, table: Table) -> Features:
    """(x - min) / (max - min) (b - a) + a for the range (a, b)."""
    attribute(step, "scale_")
    if attribute(step, "clip", False):
        raise InputError("MinMaxScaler(clip=True) is not known here: fit it without, which is the same on X")
    for name, least in (("data_min_", np.min), ("data_max_", np.max)):
        _require_each(step, name, features, table, least)
    low, high = (Fraction(float(end)) for end in attribute(step, "feature_range", (0, 1)))

    def form(term: Term) -> Term:
        ranged: Term = Ranged(term)
        if high - low != 1:
            ranged = Calculated(ranged, "*", Constant(_decimal(high - low)))
        return Calculated(ranged, "+", Constant(_decimal(low))) if low else ranged

    return _each(features, form)


def _decimal(value: Fraction) -> str:
    """A fraction of a power of two, which the bounds of a range are, as its exact decimal."""
    digits = max(value.denominator.bit_length() - 1, 0)
    text = f"{Decimal(value.numerator * 5**digits).scaleb(-digits, Context(prec=2000)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _max_abs_scaler(step: Any, features: Features, table: Table) -> Features:
    attribute(step, "scale_")
    _require_each(step, "max_abs_", features, table, lambda column: np.abs(column).max())
    return _each(features, OverLargest)


def _require_each(step: Any, name: str, features: Features, table: Table, what: Callable[[Array], Any]) -> None:
    """Raise InputError where an attribute of a fitted step is not what its features have on these rows."""
    for feature, holds in zip(features, floats(attribute(step, name), name), strict=True):
        column = values_of(feature, table)
        require_held(step, name, feature, holds, column, what(column), table)


def _polynomial_features(step: Any, features: Features, table: Table) -> Features:
    """Products of powers, as the rows of powers_ say."""
    powers = floats(attribute(step, "powers_"), "powers_", ndim=2).astype(int)
    if any(feature.level for feature in features) and powers.sum(axis=1).max() > 1:
        raise InputError(
            "PolynomialFeatures of a category is not known here: transform X first, and pass the last step of the "
            "pipeline with that"
        )
    found = []
    for exponents in powers:
        factors = [
            feature.term if k == 1 else Power(feature.term, int(k))
            for feature, k in zip(features, exponents, strict=True)
            if k
        ]
        level = next((feature.level for feature, k in zip(features, exponents, strict=True) if k), "")
        found.append(Feature(reduce(Product, factors), level) if factors else Feature(Intercept()))
    return tuple(found)


def _one_hot_encoder(step: Any, features: Features, table: Table) -> Features:
    """A column for each level, without the one that is dropped."""
    categories, dropped = attribute(step, "categories_"), attribute(step, "drop_idx_", None)
    if attribute(step, "_infrequent_enabled", False):
        raise InputError("OneHotEncoder with infrequent levels is not known here: fit it without min_frequency")
    found = []
    for j, (feature, levels) in enumerate(zip(features, categories, strict=True)):
        if not isinstance(feature.term, Column):
            raise InputError(f"OneHotEncoder of {feature} is not known here: encode the column as it is")
        column, known = feature.term.name, labels_of(feature.term.name, table)
        texts = [_level(value, known, column) for value in levels]
        left_out = None if dropped is None else dropped[j]
        reference = None if left_out is None else texts[int(left_out)]
        category = Category(column, "full") if reference is None else Category(column, reference=reference)
        found += [Feature(category, text) for text in texts if text != reference]
    return tuple(found)


def _level(value: Any, known: Labels, column: str) -> str:
    """A level as the table has it. Raises InputError for one that it has not."""
    if isinstance(value, str):
        text = value
    else:
        text = Labels.of_numbers(np.array([value], dtype=np.float64)).values[0] if known.numeric else str(value)
    if text not in known.levels:
        raise InputError(f"the encoder knows a level {text!r} of {column!r} that X has not: pass the X of the fit")
    return text


def _function_transformer(step: Any, features: Features, table: Table) -> Features:
    """A function of NumPy by its name, or none."""
    function = attribute(step, "func", None)
    if function is None:
        return features
    name = str(getattr(function, "__name__", ""))
    if not isinstance(function, np.ufunc) or name not in FUNCTIONS:
        raise InputError(
            f"FunctionTransformer is known here with numpy's {', '.join(FUNCTIONS)}, not with a function of one's own: "
            "transform X first, and pass the last step of the pipeline with that"
        )
    return _each(features, FUNCTIONS[name])


def _column_transformer(step: Any, features: Features, table: Table) -> Features:
    """The features behind each transformer, of the columns that it takes, one after the other."""
    found: Features = ()
    fitted = attribute(step, "transformers_")
    names = [str(feature.term) for feature in features]
    for _, inner, columns in fitted:
        chosen = _chosen(columns, names)
        if isinstance(inner, str) and inner == "drop":
            continue
        part = tuple(features[j] for j in chosen)
        found += part if isinstance(inner, str) or not part else transformed(inner, part, table)
    return found


def _chosen(columns: Any, names: list[str]) -> list[int]:
    """The numbers of the columns that a transformer takes, however they were named."""
    if isinstance(columns, slice):
        # A slice of names holds its end, one of numbers does not.
        start = names.index(columns.start) if isinstance(columns.start, str) else columns.start
        stop = names.index(columns.stop) + 1 if isinstance(columns.stop, str) else columns.stop
        return list(range(len(names)))[start : stop : columns.step]
    entries = [columns] if isinstance(columns, str | int | np.integer) else list(columns)
    if entries and all(isinstance(entry, bool | np.bool_) for entry in entries):
        return [j for j, is_taken in enumerate(entries) if is_taken]
    found = []
    for entry in entries:
        if isinstance(entry, str) and entry not in names:
            raise InputError(f"the ColumnTransformer takes a column {entry!r} that X has not: pass the X of the fit")
        found.append(names.index(entry) if isinstance(entry, str) else range(len(names))[int(entry)])
    return found


def _pipeline(step: Any, features: Features, table: Table) -> Features:
    for _, inner in attribute(step, "steps"):
        if inner is not None and not isinstance(inner, str):
            features = transformed(inner, features, table)
    return features


def _unchanged(step: Any, features: Features, table: Table) -> Features:
    """Of a table without gaps nothing is filled in, unless a value that is there stands for a gap."""
    gap = attribute(step, "missing_values", None)
    if gap is not None and gap == gap:
        for feature in features:
            if not isinstance(feature.term, Column) or _has(table.columns[feature.term.name], gap):
                raise InputError(f"{title(step)} fills in where {feature} is {gap!r}, which is not known here: {AS_IS}")
    return features


def _has(column: DataColumn, value: Any) -> bool:
    if isinstance(column, Labels):
        return str(value) in column.levels
    numbers = column.rounded(FLOAT64) if isinstance(column, ExactColumn) else np.asarray(column)
    return isinstance(value, Real) and float(value) in numbers


STEPS: Mapping[str, Callable[[Any, Features, Table], Features]] = {
    "StandardScaler": _standard_scaler,
    "MinMaxScaler": _min_max_scaler,
    "MaxAbsScaler": _max_abs_scaler,
    "PolynomialFeatures": _polynomial_features,
    "OneHotEncoder": _one_hot_encoder,
    "FunctionTransformer": _function_transformer,
    "ColumnTransformer": _column_transformer,
    "Pipeline": _pipeline,
    "SimpleImputer": _unchanged,
}
"""The transformers that are known, by class."""

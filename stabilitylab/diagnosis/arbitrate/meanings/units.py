"""SL310: a column, or the response, in another unit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from stabilitylab.data.correct_rounding import logarithms
from stabilitylab.data.table.table import UNITS
from stabilitylab.diagnosis.arbitrate.agreement import placed
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model
from stabilitylab.diagnosis.arbitrate.polynomial import Atom, Polynomial, affine, of_atom, substituted
from stabilitylab.diagnosis.arbitrate.printed import Printed, as_float

_RATIOS = (
    *("2", "3", "4", "5", "6", "7", "8", "12", "16", "20", "24", "28", "30", "36", "50", "52", "60", "144", "168"),
    *("360", "365", "365.25", "1024", "1440", "3.6", "3600", "86400", "604800", "1048576", "1073741824", "1.8"),
    *("86400000", "86400000000", "86400000000000"),
    *("0.3048", "0.9144", "2.54", "1.609344", "1.852", "0.45359237", "28.349523125", "3.785411784", "4.184", "4.1868"),
    *("6.89475729", "1.01325", "133.322387415", "273.16", "0.0254", "25.4", "30.48", "91.44", "453.59237", "1609.344"),
)
FACTORS: Mapping[Fraction, str] = {
    value: text
    for text, value in (
        *((f"10^{k}", Fraction(10) ** k) for k in range(-12, 13) if k),
        *((text, Fraction(text)) for text in _RATIOS),
        *((f"1/{text}", 1 / Fraction(text)) for text in _RATIOS),
    )
}
COMMON = frozenset(
    value
    for text in ("10", "100", "1000", "10000", "1000000", "1000000000", "12", "60", "7", "24", "52", "365.25")
    for value in (Fraction(text), 1 / Fraction(text))
)
"""Those that are looked for first: half of what is thought possible beforehand, as all others are together."""
TIMES = frozenset(Fraction(a, b) for a in UNITS.values() for b in UNITS.values() if a != b)
"""The ratios of units of time: those of a column of dates."""
BASES: Mapping[Fraction, str] = {
    value: f"the natural logarithm of {base}"
    for base, value in zip((2, 10), logarithms([Fraction(2), Fraction(10)]), strict=True)
}
TEMPERATURES = (
    ("degrees Fahrenheit in place of Celsius", Fraction(9, 5), Fraction(32)),
    ("degrees Celsius in place of Fahrenheit", Fraction(5, 9), Fraction(-160, 9)),
    ("kelvin in place of degrees Celsius", Fraction(1), Fraction("273.15")),
    ("degrees Celsius in place of kelvin", Fraction(1), Fraction("-273.15")),
)
DAYS: Mapping[str, str] = {
    "1970-01-01": "as R, pandas and Unix count",
    "1899-12-30": "as Excel counts",
    "1904-01-01": "as Excel of the Macintosh counted",
    "1960-01-01": "as SAS and Stata count",
    "1582-10-14": "as SPSS counts",
    "0001-01-01": "as toordinal of Python counts, that day being 1",
}
CLOSE = 3e-4  # relative error up to which a ratio is that of two units
MOST_COLUMNS = 2  # columns in other units beside each other


@meaning("SL310", "another unit", 7, uses_answer=True)
def units(view: View) -> Iterator[Model]:
    """Dates counted from another day, temperatures in other degrees; from an answer, the ratios to the solution that
    are ratios of units."""
    dates = list(_dates(view))
    if view.answer is not None:
        for model in (view.model, *dates):
            yield from _ratios(View(view.setting, model, view.answer))
        return
    yield from dates
    if not view.model.differences:
        for atom in _atoms(view.model):
            for says, factor, constant in TEMPERATURES:
                replaced: dict[Atom, Polynomial] = {atom: affine(of_atom(atom), factor, constant)}
                features = tuple(
                    replace(f, polynomial=substituted(f.polynomial, replaced)) for f in view.model.features
                )
                yield view.model.changed("SL310", f"{atom.column!r} in {says}", is_usual=False, features=features)


def _dates(view: View) -> Iterator[Model]:
    """Each column of dates counted from the day that some program counts from, in the unit of the question."""
    moments = view.setting.question.table.moments
    for atom in _atoms(view.model):
        if atom.column not in moments or not moments[atom.column].first:
            continue
        unit, first = moments[atom.column].unit, moments[atom.column].first
        try:
            began = datetime.fromisoformat(first)
        except ValueError:  # a time of day, or a year that calendars do not reach
            continue
        for day, who in DAYS.items():
            since = began - datetime.fromisoformat(day)
            nanoseconds = (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1000
            replaced: dict[Atom, Polynomial] = {
                atom: affine(of_atom(atom), 1, Fraction(nanoseconds, UNITS[unit]) + (day == "0001-01-01"))
            }
            features = tuple(replace(f, polynomial=substituted(f.polynomial, replaced)) for f in view.model.features)
            says = f"{atom.column!r} in {unit} since {day} ({who}), not since the first of them"
            yield view.model.changed("SL310", says, tries=len(DAYS) * len(moments), features=features)


def _atoms(model: Model) -> list[Atom]:
    """The columns of numbers that a model reads."""
    return sorted({a for f in model.present for monomial in f.polynomial for a in monomial if a.kind == "number"})


def _ratios(view: View) -> Iterator[Model]:
    model, answer, x = view.model, view.answer, view.x
    values = placed(answer, model) if answer is not None else None
    if x is None or values is None:
        return
    known = {**FACTORS, **BASES, **{1 / value: f"1 over {says}" for value, says in BASES.items()}}
    pairs = []
    for feature, value, exact in zip(model.features, values, x, strict=True):
        if value is not None and exact and value.value:
            pairs.append(_Pair(feature.polynomial, as_float(value.value / exact), _tolerance(value)))
    pairs.sort(key=lambda pair: max(map(len, pair.polynomial)))
    numbers = {value: float(value) for value in known}
    for response in [Fraction(1), *known]:
        found = _columns(pairs, float(response), numbers)
        if found is None or (response == 1 and not found):
            continue
        parts = [f"{atom.column!r} multiplied by {known[factor]}" for atom, factor in found.items()]
        if response != 1:
            parts.append(f"the response multiplied by {known[response]}")
        features = []
        for feature in model.features:
            factor = feature.factor * response
            for atom, unit in found.items():
                factor /= unit ** _degree(feature.polynomial, atom)
            features.append(replace(feature, factor=factor))
        dates, tries = view.setting.question.table.moments, 1
        for atom, factor in found.items():
            is_time = atom.column in dates and factor in TIMES
            tries *= len(dates) * len(UNITS) if is_time else 2 * _many(factor, known) * len(x)
        tries *= 1 if response == 1 else 2 * _many(response, known)
        says = "other units: " + " and ".join(parts)
        yield model.changed("SL310", says, tries=tries, is_usual=False, features=tuple(features))


def _many(factor: Fraction, known: Mapping[Fraction, str]) -> int:
    """How many factors are as likely."""
    return len(COMMON) if factor in COMMON else len(known)


class _Pair(NamedTuple):
    """A feature, the ratio of the answer's number to its coefficient, and how far that may be off, relatively."""

    polynomial: Polynomial
    ratio: float
    tolerance: float


def _tolerance(value: Printed) -> float:
    return max(as_float(2 * value.half / abs(value.value)), CLOSE)


def _columns(pairs: list[_Pair], response: float, numbers: Mapping[Fraction, float]) -> dict[Atom, Fraction] | None:
    """The factor of each column whose unit differs; None where no factors, or too many, explain the answer."""
    found: dict[Atom, Fraction] = {}
    settled: set[Atom] = set()
    for p, ratio, tolerance in pairs:
        atoms = {a for monomial in p for a in monomial if a.kind in ("number", "feature")}
        new = sorted(atoms - settled)
        left = ratio / response
        for atom in atoms & found.keys():
            left *= numbers[found[atom]] ** _degree(p, atom)
        if abs(left - 1) > tolerance:
            if len(new) != 1 or len(found) + (response != 1) >= MOST_COLUMNS:
                return None
            degree = _degree(p, new[0])
            factor = next((f for f, v in numbers.items() if abs(left * v**degree - 1) <= tolerance), None)
            if factor is None:
                return None
            found[new[0]] = factor
        settled |= set(new) if len(new) == 1 else set()
    return found


def _degree(p: Polynomial, atom: Atom) -> int:
    return max(monomial.count(atom) for monomial in p)

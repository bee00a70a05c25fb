"""SL310: a column, or the response, in another unit."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from stabilitylab.data.correct_rounding import logarithms
from stabilitylab.diagnosis.arbitrate.agreement import placed
from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Model
from stabilitylab.diagnosis.arbitrate.polynomial import Atom, Polynomial, affine, of_atom, substituted
from stabilitylab.diagnosis.arbitrate.printed import Printed

_RATIOS = (
    *("2", "3", "4", "5", "6", "7", "8", "12", "16", "20", "24", "28", "30", "36", "50", "52", "60", "144", "168"),
    *("360", "365", "365.25", "1024", "1440", "3.6", "3600", "86400", "604800", "1048576", "1073741824", "1.8"),
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
CLOSE = Fraction(1, 3000)  # relative error up to which a ratio is that of two units
MOST_COLUMNS = 2  # columns in other units beside each other


@meaning("SL310", "another unit", 7, uses_answer=True)
def units(view: View) -> Iterator[Model]:
    """Temperatures in other degrees; from an answer, the ratios to the solution that are ratios of units."""
    if view.answer is not None:
        yield from _ratios(view)
    elif not view.model.differences:
        for atom in _atoms(view.model):
            for says, factor, constant in TEMPERATURES:
                replaced: dict[Atom, Polynomial] = {atom: affine(of_atom(atom), factor, constant)}
                features = tuple(
                    replace(f, polynomial=substituted(f.polynomial, replaced)) for f in view.model.features
                )
                yield view.model.changed("SL310", f"{atom.column!r} in {says}", is_usual=False, features=features)


def _atoms(model: Model) -> list[Atom]:
    """The columns of numbers that a model reads."""
    return sorted({a for f in model.present for monomial in f.polynomial for a in monomial if a.kind == "number"})


def _ratios(view: View) -> Iterator[Model]:
    model, answer, x = view.model, view.answer, view.x
    values = placed(answer, model) if answer is not None else None
    if x is None or values is None:
        return
    pairs = [(j, v, e) for j, (v, e) in enumerate(zip(values, x, strict=True)) if v is not None and e]
    known = {**FACTORS, **BASES, **{1 / value: f"1 over {says}" for value, says in BASES.items()}}
    for response in [Fraction(1), *known]:
        found = _columns(model, pairs, response, known)
        if found is None or (response == 1 and not found) or len(found) + (response != 1) > MOST_COLUMNS:
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
        tries = (len(known) + 1) ** len(parts) * max(1, len(x))
        yield model.changed(
            "SL310", "other units: " + " and ".join(parts), tries=tries, is_usual=False, features=tuple(features)
        )


def _columns(
    model: Model, pairs: list[tuple[int, Printed, Fraction]], response: Fraction, known: Mapping[Fraction, str]
) -> dict[Atom, Fraction] | None:
    """The factor of each column whose unit differs; None where no factors explain the answer."""
    found: dict[Atom, Fraction] = {}
    settled: set[Atom] = set()
    for j, value, exact in sorted(pairs, key=lambda pair: max(map(len, model.features[pair[0]].polynomial))):
        p = model.features[j].polynomial
        atoms = {a for monomial in p for a in monomial if a.kind in ("number", "feature")}
        new = sorted(atoms - settled)
        expected = exact * response
        for atom in atoms & settled:
            expected /= found.get(atom, Fraction(1)) ** _degree(p, atom)
        if not _is_close(value, expected):
            if len(new) != 1 or not value.value:
                return None
            degree = _degree(p, new[0])
            factor = next((f for f in known if _is_close(value, expected / f**degree)), None)
            if factor is None:
                return None
            found[new[0]] = factor
            if len(found) + (response != 1) > MOST_COLUMNS:
                return None
        settled |= set(new) if len(new) == 1 else set()
    return found


def _is_close(value: Printed, expected: Fraction) -> bool:
    return abs(value.value - expected) <= max(2 * value.half, CLOSE * abs(expected))


def _degree(p: Polynomial, atom: Atom) -> int:
    return max(monomial.count(atom) for monomial in p)

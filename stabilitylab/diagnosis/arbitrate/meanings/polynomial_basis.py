"""SL309: a polynomial in raw powers, in orthogonal polynomials, or in powers of a column mapped to [-1, 1]."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from stabilitylab.diagnosis.arbitrate.meanings.meaning import View, meaning
from stabilitylab.diagnosis.arbitrate.model import Feature, Model
from stabilitylab.diagnosis.arbitrate.polynomial import ONE, Atom, Polynomial, affine, of_atom, plus, power, times
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.diagnosis.arbitrate.spelling import normal


@meaning("SL309", "raw or orthogonal polynomial", 3, renames=True)
def polynomial_basis(view: View) -> Iterator[Model]:
    """Each other basis for the powers of one column."""
    for atom, places in _groups(view.model).items():
        x, d = of_atom(atom), len(places)
        bases: dict[str, Sequence[tuple[Polynomial, Fraction]]] = {
            f"raw powers of {atom.column!r}": [(power(x, k), Fraction(1)) for k in range(1, d + 1)],
            f"orthogonal polynomials of {atom.column!r}, each of norm 1 (as poly of R)": _orthogonal(view, x, d, True),
            f"orthogonal polynomials of {atom.column!r} with leading coefficient 1": _orthogonal(view, x, d, False),
        }
        window = _window(view.setting, x)
        if window is not None:
            mapped = f"of {atom.column!r} mapped to [-1, 1]"
            bases[f"powers {mapped}"] = [(power(window, k), Fraction(1)) for k in range(1, d + 1)]
            bases[f"Chebyshev polynomials {mapped}"] = _by_recurrence(window, d, lambda k: (Fraction(2), Fraction(1)))
            bases[f"Legendre polynomials {mapped}"] = _by_recurrence(
                window, d, lambda k: (Fraction(2 * k + 1, k + 1), Fraction(k, k + 1))
            )
        for says, basis in bases.items():
            features = list(view.model.features)
            for k, ((p, factor), j) in enumerate(zip(basis, places, strict=True), 1):
                names = {normal(f"{atom.column}^{k}"), normal(f"poly({atom.column},{d})[{k}]")}
                features[j] = replace(
                    features[j], polynomial=p, factor=factor, others=features[j].others | frozenset(names)
                )
            if any(_differ(a, b) for a, b in zip(features, view.model.features, strict=True)):
                usual = says.startswith(("raw", "orthogonal"))
                yield view.model.changed("SL309", says, is_usual=usual, features=tuple(features))


def _groups(model: Model) -> dict[Atom, list[int]]:
    """The places of the features of degrees 1, ..., d in one column, d > 1, by that column."""
    found: dict[Atom, dict[int, int]] = {}
    for j, feature in enumerate(model.features):
        atoms = {atom for monomial in feature.polynomial for atom in monomial}
        if feature.is_present and len(atoms) == 1 and next(iter(atoms)).kind == "number":
            degree = max(map(len, feature.polynomial))
            found.setdefault(atoms.pop(), {})[degree] = j
    return {
        atom: [degrees[k] for k in range(1, len(degrees) + 1)]
        for atom, degrees in found.items()
        if len(degrees) > 1 and set(degrees) == set(range(1, len(degrees) + 1))
    }


def _differ(a: Feature, b: Feature) -> bool:
    """Whether two features are other numbers."""
    return {m: c / a.factor for m, c in a.polynomial.items()} != {m: c / b.factor for m, c in b.polynomial.items()}


def _orthogonal(view: View, x: Polynomial, d: int, is_normal: bool) -> list[tuple[Polynomial, Fraction]]:
    """Monic polynomials that are orthogonal over the rows, by Forsythe's recurrence; with the norms as factors."""
    setting, model = view.setting, view.model
    before: Polynomial = {}
    now: Polynomial = ONE
    square, ratio, found = setting.inner(now, now, model), Fraction(0), []
    for _ in range(d):
        xnow = times(x, now)
        after = plus(plus(xnow, now, -setting.inner(xnow, now, model) / square), before, -ratio)
        before, now = now, after
        new = setting.inner(now, now, model)
        if not new:
            return [(power(x, k), Fraction(1)) for k in range(1, d + 1)]
        ratio, square = new / square, new
        found.append((now, setting.size(new) if is_normal else Fraction(1)))
    return found


def _window(setting: Setting, x: Polynomial) -> Polynomial | None:
    """(2 x - low - high) / (high - low), of which the smallest value is -1 and the largest 1."""
    values = setting.values(x)
    low, high = min(values.integers) * values.scale, max(values.integers) * values.scale
    if low == high:
        return None
    return affine(x, 2 / (high - low), -(low + high) / (high - low))


def _by_recurrence(
    t: Polynomial, d: int, factors: Callable[[int], tuple[Fraction, Fraction]]
) -> list[tuple[Polynomial, Fraction]]:
    """p_(k+1) = a_k t p_k - b_k p_(k-1), with p_0 = 1 and p_1 = t."""
    before, now = ONE, t
    found = [(now, Fraction(1))]
    for k in range(1, d):
        a, b = factors(k)
        before, now = now, plus(affine(times(t, now), a), before, -b)
        found.append((now, Fraction(1)))
    return found

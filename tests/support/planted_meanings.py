"""Answers to other questions than the one asked, made in rationals by code that shares none with the package.

Every planted answer is solved by Gaussian elimination on fractions and printed to 6, 7 or 8 digits, as programs do.
"""

import random
from fractions import Fraction
from typing import NamedTuple

import mpmath

from stabilitylab.data.design import Category, Column, Design, Power
from stabilitylab.data.problem import Problem
from stabilitylab.data.table import Table
from stabilitylab.data.terms import Intercept
from stabilitylab.diagnosis.question import Question


class Planted(NamedTuple):
    """A question, an answer to another one, and the code of the difference."""

    name: str
    question: Question
    answer: object
    code: str


def solve(columns, y, weights=None, penalties=None):
    """x minimising sum w (y - A x)² + sum penalty x², in fractions, by the normal equations."""
    n = len(columns)
    w = weights or [Fraction(1)] * len(y)
    rows = [[sum(a * b * v for a, b, v in zip(p, q, w, strict=True)) for q in [*columns, y]] for p in columns]
    for j in range(n):
        rows[j][j] += (penalties or [0] * n)[j]
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k], strict=True)]
    return [row[-1] for row in rows]


def root(value):
    """The square root to 60 digits, as a fraction."""
    with mpmath.workdps(60):
        return Fraction(str(mpmath.sqrt(mpmath.mpf(value.numerator) / value.denominator)))


def mean(column):
    """The mean."""
    return sum(column) / len(column)


def sd(column, less=1):
    """The standard deviation over m - less rows."""
    centre = mean(column)
    return root(sum((v - centre) ** 2 for v in column) / (len(column) - less))


def printed(values, digits=7):
    """Each number to so many significant digits, as a text."""
    return [f"{float(v):.{digits}g}" for v in values]


class Data:
    """A data set: columns of fractions and of labels, and the question asked of them."""

    def __init__(self, columns, labels, terms, *, weights=None, intercept=True):
        self.columns = {name: [Fraction(v) for v in values] for name, values in columns.items()}
        self.labels, self.rows = labels, len(columns["y"])
        floats = {name: [float(v) for v in values] for name, values in self.columns.items() if name != weights}
        design = Design.of(*([Intercept()] if intercept else []), *terms)
        problem = Problem("planted", {**floats, **labels}, design, "made")
        table = Table("planted", dict(problem.data), tuple(range(self.rows)))
        self.w = self.columns.get(weights)
        given = None if weights is None else __import__("numpy").array([float(v) for v in self.w])
        self.question = Question(problem, table, weights=given, weights_name=weights or "")
        self.names = problem.feature_names

    @property
    def ones(self):
        """The column of the intercept."""
        return [Fraction(1)] * self.rows

    @property
    def y(self):
        """The response."""
        return self.columns["y"]

    def level(self, column, level):
        """1 in the rows of a level."""
        return [Fraction(value == level) for value in self.labels[column]]

    def feature(self, name):
        """A feature by its name in the design."""
        if name == "intercept":
            return self.ones
        if "[" in name:
            column, level = name[:-1].split("[")
            return self.level(column, level)
        if "^" in name:
            column, degree = name.split("^")
            return [v ** int(degree) for v in self.columns[column]]
        return self.columns[name]

    def features(self, names=None):
        """The features of the design, or of those names."""
        return [self.feature(name) for name in names or self.names]


def trial(seed=1, m=36):
    """Two numbers and two categories."""
    r = random.Random(seed)
    dose = [round(r.uniform(0.5, 9.5), 2) for _ in range(m)]
    age = [r.randint(21, 70) for _ in range(m)]
    group = [r.choice("abc") for _ in range(m)]
    site = [r.choice(["north", "south"]) for _ in range(m)]
    effect = {"a": 0, "b": 2.5, "c": -1.25, "north": 0.5, "south": 0}
    y = [
        round(3 + 0.7 * d + 0.05 * a + effect[g] + effect[s] + r.gauss(0, 1), 3)
        for d, a, g, s in zip(dose, age, group, site, strict=True)
    ]
    columns = {"dose": dose, "age": age, "y": y}
    return Data(columns, {"group": group, "site": site}, ["dose", "age", Category("group"), Category("site")])


def sales(seed=2, m=44, *, weights="w", intercept=True, least=0.5, repeats=3):
    """Four numbers, weights, and rows that repeat others."""
    r = random.Random(seed)
    columns = {
        "price": [round(r.uniform(5, 30), 2) for _ in range(m)],
        "area": [r.randint(40, 900) for _ in range(m)],
        "staff": [r.randint(1, 25) for _ in range(m)],
        "rate": [round(r.uniform(0.01, 0.09), 4) for _ in range(m)],
    }
    columns["w"] = [round(r.uniform(least, 5), 1) for _ in range(m)]
    columns["y"] = [
        round(120 - 2 * p + 0.2 * a + 3 * s + 400 * q + r.gauss(0, 9), 2)
        for p, a, s, q in zip(columns["price"], columns["area"], columns["staff"], columns["rate"], strict=True)
    ]
    for k in range(repeats):
        for values in columns.values():
            values[m - 1 - k] = values[3 * k]
    return Data(columns, {}, ["price", "area", "staff", "rate"], weights=weights, intercept=intercept)


def curve(seed=3, m=25, degree=3):
    """A polynomial in one column, beside another."""
    r = random.Random(seed)
    x = [round(r.uniform(1, 9), 2) for _ in range(m)]
    z = [round(r.uniform(-2, 2), 3) for _ in range(m)]
    y = [round(5 + 2 * u - 0.4 * u**2 + 0.03 * u**3 + v + r.gauss(0, 0.5), 3) for u, v in zip(x, z, strict=True)]
    powers = [Power("x", k) for k in range(2, degree + 1)]
    return Data({"x": x, "z": z, "y": y}, {}, [Column("x"), *powers, Column("z")])


def _named(data, features, y, *, weights=None, penalties=None, digits=7, factor=None):
    """name -> printed coefficient, of features by name."""
    x = solve(list(features.values()), y, weights, penalties)
    x = [v * (factor or {}).get(name, 1) for name, v in zip(features, x, strict=True)]
    return dict(zip(features, printed(x, digits), strict=True))


def _plain(data, names=None):
    return dict(zip(names or data.names, data.features(names), strict=True))


def _without(data, rows, **options):
    """Without some rows."""
    keep = [i for i in range(data.rows) if i not in rows]
    features = {name: [column[i] for i in keep] for name, column in _plain(data).items()}
    weights = options.pop("weights", None)
    weights = None if weights is None else [weights[i] for i in keep]
    return _named(data, features, [data.y[i] for i in keep], weights=weights, **options)


def _centred(column):
    centre = mean(column)
    return [v - centre for v in column]


def _divided(column, by):
    return [v / by for v in column]


def planted():
    """Sixty and more answers, each to another question than the one asked."""
    found = []

    def plant(name, data, answer, code):
        found.append(Planted(f"{code} {name}", data.question, answer, code))

    for seed in (1, 11):
        A = trial(seed)
        numbers = ["intercept", "dose", "age"]
        # --- another reference level, as SAS, R and statsmodels write it
        last = _plain(A, [*numbers, "group[a]", "group[b]", "site[north]"])
        plant(f"last {seed}", A, _named(A, last, A.y), "SL301")
        sas = {k.replace("[", " ").rstrip("]"): v for k, v in _named(A, last, A.y, digits=6).items()}
        plant(f"last, as SAS writes {seed}", A, sas, "SL301")
        middle = _plain(A, [*numbers, "group[a]", "group[c]", "site[south]"])
        r = {k.replace("[", "").rstrip("]"): v for k, v in _named(A, middle, A.y, digits=8).items()}
        plant(f"middle, as R writes {seed}", A, r, "SL301")
        other = _plain(A, [*numbers, "group[b]", "group[c]", "site[north]"])
        patsy = {k.replace("[", "[T."): v for k, v in _named(A, other, A.y).items()}
        plant(f"site, as statsmodels writes {seed}", A, patsy, "SL301")
        # --- sum coding
        minus = [[a - b for a, b in zip(A.level("group", k), A.level("group", "c"), strict=True)] for k in "ab"]
        site = [a - b for a, b in zip(A.level("site", "north"), A.level("site", "south"), strict=True)]
        both = {**_plain(A, numbers), "group1": minus[0], "group2": minus[1], "site1": site}
        plant(f"sum, as R writes {seed}", A, _named(A, both, A.y), "SL302")
        one = {
            **_plain(A, numbers),
            "group[a]": minus[0],
            "group[b]": minus[1],
            "site[south]": A.level("site", "south"),
        }
        plant(f"sum of one {seed}", A, _named(A, one, A.y, digits=8), "SL302")
        plant(f"sum, a vector {seed}", A, list(_named(A, both, A.y).values()), "SL302")
        # --- intercept
        cells = _plain(A, ["dose", "age", "group[a]", "group[b]", "group[c]", "site[south]"])
        plant(f"cell means {seed}", A, _named(A, cells, A.y), "SL303")
        plant(f"none {seed}", A, _named(A, _plain(A, A.names[1:]), A.y), "SL303")
        # --- centred and scaled
        z = {**_plain(A), **{k: _divided(_centred(A.columns[k]), sd(A.columns[k])) for k in ("dose", "age")}}
        plant(f"sd {seed}", A, _named(A, z, A.y), "SL304")
        c = {**_plain(A), "age": _centred(A.columns["age"])}
        plant(f"one centred {seed}", A, _named(A, c, A.y, digits=8), "SL304")
        # --- rows and columns
        plant(f"one row {seed}", A, _without(A, {17}), "SL306")
        plant(f"site dropped {seed}", A, _named(A, _plain(A, A.names[:-1]), A.y), "SL307")
        plant(
            f"age dropped {seed}", A, _named(A, _plain(A, [n for n in A.names if n != "age"]), A.y, digits=6), "SL307"
        )
        # --- penalties
        free = [0, *[1] * (len(A.names) - 1)]
        plant(f"ridge {seed}", A, _named(A, _plain(A), A.y, penalties=free), "SL308")
        found_lambda = [Fraction(37, 100)] * len(A.names)
        plant(f"ridge found {seed}", A, list(_named(A, _plain(A), A.y, penalties=found_lambda).values()), "SL308")
        # --- units and names
        plant(f"dose in thousandths {seed}", A, _named(A, _plain(A), A.y, factor={"dose": Fraction(1, 1000)}), "SL310")
        right = _named(A, _plain(A), A.y)
        plant(f"interchanged {seed}", A, {**right, "dose": right["age"], "age": right["dose"]}, "SL311")

    B, P = sales(), sales(5, repeats=0, least=0.3)
    for name, data in (("B", B), ("P", P)):
        plain = _plain(data)
        plant(f"ignored {name}", data, _named(data, plain, data.y), "SL305")
        plant(f"inverse {name}", data, _named(data, plain, data.y, weights=[1 / v for v in data.w]), "SL305")
        plant(
            f"roots {name}",
            data,
            list(_named(data, plain, data.y, weights=[root(v) for v in data.w]).values()),
            "SL305",
        )
        whole = [Fraction(int(v)) for v in data.w]
        plant(f"cut {name}", data, _named(data, plain, data.y, weights=whole, digits=6), "SL305")
        plant(f"reverse {name}", data, list(_named(data, plain, data.y, weights=data.w).values())[::-1], "SL311")
        two = {4, 21}
        plant(f"two rows {name}", data, _without(data, two, weights=data.w, digits=8), "SL306")
    U = sales(weights=None)
    repeated = {U.rows - 1 - k for k in range(3)}
    plant("repeated", U, _without(U, repeated), "SL306")
    plant(
        "none",
        U,
        [0, *_named(U, _plain(U, U.names[1:]), U.y).values()]
        and ["0", *_named(U, _plain(U, U.names[1:]), U.y).values()],
        "SL303",
    )
    numbers = {k: _divided(_centred(U.columns[k]), sd(U.columns[k], 0)) for k in U.names[1:]}
    plant("population sd", U, _named(U, {**_plain(U), **numbers}, U.y), "SL304")
    betas = {k: _divided(_centred(U.columns[k]), sd(U.columns[k])) for k in U.names[1:]}
    plant("standardised", U, _named(U, betas, _divided(_centred(U.y), sd(U.y))), "SL304")
    squares = [0, *(sd(U.columns[k], 0) ** 2 for k in U.names[1:])]
    plant("ridge of standardised", U, _named(U, _plain(U), U.y, penalties=squares), "SL308")
    plant("ridge by rows", U, _named(U, _plain(U), U.y, penalties=[0, *[Fraction(U.rows, 10)] * 4]), "SL308")
    plant("dozens", U, _named(U, _plain(U), [v * 12 for v in U.y]), "SL310")
    kilos = {"area": Fraction(1000), "price": Fraction(100)}
    plant("two units", U, _named(U, _plain(U), U.y, factor=kilos), "SL310")
    last = list(_named(U, _plain(U), U.y).values())
    plant("intercept last", U, [*last[1:], last[0]], "SL311")
    plant("without staff", U, _named(U, _plain(U, [n for n in U.names if n != "staff"]), U.y), "SL307")
    N = sales(7, weights=None, intercept=False)
    plant("one too many", N, _named(N, _plain(N, ["intercept", *N.names]), N.y), "SL303")

    for seed in (3, 33):
        C = curve(seed)
        x = C.columns["x"]
        x0 = _centred(x)
        raw = _plain(C)
        moved = {"intercept": C.ones, "x": x0, "x^2": [v**2 for v in x0], "x^3": [v**3 for v in x0], "z": raw["z"]}
        plant(f"before powers {seed}", C, _named(C, moved, C.y, digits=8), "SL304")
        orthogonal = _orthonormal(x, 3)
        poly = {"(Intercept)": C.ones, **{f"poly(x, 3){k}": v for k, v in enumerate(orthogonal, 1)}, "z": raw["z"]}
        plant(f"orthogonal {seed}", C, _named(C, poly, C.y), "SL309")
        low, high = min(x), max(x)
        t = [(2 * v - low - high) / (high - low) for v in x]
        cheb = [t, [2 * v**2 - 1 for v in t], [4 * v**3 - 3 * v for v in t]]
        vector = {"intercept": C.ones, **dict(zip(("x", "x^2", "x^3"), cheb, strict=True)), "z": raw["z"]}
        plant(f"Chebyshev {seed}", C, list(_named(C, vector, C.y).values()), "SL309")
        feet = {"x": Fraction("0.3048"), "x^2": Fraction("0.3048") ** 2, "x^3": Fraction("0.3048") ** 3}
        plant(f"feet {seed}", C, _named(C, raw, C.y, factor=feet), "SL310")
        plant(f"square dropped {seed}", C, _named(C, _plain(C, ["intercept", "x", "x^3", "z"]), C.y), "SL307")
    return found


def _orthonormal(x, degree):
    """Gram and Schmidt on the powers of x, against the ones too, each of norm 1."""
    basis = [[Fraction(1)] * len(x)]
    for k in range(1, degree + 1):
        v = [u**k for u in x]
        for q in basis:
            share = sum(a * b for a, b in zip(v, q, strict=True)) / sum(b * b for b in q)
            v = [a - share * b for a, b in zip(v, q, strict=True)]
        basis.append(v)
    return [_divided(q, root(sum(v * v for v in q))) for q in basis[1:]]

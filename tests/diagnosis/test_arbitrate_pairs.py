"""Two differences of meaning at once, dates, and what agrees where no question fits, on tables of their own."""

import random
from datetime import date, timedelta
from fractions import Fraction

import pytest

from planted_meanings import printed, root, solve
from stabilitylab.diagnosis.arbitrate import arbitrate_question
from stabilitylab.diagnosis.asked import asked

REGIONS = ("Central", "East", "North", "South", "West")
FIRST = date(2019, 3, 1)
EPOCH, EXCEL = (FIRST - date(1970, 1, 1)).days, (FIRST - date(1899, 12, 30)).days
GROUPS, DATES, PLAIN = "y ~ price + ad + region + sex", "y ~ day + price + region", "y ~ price + ad + hours"


class Shop:
    """Rows of a shop: a category of 5 levels and one of 2, decimals, whole numbers, dates and weights."""

    def __init__(self, seed, m=40):
        r = random.Random(seed)
        self.m = m
        self.region = [r.choice(REGIONS) for _ in range(m)]
        self.sex = [r.choice("fm") for _ in range(m)]
        number = {name: [f"{r.uniform(*ends):.{k}f}" for _ in range(m)] for name, *ends, k in (
            ("price", 2, 40, 2), ("ad", 0, 9, 3), ("hours", 1, 99, 0), ("w", 0.4, 6, 1),
        )}  # fmt: skip
        days = [0, *(r.randint(0, 1400) for _ in range(m - 1))]
        effect = dict(zip((*REGIONS, "f", "m"), (-2, 3, -7, 11, 1, 0, 4), strict=True))
        self.text = "region,sex,price,ad,hours,day,w,y\n"
        number["y"] = []
        for i in range(m):
            p, a, h, w = (number[name][i] for name in ("price", "ad", "hours", "w"))
            y = 20 - 1.3 * float(p) + 5.1 * float(a) + 0.02 * days[i] + 0.3 * float(h) + r.gauss(0, 3)
            number["y"].append(f"{y + effect[self.region[i]] + effect[self.sex[i]]:.2f}")
            day = (FIRST + timedelta(days=days[i])).isoformat()
            self.text += ",".join([self.region[i], self.sex[i], p, a, h, day, w, number["y"][i]]) + "\n"
        self.number = {name: [Fraction(cell) for cell in cells] for name, cells in number.items()}
        self.number["day"] = [Fraction(d) for d in days]

    def features(self, numbers, **coded):
        """(Intercept), numbers, and for each category a mapping from names to the weights of its levels."""
        found = {"(Intercept)": [Fraction(1)] * self.m, **{name: self.number[name] for name in numbers}}
        for column, contrasts in coded.items():
            for name, weights in contrasts.items():
                found[f"{column}{name}"] = [Fraction(weights.get(level, 0)) for level in getattr(self, column)]
        return found

    def fit(self, features, digits=7, *, without=(), w=None, penalty=0, y=None):
        """name -> printed coefficient, by elimination in fractions."""
        keep = [i for i in range(self.m) if i not in without]
        columns = [[column[i] for i in keep] for column in features.values()]
        response = [(y or self.number["y"])[i] for i in keep]
        weights = None if w is None else [w[i] for i in keep]
        penalties = [0 if name == "(Intercept)" else Fraction(penalty) for name in features]
        return dict(zip(features, printed(solve(columns, response, weights, penalties), digits), strict=True))


def treatment(levels, reference):
    """The 0 and 1 of each level but one."""
    return {level: {level: 1} for level in levels if level != reference}


def sums(levels):
    """Sum coding, numbered as R does."""
    return {str(k): {level: 1, levels[-1]: -1} for k, level in enumerate(levels[:-1], 1)}


def helmert(levels):
    """contr.helmert of R."""
    return {str(j): {**dict.fromkeys(levels[:j], -1), levels[j]: j} for j in range(1, len(levels))}


def scores(levels):
    """contr.poly of R."""
    basis = [[Fraction(1)] * len(levels)]
    for degree in range(1, len(levels)):
        v = [Fraction(k) ** degree for k in range(len(levels))]
        for q in basis:
            share = sum(a * b for a, b in zip(v, q, strict=True)) / sum(b * b for b in q)
            v = [a - share * b for a, b in zip(v, q, strict=True)]
        basis.append(v)
    units = [[a / root(sum(b * b for b in v)) for a in v] for v in basis[1:]]
    names = [".L", ".Q", ".C", *(f"^{k}" for k in range(4, len(levels)))]
    return {name: dict(zip(levels, v, strict=True)) for name, v in zip(names, units, strict=False)}


def without(features, *parts):
    """The features whose names hold none of some texts."""
    return {name: column for name, column in features.items() if not any(part in name for part in parts)}


def moved(features, name, by=0, times=1):
    """With a column moved and multiplied."""
    return {**features, name: [(v + by) * times for v in features[name]]}


def planted(shop):
    """(formula, weights) -> name -> (answer, codes)."""
    groups = {"region": treatment(REGIONS, "Central"), "sex": treatment("fm", "f")}
    first = shop.features(["price", "ad"], **groups)
    west = shop.features(["price", "ad"], **{**groups, "region": treatment(REGIONS, "West")})
    male = shop.features(["price", "ad"], region=sums(REGIONS), sex=treatment("fm", "m"))
    full = without(shop.features(["price", "ad"], region=treatment(REGIONS, ""), sex=treatment("fm", "m")), "(Inter")
    north = {i for i in range(shop.m) if shop.region[i] == "North"}
    women = {i for i in range(shop.m) if shop.sex[i] == "m"}
    days = shop.features(["day", "price"], region=treatment(REGIONS, "Central"))
    since = moved(shop.features(["day", "price"], region=treatment(REGIONS, "West")), "day", EPOCH)
    plain = shop.features(["price", "ad", "hours"])
    few, other = (shop.features(["price"], sex=treatment("fm", level)) for level in "fm")
    weighted = shop.features(["price", "ad"], region=treatment(REGIONS, "Central"))
    right = shop.fit(first)
    return {
        (GROUPS, None): {
            "Helmert": (
                shop.fit(shop.features(["price", "ad"], **{**groups, "region": helmert(REGIONS)}), 4), {"SL302"},
            ),
            "scores": (shop.fit(shop.features(["price", "ad"], **{**groups, "region": scores(REGIONS)})), {"SL302"}),
            "sum and reference": (shop.fit(male, 5), {"SL301", "SL302"}),
            "every level and reference": (shop.fit(full, 5), {"SL301", "SL303"}),
            "a level left out": (shop.fit(without(first, "North"), 5, without=north), {"SL306"}),
            "women, another reference": (shop.fit(without(west, "sex"), without=women), {"SL301", "SL306"}),
            "reference and a row": (shop.fit(west, without={17}), {"SL301", "SL306"}),
            "one wrong": ({**right, "regionWest": f"{float(right['regionWest']) * 1.37:.7g}"}, {"SL399"}),
        },
        (DATES, None): {
            "since 1970": (shop.fit(moved(days, "day", EPOCH), 6), {"SL310"}),
            "serial days": (shop.fit(moved(days, "day", EXCEL), 8), {"SL310"}),
            "seconds": (shop.fit(moved(days, "day", 0, 86400), 6), {"SL310"}),
            "seconds since 1970": (shop.fit(moved(days, "day", EPOCH, 86400)), {"SL310"}),
            "since 1970 and reference": (shop.fit(since), {"SL301", "SL310"}),
            "since some day": (shop.fit(moved(days, "day", 12345)), {"SL399"}),
        },
        (PLAIN, None): {
            "two dropped": (shop.fit(without(plain, "ad", "hours"), 4), {"SL307"}),
            "a row and a column": (shop.fit(without(plain, "hours"), without={9}), {"SL306", "SL307"}),
            "another response": (shop.fit(plain, y=[v + k % 3 for k, v in enumerate(shop.number["y"])]), {"SL399"}),
        },
        ("y ~ price + sex", None): {
            "under the asked names": (dict(zip(few, shop.fit(other).values(), strict=True)), {"SL301", "SL311"}),
            "no intercept, no column": (shop.fit(without(few, "sex", "(Inter"), 5), {"SL303", "SL307"}),
            "a row and ridge": (shop.fit(few, without={9}, penalty=1), {"SL306", "SL308"}),
        },
        ("y ~ price + ad + region", "w"): {
            "unweighted and a column": (shop.fit(without(weighted, "ad"), 5), {"SL305", "SL307"}),
        },
    }  # fmt: skip


@pytest.fixture(scope="module")
def shop():
    return Shop(7)


@pytest.fixture(scope="module")
def judged(shop, tmp_path_factory):
    """What was said about every planted answer, with the codes that were planted."""
    file = tmp_path_factory.mktemp("shop") / "shop.csv"
    file.write_text(shop.text, "utf-8")
    found = []
    for (formula, weights), answers in planted(shop).items():
        question = asked(file, formula=formula, weights=weights)
        for seconds, is_innocent in ((60, False), (0.5, True)):
            given = {k: answer for k, (answer, codes) in answers.items() if ("SL399" in codes) == is_innocent}
            if given:
                some = arbitrate_question(question, given, seconds=seconds)
                found += [(some[name], answers[name][1]) for name in given]
    return found


def test_two_differences_at_once_are_named_and_no_answer_is_accused(judged):
    wrong = {one.name: (one.codes, one.sentence) for one, codes in judged if set(one.codes) != codes}
    assert wrong == {}
    for one, codes in judged:
        if codes != {"SL399"}:
            assert one.all_right
            assert all(found.witness["normal equations hold in rationals"] for found in one.found)


def test_what_agrees_is_said_where_no_question_fits(judged):
    said = {one.name: one.sentence for one, _ in judged}
    assert said["one wrong"].endswith(
        "Of the coefficients, the intercept, 'price', 'ad', 'region[East]', 'region[North]', 'region[South]' and 'sex' "
        "agree with the question asked; 'region[West]' does not: another coding of 'region'?"
    )
    assert said["since some day"].endswith(
        "'day', 'price' and 'region' agree with the question asked; the intercept does not."
    )
    assert "agree" not in said["another response"]


def test_an_answer_with_some_of_the_coefficients_is_judged_by_those(shop, tmp_path):
    (tmp_path / "shop.csv").write_text(shop.text, "utf-8")
    groups = {"region": treatment(REGIONS, "Central"), "sex": treatment("fm", "f")}
    right = shop.fit(shop.features(["price", "ad"], **groups), 6)
    part = {**right, **{name: "NA" for name in right if "region" in name or "Inter" in name}}
    coded = {name: value for name, value in right.items() if "region" not in name} | {"region1": "2.5", "region2": "1"}
    question = asked(tmp_path / "shop.csv", formula=GROUPS)
    found = arbitrate_question(question, {"some": part, "coded": coded}, seconds=0.2)
    assert found["some"].is_right
    assert found["some"].all_right
    assert "It has none of the intercept and 'region'." in found["some"].sentence
    assert found["coded"].code == "SL399"
    assert "'region1' and 'region2' do not" in found["coded"].sentence
    assert found["coded"].sentence.endswith("another coding of 'region'?")

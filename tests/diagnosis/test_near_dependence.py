"""Near dependence: condition indexes, relations, and whether they harm intervals, digits, both or nothing."""

from time import process_time

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from own_tables import calibration, healthy, income_beside_a_rate, nanosecond_stamps, of_problem, question, thermometers
from stabilitylab import problems
from stabilitylab.data.problem import Design
from stabilitylab.diagnosis.dependence import dependence_of


def longley():
    return of_problem(problems.catalog.entry("nist.longley").function())


def by_mpmath(rows):
    """Condition indexes and variance proportions of rows of numbers at 60 digits, from the definition."""
    with mpmath.workdps(60):
        M = mpmath.matrix(rows)
        for j in range(M.cols):
            size = mpmath.sqrt(mpmath.fsum(M[i, j] ** 2 for i in range(M.rows)))
            for i in range(M.rows):
                M[i, j] /= size
        _, s, V = mpmath.svd_r(M, full_matrices=False)
        shares = [[(V[k, j] / s[k]) ** 2 for j in range(M.cols)] for k in range(M.cols)]
        totals = [mpmath.fsum(row[j] for row in shares) for j in range(M.cols)]
        indexes = [float(s[0] / s[k]) for k in range(M.cols)]
        return np.array(indexes), np.array([[float(v / t) for v, t in zip(r, totals, strict=True)] for r in shares])


# --- indexes, proportions, inflation


def test_longley_has_its_published_index_and_inflation_factors():
    found = dependence_of(longley())
    assert found.cond_scaled == pytest.approx(43275.05, rel=1e-6)  # Belsley (1984); the package perturb of R
    assert [found.vif[f"x{j}"] for j in range(1, 7)] == pytest.approx(
        [135.53, 1788.51, 33.62, 3.59, 399.15, 758.98], abs=5e-3
    )
    assert found.vif["intercept"] is None


@pytest.mark.parametrize("asked", [longley, lambda: calibration(6), lambda: calibration(10)])
def test_indexes_and_proportions_are_those_of_a_singular_value_decomposition_at_60_digits(asked):
    asked = asked()
    indexes, proportions = by_mpmath(asked.problem.A.tolist())
    found = dependence_of(asked)
    assert found.indexes == pytest.approx(indexes, rel=0.02)
    assert np.array(found.proportions) == pytest.approx(proportions, abs=0.02)


def test_an_index_beyond_float64_comes_from_exact_sums():
    x = calibration(14).problem.column("wavelength").tolist()
    indexes, _ = by_mpmath([[int(v) ** k for k in range(15)] for v in x])
    assert indexes[-1] > 1e16
    assert dependence_of(calibration(14)).cond_scaled == pytest.approx(indexes[-1], rel=1e-6)


def test_weights_count_as_rows_do():
    rng = np.random.default_rng(2)
    u, v, y = rng.normal(size=(3, 12))
    w = rng.integers(0, 4, 12).astype(float)
    weighted = dependence_of(question({"u": u, "v": v, "y": y}, weights=w))
    rows = np.repeat(np.arange(12), w.astype(int))
    repeated = dependence_of(question({"u": u[rows], "v": v[rows], "y": y[rows]}))
    assert weighted.indexes == pytest.approx(repeated.indexes)
    assert [weighted.vif[name] for name in "uv"] == pytest.approx([repeated.vif[name] for name in "uv"])
    assert weighted.indexes != pytest.approx(dependence_of(question({"u": u, "v": v, "y": y})).indexes)


def test_inflation_is_about_zero_without_a_constant():
    rng = np.random.default_rng(4)
    u = 10 + rng.normal(size=30)
    v = 10 + rng.normal(size=30)
    found = dependence_of(question({"u": u, "v": v, "y": u}, Design.matrix()))
    cosine = float(u @ v) / np.linalg.norm(u) / np.linalg.norm(v)
    assert found.vif["u"] == pytest.approx(1 / (1 - cosine**2))


def test_the_condition_number_of_columns_of_any_size():
    rng = np.random.default_rng(6)
    u, v = rng.normal(size=(2, 40))
    found = dependence_of(question({"u": 1e150 * u, "v": 1e-150 * v, "y": 1e100 * u + 1e90 * v}, Design.matrix()))
    angle = float(u @ v) / np.linalg.norm(u) / np.linalg.norm(v)
    apart = np.linalg.norm(u) / np.linalg.norm(v) / np.sqrt(1 - angle**2)
    assert found.cond == pytest.approx(1e300 * apart, rel=1e-6)
    assert found.cond_scaled < 3


# --- relations


@settings(max_examples=25)
@given(p=st.integers(-9, 9).filter(bool), q=st.sampled_from([0.7, 1.5, -0.25, 1 / 3]), seed=st.integers(0, 99))
def test_a_planted_relation_is_found_with_its_weights(p, q, seed):
    rng = np.random.default_rng(seed)
    u, v, w = rng.normal(size=(3, 60))
    z = p * u + q * v + 1e-6 * rng.normal(size=60)
    (one,) = dependence_of(question({"u": u, "v": v, "w": w, "z": z, "y": u + rng.normal(size=60)})).near
    assert "w" not in one.weights
    assert "intercept" not in one.weights
    relation = np.array([one.weights[name] for name in "uvz"])
    assert relation / -relation[2] == pytest.approx([p, q, -1], rel=1e-4)
    assert " = " in one.relation
    assert "of its size" in one.relation
    left = relation[0] * u + relation[1] * v + relation[2] * z
    said = next(name for name, weight in one.weights.items() if weight == -1)
    assert one.distance == pytest.approx(np.linalg.norm(left) / np.linalg.norm({"u": u, "v": v, "z": z}[said]), rel=0.6)
    assert not one.is_exact
    assert not one.within_rounding
    assert all(one.proportions[name] > 0.99 for name in "uvz")


def test_a_relation_is_written_as_a_person_would():
    rng = np.random.default_rng(0)
    u, v = rng.normal(size=(2, 60))
    asked = question({"u": u, "v": v, "z": u + 0.7 * v + 1e-6 * rng.normal(size=60), "y": u + rng.normal(size=60)})
    assert dependence_of(asked).near[0].relation == "z = u + 0.7 v, to 9e-07 of its size"


def test_two_relations_are_told_apart():
    rng = np.random.default_rng(8)
    a, b, c = rng.normal(size=(3, 80))
    d, e = a - b + 1e-5 * rng.normal(size=80), 2 * c + 1e-4 * rng.normal(size=80)
    near = dependence_of(question({"a": a, "b": b, "c": c, "d": d, "e": e, "y": a + rng.normal(size=80)})).near
    assert [set(one.weights) for one in near] == [{"a", "b", "d"}, {"c", "e"}]


def test_a_relation_that_holds_within_rounding_is_said_before_anything_else():
    rng = np.random.default_rng(9)
    u, v = rng.normal(size=(2, 50))
    found = dependence_of(question({"u": u, "v": v, "z": u + 0.7 * v, "y": rng.normal(size=50)}))
    assert found.near[0].within_rounding
    assert found.near[0].relation.startswith("z = u + 0.7 v")
    assert found.harm["z"] in ("numerical", "both")
    assert found.harm["intercept"] == "none"
    assert "rounding noise" in found.says


def test_exact_dependence_is_told_as_it_is():
    group = np.arange(12) % 3
    dummies = {name: (group == k).astype(float) for k, name in enumerate("abc")}
    found = dependence_of(question({**dummies, "z": np.arange(12.0) ** 2, "y": np.arange(12.0)}))
    assert [one.relation for one in found.near] == ["c = intercept - a - b"]
    assert found.near[0].is_exact
    assert found.near[0].weights == {"c": -1, "intercept": 1, "a": -1, "b": -1}
    assert np.isinf(found.cond)
    assert np.isinf(found.cond_scaled)
    assert np.isfinite(found.indexes[-2])
    assert np.isinf(found.vif["a"])
    assert found.vif["z"] < 2
    assert found.harm == {"intercept": "both", "a": "both", "b": "both", "c": "both", "z": "none"}
    assert "exactly dependent" in found.says
    assert "leave out one" in found.says


def test_names_out_of_a_file_are_quoted():
    rng = np.random.default_rng(1)
    u = rng.normal(size=30)
    data = {"<b>\n": u, "x y": u + 1e-5 * rng.normal(size=30), "y": rng.normal(size=30)}
    found = dependence_of(question(data))
    assert "'x y' = '<b>\\n'" in found.near[0].relation
    assert "\n" not in found.says


# --- harm


def test_two_thermometers_have_wide_intervals_and_good_digits():
    found = dependence_of(thermometers())
    assert found.harm == {"intercept": "none", "north": "statistical", "south": "statistical"}
    assert "Nothing is to be mended in the arithmetic" in found.says
    assert "drop one" in found.says


def test_thermometers_far_apart_harm_nothing():
    found = dependence_of(thermometers(apart=10.0))
    assert set(found.harm.values()) == {"none"}
    assert found.near == ()
    assert "Nothing to do" in found.says


def test_stamps_in_nanoseconds_put_digits_at_risk_and_the_origin_mends_it():
    found = dependence_of(nanosecond_stamps())
    assert set(found.harm.values()) == {"numerical"}
    assert "have a condition index of 1 instead of" in found.says
    assert "subtract the origin" in found.says


def test_a_calibration_in_raw_powers_is_told_to_map_its_variable():
    found = dependence_of(calibration())
    assert all(one in ("numerical", "both") for one in found.harm.values())
    assert "map wavelength" in found.says
    assert "'wavelength^10' is nearly a combination of the lower powers" in found.near[0].relation


def test_a_calibration_of_degree_2_is_not():
    assert all(one not in ("numerical", "both") for one in dependence_of(calibration(2)).harm.values())


def test_a_large_number_that_comes_from_units_harms_nothing():
    found = dependence_of(income_beside_a_rate(size=1e6))
    assert found.cond > 1e8
    assert set(found.harm.values()) == {"none"}
    assert found.near == ()
    assert "comes from the units" in found.says
    assert "harms nothing" in found.says


def test_units_that_cost_digits_where_columns_are_not_scaled():
    found = dependence_of(income_beside_a_rate(size=1e13))
    assert found.harm["rate"] == "numerical"
    assert found.harm["income"] == "none"
    assert "rescale" in found.says


def test_a_large_number_that_comes_from_the_constant_harms_nothing():
    years = np.arange(1990.0, 2020.0)
    found = dependence_of(question({"year": years, "y": years - 1990 + np.cos(years)}))
    assert found.cond_scaled > 200
    assert set(found.harm.values()) == {"none"}
    assert "comes from units and from the constant" in found.says
    assert found.near[0].relation.startswith("year is nearly constant: 2004.5")


def test_a_coarse_cut_off_is_warned_of():
    rng = np.random.default_rng(14)
    d = [f"{1 + 1e-8 * v:.12f}" for v in rng.normal(size=30)]
    found = dependence_of(question({"d": d, "y": [f"{1e8 * (float(v) - 1):.3f}" for v in d]}))
    assert set(found.harm.values()) == {"none"}
    assert "1e-7 in lm of R" in found.says
    years = np.arange(1990.0, 2020.0)
    assert "cut-off" not in dependence_of(question({"year": years, "y": np.cos(years)})).says


def test_a_healthy_table():
    found = dependence_of(healthy())
    assert found.near == ()
    assert set(found.harm.values()) == {"none"}
    assert found.says.startswith("No columns are nearly dependent")


def test_the_same_columns_in_a_shorter_format_put_digits_at_risk():
    rng = np.random.default_rng(13)
    t = 20 + 5 * rng.normal(size=60)
    data = {"t": t, "s": t + 0.001 * rng.normal(size=60), "y": 3 * t + 1e-3 * rng.normal(size=60)}
    short = {name: v.astype("float32") for name, v in data.items()}
    shorter = dependence_of(question(short, format="float32"))
    assert all(shorter.harm[name] in ("numerical", "both") for name in "ts")
    assert "in float32 keeps" in shorter.says
    longer = dependence_of(question({name: v.astype("float64") for name, v in short.items()}))
    assert all(one not in ("numerical", "both") for one in longer.harm.values())


def test_what_is_written_to_few_digits_is_moved_by_its_rounding():
    rng = np.random.default_rng(11)
    t = 20 + 5 * rng.normal(size=40)
    s = t + 0.002 * rng.normal(size=40)
    exact = 3 * np.round(t, 3) + 5 * np.round(s, 3)  # no noise: what moves a coefficient is rounding alone
    found = dependence_of(
        question({name: [f"{v:.3f}" for v in values] for name, values in (("t", t), ("s", s), ("y", exact))})
    )
    assert found.harm["t"] in ("numerical", "both")
    assert found.harm["s"] in ("numerical", "both")
    assert "moves" in found.says


def test_100000_rows_of_20_columns_take_less_than_a_second():
    rng = np.random.default_rng(12)
    A = rng.normal(size=(100_000, 20))
    y = A.sum(axis=1) + rng.normal(size=100_000)
    asked = question({**{f"x{j}": A[:, j] for j in range(20)}, "y": y}, Design.matrix())
    asked.fit()
    started = process_time()
    assert dependence_of(asked).near == ()
    assert process_time() - started < 1.0


# --- without a certified fit


@pytest.mark.parametrize(
    "table",
    [longley, healthy, thermometers, nanosecond_stamps, lambda: income_beside_a_rate(size=1e6)],
)
def test_without_a_certified_fit_the_same_is_said(table):
    exact, fast = dependence_of(table()), dependence_of(table(), certified=False)
    assert fast.indexes == pytest.approx(exact.indexes, rel=1e-3)
    assert fast.cond == pytest.approx(exact.cond, rel=1e-3)
    assert fast.harm == exact.harm
    assert fast.says == exact.says


def test_without_a_certified_fit_nothing_is_fitted(monkeypatch):
    asked = calibration()
    monkeypatch.setattr(type(asked), "fit", None)
    assert "map wavelength" in dependence_of(asked, certified=False).says


def test_dependence_beyond_float64_is_as_large_as_float64_can_say():
    group = np.arange(12) % 3
    dummies = {name: (group == k).astype(float) for k, name in enumerate("abc")}
    found = dependence_of(question({**dummies, "y": np.arange(12.0)}), certified=False)
    assert found.cond_scaled > 1e15
    assert found.near[0].relation.startswith("c = intercept - a - b, to 1e-13 of its size or less")
    assert found.harm["a"] in ("numerical", "both")


def test_more_columns_than_rows_are_exactly_dependent():
    rng = np.random.default_rng(15)
    wide = {f"x{j}": rng.integers(-9, 9, 3).astype(float) for j in range(5)}
    found = dependence_of(question({**wide, "y": np.arange(3.0)}))
    assert len(found.near) == 3
    assert all(one.is_exact for one in found.near)
    assert np.isinf(found.indexes[-3:]).all()
    assert np.isfinite(found.indexes[2])

"""One route has one colour in every figure, and no two series of a figure look alike, in colour or in grey."""

import hashlib
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from test_plot import gids, measured

from paths import ROOT
from stabilitylab import bench
from stabilitylab.lab.experiment import load
from stabilitylab.report import plot
from stabilitylab.report.plot.looks import COLOURS, DASHES, MARKERS, SALT, looks, wanted
from stabilitylab.report.rows import Rows

CATALOGUE = [route.label.name for route in bench.routes()]
names = st.lists(
    st.sampled_from([*CATALOGUE, "brought.by_another", "wilkinson_growth", 3, None]), unique=True, min_size=1
)


@given(names)
def test_a_route_has_its_colour_in_whatever_figure(drawn):
    alone = {name: looks([name])[name] for name in drawn}
    for name, look in looks(drawn).items():
        if isinstance(name, str) and "." in name:
            assert look.colour == alone[name].colour


@given(names, st.randoms())
def test_the_order_of_appearance_does_not_matter(drawn, random):
    shuffled = random.sample(drawn, len(drawn))
    assert looks(shuffled) == looks(drawn)


@settings(max_examples=30)
@given(names)
def test_no_two_series_of_a_figure_look_alike_in_grey_either(drawn):
    made = list(looks(drawn).values())
    assert len({(look.colour, look.marker, str(look.dashes)) for look in made}) == len(made)
    pairs = {(look.marker, str(look.dashes)) for look in made}
    assert len(pairs) == min(len(made), len(MARKERS) * len(DASHES))
    # Points have no dashes: markers differ as long as there are enough.
    assert len({look.marker for look in made}) == min(len(made), len(MARKERS))


def test_all_routes_of_the_catalogue_in_one_figure_are_told_apart():
    made = list(looks(CATALOGUE).values())
    assert len({(look.colour, look.marker, str(look.dashes)) for look in made}) == len(CATALOGUE)


def test_two_figures_give_one_route_one_colour():
    def colours(spec, *routes):
        rows = [measured(name, c, c * 10.0 ** (-9 * k)) for k, name in enumerate(routes) for c in (1.0, 10.0)]
        figure = plot.draw(spec, Rows(tuple(rows)))
        points = gids(figure, "points ")
        return {line.get_gid().removeprefix("points "): line.get_markeredgecolor() for line in points}, {
            line.get_gid().removeprefix("line "): line.get_color() for line in gids(figure, "line ")
        }

    _, first = colours(plot.Lines("t"), "numpy.lstsq", "qr.householder", "svd.full")
    _, second = colours(plot.Lines("t"), "svd.full", "scipy.lstsq_gelsd", "numpy.lstsq")
    scattered, _ = colours(plot.Scatter("t", x="error.normwise"), "normal.lu", "svd.full", "numpy.lstsq")
    for name in ("svd.full", "numpy.lstsq"):
        assert first[name] == second[name] == scattered[name]


def drawn_together():
    """The routes of each line or scatter figure of the experiments that chooses its routes."""
    for path in sorted((ROOT / "experiments").glob("*.py")):
        for spec in load(path).experiment.figures:
            chosen = [] if isinstance(spec, plot.HeatMap) or spec.series != "solver" else spec.where.get("solver", ())
            if not isinstance(chosen, str) and len(chosen) > 1:
                yield path.stem, tuple(chosen)


def test_routes_that_an_experiment_draws_together_differ_in_colour():
    figures = [(where, routes) for where, routes in drawn_together() if len(routes) <= len(COLOURS)]
    assert len(figures) > 3

    def clash(salt):
        return [
            (name, routes) for name, routes in figures if len({wanted(r, salt).colour for r in routes}) < len(routes)
        ]

    if clashes := clash(SALT):
        fits = next((salt for salt in range(10**6) if not clash(salt)), "one beyond a million")
        pytest.fail(f"two routes have one colour in {clashes}: set SALT of report/plot/looks.py to {fits}")


def test_a_look_depends_on_the_name_alone():
    digest = hashlib.sha256(f"{SALT} qr.mgs".encode()).digest()
    assert wanted("qr.mgs").colour == COLOURS[digest[0] % len(COLOURS)]


# What eyes without one kind of cones see (Machado, Oliveira and Fernandes 2009, severity 1), in linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566]]
CONES += [[0.0883024619, 0.2817188376, 0.6299787005]]
LAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099]]
LAB += [[0.0259040371, 0.7827717662, -0.8086757660]]


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def seen(colour, sight):
    """The colour in OKLab (Ottosson 2020)."""
    return np.array(LAB) @ np.cbrt(np.array(CONES) @ np.clip(np.array(SIGHTS[sight]) @ linear(colour), 0, 1))


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_differ_for_every_sight_and_from_white(sight):
    apart = min(np.linalg.norm(seen(a, sight) - seen(b, sight)) for a, b in combinations(COLOURS, 2))
    assert apart > 0.14
    assert min(np.linalg.norm(seen(a, sight) - seen("#ffffff", sight)) for a in COLOURS) > 0.14


def test_the_simulated_sights_confuse_what_such_eyes_confuse():
    red, green = "#D50000", "#7C7C00"
    assert np.linalg.norm(seen(red, "normal") - seen(green, "normal")) > 0.14
    assert np.linalg.norm(seen(red, "deutan") - seen(green, "deutan")) < 0.14

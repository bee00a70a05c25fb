"""A compact SVG is the same picture: every outline, in its order, at its place and in its style, in fewer bytes."""

import io
import re
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_plot import SPECS, ladder, measured

from stabilitylab.report import plot
from stabilitylab.report.plot.sheet import style
from stabilitylab.report.plot.svg import _path, compact
from stabilitylab.report.rows import Rows
from svg_shapes import outline, shapes

NEAR = 0.06  # points: a letter may stand in a piece that stands in a piece, each place rounded to 0.02 pt


def as_saved(figure):
    """The SVG of matplotlib itself."""
    drawn = io.StringIO()
    with style():
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


@pytest.fixture(scope="module")
def drawings():
    """Each kind of figure with texts that are repeated, turned, bold, and of glyphs that the font lacks."""
    return [as_saved(plot.draw(spec, ladder(step=2))) for spec in SPECS]


shapes_of = lru_cache(shapes)
compacted = lru_cache(compact)


def differences(before, after):
    """What a reader would see: another number of outlines, another outline, place, style or clip."""
    old, new = shapes_of(before), shapes(after)
    if len(old) != len(new):
        return [f"{len(old)} outlines became {len(new)}"]
    found = []
    for k, (a, b) in enumerate(zip(old, new, strict=True)):
        if a.commands != b.commands or dict(a.style) != dict(b.style):
            found.append(f"outline {k} is another: {a.commands[:20]} {a.style} became {b.commands[:20]} {b.style}")
        elif max(abs(u - v) for p, q in zip(a.points, b.points, strict=True) for u, v in zip(p, q, strict=True)) > NEAR:
            found.append(f"outline {k} moved")
        elif len(a.clip) != len(b.clip) or any(abs(u - v) > NEAR for u, v in zip(a.clip, b.clip, strict=True)):
            found.append(f"outline {k} is clipped otherwise")
    return found


def test_a_compact_figure_draws_the_same_outlines_in_a_third_of_the_bytes(drawings):
    for before in drawings:
        after = compact(before)
        assert differences(before, after) == []
        assert len(after) < len(before) / 2
        assert compact(before) == after
        assert "\r" not in after


def test_a_heat_map_of_thirty_rows_takes_less_than_sixty_thousand_bytes():
    rows = []
    for k in range(30):
        for p in range(11):
            row = measured(f"library_{k % 7}.route_{k}", 1.0, 1.0, problem=f"nist.wampler{p}")
            row.scores["digits.min"] = (1.618 * (11 * k + p)) % 16
            rows.append(row)
    assert len(compact(as_saved(plot.draw(plot.HeatMap("t" * 50), Rows(tuple(rows)))))) < 60_000


@pytest.mark.parametrize(
    ("what", "fault"),
    [
        ("a letter is dropped", lambda svg: re.sub(r'<use href="#\w+" x="\d+"/>', "", svg, count=1)),
        ("a path is dropped", lambda svg: re.sub(r"(?m)^<path class[^>]*/>", "", svg, count=1)),
        ("a letter moves", lambda svg: re.sub(r'(<use href="#\w+" x=")\d', r"\g<1>9", svg, count=1)),
        ("a line widens", lambda svg: re.sub(r"(stroke-width:)(\d+)", r"\g<1>1\2", svg, count=2)),
        ("a colour changes", lambda svg: svg.replace("fill:#222222", "fill:#222223", 1)),
        ("joins are lost", lambda svg: svg.replace("stroke-linejoin:round", "", 1)),
        ("a clip is lost", lambda svg: re.sub(r' clip-path="[^"]*"', "", svg, count=1)),
        ("two paths change places", lambda svg: re.sub(r"(?m)^(<path class.*\n)(.*\n)", r"\2\1", svg, count=1)),
    ],
)
def test_a_picture_that_is_not_the_same_is_noticed(drawings, what, fault):
    after = compacted(drawings[0])
    wrong = fault(after)
    assert wrong != after, f"the fault was not planted: {what}"
    assert differences(drawings[0], wrong) != []


@pytest.mark.parametrize(
    "unknown",
    [
        '<image x="0" y="0"/>',
        '<path d="M 0 0" transform="scale(2)"/>',
        '<path d="M 0 0 A 1 1 0 0 0 2 2"/>',
        '<g style="opacity: 0.5"><path d="M 0 0"/></g>',
        '<g transform="rotate(4)"/>',
    ],
)
def test_what_would_be_lost_is_refused(drawings, unknown):
    with pytest.raises(ValueError, match=r"figures of this package|matplotlib does not write|should be a text"):
        compact(drawings[0].replace("</svg>", f"{unknown}</svg>"))


coordinates = st.floats(-2000, 2000, allow_nan=False).map(lambda value: round(value, 6))
points = st.tuples(coordinates, coordinates)


@st.composite
def paths(draw):
    """Path data as matplotlib writes it."""
    parts = [f"M {' '.join(map(str, draw(points)))}"]
    for letter in draw(st.lists(st.sampled_from("MLLQQQCz"), max_size=12)):
        if parts[-1] == "z" and letter == "z":
            continue
        count = {"M": 1, "L": 1, "Q": 2, "C": 3, "z": 0}[letter]
        parts.append(" ".join([letter, *(f"{x} {y}" for x, y in (draw(points) for _ in range(count)))]))
    return " \n".join(parts)


@settings(max_examples=200)
@given(paths())
def test_relative_path_data_keeps_every_point_to_its_rounding(d):
    commands, wanted = outline(d)
    short, got = outline(_path(d, 100, 100))
    assert short == commands
    # An end point is rounded once; a control point that `t` mirrors may be a step further.
    assert all(abs(100 * u - v) <= 1.6 for p, q in zip(wanted, got, strict=True) for u, v in zip(p, q, strict=True))


def test_glyphs_of_one_shape_are_written_once(drawings):
    after = compact(drawings[0])
    glyphs = re.findall(r'<path id="\w+" d="([^"]*)"/>', after)
    assert len(glyphs) == len(set(glyphs)) > 30
    assert not re.findall(r"<!--|<metadata|DOCTYPE", after)
    named, used = re.findall(r' id="(\w+)"', after), re.findall(r'(?:href="#|url\(#)(\w+)', after)
    assert set(named) == set(used)
    assert len(named) == len(set(named))

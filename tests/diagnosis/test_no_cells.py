"""No cell of the data is in a report unless it is asked for: planted cells are looked for in every form."""

import json
from datetime import date
from html import unescape

import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.diagnosis.asked import asked
from stabilitylab.diagnosis.page.blocks import blocks_of

M = 40


def columns():
    """Cells that nothing computed can equal by chance: every one has the same seven digits somewhere."""
    rng = np.random.default_rng(7)
    base = 73190.0 + np.arange(M)
    order = rng.permutation(M)
    return {
        "when": [f"1987-{1 + i % 12:02}-{1 + i % 28:02}" for i in range(M)],
        "x": [f"{v:.0f}.4178{i % 10}" for i, v in enumerate(base)],
        "z": [f"{v:.0f}.9263{i % 7}" for i, v in enumerate(base[order])],
        "group": [("north", "south")[i % 2] for i in range(M)],
        "w": [f"{1 + i % 3}.65117{i % 10}" for i in range(M)],
        "y": [f"{rng.integers(100, 999)}.50839{i % 10}" for i in range(M)],
    }


@pytest.fixture
def file(tmp_path):
    cells = columns()
    cells["x"][5] = ""
    path = tmp_path / "t.csv"
    path.write_text("\n".join(map(",".join, [cells, *zip(*cells.values(), strict=True)])) + "\n")
    return path


def forms(found):
    """Every form in which a diagnosis can be shown."""
    return {
        "text": str(found),
        "markdown": found.to_markdown(),
        "page": unescape(found.to_html()),
        "notebook": unescape(found._repr_html_()),
        "record": json.dumps(found.to_dict(), ensure_ascii=False),
        "repr": repr(found),
        "blocks": repr(blocks_of(found)),
    }


def cells_in(text):
    """The cells of the planted columns that stand in a text, names of groups left out."""
    return {cell for name, cells in columns().items() if name != "group" for cell in cells if cell and cell in text}


ASKED = (
    {"target": "y"},
    {"target": "y", "route": "numpy.solve_normal", "format": "float32"},
    {"formula": "y ~ poly(x, 3, raw) + when"},
    {"formula": "y ~ log(x) + C(group) + z"},
    {"formula": "y ~ x + I(2*x)"},
    {"target": "y", "forecast": True, "route": "numpy.lstsq"},
    {"target": "y", "by_blocks": True, "weights": "w", "rows": 9},
    {"target": "y", "columns": ["x", "z"], "libraries": True, "only": ["scipy"]},
)


@pytest.mark.parametrize("options", ASKED, ids=str)
def test_no_cell_is_in_any_form(file, options):
    found = sl.diagnose(file, missing="drop", **options)
    assert {form: cells_in(text) for form, text in forms(found).items() if cells_in(text)} == {}
    assert found.shown == ()


@pytest.mark.parametrize("by_blocks", [False, True])
def test_cells_that_help_are_shown_where_they_are_asked_for(file, by_blocks):
    found = sl.diagnose(file, target="y", missing="drop", include_data=True, by_blocks=by_blocks)
    cells = columns()
    rows = {row.place: row for row in found.shown}
    left_out, largest = rows["line 7"], rows[f"line {2 + max(range(M), key=lambda i: float(cells['y'][i]))}"]
    assert left_out.why == "left out: a cell is missing"
    assert left_out.cells["y"] == cells["y"][5]
    assert left_out.cells["x"] == ""
    assert "largest y" in largest.why
    assert float(largest.cells["y"]) == max(float(v) for i, v in enumerate(cells["y"]) if i != 5)
    first = "since 1987-01-01"
    for form, text in forms(found).items():
        if form != "repr":
            assert first in text
            assert largest.cells["y"] in text
            assert left_out.cells["z"] in text


def test_a_planted_cell_is_seen():
    assert cells_in("a report with 73190.41780 in it") == {"73190.41780"}
    assert cells_in("a report with a first day, 1987-01-01") == {"1987-01-01"}


def test_no_cell_is_in_an_arbitration(file):
    fit = asked(file, target="y", columns=["when", "x"], missing="drop").fit()
    days = (date(1987, 1, 1) - date(1970, 1, 1)).days
    since_1970 = [fit.x[0] - days * fit.x[1], *fit.x[1:].tolist()]
    answers = {"one": fit.x.tolist(), "other": (2 * fit.x).tolist(), "since 1970": since_1970}
    found = sl.arbitrate(file, answers, target="y", columns=["when", "x"], missing="drop")
    assert any("since the first of them" in note for note in found.notes)
    assert "since 1970-01-01" in str(found)
    texts = (str(found), found.to_html(), found.to_markdown(), json.dumps(found.to_dict(), ensure_ascii=False))
    assert [cells_in(text) for text in texts] == [set()] * 4

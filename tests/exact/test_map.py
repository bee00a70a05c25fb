"""The map of the engine in its package docstring: it names every module, and no other."""

import re
from pathlib import Path

import pytest

from stabilitylab import exact

FOLDER = Path(exact.__file__).parent
MODULES = {path.name for path in FOLDER.rglob("*.py")} - {"__init__.py"}


def wrong_with(text):
    """Modules that are not on the map, and names on it that are none; folders must be right where they are written."""
    named = re.findall(r"[\w/]+\.py", text)
    return (MODULES - {name.split("/")[-1] for name in named}) | {
        name for name in named if not any(path.as_posix().endswith(f"/{name}") for path in FOLDER.rglob("*.py"))
    }


def test_every_module_is_on_the_map_and_nothing_else():
    assert wrong_with(exact.__doc__) == set()


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("rows.py", "", {"rows.py"}),
        ("fit/figures.py", "fit/figure.py", {"figures.py", "fit/figure.py"}),
        ("solve/choose.py", "gram/choose.py", {"gram/choose.py"}),
    ],
)
def test_a_map_that_is_out_of_date_is_noticed(old, new, wrong):
    assert wrong_with(exact.__doc__.replace(old, new)) == wrong

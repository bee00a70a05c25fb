"""CONTRIBUTING.md says what is true: the rooms, paths, commands and names in it exist."""

import re

import pytest
from click.testing import CliRunner

from paths import ROOT
from stabilitylab.cli.main import main
from stabilitylab.core.catalog import ROUTES
from stabilitylab.lab.experiment import find

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", TEXT, flags=re.MULTILINE | re.DOTALL))
NAMED = [word for span in SPANS for word in span.split() if re.fullmatch(r"[\w./-]+", word)]
PATHS = sorted({word for word in NAMED if "/" in word and not word.startswith(".venv/")})


def missing(path):
    """Whether a path does not exist; NAME stands for any text."""
    return not list(ROOT.glob(path.replace("NAME", "*")))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_it_names_exists(path):
    assert not missing(path)


def test_a_path_that_does_not_exist_is_seen():
    assert missing("stabilitylab/solver/")
    assert missing("tests/NAME_of_nothing.py")
    assert "stabilitylab/libraries/NAME_routes.py" in PATHS


def test_every_room_is_described_in_two_lines():
    rooms = {path.parent.name for path in (ROOT / "stabilitylab").glob("*/__init__.py")}
    assert set(re.findall(r"^- \*\*(\w+)\*\*: .+\n  .+$", TEXT, re.MULTILINE)) == rooms


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`stabilitylab (\w+)", TEXT))))
def test_a_subcommand_it_names_exists(command):
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0


def test_a_subcommand_that_does_not_exist_is_seen():
    assert CliRunner().invoke(main, ["runn", "--help"]).exit_code != 0


def test_the_experiment_it_runs_is_one():
    (name,) = re.findall(r"`stabilitylab run (\w+)", TEXT)
    assert [path for path in find(ROOT / "experiments") if name in path.stem]


@pytest.mark.parametrize(("name", "path"), re.findall(r"`@?(\w+)(?:\(\.\.\.\))?` (?:in|of)[^|`]*`([^`]+\.py)`", TEXT))
def test_a_name_that_it_says_is_in_a_file_is_there(name, path):
    for file in ROOT.glob(path.replace("NAME", "*")):
        assert re.search(rf"\b{name}\b", file.read_text("utf-8")), f"{file} has no {name}"


def test_the_group_of_entry_points_is_the_one_that_is_read():
    assert f'[project.entry-points."{ROUTES}"]' in TEXT

"""Every example that is shipped gives the verdict that its page shows."""

import re
import shlex

import pytest
from click.testing import CliRunner

from paths import ROOT
from stabilitylab.cli.main import main

FOLDER = ROOT / "docs" / "examples"
PAGE = (FOLDER / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\nstabilitylab (.+)\n```\n\n> (.+)\n", PAGE)
NUMBER = re.compile(r"\d+\.\d+")


def same(one, other):
    """Whether two verdicts differ in digits by less than one at most, as those of two BLAS do."""
    pairs = zip(map(float, NUMBER.findall(one)), map(float, NUMBER.findall(other)), strict=False)
    return NUMBER.sub("#", one) == NUMBER.sub("#", other) and all(abs(a - b) < 1.5 for a, b in pairs)


@pytest.mark.parametrize(("command", "verdict"), EXAMPLES, ids=[command.split()[1] for command, _ in EXAMPLES])
def test_an_example_gets_its_verdict(command, verdict, monkeypatch):
    monkeypatch.chdir(FOLDER)
    done = CliRunner().invoke(main, shlex.split(command))
    assert done.exit_code == 0, done.output
    said = next(line for line in done.stdout.split("\n")[1:] if line.strip())
    assert same(said, verdict), said


def test_every_file_has_an_example_and_a_wrong_verdict_is_seen():
    assert {path.name for path in FOLDER.glob("*.csv")} == set(
        re.findall(r"\w+\.csv", " ".join(c for c, _ in EXAMPLES))
    )
    assert not same("healthy: 13.2 digits", "healthy: 9.2 digits")
    assert not same("healthy: 13.2 digits", "lost: 13.2 digits")

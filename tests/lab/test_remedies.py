"""Every chapter names what a person sees and what to do instead, in code that runs and shows what it brings back."""

import contextlib
import io
import re
import subprocess
import sys

import pytest

from paths import EXPERIMENTS
from stabilitylab import bench
from stabilitylab.lab.experiment import find, load

CHAPTERS = [load(path) for path in find(EXPERIMENTS)]
EACH = pytest.mark.parametrize("one", CHAPTERS, ids=lambda one: one.name)
REMEDIES = [
    pytest.param(remedy, id=f"{one.name}-{number}")
    for one in CHAPTERS
    for number, remedy in enumerate(one.experiment.remedies, 1)
]
GAIN = 1.0  # digits by which the remedy is ahead, at least: less is no rank


def printed(code):
    """What a program of NumPy and this package prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "remedy", "exec"), {"__name__": "__main__"})
    return out.getvalue()


def digits(said):
    """The numbers of digits that the lines of a print-out begin with."""
    return [float(one) for one in re.findall(r"^(\d+\.\d) digits", said, flags=re.MULTILINE)]


def shown(said):
    """Whether a print-out shows what came of the change: the last number of digits far above the first, or values."""
    counted = digits(said)
    return counted[-1] - counted[0] > GAIN if counted else bool(re.search(r"\d", said))


@EACH
def test_a_chapter_has_symptoms_and_a_remedy(one):
    assert len(one.experiment.symptoms) >= 2
    assert one.experiment.remedies
    assert all(len(symptom) <= 120 and not symptom.endswith(".") for symptom in one.experiment.symptoms)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_the_code_of_a_remedy_runs_and_brings_digits_back(remedy):
    lacks = [why for name in remedy.needs if (why := bench.route(name).label.lacks)]
    if lacks:
        pytest.skip(lacks[0])
    if remedy.needs:  # a library may change the state of its process, as JAX's switch to 64 bits does
        command = [sys.executable, "-c", remedy.code]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    else:
        said = printed(remedy.code)
    assert shown(said), said


def test_a_code_that_brings_nothing_back_is_seen():
    assert not shown(printed('print("4.0 digits before")\nprint(f"{4.9:.1f} digits after")'))
    assert not shown(printed("x = 3.0"))
    assert shown("0.0 digits\n12.5 digits, by QR\n")
    assert shown(printed("print([1.0, 2.0])"))

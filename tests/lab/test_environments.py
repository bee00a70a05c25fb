"""Another version of a library: what may be asked for, and environments that are complete or not there at all."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

import fickle_routes
from fickle_routes import ENTRY, FICKLE
from paths import SUPPORT
from stabilitylab import libraries
from stabilitylab.bench import isolation
from stabilitylab.core.errors import InputError, UnknownNameError
from stabilitylab.lab import environments
from stabilitylab.lab.environments import (
    Requirement,
    VersionError,
    interpreter,
    release_order,
    requirement,
    satisfies,
)

ONE = Requirement("fickle-lib", "1.0")


# --- what may be asked for


@pytest.mark.parametrize(
    ("text", "distribution", "version"),
    [
        ("scikit-learn==1.8.0", "scikit-learn", "1.8.0"),
        ("Scikit_Learn==1.9.0RC1", "scikit-learn", "1.9.0rc1"),
        ("polars_ds==0.13", "polars-ds", "0.13"),
        ("torch==2.6.0+cpu", "torch", "2.6.0+cpu"),
        ("x==1.0.post2.dev3", "x", "1.0.post2.dev3"),
        ("x==1!2.0", "x", "1!2.0"),
        ("x==1.0-beta.2", "x", "1.0b2"),
    ],
)
def test_a_requirement_is_a_name_and_one_version(text, distribution, version):
    assert requirement(text) == Requirement(distribution, version)


NOT_ONE_VERSION = [
    "",
    "scikit-learn",
    "scikit-learn==",
    "scikit-learn>=1.8",
    "scikit-learn==1.*",
    "scikit-learn===1.8",
    "scikit-learn==1.8,<2",
    "scikit-learn==1.8 ; python_version > '3'",
    "scikit-learn[all]==1.8",
    "scikit-learn @ file:///x",
    "--index-url==1.8",
    "../x==1.0",
    "a==1; rm -rf ~",
    "a==1\n",
    "a==1 ",
    "a==nightly",
    "a==2.0-final",
    "a==$(id)",
    "a==١.٢",
    "ſ==1.0",
]


@pytest.mark.parametrize("text", NOT_ONE_VERSION)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(InputError, match=re.escape("expected a name and one version, such as scikit-learn==1.8.0")):
        requirement(text)


@given(st.one_of(st.text(), st.from_regex(r"[-\w.$;\[\] ]{0,8}={1,3}[-\w.+*$; ]{0,8}", fullmatch=True)))
def test_what_reaches_pip_is_no_option_and_no_path(text):
    try:
        asked = str(requirement(text))
    except InputError:
        return
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*==[0-9][a-z0-9.+!]*", asked, re.ASCII)


@pytest.mark.parametrize(
    ("wanted", "version", "is_it"),
    [
        ("1.8", "1.8.0", True),
        ("1.8.0", "1.8", True),
        ("1.8", "1.8.1", False),
        ("1.8", "1.80", False),
        ("1.10.0", "1.1", False),
        ("2.6.0", "2.6.0+cpu", True),
        ("2.6.0+cpu", "2.6.0", False),
        ("2.6+cpu", "2.6.0+cpu", True),
        ("1.9.0rc1", "1.9rc1", True),
        ("1.9.0rc1", "1.9.0", False),
        ("1.9.0", "1.9.0.post1", False),
    ],
)
def test_a_version_is_the_one_wanted_up_to_zeros_and_local_labels(wanted, version, is_it):
    assert satisfies(version, wanted) is is_it


IN_ORDER = [
    "0.9.9", "1.2", "1.9.0.dev1", "1.9.0a1", "1.9.0b2", "1.9.0rc1", "1.9.0rc2", "1.9.0", "1.9.0+cpu",
    "1.9.0.post1", "1.9.1", "1.10.0", "2024.4.1", "1!0.1",
]  # fmt: skip


@given(st.permutations(IN_ORDER))
def test_versions_are_in_the_order_of_their_releases_candidates_and_labels_included(texts):
    assert sorted(texts, key=release_order) == IN_ORDER


def test_a_candidate_is_not_its_release_and_zeros_do_not_count():
    assert release_order("1.9.0rc1") != release_order("1.9.0") == release_order("1.9")


@pytest.mark.parametrize("text", ["", "unknown", "2024a.b", "1.0-final"])
def test_what_is_no_version_has_no_place_in_the_order(text):
    with pytest.raises(VersionError, match=f"{text!r} is no version as PEP 440 writes them"):
        release_order(text)


# --- whose versions


@pytest.fixture
def fickle():
    """A library whose route is in the catalogue for the time of a test."""
    with libraries.catalog.temporarily(ENTRY):
        yield


def test_a_distribution_is_known_by_any_spelling_of_its_name(fickle):
    assert requirement("Fickle_Lib==1.0").library is FICKLE


def test_an_unknown_distribution_is_refused_and_similar_or_all_are_named():
    with pytest.raises(UnknownNameError, match=r"no route is of 'zzzz': the distributions .* are .*numpy, .*scipy"):
        interpreter(requirement("zzzz==2.0"), print)
    with pytest.raises(UnknownNameError, match=r"no route is of 'scikitlearn': did you mean scikit-learn"):
        interpreter(requirement("scikitlearn==2.0"), print)
    with pytest.raises(UnknownNameError, match=r"no route is of 'requests': "):
        interpreter(requirement("requests==2.0"), print)


def test_no_two_libraries_are_of_one_distribution():
    names = [canonicalize_name(one.distribution) for one in libraries.each() if one.distribution]
    assert len(set(names)) == len(names)


# --- what pip is asked for


def stated(texts):
    return {canonicalize_name(re.match(r"[\w.-]+", text)[0]) for text in texts}


def test_a_worker_imports_nothing_that_an_environment_lacks():
    code = "import stabilitylab.bench.worker, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    known = importlib.metadata.packages_distributions()
    wanted = {canonicalize_name(name) for module in loaded for name in known.get(module, ())}
    assert wanted & stated(importlib.metadata.requires("stabilitylab")) <= stated(environments.worker_requirements())
    assert not stated(environments.worker_requirements()) & {"pytest", "matplotlib", "rich", "click"}


@pytest.fixture
def commands(monkeypatch):
    """What is run, in place of running it; pip says what `said` holds, once for each time."""
    ran, said = [], []

    def run(command, failed):
        ran.append(command)
        if said:
            raise VersionError(f"{failed}: {said.pop()}")

    monkeypatch.setattr(environments, "_run", run)
    monkeypatch.setattr(environments, "worker_requirements", lambda: ("numpy>=2.0", "scipy >= 1.13", "mpmath>=1.3"))
    return ran, said


PIP = ["py", "-I", "-m", "pip", "install", "--quiet", "--no-input", "--only-binary=:all:", "--no-compile"]
NUMPY, SCIPY = (f"{name}=={importlib.metadata.version(name)}" for name in ("numpy", "scipy"))


def test_numpy_and_scipy_are_those_that_are_here(commands):
    environments._install("py", ONE)
    assert commands[0] == [[*PIP, NUMPY, SCIPY, "mpmath>=1.3", "fickle-lib==1.0"]]


def test_a_version_of_numpy_is_not_pinned_to_another(commands):
    environments._install("py", Requirement("numpy", "2.0.1"))
    assert commands[0] == [[*PIP, "numpy==2.0.1", SCIPY, "mpmath>=1.3"]]


def test_where_they_do_not_go_together_pip_chooses(commands):
    ran, said = commands
    said.append("ERROR: ResolutionImpossible: for help visit a page")
    environments._install("py", ONE)
    assert ran[1] == [*PIP, "numpy>=2.0", "scipy >= 1.13", "mpmath>=1.3", "fickle-lib==1.0"]


def test_no_other_failure_is_tried_again(commands):
    ran, said = commands
    said += ["ERROR: No matching distribution found"]
    with pytest.raises(VersionError, match=r"pip cannot install fickle-lib==1\.0: ERROR: No matching distribution"):
        environments._install("py", ONE)
    assert len(ran) == 1


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('a'); print('ERROR: b'); print('c'); exit(1)", "it failed: ERROR: b"),
        ("raise TypeError('what')", "it failed: TypeError: what"),
        ("exit(3)", "it failed: it did not say why"),
    ],
)
def test_a_command_that_fails_says_why(code, says):
    with pytest.raises(VersionError, match=f"^{says}$"):
        environments._run([sys.executable, "-c", code], "it failed")


def test_a_command_that_cannot_be_run_or_hangs_says_so(monkeypatch):
    monkeypatch.setattr(environments, "PIP_SECONDS", 0.2)
    with pytest.raises(VersionError, match=r"it failed: .*No such file"):
        environments._run([str(Path("nowhere") / "python")], "it failed")
    with pytest.raises(VersionError, match=r"it failed: .*timed out"):
        environments._run([sys.executable, "-c", "import time; time.sleep(60)"], "it failed")


# --- an environment, made by pip from wheels beside the tests, without a network


@pytest.fixture
def offline(fickle, tmp_path, monkeypatch):
    """pip finds two wheels and nothing else; what a worker needs comes from this interpreter's packages."""
    for version in ("1.0", "2.0"):
        fickle_routes.wheel(tmp_path / "wheels", version)
    packages = Path(importlib.metadata.distribution("numpy").locate_file(""))
    monkeypatch.setenv("STABILITYLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", (tmp_path / "wheels").as_uri())
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(SUPPORT), str(packages)]))
    monkeypatch.setattr(environments, "worker_requirements", tuple)
    yield tmp_path / "cache" / "versions"
    isolation.end_all()


def test_an_environment_has_the_version_asked_for_and_is_made_once(offline, tmp_path, monkeypatch):
    said = []
    python = interpreter(ONE, said.append)
    assert said == ["making an environment with fickle-lib==1.0, which takes a minute or two and is kept"]
    assert environments.version_in(python, FICKLE, FICKLE) == "1.0"
    assert interpreter(ONE, said.append) == python
    assert len(said) == 1
    assert sorted(path.name.count(".") for path in offline.iterdir()) == [0, 1], "a folder, and the file that names it"
    # One that answers with another version, here because of a path that goes before its own, is no answer.
    isolation.end_all()
    in_front = fickle_routes.installed(tmp_path / "in front", "2.0")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(in_front), os.environ["PYTHONPATH"]]))
    with pytest.raises(VersionError, match=r"made for fickle-lib==1.0 answers with version 2.0: is PYTHONPATH set\?"):
        interpreter(ONE, said.append)


# --- what is left of one that was not finished


@pytest.fixture
def unmade(monkeypatch, tmp_path):
    """Environments are folders with an empty file for a Python; the name of one, and the steps at which to fail."""
    fails = []

    def run(command, failed):
        step = next(word for word in command if word in ("venv", "pip", "-c"))
        if step in fails:
            raise KeyboardInterrupt
        if step == "venv":
            python = environments._python_in(Path(command[3]))
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(environments, "_run", run)
    return tmp_path / "versions" / "key", fails


def made(name):
    python = environments._make_environment(name, ONE)
    assert environments._recorded_python(name) == python
    return Path(python).parent.parent


@pytest.mark.parametrize("step", ["venv", "pip", "-c"])
def test_an_interrupted_one_is_removed_and_the_next_is_made(unmade, step):
    name, fails = unmade
    fails.append(step)
    with pytest.raises(KeyboardInterrupt):
        environments._make_environment(name, ONE)
    assert list(name.parent.iterdir()) == []
    fails.clear()
    assert made(name) == name.with_name(f"key.{os.getpid()}")


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_makes_is_not(unmade):
    name, _ = unmade
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    left, ours = (name.with_name(f"key.{maker}") for maker in (gone.pid, os.getpid()))
    at_work, other = name.with_name(f"key.{os.getppid()}"), name.with_name(f"another.{gone.pid}")
    for folder in (left, ours, at_work, other):
        (folder / "old").mkdir(parents=True)
    assert made(name) == ours
    assert not left.exists()
    assert not (ours / "old").exists()
    assert at_work.exists()
    assert other.exists()


@pytest.mark.parametrize("text", [None, "", "key.1", "../key.1", "a/b", "\0"])
def test_a_name_without_its_python_is_as_good_as_none(unmade, text):
    name, _ = unmade
    name.parent.mkdir()
    if text is not None:
        name.write_text(text)
    assert environments._recorded_python(name) is None
    made(name)

"""Catalogues answer well: an unknown name, a name claimed twice, a library that is not here."""

import importlib
import inspect
import json
import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

import brought
from stabilitylab import bench, libraries, problems, solvers
from stabilitylab.core.catalog import Catalog, Entry, Label, RouteLabel, origin
from stabilitylab.core.errors import DuplicateNameError, InputError, MissingLibraryError, UnknownNameError
from stabilitylab.core.library import python_library
from stabilitylab.lab.not_imported import not_imported


def test_an_unknown_name_comes_with_the_nearest_ones():
    with pytest.raises(UnknownNameError, match=r"no solver is named 'qr\.housholder': did you mean qr\.householder"):
        solvers.get("qr.housholder")
    with pytest.raises(UnknownNameError, match=r"did you mean .*numpy\.lstsq"):
        libraries.get("numpy.lstq")
    with pytest.raises(AttributeError, match="no solver is a function named 'hausholder'"):
        _ = solvers.hausholder


def test_of_a_family_that_there_is_not_the_families_are_listed():
    with pytest.raises(
        UnknownNameError, match=r"'mygreatlib\.fit': there is no family 'mygreatlib': the families are .*numpy"
    ):
        bench.route("mygreatlib.fit")
    with pytest.raises(UnknownNameError, match=r"did you mean numpy\.lstsq"):
        bench.route("NumPy.lstsq")


def test_two_functions_may_not_claim_one_name():
    catalog = Catalog("solver")
    register = catalog.register(Label(name="family.variant", source="here"))

    def first(A, b):
        return b

    def second(A, b):
        return b

    assert register(first) is first
    assert register(first) is first
    with pytest.raises(DuplicateNameError, match=r"'family\.variant'.*first and .*second"):
        register(second)


def package(folder, files):
    """A package `planted_rooms` of these files in a folder; "{n}" in a text is its name in the catalogue."""
    for name, text in files.items():
        path = folder / "planted_rooms" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


REGISTERS = """
from stabilitylab.core.catalog import Label
from planted_rooms import catalog


@catalog.register(Label(name="family.{n}", source="planted"))
def {n}(A, b):
    return b
"""
ROOT = """
from stabilitylab.core.catalog import Catalog

catalog = Catalog("solver", __name__)
"""


@pytest.fixture
def planted_rooms(tmp_path, monkeypatch):
    """The package to be written into, importable; and forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "planted_rooms"]:
        del sys.modules[name]


def test_modules_in_folders_of_folders_are_found(planted_rooms):
    files = {"__init__.py": ROOT, "one.py": REGISTERS.format(n="one")}
    inner = {"room/__init__.py": "", "room/inner/__init__.py": "", "room/inner/two.py": REGISTERS.format(n="two")}
    package(planted_rooms, files | inner)
    import planted_rooms as planted

    assert planted.catalog.names() == ("family.one", "family.two")


FAULTS = {
    "a library at the top": (
        "import a_library_nobody_has",
        r"ModuleNotFoundError: No module named 'a_library_nobody_has' \(.*{file}, line 12\): install "
        r"a_library_nobody_has, or import it inside the functions that use it",
    ),
    "a name of a library": (
        "from numpy import nothing_at_all",
        r"ImportError: cannot import name .*: correct the file",
    ),
    "a syntax error": ("def broken(:", r"SyntaxError: .*\(.*{file}, line 12\): correct the file"),
    "an error": (
        "raise ZeroDivisionError('oops\\x1b[31m\\nno')",
        r"ZeroDivisionError: oops\\x1b\[31m\\nno \(.*{file}, line 12\)",
    ),
    "an exit": ("raise SystemExit(3)", r"SystemExit: 3 \(.*{file}, line 12\): correct the file"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_module_that_fails_is_named_and_the_others_are_there(planted_rooms, fault):
    breaks, why = FAULTS[fault]
    registers = REGISTERS.format(n="part") + "\n\n\n"  # line 12 is next
    files = {"__init__.py": ROOT, "a.py": REGISTERS.format(n="a"), "c.py": REGISTERS.format(n="c")}
    package(planted_rooms, {**files, "b_routes.py": registers + breaks, "room/__init__.py": breaks})
    import planted_rooms as planted

    for _ in range(2):
        assert planted.catalog.names() == ("family.a", "family.c"), "of a module that fails nothing is there"
    assert set(planted.catalog.broken) == {"planted_rooms.b_routes", "planted_rooms.room"}
    assert re.search(why.format(file=r"b_routes\.py"), planted.catalog.broken["planted_rooms.b_routes"])
    with pytest.raises(UnknownNameError, match=r"'b\.x'.*; planted_rooms\.b_routes could not be imported: ") as unknown:
        planted.catalog.get("b.x")
    assert "planted_rooms.room" not in str(unknown.value)
    with pytest.raises(
        UnknownNameError, match=r"'family\.part'.*did you mean family\.a.*b_routes.*planted_rooms\.room"
    ):
        planted.catalog.get("family.part")


def test_a_module_that_was_corrected_is_there_once_it_is_imported(planted_rooms):
    broken = planted_rooms / "planted_rooms" / "b.py"
    package(planted_rooms, {"__init__.py": ROOT, "b.py": REGISTERS.format(n="b") + "1 / 0\n"})
    import planted_rooms as planted

    assert planted.catalog.names() == ()
    with suppress(ZeroDivisionError):  # another catalogue tries it again, and half of it registers itself here
        importlib.import_module("planted_rooms.b")
    assert planted.catalog.names() == ()
    broken.write_text(REGISTERS.format(n="b"))
    importlib.invalidate_caches()
    importlib.import_module("planted_rooms.b")
    assert planted.catalog.names() == ("family.b",)
    assert not planted.catalog.broken


def test_two_modules_that_claim_one_name_are_an_error_at_every_question(planted_rooms):
    package(planted_rooms, {"__init__.py": ROOT, "a.py": REGISTERS.format(n="a"), "b.py": REGISTERS.format(n="a")})
    import planted_rooms as planted

    for _ in range(2):
        with pytest.raises(DuplicateNameError, match=r"planted_rooms\.a\.a and planted_rooms\.b\.a: rename one"):
            planted.catalog.names()


def test_every_module_of_this_package_can_be_imported():
    assert not_imported() == {}


def test_what_is_there_temporarily_is_gone_afterwards():
    before = solvers.names()
    householder = solvers.entry("qr.householder")
    other = replace(householder, function=lambda A, b: b)
    new = Entry(label=RouteLabel(name="planted.new", source="here"), function=lambda A, b: b)
    with suppress(ZeroDivisionError), solvers.catalog.temporarily(other, new):
        assert solvers.get("qr.householder") is other.function
        solvers.solver("planted.inside", source="here")(lambda A, b: b)
        assert set(solvers.names()) - set(before) == {"planted.new", "planted.inside"}
        raise ZeroDivisionError
    assert solvers.names() == before
    assert solvers.get("qr.householder") is householder.function


def test_every_library_has_one_default_route():
    chosen = Counter(entry.label.library.name for entry in libraries.catalog if entry.label.default)
    assert chosen == Counter(library.name for library in libraries.each())


def test_the_matrix_solved_is_said_from_the_fields():
    def says(**claims):
        return RouteLabel(name="planted", source="", **claims).solves

    assert says() == "raw"
    assert says(centred="means") == "columns centred at their means"
    assert says(centred="means", call_form="line") == "x and y centred at their means"
    assert says(centred="means", scaled="unit variance") == "columns centred at their means and scaled to unit variance"
    assert says(mapped=True, scaled="unit norm") == "x mapped to [-1, 1], columns scaled to unit norm"
    assert says(scaled="only for the cut-off").startswith("raw columns; the cut-off is relative")


# --- routes of other distributions

ASKED = """
import json, sys
import stabilitylab as sl
from stabilitylab.core.catalog import origin
row = sl.measure("brought.lstsq", sl.problems.get("nist.longley")())
at = origin(sl.libraries.get("brought.lstsq"))
print(json.dumps([row.status, "brought.solver" in sl.solvers.names(), at.distribution, at.version, at.module]))
"""


ASKED_AND_LISTED = f"""
import contextlib, io, traceback
with contextlib.redirect_stdout(io.StringIO()):
    try:
        exec({ASKED!r})
    except Exception:
        traceback.print_exc()
from stabilitylab.cli.main import main
main(["list", "--json"])
"""


def asked(*folders, code=ASKED):
    """What another process says in which the distribution is installed in one of the folders."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folders[0] if folders else None)


def test_routes_that_another_distribution_brings_are_found_and_run(tmp_path):
    said = asked(brought.installed(tmp_path / "one", "1.0"))
    assert said.returncode == 0, said.stderr
    status, solver, distribution, version, module = json.loads(said.stdout)
    assert (status, solver, distribution, version) == ("SOLVED", True, "brought", "1.0")
    assert "is named 'brought.lstsq'" in asked().stderr
    # Another version, and another text of the same version, are other origins.
    later = json.loads(asked(brought.installed(tmp_path / "two", "2.0")).stdout)
    changed = brought.installed(tmp_path / "three", "1.0")
    (changed / "brought_routes.py").write_text(brought.ROUTES + "\n# changed\n")
    other = json.loads(asked(changed).stdout)
    assert later[3:] == ["2.0", module]
    assert other[3] == "1.0"
    assert other[4] != module


@pytest.mark.parametrize("fault", ["import a_library_nobody_has", "def broken(:", "raise ZeroDivisionError('oops')"])
def test_routes_that_cannot_be_imported_are_blamed_on_their_distribution_and_the_rest_goes_on(tmp_path, fault):
    folder = brought.installed(tmp_path / "broken", "1.0")
    (folder / "brought_routes.py").write_text(brought.ROUTES + fault)
    said = asked(folder, code=ASKED_AND_LISTED)
    assert "UnknownNameError: no solver or library route is named 'brought.lstsq': " in said.stderr
    assert "; brought_routes could not be imported: " in said.stderr
    assert "or uninstall brought 1.0" in said.stderr
    assert said.returncode == 0, said.stderr
    record = json.loads(said.stdout)
    assert list(record["not imported"]) == ["brought_routes"]
    assert "numpy.lstsq" in record["libraries"]
    assert not {"brought.lstsq", "brought.solver"} & {*record["libraries"], *record["solvers"]}


def test_routes_in_a_package_of_another_distribution_have_their_module_as_origin(tmp_path):
    folder = brought.installed(tmp_path / "package", "1.0")
    (folder / "brought_routes").mkdir()
    (folder / "brought_routes.py").rename(folder / "brought_routes" / "deep.py")
    (folder / "brought_routes" / "__init__.py").write_text("")
    first = asked(folder)
    assert first.returncode == 0, first.stderr
    (folder / "brought_routes" / "deep.py").write_text(brought.ROUTES + "\n# changed\n")
    before, after = json.loads(first.stdout), json.loads(asked(folder).stdout)
    assert before[:4] == after[:4] == ["SOLVED", True, "brought", "1.0"]
    assert before[4] != after[4]


@pytest.mark.parametrize(
    "claims",
    [
        {"tags": frozenset({"colmnwise-backward-stable"})},
        {"deficient_answer": "minimal-norm"},
        {"centred": "mean"},
        {"scaled": "norm"},
        {"scalars": ("float8",)},
        {"works_in": "float8"},
    ],
)
def test_a_label_is_refused_that_claims_what_there_is_not(claims):
    with pytest.raises(InputError, match=r"planted\.wrong must be"):
        RouteLabel(name="planted.wrong", source="", **claims)


def test_a_call_form_or_law_that_there_is_not_is_named_when_the_route_is_asked():
    problem = problems.get("nist.norris")()

    def measured(**claims):
        with solvers.catalog.temporarily(
            Entry(label=RouteLabel(name="planted.wrong", source="", **claims), function=solvers.get("qr.householder"))
        ):
            return bench.measure("planted.wrong", problem)

    with pytest.raises(UnknownNameError, match="no call form is named 'collumns': did you mean columns"):
        measured(call_form="collumns")
    with pytest.raises(InputError, match=r"law of planted\.wrong must be one of columnwise, .*; got 'none'"):
        measured(law="none")


def test_our_own_routes_have_no_origin_elsewhere():
    assert origin(solvers.get("qr.householder")) is None
    assert origin(np.linalg.lstsq) is None


def test_a_missing_library_is_an_absent_route_and_says_how_to_get_it(monkeypatch):
    catalog = Catalog("library route")
    absent = python_library("absent", title="Absent", modules=("a_library_nobody_has",), distribution="absent")
    label = RouteLabel(name="absent.fit", source="nowhere", library=absent)
    catalog.register(label)(lambda A, b: b)
    monkeypatch.setattr(libraries, "catalog", catalog)
    with pytest.raises(MissingLibraryError, match=r"absent\.fit cannot run here.*'a_library_nobody_has'.*pip install"):
        libraries.get("absent.fit")
    assert libraries.missing() == {"Absent": absent.missing}
    assert issubclass(MissingLibraryError, ImportError)


SWITCHES = ("enable_x64(True)", "_filled_memory()", 'force_qr="on"', 'svd="on"', '"1e-15")')


def test_settings_that_users_do_not_have_are_in_the_label():
    """Each of the switches that a route's source throws; a route that throws none claims none."""
    threw = {
        entry.label.name
        for entry in libraries.catalog
        if any(switch in inspect.getsource(entry.function) for switch in SWITCHES)
    }
    assert {"torch.lstsq_gelsy", "jax.lstsq_x64", "lineax.QR_x64", "gnuplot.fit_limit"} <= threw
    assert threw == {entry.label.name for entry in libraries.catalog if entry.label.called_under}


def test_one_solver_makes_the_reference():
    assert [entry.label.name for entry in bench.routes() if entry.label.reference_solver] == ["exact.certified"]

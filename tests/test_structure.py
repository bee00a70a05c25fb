"""The house rules that can be read off the source: rooms and imports, blindness, docstrings, effects of importing."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from mpmath import mpf

import stabilitylab as sl
from paths import ROOT
from stabilitylab.core import environment

PACKAGE = ROOT / "stabilitylab"


def module_name(path):
    """The dotted name of a source file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")}
PACKAGES = {module_name(path) for path in PACKAGE.rglob("__init__.py")}
TOP = "stabilitylab"


def room(module):
    """The room that a module is in: its folder in the package; a module beside the rooms is a room by itself."""
    return [*module.split("."), TOP][1]


@cache
def imported(module, source):
    """Every module that a source imports, anywhere in it, or names in a text, by its absolute name."""
    return frozenset(_imported(module, source))


def _imported(module, source):
    tree = ast.parse(source)
    # Texts that stand alone are docstrings: what they name they do not import.
    standing = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + (module in PACKAGES)]
                base = ".".join([*parents, *filter(None, [base])])
            # `from stabilitylab import bench` names a module, `from stabilitylab import lre` what the package exports.
            names = {f"{base}.{alias.name}" for alias in node.names}
            yield from names & SOURCES.keys()
            if not names <= SOURCES.keys():
                yield base
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in standing:
            # A module that a text names can be imported by it, as catalogues and processes do.
            yield from set(re.findall(r"stabilitylab(?:\.\w+)+", node.value)) & SOURCES.keys()


def edges(sources):
    """(room, room) for each import inside the package from one room by another."""
    found = set()
    for module, source in sources.items():
        for name in imported(module, source):
            if name.partition(".")[0] == TOP and room(name) != room(module):
                found.add((room(module), room(name)))
    return found


# --- rooms


def floors():
    """The table of the README's house rules: the floor of each room."""
    text = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \|", text[text.index("| floor | rooms |") :], re.MULTILINE)
    listed = [(name, int(floor)) for floor, names in rows for name in re.findall(r"`(\w+)`", names)]
    assert len(dict(listed)) == len(listed), "a room is on two floors"
    return dict(listed)


def climbs(sources):
    """The imports that do not go down."""
    floor = floors()
    return sorted((a, b) for a, b in edges(sources) if floor[b] >= floor[a])


@cache
def imported_on_loading(module, source):
    """Every module that a source imports when it is loaded: what a function imports is imported when it runs."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = [ast.Pass()]
    return frozenset(_imported(module, ast.unparse(tree)))


def circles(sources):
    """Modules that import each other, directly or through others, when they are loaded."""
    known = {
        module: (imported_on_loading(module, source) & sources.keys()) - {module, TOP}
        for module, source in sources.items()
    }
    found = set()
    for start in known:
        seen, todo = set(), list(known[start])
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo += known[name]
        if start in seen:
            found.add(start)
    return found


def test_every_room_has_a_floor_and_every_floor_its_rooms():
    assert set(floors()) == {room(module) for module in SOURCES}


def test_imports_go_down_only():
    assert climbs(SOURCES) == []


def test_no_modules_import_each_other():
    assert circles(SOURCES) == set()


def test_modules_that_import_each_other_are_seen():
    source = "from stabilitylab.exact.solve import choose"
    assert "stabilitylab.exact.solve.enclosed" in circles({**SOURCES, "stabilitylab.exact.solve.enclosed": source})


@pytest.mark.parametrize(
    ("module", "source", "edge"),
    [
        ("stabilitylab.solvers.planted", "from stabilitylab.bench import measure", ("solvers", "bench")),
        ("stabilitylab.solvers.planted", "from stabilitylab import libraries", ("solvers", "libraries")),
        ("stabilitylab.solvers.planted", "catalog = Catalog('solver', 'stabilitylab.exact')", ("solvers", "exact")),
        (
            "stabilitylab.solvers.planted",
            '"""See stabilitylab.exact.fit."""\nf("stabilitylab.exact.fit")',
            ("solvers", "exact"),
        ),
        ("stabilitylab.core.errors", "def f():\n    import stabilitylab.data.problem", ("core", "data")),
        ("stabilitylab.report.table", "from ..lab.chapter import Chapter", ("report", "lab")),
        ("stabilitylab.report.table", "from .. import cli", ("report", "cli")),
        ("stabilitylab.report.plot.lines", "from ...lab.chapter import Chapter", ("report", "lab")),
        ("stabilitylab.bench.run", "import stabilitylab", ("bench", "stabilitylab")),
        ("stabilitylab.bench.run", "from stabilitylab import lre", ("bench", "stabilitylab")),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_seen(module, source, edge):
    assert climbs({**SOURCES, module: source}) == [edge]


# --- blindness

ROUTES = {"solvers", "libraries"}
SCORING = {"exact", "scoring", "replay"}


def reached(start, sources):
    """The rooms that some rooms import, directly or through others."""
    known, found = edges(sources), set(start)
    while more := {b for a, b in known if a in found} - found:
        found |= more
    return found - set(start)


def outside(rooms, sources):
    """The other packages that some rooms import."""
    chosen = [(module, source) for module, source in sources.items() if room(module) in rooms]
    return {name.partition(".")[0] for module, source in chosen for name in imported(module, source)} - {TOP}


def hidden_imports(sources):
    """Modules of solvers and libraries that can import what no import statement and no whole name shows."""
    means = {"importlib", "__import__", "import_module", "runpy", "exec", "eval"}
    return {
        module
        for module, source in sources.items()
        if room(module) in ROUTES
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Name) and node.id in means)
        or (isinstance(node, ast.Attribute) and node.attr in ("modules", "import_module"))
        or (isinstance(node, ast.Import | ast.ImportFrom) and {a.name.partition(".")[0] for a in node.names} & means)
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in means)
    }


def test_solvers_and_libraries_import_by_statements_only():
    assert hidden_imports(SOURCES) == set()


@pytest.mark.parametrize(
    "source",
    [
        'import importlib\nimportlib.import_module("stabilitylab" + ".exact")',
        'from importlib import import_module\nimport_module("..exact", __package__)',
        '__import__("stabilitylab.exac" + "t")',
        'import sys\nsys.modules["stabilitylab." + "exact"]',
        'exec("import stabilitylab.exact")',
    ],
)
def test_an_import_by_another_road_is_seen(source):
    assert hidden_imports({**SOURCES, "stabilitylab.solvers.planted": source}) == {"stabilitylab.solvers.planted"}


def forbidden(sources):
    """What routes import beside `core`, and what the code that makes and uses references imports of routes.

    The arithmetic of the references is imported by no route, but for the file that puts mpmath itself on the bench, and
    the one that makes a format of its numbers.
    """
    broken = reached(ROUTES, sources) - {"core"}
    own = ("stabilitylab.libraries.mpmath_routes", "stabilitylab.core.arithmetic.wide_formats")
    without_its_own = {name: text for name, text in sources.items() if name not in own}
    broken |= outside(ROUTES | {"core"}, without_its_own) & {"mpmath", "flint"}
    return broken | (reached(SCORING, sources) & (ROUTES | {"bench"}))


def test_solvers_and_libraries_import_core_only_and_scoring_imports_none_of_them():
    assert forbidden(SOURCES) == set()


@pytest.mark.parametrize(
    ("module", "source", "seen"),
    [
        ("stabilitylab.solvers.planted", "import mpmath", "mpmath"),
        ("stabilitylab.libraries.planted", "import mpmath", "mpmath"),
        ("stabilitylab.libraries.mpmath_routes", "from stabilitylab.exact.fit import fit", "exact"),
        ("stabilitylab.solvers.planted", "def f(A, b):\n    from mpmath import libmp", "mpmath"),
        ("stabilitylab.solvers.planted", "importlib.import_module('stabilitylab.exact.least_squares')", "exact"),
        ("stabilitylab.libraries.planted", "from stabilitylab.scoring.reference import reference", "scoring"),
        ("stabilitylab.libraries.planted", "from stabilitylab import problems", "problems"),
        ("stabilitylab.solvers.planted", "from stabilitylab.scoring.theory.laws import LAWS", "scoring"),
        ("stabilitylab.core.catalog", "import stabilitylab.scoring.accuracy", "scoring"),
        ("stabilitylab.exact.fit", "from stabilitylab.solvers import householder_qr", "solvers"),
        ("stabilitylab.scoring.metrics", "from stabilitylab.libraries import numpy_routes", "libraries"),
        ("stabilitylab.scoring.reference", "from stabilitylab.bench import measure", "bench"),
    ],
)
def test_an_import_that_breaks_blindness_is_seen(module, source, seen):
    assert seen in forbidden({**SOURCES, module: source})


# --- what depends on where a file lies, without an import


def test_the_hash_of_the_source_is_of_the_whole_package(tmp_path):
    assert environment.package_folder() == PACKAGE
    copy = tmp_path / "stabilitylab"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert environment.hash_of(copy) == environment.source_hash()
    for changed in ("__init__.py", "solvers/householder.py", "exact/gram/sums.py", "problems/data/filip.csv"):
        path = copy / changed
        text = path.read_text("utf-8")
        path.write_text(text + "\n", "utf-8")
        assert environment.hash_of(copy) != environment.source_hash(), f"{changed} can change unseen"
        path.write_text(text, "utf-8")


def test_every_module_that_a_text_names_is_there():
    """Command lines of processes name modules in texts, which no import checks."""
    for module, source in SOURCES.items():
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for name in re.findall(r"(?:from|import) (stabilitylab(?:\.\w+)+)", node.value):
                    assert name in SOURCES, f"{module} names {name}, which is not there"


# --- docstrings


def undocumented(sources):
    """Public functions, classes and methods without a docstring, and modules without one."""
    found = []
    for module, source in sources.items():
        tree = ast.parse(source)
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        named = [(module, tree)]
        for node in tree.body:
            if isinstance(node, kinds) and not node.name.startswith("_"):
                named.append((f"{module}.{node.name}", node))
                inner = (
                    [item for item in node.body if isinstance(item, kinds)] if isinstance(node, ast.ClassDef) else []
                )
                named += [(f"{module}.{node.name}.{i.name}", i) for i in inner if not i.name.startswith("_")]
        found += [name for name, node in named if not ast.get_docstring(node)]
    return found


def test_every_public_name_has_a_docstring():
    assert undocumented(SOURCES) == []


def test_a_missing_docstring_is_seen():
    source = '"""Doc."""\ndef a(): pass\nclass B:\n    """Doc."""\n    def c(self): pass\n    def _d(self): pass\n'
    assert undocumented({"m": source, "n": "x = 1"}) == ["m.a", "m.B.c", "n"]


OLD = {
    *("answer", "asked", "campaign", "compared", "copies", "counted", "diagonal", "door", "entrant", "factor", "given"),
    *("isolated", "judge", "normal", "pages", "policy", "referee", "regression", "results", "solved", "truth"),
    *("versions", "voice", "workers"),
}
"""Last words of modules of version 0.1 that have other names now."""


def unresolved(sources):
    """(module, name) for each `a.b...` in a docstring that begins with a room or a module, old or new, and is none.

    `a` may be a module's last word, as in `validation.checked`. NAME stands for any name; a file is no module.
    """
    starts = {part for module in sources for part in module.split(".")[1:]} | OLD | {TOP}
    missing = []
    for module, source in sources.items():
        for text in docstrings(source):
            for name in re.findall(r"`(\w+(?:\.\w+)+)(?:\(.*?\))?`", text):
                first, *_, last = name.split(".")
                if first in starts and last not in ("NAME", "json", "csv", "md", "py") and not resolves(name, sources):
                    missing.append((module, name))
    return missing


def resolves(name, sources):
    """Whether a dotted name is a module's, or a module's and a name that it defines or imports, by its last words."""
    parts = name.split(".")
    for k in range(len(parts), 0, -1):
        ending = "." + ".".join(parts[:k])
        modules = [module for module in sources if f".{module}".endswith(ending)]
        if modules:
            return k == len(parts) or any(parts[k] in defined(sources[module]) for module in modules)
    return False


@cache
def defined(source):
    """The names that a module defines or imports, in whatever block."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@cache
def docstrings(source):
    """Every docstring of a module, and every text that stands alone, as below a constant."""
    alone = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr))
    return tuple(node.value for node in alone if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_a_module_that_a_docstring_names_is_there():
    assert unresolved(SOURCES) == []


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("door.checked", True),
        ("policy.probe", True),
        ("validation.chekced", True),
        ("scoring.truth", True),
        ("theory.lawz.LAWS", True),
        ("exact.gram.digits", True),
        ("validation.checked", False),
        ("scoring.theory.laws", False),
        ("stabilitylab.exact.gram.limbs", False),
        ("sl.lstsq", False),
        ("self.x", False),
    ],
)
def test_a_name_in_a_docstring_that_leads_nowhere_is_seen(name, seen):
    planted = {**SOURCES, "stabilitylab.data.planted": f'"""Doc.\n\nRaises the errors of `{name}`."""'}
    assert (("stabilitylab.data.planted", name) in unresolved(planted)) == seen


# --- what importing does

STATE = """
import json, random, sys, warnings
import mpmath, numpy
def state():
    return [numpy.geterr(), [str(f) for f in warnings.filters], mpmath.mp.prec, mpmath.iv.prec, sys.getrecursionlimit(),
            numpy.get_printoptions()["precision"], str(numpy.random.get_state()[1][:3]), str(random.getstate()[1][:3])]
import numpy.testing, scipy.linalg
before = state()
import stabilitylab as sl
loaded = sorted({name.partition(".")[0] for name in sys.modules})
row = sl.measure("numpy.lstsq", sl.problems.get("nist.filip")())
sl.measure("qr.householder", sl.problems.get("synthetic.randsvd")())
print(json.dumps([before == state(), loaded, row.status]))
"""


def test_importing_brings_no_plotting_or_frames_and_work_changes_no_global_state():
    said = subprocess.run([sys.executable, "-c", STATE], capture_output=True, text=True, check=True).stdout
    unchanged, loaded, status = json.loads(said)
    assert not {"matplotlib", "pandas", "sklearn", "statsmodels", "rich", "click"} & set(loaded)
    assert "numpy" in loaded
    assert unchanged
    assert status == "RANK_REDUCED"


# --- the public contract


def test_the_public_names_are_those_that_other_programs_rely_on():
    from stabilitylab.solvers import householder_qr

    assert sl.solvers.get("qr.householder") is householder_qr
    assert {"normal.cholesky", "qr.householder", "qr.mgs", "svd.full"} <= set(sl.solvers.names())
    assert {"numpy.lstsq", "scipy.lstsq_gelsd"} <= set(sl.libraries.names())
    assert {"nist.longley", "nist.filip"} <= set(sl.problems.names())
    assert "digits.min" in sl.metrics.names()
    assert all(hasattr(sl, name) for name in sl.__all__)
    assert set(sl.__all__) <= set(dir(sl))


def test_the_public_functions_answer_as_the_readme_says():
    t = 1.7e9 + np.arange(1000.0)
    A, b = np.column_stack([np.ones_like(t), t]), 5 + 3 * (t - t[0])
    ref = sl.reference(A, b, digits=50)
    assert all(isinstance(value, mpf) for value in ref.x)
    assert ref.digits >= 50
    assert sl.lre(np.linalg.lstsq(A, b)[0], ref) < 1
    x = sl.solvers.get("qr.householder")(A, b)
    assert x.dtype == np.float64
    assert sl.lre(x, ref) > 5
    longley = sl.problems.get("nist.longley")()
    assert longley.A.shape == (16, 7)
    decimal = sl.reference(longley, truth="decimal", digits=50)
    row = sl.measure("numpy.lstsq", longley, truth="decimal")
    assert isinstance(row, sl.Measurement)
    assert row["digits.min"] == sl.lre(row.x, decimal)
    assert row["backward_error.optimal"] > 0
    assert sl.measure(lambda A, b: np.linalg.lstsq(A, b)[0], longley).solver == "<lambda>"


def deadlines(source):
    """The lines that set a time limit of Hypothesis."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [word.lineno for call in calls for word in call.keywords if word.arg == "deadline"]


def test_only_the_profile_of_all_properties_says_anything_about_time():
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")}
    set_by = {name: found for name, text in texts.items() if "deadline" in text and (found := deadlines(text))}
    assert set_by.keys() == {"conftest.py"}
    assert deadlines("x = 1\n@settings(max_examples=5, deadline=None)\ndef test(): pass\n") == [2]


def test_properties_have_no_deadline_and_are_the_same_in_ci(monkeypatch):
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
    asks = "import conftest, hypothesis; print(hypothesis.settings().derandomize)"
    for name in ("CI", "STABILITYLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    for name, fixed in (("", "False"), ("CI", "True"), ("STABILITYLAB_CI", "True")):
        environ = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), **({name: "true"} if name else {})}
        done = subprocess.run([sys.executable, "-c", asks], env=environ, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == fixed, name

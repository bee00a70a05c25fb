"""The house rules that the source can be asked about: floors, blindness, docstrings, and what importing brings."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from mpmath import mpf

import stabilitylab as sl

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "stabilitylab"
SOURCES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text("utf-8") for path in PACKAGE.rglob("*.py")
}
UNITS = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}


def unit(module):
    """The module or subpackage on the top level that a module belongs to."""
    return [*module.split("."), "__init__"][1]


@cache
def imported(module, source):
    """Every module that a source imports, anywhere in it, by its absolute name."""
    return frozenset(_imported(module, source))


def _imported(module, source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join([*module.split(".")[: -node.level], *filter(None, [base])])
            # `from stabilitylab import bench` names a module, `from stabilitylab import lre` what the package exports.
            yield from (f"{base}.{a.name}" if base == "stabilitylab" and a.name in UNITS else base for a in node.names)


def edges(sources):
    """(unit, unit) for each import inside the package from one unit by another."""
    found = set()
    for module, source in sources.items():
        for name in imported(module, source):
            if name.partition(".")[0] == "stabilitylab" and unit(name) != unit(module):
                found.add((unit(module), unit(name)))
    return found


# --- floors


def floors():
    """The table of the README's house rules: the floor of each unit."""
    text = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", text[text.index("| floor | modules |") :], re.MULTILINE)
    listed = [(name, int(floor)) for floor, names in rows for name in re.findall(r"`(\w+)`", names)]
    assert len(dict(listed)) == len(listed), "a module is on two floors"
    return dict(listed)


def climbs(sources):
    """The imports that do not go down."""
    floor = floors()
    return sorted((a, b) for a, b in edges(sources) if floor[b] >= floor[a])


def test_every_module_has_a_floor_and_every_floor_its_modules():
    assert set(floors()) == UNITS


def test_imports_go_down_only():
    assert climbs(SOURCES) == []


@pytest.mark.parametrize(
    ("module", "source", "edge"),
    [
        ("stabilitylab.solvers.planted", "from stabilitylab.bench import run", ("solvers", "bench")),
        ("stabilitylab.solvers.planted", "from stabilitylab import libraries", ("solvers", "libraries")),
        ("stabilitylab.errors", "def f():\n    import stabilitylab.core", ("errors", "core")),
        ("stabilitylab.table", "from .report import Chapter", ("table", "report")),
        ("stabilitylab.table", "from . import cli", ("table", "cli")),
        ("stabilitylab.plot.lines", "from ..report import Chapter", ("plot", "report")),
        ("stabilitylab.bench", "import stabilitylab", ("bench", "__init__")),
        ("stabilitylab.bench", "from stabilitylab import lre", ("bench", "__init__")),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_seen(module, source, edge):
    assert climbs({**SOURCES, module: source}) == [edge]


# --- blindness

PLAYERS = {"solvers", "libraries"}
ANSWERS = {"truth", "referee", "accuracy", "metrics", "problems", "theory"}
JUDGES = {"referee", "truth", "accuracy", "metrics"}


def reached(start, sources):
    """The units that some units import, directly or through others."""
    known, found = edges(sources), set(start)
    while more := {b for a, b in known if a in found} - found:
        found |= more
    return found - set(start)


def outside(units, sources):
    """The other packages that some units import."""
    chosen = [(module, source) for module, source in sources.items() if unit(module) in units]
    return {name.partition(".")[0] for module, source in chosen for name in imported(module, source)} - {"stabilitylab"}


def sights(sources):
    """What players see of the answers, and what judges see of the players; empty when all are blind."""
    seen = reached(PLAYERS, sources) & ANSWERS
    seen |= outside(PLAYERS | reached(PLAYERS, sources), sources) & {"mpmath", "flint"}
    return seen | (reached(JUDGES, sources) & (PLAYERS | {"bench"}))


def test_players_do_not_see_the_answers_and_judges_know_no_player():
    assert sights(SOURCES) == set()


@pytest.mark.parametrize(
    ("module", "source", "seen"),
    [
        ("stabilitylab.solvers.planted", "import mpmath", "mpmath"),
        ("stabilitylab.solvers.planted", "def f(A, b):\n    from mpmath import libmp", "mpmath"),
        ("stabilitylab.libraries.planted", "from stabilitylab.truth import reference", "truth"),
        ("stabilitylab.libraries.planted", "from stabilitylab import problems", "problems"),
        ("stabilitylab.solvers.planted", "from stabilitylab.theory.laws import LAWS", "theory"),
        ("stabilitylab.catalog", "import stabilitylab.accuracy", "accuracy"),
        ("stabilitylab.referee", "from stabilitylab.solvers import householder_qr", "solvers"),
        ("stabilitylab.metrics", "from stabilitylab.libraries import numpy_routes", "libraries"),
        ("stabilitylab.truth", "from stabilitylab.bench import run", "bench"),
    ],
)
def test_a_look_at_the_answers_is_seen(module, source, seen):
    assert seen in sights({**SOURCES, module: source})


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
row = sl.run("numpy.lstsq", sl.problems.get("nist.filip")())
sl.run("qr.householder", sl.problems.get("synthetic.randsvd")())
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
    row = sl.run("numpy.lstsq", longley, truth="decimal")
    assert isinstance(row, sl.Measurement)
    assert row["digits.min"] == sl.lre(row.x, decimal)
    assert row["backward_error.optimal"] > 0
    assert sl.run(lambda A, b: np.linalg.lstsq(A, b)[0], longley).solver == "<lambda>"


def test_the_readme_s_example_runs():
    text = (ROOT / "README.md").read_text("utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (example,) = [code for code in examples if "import stabilitylab as sl" in code]
    exec(compile(example, "README.md", "exec"), {})

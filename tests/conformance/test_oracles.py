"""The oracles of the exam: right by themselves, and without a line of the engine that they are held against."""

import ast

import numpy as np
import pytest

from paths import ROOT
from stabilitylab.conformance.backward import backward_error, exact_backward_error
from stabilitylab.conformance.rational import exact_array, least_squares, null_space

ORACLES = ("rational", "backward")
FOLDER = "stabilitylab.conformance"


def ours(source):
    """The modules of the package that a source imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
        elif isinstance(node, ast.Constant) and str(node.value).startswith("stabilitylab."):
            found.add(node.value)
    return {name for name in found if name.startswith(("stabilitylab", "."))}


def test_the_oracles_share_no_code_with_the_package():
    allowed = {f"{FOLDER}.{name}" for name in ORACLES}
    for name in ORACLES:
        assert ours((ROOT / FOLDER.replace(".", "/") / f"{name}.py").read_text("utf-8")) <= allowed


@pytest.mark.parametrize(
    "line",
    [
        "from stabilitylab.exact.solve import rational",
        "import stabilitylab.scoring.accuracy",
        "def f():\n    from ..scoring import accuracy",
        "importlib.import_module('stabilitylab.exact')",
    ],
)
def test_an_import_of_the_engine_would_be_seen(line):
    assert not ours(line) <= {f"{FOLDER}.{name}" for name in ORACLES}


def test_the_null_space_and_the_solution_are_exact():
    A = exact_array(np.array([[1, 2, 3], [4, 5, 9], [7, 8, 15], [1, 0, 1]]))
    (v,) = null_space(A)
    assert not any(A @ np.array(v))
    x = least_squares(A[:, :2], A[:, 2])
    assert x == [1, 1]


@pytest.mark.parametrize("size", [1e-16, 1e-12, 1e-8, 1e-3])
def test_the_backward_error_is_that_of_the_perturbation_planted(size):
    """x solves A + dA exactly, so the optimum is at most |dA|_F; a random dA is not far above it."""
    rng = np.random.default_rng(8)
    A, b = rng.normal(size=(12, 3)), rng.normal(size=12)
    dA = rng.normal(size=A.shape)
    dA *= size * np.linalg.norm(A) / np.linalg.norm(dA)
    perturbed = exact_array(A) + exact_array(dA)
    x = np.array([float(v) for v in least_squares(perturbed, exact_array(b))])
    found = exact_backward_error(A, b, x)
    assert size / 30 < found < size + 3e-16
    assert backward_error(A, b, x) == pytest.approx(found, rel=1e-3, abs=2e-16)

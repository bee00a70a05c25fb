"""Node.js packages: numbers pass exactly in both directions, and packages are found in the declared folders."""

import numpy as np
import pytest

from stabilitylab.libraries import node_routes
from stabilitylab.libraries.node_routes import FOLDER, NODE
from stabilitylab.libraries.support.programs import ProgramError, SingularError

NEEDS_NODE = pytest.mark.skipif(bool(NODE.missing), reason=NODE.missing)


def test_a_package_that_is_nowhere_is_missing(monkeypatch, tmp_path):
    for package in node_routes.PACKAGES[1:]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "package.json").write_text('{"version": "1.2.3"}')
    monkeypatch.delenv("NODE_PATH", raising=False)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert "the package 'simple-statistics' is not in" in NODE.missing or "'node' is not on PATH" in NODE.missing
    assert "npm install simple-statistics" in NODE.missing
    assert "regression 1.2.3" in NODE.version()
    assert "simple-statistics" not in NODE.version()


@NEEDS_NODE
def test_doubles_go_in_and_come_out_to_the_last_bit():
    values = np.random.default_rng(3).integers(0, 2046 << 52, 300).view(np.float64)
    A = values.reshape(100, 3)
    fit = node_routes._ask("{ x: X.flat(), standard_errors: y }", A, A[:, 0])
    assert np.array_equal(fit.x, values)
    assert np.array_equal(fit.standard_errors, A[:, 0])


@NEEDS_NODE
def test_an_error_is_what_the_package_said():
    with pytest.raises(SingularError, match="Matrix is rank deficient"):
        node_routes.node_ml_matrix_solve(np.zeros((3, 2)), np.ones(3))
    with pytest.raises(ProgramError, match="missing is not defined"):
        node_routes._ask("missing", np.ones((2, 1)), np.ones(2))

"""PostgreSQL: nothing is left of its cluster, neither a process nor a folder, and an error is what the server said."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from stabilitylab.libraries import postgresql_routes
from stabilitylab.libraries.postgresql_routes import POSTGRESQL, PREFIX
from stabilitylab.libraries.support.programs import RejectedError

NEEDS_POSTGRESQL = pytest.mark.skipif(bool(POSTGRESQL.missing), reason=POSTGRESQL.missing)


def folders():
    return set(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def test_a_server_that_is_nowhere_is_missing(monkeypatch):
    monkeypatch.setattr(postgresql_routes, "_folder", lambda: None)
    assert POSTGRESQL.missing.endswith("apt install postgresql")
    assert POSTGRESQL.version() == "unknown"


def test_as_root_it_needs_its_own_user(monkeypatch):
    monkeypatch.setattr(postgresql_routes, "_folder", lambda: Path("/"))
    monkeypatch.setattr(postgresql_routes.os, "geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwall", list)
    assert "it does not run as root" in POSTGRESQL.missing


@NEEDS_POSTGRESQL
def test_nothing_is_left_of_a_cluster_when_its_process_ends():
    before = folders()
    code = "from stabilitylab.libraries import get; print(get('postgresql.regr_slope')([1, 2, 3], [5, 7, 9]).x)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[3. 2.]\n"
    assert folders() <= before


@NEEDS_POSTGRESQL
def test_a_folder_of_a_process_that_was_killed_is_removed():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{ended.pid}-"))
    postgresql_routes._cluster.cache_clear()
    assert np.array_equal(postgresql_routes.postgresql_regr_slope(np.arange(3.0), 2 * np.arange(3.0) + 1).x, [1, 2])
    assert not left.exists()


@NEEDS_POSTGRESQL
def test_an_error_is_what_the_server_said():
    with pytest.raises(RejectedError, match="out of range"):
        postgresql_routes.postgresql_regr_slope(np.array([1e300, -1e300, 0.0]), np.array([1e300, 2e300, 1.0]))

"""PostgreSQL's straight line: the aggregates regr_intercept, regr_slope and regr_r2, in a cluster made for them.

The cluster lies in a folder of this process, and each query starts the server in its single-user mode, which ends with
the query: nothing listens, and nothing is left running.
"""

import atexit
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library, printed_version
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import ProgramError, RejectedError

USER = "postgres"  # the server refuses to run as root
PREFIX = "stabilitylab-postgresql-"
SECONDS = 60.0


def _folder() -> Path | None:
    """The folder of the newest server's programs: on PATH, or where Debian keeps them."""
    on_path = shutil.which("postgres")
    if on_path is not None:
        return Path(on_path).resolve().parent
    there = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return there[-1].parent if there else None


def _version() -> str:
    folder = _folder()
    return "unknown" if folder is None else printed_version((str(folder / "postgres"), "--version"))


def _has_user() -> bool:
    import pwd  # which is not on every system

    return USER in {entry.pw_name for entry in pwd.getpwall()}


@dataclass(frozen=True, kw_only=True)
class Server(Library):
    """A server that has to be run as another user than root."""

    @property
    def missing(self) -> str:
        """What is not here, with the way to get it; "" when all is."""
        if _folder() is None:
            return f"the program 'postgres' is neither on PATH nor in /usr/lib/postgresql: {self.install}"
        if os.geteuid() == 0 and not _has_user():
            return f"it does not run as root, and there is no user {USER!r}: {self.install}"
        return ""


POSTGRESQL = Server(
    name="postgresql",
    title="PostgreSQL",
    install="apt install postgresql",
    version=_version,
)

QUERY = "SELECT regr_intercept(y, x) AS intercept, regr_slope(y, x) AS slope, regr_r2(y, x) AS r_squared FROM data;"


def _run(command: Sequence[str], folder: Path, query: str = "") -> str:
    """What a program of the server prints, run as the user that owns the folder. Raises ProgramError, RejectedError."""
    as_user = ("runuser", "-u", USER, "--") if os.geteuid() == 0 else ()
    programs = _folder()
    assert programs is not None
    done = subprocess.run(
        [*as_user, str(programs / command[0]), *command[1:]],
        input=query,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
    )
    error = re.search(r"(?:ERROR|FATAL): +(.*)", done.stdout)
    if error:
        raise RejectedError(error[1])
    if done.returncode:
        raise ProgramError(f"{command[0]} ended: {done.stdout.strip()[-200:]}")
    return done.stdout


@lru_cache(maxsize=1)
def _cluster() -> Path:
    """The folder of a cluster of this process; those of processes that were killed are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if not psutil.pid_exists(int(left.name.removeprefix(PREFIX).partition("-")[0])):
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    _run(("initdb", "-D", str(folder / "data"), "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"), folder)
    return folder


@route(
    "postgresql.regr_slope",
    POSTGRESQL,
    source="PostgreSQL documentation, aggregate functions for statistics; Youngs and Cramer, Technometrics 13 (1971)",
    call_form="line",
    centred="running means",
    fails={"has_a_stated_answer_to_singular_data": "for equal x both are NULL, which is NaN here"},
    default=True,
)
def postgresql_regr_slope(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = SELECT regr_intercept(y, x), regr_slope(y, x), with regr_r2; x and y (m,), float8.

    One pass: since version 12 sums of products of deviations are updated row by row, as Youngs and Cramer do, so that
    an offset of x costs next to nothing. Numbers go as text of 17 digits, which the server reads exactly.
    Source: PostgreSQL documentation, aggregate functions for statistics; its source, utils/adt/float.c."""
    folder = _cluster()
    table = folder / "data.txt"
    table.write_text("".join(f"{float(a)!r}\t{float(b)!r}\n" for a, b in zip(x, y, strict=True)), "ascii")
    table.chmod(0o644)
    query = f"CREATE TEMP TABLE data (x float8, y float8);\nCOPY data FROM '{table}';\n{QUERY}\n"
    server = ("postgres", "--single", "-D", str(folder / "data"), "-c", "fsync=off", "-c", "log_checkpoints=off", USER)
    found = dict(re.findall(r'(intercept|slope|r_squared) = "([^"]*)"', _run(server, folder, query)))
    coefficients = [float(found.get(name, "nan")) for name in ("intercept", "slope")]
    return Fit(np.array(coefficients), r_squared=float(found["r_squared"]) if "r_squared" in found else None)

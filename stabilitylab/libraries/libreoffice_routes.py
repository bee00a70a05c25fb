"""LibreOffice Calc's ways to fit: LINEST, SLOPE with INTERCEPT, and the normal equations as people type them."""

import atexit
import os
import subprocess
import time
from collections.abc import Sequence
from functools import lru_cache
from math import ldexp
from pathlib import Path
from tempfile import mkdtemp

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import blas_of_process
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import ProgramError, ran, unusable
from stabilitylab.libraries.support.spreadsheet import (
    Program,
    linest,
    linest_powers,
    normal_equations,
    slope_and_intercept,
    write_ods,
)

LIBREOFFICE = program(
    "libreoffice",
    title="LibreOffice Calc",
    programs=("soffice", "localc"),
    ask=("soffice", "--version"),
    package="libreoffice-calc",
    blas_of=lambda: _blas(),
)

STARTING = 60.0  # seconds for the program to make its profile and open its first document


class _Office:
    """A LibreOffice process with a profile of its own that stays open; later soffice commands are executed by it.

    It ends when its last document is closed, so that one is kept open; the lock file of that shows that it is ready.
    The shell around it kills it and removes its folder when the pipe from this process closes, however this process
    ends.
    """

    def __init__(self) -> None:
        folder = Path(mkdtemp(prefix="stabilitylab-"))
        write_ods(folder / "open.ods", {"open": []}, SHEET.digits)
        profile = (folder / "profile").as_uri()
        self.command = ("soffice", f"-env:UserInstallation={profile}", "--headless", "--norestore")
        self.environment = {**os.environ, "LC_ALL": "C"}
        ran(("soffice", "--version"), env=self.environment)  # which tells at once where it cannot start
        held = '"$@" & read -r _; kill $!; wait; rm -r "$0"'
        self.shell = subprocess.Popen(
            ("sh", "-c", held, str(folder), *self.command, str(folder / "open.ods")),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )
        atexit.register(self.end)
        deadline = time.monotonic() + STARTING
        while not (folder / ".~lock.open.ods#").exists():
            if time.monotonic() > deadline:
                raise unusable("soffice", f"it opened no document within {STARTING:g} s")
            time.sleep(0.02)

    def to_csv(self, path: Path) -> str:
        """The first sheet of a file, as shown: no more than 15 digits of a number."""
        command = (*self.command, "--convert-to", "csv", "--outdir", str(path.parent), str(path))
        done = ran(command, env=self.environment)
        out = path.with_suffix(".csv")
        if not out.exists():
            raise ProgramError(f"soffice: {done.stderr.strip() or 'no output'}")
        return out.read_text("utf-8")

    def end(self) -> None:
        """Close the pipe, and wait until the shell has ended LibreOffice and removed the folder."""
        self.shell.communicate()


@lru_cache
def _office() -> _Office:
    return _Office()


def _blas() -> str:
    return blas_of_process(_office().shell.pid)


def _passed_on(cell: str, row: int) -> tuple[str, str, str]:
    """A number as an exponent e and integers h and l with 2**(e - 53) (2**33 h + l): each has at most ten digits.

    Scaling by powers of two is exact, and so is RAWSUBTRACT, while "-" rounds differences near 0 to 0. An exponent that
    is off by one is harmless. Numbers below 2**-1003 overflow in between.
    """
    scaled = f"{cell}*2^(20-[.A{row}])"
    exponent = f"IF({cell}=0;0;INT(LOG(ABS({cell});2)))"
    return exponent, f"TRUNC({scaled})", f"2^33*ORG.LIBREOFFICE.RAWSUBTRACT({scaled};[.B{row}])"


def _value(row: Sequence[str]) -> float:
    exponent, high, low = map(int, row)
    return ldexp(high * 2**33 + low, exponent - 53)


# Files that LibreOffice writes hold 15 digits of a number; what it reads is right to the last of 17.
SHEET = Program(digits=17, passed_on=_passed_on, value=_value, to_csv=lambda path: _office().to_csv(path))

SOURCE = "LibreOffice Help, LINEST; LibreOffice sources, sc/source/core/tool/interpr5.cxx, CalculateRGPRKP"
TAGS = ("columnwise-backward-stable", "normwise-backward-stable", "residual-optimal", "no-rank-test")


@route("libreoffice.LINEST", LIBREOFFICE, source=SOURCE, tags=TAGS, call_form="columns", centred="means", default=True)
def libreoffice_linest(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients, standard errors and R² of LINEST(y; X; intercept; TRUE), X (m, p), over cells.

    With an intercept the means are taken off X and y; then Householder QR without pivoting. A difference from the mean
    below 2**-48 of it counts as 0, so that columns far from 0 lose differences that float64 still holds. No rank test:
    only a column that is exactly 0 on its turn gives #VALUE!, and dependent columns get huge coefficients without a
    warning. Raises Breakdown with the word in the cell.
    Source: LibreOffice Help, LINEST; LibreOffice sources, sc/source/core/tool/interpr5.cxx, CalculateRGPRKP."""
    return linest(SHEET, X, y, intercept)


@route("libreoffice.LINEST_powers", LIBREOFFICE, source=SOURCE, tags=TAGS, call_form="polynomial", centred="means")
def libreoffice_linest_powers(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = LINEST(y; x^{1;2;...}; TRUE; TRUE), x and y (m,), over cells.

    Calc forms the powers; otherwise as libreoffice.LINEST.
    Source: LibreOffice Help, LINEST; LibreOffice sources, sc/source/core/tool/interpr5.cxx, CalculateRGPRKP."""
    return linest_powers(SHEET, x, y, degree)


@route(
    "libreoffice.SLOPE_INTERCEPT",
    LIBREOFFICE,
    source="LibreOffice Help, SLOPE; LibreOffice sources, sc/source/core/tool/interpr3.cxx, CalculateSlopeIntercept",
    tags=TAGS,
    call_form="line",
    centred="means",
)
def libreoffice_slope_and_intercept(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = INTERCEPT(y; x) and SLOPE(y; x), x and y (m,), over cells.

    Two passes, with compensated sums: means, then products of deviations, none of which is taken for 0 as in LINEST.
    Over a constant x #DIV/0!, raised as Breakdown, or where its mean is off by a rounding a slope that means nothing.
    Source: LibreOffice Help, SLOPE; LibreOffice sources, sc/source/core/tool/interpr3.cxx, CalculateSlopeIntercept."""
    return slope_and_intercept(SHEET, x, y)


@route(
    "libreoffice.MINVERSE",
    LIBREOFFICE,
    source="LibreOffice Help, MINVERSE and MMULT; Higham (2002), sections 14.1 and 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=2.0,
    gram="inverse",
)
def libreoffice_minverse(A: Array, b: Array) -> Fit:
    """x (n,) = MMULT(MINVERSE(MMULT(TRANSPOSE(A); A)); MMULT(TRANSPOSE(A); b)), A (m, n), over cells.

    Error about 2 u cond(A)**2, as numpy.inv. Raises Breakdown with Err:502 when a pivot is exactly 0.
    Source: LibreOffice Help, array functions; Higham (2002), section 14.1 (inverses), section 20.4."""
    return normal_equations(SHEET, A, b)

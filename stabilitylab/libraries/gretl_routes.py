"""gretl's ways to fit: the commands ols and mpols, and mols and the backslash of its matrix language."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import blas_of_process
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, doubles, fit, session

GRETL = program(
    "gretl",
    title="gretl",
    programs=("gretlcli",),
    ask=("gretlcli", "--version"),
    package="gretl",
    blas_of=lambda: _blas(),
)

COMMAND = ("gretlcli", "--quiet")
OPENING = f'set echo off\nset messages off\nprint "{END}"'
# After a command that fails, $coeff still holds the coefficients of the last one, so $error is tested first; after one
# that drops a variable it holds those of the others.
REPORT = """
err = $error
if err
  printf "error: %s\\n", errmsg(err)
else
  string dropped = ""
  matrix x = zeros(1, nelem(given))
  matrix errors = x * NA
  loop j=1..nelem(given) --quiet
    k = inlist($xlist, given[j])
    if k
      x[j] = $coeff[k]
      errors[j] = $stderr[k]
    else
      dropped = sprintf("%s %d", dropped, j - 1)
    endif
  endloop
  printf "x: %25.17g\\n", x
  printf "standard_errors: %25.17g\\n", errors
  printf "r_squared: %.17g\\n", $rsq
  printf "rank: %d\\n", nelem($xlist)
  printf "dropped:%s\\n", dropped
endif
"""


def _blas() -> str:
    return blas_of_process(session(COMMAND, OPENING).process.pid)


def _ask(A: Array, b: Array, *commands: str) -> Fit:
    """The Fit that gretl prints after commands that may use A and b."""
    m, p = A.shape
    header = b"gretl_binary_matrix" + np.array([m, p + 1], dtype=np.int32).tobytes()
    with doubles(A, b, name="data.bin", header=header) as path:
        read = f'matrix A = mread("{path}")', f"matrix b = A[,{p + 1}]", f"A = A[,1:{p}]"
        return fit(session(COMMAND, OPENING).ask("\n".join([*read, *commands, f'print "{END}"'])))


def _command(command: str, X: Array, y: Array, intercept: bool, *, force_qr: str = "off") -> Fit:
    """The Fit of a gretl estimation command on y and x1, x2, ..., the constant first."""
    m, p = X.shape
    return _ask(
        X,
        y,
        f"set force_qr {force_qr}",
        f"nulldata {m} --preserve",
        "series y = b",
        f"list given = {'const' if intercept else 'null'}",
        f"loop j=1..{p} --quiet",
        "  series x$j = A[,j]",
        "  list given += x$j",
        "endloop",
        f"catch {command} y given --quiet",
        REPORT,
    )


def _function(call: str, A: Array, b: Array, *, svd: str = "off") -> Fit:
    """What an expression in A and b is."""
    return _ask(
        A,
        b,
        f"set svd {svd}",
        f"catch matrix x = {call}",
        "err = $error",
        "if err",
        '  printf "error: %s\\n", errmsg(err)',
        "else",
        """  printf "x: %25.17g\\n", x'""",
        "endif",
    )


STABLE = ("columnwise-backward-stable", "normwise-backward-stable")
NEAR = "dropped only where 1/cond is below 1e-14 and, besides, a pivot below 1e-8 in the units of the data"


@route(
    "gretl.ols",
    GRETL,
    source="gretl command reference, ols and set force_qr",
    deficient_answer="basic",
    fails={"cuts_off_where_it_says": NEAR},
    call_form="columns",
    default=True,
)
def gretl_ols(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of ols y const x1 x2 ..., with standard errors and R², X (m, p).

    The normal equations by Cholesky while the smallest pivot is above 8e-9 of its column, so with an error of u
    cond(A)**2 up to a cond near 1e5, and Householder QR beyond: the digits are worst just before the change. Dependent
    variables are dropped, with a remark, from the right: where 1/cond, estimated in the 1-norm, is below 1e-14 and a
    pivot below 1e-8, whatever the units; a variable with values below 2**-52 counts as 0.
    Source: gretl command reference, ols; set, force_qr."""
    return _command("ols", X, y, intercept)


@route(
    "gretl.ols_qr",
    GRETL,
    source="gretl command reference, set force_qr",
    called_under="set force_qr on",
    tags=STABLE,
    law="columnwise",
    constant=0.14,
    deficient_answer="basic",
    fails={"cuts_off_where_it_says": NEAR},
    call_form="columns",
)
def gretl_ols_qr(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of ols y const x1 x2 ... after set force_qr on, with standard errors and R², X (m, p).

    Householder QR from the start; variables are dropped as by gretl.ols.
    Source: gretl command reference, set, force_qr."""
    return _command("ols", X, y, intercept, force_qr="on")


@route(
    "gretl.mpols",
    GRETL,
    source="gretl command reference, mpols",
    deficient_answer="refuses",
    cutoff=lambda m, n, eps: 0.5e-15,
    cutoff_says="refused where the part of a column orthogonal to those before it is below 1e-15 of its norm",
    call_form="columns",
    scaled="only for the cut-off",
    fails={"solves_the_matrix_it_says": "a slope far from 0 needs no centring in 256 bits"},
)
def gretl_mpols(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of mpols y const x1 x2 ..., with standard errors and R², X (m, p): OLS in multiple precision.

    The normal equations by Cholesky in GMP's floats of 256 bits, from the doubles; the result is rounded to doubles.
    Raises SingularError, "exact or near collinearity", and RejectedError, "Data error", for a variable that is 0.
    Source: gretl command reference, mpols."""
    return _command("mpols", X, y, intercept)


@route(
    "gretl.mpols_powers",
    GRETL,
    source="gretl command reference, mpols",
    deficient_answer="refuses",
    fails={"solves_the_matrix_it_says": "a slope far from 0 needs no centring in 256 bits"},
    call_form="polynomial",
)
def gretl_mpols_powers(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of mpols y const x ; 2 3 ..., with standard errors and R², x and y (m,).

    As gretl.mpols, but the powers of x are formed in multiple precision too, as its reference recommends for NIST's
    data. Raises SingularError for too few distinct x.
    Source: gretl command reference, mpols."""
    powers = " ".join(map(str, range(2, degree + 1)))
    return _ask(
        x[:, None],
        y,
        f"nulldata {len(x)} --preserve",
        "series y = b",
        "series x1 = A",
        "list given = const x1",
        f"catch mpols y given {f'; {powers}' if powers else ''} --quiet",
        "err = $error",
        "if err",
        '  printf "error: %s\\n", errmsg(err)',
        "else",
        """  printf "x: %25.17g\\n", $coeff'""",
        """  printf "standard_errors: %25.17g\\n", $stderr'""",
        '  printf "r_squared: %.17g\\n", $rsq',
        "endif",
    )


@route(
    "gretl.mols",
    GRETL,
    source="gretl function reference, mols",
    deficient_answer="refuses",
    fails={"cuts_off_where_it_says": NEAR},
)
def gretl_mols(A: Array, b: Array) -> Fit:
    """x (n,) = mols(b, A), A (m, n): the normal equations by Cholesky, or QR where a pivot is small.

    Raises SingularError, "exact or near collinearity", where gretl.ols drops a variable.
    Source: gretl function reference, mols."""
    return _function("mols(b, A)", A, b)


@route(
    "gretl.mols_svd",
    GRETL,
    source="gretl function reference, mols; command reference, set svd",
    called_under="set svd on",
    tags=("scale-equivariant", "no-rank-test", "normwise-backward-stable"),
    law="normwise",
    constant=0.19,
)
def gretl_mols_svd(A: Array, b: Array) -> Fit:
    """x (n,) = mols(b, A) after set svd on, A (m, n).

    Normwise but not columnwise backward stable. Directions are dropped only where they are exactly 0: exactly dependent
    columns mostly get large coefficients that cancel.
    Source: gretl function reference, mols; command reference, set, svd."""
    return _function("mols(b, A)", A, b, svd="on")


@route(
    "gretl.mldivide",
    GRETL,
    source="gretl user's guide, chapter Matrix manipulation; LAPACK Users' Guide (1999), section 2.3.1",
    tags=("scale-equivariant",),
    law="columnwise",
    constant=0.14,
    square=("partial-pivoting", 1.0),
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: 1e-14,
    cutoff_says="a triangle whose condition is estimated to pass 1e14 is cut there",
)
def gretl_mldivide(A: Array, b: Array) -> Fit:
    r"""x (n,) = A \ b, A (m, n): for m > n a complete orthogonal decomposition, LAPACK's gelsy.

    Columnwise backward stable while the rank is full; directions are dropped without a warning. A square A is solved by
    elimination.
    Source: gretl user's guide, chapter Matrix manipulation; LAPACK Users' Guide (1999), section 2.3.1 (gelsy)."""
    return _function("A \\ b", A, b)

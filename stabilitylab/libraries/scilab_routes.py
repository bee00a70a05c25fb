"""Scilab's ways to fit: the backslash, lsq, pinv, reglin, and the normal equations as people type them."""

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import blas_of_process
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, Session, doubles, fit, session

SCILAB = program(
    "scilab",
    title="Scilab",
    programs=("scilab-cli",),
    ask=("scilab-cli", "-version"),
    package="scilab-cli",
    blas_of=lambda: blas_of_process(_session().process.pid),
)

COMMAND = ("scilab-cli", "-nb", "-f", "driver.sce")
DRIVER = f"""
mode(-1);
function ask(path, m, p, commands)
  file = mopen(path, "rb");
  v = mget(m * (p + 1), "d", file)';
  mclose(file);
  A = matrix(v(1:m*p), m, p);
  b = v(m*p+1:$);
  execstr(commands);
  mprintf("x: %s\\n", strcat(msprintf("%.17g\\n", x), " "));
  if exists("rnk", "local") then mprintf("rank: %d\\n", rnk); end
endfunction
question = mgetl(%io(1), 1);
while question <> []
  if execstr(question, "errcatch") <> 0 then
    mprintf("error: %s\\n", strcat(lasterror(), " "));
  end
  mprintf("{END}\\n");
  question = mgetl(%io(1), 1);
end
exit
"""


def _session() -> Session:
    return session(COMMAND, files={"driver.sce": DRIVER})


def _ask(commands: str, A: Array, b: Array) -> Fit:
    """The Fit of Scilab's variable x, and of rnk if that is set, after commands that may use A and b."""
    m, p = A.shape
    text = commands.replace("'", "''")
    with doubles(A, b) as path:
        request = f'ask("{path}", {m}, {p}, "{text}")'
        output = _session().ask(request)
    return fit(output.replace("Warning :\n", "warning: "))


@route(
    "scilab.mldivide",
    SCILAB,
    source="Scilab help, backslash; LAPACK Users' Guide (1999), section 2.3.1 (gelsy)",
    tags=("scale-equivariant",),
    law="columnwise",
    constant=0.14,
    square=("partial-pivoting", 1.0),
    deficient_answer="basic",
    cutoff=lambda m, n, eps: 5 * eps,
    cutoff_says="a triangle whose condition is estimated to pass 1/(5 eps) is cut there",
    default=True,
)
def scilab_mldivide(A: Array, b: Array) -> Fit:
    r"""x (n,) = A \ b, A (m, n): for m > n Householder QR with column pivoting.

    Columnwise backward stable while the rank is full. A deficient triangle is cut, and the coefficients of what is cut
    off are 0, without a warning. A square A is solved by elimination, and in that way where its estimated condition
    passes 1/(5 eps).
    Source: Scilab help, backslash; LAPACK Users' Guide (1999), section 2.3.1."""
    return _ask("x = A \\ b;", A, b)


@route(
    "scilab.lsq",
    SCILAB,
    source="Scilab help, lsq; LAPACK Users' Guide (1999), section 2.3.1 (gelsy)",
    tags=("scale-equivariant", "columnwise-backward-stable", "normwise-backward-stable"),
    law="columnwise",
    constant=0.15,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: float((eps / 2) ** 0.5),
    cutoff_says="a triangle whose condition is estimated to pass 2**26.5 is cut there",
)
def scilab_lsq(A: Array, b: Array) -> Fit:
    """x (n,) and the rank: [x, rank] = lsq(A, b), A (m, n): a complete orthogonal decomposition, LAPACK's gelsy.

    The tolerance is the square root of the unit roundoff: half the digits. What lies below is dropped, and of what is
    left the shortest solution given: on data in common units, with an intercept, that is no digit.
    Source: Scilab help, lsq; LAPACK Users' Guide (1999), section 2.3.1."""
    return _ask("[x, rnk] = lsq(A, b);", A, b)


@route(
    "scilab.pinv",
    SCILAB,
    source="Scilab help, pinv, and linear_algebra/macros/pinv.sci; Higham (2002), section 20.1",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.25,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * eps,
    cutoff_says="singular values up to max(m, n) eps times the largest are dropped",
)
def scilab_pinv(A: Array, b: Array) -> Fit:
    """x (n,) = pinv(A) * b, A (m, n).

    Forward error as from an SVD, but not backward stable: the residual is off by u cond(A). Directions are dropped
    without a warning.
    Source: Scilab help, pinv, and its source; Higham (2002), section 20.1 (the pseudo-inverse)."""
    return _ask("x = pinv(A) * b;", A, b)


@route(
    "scilab.solve_normal",
    SCILAB,
    source="Scilab help, backslash; Higham (2002), section 20.4",
    tags=("scale-equivariant",),
    law="normal",
    constant=0.8,
    deficient_answer="basic",
    cutoff=lambda m, n, eps: float((5 * eps) ** 0.5),
    cutoff_says="where the estimated condition of A'A passes 1/(5 eps), its triangle in QR with pivoting is cut there",
)
def scilab_solve_normal(A: Array, b: Array) -> Fit:
    r"""x (n,) = (A' * A) \ (A' * b), A (m, n): the normal equations by elimination.

    Error about 0.8 u cond(A)**2; past a cond of 3e7 coefficients are dropped, set to 0, without a warning.
    Source: Scilab help, backslash; Higham (2002), section 20.4."""
    return _ask("x = (A' * A) \\ (A' * b);", A, b)


@route(
    "scilab.inv",
    SCILAB,
    source="Scilab help, inv; Higham (2002), sections 14.1 and 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=1.0,
)
def scilab_inv(A: Array, b: Array) -> Fit:
    """x (n,) = inv(A' * A) * A' * b, A (m, n): the formula of the textbooks, typed in.

    Error about u cond(A)**2, and a residual that is not the smallest. Warns that the matrix is close to singular, and
    answers all the same, where it can; raises SingularError, "inv: Problem is singular", where a pivot is 0.
    Source: Scilab help, inv; Higham (2002), section 14.1 (inverses), section 20.4."""
    return _ask("x = inv(A' * A) * A' * b;", A, b)


@route(
    "scilab.reglin",
    SCILAB,
    source="Scilab help, reglin, and statistics/macros/reglin.sci",
    tags=("no-rank-test",),
    call_form="line",
    centred="means",
)
def scilab_reglin(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) from [slope, intercept] = reglin(x', y'), x and y (m,).

    x and y less their means, then the pseudo-inverse of the sum of squares. Where all x are equal the slope is
    arbitrary, unless their mean is exact: then it is 0.
    Source: Scilab help, reglin, and its source."""
    return _ask("[slope, intercept] = reglin(A', b'); x = [intercept; slope];", x[:, None], y)

"""GNU Octave's ways to fit: the backslash, pinv, ols, lscov, polyfit, and the normal equations as people type them."""

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import blas_of_process
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, Session, doubles, fit, session

OCTAVE = program(
    "octave",
    title="GNU Octave",
    programs=("octave-cli",),
    ask=("octave-cli", "--version"),
    package="octave",
    blas_of=lambda: blas_of_process(_session().process.pid),
)

COMMAND = ("octave-cli", "--quiet", "--norc", "driver.m")
# The working directory is changed, since the one in which Octave starts is removed. Requests are read by input, because
# fgetl waits for one line more than it returns.
DRIVER = f"""
cd (tempdir ());
warning ("off", "backtrace");
function ask (path, m, p, commands)
  file = fopen (path);
  v = fread (file, Inf, "double");
  fclose (file);
  A = reshape (v(1:m*p), m, p);
  b = v(m*p+1:end);
  eval (commands);
  printf ("x:%s\\n", sprintf (" %.17g", x));
  if (exist ("standard_errors", "var"))
    printf ("standard_errors:%s\\n", sprintf (" %.17g", standard_errors));
  endif
endfunction
while (true)
  question = input ("", "s");
  try
    eval (question);
  catch problem
    printf ("error: %s\\n", strrep (problem.message, "\\n", " "));
  end_try_catch
  printf ("{END}\\n");
  fflush (stdout);
endwhile
"""


def _session() -> Session:
    return session(COMMAND, files={"driver.m": DRIVER})


def _ask(commands: str, A: Array, b: Array) -> Fit:
    """The Fit of Octave's variable x, and of standard_errors if that is set, after commands that may use A and b."""
    m, p = A.shape
    text = commands.replace("\\", "\\\\")
    with doubles(A, b) as path:
        return fit(_session().ask(f'ask ("{path}", {m}, {p}, "{text}");'))


@route(
    "octave.mldivide",
    OCTAVE,
    source="GNU Octave manual, Techniques Used for Linear Algebra; LAPACK dlalsd.f, argument RCOND",
    tags=("scale-equivariant", "uncertain-rank"),
    law="normwise",
    constant=0.19,
    square=("partial-pivoting", 1.0),
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: eps / 2,
    cutoff_says="LAPACK's gelsd with rcond -1, which it reads as the unit roundoff, 2**-53",
    default=True,
)
def octave_mldivide(A: Array, b: Array) -> Fit:
    r"""x (n,) = A \ b, A (m, n): for m > n LAPACK's gelsd, an SVD by divide and conquer.

    Normwise but not columnwise backward stable. The cut-off is below round-off, so that an exactly dependent column is
    often kept, without a warning. A square A is solved by elimination with partial pivoting, which may grow, or by
    Cholesky or substitution where its entries look like it; where the estimated condition passes 2**53, with a warning,
    by gelsd.
    Source: GNU Octave manual, Techniques Used for Linear Algebra."""
    return _ask(r"x = A \ b;", A, b)


@route(
    "octave.pinv",
    OCTAVE,
    source="GNU Octave manual, pinv; Higham (2002), section 20.1",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.25,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * eps,
    cutoff_says="singular values up to max(m, n) eps times the largest are dropped",
)
def octave_pinv(A: Array, b: Array) -> Fit:
    """x (n,) = pinv(A) * b, A (m, n).

    Forward error as from an SVD, but not backward stable: the residual is off by u cond(A). Directions are dropped
    without a warning.
    Source: GNU Octave manual, pinv; Higham (2002), section 20.1 (the pseudo-inverse)."""
    return _ask("x = pinv (A) * b;", A, b)


@route(
    "octave.lscov",
    OCTAVE,
    source="GNU Octave manual, lscov; m/linear-algebra/lscov.m",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.25,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * eps,
    cutoff_says="singular values up to max(m, n) eps times the largest are dropped",
)
def octave_lscov(A: Array, b: Array) -> Fit:
    """x (n,) and standard errors (n,): [x, stdx] = lscov(A, b), A (m, n).

    pinv(A) * b, as octave.pinv; m - n degrees of freedom, whatever the rank.
    Source: GNU Octave manual, lscov, and its source."""
    return _ask("[x, standard_errors] = lscov (A, b);", A, b)


@route(
    "octave.ols",
    OCTAVE,
    source="GNU Octave manual, ols; m/linear-algebra/ols.m",
    tags=("no-rank-test",),
    law="normal",
    constant=0.6,
)
def octave_ols(A: Array, b: Array) -> Fit:
    """x (n,) = ols(b, A), A (m, n): the normal equations by Cholesky, pinv(A) * b where that breaks down.

    Error about 0.6 u cond(A)**2, until a pivot fails: then, by the pseudo-inverse, it is small again. Where round-off
    lets Cholesky run on a deficient A, x is arbitrary; substitution may warn.
    Source: GNU Octave manual, ols, and its source."""
    return _ask("x = ols (b, A);", A, b)


@route(
    "octave.solve_normal",
    OCTAVE,
    source="GNU Octave manual, Techniques Used for Linear Algebra; Higham (2002), section 20.4",
    tags=("scale-equivariant", "no-rank-test"),
    law="normal",
    constant=0.7,
)
def octave_solve_normal(A: Array, b: Array) -> Fit:
    r"""x (n,) = (A' * A) \ (A' * b), A (m, n): the normal equations by Cholesky, else by elimination.

    Error about 0.7 u cond(A)**2. Where the estimated condition of A'A passes 2**53 it warns that the matrix is singular
    to machine precision, and gives the shortest solution, by gelsd; rounded, the A'A of dependent columns may
    pass for regular.
    Source: GNU Octave manual, Techniques Used for Linear Algebra; Higham (2002), section 20.4."""
    return _ask(r"x = (A' * A) \ (A' * b);", A, b)


@route(
    "octave.polyfit",
    OCTAVE,
    source="GNU Octave manual, polyfit; m/polynomial/polyfit.m",
    tags=("columnwise-backward-stable", "no-rank-test"),
    law="columnwise",
    constant=0.4,
    call_form="polynomial",
)
def octave_polyfit(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = polyfit(x, y, degree), from the last, x and y (m,).

    Householder QR with column pivoting of the Vandermonde matrix. No rank test: with too few distinct x coefficients
    are large and arbitrary, with the warning that the triangle is singular to machine precision.
    Source: GNU Octave manual, polyfit, and its source."""
    return _ask(f"x = fliplr (polyfit (A, b, {degree}));", x[:, None], y)

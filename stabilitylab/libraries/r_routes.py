"""R's ways to fit: lm and glm with what lies under them, lsfit, qr, and the normal equations as people type them."""

from collections.abc import Callable
from typing import Any

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import blas_of_process
from stabilitylab.core.library import program
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, doubles, fit, session

R = program("r", title="R", programs=("R",), ask=("R", "--version"), package="r-base-core", blas_of=lambda: blas_of_r())

COMMAND = ("R", "--vanilla", "--no-echo")
# In the driver, given() lists coefficients, those that are NA as dropped, and model() what summary reports of a fit.
DRIVER = f"""
ask <- function(path, m, p, solve) {{
  v <- readBin(path, "double", m * (p + 1L))
  said <- function(condition) gsub("\\n", " ", conditionMessage(condition))
  tryCatch(withCallingHandlers({{
    found <- solve(matrix(v[seq_len(m * p)], m, p), v[m * p + seq_len(m)])
    for (key in names(found)) cat(key, ": ", paste(sprintf("%.17g", found[[key]]), collapse = " "), "\\n", sep = "")
  }}, warning = function(w) {{
    cat("warning: ", said(w), "\\n", sep = "")
    invokeRestart("muffleWarning")
  }}), error = function(e) cat("error: ", said(e), "\\n", sep = ""))
  cat("{END}\\n")
}}
given <- function(x) {{
  na <- is.na(x) & !is.nan(x)
  list(x = replace(x, na, 0), dropped = which(na) - 1)
}}
model <- function(l) {{
  s <- summary(l)
  errors <- rep(NaN, length(coef(l)))
  errors[!is.na(coef(l))] <- s$coefficients[, 2]
  c(given(coef(l)), rank = l$rank, standard_errors = list(errors), r_squared = s$r.squared)
}}
cat("{END}\\n")
"""


def _ask(solve: str, A: Array, b: Array) -> Fit:
    """The Fit of an R expression in X and y whose value is a list with x and other keys of a Fit."""
    m, p = A.shape
    with doubles(A, b) as path:
        return fit(session(COMMAND, DRIVER).ask(f'ask("{path}", {m}L, {p}L, function(X, y) {solve})'))


def blas_of_r() -> str:
    """What R has loaded once it has solved something: it loads its LAPACK then."""
    running = session(COMMAND, DRIVER)
    running.ask(f'invisible(solve(1))\ncat("{END}\\n")')
    return blas_of_process(running.process.pid)


def _cut_at(tol: float) -> Callable[[int, int, float], float]:
    """The cut-off tol/2 on singular values: their ratio for two unit columns with an orthogonal part of size tol.

    Confirmed by bisection for m = 8, 32 and 128."""
    return lambda m, n, eps: tol / 2


def _householder(tol: float, deficient_answer: str = "basic") -> dict[str, Any]:
    """The claims of dqrdc2, LINPACK's Householder QR as changed for R, with its tolerance; "refuses": where it errs."""
    said = "a column whose part orthogonal to those before it is below {:g} of its norm is dropped"
    if deficient_answer == "refuses":
        said = "refused where the part of a column orthogonal to those before it is below {:g} of its norm"
    return {
        "law": "columnwise",
        "constant": 0.12,
        "deficient_answer": deficient_answer,
        "cutoff": _cut_at(tol),
        "cutoff_says": said.format(tol),
        "scaled": "only for the cut-off",
    }


STABLE = ("columnwise-backward-stable", "normwise-backward-stable")


@route(
    "r.lm",
    R,
    source="R reference manual, stats::lm and lm.fit; Dongarra et al., LINPACK Users' Guide (1979), chapter 9",
    tags=STABLE,
    call_form="columns",
    **_householder(1e-7),
    default=True,
)
def r_lm(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of lm(y ~ X), or lm(y ~ X - 1), X (m, p), with the standard errors and R² of its summary.

    Householder QR of the columns in the given order, LINPACK's dqrdc with a rank test in place of pivoting: a column of
    which the earlier ones explain all but 1e-7 of its norm goes to the end, and its coefficient is NA. Independent of
    units; but columns that agree to seven digits are dropped, without a warning, though float64 holds nine more. R²
    without intercept is not centred. summary warns of an essentially perfect fit.
    Source: R reference manual, stats::lm, lm.fit; R sources, src/appl/dqrdc2.f."""
    return _ask(f"model(lm(y ~ X{'' if intercept else ' - 1'}))", X, y)


@route(
    "r.lm_tol",
    R,
    source="R reference manual, stats::lm.fit, argument tol",
    tags=STABLE,
    call_form="columns",
    **_householder(1e-12),
)
def r_lm_tol(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of lm(y ~ X, tol = 1e-12), or lm(y ~ X - 1, tol = 1e-12), X (m, p): what lm can do when it is let.

    As r.lm but for the tolerance, which lm hands on to lm.fit.
    Source: R reference manual, stats::lm.fit."""
    return _ask(f"model(lm(y ~ X{'' if intercept else ' - 1'}, tol = 1e-12))", X, y)


@route(
    "r.lm_poly",
    R,
    source="R reference manual, stats::lm and stats::poly",
    tags=("columnwise-backward-stable", "residual-optimal"),
    call_form="polynomial",
    **{**_householder(1e-7), "constant": 0.3},
)
def r_lm_poly(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = lm(y ~ poly(x, degree, raw = TRUE)), x and y (m,).

    R forms the powers; otherwise as r.lm.
    Source: R reference manual, stats::poly, argument raw."""
    return _ask(f"{{ x <- X[, 1]; model(lm(y ~ poly(x, {degree}, raw = TRUE))) }}", x[:, None], y)


@route("r.lm_fit", R, source="R reference manual, stats::lm.fit", tags=STABLE, **_householder(1e-7))
def r_lm_fit(A: Array, b: Array) -> Fit:
    """x (n,) = lm.fit(A, b)$coefficients, A (m, n): r.lm without formula and summary.

    Source: R reference manual, stats::lm.fit."""
    return _ask("{ l <- lm.fit(X, y); c(given(l$coefficients), rank = l$rank) }", A, b)


@route(
    "r.dot_lm_fit",
    R,
    source="R reference manual, stats::.lm.fit",
    tags=STABLE,
    fails={"has_a_stated_answer_to_singular_data": "coefficients come in the order of the columns as moved"},
    **_householder(1e-7),
)
def r_dot_lm_fit(A: Array, b: Array) -> Fit:
    """x (n,) = .lm.fit(A, b)$coefficients, A (m, n): the bare kernel of lm.

    Where a column was dropped the coefficients stand in the order of pivot, with 0 at the end: users who do not look at
    pivot read each behind the dropped one off the wrong column.
    Source: R reference manual, stats::.lm.fit, section on details."""
    return _ask("{ l <- .lm.fit(X, y); list(x = l$coefficients, rank = l$rank) }", A, b)


@route(
    "r.lsfit",
    R,
    source="R reference manual, stats::lsfit",
    tags=STABLE,
    call_form="columns",
    fails={"has_a_stated_answer_to_singular_data": "coefficients come in the order of the columns as moved"},
    **_householder(1e-7),
)
def r_lsfit(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of lsfit(X, y, intercept = intercept), X (m, p).

    The kernel of lm, with a warning where columns were dropped. The coefficients then stand in the order of the columns
    as moved, under the names of the columns as given: each behind the dropped one bears a wrong name.
    Source: R reference manual, stats::lsfit."""
    ones = "TRUE" if intercept else "FALSE"
    return _ask(f"{{ l <- lsfit(X, y, intercept = {ones}); list(x = l$coefficients, rank = l$qr$rank) }}", X, y)


@route(
    "r.glm",
    R,
    source="R reference manual, stats::glm, glm.fit and glm.control",
    tags=STABLE,
    call_form="columns",
    **_householder(1e-11),
)
def r_glm(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients of glm(y ~ X), or glm(y ~ X - 1), family gaussian, X (m, p), with its summary's standard errors.

    Iteratively reweighted least squares, here with weights 1: the kernel of lm, run twice to see that nothing changes.
    Its tolerance is min(1e-7, epsilon/1000) with epsilon = 1e-8, which is 1e-11: glm keeps columns that lm drops.
    Source: R reference manual, stats::glm.control; the source of stats::glm.fit."""
    return _ask(f"{{ l <- glm(y ~ X{'' if intercept else ' - 1'}); c(model(l), iterations = l$iter) }}", X, y)


@route(
    "r.qr_solve",
    R,
    source="R reference manual, base::qr and qr.solve",
    tags=("scale-equivariant", *STABLE),
    **_householder(1e-7, "refuses"),
)
def r_qr_solve(A: Array, b: Array) -> Fit:
    """x (n,) = qr.solve(A, b), A (m, n): the kernel of lm, which refuses where lm would drop a column.

    Raises SingularError, "singular matrix 'a' in solve".
    Source: R reference manual, base::qr, with qr.solve."""
    return _ask("list(x = qr.solve(X, y))", A, b)


@route(
    "r.qr_lapack",
    R,
    source="R reference manual, base::qr, argument LAPACK; LAPACK Users' Guide (1999), section 2.4.2 (geqp3)",
    tags=("scale-equivariant", "no-rank-test", *STABLE),
    law="columnwise",
    constant=0.14,
)
def r_qr_lapack(A: Array, b: Array) -> Fit:
    """x (n,) = qr.coef(qr(A, LAPACK = TRUE), b), A (m, n): Householder QR with column pivoting, LAPACK's geqp3.

    No rank test: exactly dependent columns get large coefficients that cancel, unless a pivot is exactly 0. Then it
    raises SingularError, from LAPACK's dtrtrs.
    Source: R reference manual, base::qr."""
    return _ask("list(x = qr.coef(qr(X, LAPACK = TRUE), y))", A, b)


@route(
    "r.solve_normal",
    R,
    source="R reference manual, base::solve, argument tol; Higham (2002), section 20.4",
    tags=("scale-equivariant",),
    law="normal",
    constant=0.7,
    gram="pivoting",
    deficient_answer="refuses",
    cutoff=lambda m, n, eps: float(eps**0.5),
    cutoff_says="refused where LAPACK's estimate of 1/cond(A'A), in the 1-norm, is below eps",
)
def r_solve_normal(A: Array, b: Array) -> Fit:
    """x (n,) = solve(crossprod(A), crossprod(A, b)), A (m, n): the normal equations by LU, LAPACK's gesv.

    Error about 0.7 u cond(A)**2. R looks at the condition of A'A and raises SingularError, "system is computationally
    singular", where it passes 1/eps: of units, too, since no column is scaled.
    Source: R reference manual, base::solve; Higham (2002), section 20.4."""
    return _ask("list(x = solve(crossprod(X), crossprod(X, y)))", A, b)


@route(
    "r.inv",
    R,
    source="R reference manual, base::solve, argument tol; Higham (2002), sections 14.1 and 20.4",
    tags=("scale-equivariant",),
    law="normal",
    constant=1.0,
    gram="inverse",
    deficient_answer="refuses",
    cutoff=lambda m, n, eps: float(eps**0.5),
    cutoff_says="refused where LAPACK's estimate of 1/cond(A'A), in the 1-norm, is below eps",
)
def r_inv(A: Array, b: Array) -> Fit:
    """x (n,) = solve(t(A) %*% A) %*% t(A) %*% b, A (m, n): the formula of the textbooks, typed in.

    Error about u cond(A)**2, at times a thousand times more, and a residual that is not the smallest. Raises
    SingularError as r.solve_normal.
    Source: R reference manual, base::solve; Higham (2002), section 14.1 (inverses), section 20.4."""
    return _ask("list(x = solve(t(X) %*% X) %*% t(X) %*% y)", A, b)

"""Packages for R that fit: MASS with its pseudo-inverse, RcppEigen and RcppArmadillo with fastLm."""

import subprocess
from dataclasses import dataclass
from functools import lru_cache

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.r_routes import COMMAND, DRIVER, blas_of_r
from stabilitylab.libraries.support.programs import doubles, fit, session

PACKAGES = ("MASS", "RcppEigen", "RcppArmadillo")


@lru_cache(maxsize=1)
def _installed() -> dict[str, str]:
    """The packages that R finds: name -> version."""
    names = ", ".join(f'"{name}"' for name in PACKAGES)
    code = f'for (p in c({names})) if (nzchar(system.file(package = p))) cat(p, format(packageVersion(p)), "\\n")'
    try:
        done = subprocess.run([*COMMAND, "-e", code], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return {words[0]: words[1] for line in done.stdout.splitlines() if len(words := line.split()) == 2}


@dataclass(frozen=True, kw_only=True)
class RPackage(Library):
    """A package for R."""

    package: str

    @property
    def missing(self) -> str:
        """What is not here, with the way to get it; "" when all is."""
        if super().missing or self.package in _installed():
            return super().missing
        return f"R has no package {self.package!r}: {self.install}"


def _package(package: str) -> RPackage:
    return RPackage(
        name=package.lower(),
        title=f"{package} (R)",
        package=package,
        programs=("R",),
        install=f"apt install r-cran-{package.lower()}",
        version=lambda: _installed()[package],
        blas_of=blas_of_r,
    )


MASS, EIGEN, ARMADILLO = map(_package, PACKAGES)


def _solved(expression: str, A: Array, b: Array) -> Fit:
    """The Fit of an R expression in X and y whose value is a list with x and other keys of a Fit."""
    m, n = A.shape
    with doubles(A, b) as path:
        return fit(session(COMMAND, DRIVER).ask(f'ask("{path}", {m}L, {n}L, function(X, y) {expression})'))


@route(
    "mass.ginv",
    MASS,
    source="MASS reference manual, ginv; Venables and Ripley, Modern Applied Statistics with S (2002), page 100",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.2,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: float(eps**0.5),
    cutoff_says="singular values up to tol = sqrt(eps), 1.5e-8, times the largest are dropped",
    default=True,
)
def mass_ginv(A: Array, b: Array) -> Fit:
    """x (n,) = ginv(A) %*% b, A (m, n): the pseudo-inverse by an SVD, with a large cut-off.

    Directions below 1.5e-8 of the largest are dropped, of which float64 holds seven digits more, and nothing is
    reported.
    Source: MASS reference manual, ginv, argument tol."""
    return _solved("list(x = MASS::ginv(X) %*% y)", A, b)


@route(
    "rcppeigen.fastLm",
    EIGEN,
    source="RcppEigen reference manual, fastLm; Bates and Eddelbuettel, J. Stat. Software 52 (2013), number 5",
    tags=("scale-equivariant", "normwise-backward-stable"),
    law="columnwise",
    constant=0.11,
    deficient_answer="basic",
    cutoff=lambda m, n, eps: min(m, n) * eps,
    cutoff_says="pivots up to min(m, n) eps times the largest are dropped",
    default=True,
)
def rcppeigen_fast_lm(A: Array, b: Array) -> Fit:
    """x (n,), rank and standard errors of fastLm(A, b), A (m, n): the default method, Eigen's ColPivHouseholderQR.

    The coefficient of a column that is dropped is NA.
    Source: RcppEigen reference manual, fastLm; Bates and Eddelbuettel, J. Stat. Software 52 (2013), section 4."""
    fitted = "l <- RcppEigen::fastLm(X, y); e <- l$se; e[is.na(e)] <- NaN"
    return _solved(f"{{ {fitted}; c(given(l$coefficients), rank = l$rank, standard_errors = list(e)) }}", A, b)


@route(
    "rcpparmadillo.fastLm",
    ARMADILLO,
    source="RcppArmadillo reference manual, fastLm; Armadillo API reference, solve",
    tags=("scale-equivariant", "uncertain-rank"),
    law="columnwise",
    constant=0.13,
    square=("partial-pivoting", 1.0),
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: eps,
    cutoff_says="where LAPACK's estimate of 1/cond(R) is below eps, an SVD with LAPACK's own cut-off is taken instead",
    default=True,
)
def rcpparmadillo_fast_lm(A: Array, b: Array) -> Fit:
    """x (n,) and standard errors of fastLm(A, b), A (m, n): Armadillo's solve, as armadillo.solve.

    Where R is nearly singular it warns, on standard error, and takes an SVD.
    Source: RcppArmadillo reference manual, fastLm, with its source, src/fastLm.cpp."""
    return _solved("{ l <- RcppArmadillo::fastLm(X, y); list(x = l$coefficients, standard_errors = l$stderr) }", A, b)

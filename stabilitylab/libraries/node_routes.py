"""JavaScript's ways to fit, from the npm registry: simple-statistics, regression, and the ml packages, under Node."""

import json
import os
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.library import Library, printed_version
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, doubles, fit, session

FOLDER = "STABILITYLAB_NODE_MODULES"  # names a folder node_modules; NODE_PATH does too
PACKAGES = (
    "simple-statistics",
    "regression",
    "ml-matrix",
    "ml-regression-multivariate-linear",
    "ml-regression-polynomial",
    "ml-regression-simple-linear",
)


def _described(package: str) -> Path | None:
    """The package.json of an installed package."""
    folders = (os.environ.get(FOLDER, ""), *os.environ.get("NODE_PATH", "").split(os.pathsep))
    paths = (Path(folder) / package / "package.json" for folder in folders if folder)
    return next((path for path in paths if path.is_file()), None)


@dataclass(frozen=True, kw_only=True)
class NodeLibrary(Library):
    """Packages for Node."""

    packages: tuple[str, ...]

    @property
    def missing(self) -> str:
        """What is not here, with the way to get it; "" when all is."""
        absent = [
            f"the package {name!r} is not in {FOLDER} or NODE_PATH" for name in self.packages if not _described(name)
        ]
        return super().missing or (f"{'; '.join(absent)}: {self.install}" if absent else "")


def _version() -> str:
    """Node's, and that of each package."""
    described = {name: _described(name) for name in PACKAGES}
    versions = {name: json.loads(path.read_text("utf-8"))["version"] for name, path in described.items() if path}
    return ", ".join([printed_version(("node", "--version")), *(f"{name} {v}" for name, v in versions.items())])


NODE = NodeLibrary(
    name="node",
    title="Node.js packages",
    programs=("node",),
    packages=PACKAGES,
    install=f"npm install {' '.join(PACKAGES)}",
    version=_version,
)

DRIVER = """
const { readFileSync } = require("fs");
const need = (name) => require(require.resolve(name, { paths: [process.env.FOLDER || "."] }));
const answer = ([path, m, p, code]) => {
  const v = new Float64Array(new Uint8Array(readFileSync(path)).buffer);
  const X = Array.from({ length: m }, (_, i) => Array.from({ length: p }, (_, j) => v[j * m + i]));
  const found = new Function("need", "X", "y", "return " + code)(need, X, Array.from(v.slice(m * p)));
  for (const key in found) console.log(key + ": " + [found[key]].flat().join(" "));
};
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  try {
    if (line) answer(JSON.parse(line));
  } catch (problem) {
    console.log("error: " + problem.message.replaceAll("\\n", " "));
  }
  console.log("END");
});
""".replace("FOLDER", FOLDER).replace("END", END)


PAIRS, ML = "X.map((row, i) => [row[0], y[i]])", 'need("ml-matrix")'


def _ask(code: str, X: Array, y: Array) -> Fit:
    """The Fit of a JavaScript expression in `need`, X (rows) and y: an object with x and other keys of a Fit."""
    with doubles(X, y) as path:
        question = json.dumps([path, *X.shape, code])
        return fit(session(("node", "driver.js"), files={"driver.js": DRIVER}).ask(question))


NAN = "a quotient of zeros gives NaN, without a warning"
ROUNDS = "by default coefficients are rounded to two decimals"


@route(
    "node.simple_statistics",
    NODE,
    source="simple-statistics documentation and src/linear_regression.js",
    tags=("columnwise-backward-stable", "normwise-backward-stable"),
    call_form="line",
    centred="means",
    fails={"has_a_stated_answer_to_singular_data": NAN},
    default=True,
)
def node_simple_statistics(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = linearRegression(data) of simple-statistics, data of pairs of x and y (m,).

    Two passes: means, then sums of products of deviations, plainly summed. Over a constant x both are NaN.
    Source: simple-statistics documentation, linearRegression; its source, src/linear_regression.js."""
    fitted = f'need("simple-statistics").linearRegression({PAIRS})'
    return _ask(f"(({{ m, b }}) => ({{ x: [b, m] }}))({fitted})", x[:, None], y)


@route(
    "node.regression_linear",
    NODE,
    source="regression documentation and src/regression.js",
    tags=("no-rank-test",),
    call_form="line",
    fails={"agrees_with_the_exact_solution": ROUNDS},
)
def node_regression_linear(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = linear(data) of regression, data of pairs of x and y (m,), with R².

    Sums of squares and products less products of sums, in one pass; then the slope, the intercept that goes with the
    rounded slope, and R² are rounded to two decimals. Over a constant x the slope is 0 where the difference of sums is.
    Source: regression documentation, option precision; its source, src/regression.js."""
    return _regression("linear", x, y, "{}")


@route(
    "node.regression_polynomial",
    NODE,
    source="regression documentation and src/regression.js",
    call_form="polynomial",
    fails={"agrees_with_the_exact_solution": ROUNDS, "has_a_stated_answer_to_singular_data": NAN},
)
def node_regression_polynomial(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = polynomial(data) of regression with option order, and R².

    The normal equations by elimination with column pivoting; then coefficients and R² are rounded to two decimals,
    which leaves nothing of a coefficient below 0.005.
    Source: regression documentation, option precision; its source, src/regression.js."""
    return _regression("polynomial", x, y, f"{{ order: {degree} }}")


@route(
    "node.regression_polynomial_precision",
    NODE,
    source="regression documentation and src/regression.js",
    call_form="polynomial",
    fails={"has_a_stated_answer_to_singular_data": NAN},
)
def node_regression_polynomial_precision(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = polynomial(data) of regression with options order and precision 16.

    As node.regression_polynomial, rounded to sixteen decimals: digits of small coefficients are still lost to that, and
    those of the others to the normal equations.
    Source: regression documentation, option precision; its source, src/regression.js."""
    return _regression("polynomial", x, y, f"{{ order: {degree}, precision: 16 }}")


def _regression(method: str, x: Array, y: Array, options: str) -> Fit:
    fitted = f'need("regression").{method}({PAIRS}, {options})'
    return _ask(f"(({{ equation, r2 }}) => ({{ x: equation.reverse(), r_squared: r2 }}))({fitted})", x[:, None], y)


@route(
    "node.ml_matrix_solve",
    NODE,
    source="ml-matrix documentation and src/dc/qr.js; Higham (2002), section 20.2",
    tags=("scale-equivariant", "no-rank-test"),
    law="columnwise",
    constant=0.15,
)
def node_ml_matrix_solve(A: Array, b: Array) -> Fit:
    """x (n,) = solve(A, b) of ml-matrix, A (m, n): Householder QR without pivoting, as in JAMA; LU where A is square.

    Columnwise backward stable, but for square A, where the growth of LU with partial pivoting counts. No rank test:
    refuses only a diagonal that is exactly 0, and an exactly dependent column mostly leaves another there.
    Source: ml-matrix documentation, solve; its source, src/decompositions.js and src/dc/qr.js."""
    return _matrix("solve(A, b)", A, b)


@route(
    "node.ml_matrix_solve_svd",
    NODE,
    source="ml-matrix documentation and src/dc/svd.js",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.33,
    untriangled=True,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * 2.0**-53,
    cutoff_says="singular values up to max(m, n) 2**-53 times the largest are dropped",
)
def node_ml_matrix_solve_svd(A: Array, b: Array) -> Fit:
    """x (n,) = solve(A, b, true) of ml-matrix, A (m, n): JAMA's SVD.

    The pseudo-inverse is formed and multiplied with b, so that the residual is off by u cond(A). What is dropped is
    dropped without a warning.
    Source: ml-matrix documentation, solve, argument useSVD; its source, src/dc/svd.js."""
    return _matrix("solve(A, b, true)", A, b)


@route(
    "node.ml_matrix_pinv",
    NODE,
    source="ml-matrix documentation and src/pseudoInverse.js",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.33,
    untriangled=True,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: max(m, n) * 2.0**-52,
    cutoff_says="singular values up to max(m, n) 2**-52 times the largest are dropped",
)
def node_ml_matrix_pinv(A: Array, b: Array) -> Fit:
    """x (n,) = pseudoInverse(A).mmul(b) of ml-matrix, A (m, n): as node.ml_matrix_solve_svd, with twice the cut-off.

    Source: ml-matrix documentation, pseudoInverse; its source, src/pseudoInverse.js."""
    return _matrix("pseudoInverse(A).mmul(b)", A, b)


def _matrix(expression: str, A: Array, b: Array) -> Fit:
    function = f"({{ solve, pseudoInverse }}, A, b) => ({{ x: {expression}.to1DArray() }})"
    return _ask(f"(({{ Matrix, ...ml }}) => ({function})(ml, new Matrix(X), Matrix.columnVector(y)))({ML})", A, b)


@route(
    "node.ml_regression",
    NODE,
    source="ml-regression-multivariate-linear documentation and src/index.js",
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: sqrt(n * 2.0**-53),
    cutoff_says="singular values of A'A up to n 2**-53 times the largest are dropped: of A, up to the root of that",
    call_form="columns",
)
def node_ml_regression(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients and standard errors of MultivariateLinearRegression(X, y) with option intercept, X (m, p).

    The normal equations of [X 1] by an inverse of A'A from JAMA's SVD. Directions that the inverse leaves out are
    dropped without a warning: columns in units far apart lose the shorter one long before they are dependent.
    Source: ml-regression-multivariate-linear documentation; its source, src/index.js."""
    options = f"{{ intercept: {'true' if intercept else 'false'} }}"
    made = f'new (need("ml-regression-multivariate-linear"))(X, y.map((v) => [v]), {options})'
    ordered = "[v.at(-1), ...v.slice(0, -1)]" if intercept else "v"
    return _ask(
        "((order, { weights, stdErrors }) => ({ x: order(weights), standard_errors: order(stdErrors) }))"
        f"((v) => {ordered}, {made})",
        X,
        y,
    )


@route(
    "node.ml_regression_polynomial",
    NODE,
    source="ml-regression-polynomial documentation and src/index.ts",
    tags=("no-rank-test",),
    law="normal",
    constant=1.0,
    call_form="polynomial",
)
def node_ml_regression_polynomial(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... = new PolynomialRegression(x, y, degree).coefficients, x and y (m,).

    The normal equations, solved by ml-matrix, LU with partial pivoting. Refuses a pivot that is exactly 0.
    Source: ml-regression-polynomial documentation; its source, src/index.ts."""
    made = f'new (need("ml-regression-polynomial").PolynomialRegression)(X.flat(), y, {degree})'
    return _ask(f"{{ x: {made}.coefficients }}", x[:, None], y)


@route(
    "node.ml_regression_simple_linear",
    NODE,
    source="ml-regression-simple-linear documentation and src/index.ts",
    law="normal",
    constant=1.0,
    call_form="line",
    fails={"has_a_stated_answer_to_singular_data": NAN},
)
def node_ml_regression_simple_linear(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) = new SimpleLinearRegression(x, y).coefficients, x and y (m,).

    Sums of squares and products less products of sums, in one pass: the digits of the normal equations. Over a constant
    x NaN, or where the differences of sums are not 0 a slope that means nothing.
    Source: ml-regression-simple-linear documentation; its source, src/index.ts."""
    made = 'new (need("ml-regression-simple-linear").SimpleLinearRegression)(X.flat(), y)'
    return _ask(f"{{ x: {made}.coefficients }}", x[:, None], y)

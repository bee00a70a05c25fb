"""Apache Commons Math's ways to fit, from Java: four regressions, a curve fitter, and decompositions as solvers."""

import os
import re
import zipfile

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.blas import NONE
from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route
from stabilitylab.libraries.support.programs import END, doubles, fit, session

JAR = os.environ.get("STABILITYLAB_COMMONS_MATH", "/usr/share/java/commons-math3.jar")


def _version() -> str:
    with zipfile.ZipFile(JAR) as jar:
        properties = jar.read("META-INF/maven/org.apache.commons/commons-math3/pom.properties").decode()
    match = re.search(r"^version=(\S+)", properties, re.MULTILINE)
    return match[1] if match else "unknown"


COMMONS_MATH = Library(
    name="commons_math",
    title="Apache Commons Math",
    programs=("java",),
    files=(JAR,),
    install="apt install default-jdk-headless libcommons-math3-java, or name the jar in STABILITYLAB_COMMONS_MATH",
    version=_version,
    blas_of=lambda: NONE,  # loops in Java
)

COMMAND = ("java", "-XX:-UsePerfData", "-cp", JAR, "Driver.java")
# Double.toString gives as many digits as it takes to get the same double back.
DRIVER = """
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.math3.fitting.PolynomialCurveFitter;
import org.apache.commons.math3.fitting.WeightedObservedPoints;
import org.apache.commons.math3.linear.*;
import org.apache.commons.math3.stat.regression.*;

class Driver {
  static double[][] X;
  static double[] y;

  public static void main(String[] args) throws Exception {
    BufferedReader questions = new BufferedReader(new InputStreamReader(System.in));
    for (String question; (question = questions.readLine()) != null; ) {
      try {
        if (!question.isEmpty()) answer(question.split(" "));
      } catch (Exception problem) {
        String name = problem.getClass().getSimpleName();
        System.out.println("error: " + name + ": " + String.valueOf(problem.getMessage()).replace("\\n", " "));
      }
      System.out.println("END");
    }
  }

  static void answer(String[] asked) throws Exception {
    int m = Integer.parseInt(asked[2]), p = Integer.parseInt(asked[3]), with = Integer.parseInt(asked[4]);
    byte[] data = Files.readAllBytes(Path.of(asked[1]));
    DoubleBuffer doubles = ByteBuffer.wrap(data).order(ByteOrder.nativeOrder()).asDoubleBuffer();
    X = new double[m][p];
    y = new double[m];
    for (int j = 0; j < p; j++) for (int i = 0; i < m; i++) X[i][j] = doubles.get();
    doubles.get(y);
    switch (asked[0]) {
      case "echo": say("x", y); say("standard_errors", new Array2DRowRealMatrix(X).getColumn(0)); break;
      case "ols": ols(with == 1); break;
      case "miller": miller(with == 1); break;
      case "simple": simple(); break;
      case "polynomial": polynomial(with); break;
      case "qr": solve(new QRDecomposition(new Array2DRowRealMatrix(X)).getSolver()); break;
      case "rrqr": solve(new RRQRDecomposition(new Array2DRowRealMatrix(X)).getSolver()); break;
      case "svd": svd(new SingularValueDecomposition(new Array2DRowRealMatrix(X))); break;
    }
  }

  static void ols(boolean intercept) {
    OLSMultipleLinearRegression regression = new OLSMultipleLinearRegression();
    regression.setNoIntercept(!intercept);
    regression.newSampleData(y, X);
    say("x", regression.estimateRegressionParameters());
    say("r_squared", regression.calculateRSquared());
    try {
      say("standard_errors", regression.estimateRegressionParametersStandardErrors());
    } catch (SingularMatrixException problem) {
      System.out.println("warning: no standard errors: " + problem.getMessage());
    }
  }

  static void miller(boolean intercept) {
    MillerUpdatingRegression regression = new MillerUpdatingRegression(X[0].length, intercept);
    regression.addObservations(X, y);
    RegressionResults found = regression.regress();
    double[] x = found.getParameterEstimates();
    int[] dropped = IntStream.range(0, x.length).filter(j -> Double.isNaN(x[j])).toArray();
    for (int j : dropped) x[j] = 0;
    say("x", x);
    System.out.println("dropped:" + Arrays.stream(dropped).mapToObj(j -> " " + j).collect(Collectors.joining()));
    say("standard_errors", found.getStdErrorOfEstimates());
    say("r_squared", found.getRSquared());
  }

  static void simple() {
    SimpleRegression regression = new SimpleRegression();
    for (int i = 0; i < y.length; i++) regression.addData(X[i][0], y[i]);
    say("x", regression.getIntercept(), regression.getSlope());
    say("standard_errors", regression.getInterceptStdErr(), regression.getSlopeStdErr());
    say("r_squared", regression.getRSquare());
  }

  static void polynomial(int degree) {
    WeightedObservedPoints points = new WeightedObservedPoints();
    for (int i = 0; i < y.length; i++) points.add(X[i][0], y[i]);
    say("x", PolynomialCurveFitter.create(degree).fit(points.toList()));
  }

  static void svd(SingularValueDecomposition factors) {
    solve(factors.getSolver());
    System.out.println("rank: " + factors.getRank());
  }

  static void solve(DecompositionSolver solver) {
    say("x", solver.solve(new ArrayRealVector(y)).toArray());
  }

  static void say(String key, double... values) {
    StringBuilder line = new StringBuilder(key + ":");
    for (double value : values) line.append(" ").append(value);
    System.out.println(line);
  }
}
""".replace("END", END)


def _ask(call: str, X: Array, y: Array, parameter: int = 0) -> Fit:
    m, p = X.shape
    with doubles(X, y) as path:
        output = session(COMMAND, files={"Driver.java": DRIVER}).ask(f"{call} {path} {m} {p} {parameter}")
    return fit(output.replace("Infinity", "inf"))


STABLE = ("columnwise-backward-stable", "normwise-backward-stable")


@route(
    "commons_math.ols",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class OLSMultipleLinearRegression; Higham (2002), section 20.2",
    tags=("no-rank-test", *STABLE),
    law="columnwise",
    constant=0.16,
    call_form="columns",
    default=True,
)
def commons_math_ols(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients by OLSMultipleLinearRegression, with standard errors and R², X (m, p).

    Householder QR, columns in the given order. No rank test: exactly dependent columns get large coefficients that
    cancel, or a SingularMatrixException where a pivot is exactly 0. The standard errors come from an inverse of R by
    elimination that takes any pivot below 1e-11 for 0, whatever the units: there are none then, and a warning here.
    Raises RejectedError, "not enough data", for m <= n.
    Source: Apache Commons Math 3.6.1, class OLSMultipleLinearRegression; Higham (2002), section 20.2."""
    return _ask("ols", X, y, int(intercept))


@route(
    "commons_math.miller",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class MillerUpdatingRegression; Miller, Appl. Statist. 41 (1992) 458-478",
    tags=(*STABLE, "no-rank-test"),
    call_form="columns",
    centred="rotations",
)
def commons_math_miller(X: Array, y: Array, intercept: bool) -> Fit:
    """Coefficients by MillerUpdatingRegression, with standard errors and R², X (m, p).

    Row by row, by planar rotations without square roots; against a column of ones they are the updating of means, so
    that the distance from 0 of a regressor costs little. A column whose part orthogonal to those before it comes out as
    exactly 0 gets NaN; one that is their sum hardly ever does, and then its coefficient is arbitrary. Raises
    RejectedError, "not enough data", for m <= n.
    Source: Apache Commons Math 3.6.1, class MillerUpdatingRegression; Miller, Appl. Statist. 41 (1992) 458-478."""
    return _ask("miller", X, y, int(intercept))


@route(
    "commons_math.simple",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class SimpleRegression; Chan, Golub and LeVeque (1983)",
    tags=("no-rank-test",),
    fails={"has_a_stated_answer_to_singular_data": "where all x are equal both are NaN, as its reference says"},
    call_form="line",
    centred="means",
)
def commons_math_simple(x: Array, y: Array) -> Fit:
    """Intercept and slope (2,) by SimpleRegression, with standard errors and R², x and y (m,).

    One pass: means and sums of products of deviations by updating, point by point.
    Source: Apache Commons Math 3.6.1, class SimpleRegression; Chan, Golub and LeVeque, Amer. Statist. 37 (1983)
    242-247."""
    return _ask("simple", x[:, None], y)


@route(
    "commons_math.polynomial",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class PolynomialCurveFitter; Moré, Lecture Notes in Math. 630 (1978) 105-116",
    tags=("residual-optimal",),
    call_form="polynomial",
    iterative=True,
)
def commons_math_polynomial(x: Array, y: Array, degree: int) -> Fit:
    """Coefficients (degree+1,) of 1, x, x**2, ... by PolynomialCurveFitter.create(degree).fit, x and y (m,).

    Levenberg and Marquardt's iteration after MINPACK, from all coefficients 0; each step by QR with column pivoting.
    Too few distinct x give one of the solutions, without a warning.
    Source: Apache Commons Math 3.6.1, class PolynomialCurveFitter; Moré, Lecture Notes in Math. 630 (1978) 105-116."""
    return _ask("polynomial", x[:, None], y, degree)


@route(
    "commons_math.qr",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class QRDecomposition; Higham (2002), section 20.2",
    tags=("scale-equivariant", "no-rank-test", *STABLE),
    law="columnwise",
    constant=0.16,
)
def commons_math_qr(A: Array, b: Array) -> Fit:
    """x (n,) = new QRDecomposition(A).getSolver().solve(b), A (m, n): Householder QR, columns as they come.

    Raises SingularError where a pivot is exactly 0; otherwise exactly dependent columns get large coefficients.
    Source: Apache Commons Math 3.6.1, class QRDecomposition; Higham (2002), section 20.2."""
    return _ask("qr", A, b)


@route(
    "commons_math.rrqr",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class RRQRDecomposition; Higham (2002), section 20.2",
    tags=("scale-equivariant", "no-rank-test", *STABLE),
    law="columnwise",
    constant=0.15,
)
def commons_math_rrqr(A: Array, b: Array) -> Fit:
    """x (n,) = new RRQRDecomposition(A).getSolver().solve(b), A (m, n): Householder QR with column pivoting.

    The rank that it reveals is not used: it raises SingularError where a pivot is exactly 0, as commons_math.qr.
    Source: Apache Commons Math 3.6.1, class RRQRDecomposition."""
    return _ask("rrqr", A, b)


@route(
    "commons_math.svd",
    COMMONS_MATH,
    source="Apache Commons Math 3.6.1, class SingularValueDecomposition",
    tags=("scale-equivariant",),
    law="normwise",
    constant=0.19,
    untriangled=True,
    deficient_answer="minimum-norm",
    cutoff=lambda m, n, eps: m * eps,
    cutoff_says="singular values up to m eps times the largest are dropped",
)
def commons_math_svd(A: Array, b: Array) -> Fit:
    """x (n,) = new SingularValueDecomposition(A).getSolver().solve(b), and the rank, A (m, n).

    The code is JAMA's. Directions are dropped without a warning: only the returned rank shows it.
    Source: Apache Commons Math 3.6.1, class SingularValueDecomposition."""
    return _ask("svd", A, b)

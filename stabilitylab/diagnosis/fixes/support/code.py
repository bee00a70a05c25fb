"""Lines of a program that make a call of a library on changed columns, in the person's own names.

A name out of a table is written as a literal of the language, never as code. Where the syntax of a route is not known,
the lines prepare the columns, and say in a comment that the same call follows.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from stabilitylab.bench import Route
from stabilitylab.diagnosis.fixes.support.case import Case
from stabilitylab.diagnosis.fixes.support.literals import in_r, literal
from stabilitylab.diagnosis.fixes.support.reading import reading

# Of routes of Python: what is imported, and the call on A, with its column of ones, or X without, y, t and degree.
CALLS: Mapping[str, tuple[str, str]] = {
    "numpy.lstsq": ("", "x = np.linalg.lstsq(A, y)[0]"),
    "numpy.lstsq_rcond0": ("", "x = np.linalg.lstsq(A, y, rcond=0)[0]"),
    "numpy.pinv": ("", "x = np.linalg.pinv(A) @ y"),
    "numpy.solve_normal": ("", "x = np.linalg.solve(A.T @ A, A.T @ y)"),
    "numpy.inv": ("", "x = np.linalg.inv(A.T @ A) @ A.T @ y"),
    "numpy.polyfit": ("", "x = np.polyfit(t, y, {degree}{roots})[::-1]"),
    "numpy.Polynomial": ("", "x = np.polynomial.Polynomial.fit(t, y, {degree}).convert().coef"),
    "numpy.Chebyshev": (
        "",
        "x = np.polynomial.Chebyshev.fit(t, y, {degree}).convert(kind=np.polynomial.Polynomial).coef",
    ),
    "scipy.lstsq_gelsd": ("import scipy.linalg", "x = scipy.linalg.lstsq(A, y)[0]"),
    "scipy.lstsq_gelsy": ("import scipy.linalg", 'x = scipy.linalg.lstsq(A, y, lapack_driver="gelsy")[0]'),
    "scipy.lstsq_gelss": ("import scipy.linalg", 'x = scipy.linalg.lstsq(A, y, lapack_driver="gelss")[0]'),
    "scipy.lsq_linear": ("import scipy.optimize", "x = scipy.optimize.lsq_linear(A, y).x"),
    "scipy.lsqr": ("import scipy.sparse.linalg", "x = scipy.sparse.linalg.lsqr(A, y)[0]"),
    "scipy.lsmr": ("import scipy.sparse.linalg", "x = scipy.sparse.linalg.lsmr(A, y)[0]"),
    "scipy.linregress": (
        "import scipy.stats",
        "line = scipy.stats.linregress(t, y)\nx = np.array([line.intercept, line.slope])",
    ),
    "sklearn.LinearRegression": (
        "from sklearn.linear_model import LinearRegression",
        "model = LinearRegression(fit_intercept={intercept}).fit(X, y{sample_weight})\n{x}",
    ),
    "sklearn.LinearRegression_tol0": (
        "from sklearn.linear_model import LinearRegression",
        "model = LinearRegression(fit_intercept={intercept}, tol=0).fit(X, y{sample_weight})\n{x}",
    ),
    "sklearn.Ridge0_svd": (
        "from sklearn.linear_model import Ridge",
        'model = Ridge(alpha=0, solver="svd", fit_intercept={intercept}, random_state=0).fit(X, y{sample_weight})\n{x}',
    ),
    "sklearn.Ridge0_cholesky": (
        "from sklearn.linear_model import Ridge",
        'model = Ridge(alpha=0, solver="cholesky", fit_intercept={intercept}, random_state=0)'
        ".fit(X, y{sample_weight})\n{x}",
    ),
    "statsmodels.OLS": ("import statsmodels.api as sm", "x = sm.OLS(y, A).fit().params"),
    "statsmodels.OLS_qr": ("import statsmodels.api as sm", 'x = sm.OLS(y, A).fit(method="qr").params'),
    "statsmodels.WLS": ("import statsmodels.api as sm", "x = sm.WLS(y, A{weights}).fit().params"),
}
WEIGHTED = ("{weights}", "{sample_weight}", "{roots}")  # where the weights of a call are written
R_CALLS: Mapping[str, str] = {
    "r.lm": "x <- coef(lm(y ~ {X}{weights}))",
    "r.lm_tol": "x <- coef(lm(y ~ {X}{weights}, tol = 1e-12))",
    "r.lm_fit": "x <- lm.fit({A}, y)$coefficients",
    "r.qr_solve": "x <- qr.solve({A}, y)",
    "r.qr_lapack": "x <- qr.coef(qr({A}, LAPACK = TRUE), y)",
    "r.solve_normal": "x <- solve(crossprod({A}), crossprod({A}, y))",
}


class Language(ABC):
    """How columns, and what is computed of them, are written. keeps_integers: int64 columns stay whole numbers."""

    keeps_integers: bool

    @abstractmethod
    def column(self, name: str) -> str:
        """A column of the table."""

    @abstractmethod
    def first(self, name: str) -> str:
        """Its first number."""

    @abstractmethod
    def mean(self, name: str) -> str:
        """Its mean."""

    @abstractmethod
    def sd(self, name: str) -> str:
        """Its standard deviation over m."""

    @abstractmethod
    def moved(self, j: int, by: str) -> str:
        """The line that takes by times coefficient j off the intercept."""

    @abstractmethod
    def divided(self, j: int, by: str) -> str:
        """The line that divides coefficient j."""

    @abstractmethod
    def written(self, case: Case, entry: Route | None) -> str:
        """The call of a route as it is typed; "" where its syntax is not known."""

    @abstractmethod
    def call(self, case: Case, columns: Mapping[str, str], entry: Route | None = None) -> list[str]:
        """The lines that load the table, and call a route on columns written so: their names to their expressions."""


class Python(Language):
    """NumPy, and libraries that take its arrays; d holds the columns of the table df."""

    keeps_integers = True

    def column(self, name: str) -> str:
        """One of `d`."""
        return f"d[{literal(name)}]"

    def first(self, name: str) -> str:
        """Its first number."""
        return f"d[{literal(name)}][0]"

    def mean(self, name: str) -> str:
        """Its mean."""
        return f"d[{literal(name)}].mean()"

    def sd(self, name: str) -> str:
        """Its standard deviation over m."""
        return f"d[{literal(name)}].std()"

    def moved(self, j: int, by: str) -> str:
        """On `x`, counted from 0."""
        return f"x[0] -= {by} * x[{j}]"

    def divided(self, j: int, by: str) -> str:
        """On `x`, counted from 0."""
        return f"x[{j}] /= {by}"

    def call(self, case: Case, columns: Mapping[str, str], entry: Route | None = None) -> list[str]:
        """The whole program."""
        entry = entry or case.entry
        if case.columns is None:
            changed = [f"df[{literal(name)}] = {written}" for name, written in columns.items()]
            return [*self.loaded(case), *changed, "# x: the coefficients of the same call as before, on df"]
        return [*self.loaded(case, self.imports(case, entry)), *self.called(case, columns, entry)]

    def imports(self, case: Case, entry: Route | None = None) -> list[str]:
        """What the lines of a call import."""
        entry = entry or case.entry
        imports, _ = CALLS.get("" if entry is None else entry.label.name, ("", ""))
        return ["import numpy as np", *filter(None, [imports])]

    def loaded(self, case: Case, imports: Sequence[str] = ("import numpy as np",), kind: str = "") -> list[str]:
        """Imports, the table df where it is known how it is read, and its columns as arrays; kind: of their numbers."""
        table, names = case.question.table, [*case.problem.regressors, case.problem.response]
        if case.question.weights_name:
            names.append(case.question.weights_name)
        of = f", dtype={kind}" if kind else ""
        return [
            *imports,
            *reading(table, names),
            f"d = {{name: np.asarray(df[name]{of}) for name in [{', '.join(map(literal, names))}]}}",
        ]

    def _as_floats(self, case: Case, name: str) -> str:
        """A column as it is: where nothing else makes floats of whole numbers, powers and products would overflow."""
        if (case.problem.design.intercept and (case.degree or 0) < 2) or not case.is_integral(name):
            return self.column(name)
        return f"np.asarray({self.column(name)}, dtype=float)"

    def called(self, case: Case, columns: Mapping[str, str], entry: Route | None) -> list[str]:
        """The lines of the call alone."""
        design, y = case.problem.design, self.column(case.problem.response)
        degree, call = design.degree, self.written(case, entry)
        form = "matrix" if entry is None else entry.label.call_form
        written = [columns.get(one) or self._as_floats(case, one) for one in case.columns or ()]
        lines = [f"y = {columns.get(case.problem.response, y)}"]
        if degree is not None and (degree > 1 or form in ("line", "polynomial")):
            lines.append(f"t = {written[0]}")
            if form == "matrix":
                lines.append(f"A = np.vander(t, {degree + 1}, increasing=True)")
            elif form == "columns":
                lines.append(f"X = np.vander(t, {degree + 1}, increasing=True)[:, 1:]")
        elif form == "columns":
            lines.append(f"X = np.column_stack([{', '.join(written)}])")
        else:
            typed = "np.ones(len(y))" if case.problem.dtype == "float64" else "np.ones_like(y)"
            ones = [typed] if design.intercept else []
            lines.append(f"A = np.column_stack([{', '.join([*ones, *written])}])")
        if not call:
            of = {"columns": "X, y", "line": "t, y", "polynomial": f"t, y, {degree}"}.get(form, "A, y")
            return [*lines, f"# x: the coefficients of the same call as before, on {of}"]
        return [*lines, *call.split("\n")]

    def written(self, case: Case, entry: Route | None) -> str:
        """On A, X or t, and y."""
        design = case.problem.design
        _, call = CALLS.get("" if entry is None else entry.label.name, ("", ""))
        w = self.column(case.question.weights_name) if case.question.weights is not None else ""
        if w and not any(slot in call for slot in WEIGHTED):
            return ""
        return call.format(
            degree=design.degree,
            intercept=design.intercept,
            x=f"x = {'np.append(model.intercept_, model.coef_)' if design.intercept else 'model.coef_'}",
            sample_weight=f", sample_weight={w}" if w else "",
            weights=f", weights={w}" if w else "",
            roots=f", w=np.sqrt({w})" if w else "",
        )


class R(Language):
    """R, whose numbers are doubles; df is the data frame."""

    keeps_integers = False

    def column(self, name: str) -> str:
        """One of `df`."""
        return f"df[[{in_r(name)}]]"

    def first(self, name: str) -> str:
        """Its first number."""
        return f"df[[{in_r(name)}]][1]"

    def mean(self, name: str) -> str:
        """Its mean."""
        return f"mean(df[[{in_r(name)}]])"

    def sd(self, name: str) -> str:
        """Its standard deviation over m."""
        return f"sqrt(mean((df[[{in_r(name)}]] - mean(df[[{in_r(name)}]]))^2))"

    def moved(self, j: int, by: str) -> str:
        """On `x`, counted from 1."""
        return f"x[1] <- x[1] - {by} * x[{j + 1}]"

    def divided(self, j: int, by: str) -> str:
        """On `x`, counted from 1."""
        return f"x[{j + 1}] <- x[{j + 1}] / {by}"

    def call(self, case: Case, columns: Mapping[str, str], entry: Route | None = None) -> list[str]:
        """The whole program."""
        entry, design = entry or case.entry, case.problem.design
        if case.columns is None:
            changed = [f"{self.column(name)} <- {written}" for name, written in columns.items()]
            return [*changed, "# x: the coefficients of the same call as before, on df"]
        y = columns.get(case.problem.response, self.column(case.problem.response))
        written = [columns.get(one, self.column(one)) for one in case.columns]
        if design.degree is not None and design.degree > 1:
            written = [f"outer({written[0]}, 1:{design.degree}, `^`)"]
        X = f"cbind({', '.join(written)})"
        call = self.written(case, entry) or "# x: the coefficients of the same call as before, on X and y"
        return [f"y <- {y}", f"X <- {X}", call]

    def written(self, case: Case, entry: Route | None) -> str:
        """On X, without a column of ones, and y."""
        call, ones = R_CALLS.get("" if entry is None else entry.label.name, ""), case.problem.design.intercept
        w = self.column(case.question.weights_name) if case.question.weights is not None else ""
        if w and "{weights}" not in call:
            return ""
        weights = f", weights = {w}" if w else ""
        return call.format(X="X" if ones else "X - 1", A="cbind(1, X)" if ones else "X", weights=weights)


def language_of(entry: Route | None) -> Language:
    """That of a route's library: R, or Python for all others."""
    return R() if entry is not None and entry.label.name.partition(".")[0] == "r" else Python()


def number(value: float) -> str:
    """A double that both languages read back bit for bit."""
    return repr(float(value))


def program(lines: Sequence[str]) -> str:
    """Lines as one text."""
    return "\n".join(lines)

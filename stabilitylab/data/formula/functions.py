"""The functions of a formula that make numbers of numbers, each as terms of a design."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from stabilitylab.core.errors import StabilityLabError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.data.arithmetic import Calculated, Constant
from stabilitylab.data.formula.columns import Known
from stabilitylab.data.formula.syntax import Binary, Call, Name, Node, Number, Unary
from stabilitylab.data.logarithms import Log1p, Log2, Log10
from stabilitylab.data.polynomial import OrthogonalPolynomial
from stabilitylab.data.terms import Centred, Column, Elapsed, Exp, Log, Power, Scaled, Sqrt, Term

LARGEST = 100  # of powers and degrees
MODULES = ("np.", "numpy.", "math.", "stats::", "patsy.")
TRUE, FALSE = ("TRUE", "True", "T", "true"), ("FALSE", "False", "F", "false")


@dataclass(frozen=True)
class Numbers:
    """A variable of a formula that is numbers: its terms, several where one function makes several (raw powers).

    text: how it is written.
    """

    terms: tuple[Term, ...]
    text: str

    def features(self, *, full: bool) -> tuple[Term, ...]:
        """Its terms; nothing of numbers is coded in two ways."""
        return self.terms


SIMPLE: Mapping[str, Callable[[Term], Term]] = {
    "log": Log,
    "log2": Log2,
    "log10": Log10,
    "log1p": Log1p,
    "exp": Exp,
    "sqrt": Sqrt,
    "center": Centred,
    "centred": Centred,
    "elapsed": Elapsed,
}
OTHERS = ("I", "poly", "scale", "standardize", "C", "factor", "relevel", "Q")
ALIASES = {"as.factor": "factor", "ln": "log", "centered": "center", "centre": "center", "as.numeric": "I"}
LISTED = (*SIMPLE, *OTHERS)


def name_of(call: Call) -> str:
    """The name of a function without the module in front of it, and by one name of several."""
    name = call.function
    for module in MODULES:
        name = name.removeprefix(module)
    return ALIASES.get(name, name)


def numbers_of_call(call: Call, known: Known) -> Numbers:
    """The variable that a function makes. Raises InputError, with the place; UnknownNameError for a function."""
    name = name_of(call)
    if name == "poly":
        return _poly(call, known)
    if name == "offset":
        raise known.error(call, "a term whose coefficient is fixed at 1 is none here: subtract it from the response")
    (inner, text) = _one(call, known)
    if name == "I":
        return Numbers((inner,), f"I({text})")
    if name == "scale":
        return Numbers((Scaled(Centred(inner), known.rules.divisor),), f"scale({text})")
    if name == "standardize":
        return Numbers((Scaled(Centred(inner), "population sd"),), f"standardize({text})")
    return Numbers((SIMPLE[name](inner),), f"{name}({text})")


def refuse_unknown(call: Call, known: Known) -> None:
    """Raise UnknownNameError, with similar names and the list, for a function that there is not."""
    name = name_of(call)
    if name not in LISTED and name != "offset":
        hint = did_you_mean(name, LISTED, plural="functions", few=40)
        says = f"no function is named {call.function!r} here, and nothing is evaluated: {hint}; or make a column of it"
        raise known.source.error(call.start, call.start + len(call.function), says, UnknownNameError)


def numbers_of(node: Node, known: Known) -> tuple[Term, str]:
    """A term of one feature, by + - * / ^ and functions of columns, and how it is written."""
    if isinstance(node, Name):
        name = known.column(node, numbers=True)
        return Column(name), known.written(name)
    if isinstance(node, Number):
        return _constant(node, known)
    if isinstance(node, Unary):
        if isinstance(node.operand, Number) and node.operator == "-":
            return _constant(node.operand, known, "-")
        term, text = numbers_of(node.operand, known)
        return (Calculated(Constant("-1"), "*", term), f"-{_inner(text)}") if node.operator == "-" else (term, text)
    if isinstance(node, Binary):
        return _operation(node, known)
    refuse_unknown(node, known)
    if name_of(node) == "Q":
        name = known.quoted(node, numbers=True)
        return Column(name), known.written(name)
    if name_of(node) in ("C", "factor", "relevel"):
        raise known.error(node, "a category is no number: give it a term of its own, outside this function")
    variable = numbers_of_call(node, known)
    if len(variable.terms) != 1 or isinstance(variable.terms[0], OrthogonalPolynomial):
        raise known.error(
            node, "poly is several features, and stands outside other functions: write I(x^2) in its place"
        )
    return variable.terms[0], variable.text


def _operation(node: Binary, known: Known) -> tuple[Term, str]:
    if node.operator == "^":
        term, text = numbers_of(node.left, known)
        degree = whole(node.right, known, "the power")
        return Power(term, degree), f"{_inner(text)}^{degree}"
    if node.operator not in ("+", "-", "*", "/"):
        says = (
            f"{node.operator!r} is no arithmetic: multiply columns by *, or write the interaction outside the function"
        )
        raise known.error(node, says)
    (first, a), (second, b) = numbers_of(node.left, known), numbers_of(node.right, known)
    if not {*first.numbers, *second.numbers}:
        raise known.error(node, "this is a number without any column: write the number itself")
    operator: str = node.operator
    return Calculated(first, operator, second), f"({a} {operator} {b})"  # type: ignore[arg-type]


def _inner(text: str) -> str:
    """A text as the operand of an operation that binds closely."""
    return f"({text})" if text.startswith("-") or "^" in text else text


def _constant(node: Number, known: Known, sign: str = "") -> tuple[Constant, str]:
    try:
        return Constant(sign + node.value), sign + node.value
    except StabilityLabError:
        raise known.error(node, "this number is outside every format: rescale the column") from None


def _one(call: Call, known: Known) -> tuple[Term, str]:
    """The one argument of a function."""
    if len(call.arguments) != 1 or call.arguments[0][0]:
        name = call.function
        came = "none" if not call.arguments else f"{len(call.arguments)} arguments or a named one"
        raise known.error(call, f"{name} needs one argument, the column; got {came}: write {name}(x)")
    term, text = _argument(call.arguments[0][1], known)
    if not term.numbers:
        raise known.error(call, f"{call.function} needs a column; got a number: write {call.function}(x)")
    return term, text


def _argument(node: Node, known: Known) -> tuple[Term, str]:
    """A term of one feature, and its text without the brackets around all of it."""
    term, text = numbers_of(node, known)
    return term, text[1:-1] if isinstance(term, Calculated) and text.startswith("(") else text


def _poly(call: Call, known: Known) -> Numbers:
    """poly(x, degree, raw=FALSE): orthogonal polynomials; raw: the powers."""
    way = "write poly(x, 3), or poly(x, 3, raw) for powers"
    arguments: dict[str, Node] = {}
    for place, (keyword, node) in enumerate(call.arguments):
        key = keyword or ("x", "degree", "raw", "")[min(place, 3)]
        if key not in ("x", "degree", "raw") or key in arguments:
            raise known.error(node, f"poly has the arguments x, degree and raw, each once: {way}")
        arguments[key] = node
    if "x" not in arguments or "degree" not in arguments:
        raise known.error(call, f"poly needs a column and a degree: {way}")
    x, text = _argument(arguments["x"], known)
    if not x.numbers:
        raise known.error(call, f"poly needs a column; got a number: {way}")
    degree = whole(arguments["degree"], known, "the degree of poly")
    if "raw" in arguments and _is_true(arguments["raw"], known):
        powers = tuple(Power(x, k) if k > 1 else x for k in range(1, degree + 1))
        return Numbers(powers, f"poly({text}, {degree}, raw)")
    return Numbers((OrthogonalPolynomial(x, degree),), f"poly({text}, {degree})")


def _is_true(node: Node, known: Known) -> bool:
    if isinstance(node, Name) and not node.quote and node.value in ("raw", *TRUE):
        return True
    if isinstance(node, Name) and not node.quote and node.value in FALSE:
        return False
    raise known.error(node, "raw must be TRUE or FALSE: write poly(x, 3, raw=TRUE) for powers")


def whole(node: Node, known: Known, what: str) -> int:
    """A whole number from 1 to LARGEST."""
    value = Fraction(0)
    if isinstance(node, Number):
        value = _constant(node, known)[0].value
    if not (1 <= value <= LARGEST and value.denominator == 1):
        way = "sqrt(x) is the square root, I(1/x) the reciprocal"
        raise known.error(node, f"{what} must be a whole number from 1 to {LARGEST}, written out: {way}")
    return int(value)

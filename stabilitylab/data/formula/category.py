"""C(group, ...) and its relatives: a category with its coding and its reference level, as a variable of a formula."""

from dataclasses import dataclass
from fractions import Fraction

from stabilitylab.core.errors import UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.data.category import Category, Coding, Rule
from stabilitylab.data.formula.columns import Known
from stabilitylab.data.formula.functions import name_of
from stabilitylab.data.formula.syntax import Call, Name, Node, Number, Unary
from stabilitylab.data.labels import Labels
from stabilitylab.data.terms import Term

TREATMENT, SUM, LAST = ("treatment", "Treatment", "contr.treatment"), ("sum", "Sum", "contr.sum"), ("contr.SAS",)
CODINGS = ("sum", "contr.sum", "Sum", "treatment", "contr.treatment", "Treatment", "contr.SAS")


@dataclass(frozen=True)
class Factor:
    """A variable of a formula that is a category, not coded yet: its coding depends on the other terms."""

    column: str
    coding: Coding
    reference: str | None
    rule: Rule | None

    def written(self, known: Known) -> str:
        """As a formula writes it."""
        column = known.written(self.column)
        arguments = [column, *(["sum"] if self.coding == "sum" else [])]
        if self.reference is not None:
            quoted = self.reference.replace("\\", "\\\\").replace('"', '\\"')
            return f'C({", ".join(arguments)}, ref="{quoted}")'
        if self.coding == "treatment" and self.rule != known.rules.reference:
            arguments.append("contr.SAS" if self.rule == "last alphabetically" else "contr.treatment")
        bare = len(arguments) == 1 and known.is_category(self.column)
        return column if bare else f"C({', '.join(arguments)})"

    def features(self, *, full: bool) -> tuple[Term, ...]:
        """The category coded fully, k features, or by contrasts, k - 1."""
        return (Category(self.column, "full") if full else self.contrasts,)

    @property
    def contrasts(self) -> Category:
        """The category coded by contrasts."""
        return Category(self.column, self.coding, self.reference, self.rule)


def factor_of_column(column: str, known: Known) -> Factor:
    """A column that is named bare, by the rules."""
    return Factor(column, "treatment", None, known.rules.reference)


def factor_of_call(call: Call, known: Known) -> Factor:
    """C(group), C(group, ref=a), C(group, sum), C(group, Treatment(reference="a")), factor(group), relevel(...)."""
    name = name_of(call)
    way = "write C(group), C(group, ref=a) or C(group, sum)"
    if not call.arguments or call.arguments[0][0]:
        raise known.error(call, f"{call.function} needs a column: {way}")
    column = _column(call.arguments[0][1], known, way)
    coding: Coding = "treatment"
    rule: Rule | None = None
    reference: str | None = None
    coded = referred = False
    for keyword, node in call.arguments[1:]:
        if keyword in ("ref", "reference") or (name == "relevel" and not keyword):
            if referred:
                raise known.error(node, f"the reference level is named twice: {way}")
            reference, referred = _level(node, column, known), True
        elif name == "C" and keyword in ("", "contrasts", "contr") and not coded:
            coded = True
            function, inner = (name_of(node), node) if isinstance(node, Call) else (_word(node), None)
            if function not in CODINGS:
                hint = did_you_mean(function, CODINGS, plural="codings", few=12)
                raise known.source.error(
                    node.start, node.end, f"no coding is named {function!r}: {hint}", UnknownNameError
                )
            coding = "sum" if function in SUM else "treatment"
            rule = (
                "last alphabetically" if function in LAST else "first alphabetically" if function in TREATMENT else None
            )
            if inner is not None and inner.arguments:
                key, level = inner.arguments[0]
                keys = ("base",) if function.startswith("contr") else ("", "ref", "reference")
                if referred or len(inner.arguments) > 1 or key not in keys:
                    raise known.error(inner, f"a coding has one argument, the reference level: {way}")
                reference = (_numbered if key == "base" else _level)(level, column, known)
                referred = True
        else:
            raise known.error(node, f"{call.function} has no such argument: {way}")
    if name == "relevel" and not referred:
        raise known.error(call, "relevel needs the reference level: write relevel(group, ref=a)")
    if reference is not None:
        return Factor(column, coding, reference, "given")
    default: Rule = "last alphabetically" if coding == "sum" else known.rules.reference
    return Factor(column, coding, None, rule or default)


def labels_of(column: str, known: Known) -> Labels:
    """A column read as labels."""
    values = known.table.columns[column]
    return values if isinstance(values, Labels) else Labels.of_numbers(values)


def _column(node: Node, known: Known, way: str) -> str:
    if isinstance(node, Call) and name_of(node) == "Q":
        return known.quoted(node)
    if (
        isinstance(node, Call)
        and name_of(node) in ("C", "factor")
        and len(node.arguments) == 1
        and not node.arguments[0][0]
    ):
        return _column(node.arguments[0][1], known, way)
    if not isinstance(node, Name):
        raise known.error(node, f"a category is made of one column as it is: {way}")
    return known.column(node)


def _word(node: Node) -> str:
    return node.value if isinstance(node, Name | Number) else ""


def _level(node: Node, column: str, known: Known) -> str:
    """The level that a name, a text or a number names; numbers of equal value are one level."""
    negative = isinstance(node, Unary) and node.operator == "-"
    inner = node.operand if isinstance(node, Unary) else node
    if not isinstance(inner, Name | Number) or (negative and not isinstance(inner, Number)):
        raise known.error(node, "a level is written as it is, or in quotes: C(group, ref=a)")
    text, labels = f"{'-' * negative}{inner.value}", labels_of(column, known)
    if text in labels.levels:
        return text
    if labels.numeric and isinstance(inner, Number) and len(text) < 100 and "e" not in text.lower():
        equal = next((level for level in labels.levels if Fraction(level) == Fraction(text)), None)
        if equal is not None:
            return equal
    hint = did_you_mean(text, labels.sorted_levels, plural="levels", show=repr, few=12)
    says = f"column {column!r} has no level {text!r}: {hint}"
    raise known.source.error(node.start, node.end, says, UnknownNameError)


def _numbered(node: Node, column: str, known: Known) -> str:
    """Level k of the sorted ones, the first being 1: contr.treatment(base=k) of R."""
    levels = labels_of(column, known).sorted_levels
    place = int(node.value) if isinstance(node, Number) and node.value.isdecimal() and len(node.value) < 9 else 0
    if not 1 <= place <= len(levels):
        raise known.error(node, f"base is the place of a level, from 1 to {len(levels)}: C(group, ref=a) names it")
    return levels[place - 1]

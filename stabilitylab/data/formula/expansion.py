"""The algebra of terms of Wilkinson and Rogers: a * b, a:b, a/b, (a + b)^2, -, `.`, as in R's terms.formula.

A term is a set of variables, the empty set the intercept. Source: Wilkinson and Rogers, Applied Statistics 22 (1973)
392-399; Chambers and Hastie, Statistical Models in S (1992), section 2.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from typing import TypeAlias

from stabilitylab.data.formula.category import Factor, factor_of_call, factor_of_column
from stabilitylab.data.formula.columns import Known
from stabilitylab.data.formula.functions import Numbers, name_of, numbers_of_call, refuse_unknown, whole
from stabilitylab.data.formula.syntax import Binary, Call, Name, Node, Number, Unary
from stabilitylab.data.terms import Column

MOST = 5_000  # terms
Variable: TypeAlias = Numbers | Factor
Terms: TypeAlias = dict[frozenset[int], tuple[int, ...]]
"""Terms in their order, each once, with its variables as they are written."""


@dataclass(frozen=True, eq=False)
class Expanded:
    """The terms of a formula as numbers of variables; and the intercept.

    As in R, terms stand by size and then as they came, and the variables of a term as they first stand in the formula.
    By rules that are minimal, which are patsy's, both stand as they are written, and `coding.minimal` orders the terms.

    square: a power of one variable alone, as it is written: that is the variable itself.
    """

    variables: tuple[Variable, ...]
    terms: tuple[tuple[int, ...], ...]
    intercept: bool
    repeated: tuple[str, ...]
    square: str

    @property
    def used(self) -> tuple[Variable, ...]:
        """The variables that stand in a term that is left."""
        left = {i for term in self.terms for i in term}
        return tuple(variable for i, variable in enumerate(self.variables) if i in left)


def expanded(node: Node, known: Known, left_out: Iterable[str]) -> Expanded:
    """The terms of the right side of a formula. left_out: the columns for which `.` does not stand."""
    state = _Expansion(known, frozenset(left_out))
    terms = tuple(state.sum(node).values())
    written = terms if known.rules.minimal else tuple(tuple(sorted(term)) for term in sorted(terms, key=len))
    return Expanded(
        tuple(state.variables), written, state.intercept, tuple(dict.fromkeys(state.repeated)), state.square
    )


@dataclass
class _Expansion:
    """What is found while a tree is walked: the variables in their order, and whether an intercept is left."""

    known: Known
    left_out: frozenset[str]
    variables: dict[Variable, int] = field(default_factory=dict)
    intercept: bool = True
    repeated: list[str] = field(default_factory=list)
    square: str = ""

    def terms(self, node: Node) -> Terms:
        if isinstance(node, Name):
            return self._name(node)
        if isinstance(node, Call):
            return self._variable(self._call(node))
        if isinstance(node, Number):
            raise self.known.error(
                node, "a number is no term: 1 and 0 stand alone for the intercept, I(2*x) multiplies"
            )
        if isinstance(node, Unary) or node.operator in ("+", "-"):
            return self.sum(node)
        if node.operator == "^":
            return self._power(node)
        left, right = self.terms(node.left), self.terms(node.right)
        if not left or not right:
            raise self.known.error(node, f"one side of {node.operator!r} has no term: leave it out")
        products = (_joined(a, b) for a in left.values() for b in right.values())
        if node.operator == ":":
            return self._limited(node, products)
        if node.operator == "*":
            return self._limited(node, chain(left.values(), right.values(), products))
        if node.operator == "/":
            all_left = reduce(_joined, left.values())
            return self._limited(node, chain(left.values(), (_joined(all_left, b) for b in right.values())))
        all_right = reduce(_joined, right.values())
        return self._limited(node, (_joined(a, all_right) for a in left.values()))

    def sum(self, node: Node) -> Terms:
        """A sum from left to right, along its left spine, which may be long."""
        parts: list[tuple[bool, Node]] = []
        while isinstance(node, Binary) and node.operator in ("+", "-"):
            parts.append((node.operator == "-", node.right))
            node = node.left
        parts.append((False, node))
        found: Terms = {}
        for is_minus, part in reversed(parts):
            inner = part
            if isinstance(part, Unary):
                is_minus, inner = is_minus ^ (part.operator == "-"), part.operand
            if isinstance(inner, Number):
                self._intercept(inner, is_minus)
                continue
            if is_minus and _has_number(inner):
                says = "0 or 1 in a bracket that is taken away can be read in two ways: take terms away one by one"
                raise self.known.error(inner, says)
            for term, variables in self.terms(inner).items():
                if is_minus:
                    found.pop(term, None)
                elif term not in found:
                    found[term] = variables
                elif not isinstance(inner, Binary):
                    self.repeated.append(self.known.source.text[inner.start : inner.end])
            self._refuse_many(len(found), part)
        return found

    def _intercept(self, node: Number, is_minus: bool) -> None:
        if node.value not in ("0", "1"):
            says = f"{node.value} is no term: 0 and -1 leave out the intercept, 1 keeps it, I(2*x) multiplies a column"
            raise self.known.error(node, says)
        self.intercept = (node.value == "1") != is_minus

    def _power(self, node: Binary) -> Terms:
        base, power = self.terms(node.left), whole(node.right, self.known, "the power")
        if len(base) == 1 and power > 1:
            self.square = self.known.source.text[node.start : node.end]
        found = base
        for _ in range(power - 1):
            pairs = (_joined(a, b) for a in found.values() for b in base.values())
            more = self._limited(node, chain(found.values(), pairs))
            if len(more) == len(found):
                break
            found = more
        return found

    def _limited(self, node: Node, terms: Iterable[tuple[int, ...]]) -> Terms:
        found: Terms = {}
        for term in terms:
            found.setdefault(frozenset(term), term)
            self._refuse_many(len(found), node)
        return found

    def _refuse_many(self, count: int, node: Node) -> None:
        if count > MOST:
            raise self.known.error(node, f"these are more than {MOST} terms: leave interactions out")

    def _name(self, node: Name) -> Terms:
        if node.value == "." and not node.quote:
            names = [name for name in self.known.table.columns if name not in self.left_out]
            if not names:
                raise self.known.error(node, "`.` stands for every other column, and there is none: name the terms")
        else:
            names = [self.known.column(node)]
        found: Terms = {}
        for name in names:
            found |= self._variable(self._column(name))
        return found

    def _column(self, name: str) -> Variable:
        if self.known.is_category(name):
            return factor_of_column(name, self.known)
        return Numbers((Column(name),), self.known.written(name))

    def _call(self, node: Call) -> Variable:
        refuse_unknown(node, self.known)
        name = name_of(node)
        if name == "Q":
            return self._column(self.known.quoted(node))
        if name in ("C", "factor", "relevel"):
            return factor_of_call(node, self.known)
        return numbers_of_call(node, self.known)

    def _variable(self, variable: Variable) -> Terms:
        number = self.variables.setdefault(variable, len(self.variables))
        return {frozenset({number}): (number,)}


def _joined(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    """The variables of two terms, each once."""
    return first + tuple(i for i in second if i not in first)


def _has_number(node: Node) -> bool:
    """Whether 0 or 1 stands in a sum, for the intercept."""
    while isinstance(node, Binary) and node.operator in ("+", "-"):
        if _has_number(node.right):
            return True
        node = node.left
    return _has_number(node.operand) if isinstance(node, Unary) else isinstance(node, Number)

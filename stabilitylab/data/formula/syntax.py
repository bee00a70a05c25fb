"""The grammar of a formula: a tree of operations, by recursive descent. Nothing of it is ever evaluated.

    formula   = sum "~" sum ["," "weights" "=" name]
    sum       = ["+" | "-"] product {("+" | "-") product}
    product   = crossing {("*" | "/" | "%in%") crossing}
    crossing  = signed {":" signed}
    signed    = ("+" | "-") signed | power
    power     = atom [("^" | "**") signed]
    atom      = number | text | "." | "(" sum ")" | name ["(" [argument {"," argument}] ")"]
    argument  = [name "="] sum

The order of operations is that of R.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from stabilitylab.data.formula.tokens import Source, Token, tokens_of

DEEPEST = 50  # brackets in brackets, and operations in operations: Python's own stack has an end
EXPECTED = "a column, a function or a bracket"


@dataclass(frozen=True)
class Name:
    """A name without brackets behind it; quote: the mark around it, "" without; "." stands for all columns."""

    value: str
    start: int
    end: int
    quote: str = ""
    depth: int = 0


@dataclass(frozen=True)
class Number:
    """A number without a sign, as it is written."""

    value: str
    start: int
    end: int
    depth: int = 0


@dataclass(frozen=True)
class Unary:
    """+ or - in front of an expression."""

    operator: str
    operand: "Node"
    start: int
    end: int
    depth: int


@dataclass(frozen=True)
class Binary:
    """An operation on two expressions; depth: of operations in operations, those of the outermost sum being one."""

    operator: str
    left: "Node"
    right: "Node"
    start: int
    end: int
    depth: int


@dataclass(frozen=True)
class Call:
    """A function by name with its arguments, each with its keyword or ""."""

    function: str
    arguments: tuple[tuple[str, "Node"], ...]
    start: int
    end: int
    depth: int


Node: TypeAlias = Name | Number | Unary | Binary | Call


@dataclass(frozen=True)
class Tree:
    """A formula: the response, the terms, and the column of weights, None where there is none."""

    response: Node
    terms: Node
    weights: Name | None = None


def tree_of(source: Source) -> Tree:
    """The tree of a formula. Raises InputError, with the place, what was expected there, and the way out."""
    return _Parser(source).formula()


class _Parser:
    """Reads tokens from left to right; one method for each rule of the grammar."""

    def __init__(self, source: Source) -> None:
        self.source, self.tokens, self.at, self.depth = source, tokens_of(source), 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def is_sign(self, *signs: str) -> bool:
        return self.next.kind == "sign" and self.next.value in signs

    def is_end(self) -> bool:
        return self.next.kind == "end"

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def expected(self, what: str, way: str) -> Exception:
        return self.source.error(self.next.start, self.next.end, f"expected {what}; got {self.next}: {way}")

    def formula(self) -> Tree:
        if self.is_end():
            raise self.expected("a formula", "write it as y ~ x + z")
        if self.is_sign("~"):
            raise self.expected("the response in front of ~", "write it as y ~ x + z")
        response = self.sum()
        if not self.is_sign("~"):
            raise self.expected("~ behind the response", "write it as y ~ x + z, a name with blanks in quotes")
        self.take()
        terms = self.sum()
        weights = None
        if self.is_sign(","):
            self.take()
            weights = self.weights()
        if not self.is_end():
            if self.is_sign("~"):
                raise self.expected("one ~", "a formula has one response and one list of terms")
            if self.is_sign(")"):
                raise self.expected("an operator or the end", "no bracket is open here: leave it out")
            raise self.expected("an operator or the end", "put + between two terms, and a name with blanks in quotes")
        return Tree(response, terms, weights)

    def weights(self) -> Name:
        if not (self.next.kind == "name" and self.next.value == "weights"):
            raise self.expected("weights = column behind the comma", "leave it out, or write y ~ x, weights = w")
        self.take()
        if not self.is_sign("="):
            raise self.expected("= behind weights", "write y ~ x, weights = w")
        self.take()
        if self.next.kind not in ("name", "text"):
            raise self.expected("the name of the column of weights", "write y ~ x, weights = w")
        token = self.take()
        return Name(token.value, token.start, token.end, token.quote or "=")

    def sum(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.expected(f"at most {DEEPEST} brackets in brackets", "leave some out")
        node = self.product()
        while self.is_sign("+", "-"):
            sign = self.take()
            node = self.binary(sign, node, self.product())
        self.depth -= 1
        return node

    def product(self) -> Node:
        node = self.crossing()
        while self.is_sign("*", "/", "%in%"):
            sign = self.take()
            node = self.binary(sign, node, self.crossing())
        return node

    def crossing(self) -> Node:
        node = self.signed()
        while self.is_sign(":"):
            sign = self.take()
            node = self.binary(sign, node, self.signed())
        return node

    def signed(self) -> Node:
        if not self.is_sign("+", "-"):
            return self.power()
        signs = []
        while self.is_sign("+", "-"):
            signs.append(self.take())
        node = self.power()
        minus = sum(sign.value == "-" for sign in signs) % 2
        self.shallow(node.depth + 1, signs[0])
        return Unary("-" if minus else "+", node, signs[0].start, node.end, node.depth + 1)

    def power(self) -> Node:
        node = self.atom()
        if self.is_sign("^", "**"):
            sign = self.take()
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.expected(f"at most {DEEPEST} powers of powers", "leave some out")
            node = self.binary(replace(sign, value="^"), node, self.signed())
            self.depth -= 1
        return node

    def binary(self, sign: Token, left: Node, right: Node) -> Binary:
        outermost = self.depth == 1 and sign.value in "+-"
        depth = max(left.depth, right.depth) + (not outermost)
        self.shallow(depth, sign)
        return Binary(sign.value, left, right, left.start, right.end, depth)

    def shallow(self, depth: int, token: Token) -> None:
        if depth > DEEPEST:
            says = f"there are more than {DEEPEST} operations in operations: make a column of the inner ones"
            raise self.source.error(token.start, token.end, says)

    def atom(self) -> Node:
        token = self.next
        if token.kind == "number":
            self.take()
            return Number(token.value, token.start, token.end)
        if token.kind == "text" or self.is_sign("."):
            self.take()
            return Name(token.value, token.start, token.end, token.quote)
        if self.is_sign("("):
            self.take()
            node = self.sum()
            self.close(token)
            return node
        if token.kind == "name":
            self.take()
            return self.call(token) if self.is_sign("(") else Name(token.value, token.start, token.end)
        if token.kind == "end":
            raise self.expected(EXPECTED, "go on with a term, or leave the sign in front out")
        raise self.expected(EXPECTED, "put one there, or leave a sign out; a name with such signs goes in quotes")

    def call(self, name: Token) -> Node:
        opened = self.take()
        arguments: list[tuple[str, Node]] = []
        while not self.is_sign(")"):
            if arguments:
                if not self.is_sign(","):
                    self.close(opened)
                self.take()
            arguments.append(self.argument())
        self.take()
        depth = 1 + max((node.depth for _, node in arguments), default=0)
        self.shallow(depth, name)
        return Call(name.value, tuple(arguments), name.start, self.tokens[self.at - 1].end, depth)

    def argument(self) -> tuple[str, Node]:
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        if self.next.kind == "name" and after.kind == "sign" and after.value == "=":
            keyword = self.take().value
            self.take()
            return keyword, self.sum()
        return "", self.sum()

    def close(self, opened: Token) -> None:
        if self.next.kind == "end":
            raise self.source.error(opened.start, opened.end, "this bracket is never closed: put ) where it ends")
        if self.is_sign("~"):
            raise self.expected("an operator, a comma or )", "write the formula alone, y ~ x, outside any function")
        if not self.is_sign(")"):
            raise self.expected("an operator, a comma or )", "put a sign between, and a name with blanks in quotes")
        self.take()

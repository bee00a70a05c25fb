"""The columns that a formula reads, before there is a table to look them up in."""

from collections.abc import Iterator

from stabilitylab.data.formula.syntax import Binary, Call, Name, Node, Unary, tree_of
from stabilitylab.data.formula.tokens import Source


def columns_read(text: str) -> tuple[str, ...] | None:
    """The names that stand where columns do; None where `.` stands for all of them. Raises the errors of the grammar.

    Options of functions, as in C(group, ref=a), are none.
    """
    tree = tree_of(Source(text))
    nodes = [tree.response, tree.terms, *([] if tree.weights is None else [tree.weights])]
    names = [name for node in nodes for name in _names(node)]
    if any(name.value == "." and not name.quote for name in names):
        return None
    return tuple(dict.fromkeys(name.value for name in names))


def _names(node: Node) -> Iterator[Name]:
    match node:
        case Name():
            yield node
        case Unary():
            yield from _names(node.operand)
        case Binary():
            yield from _names(node.left)
            yield from _names(node.right)
        case Call():
            for _, argument in node.arguments[:1]:
                yield from _names(argument)

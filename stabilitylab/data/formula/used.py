"""The columns that a formula names, before any table is read."""

from collections.abc import Iterator

from stabilitylab.data.formula.functions import name_of
from stabilitylab.data.formula.syntax import Binary, Call, Name, Node, Unary, tree_of
from stabilitylab.data.formula.tokens import Source


def columns_read(text: str) -> tuple[str, ...] | None:
    """The columns that a formula reads, each once; None where `.` stands for all of them.

    Raises InputError for a text that is no formula; whether the columns are there is not known yet.
    """
    tree = tree_of(Source(text))
    nodes = [tree.response, tree.terms, *([] if tree.weights is None else [tree.weights])]
    names = list(dict.fromkeys(name for node in nodes for name in _names(node)))
    return None if None in names else tuple(name for name in names if name is not None)


def _names(node: Node) -> Iterator[str | None]:
    """The names of columns in an expression, None for `.`."""
    todo = [node]
    while todo:
        node = todo.pop()
        if isinstance(node, Name):
            yield None if node.value == "." and not node.quote else node.value
        elif isinstance(node, Unary):
            todo.append(node.operand)
        elif isinstance(node, Binary):
            todo += [node.right, node.left]
        elif isinstance(node, Call):
            # What stands behind the first argument are levels, codings, degrees.
            named = [inner for keyword, inner in node.arguments if keyword == "x"]
            first = [inner for keyword, inner in node.arguments[:1] if not keyword]
            todo += named if name_of(node) == "poly" and named else first

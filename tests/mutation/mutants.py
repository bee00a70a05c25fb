"""The mutants of a module: its source with one operator, constant or statement changed."""

import ast
import difflib
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

ARITHMETIC = {
    ast.Add: ("+", ["-"]),
    ast.Sub: ("-", ["+"]),
    ast.Mult: ("*", ["+"]),
    ast.Div: ("/", ["*"]),
    ast.FloorDiv: ("//", ["*", "%"]),
    ast.Mod: ("%", ["*"]),
    ast.Pow: ("**", ["*"]),
    ast.LShift: ("<<", [">>"]),
    ast.RShift: (">>", ["<<"]),
    ast.BitAnd: ("&", ["|"]),
    ast.BitOr: ("|", ["&"]),
    ast.BitXor: ("^", ["&"]),
}
COMPARISONS = {
    ast.Lt: ("<", ["<=", ">"]),
    ast.LtE: ("<=", ["<", ">="]),
    ast.Gt: (">", [">=", "<"]),
    ast.GtE: (">=", [">", "<="]),
    ast.Eq: ("==", ["!="]),
    ast.NotEq: ("!=", ["=="]),
    ast.Is: ("is", ["is not"]),
    ast.IsNot: ("is not", ["is"]),
    ast.In: ("in", ["not in"]),
    ast.NotIn: ("not in", ["in"]),
}
DROPPED = (ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutant:
    """A module's source with one change. inside: the function or class; first, last: the lines of the statement.

    was, now: the changed lines without indentation, which identify the mutant when lines move.
    """

    module: str
    inside: str
    first: int
    last: int
    was: str
    now: str
    source: str
    original: str

    @property
    def diff(self) -> str:
        """The change as a unified diff without context."""
        old, new = self.original.splitlines(), self.source.splitlines()
        lines = difflib.unified_diff(old, new, self.module, self.inside, lineterm="", n=0)
        return "\n".join(lines)


def mutants(module: str, source: str, count: int, seed: int) -> list[Mutant]:
    """`count` mutants of a module, or all where it has fewer; the same for the same seed and source, in order of lines.

    Names, annotations, decorators, docstrings, imports and the messages of errors are left alone, and so is strict= of
    zip, on which no result depends.
    """
    every = sorted(set(_every(source)))
    chosen = sorted(random.Random(f"{seed} {module}").sample(every, min(count, len(every))))
    return [_made(module, source, *change) for change in chosen]


Change = tuple[int, int, str, str, int, int]  # start, end, replacement, inside, first line, last line


def _every(source: str) -> Iterator[Change]:
    """Every change: the characters from start to end are replaced."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line.encode()))
    encoded = source.encode()

    def place(line: int, column: int) -> int:
        return starts[line - 1] + column

    def span(node: ast.AST) -> tuple[int, int]:
        return place(node.lineno, node.col_offset), place(node.end_lineno, node.end_col_offset)  # type: ignore

    def between(left: ast.AST, right: ast.AST, token: str) -> tuple[int, int] | None:
        start, end = span(left)[1], span(right)[0]
        text = re.sub(rb"#[^\n]*", lambda found: b" " * len(found[0]), encoded[start:end])
        words = rb"\s+".join(re.escape(word.encode()) for word in token.split())
        found = re.search(words, text)
        return (start + found.start(), start + found.end()) if found else None

    def changes(node: ast.AST) -> Iterator[tuple[int, int, str]]:
        if isinstance(node, DROPPED) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
            yield *span(node), "pass"
        if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            if not any(
                isinstance(side, ast.Constant | ast.JoinedStr) and _is_text(side) for side in (node.left, node.right)
            ):
                token, others = ARITHMETIC[type(node.op)]
                yield from _swapped(between(node.left, node.right, token), others)
        elif isinstance(node, ast.AugAssign) and type(node.op) in ARITHMETIC:
            token, others = ARITHMETIC[type(node.op)]
            yield from _swapped(between(node.target, node.value, token + "="), [other + "=" for other in others])
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
                token, others = COMPARISONS[type(op)]
                yield from _swapped(between(left, right, token), others)
        elif isinstance(node, ast.BoolOp):
            token = "and" if isinstance(node.op, ast.And) else "or"
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield from _swapped(between(left, right, token), ["or" if token == "and" else "and"])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
            start, _ = span(node)
            yield start, span(node.operand)[0], ""
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield *span(node), str(not node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            for other in (node.value + 1, node.value - 1):
                yield *span(node), repr(other) if other >= 0 else f"({other!r})"
        elif isinstance(node, ast.Return) and node.value is not None and not _is_nothing(node.value):
            yield *span(node.value), "None"

    def walk(node: ast.AST, inside: str, statement: ast.stmt | None) -> Iterator[Change]:
        if isinstance(node, ast.stmt):
            statement = node
        if statement is not None:
            last = statement.end_lineno or statement.lineno
            if hasattr(statement, "body") and not isinstance(statement, ast.FunctionDef):
                # Of a compound statement the head alone; defaults of a function count where it is called.
                last = max(statement.lineno, statement.body[0].lineno - 1)
            for start, end, text in changes(node):
                if encoded[start:end].decode() != text:
                    yield start, end, text, inside, statement.lineno, last
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list") or isinstance(node, ast.Raise):
                continue
            for child in value if isinstance(value, list) else [value]:
                if not isinstance(child, ast.AST) or isinstance(child, ast.Import | ast.ImportFrom):
                    continue
                if isinstance(node, ast.Assign | ast.AnnAssign) and _is_alias(node):
                    continue
                if isinstance(child, ast.keyword) and child.arg == "strict":
                    continue
                below = inside
                if isinstance(node, ast.FunctionDef):
                    below = f"{inside.removesuffix('.')}{'.' * bool(inside.removesuffix('.'))}{node.name}"
                elif isinstance(node, ast.ClassDef):
                    below = f"{node.name}."
                yield from walk(child, below, statement)

    yield from walk(ast.parse(source), "", None)


def _swapped(where: tuple[int, int] | None, others: list[str]) -> Iterator[tuple[int, int, str]]:
    if where is not None:
        yield from ((*where, other) for other in others)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_alias(node: ast.Assign | ast.AnnAssign) -> bool:
    """Whether a type is named, as in `Array: TypeAlias = ...`, or the names of a module are listed."""
    if isinstance(node, ast.AnnAssign):
        return "TypeAlias" in ast.unparse(node.annotation)
    return any(isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets)


def _made(module: str, source: str, start: int, end: int, text: str, inside: str, first: int, last: int) -> Mutant:
    encoded = source.encode()
    mutated = (encoded[:start] + text.encode() + encoded[end:]).decode()
    old, new = source.splitlines(), mutated.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    blocks = [block for block in matcher.get_opcodes() if block[0] != "equal"]
    was = "\n".join(line.strip() for _, i, k, _, _ in blocks for line in old[i:k])
    now = "\n".join(line.strip() for _, _, _, i, k in blocks for line in new[i:k])
    return Mutant(module, inside, first, last, was, now, mutated, source)

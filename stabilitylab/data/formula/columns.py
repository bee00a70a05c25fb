"""What a formula may name: the columns of a table, found by name or refused with near misses and the place."""

from dataclasses import dataclass

from stabilitylab.core.errors import InputError, NotNumericError, StabilityLabError, UnknownNameError
from stabilitylab.core.suggest import did_you_mean
from stabilitylab.data.formula.rules import Rules
from stabilitylab.data.formula.syntax import Call, Name, Node
from stabilitylab.data.formula.tokens import Source, written_name
from stabilitylab.data.labels import Labels
from stabilitylab.data.table import Table


@dataclass(frozen=True, eq=False)
class Known:
    """The formula's text, the table it speaks of, the rules, and the response where it is known already."""

    source: Source
    table: Table
    rules: Rules
    response: str | None = None

    def error(self, node: Node, says: str, kind: type[InputError] = InputError) -> StabilityLabError:
        """The error about one part of the formula."""
        return self.source.error(node.start, node.end, says, kind)

    def written(self, name: str) -> str:
        """A column as a formula names it."""
        return written_name(name)

    def is_category(self, name: str) -> bool:
        """Whether a column holds labels."""
        return isinstance(self.table.columns[name], Labels)

    def column(self, node: Name, *, numbers: bool = False) -> str:
        """The name of a column. Raises UnknownNameError with near misses, NotNumericError where numbers are needed."""
        name, columns = node.value, tuple(self.table.columns)
        if name == "." and not node.quote:
            raise self.error(node, "`.` stands for all columns, and is no number: name one column here")
        if name not in columns:
            hint = did_you_mean(name, columns, plural="columns", show=repr, few=12)
            raise self.source.error(node.start, node.end, f"no column is named {name!r}: {hint}", UnknownNameError)
        if name == self.response:
            raise self.error(node, f"the response {name!r} is among the terms: leave it out on the right of ~")
        if numbers and self.is_category(name):
            written = self.written(name)
            says = f"column {name!r} holds labels, not numbers: write {written} or C({written}) as a term of its own"
            raise self.error(node, says, NotNumericError)
        return name

    def quoted(self, call: Call, *, numbers: bool = False) -> str:
        """The column that Q("its name") names."""
        node = call.arguments[0][1] if len(call.arguments) == 1 else None
        if not isinstance(node, Name) or not node.quote:
            raise self.error(call, 'Q needs the name of one column in quotes: write Q("my column")')
        return self.column(node, numbers=numbers)

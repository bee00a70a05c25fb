"""What results have in common that can be shown as a page."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any

from stabilitylab.report.blocks import Block


class Page(ABC):
    """A result that prints as text, in a notebook as a table with drawings, and can be written as a page."""

    @abstractmethod
    def _blocks(self) -> Sequence[Block]:
        """Everything that it says, in the order in which it matters."""

    def to_dict(self) -> dict[str, Any]:
        """Everything, as plain numbers, strings, lists and dictionaries; None for a number that is not finite.

        JSON has no other word for one: t is infinite where a fit is exact, a condition index where columns depend on
        each other exactly.
        """
        return {one.name: plain_data(getattr(self, one.name)) for one in fields(self)}  # type: ignore[arg-type]

    def to_html(self) -> str:
        """One page that loads nothing and runs nothing; `open("report.html", "w").write(found.to_html())`."""
        from stabilitylab.report.page_forms import to_html  # here: a program that reads numbers needs no page

        return to_html(self._blocks())

    def to_markdown(self) -> str:
        """The same in GitHub's dialect of Markdown."""
        from stabilitylab.report.page_forms import to_markdown

        return to_markdown(self._blocks())

    def __str__(self) -> str:
        from stabilitylab.report.page_forms import to_text

        return to_text(self._blocks())

    def _repr_html_(self) -> str:
        from stabilitylab.report.page_forms import to_fragment

        return to_fragment(self._blocks())


def plain_data(value: Any) -> Any:
    """A value as JSON has it: dataclasses and mappings as dictionaries, None for a number that is not finite."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain_data(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_data(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [plain_data(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value

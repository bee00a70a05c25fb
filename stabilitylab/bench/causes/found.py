"""What was found on somebody's data: a cause of lost digits, or a difference of meaning, under its stable code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Severity: TypeAlias = Literal["healthy", "note", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("healthy", "note", "warning", "error")


@dataclass(frozen=True)
class Found:
    """A cause of lost digits, or another thing found, under its stable code.

    code: "SL101". title: its name in the registry. sentence: what was found on these data, with numbers. witness: what
    was computed to show it. removal: what was changed to prove it, in words, with the digits before and after; "" where
    it is shown by the witness alone. columns: the coefficients it is about, all where empty.
    """

    code: str
    title: str
    severity: Severity
    sentence: str
    witness: Mapping[str, Any] = field(default_factory=dict)
    removal: str = ""
    digits_before: float | None = None
    digits_after: float | None = None
    columns: tuple[str, ...] = ()

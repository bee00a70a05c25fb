"""Names out of a table as literals of a language: whatever they hold, they are text there."""

import json


def literal(name: str) -> str:
    """A text as Python writes it, in double quotes where that needs no escape."""
    return f'"{name}"' if name.isprintable() and not set(name) & {'"', "\\"} else ascii(name)


def in_r(name: str) -> str:
    """A text as R writes it; what is not printable ASCII by its code point."""
    plain = (json.dumps(c)[1:-1] if " " <= c <= "~" else f"\\U{ord(c):08x}" for c in name)
    return f'"{"".join(plain)}"'

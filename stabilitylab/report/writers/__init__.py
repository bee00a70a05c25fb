"""Blocks and tables in a format, a file each: Markdown, HTML, CSV, JSON lines, and the terminal.

Equal blocks give equal bytes, and lines end in LF. Each format has one function that escapes a text.
"""

from stabilitylab.core.printable import visible

__all__ = ["visible"]

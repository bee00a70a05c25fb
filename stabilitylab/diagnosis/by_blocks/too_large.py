"""Whether a file is larger than memory, as the reader and the diagnosis of a whole table would need it."""

import os
from pathlib import Path
from typing import Any

import psutil

from stabilitylab.data.table.binary_files import PARQUET
from stabilitylab.data.table.content import GZIP, LARGEST
from stabilitylab.data.table.workbook import OFFICE

TIMES = 25
"""Bytes of memory for a byte of text: 20 were measured, of six decimals a field (table, exact columns, forecast)."""
OF_ARRAYS = 12
"""The same for a byte of an array of float64, which factorisations copy."""
UNPACKED = 4
"""How many times as long as a file of gzip its text is, as a rule."""


def is_too_large(data: Any) -> bool:
    """Whether data is the path of a text or a .npy file for which this machine has too little memory available now."""
    if not isinstance(data, str | os.PathLike):
        return False
    try:
        path = Path(data)
        size = path.stat().st_size
        with path.open("rb") as raw:
            start = raw.read(4)
    except (OSError, ValueError):  # said where it is read
        return False
    available = int(psutil.virtual_memory().available)
    if path.suffix.lower() == ".npy":
        return size * OF_ARRAYS > available
    if start.startswith((PARQUET, OFFICE)):
        return False
    size *= UNPACKED if start.startswith(GZIP) else 1
    return size > LARGEST or size * TIMES > available

"""The bytes of a saved accumulator: plain arrays (.npz), whose headers are compared before any of them is read.

Format 3 holds the sums in their one form (`canonical`), not compressed, without dates, so that equal accumulators have
equal bytes, and all that is no number as JSON. Formats 1 and 2, of versions up to 0.3, are read.
"""

import io
import os
import stat
import zlib
from collections.abc import Mapping
from contextlib import suppress
from glob import escape
from math import prod
from pathlib import Path
from threading import get_ident
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError

FORMAT = 3  # 1 had no units of its own for the sums, and called the limbs digits; 2 did not say how numbers are known
MOST_LIMBS = 1024  # 22 bits each, of one sum: those of float64 data have at most about 200
MOST_BITS = 1 << 18  # between one and the unit of a column: four times what a decimal of 20,000 digits has
PLAIN = 1 << 26  # bytes that an array may take without being asked whether so much can be in so small a file
DENSEST = 100  # bytes for each byte in the file, at most, beyond that: zeros give a thousand, and sums are no zeros
MOST_TABLES = 64  # of different scales, in which blocks of one accumulator were counted
NAMES = ("texts", "limbs", "exponents", "observed")
OLD_NAMES = ("rows", "limbs", "exponents", "scales", "weight_unit", "sum_scales", "sum_weight_unit", "same")
WAY_OUT = "give what to_bytes() returned, or the file that save() wrote"
UNIX = 3  # the system that a zip archive names, on whichever it is written
# What reading a file that is none, or a damaged one, may raise.
DAMAGED = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    EOFError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    BadZipFile,
    zlib.error,
)


def packed(content: Mapping[str, Array]) -> bytes:
    """Arrays as a .npz file: the same bytes for the same arrays, wherever and whenever."""
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name, array in {"format": np.array(FORMAT, dtype="<i8"), **content}.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
            info = ZipInfo(f"{name}.npy")
            info.create_system = UNIX
            archive.writestr(info, member.getvalue())
    return out.getvalue()


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write bytes to a file: beside it first, then in its place, with its permissions; through a symbolic link.

    What a killed process left beside it goes. Raises InputError for a place that can hold no file, with the path.
    """
    import psutil  # here: to load it takes longer than to fit a small table

    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        kind = "a folder" if target.is_dir() else "no regular file"
        raise InputError(f"{path} is {kind}: give the path of a file, such as sums.npz")
    part = target.with_name(f".{target.name}.{os.getpid()}-{get_ident()}.part")
    try:
        for left in target.parent.glob(f".{escape(target.name)}.*-*.part"):
            owner = left.name.rsplit(".", 2)[1].partition("-")[0]
            if owner.isdecimal() and not psutil.pid_exists(int(owner)):
                left.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), "wb") as file:
            if target.exists():
                os.chmod(part, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
        os.replace(part, target)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def read(file: str | os.PathLike[str] | bytes) -> dict[str, Array]:
    """The arrays of a file, or of its bytes, by NAMES, or by OLD_NAMES; nothing in it is executed.

    No more memory is taken than the arrays need that fit together. Raises InputError for what `packed` did not make.
    """
    what = called(file)
    try:
        with ZipFile(io.BytesIO(file) if isinstance(file, bytes) else file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            names = _names(members)
            headers = {ours: _header(archive, members[theirs]) for ours, theirs in names.items()}
            (_require_fitting if "texts" in names else _require_old_fitting)(headers)
            arrays = {}
            for ours, theirs in names.items():
                with archive.open(members[theirs]) as part:
                    arrays[ours] = np.lib.format.read_array(part, allow_pickle=False)
    except OSError as error:
        raise InputError(f"{what} cannot be read: {error.strerror or error}") from None
    except DAMAGED:
        raise InputError(f"{what} is no accumulator saved by this version: {WAY_OUT}") from None
    if int(arrays["format"]) != (FORMAT if "texts" in names else 2 - ("digits" in members)) or not _holds_sums(arrays):
        raise InputError(f"{what} holds numbers that no sum of products has: {WAY_OUT}")
    return arrays


def called(file: str | os.PathLike[str] | bytes) -> str:
    """What a message calls a file, or bytes without one."""
    return "what was given to from_bytes()" if isinstance(file, bytes) else str(file)


def _names(members: Mapping[str, Any]) -> dict[str, str]:
    """For each of NAMES what it is called in the file, which tells of its format."""
    if "texts" in members:
        wanted = {name: name for name in NAMES}
    elif "limbs" in members:
        wanted = {name: name for name in OLD_NAMES}
    else:
        wanted = {name: name for name in OLD_NAMES if not name.startswith("sum_")}
        wanted |= {"limbs": "digits", "sum_scales": "scales", "sum_weight_unit": "weight_unit"}
    if set(members) != {"format", *wanted.values()}:
        raise ValueError("other arrays than those of an accumulator")
    return {"format": "format", **wanted}


def _header(archive: ZipFile, info: Any) -> tuple[tuple[int, ...], Any]:
    """Shape and dtype of an array in the file, which must be as long as they say and not far denser than sums are."""
    with archive.open(info) as file:
        version = np.lib.format.read_magic(file)
        read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        shape, _, dtype = read_header[version](file)
        size = prod(shape) * dtype.itemsize
        if dtype.hasobject or info.file_size != file.tell() + size:
            raise ValueError("an array of another length than its header says, or of objects")
    if size > max(PLAIN, DENSEST * info.compress_size):
        raise ValueError("an array that is too large for its file")
    return shape, dtype


def _require_fitting(headers: Mapping[str, tuple[tuple[int, ...], Any]]) -> None:
    """Raise ValueError unless shapes and types are those of one accumulator."""
    (size,), _ = headers["exponents"]
    (count, length), _ = headers["limbs"]
    (tables, rows, columns), _ = headers["observed"]
    (_,), _ = headers["texts"]
    if size < 2 or not 1 <= count <= MOST_LIMBS or length != size * (size + 1) // 2 or headers["format"][0] != ():
        raise ValueError("its arrays do not fit together")
    if tables > MOST_TABLES or (rows, columns) != (4, size):
        raise ValueError("what it says of its columns does not fit them")
    types = {"format": "<i8", "limbs": "<i4", "exponents": "<i8", "observed": "<f8", "texts": "|u1"}
    if any(headers[name][1] != np.dtype(kind) for name, kind in types.items()):
        raise ValueError("its arrays are of other types")


def _require_old_fitting(headers: Mapping[str, tuple[tuple[int, ...], Any]]) -> None:
    """The same for formats 1 and 2."""
    (size,), _ = headers["exponents"]
    limbs, dtype = headers["limbs"]
    if size < 2 or len(limbs) != 3 or limbs[1:] != (size, size) or not 1 <= limbs[0] <= MOST_LIMBS:
        raise ValueError("its arrays do not fit together")
    if dtype != np.int64 or headers["exponents"][1] != np.int64:
        raise ValueError("its sums are no integers of 64 bits")
    for name in ("format", "rows"):
        if headers[name][0] != () or headers[name][1].kind not in "iu":
            raise ValueError(f"{name} is no whole number")
    for name, counts in {
        "scales": (0, size),
        "sum_scales": (0, size),
        "same": (0, size - 1),
        "weight_unit": (1,),
        "sum_weight_unit": (1,),
    }.items():
        shape, kind = headers[name][0], headers[name][1].kind
        if len(shape) != 1 or shape[0] not in counts or (shape[0] and kind != "U"):
            raise ValueError(f"{name} does not fit the others")


def _holds_sums(arrays: Mapping[str, Array]) -> bool:
    """Whether the numbers are in their ranges: limbs, exponents and rows."""
    limbs, exponents = arrays["limbs"], arrays["exponents"]
    return bool(
        (limbs >= -(1 << 21)).all()
        and (limbs <= 1 << 21).all()
        and (exponents >= -MOST_BITS).all()
        and (exponents <= MOST_BITS).all()
        and ("rows" not in arrays or (int(arrays["rows"]) >= 0 and not np.tril(limbs, -1).any()))
    )

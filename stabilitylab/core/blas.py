"""Which BLAS and LAPACK a process has loaded, read off the files that it has mapped, and which others are installed.

BLAS (Lawson et al. 1979) and LAPACK (Anderson et al. 1999) are interfaces with several implementations, which add in
different orders: the same program over another one gives other last digits, and on ill-conditioned data other digits.
The name of an installed file says no more than what a process might load; its memory map says what it did load.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import mmap
import re
import subprocess
import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePath

import psutil
from threadpoolctl import threadpool_info

from stabilitylab.core import lapack

NONE = "none"
UNKNOWN = "unknown"  # where the files of a process cannot be listed
SECONDS = 20.0  # for another process that loads a file, or lists what a program is linked with

# The implementation, by a pattern of the file's name, or, of a file that is only named for the interface, its folder's.
_IMPLEMENTATIONS = (
    ("OpenBLAS", r"openblas"),
    ("MKL", r"^(lib)?mkl_"),
    ("BLIS", r"^(lib)?blis\b"),
    ("ATLAS", r"^lib[st]?atlas|^atlas$"),
    ("ArmPL", r"^(lib)?armpl"),
    ("FlexiBLAS", r"flexiblas"),
    ("GSL CBLAS", r"^libgslcblas"),
    ("R's own BLAS", r"^libRblas"),
    ("R's own LAPACK", r"^libRlapack"),
)
_INTERFACE = re.compile(r"^lib(?P<part>c?blas|lapacke?)(64)?(_atlas)?(-[0-9a-f]{8})?\.(so|dylib)")
_STATIC = (("MKL", b"Intel MKL ERROR"), ("OpenBLAS", b"OpenBLAS : Program"))  # what they print when called wrongly
_VERSION = re.compile(r"(?:-r|\.so\.)(\d+(?:-[0-9a-f]{8})?\.\d+(?:\.\d+)*)")  # auditwheel puts a hash before the dot


def blas_of_process(pid: int) -> str:
    """The BLAS and LAPACK that a process and its descendants have loaded; "none", or "unknown" where none can tell."""
    try:
        members = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return UNKNOWN
    maps = [_mapped(one.pid) for one in members]
    return blas_among(path for files in maps for path in files or ()) if any(maps) else UNKNOWN


def blas_of_program(path: str) -> str:
    """The BLAS and LAPACK that the dynamic linker would load with a program, which is not started."""
    try:
        done = subprocess.run(("ldd", path), capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return blas_among(str(Path(found).resolve()) for found in re.findall(r"=> (/\S+)", done.stdout))


def blas_of_modules(modules: Iterable[str], distribution: str) -> str:
    """The BLAS and LAPACK that modules bring into this process: their own, and those of what they require.

    This process may have loaded others for itself, as NumPy's; those are left out unless the distribution requires
    NumPy, directly or not. One that is linked into a module's own file is found by what that file says in errors.
    """
    for module in modules:
        importlib.import_module(module)
    required = requirements_of(distribution)
    if "scipy" in required:  # whose BLAS may be mapped at the first call only
        lapack.load()
    files = _mapped() or [info["filepath"] for info in threadpool_info() if info.get("user_api") == "blas"]
    kept = [path for path in files if _wheel(path) in required]
    if not kept and "numpy" in required:  # a NumPy that the system's packages brought, over the system's BLAS
        kept = [path for path in files if not _wheel(path)]
    own = [folder for module in modules for folder in _folders(module)]
    # A plug-in of another library is mapped at its first call only.
    extensions = [str(path) for folder in own for path in Path(folder).iterdir() if path.suffix in (".so", ".pyd")]
    mapped = [path for path in files if any(path.startswith(f"{folder}/") for folder in own)]
    inside = {
        name: f"{name} (inside {distribution})"
        for path in dict.fromkeys((*mapped, *extensions))
        for name, mark in _STATIC
        if _contains(path, mark)
    }
    if sys.platform == "darwin" and not kept and "numpy" in required:
        return "Accelerate"  # of the system, and so no file that could be listed
    named = blas_among(kept)
    return ", ".join(filter(None, ("" if named == NONE else named, *inside.values()))) or NONE


def blas_among(files: Iterable[str]) -> str:
    """What BLAS and LAPACK are among the files of a process: "OpenBLAS 0.3.26 (openblas-pthread)", "none".

    Each implementation once, with its version where a file tells it, and where it comes from if not from the system.
    A LAPACK is named apart only where it is not that of the BLAS.
    """
    found: dict[tuple[str, str], str] = {}
    for path in sorted(dict.fromkeys(files)):
        name = _implementation(path)
        if name:
            key = name, _origin(path, name)
            found[key] = found.get(key) or _version(path, name)
    ours = {name: version for (name, _), version in found.items()}
    if "reference BLAS" in ours and ours.get("reference LAPACK") == ours["reference BLAS"]:
        found = {key: version for key, version in found.items() if key[0] != "reference LAPACK"}
    said = [
        " ".join(filter(None, (name, version, f"({origin})" if origin else "")))
        for (name, origin), version in sorted(found.items(), key=lambda item: "LAPACK" in item[0][0])
    ]
    return ", ".join(said) or NONE


def system_blas() -> str:
    """The BLAS and LAPACK that the dynamic linker gives to a program that asks for libblas and liblapack."""
    code = (
        "import ctypes, json, sys\n"
        "for name in sys.argv[1:]:\n"
        "    try: ctypes.CDLL(name)\n"
        "    except OSError: pass\n"
        "print(json.dumps([line.split()[5] for line in open('/proc/self/maps') if len(line.split()) == 6]))\n"
    )
    said = _python(code, "libblas.so.3", "liblapack.so.3")
    return blas_among(json.loads(said)) if said else UNKNOWN


def installed(root: str = "/usr/lib") -> dict[str, tuple[str, ...]]:
    """The BLAS implementations that Debian's packages keep beside each other: name -> files of BLAS and of LAPACK.

    The name is what `blas_of_process` says of a program that has loaded these files. Preloaded (see `preloading`), they
    are what a program uses that is linked to libblas.so.3 and liblapack.so.3. An implementation that comes without
    LAPACK is used with the reference LAPACK, and left out where that is not here.
    """
    found: dict[str, tuple[str, ...]] = {}
    for blas in sorted(Path(root).glob("*/*/libblas.so.3")):
        own, reference = blas.with_name("liblapack.so.3"), blas.parents[1] / "lapack" / "liblapack.so.3"
        lapack = own if own.exists() else reference
        if lapack.exists():
            files = [
                path.resolve() for path in (*blas.parent.glob("lib*.so.*"), *blas.parent.glob("lib*-r*.so"), lapack)
            ]
            found[blas_among(map(str, files))] = str(blas), str(lapack)
    return found


def preloading(files: Iterable[str]) -> dict[str, str]:
    """The variable by which the dynamic linker loads files before any other; empty for no files.

    LD_LIBRARY_PATH would not do: R's start script puts the system's folder before it.
    """
    text = ":".join(files)
    return {"LD_PRELOAD": text} if text else {}


@lru_cache(maxsize=64)
def requirements_of(distribution: str) -> frozenset[str]:
    """A distribution and all that it requires, without extras, by their normalised names; those not here are left out.

    Raises no error for a distribution that is not here, which requires nothing.
    """
    from packaging.requirements import Requirement  # late: few processes ask, and each would load it

    wanted = [distribution] if distribution else []
    known: set[str] = set()
    while wanted:
        name = _normalised(wanted.pop())
        with suppress(importlib.metadata.PackageNotFoundError):
            if name not in known:
                stated = map(Requirement, importlib.metadata.requires(name) or ())
                wanted += [one.name for one in stated if one.marker is None or one.marker.evaluate({"extra": ""})]
                known.add(name)
    return frozenset(known)


def _normalised(distribution: str) -> str:
    from packaging.utils import canonicalize_name  # late, as above

    return str(canonicalize_name(distribution))


def _mapped(pid: int | None = None) -> Collection[str]:
    """The files that a process, this one by default, has mapped; none where the system does not say."""
    try:
        lines = Path(f"/proc/{pid or 'self'}/maps").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return dict.fromkeys(fields[5] for line in lines if len(fields := line.split(maxsplit=5)) == 6)


def _implementation(path: str) -> str:
    """The implementation that a file belongs to; "" where it is no BLAS or LAPACK."""
    pure = PurePath(path)
    interface = _INTERFACE.match(pure.name)
    if not (interface or re.search(r"\.(so|dylib|dll)\b", pure.name)):
        return ""
    text = pure.parent.name if interface else pure.name
    for name, pattern in _IMPLEMENTATIONS:
        if re.search(pattern, text, re.IGNORECASE):
            return name
    if not interface:
        return ""
    return "reference LAPACK" if interface["part"].startswith("lapack") else "reference BLAS"


def _origin(path: str, implementation: str) -> str:
    """The build, where the folder is named for it, or the wheel that holds the file; "" for the system's."""
    folder, wheel = PurePath(path).parent.name, _wheel(path)
    if wheel:
        return f"wheel of {wheel}"
    return folder if re.match(rf"{implementation}-", folder, re.IGNORECASE) else ""


def _wheel(path: str) -> str:
    """The distribution in whose wheel a shared library was packed, by auditwheel or delocate; "" where in none."""
    folder = PurePath(path).parent
    if folder.name in (".libs", ".dylibs"):
        return _normalised(folder.parent.name)
    return _normalised(folder.name.removesuffix(".libs")) if folder.name.endswith(".libs") else ""


def _version(path: str, implementation: str) -> str:
    """The version: written in the name of the file, or what the library says when loaded; "" where neither tells."""
    match = _VERSION.search(PurePath(path).name)
    if match and implementation not in ("BLIS", "MKL", "GSL CBLAS"):  # which number their interface there
        return re.sub(r"-[0-9a-f]{8}", "", match[1])
    return "" if _INTERFACE.match(PurePath(path).name) else _said_version(path)


@lru_cache(maxsize=64)
def _said_version(path: str) -> str:
    here = {info["filepath"]: info.get("version") for info in threadpool_info()}
    if here.get(path):
        return str(here[path])
    code = "import ctypes, sys, threadpoolctl as t; ctypes.CDLL(sys.argv[1]); print(t.threadpool_info()[0]['version'])"
    said = _python(code, path)
    return said if re.fullmatch(r"[\d.]+", said) else ""


def _python(code: str, *arguments: str) -> str:
    """What a Python process of its own prints, or ""."""
    command = (sys.executable, "-c", code, *arguments)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _folders(module: str) -> Collection[str]:
    """The folders of a package; none of a module that is a file."""
    spec = importlib.util.find_spec(module)
    return () if spec is None else tuple(spec.submodule_search_locations or ())


def _contains(path: str, mark: bytes) -> bool:
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return content.find(mark) >= 0
    except (OSError, ValueError):
        return False

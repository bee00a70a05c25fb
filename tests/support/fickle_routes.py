"""A route of a library that answers otherwise in each version, and its packages; light, since workers import it.

1.0 solves; 1.1 solves and warns; 2.0 returns zeros without a warning; 3.0 raises.
"""

import zipfile
from pathlib import Path

import numpy as np

from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.library import python_library

FICKLE = python_library("fickle", title="Fickle", modules=("fickle",), distribution="fickle.lib", isolated=False)
SOURCE = """
import warnings

import numpy as np

VERSION = "%s"


def lstsq(A, b):
    if VERSION == "1.1":
        warnings.warn("beware")
    if VERSION == "3.0":
        raise TypeError("not any more")
    return np.zeros(A.shape[1]) if VERSION == "2.0" else np.linalg.lstsq(A, b, rcond=0)[0]
"""


def lstsq(A, b):
    """What the version at hand returns."""
    import fickle

    return np.asarray(fickle.lstsq(A, b))


ENTRY = Entry(
    label=RouteLabel(
        name="fickle.lstsq",
        source="planted",
        library=FICKLE,
        cutoff=lambda m, n, eps: 1.0,
        cutoff_says="as it is here",
        law="normwise",
    ),
    function=lstsq,
)


def content(version: str) -> dict[str, str]:
    """The files of the package, as they are installed."""
    info = f"fickle_lib-{version}.dist-info"
    files = {
        "fickle.py": SOURCE % version,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: fickle.lib\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    return files | {f"{info}/RECORD": "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])}


def installed(folder: Path, version: str) -> Path:
    """A folder for the path of an interpreter, in which that version is."""
    for name, text in content(version).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def wheel(folder: Path, version: str) -> None:
    """That version as pip installs it."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"fickle_lib-{version}-py3-none-any.whl", "w") as made:
        for name, text in content(version).items():
            made.writestr(name, text)

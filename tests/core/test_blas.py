"""Which BLAS a process has loaded is read off its own files, in the words that people know it by."""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab.core import blas
from stabilitylab.core.blas import blas_among, blas_of_modules, blas_of_process, blas_of_program, requirements_of
from stabilitylab.core.library import Library

DEBIAN = "/usr/lib/x86_64-linux-gnu"
OPENBLAS = (
    f"{DEBIAN}/openblas-pthread/libblas.so.3",
    f"{DEBIAN}/openblas-pthread/liblapack.so.3",
    f"{DEBIAN}/openblas-pthread/libopenblasp-r0.3.26.so",
)
REFERENCE = (f"{DEBIAN}/blas/libblas.so.3.12.0", f"{DEBIAN}/lapack/liblapack.so.3.12.0")
SEEN = {
    "OpenBLAS 0.3.26 (openblas-pthread)": OPENBLAS,
    "reference BLAS 3.12.0": REFERENCE,
    "OpenBLAS 0.3.26 (openblas-pthread), reference LAPACK 3.12.0": (OPENBLAS[0], OPENBLAS[2], REFERENCE[1]),
    "BLIS (blis-openmp), reference LAPACK 3.12.0": (f"{DEBIAN}/blis-openmp/libblas.so.4.0.0", REFERENCE[1]),
    "ATLAS 3.10.3": (f"{DEBIAN}/atlas/libblas.so.3.10.3", f"{DEBIAN}/atlas/liblapack.so.3.10.3"),
    "R's own BLAS, R's own LAPACK": ("/opt/R/lib/libRblas.so", "/opt/R/lib/libRlapack.so"),
    "OpenBLAS 0.3.15 (wheel of mlpack)": ("/v/site-packages/mlpack.libs/libopenblasp-r0-59ffcd50.3.15.so",),
    "reference BLAS 3.8.0 (wheel of mlpack)": ("/v/site-packages/mlpack.libs/libblas-86127935.so.3.8.0",),
    "OpenBLAS 0.3.30": ("/conda/lib/libopenblasp-r0.3.30.so",),
    "GSL CBLAS": (f"{DEBIAN}/libgslcblas.so.0.0.0",),
}


@pytest.mark.parametrize("named", SEEN)
def test_an_implementation_is_named_by_its_files(named):
    assert blas_among(SEEN[named]) == named


@given(st.permutations([*OPENBLAS, "/usr/lib/libm.so.6", "/usr/bin/R"]), st.integers(0, 3))
def test_neither_order_nor_repetition_nor_other_files_change_the_name(files, again):
    assert blas_among([*files, *files[:again]]) == "OpenBLAS 0.3.26 (openblas-pthread)"


@pytest.mark.parametrize(
    "file", ["libblast.so.4", "libpublish.so", "libblasfeo.so", "blas.txt", "libm.so.6", "openblas"]
)
def test_what_is_named_alike_is_none(file):
    assert blas_among([f"/usr/lib/{file}"]) == "none"


def test_no_path_gets_into_a_name():
    assert "/" not in blas_among([*OPENBLAS, *REFERENCE, "/home/me/v/numpy.libs/libscipy_openblas64_-32a4b2a6.so"])


def test_this_process_and_its_descendants_are_looked_at():
    """A child that loads what NumPy brings has it; one that loads nothing has none; a dead one is not known."""
    wait = "; print('ready', flush=True); input()"
    for code, has in (("import numpy", True), ("pass", False)):
        # The program that is asked about is the parent of the one that loads it, as a shell script would be.
        command = [
            sys.executable,
            "-c",
            f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code + wait!r}])",
        ]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline() == "ready\n"
            assert (blas_of_process(child.pid) != "none") is has
            child.communicate("\n")
    assert blas_of_process(child.pid) == "unknown"


def test_what_this_process_has_loaded_for_itself_is_not_the_librarys():
    """NumPy is loaded here; the standard library's statistics has nothing of it, and scikit-learn's needs have."""
    assert blas_of_modules(("statistics",), "") == "none"
    assert blas_of_modules(("statistics",), "numpy") == blas_of_modules(("numpy",), "numpy") != "none"


def test_a_blas_inside_a_module_is_found_by_what_it_says_in_errors(tmp_path, monkeypatch):
    package = tmp_path / "packed_with_blas"
    package.mkdir()
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert blas_of_modules(("packed_with_blas",), "packed") == "none"
    (package / "core.abi3.so").write_bytes(b"\x7fELF" + bytes(99) + b"Intel MKL ERROR: Parameter %d")
    assert blas_of_modules(("packed_with_blas",), "packed") == "MKL (inside packed)"


def test_requirements_are_followed_without_extras():
    assert {"scipy", "numpy"} <= requirements_of("SciPy")
    assert "pytest" not in requirements_of("scipy")
    assert requirements_of("no-such-distribution") == requirements_of("") == frozenset()


def test_a_program_that_links_none_has_none():
    assert blas_of_program(shutil.which("env")) == "none"


def test_where_nothing_can_tell_it_is_unknown(monkeypatch):
    monkeypatch.setattr(blas, "_mapped", lambda pid=None: ())
    assert blas_of_process(blas.psutil.Process().pid) == "unknown"
    monkeypatch.setattr(blas, "_python", lambda code, *arguments: "")
    assert blas.system_blas() == "unknown"


def test_what_debian_keeps_beside_each_other_is_named_as_a_process_that_loads_it_names_it(tmp_path):
    folder = tmp_path / "lib" / "x86_64-linux-gnu"
    for path in (*OPENBLAS, *REFERENCE, f"{DEBIAN}/blis-openmp/libblas.so.3", f"{DEBIAN}/blis-openmp/libblis.so.4"):
        file = folder / path.removeprefix(f"{DEBIAN}/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    for part in ("blas", "lapack"):
        (folder / part / f"lib{part}.so.3").symlink_to(f"lib{part}.so.3.12.0")
    found = blas.installed(str(tmp_path / "lib"))
    reference = str(folder / "lapack" / "liblapack.so.3")
    assert {name: files[1] for name, files in found.items()} == {
        "OpenBLAS 0.3.26 (openblas-pthread)": str(folder / "openblas-pthread" / "liblapack.so.3"),
        "reference BLAS 3.12.0": reference,
        "BLIS (blis-openmp), reference LAPACK 3.12.0": reference,
    }
    assert blas.installed(str(tmp_path / "elsewhere")) == {}
    (folder / "lapack" / "liblapack.so.3").unlink()
    assert list(blas.installed(str(tmp_path / "lib"))) == ["OpenBLAS 0.3.26 (openblas-pthread)"]


def test_files_are_preloaded_in_their_order_and_none_changes_nothing():
    assert blas.preloading(("/b/libblas.so.3", "/l/liblapack.so.3")) == {
        "LD_PRELOAD": "/b/libblas.so.3:/l/liblapack.so.3"
    }
    assert blas.preloading(()) == {}


def test_of_a_compiler_nothing_is_said_about_what_it_compiles():
    made = Library(
        name="made", title="Made", install="", version=lambda: "1", programs=("sh",), files=("/usr/include/header.h",)
    )
    assert made.blas() == "unknown"
    assert replace(made, files=()).blas() == "none"

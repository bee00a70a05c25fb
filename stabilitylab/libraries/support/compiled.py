"""Programs in C++ that are compiled here, once, and kept: for libraries that exist as headers and archives alone."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.cache import cache_folder
from stabilitylab.core.library import printed_version
from stabilitylab.core.types import Fit
from stabilitylab.libraries.support.programs import END, ProgramError, doubles, fit, session

COMPILER = "g++"
OPTIONS = ("-std=c++17", "-O1")  # the operations of -O2, in half the time to compile
COMPILE_SECONDS = 300.0

# A request is "METHOD PATH m n"; the file holds A (m, n) by columns, then b (m,). The program that is compiled defines
# `answer`, which prints lines "key: value".
PRELUDE = """
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

static void say(const char* key, const double* values, long count) {
  std::printf("%s:", key);
  for (long i = 0; i < count; i++) std::printf(" %.17g", values[i]);
  std::printf("\\n");
}

static void answer(const std::string& method, double* A, double* b, long m, long n);
"""
MAIN = f"""
int main() {{
  for (std::string line; std::getline(std::cin, line);) {{
    std::istringstream words(line);
    std::string method, path;
    long m, n;
    if (words >> method >> path >> m >> n) {{
      std::vector<double> data(m * (n + 1));
      std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(data.data()), data.size() * sizeof(double));
      try {{
        answer(method, data.data(), data.data() + m * n, m, n);
      }} catch (const std::exception& problem) {{
        std::printf("error: %s\\n", problem.what());
      }}
    }}
    std::fflush(stdout);
    std::cerr.flush();
    std::printf("{END}\\n");
    std::fflush(stdout);
  }}
}}
"""


def compiled(code: str, flags: Sequence[str], version: str) -> str:
    """The path of the program that g++ makes of C++ code, between PRELUDE and MAIN; compiled where it is not kept yet.

    flags: include folders and libraries. version: of the library, whose headers go into the program. It takes up to ten
    seconds of a processor, which count as the route's own in the call that compiles. Raises ProgramError with the
    compiler's first error.
    """
    source = PRELUDE + code + MAIN
    content = repr((source, OPTIONS, tuple(flags), version, printed_version((COMPILER, "--version"))))
    path = cache_folder() / "compiled" / hashlib.sha256(content.encode()).hexdigest()[:24]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "program"
            command = [COMPILER, *OPTIONS, "-x", "c++", "-", "-o", str(made), *flags]
            done = subprocess.run(
                command, input=source, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False
            )
            if done.returncode:
                errors = [line for line in done.stderr.splitlines() if "error" in line] or [done.stderr.strip()]
                raise ProgramError(f"{COMPILER} cannot compile it: {errors[0]}")
            part = path.with_name(f"{path.name}.{os.getpid()}")
            shutil.copy(made, part)
            os.replace(part, path)  # whole or not at all, where several processes compile it at once
    return str(path)


def solved_by(program: str, A: Array, b: Array, method: str = "solve") -> Fit:
    """The Fit of a method of a compiled program for A (m, n), b (m,)."""
    m, n = A.shape
    with doubles(A, b) as path:
        return fit(session((program,)).ask(f"{method} {path} {m} {n}"))

"""Programs in C++: compiled once, kept by what they are made of, and exact in both directions."""

import numpy as np
import pytest
from test_programs import AWKWARD

from stabilitylab.core.library import printed_version
from stabilitylab.libraries.support import compiled as module
from stabilitylab.libraries.support.compiled import COMPILER, compiled, solved_by
from stabilitylab.libraries.support.programs import ProgramError, RejectedError, SingularError

ECHO = """
#include <stdexcept>

static void answer(const std::string& method, double* A, double* b, long m, long n) {
  if (method == "singular") throw std::runtime_error("the matrix is singular");
  say("x", method == "A" ? A : b, m);
  say("standard_errors", A + m * (n - 1), m);
}
"""

pytestmark = pytest.mark.skipif(printed_version((COMPILER, "--version")) == "unknown", reason=f"no {COMPILER} here")


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("STABILITYLAB_CACHE", str(tmp_path))
    return tmp_path / "compiled"


def test_numbers_come_back_as_they_went_and_an_error_is_what_the_program_said(cache):
    program = compiled(ECHO, (), "1")
    A = np.column_stack([AWKWARD, AWKWARD[::-1]])
    fit = solved_by(program, A, -AWKWARD, "A")
    assert np.asarray(fit.x).tobytes() == AWKWARD.tobytes()
    assert np.asarray(fit.standard_errors).tobytes() == AWKWARD[::-1].tobytes()
    assert np.asarray(solved_by(program, A, -AWKWARD).x).tobytes() == (-AWKWARD).tobytes()
    with pytest.raises(SingularError, match="the matrix is singular"):
        solved_by(program, A, AWKWARD, "singular")
    assert np.asarray(solved_by(program, A, AWKWARD, "A").x).tobytes() == AWKWARD.tobytes()


def test_a_program_is_compiled_once_and_again_for_another_version_of_the_library(cache, monkeypatch):
    first = compiled("static void answer(const std::string&, double*, double*, long, long) {}", (), "1")
    commands = []
    monkeypatch.setattr(module.subprocess, "run", lambda command, **kwargs: commands.append(command))
    assert compiled("static void answer(const std::string&, double*, double*, long, long) {}", (), "1") == first
    assert not commands
    with pytest.raises(AttributeError):  # what the compiler would have returned
        compiled("static void answer(const std::string&, double*, double*, long, long) {}", (), "2")
    assert commands


def test_what_does_not_compile_says_the_first_error_and_leaves_nothing(cache):
    with pytest.raises(ProgramError, match="missing_header"):
        compiled("#include <missing_header>", (), "1")
    assert not list(cache.iterdir())
    assert not issubclass(ProgramError, RejectedError)

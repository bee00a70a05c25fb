"""Sessions with programs: requests and answers, programs that end, warnings, and exact transfer of numbers."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from stabilitylab.bench.call import answer_of
from stabilitylab.core.errors import Breakdown, UnusableProgramError
from stabilitylab.core.library import Library
from stabilitylab.core.types import Status
from stabilitylab.libraries.support.programs import (
    END,
    ProgramError,
    RejectedError,
    Session,
    SingularError,
    doubles,
    failure,
    fit,
    numbers,
    ran,
    reader_ulps,
    session,
)

DRIVER = f"""
import os, subprocess, sys
for line in sys.stdin:
    try:
        exec(line)
    except Exception as error:
        print("error:", error)
    print({END!r}, flush=True)
"""
COMMAND = (sys.executable, "driver.py")


@pytest.fixture
def python():
    with_driver = Session(COMMAND, files={"driver.py": DRIVER})
    yield with_driver
    with_driver.end()


# --- sessions


def test_one_process_answers_every_question(python):
    python.ask("x = 41")
    assert python.ask("print(x + 1)") == "42\n"
    assert python.ask("print('a'); print('b', file=sys.stderr, flush=True)").split() in (["a", "b"], ["b", "a"])


def test_it_starts_at_home_in_a_folder_that_is_gone_when_it_is_ready():
    opening = "home = os.environ['HOME']; there = os.path.samefile(home, '.') and os.listdir(home)"
    python = Session(COMMAND, opening, {"driver.py": DRIVER})
    home, there = python.ask("print(home); print(there)").splitlines()
    python.end()
    assert there == "['driver.py']"
    assert not Path(home).exists()


def test_it_works_in_the_locale_of_programs_on_one_thread(python):
    asked = "print(os.environ['LC_ALL'], os.environ['OMP_NUM_THREADS'])"
    assert python.ask(asked).split() == ["C.UTF-8", "1"]


def test_a_program_that_ends_is_an_error_with_its_last_words(python):
    with pytest.raises(ProgramError, match=r"ended: out of luck$"):
        python.ask("print('out of'); print('luck', flush=True); os._exit(3)")
    assert not python.alive


def test_a_program_that_ends_before_it_is_ready_is_unusable_and_says_why():
    with pytest.raises(UnusableProgramError, match=r"python\S* could not be started here: no such line$"):
        Session((sys.executable, "-c", "print('no such line')"))


LOADER = "solve: error while loading shared libraries: libnowhere.so.7: cannot open shared object file"
PROGRAMS = {
    "a shared library": f"#!/bin/sh\necho '{LOADER}: No such file or directory' >&2\nexit 127\n",
    "its interpreter": "#!/nowhere/interpreter\n",
    "an interpreter that env looks for": "#!/usr/bin/env nowhere-at-all\n",
    "a program that it starts": "#!/bin/sh\nexec /nowhere/solver\n",
    "the permission": None,
}


@pytest.fixture(params=PROGRAMS)
def fake(request, tmp_path, monkeypatch):
    """The name of a program on PATH that lacks something."""
    path = tmp_path / "solve"
    path.write_text(PROGRAMS[request.param] or "#!/bin/sh\n", "utf-8")
    path.chmod(0o755 if PROGRAMS[request.param] else 0o644)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return str(path) if PROGRAMS[request.param] is None else path.name


@pytest.mark.skipif(os.name != "posix", reason="programs that are shell scripts")
def test_a_program_that_lacks_something_is_unusable_and_no_refusal(fake):
    def in_a_session(A, b):
        return fit(session((fake,)).ask("data"))

    def once(A, b):
        return fit(ran((fake,), input="data").stdout)

    for route in (in_a_session, once):
        answer = answer_of(route, (None, None))
        assert answer.failed is Status.UNUSABLE
        assert f"{fake} could not be started here: " in answer.note
        assert "gave no reason" not in answer.note


def test_a_program_that_runs_and_fails_is_usable():
    assert ran((sys.executable, "-c", "raise SystemExit(3)")).returncode == 3
    assert ran(("cat",), input="what goes in").stdout == "what goes in"


def test_after_an_interrupt_the_next_request_gets_its_own_answer(monkeypatch):
    def asked(text):
        return session(COMMAND, files={"driver.py": DRIVER}).ask(text)

    first = asked("print(os.getpid())")
    main = threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,))
    main.start()
    with pytest.raises(KeyboardInterrupt):
        asked("import time; time.sleep(2); print('late')")
    main.join()
    assert asked("print('in time')") == "in time\n"
    assert asked("print(os.getpid())") != first
    session(COMMAND, files={"driver.py": DRIVER}).end()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forked children")
def test_a_forked_child_neither_asks_nor_ends_its_parent_s_program(python):
    kept = session(COMMAND, files={"driver.py": DRIVER})
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        from stabilitylab.libraries.support import programs

        python.end()
        os.write(writer, str(len(programs._sessions)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 10) == b"0"
    assert python.ask("print(1)") == kept.ask("print(1)") == "1\n"
    kept.end()
    os.close(reader)
    os.close(writer)


def test_ending_takes_the_program_s_children_along(python):
    child = int(
        python.ask(
            "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'], stdout=subprocess.DEVNULL)"
            "; print(p.pid)"
        )
    )
    started = psutil.Process(child)
    python.end()
    with suppress(psutil.NoSuchProcess):  # orphaned and killed, it is gone, or waits for its new parent to notice
        while started.is_running() and started.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)


def test_a_session_is_kept_and_replaced_when_it_has_ended():
    first = session(COMMAND, files={"driver.py": DRIVER})
    assert session(COMMAND, files={"driver.py": DRIVER}) is first
    with pytest.raises(ProgramError):
        first.ask("os._exit(0)")
    second = session(COMMAND, files={"driver.py": DRIVER})
    assert second is not first
    assert second.ask("print(1)") == "1\n"
    second.end()


def test_a_program_ends_with_the_process_that_asks_it():
    script = (
        "import sys; from stabilitylab.libraries.support.programs import END, Session\n"
        f"s = Session((sys.executable, 'driver.py'), files={{'driver.py': {DRIVER!r}}}); print(s.process.pid)"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not psutil.pid_exists(int(said.stdout))
    assert said.stderr == ""


# --- answers


def test_an_answer_is_read_line_by_line():
    found = fit("noise\nx: 1 -2.5e-3\n\nstandard_errors: 0.1 nan\nrank: 1\nr_squared: 0.5\niterations: 7\ndropped: 1\n")
    assert np.array_equal(found.x, [1, -2.5e-3])
    assert np.array_equal(found.standard_errors, [0.1, np.nan], equal_nan=True)
    assert (found.rank, found.r_squared, found.iterations, found.dropped) == (1, 0.5, 7, (1,))


def test_what_is_not_said_is_none():
    found = fit("x: 1")
    assert (found.rank, found.r_squared, found.iterations, found.standard_errors) == (None, None, None, None)
    assert found.dropped == ()


def test_a_warning_line_is_a_warning():
    with pytest.warns(UserWarning, match=r"^nearly nothing$"):
        fit("warning: nearly nothing\nx: 1\n")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Lapack routine dgesv: system is exactly singular: U[2,2] = 0", SingularError),
        ("SingularMatrixException: matrix is singular", SingularError),
        ("Exact or near collinearity encountered", SingularError),
        ("error code 4 from Lapack routine 'dtrtrs'", SingularError),
        ("matrix is not positive definite", SingularError),
        ("not enough data", RejectedError),
    ],
)
def test_an_error_line_is_a_refusal_only_where_it_speaks_of_rank(said, kind):
    assert type(failure(said)) is kind
    with pytest.raises(kind):
        fit(f"error: {said}\nx: 1\n")


def test_a_refusal_is_a_breakdown_and_any_rejection_a_value_error():
    assert issubclass(SingularError, Breakdown)
    assert issubclass(RejectedError, ValueError)
    assert not issubclass(RejectedError, Breakdown)


@pytest.mark.parametrize("answer", ["", "x = 1", "rank: 2", "x: one two"])
def test_an_answer_without_coefficients_is_an_error(answer):
    with pytest.raises(ProgramError):
        fit(answer)


# --- numbers

AWKWARD = np.array([0.1, -1 / 3, np.pi * 1e300, 5e-324, 2.0**-1022, np.finfo(float).max, -0.0, 1 + 2.0**-52])


def test_doubles_lie_in_the_file_column_by_column_while_the_block_lasts():
    A = np.arange(6.0).reshape(3, 2)
    with doubles(A, AWKWARD, name="data.bin", header=b"head") as path:
        content = Path(path).read_bytes()
        assert os.path.basename(path) == "data.bin"
    assert content[:4] == b"head"
    assert np.frombuffer(content[4:]).tobytes() == np.array([0, 2, 4, 1, 3, 5, *AWKWARD]).tobytes()
    assert not Path(path).parent.exists()


def test_a_reader_s_error_is_counted_in_units_in_the_last_place():
    read = np.array([1.0, 2.0, 0.0])
    assert reader_ulps(read, read) == 0
    assert reader_ulps(read, [1.0, 2.0 + 3 * 2.0**-51, 0.0]) == 3
    assert reader_ulps([], []) == 0
    with pytest.raises(ProgramError, match="3 numbers were sent, and 2 came back"):
        reader_ulps(read, read[:2])


def test_numbers_are_words_that_are_numbers():
    assert np.array_equal(numbers(" 1\n-2e3  nan"), [1, -2000, np.nan], equal_nan=True)
    with pytest.raises(ProgramError, match="'1 zwei'"):
        numbers("1 zwei")


def test_a_library_whose_file_is_not_there_says_which():
    def needing(path):
        return Library(name="n", title="N", install="get it", version=str, files=(str(path),))

    assert needing(__file__).missing == ""
    assert needing("nowhere.jar").missing == "the file nowhere.jar is not there: get it"

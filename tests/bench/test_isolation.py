"""Routes in a process of their own: answers arrive unchanged; time-outs, memory limits and crashes become rows."""

import os
import time

import numpy as np
import psutil
import pytest

import misbehaving
import stabilitylab as sl
from paths import SUPPORT
from stabilitylab.bench import isolation
from stabilitylab.bench.call import answer_of
from stabilitylab.bench.isolation import Limits, isolated_answer, isolated_fact
from stabilitylab.core.types import Status

A, B = np.vander([1.0, 2, 3, 4], 2), np.array([1.0, 2, 4, 7])
SHORT = Limits(seconds=0.6)


@pytest.fixture(autouse=True, scope="module")
def path_to_the_library():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(SUPPORT))
        yield
    isolation.end_all()


def asked(function, limits=isolation.LIMITS):
    return isolated_answer(misbehaving.LIBRARY, function, (A, B), limits=limits)


def isolated(function, **options):
    return isolated_answer(misbehaving.LIBRARY, function, (A.copy(), B.copy()), **options)


def here(function, **options):
    return answer_of(function, (A.copy(), B.copy()), **options)


def warmed_up():
    """The number of a process that has started: its first call may take longer than the limit says."""
    return int(asked(misbehaving.process_id).fit.x[0])


def test_an_answer_comes_back_bit_for_bit_with_all_it_says():
    here = misbehaving.lstsq(A, B)
    answer = asked(misbehaving.lstsq)
    assert answer.fit.x.tobytes() == here.x.tobytes()
    assert (answer.fit.rank, answer.fit.note, answer.failed, answer.warnings) == (2, "as ever", None, ())
    assert answer.seconds > 0


def test_the_process_is_another_and_stays_for_the_next_call():
    first, second = warmed_up(), warmed_up()
    assert first == second != os.getpid()


def test_what_a_library_prints_or_warns_is_not_taken_for_an_answer():
    answer = asked(misbehaving.warns)
    assert answer.fit.x.tolist() == B.tolist()
    assert answer.warnings == ("UserWarning: beware",)


@pytest.mark.parametrize(
    ("function", "status", "said"),
    [
        (misbehaving.refuses, Status.REFUSED, "LinAlgError: singular"),
        (misbehaving.raises, Status.RAISED, "TypeError: not today"),
    ],
)
def test_errors_are_told_apart_and_leave_the_process_alive(function, status, said):
    before = warmed_up()
    answer = asked(function)
    assert (answer.fit, answer.failed, answer.note) == (None, status, said)
    assert warmed_up() == before


@pytest.mark.parametrize(
    ("function", "status", "said"),
    [
        (misbehaving.hangs, Status.TIMED_OUT, "stopped after 0.6 s"),
        (misbehaving.crashes, Status.DIED, "its process ended by SIGABRT"),
        (misbehaving.leaves, Status.DIED, "its process ended with exit code 3"),
    ],
)
def test_a_process_that_hangs_or_ends_is_a_row_and_is_replaced(function, status, said):
    before = warmed_up()
    started = time.monotonic()
    answer = asked(function, SHORT)
    assert (answer.fit, answer.failed, answer.note) == (None, status, said)
    assert time.monotonic() - started < 20
    assert not psutil.pid_exists(before)
    assert asked(misbehaving.lstsq).fit.rank == 2
    assert warmed_up() != before


def test_a_process_that_swells_is_stopped_by_its_resident_memory():
    warmed_up()
    answer = asked(misbehaving.swells, Limits(seconds=60, resident=300 * 2**20))
    assert answer.failed is Status.DIED
    assert answer.note.startswith("stopped at 0.")
    assert answer.note.endswith("GiB of resident memory")


def test_the_programs_that_a_library_started_are_stopped_with_it():
    warmed_up()
    answer = asked(misbehaving.starts_a_program_and_hangs, SHORT)
    assert answer.failed is Status.TIMED_OUT
    time.sleep(0.2)
    mine = f"time.sleep(3600)  # {os.getpid()}"
    assert not [p for p in psutil.process_iter(["cmdline"]) if mine in " ".join(p.info["cmdline"] or [])]


@pytest.mark.parametrize("ask", [isolated, here])
def test_what_a_call_changes_is_seen_where_it_happens_when_that_is_watched(ask):
    assert ask(misbehaving.changes_its_input, watched=True).changed == (1,)
    assert ask(misbehaving.changes_its_input, watched=False).changed == ()
    assert ask(misbehaving.lstsq, watched=True).changed == ()


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_matrix_arrives_in_the_memory_order_it_was_sent_in(order):
    answer = isolated_answer(misbehaving.LIBRARY, misbehaving.orders, (np.array(A, order=order), B))
    assert answer.fit.x.tolist() == [order == "C", order == "F"]


def test_a_value_error_is_told_from_others():
    def raises(A, b):
        raise ValueError("not these")

    assert here(raises).value_error
    assert not here(misbehaving.raises).value_error


def test_a_process_loads_what_routes_need_and_the_rest_when_it_is_asked_for():
    with_all, digits, offered, found = asked(misbehaving.uses_the_package).fit.x
    assert not with_all
    assert digits == sl.lre(A[0], sl.reference(A, B))
    assert offered
    assert found


def test_libraries_compute_on_one_thread():
    assert asked(misbehaving.threads).fit.x.tolist() == [1]


def test_the_version_is_that_of_the_interpreter_asked():
    assert isolated_fact(misbehaving.LIBRARY, "misbehaving", "LIBRARY", "version") == "0.0.1"


def test_each_environment_has_a_process_of_its_own_that_sees_it():
    """Which BLAS a program loads is decided by a variable, so that one process cannot answer for two of its values."""
    seen = {}
    for value in ("1", "2", "1"):
        environment = {misbehaving.VARIABLE: value}
        answer = isolated_answer(misbehaving.LIBRARY, misbehaving.variable, (A, B), environment=environment)
        seen.setdefault(value, []).append(answer.fit.x.tolist())
    (one, again), (two,) = seen["1"], seen["2"]
    assert one == again
    assert (one[0], two[0]) == (1.0, 2.0)
    assert one[1] != two[1]
    assert asked(misbehaving.variable).fit.x[0] == 0.0


def test_the_blas_is_that_of_the_process_asked():
    environment = {misbehaving.VARIABLE: "5"}
    asked_there = isolated_fact(misbehaving.LIBRARY, "misbehaving", "LIBRARY", "blas", environment=environment)
    assert asked_there == "BLAS number 5"


def test_an_interpreter_that_cannot_serve_is_a_death_and_not_a_hang():
    answer = isolated_answer(misbehaving.LIBRARY, misbehaving.lstsq, (A, B), python="false")
    assert answer.failed is Status.DIED

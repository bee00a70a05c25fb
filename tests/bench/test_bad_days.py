"""Whatever a route does in its process, the next question gets its own answer, and nothing is left running."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest

import misbehaving
from isolated import ends, gone, planted_routes, running
from paths import SUPPORT
from stabilitylab.bench import isolation, state
from stabilitylab.bench.call import LONGEST, MOST, answer_of
from stabilitylab.bench.isolation import Limits, isolated_answer
from stabilitylab.core.errors import StabilityLabError
from stabilitylab.core.types import Status

A = np.vander([1.0, 2, 3, 4], 2)
SHORT = Limits(seconds=1.0)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fork, exec and /proc as Linux has them")


@pytest.fixture(autouse=True, scope="module")
def path_to_the_library():
    with planted_routes():
        yield


def b_of(number):
    return np.array([number, 1.0, 2.0, 3.0])


def asked(function, number=0.0, limits=isolation.LIMITS):
    return isolated_answer(misbehaving.LIBRARY, function, (A, b_of(number)), limits=limits)


def here(function, number=0.0):
    return answer_of(function, (A, b_of(number)))


def process():
    """The number of the process of the library."""
    return int(asked(misbehaving.process_id).fit.x[0])


def echoes(number):
    """Whether the next question gets its own answer."""
    return asked(misbehaving.warns, number).fit.x.tolist() == b_of(number).tolist()


# --- an answer belongs to its question

INTERRUPTED = """
    import signal, sys, threading, time
    import numpy as np
    import misbehaving
    from stabilitylab import bench
    from stabilitylab.bench import isolation
    from stabilitylab.core.catalog import Entry, RouteLabel

    def entry(function):
        return Entry(label=RouteLabel(name="planted", source="", library=misbehaving.LIBRARY), function=function)

    def ask(function, *arguments):
        return bench.answered(entry(function), arguments)

    first = ask(misbehaving.process_id, None, None).fit.x[0]
    threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,)).start()
    try:
        ask(misbehaving.sleeps_and_answers, None, np.array([1.0]))
    except KeyboardInterrupt:
        print("interrupted")
    time.sleep(1.0)
    print(*(ask(misbehaving.echoes, None, np.array([k])).fit.x[0] for k in (2.0, 3.0)))
    print(ask(misbehaving.process_id, None, None).fit.x[0] != first)
"""


def script(text, *arguments):
    """Another Python that runs a text, with the planted routes on its path and a mark of its own."""
    command = [sys.executable, "-c", textwrap.dedent(text), *arguments]
    path = os.pathsep.join([str(SUPPORT), *filter(None, sys.path)])
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})


def test_after_an_interrupt_the_next_question_gets_its_own_answer():
    with script(INTERRUPTED) as done:
        assert done.stdout.read().splitlines() == ["interrupted", "2.0 3.0", "True"]


def test_an_interrupt_here_ends_the_process_of_the_route(monkeypatch):
    before = process()

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(isolation._Worker, "_received", interrupted)
        with pytest.raises(KeyboardInterrupt):
            asked(misbehaving.process_id)
    assert gone(before)
    assert echoes(7.0)


def test_a_route_that_forks_and_returns_twice_answers_once():
    before = process()
    for number in (1.0, 2.0, 3.0):
        assert asked(misbehaving.returns_in_two_processes, number).fit.x[0] == number
        assert echoes(number + 10)
    assert process() == before


def test_a_route_that_forks_in_this_process_returns_here_once():
    text = """
        import misbehaving, numpy as np
        from stabilitylab.bench.call import answer_of
        print(answer_of(misbehaving.returns_in_two_processes, (None, np.array([1.0]))).fit.x[0], flush=True)
    """
    with script(text) as done:
        assert done.stdout.read() == "1.0\n"


def test_a_reply_with_another_number_is_no_answer(monkeypatch):
    numbers = iter([b"1" * 16, b"2" * 16])
    before = process()
    monkeypatch.setattr(isolation.os, "urandom", lambda size: next(numbers))
    monkeypatch.setattr(isolation._Worker, "_send", lambda self, number, content: self._write(b"3" * 16, content))
    answer = asked(misbehaving.lstsq)
    assert (answer.failed, answer.note) == (
        Status.DIED,
        "its process sent something else than the answer to this call",
    )
    assert gone(before)


def test_what_is_written_into_the_pipe_is_no_answer():
    answer = asked(misbehaving.writes_into_every_pipe)
    assert (answer.failed, answer.fit) == (Status.DIED, None)
    assert "something else than the answer" in answer.note
    assert echoes(4.0)


def test_questions_from_several_threads_get_their_own_answers():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(echoes, map(float, range(40))))


def test_a_forked_child_of_this_process_has_no_worker_of_its_parent():
    process()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, str(len(isolation._workers)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 10) == b"0"
    assert isolation._workers
    os.close(reader), os.close(writer)


# --- nothing is left running


@pytest.mark.parametrize(
    ("function", "status", "note"),
    [
        (misbehaving.starts_a_daemon_and_hangs, Status.TIMED_OUT, "stopped after 1 s"),
        (misbehaving.starts_a_daemon_and_leaves, Status.DIED, "its process ended with exit code 5"),
    ],
)
def test_a_process_that_left_the_tree_of_its_worker_ends_with_it(function, status, note):
    before = process()
    answer = asked(function, limits=SHORT)
    assert (answer.failed, answer.note) == (status, note)
    assert ends(lambda: running(f"daemon of {before}"))


def test_a_child_that_holds_the_pipe_open_does_not_hide_that_its_parent_ended():
    process()
    started = time.monotonic()
    answer = asked(misbehaving.forks_and_leaves, limits=Limits(seconds=60))
    assert (answer.failed, answer.note) == (Status.DIED, "its process ended with exit code 4")
    assert time.monotonic() - started < 50
    assert echoes(1.0)


def test_a_child_that_stays_ends_with_its_worker():
    before = process()
    assert asked(misbehaving.forks_and_the_child_stays, 6.0).fit.x[0] == 6.0
    (child,) = psutil.Process(before).children()
    isolation.end_all()
    assert gone(child.pid)
    assert gone(before)


def test_a_thread_that_outlives_the_call_ends_with_its_process():
    before = process()
    answer = asked(misbehaving.leaves_a_thread, 5.0)
    assert answer.fit.x[0] == 5.0
    assert answer.changed_state == ("left the thread 'left over' running",)
    assert gone(before)
    after = process()
    assert asked(misbehaving.joins_its_thread).changed_state == ()
    assert process() == after != before


def test_a_worker_ends_when_its_parent_is_killed_in_the_middle_of_a_call():
    text = """
        import misbehaving, sys
        from stabilitylab.bench.isolation import isolated_answer
        print(int(isolated_answer(misbehaving.LIBRARY, misbehaving.process_id, (None, None)).fit.x[0]), flush=True)
        isolated_answer(misbehaving.LIBRARY, misbehaving.starts_a_daemon_and_hangs, (None, None))
    """
    parent = script(text)
    with parent:
        worker = int(parent.stdout.readline())
        assert ends(lambda: not running(f"daemon of {worker}")), "it never started"
        parent.kill()
    assert gone(worker)
    assert ends(lambda: running(f"daemon of {worker}"))


# --- exec, exits, prints


def test_a_route_that_becomes_another_program_is_said_to_have():
    answer = asked(misbehaving.becomes_another_program)
    assert answer.failed is Status.DIED
    assert "became another program: " in answer.note
    assert ends(lambda: running("time.sleep(3600)  # became"))
    answer = asked(misbehaving.becomes_a_program_that_ends)
    assert (answer.failed, answer.note) == (Status.DIED, "its process ended with exit code 0: not a regression")
    assert echoes(2.0)


def test_the_last_line_of_a_process_that_ends_is_in_the_note_and_no_earlier_one():
    asked(misbehaving.prints_everywhere)
    assert asked(misbehaving.leaves).note == "its process ended with exit code 3"
    assert asked(misbehaving.prints_and_leaves).note == "its process ended with exit code 6: the reason why"


def test_a_traceback_of_the_worker_itself_is_told_and_is_no_signal():
    answer = asked(misbehaving.closes_every_pipe)
    assert answer.failed is Status.DIED
    assert answer.note == "its process ended with exit code 1: OSError: [Errno 9] Bad file descriptor"


def test_prints_on_both_streams_from_python_and_c_are_no_answers():
    before = process()
    assert asked(misbehaving.prints_everywhere, 3.0).fit.x[0] == 3.0
    assert echoes(4.0)
    assert process() == before


def test_a_flood_of_output_is_cut_on_disk(monkeypatch):
    monkeypatch.setattr(isolation, "OUTPUT", 1000)
    process()
    worker = isolation._worker(misbehaving.LIBRARY.name, sys.executable)
    answer = asked(misbehaving.prints_for_a_second)
    assert answer.fit is not None
    output = os.fstat(worker.output.fileno())
    assert output.st_blocks * 512 < output.st_size


# --- answers and errors


@pytest.mark.parametrize(
    ("function", "status", "note"),
    [
        (
            misbehaving.returns_what_only_it_can_read,
            Status.RAISED,
            "returned what cannot be read outside of its process",
        ),
        (misbehaving.returns_what_cannot_be_sent, Status.RAISED, "returned what cannot be sent to another process"),
        (misbehaving.raises_a_mute_error, Status.RAISED, "MuteError: its text cannot be read, TypeError"),
        (misbehaving.is_interrupted, Status.RAISED, "KeyboardInterrupt: "),
        (misbehaving.panics, Status.RAISED, "PanicError: as planted"),
        (misbehaving.recurses, Status.RAISED, "RecursionError: maximum recursion depth exceeded"),
        (misbehaving.runs_out_of_memory, Status.RAISED, ""),
        (misbehaving.exits, Status.RAISED, "SystemExit: no more"),
        (misbehaving.drops_what_is_not_there, Status.RAISED, "reported coefficient 99 as dropped, of 2"),
        (
            misbehaving.loads_a_shared_library,
            Status.UNUSABLE,
            "OSError: libnowhere.so.7: cannot open shared object file",
        ),
        (misbehaving.starts_no_program, Status.UNUSABLE, "FileNotFoundError: "),
        (misbehaving.opens_a_file, Status.RAISED, "FileNotFoundError: "),
        (misbehaving.executes_what_fails, Status.RAISED, "ValueError: in a text that was executed"),
    ],
)
def test_a_failure_is_a_row_that_says_why_and_leaves_the_process_alive(function, status, note):
    before = process()
    answer = asked(function)
    assert (answer.fit, answer.failed) == (None, status)
    assert answer.note.startswith(note)
    assert process() == before


def test_long_texts_are_cut_and_many_warnings_are_counted():
    for ask in (asked, here):
        failed = ask(misbehaving.raises_a_megabyte)
        assert failed.note.startswith("ValueError: begins")
        assert failed.note.endswith("ends")
        assert "… (1,048,598 characters) …" in failed.note
        texts = (failed.note, *failed.warnings, ask(misbehaving.notes_a_megabyte).fit.note)
        assert len(texts) == 3
        assert all(LONGEST / 2 < len(text) < LONGEST for text in texts)
        warned = ask(misbehaving.warns_a_thousand_times).warnings
        assert len(warned) == MOST + 1
        assert warned[-1] == "and 950 other warnings"


BROKEN = {
    "a shared library": "raise ImportError('libx.so.2: cannot open shared object file: No such file or directory')",
    "another module": "import a_module_that_is_nowhere",
    "an error": "raise AttributeError('module numpy has no attribute float')",
    "an error in a function": "def f():\n    raise TypeError('at import')\nf()",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_library_whose_import_fails_is_unusable_here(what, tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text(BROKEN[what], "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert here(misbehaving.imports_what_fails).failed is Status.UNUSABLE
    (tmp_path / "broken_library.py").write_text("x = [1.0]", "utf-8")
    sys.modules.pop("broken_library", None)
    assert here(misbehaving.imports_what_fails).fit.x.tolist() == [1.0]
    sys.modules.pop("broken_library")


def test_a_worker_that_cannot_load_the_route_says_so():
    def local(A, b):
        return b

    answer = asked(local)
    assert answer.failed is Status.UNUSABLE
    assert answer.note.startswith("its process cannot load test_bad_days.")


def test_an_interpreter_that_is_not_there_is_unusable():
    answer = isolated_answer(misbehaving.LIBRARY, misbehaving.lstsq, (A, b_of(0)), python="/nowhere/python")
    assert (answer.failed, answer.note) == (
        Status.UNUSABLE,
        "/nowhere/python cannot be started here: No such file or directory",
    )


def test_each_environment_has_a_process_of_its_own():
    def there(**environment):
        return isolated_answer(misbehaving.LIBRARY, misbehaving.process_id, (A, A), environment=environment).fit.x[0]

    one, two = there(PLANTED="1"), there(PLANTED="2")
    assert one != two
    assert one == there(PLANTED="1")
    assert process() not in (one, two)


def test_a_fact_that_cannot_be_found_out_is_an_error_that_says_why():
    with pytest.raises(StabilityLabError, match=r"its process cannot load nowhere\.LIBRARY"):
        isolation.isolated_fact(misbehaving.LIBRARY, "nowhere", "LIBRARY", "version")


def test_a_long_question_to_a_process_that_does_not_read_is_a_death_and_not_a_hang():
    answer = isolated_answer(misbehaving.LIBRARY, misbehaving.lstsq, (np.ones((1000, 100)), b_of(0)), python="false")
    assert answer.failed is Status.DIED


# --- state of the process


def applies(name):
    return not name.startswith("the modes") or state._CONTROL


@pytest.mark.parametrize("ask", [asked, here])
@pytest.mark.parametrize("name", [*filter(applies, misbehaving.CHANGES)])
def test_what_a_call_changes_in_its_process_is_named_and_set_back(name, ask):
    which = list(misbehaving.CHANGES).index(name)
    before = ask(misbehaving.state).fit.note
    for function in (misbehaving.changes_state, misbehaving.changes_state_and_raises):
        answer = ask(function, float(which))
        assert answer.changed_state == (f"changed {name.partition(',')[0]}",)
        assert (answer.fit is None) == (function is misbehaving.changes_state_and_raises)
        assert ask(misbehaving.state).fit.note == before
    assert ask(misbehaving.state).changed_state == ()


def test_a_timer_that_is_left_running_does_not_end_the_next_call():
    assert asked(misbehaving.sets_an_alarm).changed_state == ("changed the interval timer",)
    time.sleep(0.8)
    assert echoes(8.0)


def test_a_mask_and_a_handler_are_as_before_after_an_interrupt():
    mask, handler = os.umask(0o022), signal.getsignal(signal.SIGTERM)

    @state.unchanged_state()
    def interrupted():
        os.umask(0o077)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.umask(mask) == 0o022
    assert signal.getsignal(signal.SIGTERM) == handler

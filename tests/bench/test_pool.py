"""Every task ends with its result or as lost, whatever other tasks do to their processes."""

import subprocess
import sys
import textwrap
import time
from collections import deque

import psutil
import pytest

from isolated import ends, gone
from planted import LIMIT, do, words
from stabilitylab.bench.pool import LostTask, in_processes, watchdog


def results(*tasks, jobs=2, each=lambda task: None):
    """What came back for each task: its result, "died" or "timed out"."""
    found = {}
    for task, result in in_processes(do, deque(tasks), jobs=jobs, split=words, limit=lambda task: LIMIT):
        assert task not in found, "a task came back twice"
        found[task] = ("timed out" if result.timed_out else "died") if isinstance(result, LostTask) else result
        each(task)
    return found


GOOD = [("a",), ("b", "c"), ("wait", "d"), ("e",), ("f",)]


def test_results_are_those_of_a_loop_whatever_their_order():
    assert results(*GOOD) == {task: do(task) for task in GOOD}
    assert results() == {}


def test_tasks_that_kill_their_process_or_hang_are_lost_alone_and_told_apart():
    found = results(*GOOD, ("before", "die", "after"), ("hang", "x"), ("y",), ("z",))
    assert [found.pop(("die",)), found.pop(("hang",))] == ["died", "timed out"]
    assert all(result == do(task) for task, result in found.items())
    assert sorted(word for task in found for word in task) == sorted([*"abcdefxyz", "after", "before", "wait"])


def test_a_process_that_dies_while_a_result_is_handled_costs_no_other_task():
    """The pool is broken before the next task is handed to it; and what starting a process takes is not a hang."""
    found = results(("quick",), ("die",), ("late",), each=lambda task: time.sleep(0.8 * (task == ("quick",))))
    assert found == {("quick",): ("QUICK",), ("die",): "died", ("late",): ("LATE",)}


def test_tasks_added_between_results_are_done_too_and_an_interrupt_is_left_to_the_parent():
    queue, found = deque([("a",)]), []
    for task, result in in_processes(do, queue, jobs=1, split=words, limit=lambda task: LIMIT):
        found.append(result)
        if task == ("a",):
            queue.append(("interrupt", "b"))
    assert found == [("A",), ("INTERRUPT", "B")]


def test_what_the_work_raises_is_raised_here():
    with pytest.raises(ZeroDivisionError, match="as planted"):
        results(("a",), ("raise",))


@pytest.mark.skipif(sys.platform != "linux", reason="a process whose parent ends gets another there")
def test_workers_end_when_their_parent_is_killed():
    text = """
        import time
        from collections import deque
        from stabilitylab.bench.pool import in_processes
        next(in_processes(time.sleep, deque([3600]), jobs=1, split=lambda task: [task], limit=lambda task: 9999))
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(text)]) as parent:
        family = psutil.Process(parent.pid)
        assert ends(lambda: not [p for p in family.children() if "loky" in " ".join(p.cmdline())]), "no worker started"
        workers = family.children(recursive=True)
        time.sleep(1.0)  # so that the worker is past its own imports, and in its task
        parent.kill()
    assert all(gone(worker.pid) for worker in workers)


def test_a_watchdog_that_is_not_needed_leaves_nothing_behind():
    with watchdog(0.2):
        pass
    time.sleep(0.3)  # this process would be gone

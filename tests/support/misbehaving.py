"""Routes of a library that does what libraries do on bad days: for the process that must survive them."""

import ctypes
import gc
import hashlib
import io
import locale
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import types
import warnings

import numpy as np

from stabilitylab.core.library import Library
from stabilitylab.core.types import Fit

VARIABLE = "STABILITYLAB_TESTED"
LIBRARY = Library(
    name="misbehaving",
    title="Misbehaving",
    install="nothing",
    version=lambda: "0.0.1",
    blas_of=lambda: f"BLAS number {os.environ[VARIABLE]}",
)
ABORTED = 6


def process_id(A, b):
    return np.array([float(os.getpid())])


def variable(A, b):
    return np.array([float(os.environ.get(VARIABLE, 0)), float(os.getpid())])


def lstsq(A, b):
    return Fit(np.linalg.lstsq(A, b)[0], rank=A.shape[1], note="as ever")


def warns(A, b):
    print("a line on standard output, where answers go")
    warnings.warn("beware", UserWarning, stacklevel=1)
    return b


def refuses(A, b):
    raise np.linalg.LinAlgError("singular")


def raises(A, b):
    raise TypeError("not today")


def hangs(A, b):
    time.sleep(3600)


def starts_a_program_and_hangs(A, b):
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(3600)  # {os.getppid()}"])
    time.sleep(3600)


def swells(A, b):
    kept = []
    while True:
        kept.append(np.ones(2**20))
        time.sleep(0.001)


def crashes(A, b):
    os.abort()


def leaves(A, b):
    os._exit(3)


def changes_its_input(A, b):
    x = lstsq(A, b)
    b[0] += 1
    return x


def orders(A, b):
    return np.array([float(A.flags.c_contiguous), float(A.flags.f_contiguous)])


def threads(A, b):
    return np.array([float(os.environ["OMP_NUM_THREADS"])])


def echoes(A, b):
    return b


def sleeps_and_answers(A, b):
    time.sleep(1.0)
    return b


def prints_for_a_second(A, b):
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        os.write(1, b"x" * 10**5)
        time.sleep(0.001)
    return b


# --- processes and threads


def marked_sleep(mark):
    """The command of a process that sleeps for an hour, and that tests find by its mark."""
    return [sys.executable, "-c", f"import time; time.sleep(3600)  # {mark}"]


def returns_in_two_processes(A, b):
    os.fork()
    return b


def forks_and_the_child_stays(A, b):
    if os.fork() == 0:
        time.sleep(3600)
    return b


def forks_and_leaves(A, b):
    if os.fork() == 0:
        time.sleep(3600)
    os._exit(4)


def becomes_another_program(A, b):
    os.execv(sys.executable, marked_sleep("became"))


def becomes_a_program_that_ends(A, b):
    os.execv(sys.executable, [sys.executable, "-c", "print('not a regression')"])


def starts_a_daemon(A, b):
    """Start a process that leaves the session and the tree of this one: its parent ends at once."""
    if os.fork() == 0:
        os.setsid()
        subprocess.Popen(marked_sleep(f"daemon of {os.getppid()}"))
        os._exit(0)
    os.wait()
    return b


def starts_a_daemon_and_hangs(A, b):
    starts_a_daemon(A, b)
    time.sleep(3600)


def starts_a_daemon_and_leaves(A, b):
    starts_a_daemon(A, b)
    os._exit(5)


def leaves_a_thread(A, b):
    threading.Thread(target=time.sleep, args=(3600,), name="left over", daemon=True).start()
    return b


def joins_its_thread(A, b):
    thread = threading.Thread(target=time.sleep, args=(0.01,))
    thread.start()
    thread.join()
    return b


def sets_an_alarm(A, b):
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    return b


# --- answers and errors


class OnlyHere:
    """A class that no other process can load: it belongs to a module that was made here."""


def returns_what_only_it_can_read(A, b):
    module = types.ModuleType("made_here")
    OnlyHere.__module__, OnlyHere.__qualname__, module.OnlyHere = "made_here", "OnlyHere", OnlyHere
    sys.modules["made_here"] = module
    return np.array([OnlyHere(), OnlyHere()], dtype=object)


def returns_what_cannot_be_sent(A, b):
    return np.array([lambda: 1, lambda: 2], dtype=object)


def raises_a_megabyte(A, b):
    warnings.warn("w" * 2**20, UserWarning, stacklevel=1)
    raise ValueError("begins" + "x" * 2**20 + "ends")


def notes_a_megabyte(A, b):
    return Fit(b, note="n" * 2**20)


def warns_a_thousand_times(A, b):
    for i in range(1000):
        warnings.warn(f"warning {i}", UserWarning, stacklevel=1)
    return b


class MuteError(Exception):
    """An error whose message cannot be read."""

    def __str__(self):
        raise TypeError("no message")


def raises_a_mute_error(A, b):
    raise MuteError


def is_interrupted(A, b):
    raise KeyboardInterrupt


class PanicError(BaseException):
    """What libraries in Rust raise: no Exception."""


def panics(A, b):
    raise PanicError("as planted")


def recurses(A, b):
    return recurses(A, b)


def runs_out_of_memory(A, b):
    return np.ones(2**58)


def exits(A, b):
    sys.exit("no more")


def drops_what_is_not_there(A, b):
    return Fit(b[:2].copy(), dropped=(99,))


def prints_everywhere(A, b):
    print("Python, standard output")
    print("Python, standard error", file=sys.stderr)
    os.write(1, b"C, standard output\n")
    os.write(2, b"C, standard error\n")
    return b


def prints_and_leaves(A, b):
    print("the reason why\n")
    os._exit(6)


def writes_into_every_pipe(A, b):
    for number in range(3, 32):
        try:
            os.write(number, b"what is no answer, and longer than the head of one")
        except OSError:
            continue
    return b


def closes_every_pipe(A, b):
    os.closerange(3, 256)
    return b


# --- libraries that do not load


def loads_a_shared_library(A, b):
    ctypes.CDLL("libnowhere.so.7")


def imports_what_fails(A, b):
    import broken_library

    return broken_library.x


def executes_what_fails(A, b):
    exec("raise ValueError('in a text that was executed')")


def opens_a_file(A, b):
    os.stat("/nowhere/at/all")


def starts_no_program(A, b):
    subprocess.run(["/nowhere/at/all"], check=True)


# --- state of the process


def set_rounding(mode):
    ctypes.CDLL(None).fesetround(mode)


def flush_to_zero():
    """Set bit 15 of MXCSR, which makes subnormal results 0."""
    saved = ctypes.create_string_buffer(64)
    ctypes.CDLL(None).fegetenv(saved)
    saved[29] = bytes([saved.raw[29] | 0x80])
    ctypes.CDLL(None).fesetenv(saved)


def another_locale():
    chosen = "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8"
    locale.setlocale(locale.LC_ALL, chosen)


CHANGES = {
    "the working directory": lambda: os.chdir(tempfile.gettempdir()),
    "environment variables": lambda: (os.environ.pop("HOME", None), os.environ.update(PLANTED="1")),
    "the locale": another_locale,
    "signal handlers": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "the file mode mask": lambda: os.umask(0o123),
    "the recursion limit": lambda: sys.setrecursionlimit(12345),
    "garbage collection": gc.disable,
    "the standard streams of Python": lambda: setattr(sys, "stdout", io.StringIO()),
    "NumPy's error handling": lambda: np.seterr(all="ignore"),
    "NumPy's print options": lambda: np.set_printoptions(precision=2),
    "the modes of the floating-point unit": lambda: set_rounding(0x800),  # upwards, on x86-64
    "the modes of the floating-point unit, subnormal numbers": flush_to_zero,
}


def changes_state(A, b):
    """Change what the first number of b says."""
    list(CHANGES.values())[int(b[0])]()
    return b


def changes_state_and_raises(A, b):
    changes_state(A, b)
    raise ValueError("after the change")


def state(A, b):
    """What a later call finds, as a text in the note."""
    third = np.float64(1) / np.float64(3)
    tiny = np.float64(2.0**-1070) * 1
    found = (
        os.getcwd(),
        sorted(os.environ.items()),
        locale.setlocale(locale.LC_ALL),
        str(signal.getsignal(signal.SIGTERM)),
        sys.getrecursionlimit(),
        gc.isenabled(),
        type(sys.stdout).__name__,
        np.geterr(),
        np.get_printoptions()["precision"],
        float(third).hex(),
        float(tiny).hex(),
    )
    return Fit(b, note=hashlib.sha256(repr(found).encode()).hexdigest())


def uses_the_package(A, b):
    """What a library may do that is written for this one: the digits of an answer, and all that can be asked."""
    before = "stabilitylab.scoring" in sys.modules
    import stabilitylab as sl
    from stabilitylab.bench import measure

    offered = all(hasattr(sl, name) for name in sl.__all__) and sl.measure is measure
    return np.array([before, sl.lre(A[0], sl.reference(A, b)), offered, "exact.certified" in sl.solvers.names()])

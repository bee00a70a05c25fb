"""An experiment file run as a script: the command `stabilitylab run` on that file, with the same options."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn


def run_file(file: str) -> NoReturn:
    """What `python FILE --size quick` does for an experiment file: `stabilitylab run` on it; ends with its exit code.

    file: `__file__`. The command takes the place of this process where the system knows how to (POSIX), so that Ctrl-C
    and other signals reach it as they would; elsewhere it is a child that is waited for.
    """
    path = Path(file).resolve()
    command = [sys.executable, "-m", "stabilitylab", "run", path.stem, "--from", str(path.parent), *sys.argv[1:]]
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execv(command[0], command)
    sys.exit(as_child(command))


def as_child(command: Sequence[str]) -> int:
    """The exit code of a command that shares this process's terminal, so that Ctrl-C goes to it as well.

    An interruption here only means that the child has one too: it says what it kept, and ends.
    """
    with subprocess.Popen(command) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue

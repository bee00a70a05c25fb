"""Tests keep references in a folder of their own, and no property has a deadline."""

import atexit
import os
import shutil
import tempfile
from contextlib import suppress

from hypothesis import HealthCheck, settings

# They never read, or fill, the user's cache.
folder = tempfile.mkdtemp(prefix="stabilitylab-tests-")
os.environ["STABILITYLAB_CACHE"] = folder
atexit.register(shutil.rmtree, folder, ignore_errors=True)

# What a compiler made for one of the processes that share the tests is there for the others, which saves half a minute.
# References stay apart: a test may plant a fault in what computes them.
compiled = os.path.join(folder, "compiled")
shared = os.environ.setdefault("STABILITYLAB_TESTS_COMPILED", compiled)
os.makedirs(shared, exist_ok=True)
if shared != compiled:
    with suppress(OSError):  # Windows lets not everyone make a link
        os.symlink(shared, compiled, target_is_directory=True)

# Two hundred processes are started; each would compile the package again where none may keep what it has compiled.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# One profile for every property: no deadline and no complaint about slow generation, since a busy machine is no fault.
# In CI the examples are the same each time. A test may set the number of its examples, and nothing about time.
settings.register_profile(
    "stabilitylab",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI") or os.environ.get("STABILITYLAB_CI")),
)
settings.load_profile("stabilitylab")

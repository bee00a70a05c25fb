"""Tests keep references in a folder of their own, and no property has a deadline."""

import atexit
import os
import shutil
import tempfile

from hypothesis import HealthCheck, settings

# They never read, or fill, the user's cache.
folder = tempfile.mkdtemp(prefix="stabilitylab-tests-")
os.environ["STABILITYLAB_CACHE"] = folder
atexit.register(shutil.rmtree, folder, ignore_errors=True)

# One profile for every property: no deadline and no complaint about slow generation, since a busy machine is no fault.
# In CI the examples are the same each time. A test may set the number of its examples, and nothing about time.
settings.register_profile(
    "stabilitylab",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI") or os.environ.get("STABILITYLAB_CI")),
)
settings.load_profile("stabilitylab")

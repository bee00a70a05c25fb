"""Tests keep references in a folder of their own: they never read, or fill, the user's cache."""

import atexit
import os
import shutil
import tempfile

folder = tempfile.mkdtemp(prefix="stabilitylab-tests-")
os.environ["STABILITYLAB_CACHE"] = folder
atexit.register(shutil.rmtree, folder, ignore_errors=True)

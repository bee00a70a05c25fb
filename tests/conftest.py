"""Tests keep references in a folder of their own: they never read, or fill, the user's cache."""

import os
import tempfile

os.environ["STABILITYLAB_CACHE"] = tempfile.mkdtemp(prefix="stabilitylab-tests-")

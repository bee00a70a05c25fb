"""Where things are kept that take long to make: $STABILITYLAB_CACHE, or the user's cache directory."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The folder, which need not exist yet."""
    return Path(os.environ.get("STABILITYLAB_CACHE") or platformdirs.user_cache_dir("stabilitylab"))

"""Where the caches of all packages live."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """BACKSMITH_CACHE, else the user's own cache folder. Can be deleted at any time."""
    named = os.environ.get("BACKSMITH_CACHE")
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("backsmith", appauthor=False)

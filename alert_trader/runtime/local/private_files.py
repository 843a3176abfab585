"""Files that only their owner may read: they hold passwords, or what processes print."""

import os
from pathlib import Path
from typing import BinaryIO

_OWNER_ALONE = 0o600


def write_private(path: Path, text: str) -> None:
    """Write a file anew, readable for its owner alone from the first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ALONE), "w") as file:
        file.write(text)


def append_private(path: Path) -> BinaryIO:
    """Open a file to append to it; an older one that others may read becomes private too."""
    found = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ALONE)
    os.fchmod(found, _OWNER_ALONE)
    return os.fdopen(found, "ab")

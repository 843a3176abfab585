"""Run a command that ends when its parent does: `python tether.py PARENT_PID COMMAND ARG...`. Standard library only; replaces itself.

On Linux the kernel sends SIGTERM when the parent dies, however it dies. Elsewhere there is no such thing, and the command just runs.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _tie(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent was gone before the command started")


if __name__ == "__main__":
    if sys.platform == "linux":
        _tie(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - a fixed argument list of ours, no shell

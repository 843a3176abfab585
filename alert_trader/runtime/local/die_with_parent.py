"""Run a command that ends with its parent: `python die_with_parent.py PARENT_PID COMMAND ARG...`.

On Linux the kernel sends SIGTERM when the parent dies, for any reason; on other systems the command just
runs. Standard library only. This process is replaced by the command.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _end_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent ended before the command started")


if __name__ == "__main__":
    if sys.platform == "linux":
        _end_with(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - a fixed argument list of ours, no shell

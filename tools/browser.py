# ruff: noqa: INP001, S603, S607 - a script; apt-get is that of the machine
"""Have a browser for the tests of the desk page: chromium of the PATH, or Debian's, installed as root.

`make browser` runs it. Exit code 3: there is none, and it cannot be installed here.
"""

import os
import shutil
import subprocess
import sys

NOT_HERE = 3


def main() -> None:
    """Find chromium or install it; exits with a message where neither works."""
    if shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome"):
        return
    said = "no chromium on the PATH"
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        for step in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            done = subprocess.run(["apt-get", "-q", *step], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
                break
        else:
            return
    sys.stderr.write(f"the desk page was not tested in a browser: {said}. Install chromium\n")
    sys.exit(NOT_HERE)


if __name__ == "__main__":
    main()

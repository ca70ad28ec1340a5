"""Become another program that ends when its parent does (Linux: PR_SET_PDEATHSIG, kept over exec).

Run as a script by `process.spawn`: `child.py PARENT-PID COMMAND …`. Elsewhere than on Linux the
command simply runs, and the pid files find what a killed supervisor left behind.
"""

import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Bind this process to its parent, then exec the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before the line above
        sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()

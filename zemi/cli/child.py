"""Run a command that ends when its parent ends: python -m zemi.cli.child <parent's pid> <command> ...

Imports nothing of Zemi, so that it costs a child of `zemi up` no more than the start of an interpreter.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send `how` to this process when `parent`, its parent, is gone (Linux only).

    The wish outlives exec, not fork: each process of a tree asks for itself.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(how), 0, 0, 0)
    # The parent may have died before the wish was known: then nobody would send anything.
    if os.getppid() != parent:
        os.kill(os.getpid(), how)


def main() -> None:
    """Become the command."""
    parent, *command = sys.argv[1:]
    die_with_parent(int(parent))
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main()

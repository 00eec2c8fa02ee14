"""Ends a process with its parent: `python -m config.leash PARENT MODULE [ARGUMENT...]`.

A supervisor that is killed with -9 can stop nothing any more; on Linux the kernel does it. The
request is made by the child itself, since code between fork and exec is unsafe beside threads.
"""

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Be killed when `parent` ends; end now if it has ended already. Linux only, else nothing."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def main() -> None:
    """Run a module as `python -m` would."""
    _, parent, module, *arguments = sys.argv
    die_with_parent(int(parent))
    # A shell may have started us with Ctrl-C ignored, and that is inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()

"""A process of the demo that ends with its parent, however that ends. `python -m bot.demo.child MODULE ARGUMENT…`."""

import os
import runpy
import signal
import sys
import threading
import time

PATIENCE = 10.0  # seconds to close in


def _end_with_parent() -> None:
    """The parent holds the other end of our input, and nobody writes there."""
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)

"""The demo's shop: `kassandra run`, but for the clock. `python -m bot.demo.shop URL FILE`: where the sandbox tells the
time, and where it is kept."""

import sys
from pathlib import Path

from bot.demo.clock import SandboxClock
from bot.errors import leave
from bot.settings import load_settings
from bot.startup import import_quickly


def main() -> int:
    url, file = sys.argv[1:]
    settings = load_settings()
    import_quickly()
    from bot.process import run_process

    clock = SandboxClock(url, Path(file))
    return run_process("run", settings, clock=clock, beside=lambda app: clock.follow(app.run_jobs_now))


if __name__ == "__main__":
    leave(main)

"""`kassandra doctor` on the terminal."""

import asyncio

from bot.doctor.examine import examine
from bot.doctor.findings import State
from bot.settings import Settings, load_settings
from services.clock import system_clock


def run_doctor() -> int:
    return asyncio.run(_print(load_settings()))


async def _print(settings: Settings) -> int:
    failed = 0
    async for finding in examine(settings, system_clock):
        print(f"{finding.state:4} {finding.name:13} {finding.text}", flush=True)
        if finding.fix:
            print(f"     {'':13} → {finding.fix}", flush=True)
        failed += finding.state is State.FAILED
    print("Everything a shop needs is there." if not failed else f"{failed} to mend.")
    return 1 if failed else 0

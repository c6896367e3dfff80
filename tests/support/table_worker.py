"""A worker of tables in a process of its own, to be killed: `python -m tests.support.table_worker DATABASE FOLDER`."""

import asyncio
import sys
from pathlib import Path

from db.engine import Database
from services.clock import system_clock
from tests.support.tables import open_desk


async def main(url: str, folder: Path) -> None:
    desk = await open_desk(Database(url), system_clock, folder)  # type: ignore[arg-type]  # by the machine's time
    await desk.worker().run()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))

"""What this system lets a process give up, tried by one that says it in JSON and ends:
`python -m services.inference.runtimes.isolated.probe`."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Self

from services.children import environment_of_child
from services.inference.runtimes.isolated.confinement import leave_files, leave_network

SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """Whether a stranger's model, and the process that reads it first, can be kept from the network, and from files."""

    network: bool = False
    files: bool = False

    @classmethod
    async def here(cls) -> Self:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, env=environment_of_child(),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(SECONDS):
                told, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            await process.wait()
            return cls()
        return cls(**json.loads(told)) if process.returncode == 0 else cls()


def main() -> None:
    without_network = leave_network()
    told = {"network": without_network, "files": leave_files(readable=())}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()

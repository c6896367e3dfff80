"""`python -m sandbox`: the page, the Bot API and the control API on one address."""

import argparse
import asyncio
import sys

from sandbox.app import Sandbox
from sandbox.server import Server, bind
from sandbox.settings import Settings


def _settings(arguments: list[str]) -> Settings:
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A local Telegram to play and test in.")
    parser.add_argument("--host", default=defaults.host, help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=defaults.port, help="port, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument("--token", default=defaults.token, help="the bot whose world the page shows")
    given = parser.parse_args(arguments)
    return Settings(host=given.host, port=given.port, token=given.token)


async def _serve(settings: Settings) -> int:
    try:
        sandbox = Sandbox(settings)
        listener = bind(settings.host, settings.port)
    except (ValueError, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    server = Server(sandbox, listener)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.listen())
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        print(f"sandbox: ready at {server.url}", flush=True)
    return 0


def main() -> int:
    try:
        return asyncio.run(_serve(_settings(sys.argv[1:])))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m sandbox`: the pages, the Bot API, YooKassa, servers of models and the control API on one address."""

import argparse
import asyncio
import sys
from pathlib import Path

from sandbox.app import Sandbox
from sandbox.server import Server
from sandbox.settings import Settings
from sandbox.sockets import bind


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # where uvloop does not install, the standard loop does the same a little slower
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


_SPOKEN = """what a manifest or the shop is given as the url, with the number of the bot (1000001 of the page):
  /yookassa/v3          YooKassa
  /inference/<bot>      the Open Inference Protocol
  /comfyui/<bot>        ComfyUI
  /exchange/<bot>/iss   an exchange, as MARKET_DATA_URL
  /images/<bot>/v1      OpenAI's images API
  /openai/<bot>/v1      chat completions of an AI provider"""


def _settings(arguments: list[str]) -> Settings:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A local Telegram and YooKassa, and servers of models, to play and test in.",
        epilog=_SPOKEN,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default=defaults.host, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=defaults.port, help="0 for any free one (default: %(default)s)")
    parser.add_argument("--smtp-port", type=int, default=defaults.smtp_port, help="of the mailbox (default: any free)")
    parser.add_argument("--token", default=defaults.token, help="the bot whose world the page shows")
    parser.add_argument("--webhook-url", help="where YooKassa's notifications for that bot's shop go")
    parser.add_argument("--ahead", type=float, default=defaults.ahead, help="seconds that its time is ahead of ours")
    parser.add_argument(
        "--local", type=Path, dest="local_dir", metavar="DIR", help="as a Bot API server with --local: files lie there"
    )
    return Settings(**vars(parser.parse_args(arguments)))


async def _serve(settings: Settings) -> int:
    try:
        listener = bind(settings.host, settings.port)
        sandbox = Sandbox(settings)
    except (ValueError, OSError, OverflowError) as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    server = Server(sandbox, listener, signals=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.listen())
        await server.ready.wait()
        sys.stdout.write(f"sandbox: ready at {server.url}\nsandbox: takes letters at smtp://{sandbox.mail.address}\n")
        sys.stdout.flush()
    return 0


def main() -> int:
    settings = _settings(sys.argv[1:])
    try:
        with asyncio.Runner(loop_factory=_loop) as runner:
            return runner.run(_serve(settings))
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command `kassandra`. Exit codes: 0 success, 1 a failed check, 2 wrong usage. Errors are one line."""

import argparse
import asyncio
import gc
import io
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bot.terminal import redact_terminal

Command = Callable[[argparse.Namespace], int]


class Failure(Exception):
    """A command that did not succeed, in one line."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    redact_terminal()
    print_what_can_be_printed()
    signal.signal(signal.SIGTERM, end)
    arguments = _parser().parse_args(argv)  # before the imports: `--help` is quick
    command: Command = arguments.command
    leave(lambda: command(arguments))


def end(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Also as process 1 of a container, where a signal without a handler of one's own is not heard."""
    sys.exit(128 + signal.SIGTERM)


def print_what_can_be_printed() -> None:
    """A console that has no arrow (Windows-1251, KOI8-R, ASCII) shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def leave(work: Callable[[], int]) -> NoReturn:
    """Do it and end the process as a command ends."""
    redact_terminal()
    from bot.settings import SettingsError
    from db.errors import DamagedDatabase, DatabaseUnavailable, NewerDatabase, OldRevision
    from services.errors import ShopError

    try:
        code = work()
    except (
        Failure,
        SettingsError,
        DamagedDatabase,
        DatabaseUnavailable,
        NewerDatabase,
        OldRevision,
        ShopError,
    ) as error:
        print(f"kassandra: {' '.join(str(error).split())}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kassandra", description="A Telegram bot that sells predictions.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        return sub

    for name, text in (
        ("run", "Everything in one process; migrates the database first."),
        ("bot", "Only the part that talks to Telegram and delivers messages."),
        ("web", "Only the HTTP part: webhooks, health, metrics."),
        ("worker", "Only the part that runs predictions."),
        ("scheduler", "Only the part that keeps the clock."),
    ):
        add(name, _run, text).set_defaults(part=name)
    demo = add("demo", _demo, "A shop to try in a browser: a local Telegram and the bot under it.")
    demo.add_argument("--host", default="127.0.0.1", help="where the page listens (default 127.0.0.1)")
    demo.add_argument("--port", type=int, default=8081, help="its port (default 8081; 0 takes a free one)")
    demo.add_argument("--data", type=Path, default=Path("data/demo"), help="where the demo keeps its database")
    add("migrate", _migrate, "Bring the database to the newest tables.")
    add("audit", _audit, "Prove the ledger's invariants on the database; exits 1 with the offending rows.")
    text = "Ask YooKassa for everything unfinished, once; prints what it changed."
    reconcile = add("reconcile", _reconcile, text)
    since = "read YooKassa's list of payments and refunds from this day on, for what our books do not know"
    reconcile.add_argument("--since", type=_day, metavar="2026-11-20", help=since)
    bonus = add("bonus", _bonus, "The weekly bonus.").add_subparsers(required=True, metavar="ACTION")
    text = "Grant it by hand to everyone who was here lately and has not got it; safe to repeat."
    grant = bonus.add_parser("grant", help=text, description=text)
    grant.add_argument("--week", metavar="2026-W47", help="an ISO week (default: this one, in the shop's time zone)")
    letters = add("outbox", _outbox_retry, "Messages that must reach a chat.").add_subparsers(
        required=True, metavar="ACTION"
    )
    text = "Send once more what was given up; prints how many messages that are."
    letters.add_parser("retry", help=text, description=text)
    add("doctor", _doctor, "Look at all that a shop needs and say how to mend what is wrong.")
    _add_models(add("models", _models_list, "The models of MODELS_DIR: list, check, init."))
    return parser


def _day(text: str) -> date:
    """A day as people write it in a command."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a day such as 2026-11-20 is expected, not {text!r}") from None


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="What is in MODELS_DIR, and what is wrong with it.")
    listing.set_defaults(command=_models_list)
    check = actions.add_parser("check", help="Check a model's folder and run its example.")
    check.add_argument("folder", type=Path, metavar="DIR")
    check.set_defaults(command=_models_check)
    init = actions.add_parser("init", help="Write a first manifest for an ONNX file.")
    init.add_argument("file", type=Path, metavar="FILE.onnx")
    init.add_argument("--to", type=Path, help="folder to make (default: a folder of the file's name in MODELS_DIR)")
    init.add_argument("--labels", type=Path, metavar="FILE", help="the names of the classes: one a line, or JSON")
    init.add_argument("--features", metavar="A,B,C", help="the names of the columns that go in, in their order")
    init.add_argument("--range", metavar="LOW,HIGH", help="what black and white of a picture become (default 0,1)")
    init.add_argument("--mean", metavar="R,G,B", help="of each channel of a picture, after the range")
    init.add_argument("--std", metavar="R,G,B", help="of each channel of a picture, after the range")
    init.set_defaults(command=_models_init)


def _run(arguments: argparse.Namespace) -> int:
    from bot.settings import load_settings

    settings = load_settings()  # first: what is wrong with them is told at once
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))  # else the first process of a container is deaf
    import_quickly()
    from bot.process import run_process

    return run_process(arguments.part, settings)


def import_quickly() -> None:
    """What a shop imports."""
    gc.disable()  # a fifth of the start goes into looking for garbage among what is there to stay
    from bot.startup import import_aiogram

    import_aiogram()
    import bot.process  # noqa: F401 - with all that it needs

    gc.freeze()
    gc.enable()


def _demo(arguments: argparse.Namespace) -> int:
    from bot.demo.run import run_demo

    return run_demo(host=arguments.host, port=arguments.port, data=arguments.data)


def _migrate(_: argparse.Namespace) -> int:
    from bot.settings import load_store_settings
    from db.damage import BY_COMMAND_SECONDS, require_sound
    from db.migrate import current_revision, upgrade

    url = load_store_settings().database_url
    require_sound(url, seconds=BY_COMMAND_SECONDS)
    before = current_revision(url)
    upgrade(url)
    after = current_revision(url)
    print(
        f"The database is at revision {after}." if before == after else f"Migrated from {before or 'none'} to {after}."
    )
    return 0


def _bonus(arguments: argparse.Namespace) -> int:
    from bot.cli.bonus import run_bonus

    return run_bonus(arguments.week)


def _outbox_retry(_: argparse.Namespace) -> int:
    from bot.cli.outbox import run_retry

    return run_retry()


def _audit(_: argparse.Namespace) -> int:
    from bot.settings import load_store_settings
    from db.damage import BY_COMMAND_SECONDS, require_sound
    from db.engine import Database
    from db.migrate import require_head
    from services.billing.audit import run_audit

    url = load_store_settings().database_url
    require_sound(url, seconds=BY_COMMAND_SECONDS)
    require_head(url)

    async def audit() -> int:
        db = Database(url)
        try:
            report = await run_audit(db)
        finally:
            await db.close()
        print(report)
        return report.exit_code

    return asyncio.run(audit())


def _reconcile(arguments: argparse.Namespace) -> int:
    from bot.cli.payments import run_reconcile

    return run_reconcile(arguments.since)


def _doctor(_: argparse.Namespace) -> int:
    from bot.startup import import_aiogram

    import_aiogram()
    from bot.cli.doctor import run_doctor

    return run_doctor()


def _models_list(_: argparse.Namespace) -> int:
    from bot.cli.models import list_models

    return list_models()


def _models_check(arguments: argparse.Namespace) -> int:
    from bot.cli.models import check_model

    return check_model(arguments.folder)


def _models_init(arguments: argparse.Namespace) -> int:
    from bot.cli.models import init_model

    return init_model(arguments)

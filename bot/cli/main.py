"""The command `kassandra`. Exit codes: 0 success, 1 a failed check, 2 wrong usage. Errors are one line."""

import argparse
import io
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from types import FrameType
from typing import NoReturn

from bot.cli.models_arguments import add_models, list_shelf
from bot.errors import leave
from bot.terminal import redact_terminal

Command = Callable[[argparse.Namespace], int]


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
    demo.add_argument("--llm", action="store_true", help="with a small real language model (see docs/demo.md)")
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
    outbox = add("outbox", _outbox_retry, "Messages that must reach a chat.").add_subparsers(
        required=True, metavar="ACTION"
    )
    text = "Send once more what was given up; prints how many messages that are."
    outbox.add_parser("retry", help=text, description=text)
    add("doctor", _doctor, "Look at all that a shop needs and say how to mend what is wrong.")
    add_models(add("models", list_shelf, "The models of the shop: list, check, init, add, remove."))
    presets = add("presets", _presets_export, "Styles: presets of models, as a TOML file.").add_subparsers(
        required=True, metavar="ACTION"
    )
    for name, command, text in (
        ("export", _presets_export, "Write all presets of the shop into a file."),
        ("import", _presets_import, "Take presets from a file; those of the same slug are written over."),
    ):
        action = presets.add_parser(name, help=text, description=text)
        action.add_argument("file", type=Path, metavar="FILE.toml")
        action.set_defaults(command=command)
    return parser


def _day(text: str) -> date:
    """A day as people write it in a command."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a day such as 2026-11-20 is expected, not {text!r}") from None


def _run(arguments: argparse.Namespace) -> int:
    from bot.settings import load_settings

    settings = load_settings()  # first: what is wrong with them is told at once
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))  # else the first process of a container is deaf
    from bot.startup import import_quickly

    import_quickly()
    from bot.process import run_process

    return run_process(arguments.part, settings)


def _demo(arguments: argparse.Namespace) -> int:
    from bot.demo.run import run_demo

    return run_demo(host=arguments.host, port=arguments.port, data=arguments.data, llm=arguments.llm)


def _bonus(arguments: argparse.Namespace) -> int:
    from bot.cli.bonus import run_bonus

    return run_bonus(arguments.week)


def _outbox_retry(_: argparse.Namespace) -> int:
    from bot.cli.outbox import run_retry

    return run_retry()


def _presets_export(arguments: argparse.Namespace) -> int:
    from bot.cli.presets import export_presets

    return export_presets(arguments.file)


def _presets_import(arguments: argparse.Namespace) -> int:
    from bot.cli.presets import import_file

    return import_file(arguments.file)


def _reconcile(arguments: argparse.Namespace) -> int:
    from bot.cli.payments import run_reconcile

    return run_reconcile(arguments.since)


def _doctor(_: argparse.Namespace) -> int:
    from bot.startup import import_aiogram

    import_aiogram()
    from bot.cli.doctor import run_doctor

    return run_doctor()


def _migrate(_: argparse.Namespace) -> int:
    from bot.cli.database import run_migrate

    return run_migrate()


def _audit(_: argparse.Namespace) -> int:
    from bot.cli.database import audit_books

    return audit_books()

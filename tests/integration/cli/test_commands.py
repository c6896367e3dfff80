"""`kassandra` as an operator types it: exit codes, one clear line for what is wrong."""

import atexit
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.settings import Settings
from db.migrate import head_revision, upgrade
from sandbox.testing import running_sandbox
from services.files.scratch import PREFIX, scratch_folder
from tests.support.stores import STORE, quick_store

ROOT = Path(__file__).parents[3]
TOKEN = "1234567:a-token-that-nobody-has-given-out"


class Shell:
    """A folder of an operator's own; nothing of this machine's settings gets in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/shop.db",
            "MODELS_DIR": str(quick_store()),
            "WEB_PORT": "0",
        }

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "bot", *arguments]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def has_tables(self) -> None:
        """As after `kassandra migrate`, without the time that it takes."""
        shutil.copyfile(migrated(), self.folder / "shop.db")

    def fails(self, *arguments: str, **environment: str) -> str:
        """The one line on standard error of a command that exits 1."""
        code, _, errors = self.run(*arguments, **environment)
        assert code == 1, errors
        lines = [line for line in errors.splitlines() if line.startswith("kassandra: ")]
        assert len(lines) == 1, errors
        assert "Traceback" not in errors
        return lines[0]


class Here(Shell):
    """Commands that end by themselves, in this process: that is many times as quick."""

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        out, errors = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        with pytest.MonkeyPatch.context() as patch:
            for name in Settings.model_fields:
                patch.delenv(name.upper(), raising=False)
            for name, value in (self.environment | environment).items():
                patch.setenv(name, value)
            patch.chdir(self.folder)
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", errors)
            with pytest.raises(SystemExit) as ended:
                main(arguments)
            sys.stdout.flush()  # by now they are streams of the program's own, which redact
            sys.stderr.flush()
        return int(str(ended.value.code)), _written(out), _written(errors)


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


@cache
def migrated() -> Path:
    """A database without rows, made once a process."""
    folder = Path(tempfile.mkdtemp(prefix="tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    upgrade(f"sqlite:///{folder}/shop.db")
    return folder / "shop.db"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    return Here(tmp_path)


def test_every_command_has_help(shell: Shell, here: Shell) -> None:
    code, out, _ = shell.run("--help")
    assert code == 0
    for command in re.findall(r"^    (\w+)", out, re.MULTILINE):
        assert here.run(command, "--help")[0] == 0


def test_wrong_usage_is_2(here: Shell) -> None:
    assert here.run("sell")[0] == 2
    assert here.run("models")[0] == 2


def test_a_missing_token(shell: Shell) -> None:
    assert shell.fails("run") == "kassandra: BOT_TOKEN is not set"


def test_wrong_settings_are_named_all_at_once(here: Shell) -> None:
    line = here.fails("run", BOT_TOKEN="secret-rubbish", OWNER_IDS="anna", TIMEZONE="Mars/Base")
    assert "BOT_TOKEN" in line
    assert "OWNER_IDS" in line
    assert "TIMEZONE" in line
    assert "secret-rubbish" not in line


async def test_a_token_that_telegram_does_not_know(shell: Shell) -> None:
    import asyncio

    async with running_sandbox() as url:
        line = await asyncio.to_thread(shell.fails, "run", BOT_TOKEN=TOKEN, TELEGRAM_API_URL=url)
    assert line.startswith("kassandra: BOT_TOKEN: Telegram does not know this token; copy it anew from @BotFather")


def test_a_part_refuses_an_old_database(shell: Shell) -> None:
    assert "kassandra migrate" in shell.fails("worker", BOT_TOKEN=TOKEN)


def test_a_taken_port(shell: Shell) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        line = shell.fails("run", BOT_TOKEN=TOKEN, WEB_PORT=str(taken.getsockname()[1]))
    assert "cannot listen on 127.0.0.1" in line


def test_migrate_then_audit(here: Shell) -> None:
    assert here.run("migrate")[1] == f"Migrated from none to {head_revision()}.\n"
    assert here.run("migrate")[1] == f"The database is at revision {head_revision()}.\n"
    code, out, _ = here.run("audit")
    assert code == 0
    assert "I1" in out
    assert "I7" in out


def test_audit_shows_what_is_wrong(here: Shell) -> None:
    here.has_tables()
    with sqlite3.connect(here.folder / "shop.db") as database:
        database.execute(
            "INSERT INTO users (telegram_id, first_name, language, language_chosen, balance, bonus_muted, created_at,"
            " last_seen_at) VALUES (7, 'Anna', 'ru', 0, 500, 0, '2026-01-01', '2026-01-01')"
        )
    code, out, _ = here.run("audit")
    assert code == 1
    assert "500" in out


def test_what_was_given_up_is_sent_once_more(here: Shell) -> None:
    assert "kassandra migrate" in here.fails("outbox", "retry")
    here.has_tables()
    assert here.run("outbox", "retry")[:2] == (0, "0 messages that were given up are sent once more.\n")
    with sqlite3.connect(here.folder / "shop.db") as database:
        database.execute(
            "INSERT INTO users (id, telegram_id, first_name, language, language_chosen, balance, bonus_muted,"
            " created_at, last_seen_at) VALUES (1, 7, 'Anna', 'ru', 0, 0, 0, '2026-01-01', '2026-01-01')"
        )
        for number, status in enumerate(("failed", "failed", "sent", "skipped")):
            database.execute(
                "INSERT INTO outbox (user_id, kind, payload, key, status, priority, attempts, available_at, created_at)"
                " VALUES (1, 'note', '{}', ?, ?, 0, 9, '2026-01-01', '2026-01-01')",
                (str(number), status),
            )
    assert here.run("outbox", "retry")[:2] == (0, "2 messages that were given up are sent once more.\n")
    with sqlite3.connect(here.folder / "shop.db") as database:
        assert database.execute("SELECT count(*) FROM outbox WHERE status = 'pending' AND attempts = 0").fetchone() == (
            2,
        )
    assert here.run("outbox")[0] == 2


def test_a_database_that_is_not_there(here: Shell) -> None:
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    assert "kassandra: " in here.fails("audit", DATABASE_URL=url)


def test_models_list_check_init(shell: Shell) -> None:
    code, out, _ = shell.run("models", "list", MODELS_DIR=str(STORE))
    assert code == 0
    assert {"wine", "digit", "investment-risk"} <= {line.split()[0] for line in out.splitlines()}
    assert all(re.search(r"about [1-5] MB", line) for line in out.splitlines())
    store = str(shell.folder / "store")
    shutil.copy(ROOT / "models_store/wine/model.onnx", shell.folder / "Red Wine.onnx")
    code, out, _ = shell.run("models", "init", "Red Wine.onnx", MODELS_DIR=store)
    assert code == 0
    assert "store/red-wine" in out
    assert shell.run("models", "check", "store/red-wine")[0] == 0
    assert "not overwritten" in shell.fails("models", "init", "Red Wine.onnx", MODELS_DIR=store)


def test_what_is_stopped_is_listed_with_what_to_do(here: Shell) -> None:
    here.has_tables()
    with sqlite3.connect(here.folder / "shop.db") as db:
        columns = "slug, version, manifest, manifest_price, manifest_position, sha256, present, stopped_for"
        values = "'wine', '1', '{}', 100, 1, '', 1, 'the card is gone'"
        db.execute(f"INSERT INTO models ({columns}, created_at, updated_at) VALUES ({values}, 0, 0)")
    code, out, _ = here.run("models", "list")
    assert code == 1
    (line,) = [line for line in out.splitlines() if "STOPPED" in line]
    assert line.startswith("wine ")
    assert "at last: the card is gone; mend that, then tap “🔁 Try it again” on its card" in line


def test_labels_that_are_told_become_a_file_of_the_model(here: Shell) -> None:
    shutil.copy(ROOT / "models_store/wine/model.onnx", here.folder / "wine.onnx")
    (here.folder / "names.csv").write_text("en;ru\nfirst;первый\nsecond;второй\nthird;третий\n", encoding="utf-8")
    told = ("models", "init", "wine.onnx", "--labels", "names.csv", "--to", "store/wine")
    (here.folder / "store/wine").mkdir(parents=True)
    (here.folder / "store/wine/labels.json").write_text('["a", "b", "c"]')
    assert "labels.json exists and names other classes" in here.fails(*told)
    (here.folder / "store/wine/labels.json").unlink()
    assert here.run(*told)[0] == 0
    assert here.run("models", "check", "store/wine")[0] == 0
    assert "первый" in (here.folder / "store/wine/labels.json").read_text(encoding="utf-8")
    assert 'labels = "labels.json"' in (here.folder / "store/wine/manifest.toml").read_text()
    (here.folder / "names.csv").write_bytes(b"\xff\xfe\xfa")
    assert "names.csv is not UTF-8. Save it as UTF-8" in here.fails(*told[:-1], "store/other")


@pytest.mark.slow
def test_what_a_killed_init_has_left_is_taken_away_by_the_next(shell: Shell) -> None:
    """Not what another that runs is filling, nor what looks like it and is nobody's."""
    store = shell.folder / "store"
    shutil.copy(ROOT / "models_store/wine/model.onnx", shell.folder / "wine.onnx")
    with scratch_folder(store) as mine:
        left = store / f"{PREFIX}abcd"
        (left / "wine").mkdir(parents=True)
        (store / ".new-ideas").mkdir()
        assert shell.run("models", "list", MODELS_DIR=str(store)) == (0, "", "")
        assert shell.run("models", "init", "wine.onnx", MODELS_DIR=str(store))[0] == 0
        assert {file.name for file in store.iterdir()} == {"wine", ".new-ideas", mine.name}
    assert not mine.exists()
    assert shell.run("models", "list", MODELS_DIR=str(store))[1].split()[0] == "wine"


def test_a_broken_model_is_told_and_leaves_nothing_behind(here: Shell) -> None:
    (here.folder / "bad.onnx").write_bytes(b"not a model")
    here.fails("models", "init", "bad.onnx", MODELS_DIR=str(here.folder / "store"))
    assert list((here.folder / "store").iterdir()) == []
    code, out, _ = here.run("models", "check", str(here.folder))
    assert code == 1
    assert "FAIL manifest" in out


@pytest.mark.slow
def test_a_graph_in_a_newer_format_is_written_as_the_engine_reads_it(shell: Shell) -> None:
    """onnx writes the newest number by default, onnxruntime is behind; exporting again would write it again."""
    import onnx

    model = onnx.load(ROOT / "models_store/wine/model.onnx")
    model.ir_version = onnx.IR_VERSION
    onnx.save(model, shell.folder / "wine.onnx")
    store = shell.folder / "store"
    assert shell.run("models", "init", "wine.onnx", MODELS_DIR=str(store))[0] == 0
    assert shell.run("models", "check", "store/wine")[0] == 0
    assert onnx.load(shell.folder / "wine.onnx").ir_version == onnx.IR_VERSION  # what was given stays
    (store / "wine" / "manifest.toml").unlink()
    shutil.copy(shell.folder / "wine.onnx", store / "wine" / "wine.onnx")  # by hand, beside its manifest
    assert shell.run("models", "init", "store/wine/wine.onnx", "--to", "store/wine")[0] == 0
    assert shell.run("models", "check", "store/wine")[0] == 0

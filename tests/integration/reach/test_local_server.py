"""One's own Bot API server in `--local` mode: it names files on the disk instead of serving them."""

import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App
from bot.doctor.examine import examine
from bot.doctor.findings import Finding, State
from handlers.telegram.local_files import NotReadable, copy_local, is_local
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from services.clock import system_clock
from tests.conversations.shopping import DATA
from tests.conversations.stage import shop_settings
from tests.support.stores import STORE

TOKEN = "123456:" + "a" * 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the server."""
    return tmp_path / "telegram-bot-api"


@pytest.fixture
async def local(folder: Path) -> AsyncIterator[Sandbox]:
    async with running_sandbox(local_dir=folder) as url, new_world(url) as world:
        yield world


@pytest.fixture
async def john(local: Sandbox, sqlite_url: str) -> AsyncIterator[Person]:
    """With the form of the digit before him."""
    async with App(shop_settings(local, sqlite_url, models_dir=STORE)).running():
        john = await local.person("John", language_code="en")
        await john.says("/start model_digit")
        await john.presses("▶️")
        await john.sees("1/")
        yield john


async def test_a_picture_is_read_from_the_disk(local: Sandbox, folder: Path, john: Person) -> None:
    """The server would hand over 2 GB; our own bounds hold, and what is beyond them is not even asked for."""
    await john.sends_photo(DATA / "digit-3-portrait.jpg")
    await john.sees("Photo of a digit: a picture")
    await john.sends_file("digit.jpg", DATA / "digit-8-thin.jpg")
    await john.sees("Photo of a digit: a picture")
    assert local.token is not None
    assert len(list((folder / local.token).rglob("*.jpg"))) == 2
    await john.sends_file("huge.png", b"\x89PNG" + bytes(21_000_000))
    await john.sees("MB")
    assert len(await local.log("getFile")) == 2


def lead_away(folder: Path, token: str | None) -> Path:
    """What is read there lies outside of the bot's own folder, from now on."""
    own, elsewhere = folder / str(token), folder / "elsewhere"
    elsewhere.mkdir(parents=True)
    if own.exists():
        own.rename(elsewhere / "before")
    own.symlink_to(elsewhere)
    return own


async def test_a_folder_that_cannot_be_read(
    local: Sandbox, folder: Path, john: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    """The customer reads whose affair it is, the log says what to do, and nothing is lost."""
    link = lead_away(folder, local.token)
    await john.sends_photo(DATA / "digit-3-portrait.jpg")
    await john.sees("The shop cannot open files right now; its owner has to mend that. Please send it again later.")
    told = capsys.readouterr().out
    assert told.count("local_file_not_readable") == 1
    assert "mount the folder" in told
    link.unlink()
    await john.sends_photo(DATA / "digit-3-portrait.jpg")
    await john.sees("Photo of a digit: a picture")


async def test_the_doctor(local: Sandbox, sandbox: Sandbox, folder: Path, sqlite_url: str, tmp_path: Path) -> None:
    async def files(world: Sandbox) -> Finding:
        settings = shop_settings(world, sqlite_url, models_dir=tmp_path)
        [found] = [each async for each in examine(settings, system_clock) if each.name == "files"]
        return found

    assert (await files(sandbox)).text == "served over HTTP"
    assert (await files(local)).text == "read from the disk of your Bot API server (--local)"
    lead_away(folder, local.token)
    found = await files(local)
    assert found.state is State.FAILED
    assert "cannot be read" in found.text
    assert "same path" in found.fix


def read(path: Path | str) -> bytes:
    into = io.BytesIO()
    copy_local(str(path), token=TOKEN, into=into)
    return into.getvalue()


def test_nothing_is_read_but_the_bots_own_files(tmp_path: Path) -> None:
    own = tmp_path / TOKEN / "photos"
    own.mkdir(parents=True)
    secret = tmp_path / "secret.env"
    secret.write_text("BOT_TOKEN=…")
    (own / "file_1.jpg").write_bytes(b"a picture")
    assert read(own / "file_1.jpg") == b"a picture"
    assert read(own / ".." / "photos" / "file_1.jpg") == b"a picture"
    (own / "link.jpg").symlink_to(secret)
    os.mkfifo(own / "pipe.jpg")
    (tmp_path / f"{TOKEN}x").mkdir()
    (tmp_path / f"{TOKEN}x" / "file.jpg").write_bytes(b"another bot's")
    (tmp_path / TOKEN / TOKEN).write_bytes(b"a file that is called like the folder")
    for refused in (
        *("/etc/passwd", secret, own / ".." / ".." / "secret.env", own / "link.jpg", own / "pipe.jpg", own),
        *(own / "not-there.jpg", tmp_path / f"{TOKEN}x" / "file.jpg", f"{own}/\x00", f"/{'x' * 5000}"),
    ):
        with pytest.raises(NotReadable):
            read(refused)


@pytest.mark.skipif(os.geteuid() == 0, reason="everything is open to root")
def test_a_file_of_another_user_is_named_with_ours(tmp_path: Path) -> None:
    file = tmp_path / TOKEN / "file_1.jpg"
    file.parent.mkdir()
    file.write_bytes(b"a picture")
    file.chmod(0)
    with pytest.raises(NotReadable, match=r"Permission denied \(for the user"):
        read(file)


def test_what_is_a_file_on_the_disk() -> None:
    assert is_local("/var/lib/telegram-bot-api/123456:AAA/photos/file_1.jpg")
    assert not is_local("photos/file_1.jpg")
    assert not is_local("")

"""Rubbish in every variable, before every command: one line that names the variable, never a traceback."""

import io
import re
import shutil
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import main
from bot.settings import Settings, SettingsError, ShopSettings, StoreSettings, load_settings
from tests.integration.cli.test_commands import migrated
from tests.unit.models.runs import STORE

GOOD = {
    "bot_token": "123456:" + "a" * 30,
    "yookassa_shop_id": "123456",
    "yookassa_secret_key": "live_secret",
    "cloudpayments_public_id": "pk_123456",
    "cloudpayments_api_secret": "secret",
}
RUBBISH = (
    "rubbish", "-1", "0", "1e400", "9" * 30, "http://", "https://x:y", "https://[::1", "api.telegram.org",
    "localhost:6379", "mysql://u@h/db", "postgres://h:port/db", "postgres://h/db?speed=9", "sqlite://two/slashes.db",
    "sqlite:///a%00b.db", "Europe", "../../etc",
    "* * * * 9", "магазин", "→", "\x01", "a" * 300, "/dev/null/x", "$(id)", "[]", "null",
)  # fmt: skip
ANYTHING_GOES = {"models_dir"}
LONG = (("run",), ("worker",), ("reconcile",), ("doctor",))
SHORT = (("migrate",), ("audit",), ("models", "list"))


class Desk:
    """A folder with a good shop in it, and commands typed there one after the other."""

    def __init__(self, patch: pytest.MonkeyPatch, output: pytest.CaptureFixture[str]) -> None:
        self._patch, self._output = patch, output

    def types(self, *command: str, **variables: str) -> tuple[int, str]:
        """Exit code and what stands on standard error."""
        with self._patch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name.upper(), value)
            self._output.readouterr()
            with pytest.raises(SystemExit) as ended:
                main(command)
        return int(str(ended.value.code)), self._output.readouterr().err


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        if name in GOOD:
            monkeypatch.setenv(name.upper(), GOOD[name])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    shutil.copyfile(migrated(), tmp_path / "data" / "kassandra.db")
    return Desk(monkeypatch, capsys)


def refusing(value: str, names: Collection[str]) -> list[str]:
    """Those of the variables that refuse this value."""
    overrides: dict[str, Any] = GOOD | dict.fromkeys(names, value)  # Any: whatever the variables are to be
    try:
        load_settings(_env_file=None, **overrides)
    except SettingsError as error:
        told = re.findall(r"(?:^|; )(\w+)", str(error))
        return [name for name in names if name.upper() in told]
    return []


@pytest.fixture(scope="module")
def refused() -> dict[str, list[str]]:
    """For each piece of rubbish the variables that refuse it."""
    return {value: refusing(value, Settings.model_fields) for value in RUBBISH}


def test_every_variable_has_something_to_refuse(refused: dict[str, list[str]]) -> None:
    """Also where all others are right."""
    something = {name: value for value, names in refused.items() for name in names}
    assert something.keys() >= Settings.model_fields.keys() - ANYTHING_GOES
    for name, value in something.items():
        assert refusing(value, [name]) == [name]


@pytest.mark.parametrize("command", LONG, ids=" ".join)
def test_rubbish_is_told_in_one_line(desk: Desk, refused: dict[str, list[str]], command: tuple[str, ...]) -> None:
    """All that is wrong at once."""
    for value, names in refused.items():
        code, errors = desk.types(*command, **dict.fromkeys(names, value))
        assert (code, errors.count("\n")) == (1, 1), (value, errors)
        assert errors.startswith("kassandra: ")
        assert [name for name in names if name.upper() not in errors] == []
        assert value != "магазин" or value not in errors


@pytest.mark.parametrize("name", sorted(StoreSettings.model_fields))
def test_commands_without_a_token(desk: Desk, name: str) -> None:
    """What is refused is named; what could be meant (a folder, a file) leads to an end as of any other run."""
    for value in RUBBISH:
        for command in SHORT:
            code, errors = desk.types(*command, **{name: value})
            assert code in (0, 1)
            assert errors.count("\n") <= 1, (command, value, errors)
            assert errors == "" or errors.startswith(f"kassandra: {name.upper()}"), (command, value, errors)


def test_the_bonus_by_hand(desk: Desk, refused: dict[str, list[str]]) -> None:
    for value, names in refused.items():
        if mine := [name for name in names if name in ShopSettings.model_fields]:
            code, errors = desk.types("bonus", "grant", **dict.fromkeys(mine, value))
            assert (code, errors.count("\n")) == (1, 1)
            assert [name for name in mine if name.upper() not in errors] == []


@pytest.mark.parametrize("encoding", ["cp1251", "ascii", "koi8-r"])
def test_a_console_without_arrows(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    """Windows' pipes, old terminals, a service without a locale."""
    screen = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        with pytest.raises(SystemExit) as ended:
            main(["models", "check", str(STORE / "wine")])
    assert ended.value.code == 0
    screen.seek(0)
    assert "sha256" in screen.read()

"""`.env` as editors of three systems write it, and lines without a value."""

import sys
from pathlib import Path

import pytest

from bot.env_file import UTF_8, BadEnvFile, check_lines, misspelt
from bot.settings import Settings, SettingsError, load_settings
from services.manifests import variables

TOKEN = "123456:" + "a" * 30
LINES = f"# токен от @BotFather\r\nBOT_TOKEN={TOKEN}\r\nTIMEZONE=Asia/Omsk\r\n"


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".env"


def test_keys_that_manifests_name_are_found_there(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Docker and under systemd, where all of the file is the environment, which wins."""
    monkeypatch.setattr(variables, "_of_file", {})
    env.write_text(f"{LINES}SAGE_KEY=' sk-1 '\nOTHER_KEY=\n", encoding="utf-8")
    load_settings()
    assert variables.value_of("SAGE_KEY") == "sk-1"
    for name in ("OTHER_KEY", "THIRD_KEY"):
        with pytest.raises(KeyError, match=name):
            variables.value_of(name)
    monkeypatch.setenv("SAGE_KEY", "sk-2")
    assert variables.value_of("SAGE_KEY") == "sk-2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_unambiguous_is_read(env: Path, encoding: str) -> None:
    env.write_bytes(LINES.encode(encoding))
    assert load_settings().timezone == "Asia/Omsk"


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("cp1251", ".env, line 1, is not in UTF-8"), ("utf-16-le", ".env is not text in UTF-8"), ("koi8-r", "line 1")],
)
def test_the_rest_is_told_with_file_and_fix(env: Path, encoding: str, said: str) -> None:
    env.write_bytes(LINES.encode(encoding))
    with pytest.raises(SettingsError, match=said) as refused:
        load_settings()
    assert "save it as UTF-8" in str(refused.value)


def test_the_line_is_told(env: Path) -> None:
    env.write_bytes(f"BOT_TOKEN={TOKEN}\n# ".encode() + "магазин".encode("cp1251"))
    with pytest.raises(SettingsError, match="line 2"):
        load_settings()


def test_a_folder_of_that_name(env: Path) -> None:
    """What Docker makes where a file to mount is not there."""
    env.mkdir()
    with pytest.raises(SettingsError, match=r"\.env is a folder"):
        load_settings()


@pytest.mark.parametrize("nothing", ["", " ", '""'])
def test_a_line_without_a_value_is_no_setting(env: Path, nothing: str) -> None:
    """Every variable but one: PAYMENT_METHODS with nothing takes no money."""
    names = [name for name in Settings.model_fields if name != "bot_token"]
    env.write_text("\n".join([f"BOT_TOKEN={TOKEN}", *(f"{name.upper()}={nothing}" for name in names)]))
    given = load_settings()
    usual = load_settings(_env_file=None, bot_token=TOKEN)
    assert given == usual.model_copy(update={"payment_methods": ()})


def test_an_empty_variable_leaves_the_file_its_say(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env.write_text(f"BOT_TOKEN={TOKEN}\nTIMEZONE=Asia/Omsk\nDATABASE_URL=sqlite:///other.db\n")
    monkeypatch.setenv("TIMEZONE", "")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shop.db\r")  # a file with Windows' lines, read by Docker
    settings = load_settings()
    assert (settings.timezone, settings.database_url) == ("Asia/Omsk", "sqlite:///shop.db")


def test_redis_without_its_package(env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    env.write_text(f"BOT_TOKEN={TOKEN}\nREDIS_URL=redis://127.0.0.1:6379/0\n")
    with pytest.raises(SettingsError, match=r"REDIS_URL needs one more package: .*requirements/server\.txt"):
        load_settings()


@pytest.mark.parametrize("line", ["BOT_TOKEN", 'TIMEZONE="Europe/Moscow', "just words", "=5"])
def test_a_line_that_is_no_setting_is_refused(tmp_path: Path, line: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# a shop\nOWNER_IDS=1\n{line}\n", encoding="utf-8")
    with pytest.raises(BadEnvFile, match=r"line 3, is no setting: write NAME=value"):
        check_lines(file, UTF_8)


def test_lines_that_are_settings(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("export A=1\n\n# words\nB='x y'  # why\nC=\nD=\"two\nlines\"\n", encoding="utf-8")
    check_lines(file, UTF_8)
    check_lines(tmp_path / "absent", UTF_8)


def test_names_that_are_nearly_right(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("OWNER_ID=1\nWELCOM_CREDITS=5\nowner_ids=2\nPATH_OF_MY_OWN=3\n", encoding="utf-8")
    known = ("owner_ids", "welcome_credits", "web_port")
    assert misspelt(file, known) == [("OWNER_ID", "OWNER_IDS"), ("WELCOM_CREDITS", "WELCOME_CREDITS")]
    assert misspelt(tmp_path / "absent", known) == []

"""Settings of the HTTP port."""

import pytest

from bot.settings import SettingsError, load_settings

TOKEN = "123456:" + "a" * 30


@pytest.mark.parametrize("word", ["secret", "a" * 15, "a" * 257, "sixteen letters and more", "слово-из-многих-букв"])
def test_a_token_that_can_be_guessed_or_not_be_sent(word: str) -> None:
    with pytest.raises(SettingsError, match=r"^METRICS_TOKEN needs 16 to 256 characters") as error:
        load_settings(_env_file=None, bot_token=TOKEN, metrics_token=word)
    assert word not in str(error.value)


def test_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "")
    assert load_settings(_env_file=None, bot_token=TOKEN).metrics_token is None
    monkeypatch.setenv("METRICS_TOKEN", "0123456789abcdef")
    settings = load_settings(_env_file=None, bot_token=TOKEN)
    assert settings.metrics_token is not None
    assert "0123456789abcdef" not in repr(settings)

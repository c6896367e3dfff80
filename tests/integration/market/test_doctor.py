"""`kassandra doctor` asks for one paper of each source that a model names."""

import shutil
from pathlib import Path

import pytest

from bot.doctor.findings import State
from bot.doctor.market import prices
from bot.settings import Settings, load_settings
from db.migrate import MIGRATIONS
from sandbox.client.exchange import ExchangeClient
from tests.support.clock import FakeClock

RISK = MIGRATIONS.parent / "models_store" / "investment-risk"
MOEX = '\n[[inputs.live]]\nprovider = "moex"\n'
CSV = '\n[[inputs.live]]\nprovider = "csv"\nurl = "{url}"\nsymbols = [{{ value = "GAZP", label = "Gazprom" }}]\n'


def settings_of(folder: Path, live: str, url: str) -> Settings:
    """A shop with one model, whose series has these sources."""
    shutil.copytree(RISK, folder / "investment-risk")
    manifest = folder / "investment-risk" / "manifest.toml"
    lines = _without_live(manifest.read_text(encoding="utf-8").splitlines())
    place = next(number for number, line in enumerate(lines) if line.startswith('tensor = { name = "prices"'))
    lines.insert(place + 1, live)
    manifest.write_text("\n".join(lines), encoding="utf-8")
    return load_settings(_env_file=None, bot_token="4242:" + "t" * 35, models_dir=folder, market_data_url=url)


def _without_live(lines: list[str]) -> list[str]:
    kept, skipping = [], False
    for line in lines:
        if line.startswith("["):
            skipping = line.startswith("[[inputs.live]]")
        if not skipping:
            kept.append(line)
    return kept


async def test_a_shop_whose_models_ask_for_none(tmp_path: Path, clock: FakeClock) -> None:
    (found,) = await prices(settings_of(tmp_path, "", "http://127.0.0.1:9/iss"), clock)
    assert (found.state, found.text) == (State.OK, "no model asks for prices of papers")


async def test_the_last_close_is_told(tmp_path: Path, clock: FakeClock, exchange: ExchangeClient) -> None:
    live = MOEX + CSV.format(url=exchange.csv_url)
    found = await prices(settings_of(tmp_path, live, exchange.url), clock)
    assert [(each.state, each.text) for each in found] == [
        (State.OK, f"{exchange.url}: the last close of SBER is of 2026-11-13"),
        (State.OK, f"{exchange.csv_url}: the last close of GAZP is of 2026-11-13"),
    ]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("down", "does not answer: status 503"), ("html", "gives no prices of SBER"), ("empty", "knows no SBER")],
)
async def test_one_that_does_not_answer_is_a_warning(
    tmp_path: Path, clock: FakeClock, exchange: ExchangeClient, kind: str, words: str
) -> None:
    await exchange.fault(kind)
    (found,) = await prices(settings_of(tmp_path, MOEX, exchange.url), clock)
    assert found.state is State.WARNING
    assert words in found.text
    assert "MARKET_DATA_URL" in found.fix

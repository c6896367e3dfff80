"""What prices of the exchange add to an answer, against prices that were pasted: the first of a day, and kept ones."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.finding import Finding
from db.engine import Database
from db.migrate import upgrade
from sandbox.testing import new_token, new_world, running_sandbox
from services.clock import system_clock
from services.manifests.inputs import SeriesInput
from services.manifests.manifest import load_manifest
from services.market.live_answers import LiveAnswers
from services.market.market import Market
from services.market.origin import origin_of
from services.values.parse import parse_text

MODEL: Final = Path(__file__).parents[1] / "models_store" / "investment-risk"
PAPERS: Final = ("SBER", "SBERP", "GAZP", "T", "WILD", "CONS", "SPLT")
TIMES: Final = 30
MOST_MS: Final = 100


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "prices.db"
        upgrade(f"sqlite:///{file}")
        first, kept, pasted = asyncio.run(_measure(f"sqlite+aiosqlite:///{file}"))
    name = "A paper's closes of the year as an answer, kept since this morning, against pasted ones"
    return [
        Finding(
            name=name,
            ours=f"{kept:.1f} ms",
            limit=f"{pasted:.1f} ms",
            result=f"{kept - pasted:+.1f} ms",
            target=f"< {MOST_MS} ms more",
            met=kept - pasted < MOST_MS,
        ),
        Finding(
            name="The same, the first of its day (an exchange on this machine)",
            ours=f"{first:.0f} ms",
            limit="—",
            result="",
            target="—",
            met=None,
        ),
    ]


async def _measure(url: str) -> tuple[float, float, float]:
    """Milliseconds, medians."""
    field = load_manifest(MODEL).input("prices")
    assert isinstance(field, SeriesInput)
    db = Database(url)
    async with running_sandbox() as sandbox_url, new_world(sandbox_url, token=new_token()) as sandbox:
        market = Market(db, system_clock, url=sandbox.exchange().url)
        answers = LiveAnswers(market)

        async def named(symbol: str = "SBER") -> Any:  # Any: a value
            (paper,) = await answers.find(field, symbol)
            return (await answers.take(field, paper))[0]

        try:
            first = [await _timed(partial(named, symbol)) for symbol in PAPERS]
            kept = [await _timed(named) for _ in range(TIMES)]
            value = await named()
            assert origin_of(value) is not None
            text = " ".join(map(str, value["values"]))

            async def pasted() -> Any:  # Any: as above
                return parse_text(field, text)

            typed = [await _timed(pasted) for _ in range(TIMES)]
        finally:
            await market.close()
            await db.close()
    return statistics.median(first), statistics.median(kept), statistics.median(typed)


async def _timed(ask: Callable[[], Awaitable[Any]]) -> float:  # Any: as above
    began = time.perf_counter()
    await ask()
    return 1000 * (time.perf_counter() - began)

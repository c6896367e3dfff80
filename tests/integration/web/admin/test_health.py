"""The health page: everything on it has a name."""

import asyncio

from tests.integration.web.admin.conftest import Till
from tests.support.waiting import until
from web.admin.health import JOBS

PAUSE = 0.2  # seconds: what was done is written down by the next round


async def test_regular_work_has_words(till: Till) -> None:
    app, statistics = till.office.app, till.office.services.statistics

    async def is_written_down() -> bool:
        app.run_jobs_now()
        await asyncio.sleep(PAUSE)
        done = await statistics.jobs()
        return len(done) >= len(JOBS) - 3 and "remind" in done  # bonuses may be off

    await until(is_written_down)
    page = (await till.desk.get("/admin/health")).text
    for name in await statistics.jobs():
        assert name in JOBS
        assert f"<span>{name}</span>" not in page
    assert "Напоминания о сгорании кредитов" in page

"""The health page: everything on it has a name."""

from functools import partial

from services.reports.statistics import Statistics
from tests.integration.web.admin.conftest import Till
from tests.support.waiting import until
from web.admin.health import JOBS


async def known(statistics: Statistics, least: int) -> bool:
    return len(await statistics.jobs()) >= least


async def test_regular_work_has_words(till: Till) -> None:
    app, statistics = till.office.app, till.office.services.statistics
    for least in (1, len(JOBS) - 3):  # what was done is written down the next time; bonuses may be off
        app.run_jobs_now()
        await until(partial(known, statistics, least))
    page = (await till.desk.get("/admin/health")).text
    for name in await statistics.jobs():
        assert name in JOBS
        assert f"<span>{name}</span>" not in page
    assert "Незавершённые платежи и возвраты" in page

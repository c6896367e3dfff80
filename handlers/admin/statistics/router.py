"""How the shop does."""

import asyncio
from functools import partial

from aiogram import Router

from handlers.admin import buttons as names
from handlers.admin.context import Office, OnDuty
from handlers.admin.statistics.screens import statistics_chart, statistics_screen
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.kit.titles import titled
from services import charts
from services.reports.statistics import PERIODS


def router() -> Router:
    router = Router(name="admin_statistics")
    router.callback_query.register(show_statistics, Pressed(names.STATISTICS), OnDuty())
    return router


async def show_statistics(event: Event, *, office: Office, argument: str = "") -> None:
    """`argument`: how many days; the shortest period for anything else."""
    days = next((each for each in PERIODS if str(each) == argument), PERIODS[0])
    tr = office.tr
    numbers, waiting = await office.statistics.numbers(days), await office.statistics.waiting()
    photo = await asyncio.to_thread(charts.draw, statistics_chart(numbers, tr))
    titles = partial(titled, models=office.models, tr=tr)
    await office.show(event, statistics_screen(numbers, waiting, titles, tr, photo=photo))

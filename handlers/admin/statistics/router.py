"""How the shop does."""

import asyncio

from aiogram import Router

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, StaffOnly
from handlers.admin.statistics.screens import statistics_chart, statistics_screen
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services import charts
from services.reports.statistics import PERIODS, parse_period


def router() -> Router:
    router = Router(name="admin_statistics")
    router.callback_query.register(show_statistics, Pressed(names.STATISTICS), StaffOnly())
    return router


async def show_statistics(event: Event, *, ctx: AdminContext, argument: str = "") -> None:
    """`argument`: how many days; the shortest period for anything else."""
    days = parse_period(argument) or PERIODS[0]
    numbers, waiting = await ctx.services.statistics.numbers(days), await ctx.services.statistics.waiting()
    photo = await asyncio.to_thread(charts.draw, statistics_chart(numbers, ctx.tr))
    await ctx.respond(event, statistics_screen(numbers, waiting, ctx.viewer, photo=photo))

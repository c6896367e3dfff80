"""How the shop does, at a glance."""

from fastapi import APIRouter
from starlette.responses import Response

from services.reports.statistics import PERIODS, parse_period
from web.admin.charts import charts_of
from web.admin.health import parts_of
from web.admin.kit import Looks, panel
from web.context import Web

router = APIRouter(prefix="/admin")
MODELS_SHOWN = 10


@router.get("")
async def show_dashboard(who: Looks, web: Web, days: str = "") -> Response:
    """`days`: of the period; the shortest for anything else."""
    period, statistics = parse_period(days) or PERIODS[0], who.site.services.statistics
    numbers = await statistics.numbers(period)
    return panel(
        who,
        "dashboard.html",
        period=period,
        periods=PERIODS,
        numbers=numbers,
        models=numbers.models[:MODELS_SHOWN],
        speed=await statistics.speed(period),
        waiting=await statistics.waiting(),
        charts=charts_of(numbers, who.tr),
        parts=await parts_of(who, web),
    )

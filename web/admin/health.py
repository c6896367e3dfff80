"""Whether each part of the shop can do its work, and what waits."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from i18n.models import state_mark, state_words
from services import heartbeats
from services.errors import N_
from services.payments.providers.titles import provider_title
from services.redaction import redact
from web.admin.kit import Looks, StaffMember, panel
from web.context import Web

router = APIRouter(prefix="/admin/health")
GIB: Final = 2**30
PARTS: Final = {
    "telegram": N_("Telegram"),
    "database": N_("Database"),
    "redis": N_("Redis"),
    "mail": N_("Letters"),
    "jobs": N_("Regular work"),
    "tasks": N_("Background work"),
    "clock": N_("Clock"),
    "models": N_("Models"),
    "queue": N_("Queue of predictions"),
    "tables": N_("Tables"),
    "uploads": N_("Uploaded models"),
    "messages": N_("Messages to customers"),
}
"""As /readyz calls them."""
JOBS: Final = {
    heartbeats.EXPIRE_LOTS: N_("Credits that run out"),
    heartbeats.RECONCILE: N_("Unfinished payments and refunds"),
    heartbeats.BONUS: N_("Weekly bonus, caught up with"),
    "weekly_bonus": N_("Weekly bonus"),
    "remind": N_("Reminders of credits that run out"),
    "merged_accounts": N_("Accounts that became one"),
    "subscriptions": N_("Renewals of plans"),
    "plans_on_sale": N_("List of plans"),
    "heartbeats": N_("Signs of life"),
    "tidy_files": N_("Old pictures and files"),
    "drop_tables": N_("Tables that nobody ordered"),
    "forget_dialogs": N_("Old dialogs of the chat"),
    "forget_requests": N_("Old requests to assistants"),
    "forget_letters": N_("Old letters"),
    "forget_notifications": N_("Old notifications of payments"),
    "forget_webhooks": N_("Old deliveries of webhooks"),
    "forget_api_requests": N_("Old requests to the API"),
    "forget_ways_in": N_("Old sessions and links"),
    "judge_forecasts": N_("What came of forecasts"),
    "forget_prices": N_("Old prices of papers"),
}
"""As the clock calls them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartState:
    """`said`: `ok`, or what is wrong."""

    title: str
    said: str

    @property
    def good(self) -> bool:
        return self.said == "ok"


async def parts_of(who: StaffMember, web: Web) -> list[PartState]:
    """What is wrong is for those who may do something about it."""
    told = (await web.health.readiness()).parts
    wrong = who.tr.gettext("something is wrong")
    return [
        PartState(
            title=who.tr.gettext(PARTS.get(name, name)),
            said=said if said == "ok" else redact(said) if who.may_act else wrong,
        )
        for name, said in told.items()
    ]


def _providers(who: StaffMember) -> list[tuple[str, bool]]:
    """Who takes the money, and whether that is play money."""
    payments = who.site.services.payments
    merchants = [] if payments is None else [account.merchant for account in payments.accounts]
    return [(who.tr.gettext(provider_title(each.provider)), each.test) for each in merchants]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """In GiB."""

    free: float
    size: float


def disk_of(folder: Path) -> Disk | None:
    there = next((each for each in (folder, *folder.absolute().parents) if each.exists()), None)
    if there is None:
        return None
    usage = shutil.disk_usage(there)
    return Disk(free=usage.free / GIB, size=usage.total / GIB)


@router.get("")
async def show_health(who: Looks, web: Web) -> Response:
    services = who.site.services
    jobs = await services.statistics.jobs()
    return panel(
        who,
        "health.html",
        parts=await parts_of(who, web),
        waiting=await services.statistics.waiting(),
        workers=await services.statistics.at_work(),
        providers=_providers(who),
        jobs=sorted((who.tr.gettext(JOBS.get(name, name)), at) for name, at in jobs.items()),
        lines=(lines := await services.model_management.all()),
        states=[state_words(line, who.tr) if who.may_act else state_mark(line) for line in lines],
        disk=None if who.site.folder is None else disk_of(who.site.folder),
    )

"""The journal: who did what to whom, filtered, and as a table for a spreadsheet."""

import asyncio
import csv
import io
from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.responses import Response

from db.tables.users import AuditAction, Edge
from i18n.audit_log import ACTION_NAMES, actor_name, what_was_done
from i18n.text import plain_of
from i18n.translator import Translator
from services.audit_log.history import AuditFilter, Entry
from services.digits import whole_number
from services.errors import N_
from services.spreadsheets import harmless
from services.users.search import MAX_ID
from web.admin.kit import LooksCloser, StaffMember, panel
from web.admin.payments import MAX_PAGE
from web.admin.periods import first_moment, moment_after

router = APIRouter(prefix="/admin")
ON_PAGE: Final = 50
MOST_LINES: Final = 10_000  # of a table
EDGES: Final = {Edge.CHAT: N_("in the chat"), Edge.WEB: N_("on the web"), Edge.API: N_("through the API")}
COLUMNS: Final = (
    "id",
    "time",
    "edge",
    "actor_user_id",
    "actor",
    "action",
    "target_user_id",
    "subject",
    "reason",
    "said",
)


class AuditQuery(BaseModel):
    """As the form sends it. `actor`, `target`: numbers of users."""

    action: str = ""
    edge: str = ""
    actor: str = ""
    target: str = ""
    since: str = ""
    until: str = ""
    page: str = ""


@router.get("/audit-log")
async def show_audit_log(who: LooksCloser, asked: Annotated[AuditQuery, Query()]) -> Response:
    page = whole_number(asked.page, most=MAX_PAGE) or 0
    found = await who.site.services.audit_log.found(_wanted(asked, who.tr), page, ON_PAGE)
    kept = urlencode({name: value for name, value in asked if value and name != "page"})
    return panel(
        who,
        "audit_log.html",
        found=found,
        asked=asked,
        here=f"/admin/audit-log?{kept}{'&' if kept else ''}page=",
        table=f"/admin/audit-log.csv?{kept}",
        actions=[(each.value, who.tr.gettext(ACTION_NAMES[each])) for each in AuditAction],
        edges=[(each.value, who.tr.gettext(said)) for each, said in EDGES.items()],
        edge_names=EDGES,
        said=[what_was_done(entry, who.titles) for entry in found.items],
        actors=[actor_name(entry, who.tr) for entry in found.items],
    )


@router.get("/audit-log.csv")
async def audit_log_table(who: LooksCloser, asked: Annotated[AuditQuery, Query()]) -> Response:
    found = await who.site.services.audit_log.found(_wanted(asked, who.tr), 0, MOST_LINES)
    named = {"content-disposition": 'attachment; filename="audit-log.csv"', "cache-control": "no-store"}
    table = await asyncio.to_thread(_table, found.items, who)
    return Response(table, media_type="text/csv; charset=utf-8", headers=named)


def _wanted(asked: AuditQuery, tr: Translator) -> AuditFilter:
    return AuditFilter(
        action=AuditAction(asked.action) if asked.action in tuple(AuditAction) else None,
        edge=Edge(asked.edge) if asked.edge in tuple(Edge) else None,
        actor=whole_number(asked.actor, most=MAX_ID),
        target=whole_number(asked.target, most=MAX_ID),
        since=first_moment(asked.since, tr),
        until=moment_after(asked.until, tr),
    )


def _table(entries: Sequence[Entry], who: StaffMember) -> bytes:
    """With the mark that tells spreadsheets the encoding."""
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow(harmless(str(value if value is not None else "")) for value in _row(entry, who))
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _row(entry: Entry, who: StaffMember) -> Sequence[object]:
    actor, target = entry.actor, entry.target
    return (
        entry.id,
        entry.created_at.isoformat(),
        entry.edge,
        None if actor is None else actor.user_id,
        actor_name(entry, who.tr),
        entry.action,
        None if target is None else target.user_id,
        entry.subject,
        entry.reason,
        plain_of(what_was_done(entry, who.titles)),
    )

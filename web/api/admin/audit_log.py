"""`/admin/audit-log`: who did what."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from db.tables.users import AuditAction, Edge
from services.audit_log.history import AuditFilter, Entry
from web.api.admin.staff import LOOKS, LooksCloser
from web.api.describing import refuses
from web.api.lists import Limit, Listed, NumberCursor, listed, read_number
from web.api.routes import make_router

router = make_router("admin")


class AuditRecordView(BaseModel):
    """What somebody did."""

    id: int
    action: str = Field(examples=["credits.grant"])
    actor_user_id: int | None = Field(description="null: the shop itself.")
    edge: Edge | None = Field(description="Where they acted.")
    target_user_id: int | None
    subject: str | None
    before: dict[str, Any]  # Any: JSON
    after: dict[str, Any]  # Any: JSON
    reason: str | None
    created_at: datetime


@router.get(
    "/admin/audit-log",
    operation_id="adminListAuditLog",
    summary="Who did what",
    responses=refuses(*LOOKS),
)
async def list_audit_log(
    admin: LooksCloser,
    *,
    limit: Limit = 20,
    cursor: NumberCursor = None,
    action: Annotated[AuditAction | None, Query(description="Of one kind alone.")] = None,
    edge: Annotated[Edge | None, Query(description="Where they acted.")] = None,
    target_user_id: Annotated[int | None, Query(ge=1, le=2**53, description="To one customer alone.")] = None,
) -> Listed[AuditRecordView]:
    """Not for moderators."""
    wanted = AuditFilter(action=action, edge=edge, target=target_user_id)
    found = await admin.who.site.services.audit_log.after(wanted, read_number(cursor), limit)
    last = found.items[-1].id if found.items else None
    return listed([_entry(each) for each in found.items], has_more=found.has_more, last=last)


def _entry(entry: Entry) -> AuditRecordView:
    return AuditRecordView(
        id=entry.id,
        action=entry.action,
        actor_user_id=None if entry.actor is None else entry.actor.user_id,
        edge=entry.edge,
        target_user_id=None if entry.target is None else entry.target.user_id,
        subject=entry.subject,
        before=entry.before,
        after=entry.after,
        reason=entry.reason,
        created_at=entry.created_at,
    )

"""What has become of somebody's ways in is told by each way that they have, so that who took one over is seen."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.users import User
from services.identity.email_logins import login_of, mailbox_of, view_login
from services.notifications.kinds.identity import ToldTwice
from services.notifications.outbox import put, put_letter

_users = table_of(User)


def tell_by_all_ways(session: Session, news: ToldTwice, user_id: int, now: datetime) -> None:
    """Part of a caller's transaction."""
    if session.scalar(select(_users.c.telegram_id).where(_users.c.id == user_id)) is not None:
        put(session, news, user_id=user_id, now=now)
    if view_login(session, user_id) is not None:
        put_letter(session, replace(news, letter=True), to=mailbox_of(login_of(session, user_id)), now=now)

"""Two accounts of one person become one: what the one without Telegram had goes to the one with it. Whoever calls has
proof of both, and a last word of their owner, who saw both balances."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Table, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.chats import ChatMessage, ChatSession, DailyUsage
from db.tables.identities import (
    AccountMerge,
    ApiKey,
    ApiScope,
    EmailLogin,
    KnownDevice,
    LoginRequest,
    MailToken,
    RecoveryCode,
    SecondFactor,
    WebSession,
)
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.payments import Payment, PaymentStatus
from db.tables.predictions import File, Prediction, PredictionStatus
from db.tables.scorings import Scoring
from db.tables.users import Admin, AuditAction, User
from db.tables.webhooks import WebhookEndpoint
from services import idempotency
from services.audit_log.record import AuditRecord, record
from services.billing import ledger
from services.billing.merges import merge_of, move_on, move_on_all
from services.clock import Clock
from services.errors import N_, ShopError
from services.market import favourites
from services.plans.merging import both_subscribe, hand_over
from services.users.actor import Actor

_users, _admins, _merges, _logins = table_of(User), table_of(Admin), table_of(AccountMerge), table_of(EmailLogin)
_predictions, _messages, _sessions = table_of(Prediction), table_of(ChatMessage), table_of(ChatSession)
_usage, _outbox = table_of(DailyUsage), table_of(OutboxMessage)
_factors, _payments = table_of(SecondFactor), table_of(Payment)
_keys, _scorings = table_of(ApiKey), table_of(Scoring)
COUNTS: Final = ("requests", "prompt_tokens", "completion_tokens", "sessions", "free_answers")
OWNED: Final = tuple(map(table_of, (Prediction, ChatMessage, ChatSession, Scoring, File, ApiKey, WebhookEndpoint)))
"""What goes over as it is. Lines of the ledger and payments stay where they were written."""


class CannotMerge(ShopError):
    message = N_("These two accounts cannot become one. Please write to the shop's owner.")


class AccountInUse(CannotMerge):
    message = N_("Something of the other account is still being worked on. Please try again when it has ended.")


class TwoSubscriptions(CannotMerge):
    message = N_(
        "Both accounts have a paid plan. Please cancel one of them; the accounts can become one when it has ended."
    )


class BalanceChanged(CannotMerge):
    """What was shown is not so any more."""

    message = N_("A balance has changed meanwhile. Please look at both once more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """One of the two, as their owner is asked about it; `balance` in hundredths."""

    user_id: int
    name: str
    email: str | None
    telegram: bool
    balance: int
    predictions: int
    created_at: datetime


class AccountMerging:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def move_on(self) -> int:
        """What has come to merged accounts since."""
        return await self._db.write(move_on_all, self._clock())


def look(session: Session, from_user_id: int, into_user_id: int) -> tuple[AccountFacts, AccountFacts]:
    """Part of a caller's transaction. Raises `CannotMerge`, `AccountInUse`."""
    _check(session, from_user_id, into_user_id)
    return _facts(session, from_user_id), _facts(session, into_user_id)


def merge_accounts(session: Session, seen: tuple[AccountFacts, AccountFacts], now: datetime) -> int:
    """Part of a caller's transaction. `seen`: what their owner said yes to. Hundredths that moved; 0 where it was done
    before. Raises as `look`, `BalanceChanged`."""
    old, heir = seen
    for user_id in sorted((old.user_id, heir.user_id)):
        session.execute(select(_users.c.id).where(_users.c.id == user_id).with_for_update(key_share=True))
    if (done := merge_of(session, old.user_id)) is not None and done.into_user_id == heir.user_id:
        return 0
    _check(session, old.user_id, heir.user_id)
    if [_facts(session, each.user_id).balance for each in seen] != [each.balance for each in seen]:
        raise BalanceChanged()
    ids = {"from_user_id": old.user_id, "into_user_id": heir.user_id}
    session.execute(insert(_merges), ids | {"credits": 0, "created_at": now})
    merge = merge_of(session, old.user_id)
    assert merge is not None
    moved = move_on(session, merge, now)
    _hand_over(session, merge)
    hand_over(session, old.user_id, heir.user_id, now)
    _close(session, merge, now)
    whose = AuditRecord(
        actor=Actor(heir.user_id),
        action=AuditAction.ACCOUNT_MERGE,
        target_user_id=heir.user_id,
        subject=str(old.user_id),
        before={"balance": heir.balance},
        after={"balance": heir.balance + moved},
    )
    record(session, whose, now)
    return moved


def _check(session: Session, from_user_id: int, into_user_id: int) -> None:
    old, heir = (_row(session, each) for each in (from_user_id, into_user_id))
    telegram = (old.telegram_id is not None, heir.telegram_id is not None)
    closed = any(each.disabled_at is not None or each.deleted_at is not None for each in (old, heir))
    two_logins = session.scalar(select(exists().where(_logins.c.user_id == into_user_id)))
    role = session.scalar(select(exists().where(_admins.c.user_id == from_user_id)))
    if from_user_id == into_user_id or telegram != (False, True) or closed or two_logins or role:
        raise CannotMerge(from_user_id=from_user_id, into_user_id=into_user_id)
    runs = or_(
        exists().where(
            _predictions.c.user_id == from_user_id,
            _predictions.c.status.in_((PredictionStatus.QUEUED, PredictionStatus.RUNNING)),
        ),
        exists().where(_messages.c.user_id == from_user_id, _messages.c.status.in_(("queued", "running"))),
        exists().where(_scorings.c.user_id == from_user_id, _scorings.c.status.in_(("queued", "running"))),
        exists().where(_payments.c.user_id == from_user_id, _payments.c.status == PaymentStatus.WAITING_FOR_CAPTURE),
    )
    if session.scalar(select(runs)):
        raise AccountInUse(user_id=from_user_id)
    if both_subscribe(session, from_user_id, into_user_id):
        raise TwoSubscriptions(from_user_id=from_user_id, into_user_id=into_user_id)


def _row(session: Session, user_id: int) -> AnyRow:
    row = session.execute(select(_users).where(_users.c.id == user_id)).first()
    if row is None:
        raise ledger.UnknownUser(user_id=user_id)
    return row


def _facts(session: Session, user_id: int) -> AccountFacts:
    row = _row(session, user_id)
    count = select(func.count()).select_from(_predictions).where(_predictions.c.user_id == user_id)
    email = session.scalar(select(_logins.c.address).where(_logins.c.user_id == user_id))
    return AccountFacts(
        user_id=user_id,
        name=row.first_name,
        email=email,
        telegram=row.telegram_id is not None,
        balance=row.balance,
        predictions=session.scalar(count) or 0,
        created_at=row.created_at,
    )


def _hand_over(session: Session, merge: AnyRow) -> None:
    """Everything but money: what they bought and said, how they come in, what they have yet to be told."""
    old, heir = merge.from_user_id, merge.into_user_id
    session.execute(update(_sessions).where(_sessions.c.user_id == old).values(is_active=False))
    for table in (_predictions, _messages):
        _keep_keys_apart(session, table, merge)
    _add_usage(session, old, heir)
    _revoke_admin_keys(session, old, merge.created_at)
    for table in OWNED:
        session.execute(update(table).where(table.c.user_id == old).values(user_id=heir))
    unsent = (_outbox.c.user_id == old) & (_outbox.c.status == OutboxStatus.PENDING)
    session.execute(update(_outbox).where(unsent).values(user_id=heir))
    session.execute(update(_logins).where(_logins.c.user_id == old).values(user_id=heir))
    _hand_over_factor(session, old, heir)
    idempotency.hand_over(session, old, heir)
    favourites.hand_over(session, old, heir)


def _revoke_admin_keys(session: Session, old: int, now: datetime) -> None:
    """None of them was the heir's, whose role they would get."""
    live = select(_keys.c.id, _keys.c.scopes).where(_keys.c.user_id == old, _keys.c.revoked_at.is_(None))
    ids = [row.id for row in session.execute(live) if ApiScope.ADMIN in row.scopes["scopes"]]
    session.execute(update(_keys).where(_keys.c.id.in_(ids)).values(revoked_at=now))


def _keep_keys_apart(session: Session, table: Table, merge: AnyRow) -> None:
    """Both accounts may have bought under one key."""
    others = table.alias()
    taken = select(others.c.request_key).where(others.c.user_id == merge.into_user_id)
    both = (table.c.user_id == merge.from_user_id) & table.c.request_key.in_(taken)
    for row in session.execute(select(table.c.id).where(both)).all():
        session.execute(update(table).where(table.c.id == row.id).values(request_key=f"merged:{row.id.hex}"))


def _add_usage(session: Session, old: int, heir: int) -> None:
    """What they had of an assistant on a day counts together."""
    for row in session.execute(select(_usage).where(_usage.c.user_id == old)).all():
        same = (_usage.c.user_id == heir) & (_usage.c.day == row.day) & (_usage.c.model_slug == row.model_slug)
        sums = {name: _usage.c[name] + getattr(row, name) for name in COUNTS}
        mine = (_usage.c.user_id == old) & (_usage.c.day == row.day) & (_usage.c.model_slug == row.model_slug)
        if session.execute(update(_usage).where(same).values(sums).returning(_usage.c.user_id)).first() is None:
            session.execute(update(_usage).where(mine).values(user_id=heir))
        else:
            session.execute(delete(_usage).where(mine))


def _hand_over_factor(session: Session, old: int, heir: int) -> None:
    """The heir's own second factor counts, where there is one."""
    has = session.scalar(select(exists().where(_factors.c.user_id == heir)))
    for table in map(table_of, (SecondFactor, RecoveryCode)):
        mine = table.c.user_id == old
        session.execute(delete(table).where(mine) if has else update(table).where(mine).values(user_id=heir))


def _close(session: Session, merge: AnyRow, now: datetime) -> None:
    """Nobody comes in there any more."""
    old, heir = merge.from_user_id, merge.into_user_id
    for table in map(table_of, (WebSession, MailToken, LoginRequest, KnownDevice)):
        session.execute(delete(table).where(table.c.user_id == old))
    row = _row(session, old)
    if row.email is not None:
        none = (_users.c.id == heir) & _users.c.email.is_(None)
        session.execute(update(_users).where(none).values(email=row.email))
    session.execute(
        update(_users)
        .where(_users.c.id == old)
        .values(deleted_at=now, email=None, first_name="", gender=None, age=None)
    )

"""What a deleted account leaves in the tables, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.api import IdempotentRequest
from db.tables.chats import ChatMessage, ChatSession
from db.tables.dialogs import FsmState
from db.tables.forecasts import Forecast
from db.tables.identities import (
    AccountMerge,
    ApiKey,
    EmailLogin,
    KnownDevice,
    LoginRequest,
    MailToken,
    RecoveryCode,
    SecondFactor,
    WebSession,
)
from db.tables.market import FavouriteInstrument
from db.tables.outbox import OutboxKind, OutboxMessage, OutboxStatus, RefusedAddress
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.scorings import Scoring
from db.tables.users import AuditAction, Edge, User
from db.tables.webhooks import WebhookDelivery, WebhookEndpoint
from services.audit_log.record import AuditRecord, record
from services.billing import ledger
from services.chats.deletion import delete_all
from services.errors import N_, ShopError
from services.files.cleanup import wish_away_of
from services.identity.api_key_rows import revoke_keys
from services.identity.email_logins import view_login
from services.notifications.kinds.letters import AccountDeleted
from services.notifications.outbox import Mailbox, put_letter
from services.plans.free import had_free_until
from services.plans.leaving import leave
from services.plans.trials import had_trial
from services.scoring.drafts import forget_tables
from services.users.accounts import UserDisabled
from services.users.actor import Actor
from services.users.departures import PersonKey, known_as, note_departure
from services.users.roles import Staff

_users, _logins, _outbox = table_of(User), table_of(EmailLogin), table_of(OutboxMessage)
_predictions, _messages, _conversations = table_of(Prediction), table_of(ChatMessage), table_of(ChatSession)
_payments, _refunds, _keys = table_of(Payment), table_of(Refund), table_of(ApiKey)
_endpoints, _deliveries, _refused = table_of(WebhookEndpoint), table_of(WebhookDelivery), table_of(RefusedAddress)
_tokens, _requests, _states = table_of(MailToken), table_of(LoginRequest), table_of(FsmState)
_merges, _scorings, _forecasts = table_of(AccountMerge), table_of(Scoring), table_of(Forecast)

COMMENT: Final = "account deleted"
GONE: Final = (
    EmailLogin,
    WebSession,
    KnownDevice,
    LoginRequest,
    SecondFactor,
    RecoveryCode,
    IdempotentRequest,
    MailToken,
    FavouriteInstrument,
)
NOWHERE: Final = {"chat_id": None, "thread_id": None, "message_id": None}
NOBODY: Final = {"telegram_id": None, "username": None, "first_name": "", "email": None, "gender": None, "age": None}


class CannotDelete(ShopError):
    message = N_("This account cannot be deleted now.")


class AtWork(CannotDelete):
    message = N_("Something of yours is still being worked on. Please try again when it has ended.")


class MoneyUnderWay(CannotDelete):
    message = N_("A payment or a refund of yours is under way. Please try again when it has ended.")


class RunsTheShop(CannotDelete):
    message = N_("You have a role in this shop. It has to be taken away before you delete your account.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletionFacts:
    """What its owner is told before; `balance` in hundredths."""

    balance: int
    predictions: int
    conversations: int
    keys: int


def look(session: Session, user_id: int, staff: Staff) -> DeletionFacts:
    row = _row(session, user_id)
    _require_may(session, row, staff)
    said = (_conversations.c.user_id == user_id) & _conversations.c.title.is_not(None)
    return DeletionFacts(
        balance=row.balance,
        predictions=_count(session, _predictions, _predictions.c.user_id == user_id),
        conversations=_count(session, _conversations, said & _conversations.c.deleted_at.is_(None)),
        keys=_count(session, _keys, (_keys.c.user_id == user_id) & _keys.c.revoked_at.is_(None)),
    )


def delete_account(
    session: Session,
    user_id: int,
    staff: Staff,
    people: PersonKey,
    *,
    seen_balance: int,
    edge: Edge,
    now: datetime,
    told: bool = False,
) -> bool:
    """False where another balance was seen. `told`: by a last letter. Raises as `AccountDeletion.delete` does."""
    session.execute(select(_users.c.id).where(_users.c.id == user_id).with_for_update())
    row = _row(session, user_id)
    _require_may(session, row, staff)
    if row.balance != seen_balance:
        return False
    if row.balance:
        name = f"account-deleted:{user_id}"
        ledger.take_back(session, user_id=user_id, amount=row.balance, key=name, now=now, partly=True, comment=COMMENT)
    free_until = had_free_until(session, user_id, now)
    leave(session, user_id, now)
    addresses, login = _addresses(session, row), view_login(session, user_id) if told else None
    known, tried = known_as(session, user_id, people), had_trial(session, user_id, people)
    note_departure(session, known, now, had_trial=tried, free_until=free_until)
    _forget_what_was_said(session, user_id, now)
    _forget_news(session, user_id, addresses)
    _close_ways_in(session, row, addresses, now)
    session.execute(update(_users).where(_users.c.id == user_id).values(NOBODY | {"deleted_at": now}))
    if login is not None:
        to = Mailbox(address=login.address, language=row.language)
        put_letter(session, AccountDeleted(at=now, nonce=str(user_id)), to=to, now=now)
    whose = AuditRecord(
        actor=Actor(user_id, edge),
        action=AuditAction.ACCOUNT_DELETE,
        target_user_id=user_id,
        before={"balance": seen_balance},
        after={"balance": 0},
    )
    record(session, whose, now)
    return True


def _require_may(session: Session, row: AnyRow, staff: Staff) -> None:
    if row.disabled_at is not None:
        raise UserDisabled(user_id=row.id)
    if staff.role_of(session, row.id) is not None:
        raise RunsTheShop(user_id=row.id)
    at_work = or_(
        exists().where(
            _predictions.c.user_id == row.id,
            _predictions.c.status.in_((PredictionStatus.QUEUED, PredictionStatus.RUNNING)),
        ),
        exists().where(_messages.c.user_id == row.id, _messages.c.status.in_(("queued", "running"))),
        exists().where(_scorings.c.user_id == row.id, _scorings.c.status.in_(("queued", "running"))),
    )
    if session.scalar(select(at_work)):
        raise AtWork(user_id=row.id)
    under_way = or_(
        exists().where(
            _whose(_payments, row.id),
            _payments.c.status.in_((PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE)),
        ),
        exists().where(
            _refunds.c.payment_id == _payments.c.id,
            _whose(_payments, row.id),
            _refunds.c.status == RefundStatus.PENDING,
        ),
    )
    if session.scalar(select(under_way)):
        raise MoneyUnderWay(user_id=row.id)


def _whose(table: Table, user_id: int) -> ColumnElement[bool]:
    """Payments and what was told stay with an account that became part of this one: they are theirs, too."""
    merged = select(_merges.c.from_user_id).where(_merges.c.into_user_id == user_id)
    return or_(table.c.user_id == user_id, table.c.user_id.in_(merged))


def _row(session: Session, user_id: int) -> AnyRow:
    row = session.execute(select(_users).where(_users.c.id == user_id, _users.c.deleted_at.is_(None))).first()
    if row is None:
        raise ledger.UnknownUser(user_id=user_id)
    return row


def _addresses(session: Session, row: AnyRow) -> set[str]:
    logins = select(_logins.c.address, _logins.c.unconfirmed_address).where(_logins.c.user_id == row.id)
    found = [row.email, *(each for login in session.execute(logins) for each in login)]
    return {each for each in found if each is not None}


def _forget_what_was_said(session: Session, user_id: int, now: datetime) -> None:
    """What was asked and answered, with its pictures. A price, a model and a time stay."""
    delete_all(session, user_id, now)
    wish_away_of(session, user_id)
    nothing: dict[str, Any] = {"inputs": {}, "result": None, "error": None, "progress": None}  # Any: columns' values
    session.execute(update(_predictions).where(_predictions.c.user_id == user_id).values(nothing | NOWHERE))
    session.execute(update(_messages).where(_messages.c.user_id == user_id).values(NOWHERE))
    _forget_whose_forecasts(session, user_id)
    forget_tables(session, user_id)
    session.execute(update(_scorings).where(_scorings.c.user_id == user_id).values(NOWHERE | {"error": None}))
    of_payments = NOWHERE | {"receipt_email": None, "confirmation_url": None, "card_type": None, "card_last4": None}
    session.execute(update(_payments).where(_whose(_payments, user_id)).values(of_payments))


def _forget_whose_forecasts(session: Session, user_id: int) -> None:
    """They are judged all the same, as nobody's: the record leaves nothing out. The moment would tell whose they are,
    so the day is left of it."""
    mine = select(_predictions.c.id).where(_predictions.c.user_id == user_id)
    rows = session.execute(select(_forecasts.c.id, _forecasts.c.made_at).where(_forecasts.c.prediction_id.in_(mine)))
    for row in rows.all():
        day = row.made_at.replace(hour=0, minute=0, second=0, microsecond=0)
        forgotten = update(_forecasts).where(_forecasts.c.id == row.id)
        session.execute(forgotten.values(prediction_id=None, made_at=day))


def _forget_news(session: Session, user_id: int, addresses: set[str]) -> None:
    """What was told, but for how much of an answer arrived: its price hangs on that. Nothing is told any more."""
    mine = or_(_whose(_outbox, user_id), _outbox.c.address.in_(addresses))
    told = (_outbox.c.kind == OutboxKind.CHAT_ANSWER) & (_outbox.c.status != OutboxStatus.PENDING)
    session.execute(update(_outbox).where(mine, told).values(address=None))
    session.execute(delete(_outbox).where(mine, ~told))
    session.execute(delete(_refused).where(_refused.c.address.in_(addresses)))


def _close_ways_in(session: Session, row: AnyRow, addresses: set[str], now: datetime) -> None:
    for table in map(table_of, GONE):
        session.execute(delete(table).where(table.c.user_id == row.id))
    session.execute(delete(_tokens).where(_tokens.c.address.in_(addresses)))
    revoke_keys(session, row.id, now)
    session.execute(update(_keys).where(_keys.c.user_id == row.id).values(title=""))
    mine = select(_endpoints.c.id).where(_endpoints.c.user_id == row.id)
    session.execute(delete(_deliveries).where(_deliveries.c.endpoint_id.in_(mine)))
    off: dict[str, Any] = {
        "url": "",
        "secret": "",
        "old_secret": None,
        "events": {},
        "deleted_at": now,
    }  # Any: columns' values
    session.execute(update(_endpoints).where(_endpoints.c.user_id == row.id).values(off))  # a sender may hold one
    if row.telegram_id is not None:
        session.execute(delete(_requests).where(_requests.c.confirmed_telegram_id == row.telegram_id))
        session.execute(delete(_states).where(_states.c.key.contains(f":{row.telegram_id}:", autoescape=True)))


def _count(session: Session, table: Table, which: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(table).where(which)) or 0

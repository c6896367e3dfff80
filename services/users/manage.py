"""What admins do for and to customers. Each action is one transaction with its line in the audit log and its message to
the customer; `nonce` names one decision, so that it acts once however often it is confirmed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import Transaction, TransactionKind
from db.tables.users import AuditAction, Role, User
from services.audit_log.record import AuditRecord, record
from services.billing import ledger
from services.billing.credits import format_credits, parse_amount
from services.clock import Clock
from services.digits import whole_number
from services.errors import N_, ShopError
from services.identity.second_factor_rows import drop_factor
from services.identity.sessions import end_sessions
from services.manifests.characters import is_storable
from services.notifications import outbox
from services.notifications.kinds.admins import CreditsChanged, WordsFromOwner
from services.users.accounts import MAX_TELEGRAM_ID
from services.users.actor import Actor
from services.users.directory import UserFilter, UserPage, page_of_users
from services.users.roles import Staff
from services.users.search import UserCard, UserLine, card, lines_of, only_one, search
from services.users.timeline import TimelinePage, timeline

_users, _lines = table_of(User), table_of(Transaction)
MAX_CREDITS: Final = 1_000_000_00  # hundredths; a typing mistake should not make millions
MAX_REASON: Final = 200
MAX_TEXT: Final = 3000


class CannotTake(ShopError):
    """More was to be taken than there is; `rest` can be, in hundredths."""

    message = N_("There is less than that: at most {rest} credits can be taken.")

    def __init__(self, *, rest: int) -> None:
        self.rest = rest
        super().__init__(rest=format_credits(rest))


class BadReason(ShopError):
    message = N_("A reason of 1 to {max} characters is expected.")

    def __init__(self) -> None:
        super().__init__(max=MAX_REASON)


class BadText(ShopError):
    message = N_("A text of 1 to {max} characters is expected.")

    def __init__(self) -> None:
        super().__init__(max=MAX_TEXT)


class NotInTelegram(ShopError):
    message = N_("This person does not come through Telegram.")


class CannotBeTold(ShopError):
    message = N_("There is no way to write to this person: neither Telegram nor an e-mail address.")


class OneOfUs(ShopError):
    message = N_("This person runs the shop too. Take the role away first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditChange:
    """Credits for a user, in hundredths: positive to give, negative to take. The customer reads the reason."""

    user_id: int
    amount: int
    reason: str
    nonce: str


class UserManagement:
    """What admins may do to customers. (To models and payments: `ModelManagement`, `PaymentManagement`; each has
    services/<noun>/manage.py, asks for the role in the transaction that acts, and leaves a line in the audit log.)
    What changes something raises `NotAllowed` for moderators and strangers, and
    `UnknownUser`."""

    def __init__(self, db: Database, clock: Clock, staff: Staff) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff

    async def search(self, text: str) -> list[UserLine]:
        return await self._db.scan(search, text)

    async def find(self, text: str) -> UserLine:
        """The only one who fits. Raises `NobodyFound`, `SeveralFound`."""
        return await self._db.scan(only_one, text)

    async def person_of(self, text: str) -> UserLine | int:
        """As `find`; of somebody who was never here the Telegram id, at its word."""
        typed = text.strip()
        if number := whole_number(typed, most=MAX_TELEGRAM_ID):
            return next(iter(await self.search(typed)), number)
        return await self.find(typed)

    async def telegram_id_of(self, text: str) -> int:
        """As `person_of`. Raises `NotInTelegram`."""
        person = await self.person_of(text)
        if isinstance(person, int):
            return person
        if person.telegram_id is None:
            raise NotInTelegram(user_id=person.id)
        return person.telegram_id

    async def lines(self, user_ids: Iterable[int]) -> dict[int, UserLine]:
        """By `users.id`."""
        return await self._db.read(lines_of, list(user_ids))

    async def page(self, wanted: UserFilter, after: str = "") -> UserPage:
        return await self._db.scan(page_of_users, wanted, after, self._staff, self._clock())

    async def timeline(self, user_id: int, before: str = "") -> TimelinePage:
        """Raises `UnknownUser`."""
        return await self._db.read(timeline, user_id, before)

    async def card(self, user_id: int) -> UserCard:
        """Raises `UnknownUser`."""
        return await self._db.read(card, user_id, self._staff)

    async def change(self, request: CreditChange, *, actor: Actor) -> int:
        """Returns the balance after it, of the first time where it is repeated. Raises `CannotTake`, `BadReason`."""
        check_reason(request.reason)
        return await self._db.write(self._change, request, actor, self._clock())

    async def disable(self, user_id: int, *, actor: Actor, reason: str | None = None) -> None:
        """Close the shop to them; their credits stay. Raises `OneOfUs`."""
        await self._db.write(self._set_disabled, user_id, True, actor=actor, reason=reason, now=self._clock())

    async def enable(self, user_id: int, *, actor: Actor, reason: str | None = None) -> None:
        await self._db.write(self._set_disabled, user_id, False, actor=actor, reason=reason, now=self._clock())

    async def sign_out(self, user_id: int, *, actor: Actor) -> int:
        """End all their sessions on the web; how many there were. Of those who run the shop only owners do."""
        return await self._db.write(self._sign_out, user_id, actor, self._clock())

    async def turn_off_factor(self, user_id: int, *, actor: Actor) -> None:
        """Of somebody who lost theirs; owners alone do. Their sessions on the web end. Raises `FactorOff`."""
        await self._db.write(self._turn_off_factor, user_id, actor, self._clock())

    async def write_to(self, user_id: int, text: str, *, nonce: str, actor: Actor) -> None:
        """Raises `BadText`, `CannotBeTold`."""
        check_text(text)
        await self._db.write(self._write_to, user_id, text.strip(), nonce=nonce, actor=actor, now=self._clock())

    def _change(self, session: Session, request: CreditChange, actor: Actor, now: datetime) -> int:
        self._staff.require(session, actor)
        user = _locked(session, request.user_id)
        key = f"admin:{request.nonce}"
        done = session.scalar(select(_lines.c.balance_after).where(_lines.c.key == key))
        if done is not None:
            return int(done)
        posting = _post(session, request, key, now)
        record(
            session,
            AuditRecord(
                actor=actor,
                action=AuditAction.CREDITS_GRANT if request.amount > 0 else AuditAction.CREDITS_TAKE,
                target_user_id=request.user_id,
                before={"balance": user.balance},
                after={"balance": posting.balance_after, "amount": posting.amount},
                reason=request.reason,
            ),
            now,
        )
        news = CreditsChanged(
            amount=posting.amount, balance=posting.balance_after, reason=request.reason, nonce=request.nonce
        )
        outbox.put(session, news, user_id=request.user_id, now=now)
        return posting.balance_after

    def _set_disabled(
        self, session: Session, user_id: int, disabled: bool, *, actor: Actor, reason: str | None, now: datetime
    ) -> None:
        self._staff.require(session, actor)
        user = _locked(session, user_id)
        if (user.disabled_at is not None) is disabled:
            return
        if disabled and self._staff.role_of(session, user.id) is not None:
            raise OneOfUs(user_id=user_id)
        session.execute(update(_users).where(_users.c.id == user_id).values(disabled_at=now if disabled else None))
        record(
            session,
            AuditRecord(
                actor=actor,
                action=AuditAction.USER_DISABLE if disabled else AuditAction.USER_ENABLE,
                target_user_id=user_id,
                before={"disabled": not disabled},
                after={"disabled": disabled},
                reason=reason and reason[:MAX_REASON],
            ),
            now,
        )

    def _sign_out(self, session: Session, user_id: int, actor: Actor, now: datetime) -> int:
        self._staff.require(session, actor)
        _locked(session, user_id)
        if self._staff.role_of(session, user_id) is not None:
            self._staff.require(session, actor, Role.OWNER)
        ended = end_sessions(session, user_id)
        if ended:
            action, after = AuditAction.USER_SIGN_OUT, {"sessions": ended}
            record(session, AuditRecord(actor=actor, action=action, target_user_id=user_id, after=after), now)
        return ended

    def _turn_off_factor(self, session: Session, user_id: int, actor: Actor, now: datetime) -> None:
        self._staff.require(session, actor, Role.OWNER)
        _locked(session, user_id)
        drop_factor(session, user_id, now, by_shop=True)
        record(session, AuditRecord(actor=actor, action=AuditAction.USER_FACTOR_OFF, target_user_id=user_id), now)

    def _write_to(self, session: Session, user_id: int, text: str, *, nonce: str, actor: Actor, now: datetime) -> None:
        self._staff.require(session, actor)
        _locked(session, user_id)
        if not card(session, user_id, self._staff).can_be_told:
            raise CannotBeTold(user_id=user_id)
        if not outbox.put(session, WordsFromOwner(text=text, nonce=nonce), user_id=user_id, now=now):
            return
        record(
            session,
            AuditRecord(actor=actor, action=AuditAction.USER_WRITE, target_user_id=user_id, after={"text": text}),
            now,
        )


def parse_change(text: str, *, balance: int, give: bool) -> int:
    """Hundredths from what was typed, negative to take from a balance. Raises `BadAmount`, `CannotTake`."""
    amount = parse_amount(text, low=1, high=MAX_CREDITS)
    if give:
        return amount
    if amount > balance:
        raise CannotTake(rest=balance)
    return -amount


def check_reason(text: str) -> str:
    """Raises `BadReason`."""
    reason = text.strip()
    if not 0 < len(reason) <= MAX_REASON or not is_storable(reason):
        raise BadReason
    return reason


def check_text(text: str) -> str:
    """Raises `BadText`."""
    if not 0 < len(text.strip()) <= MAX_TEXT or not is_storable(text):
        raise BadText
    return text.strip()


def _locked(session: Session, user_id: int) -> AnyRow:
    """What follows about one user happens once at a time. Raises `UnknownUser`."""
    row = session.execute(select(_users).where(_users.c.id == user_id).with_for_update(key_share=True)).first()
    if row is None:
        raise ledger.UnknownUser(user_id=user_id)
    return row


def _post(session: Session, request: CreditChange, key: str, now: datetime) -> ledger.Posting:
    if request.amount > 0:
        kind = TransactionKind.GRANT
        return ledger.grant(
            session, user_id=request.user_id, amount=request.amount, kind=kind, key=key, now=now, comment=request.reason
        )
    try:
        taken = ledger.take_back(
            session, user_id=request.user_id, amount=-request.amount, key=key, now=now, comment=request.reason
        )
    except ledger.InsufficientBalance as error:
        raise CannotTake(rest=error.balance) from error
    assert taken is not None  # only a partial taking can find nothing
    return taken

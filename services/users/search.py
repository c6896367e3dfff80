"""Finding a customer by what an admin knows of them, and everything about one on one page."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, exists, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from db.base import AnyRow, table_of
from db.tables.billing import Transaction, TransactionKind
from db.tables.currencies import Currency
from db.tables.identities import AccountMerge, EmailLogin
from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import Role, User
from services.billing.ledger import UnknownUser
from services.digits import ascii_digits
from services.errors import N_, ShopError
from services.identity.second_factor_rows import view_factor
from services.money import Money
from services.payments.queries import PaymentView, payment_view, payments, refunds
from services.users.roles import Staff

_users, _lines, _predictions = table_of(User), table_of(Transaction), table_of(Prediction)
_logins, _merges = table_of(EmailLogin), table_of(AccountMerge)
FOUND_AT_MOST: Final = 8
MAX_ID: Final = 2**63 - 1
LAST: Final = 5  # predictions and payments on a card


class NobodyFound(ShopError):
    message = N_("Nobody is found. Try #12, a Telegram id, @name, an e-mail or a part of a name.")


class SeveralFound(ShopError):
    message = N_("Several people fit: {ids}. Please name one of them by #number.")

    def __init__(self, *, ids: Sequence[int]) -> None:
        super().__init__(ids=", ".join(f"#{user_id}" for user_id in ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """A user in a list; `balance` in hundredths; `gone`: the account was deleted, or became part of another one."""

    id: int
    telegram_id: int | None
    username: str | None
    first_name: str
    balance: int
    disabled: bool
    gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionLine:
    id: UUID
    model_slug: str
    price: int
    status: PredictionStatus
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCard(UserLine):
    """`email`: for receipts; `login`: the address that they sign in by. `spent` in hundredths: charges without those
    that came back; `paid`, by currency, without what was sent back. `merged_into`: the account that this one became
    part of."""

    language: str
    email: str | None
    login: str | None
    role: Role | None
    factor_on: bool
    spent: int
    paid: tuple[Money, ...]
    predictions: Sequence[PredictionLine]
    payments: Sequence[PaymentView]
    created_at: datetime
    last_seen_at: datetime
    blocked_at: datetime | None
    disabled_at: datetime | None
    deleted_at: datetime | None
    merged_into: int | None

    @property
    def can_be_told(self) -> bool:
        """There is a way to them."""
        return self.telegram_id is not None or self.login is not None


def search(session: Session, text: str) -> list[UserLine]:
    """Those who fit, the last seen first: `#12`, a Telegram id, `@name`, an e-mail, or a part of a name."""
    found = fits(" ".join(text.replace("\x00", "").split())[:64])
    if found is None:
        return []
    rows = session.execute(select(_users).where(found).order_by(_users.c.last_seen_at.desc()).limit(FOUND_AT_MOST))
    return [UserLine(**_line(row)) for row in rows]


def lines_of(session: Session, user_ids: Iterable[int]) -> dict[int, UserLine]:
    """By `users.id`."""
    rows = session.execute(select(_users).where(_users.c.id.in_(set(user_ids))))
    return {row.id: UserLine(**_line(row)) for row in rows}


def only_one(session: Session, text: str) -> UserLine:
    """Raises `NobodyFound`, `SeveralFound`."""
    found = search(session, text)
    if not found:
        raise NobodyFound(text=text[:64])
    if len(found) > 1:
        raise SeveralFound(ids=[each.id for each in found])
    return found[0]


def card(session: Session, user_id: int, staff: Staff) -> UserCard:
    """Raises `UnknownUser`."""
    row = session.execute(select(_users).where(_users.c.id == user_id)).first()
    if row is None:
        raise UnknownUser(user_id=user_id)
    return UserCard(
        **_line(row),
        language=row.language,
        email=row.email,
        login=session.scalar(select(_logins.c.address).where(_logins.c.user_id == user_id)),
        role=staff.role_of(session, row.id),
        factor_on=view_factor(session, row.id).since is not None,
        spent=_spent(session, user_id),
        paid=_paid(session, user_id),
        predictions=_last_predictions(session, user_id),
        payments=_last_payments(session, user_id),
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        blocked_at=row.blocked_at,
        disabled_at=row.disabled_at,
        deleted_at=row.deleted_at,
        merged_into=heirs_of(session, [user_id]).get(user_id),
    )


def heirs_of(session: Session, user_ids: Iterable[int]) -> dict[int, int]:
    """Which account each of them became part of; without those that did not."""
    merged = select(_merges.c.from_user_id, _merges.c.into_user_id).where(_merges.c.from_user_id.in_(set(user_ids)))
    return {row.from_user_id: row.into_user_id for row in session.execute(merged)}


def fits(text: str) -> ColumnElement[bool] | None:
    """Whether a user is meant by what was typed; None where nobody can be."""
    number = ascii_digits(text.removeprefix("#"))
    if number.isascii() and number.isdigit():
        column = _users.c.id if text.startswith("#") else _users.c.telegram_id
        return column == int(number) if int(number) <= MAX_ID else None
    if text.startswith("@"):
        return func.lower(_users.c.username) == text[1:].lower()
    if "@" in text:
        signs_in = exists().where(_logins.c.user_id == _users.c.id, _logins.c.address == text.lower())
        return or_(func.lower(_users.c.email) == text.lower(), signs_in)
    if not text or text.startswith("#"):
        return None
    regex = "".join(_any_case(letter) or re.escape(letter) for letter in text)
    glob = "".join(_any_case(letter) or (f"[{letter}]" if letter in "*?[" else letter) for letter in text)
    return or_(*(_Holds(column, regex, f"*{glob}*") for column in (_users.c.username, _users.c.first_name)))


class _Holds(FunctionElement[bool]):
    """A column, a regular expression and the same as a glob: SQLite's regular expressions would be Python's, which hold
    up all else for as long as they look."""

    name = "holds"
    type = Boolean()
    inherit_cache = True


@compiles(_Holds, "postgresql")
def _by_regex(element: _Holds, compiler: SQLCompiler, **more: Any) -> str:  # Any: as SQLAlchemy hands it on
    column, regex, _ = element.clauses
    return f"{compiler.process(column, **more)} ~ {compiler.process(regex, **more)}"


@compiles(_Holds, "sqlite")
def _by_glob(element: _Holds, compiler: SQLCompiler, **more: Any) -> str:  # Any: as above
    column, _, glob = element.clauses
    return f"{compiler.process(column, **more)} GLOB {compiler.process(glob, **more)}"


def _any_case(letter: str) -> str | None:
    """A class of a regular expression or a glob, for a letter in either case, in any alphabet, and ё as е; None for one
    without cases. What a database itself folds hangs on its locale; SQLite folds Latin letters only."""
    alike = {"е", "ё"} if letter.casefold() in {"е", "ё"} else {letter}
    spellings = {each for one in alike for each in (one, one.lower(), one.upper(), one.title()) if len(each) == 1}
    return f"[{''.join(sorted(spellings))}]" if len(spellings) > 1 else None


def _line(row: AnyRow) -> dict[str, Any]:  # Any: the columns' values
    names = ("id", "telegram_id", "username", "first_name", "balance")
    states = {"disabled": row.disabled_at is not None, "gone": row.deleted_at is not None}
    return {name: getattr(row, name) for name in names} | states


def _spent(session: Session, user_id: int) -> int:
    kinds = (TransactionKind.CHARGE, TransactionKind.CHARGE_REFUND, TransactionKind.CHARGE_RETURN)
    mine = (_lines.c.user_id == user_id) & _lines.c.kind.in_(kinds)
    return -int(session.scalar(select(func.sum(_lines.c.amount)).where(mine)) or 0)


def _paid(session: Session, user_id: int) -> tuple[Money, ...]:
    mine = (payments.c.user_id == user_id) & (payments.c.status == PaymentStatus.SUCCEEDED)
    came = select(payments.c.currency, func.sum(payments.c.amount_kopecks)).where(mine).group_by(payments.c.currency)
    went = (
        select(refunds.c.currency, func.sum(refunds.c.amount_kopecks))
        .join(payments, payments.c.id == refunds.c.payment_id)
        .where(payments.c.user_id == user_id, refunds.c.status == RefundStatus.SUCCEEDED)
        .group_by(refunds.c.currency)
    )
    gone = {currency: int(minor) for currency, minor in session.execute(went)}
    rows = session.execute(came.order_by(payments.c.currency))
    return tuple(Money(int(minor) - gone.get(currency, 0), Currency(currency)) for currency, minor in rows)


def _last_predictions(session: Session, user_id: int) -> list[PredictionLine]:
    columns = [_predictions.c[name] for name in PredictionLine.__slots__]
    mine = select(*columns).where(_predictions.c.user_id == user_id)
    rows = session.execute(mine.order_by(_predictions.c.created_at.desc()).limit(LAST)).mappings()
    return [PredictionLine(**{**row, "status": PredictionStatus(row["status"])}) for row in rows]


def _last_payments(session: Session, user_id: int) -> list[PaymentView]:
    mine = select(payments).where(payments.c.user_id == user_id)
    rows = session.execute(mine.order_by(payments.c.created_at.desc(), payments.c.id).limit(LAST))
    return [payment_view(row) for row in rows]

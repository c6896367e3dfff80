"""Users: who they are, what they told of themselves, their welcome credits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypedDict

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.users import Admin, Gender, User
from db.upsert import insert_into
from services.billing import ledger
from services.clock import Clock
from services.digits import whole_number
from services.errors import N_, ShopError
from services.manifests.characters import cleaned, is_visible
from services.notifications.blocked import come_back, mark_blocked
from services.users.departures import NO_KEY, PersonKey, has_left, note_return

_users, _admins = table_of(User), table_of(Admin)
MAX_AGE = 120
MAX_NAME = 64
MAX_TELEGRAM_ID = 2**52 - 1  # Telegram's own bound
SEEN_EVERY = timedelta(minutes=5)  # how exact `last_seen_at` is


class UserDisabled(ShopError):
    message = N_("Your access to this bot is closed. Please write to its owner.")


class BadEmail(ShopError):
    message = N_("This does not look like an e-mail address. Example: anna@example.com")


class BadAge(ShopError):
    message = N_("An age from 1 to 120 is expected, for example 35.")


class BadName(ShopError):
    message = N_("A name of 1 to 64 characters is expected.")


class NameOfTelegram(ShopError):
    message = N_("Your name is the one that you have in Telegram. Change it there.")


class Profile(TypedDict, total=False):
    """What somebody tells of themselves, as they wrote it; what is left out stays, None is forgotten."""

    name: str
    language: str
    gender: Gender | None
    age: str | None
    email: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A user as screens need it; `balance` in hundredths of a credit; `telegram_id`: None for those who do not come
    through Telegram."""

    id: int
    telegram_id: int | None
    username: str | None
    first_name: str
    language: str
    email: str | None
    gender: str | None
    age: int | None
    balance: int
    bonus_muted: bool
    outcomes_muted: bool
    disabled: bool
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who Telegram says is there; `language` is the shop's language for theirs, the shop's own where Telegram told
    none: that changes nothing of somebody who is known."""

    telegram_id: int
    username: str | None
    first_name: str
    language: str
    language_told: bool = True


class Users:
    """`people`: by which somebody is known who deleted their account."""

    def __init__(self, db: Database, clock: Clock, *, welcome_credits: int, people: PersonKey = NO_KEY) -> None:
        self._db = db
        self._people = people
        self._clock = clock
        self._welcome_credits = welcome_credits

    async def enter(self, visitor: Visitor) -> UserView:
        """The user behind a visitor: made on the first visit, with welcome credits; kept up to date on later ones."""
        now = self._clock()
        row = await self._db.read(_find, visitor.telegram_id)
        if row is not None and not _stale(row, visitor, now):
            return view_of(row)
        return await self._db.write(_enter, visitor, now, self._welcome_credits, self._people)

    async def find(self, telegram_id: int) -> UserView | None:
        row = await self._db.read(_find, telegram_id)
        return None if row is None else view_of(row)

    async def get(self, user_id: int) -> UserView:
        return await self._db.read(_get, user_id)

    async def change_profile(self, user_id: int, told: Profile) -> UserView:
        """All of it or nothing. `language`: one of the shop's. Raises `BadName`, `NameOfTelegram`, `BadAge`,
        `BadEmail`."""
        values: dict[str, Any] = {key: told[key] for key in ("gender",) if key in told}  # Any: the columns' values
        if "name" in told:
            values["first_name"] = parse_name(told["name"])
        if "language" in told:
            values |= {"language": told["language"], "language_chosen": True}
        if "age" in told:
            values["age"] = None if (age := told["age"]) is None else parse_age(age)
        if "email" in told:
            values["email"] = None if (email := told["email"]) is None else parse_email(email)
        return await self._db.write(_change_profile, user_id, values)

    async def choose_language(self, user_id: int, language: str) -> None:
        await self._db.write(_change, user_id, {"language": language, "language_chosen": True})

    async def set_email(self, user_id: int, text: str | None) -> None:
        await self._db.write(_change, user_id, {"email": None if text is None else parse_email(text)})

    async def set_gender(self, user_id: int, gender: Gender | None) -> None:
        await self._db.write(_change, user_id, {"gender": gender})

    async def set_age(self, user_id: int, text: str | None) -> None:
        await self._db.write(_change, user_id, {"age": None if text is None else parse_age(text)})

    async def mute_bonus(self, user_id: int, *, muted: bool) -> None:
        await self._db.write(_change, user_id, {"bonus_muted": muted})

    async def mute_outcomes(self, user_id: int, *, muted: bool) -> None:
        """Whether they are told what came of their forecasts."""
        await self._db.write(_change, user_id, {"outcomes_muted": muted})

    async def mark_blocked(self, telegram_id: int, *, blocked: bool) -> None:
        """The user blocked the bot, or came back: then what they waited for comes, too."""
        await self._db.write(mark_blocked if blocked else come_back, telegram_id, self._clock())


def parse_email(text: str) -> str:
    """An address that a receipt can be sent to. Raises `BadEmail`."""
    address = text.strip()
    name, at, domain = address.rpartition("@")
    host = domain.split(".")
    good = (
        at
        and 0 < len(name) <= 64
        and len(address) <= 254
        and address.isascii()
        and all(c.isalnum() or c in "!#$%&'*+/=?^_`{|}~.-" for c in name)
        and not (name.startswith(".") or name.endswith(".") or ".." in name)
        and len(host) > 1
        and all(part and all(c.isalnum() or c == "-" for c in part) and part.strip("-") == part for part in host)
        and len(host[-1]) > 1
        and not host[-1].isdigit()
    )
    if not good:
        raise BadEmail(text=address[:64])
    return address


def parse_name(text: str) -> str:
    name = " ".join(cleaned(text).split())
    if not 0 < len(name) <= MAX_NAME or not is_visible(name):
        raise BadName()
    return name


def parse_age(text: str) -> int:
    age = whole_number(text, most=MAX_AGE)
    if not age:
        raise BadAge(text=text[:64])
    return age


# Built once, since every update asks: building and hashing a statement costs more than SQLite takes to run it.
_by_telegram_id = select(_users).where(_users.c.telegram_id == bindparam("telegram_id"))


def _find(session: Session, telegram_id: int) -> AnyRow | None:
    return session.connection().execute(_by_telegram_id, {"telegram_id": telegram_id}).first()


def _get(session: Session, user_id: int) -> UserView:
    row = session.execute(select(_users).where(_users.c.id == user_id)).first()
    if row is None:
        raise ledger.UnknownUser(user_id=user_id)
    return view_of(row)


def _stale(row: AnyRow, visitor: Visitor, now: datetime) -> bool:
    return (
        now - row.last_seen_at > SEEN_EVERY
        or row.blocked_at is not None
        or (row.username, row.first_name) != (visitor.username, visitor.first_name)
        or (visitor.language_told and not row.language_chosen and row.language != visitor.language)
    )


def _enter(session: Session, visitor: Visitor, now: datetime, welcome_credits: int, people: PersonKey) -> UserView:
    user = bring_in(session, visitor, now, welcome_credits, people)
    if user.is_new:
        return user
    _refresh(session, visitor, now)
    return _get(session, user.id)


def bring_in(
    session: Session,
    visitor: Visitor,
    now: datetime,
    welcome_credits: int,
    people: PersonKey = NO_KEY,
) -> UserView:
    """Part of a caller's transaction: the user as they are, made with welcome credits where there is none, unless they
    had some before they left, and with the role that waits for them."""
    new = {
        "telegram_id": visitor.telegram_id,
        "username": visitor.username,
        "first_name": visitor.first_name,
        "language": visitor.language,
        "created_at": now,
        "last_seen_at": now,
    }
    insert = insert_into(session, _users).values(**new).on_conflict_do_nothing(index_elements=["telegram_id"])
    user_id = session.scalar(insert.returning(_users.c.id))
    if user_id is not None:
        waits = _admins.c.telegram_id == visitor.telegram_id
        session.execute(update(_admins).where(waits).values(user_id=user_id, telegram_id=None))
        welcome(session, user_id, people.telegram(visitor.telegram_id), welcome_credits, now)
    row = _find(session, visitor.telegram_id)
    assert row is not None
    return view_of(row, is_new=user_id is not None)


def welcome(session: Session, user_id: int, person: str, welcome_credits: int, now: datetime) -> None:
    """Part of a caller's transaction: of a new user, `person` by a `PersonKey`. Who had something before they left
    does not have it again."""
    if not has_left(session, person):
        _give_welcome(session, user_id, welcome_credits, now)
    note_return(session, user_id, [person], now)


def _give_welcome(session: Session, user_id: int, welcome_credits: int, now: datetime) -> None:
    if welcome_credits:
        kind = TransactionKind.WELCOME
        ledger.grant(session, user_id=user_id, amount=welcome_credits, kind=kind, key=f"welcome:{user_id}", now=now)


def _refresh(session: Session, visitor: Visitor, now: datetime) -> None:
    here = _users.c.telegram_id == visitor.telegram_id
    seen = {"username": visitor.username, "first_name": visitor.first_name, "last_seen_at": now}
    session.execute(update(_users).where(here).values(seen))
    come_back(session, visitor.telegram_id, now)
    if visitor.language_told:
        session.execute(update(_users).where(here, ~_users.c.language_chosen).values(language=visitor.language))


def _change(session: Session, user_id: int, values: dict[str, Any]) -> None:  # Any: the columns' values
    session.execute(update(_users).where(_users.c.id == user_id).values(values))


def _change_profile(session: Session, user_id: int, values: dict[str, Any]) -> UserView:  # Any: as above
    user = _get(session, user_id)
    if "first_name" in values and user.telegram_id is not None and values["first_name"] != user.first_name:
        raise NameOfTelegram()
    if values:
        _change(session, user_id, values)
    return _get(session, user_id)


def view_of(row: AnyRow, *, is_new: bool = False) -> UserView:
    return UserView(
        id=row.id,
        telegram_id=row.telegram_id,
        username=row.username,
        first_name=row.first_name,
        language=row.language,
        email=row.email,
        gender=row.gender,
        age=row.age,
        balance=row.balance,
        bonus_muted=row.bonus_muted,
        outcomes_muted=row.outcomes_muted,
        disabled=row.disabled_at is not None,
        is_new=is_new,
    )

"""What a number chosen in the bot or a letter's link lets somebody do with both of their accounts, each in one
transaction with what is told of it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import LetterPurpose, LoginPurpose, SecondFactor
from db.tables.users import User
from services.errors import N_
from services.identity.arrivals import Arrival, Opened, open_session
from services.identity.email_logins import add_login, find_by_address, login_of, view_login
from services.identity.login_requests import LoginRequestGone, ProvedLogin, confirmed_login, take_login
from services.identity.mail_tokens import LinkNotValid, MailLink, find_link, issue_link, use_link
from services.identity.merging import AccountFacts, CannotMerge, look, merge_accounts
from services.identity.telling import tell_by_all_ways
from services.identity.tokens import hash_token
from services.notifications.kinds.identity import AccountsMerged, EmailLinked, TelegramLinked
from services.notifications.kinds.letters import ConfirmLink
from services.notifications.outbox import Mailbox, put_letter
from services.users.roles import Staff

_users, _factors = table_of(User), table_of(SecondFactor)

SeenBalances = tuple[int, int]
"""Hundredths, of the account that ends and of the one that goes on, as their owner saw them."""


class SecondFactorThere(CannotMerge):
    """A mailbox alone does not open an account that wants more."""

    message = N_(
        "The account of this address wants a second factor. Please sign in to that one and link your Telegram there."
    )


class TelegramHasAccount(CannotMerge):
    """Since they were asked they have come to the bot by themselves."""

    message = N_("Your Telegram has an account here meanwhile. Please look at both once more.")


class StaffTelegram(CannotMerge):
    message = N_(
        "This Telegram account runs the shop. Please sign in by it on the web and link your e-mail there, under "
        "“Security”."
    )


def offer_by_bot(
    session: Session, token: str, browser_secret: str, user_id: int, now: datetime, *, staff: Staff
) -> tuple[AccountFacts, AccountFacts] | None:
    """None where that Telegram account has none here."""
    proved = _of_asker(confirmed_login(session, token, browser_secret, now), user_id)
    _require_no_role(session, staff, proved)
    return None if proved.user_id is None else look(session, user_id, proved.user_id)


def add_by_bot(session: Session, token: str, browser_secret: str, user_id: int, *, now: datetime, staff: Staff) -> None:
    """What the database refuses since they have just come to the bot by themselves is `TelegramHasAccount`, too."""
    proved = _of_asker(take_login(session, token, browser_secret, now), user_id)
    _require_no_role(session, staff, proved)
    if proved.user_id is not None:
        raise TelegramHasAccount(user_id=proved.user_id)
    open_to_it = _users.c.telegram_id.is_(None) & _users.c.deleted_at.is_(None) & _users.c.disabled_at.is_(None)
    linked = update(_users).where(_users.c.id == user_id, open_to_it).values(telegram_id=proved.telegram_id)
    row = session.execute(linked.returning(_users.c.balance)).first()
    if row is None:
        raise LoginRequestGone()
    address = login_of(session, user_id).address
    told = TelegramLinked(address=address, balance=row.balance, nonce=hash_token(token)[:16])
    tell_by_all_ways(session, told, user_id, now)


def join_by_bot(
    session: Session,
    token: str,
    browser_secret: str,
    user_id: int,
    seen: SeenBalances,
    *,
    arrival: Arrival,
    opened: Opened,
    now: datetime,
    staff: Staff,
) -> None:
    proved = _of_asker(take_login(session, token, browser_secret, now), user_id)
    _require_no_role(session, staff, proved)
    if proved.user_id is None:
        raise LoginRequestGone()
    _join(session, user_id, proved.user_id, seen, now)
    open_session(session, proved.user_id, arrival, opened, now)


def _require_no_role(session: Session, staff: Staff, proved: ProvedLogin) -> None:
    """Whoever runs the shop gives nobody's e-mail account a way in to theirs by a number that they were talked into
    choosing: they begin at their own page."""
    if staff.role_by_telegram(session, proved.telegram_id) is not None:
        raise StaffTelegram(telegram_id=proved.telegram_id)


def _of_asker(proved: ProvedLogin, user_id: int) -> ProvedLogin:
    """Whoever signed in to another account meanwhile proved nothing for this one."""
    if proved.purpose is not LoginPurpose.LINK or proved.asked_by != user_id:
        raise LoginRequestGone()
    return proved


def ask_to_link(
    session: Session, user_id: int, address: str, language: str, *, unknown_hash: str, now: datetime
) -> bool:
    """False where the account has an address."""
    if view_login(session, user_id) is not None:
        return False
    token_id = issue_link(session, LetterPurpose.LINK, address, user_id=user_id, unknown_hash=unknown_hash, now=now)
    to = Mailbox(address=address, language=language, user_id=user_id)
    put_letter(session, ConfirmLink(token_id=token_id, nonce=unknown_hash[:16]), to=to, now=now)
    return True


def offer_by_letter(
    session: Session, token: str, user_id: int, now: datetime
) -> tuple[str, tuple[AccountFacts, AccountFacts] | None]:
    """The address, and both accounts where it has one."""
    link = _of_user(find_link(session, token, LetterPurpose.LINK, now), user_id)
    login = find_by_address(session, link.address)
    if login is None:
        return link.address, None
    _require_no_factor(session, login.user_id)
    return link.address, look(session, login.user_id, user_id)


def add_by_letter(session: Session, token: str, user_id: int, password_hash: str, now: datetime) -> None:
    link = _of_user(use_link(session, token, LetterPurpose.LINK, now), user_id)
    add_login(session, user_id, address=link.address, password_hash=password_hash, now=now)
    none = (_users.c.id == user_id) & _users.c.email.is_(None)
    session.execute(update(_users).where(none).values(email=link.address))
    told = EmailLinked(address=link.address, nonce=str(link.id))
    tell_by_all_ways(session, told, user_id, now)


def join_by_letter(session: Session, token: str, user_id: int, seen: SeenBalances, now: datetime) -> None:
    link = _of_user(use_link(session, token, LetterPurpose.LINK, now), user_id)
    login = find_by_address(session, link.address)
    if login is None:
        raise LinkNotValid()
    _require_no_factor(session, login.user_id)
    _join(session, login.user_id, user_id, seen, now)


def _of_user(link: MailLink, user_id: int) -> MailLink:
    """Who reads the mailbox must be signed in to the account that asked."""
    if link.user_id != user_id:
        raise LinkNotValid()
    return link


def _require_no_factor(session: Session, user_id: int) -> None:
    on = exists().where(_factors.c.user_id == user_id, _factors.c.confirmed_at.is_not(None))
    if session.scalar(select(on)):
        raise SecondFactorThere(user_id=user_id)


def _join(session: Session, old: int, heir: int, seen: SeenBalances, now: datetime) -> None:
    facts = look(session, old, heir)
    shown = (replace(facts[0], balance=seen[0]), replace(facts[1], balance=seen[1]))
    moved = merge_accounts(session, shown, now)
    balance = session.scalars(select(_users.c.balance).where(_users.c.id == heir)).one()
    told = AccountsMerged(address=facts[0].email, amount=moved, balance=balance, nonce=str(old))
    tell_by_all_ways(session, told, heir, now)

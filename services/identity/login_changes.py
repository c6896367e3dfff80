"""What a link or a password lets somebody do with their way in, each in one transaction with its letters."""

from datetime import datetime

from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.identities import LetterPurpose
from services.errors import N_, ShopError
from services.identity.api_key_rows import count_valid_keys
from services.identity.arrivals import Arrival, Opened, open_session
from services.identity.email_logins import (
    create_account,
    expect_address,
    find_by_address,
    hash_anew,
    login_of,
    mailbox_of,
    set_password,
    take_address,
)
from services.identity.known_devices import forget_devices, is_known, meet_device
from services.identity.mail_tokens import LinkNotValid, issue_link, use_link, void_links
from services.identity.sessions import end_sessions
from services.notifications.kinds.letters import (
    AddressChanged,
    AlreadyRegistered,
    ConfirmAddress,
    NewSignIn,
    PasswordChanged,
)
from services.notifications.outbox import Mailbox, put_letter
from services.users.departures import PersonKey


class WrongPassword(ShopError):
    message = N_("The address or the password is not right.")


class WrongCurrentPassword(ShopError):
    message = N_("The current password is not right.")


def confirm_sign_up(
    session: Session,
    token: str,
    *,
    password_hash: str,
    name: str,
    language: str,
    welcome_credits: int,
    people: PersonKey,
    arrival: Arrival,
    opened: Opened,
    now: datetime,
) -> int:
    """The new user's id. Raises `LinkNotValid`."""
    link = use_link(session, token, LetterPurpose.SIGN_UP, now)
    user_id = create_account(
        session,
        address=link.address,
        password_hash=password_hash,
        name=name,
        language=language,
        welcome_credits=welcome_credits,
        people=people,
        now=now,
    )
    open_session(session, user_id, arrival, opened, now)
    return user_id


def begin_signed_in(
    session: Session, login: AnyRow, arrival: Arrival, opened: Opened, *, anew: str | None, nonce: str, now: datetime
) -> None:
    """`login`: as the password was compared with; `anew`: its hash at today's cost. Raises `WrongPassword`: it was
    changed meanwhile."""
    if login_of(session, login.user_id).password_hash != login.password_hash:
        raise WrongPassword()
    if anew is not None:
        hash_anew(session, login.user_id, login.password_hash, anew)
    known = is_known(session, login.user_id, opened.device_token)
    open_session(session, login.user_id, arrival, opened, now)
    if not known:
        device = arrival.device
        letter = NewSignIn(at=now, agent=device.agent, place=device.address, nonce=nonce)
        put_letter(session, letter, to=mailbox_of(login), now=now)


def reset_password(
    session: Session,
    token: str,
    *,
    password_hash: str,
    arrival: Arrival,
    opened: Opened,
    nonce: str,
    now: datetime,
) -> int:
    """Ends all sessions but the one that begins with it. The user's id. Raises `LinkNotValid`."""
    link = use_link(session, token, LetterPurpose.RESET, now)
    login = find_by_address(session, link.address)
    if login is None or login.user_id != link.user_id:
        raise LinkNotValid()
    _new_password(session, login, password_hash, nonce=nonce, now=now)
    end_sessions(session, login.user_id)
    open_session(session, login.user_id, arrival, opened, now)
    user_id: int = login.user_id
    return user_id


def change_password(
    session: Session,
    login: AnyRow,
    *,
    password_hash: str,
    session_id: int,
    device_token: str,
    nonce: str,
    now: datetime,
) -> None:
    """Ends all sessions but this one; only its device stays known. `login`: as the current password was compared with.
    Raises `WrongCurrentPassword`: it was changed meanwhile."""
    if login_of(session, login.user_id).password_hash != login.password_hash:
        raise WrongCurrentPassword()
    known = is_known(session, login.user_id, device_token)
    _new_password(session, login, password_hash, nonce=nonce, now=now)
    end_sessions(session, login.user_id, but=session_id)
    if known:
        meet_device(session, login.user_id, device_token, now)


def _new_password(session: Session, login: AnyRow, password_hash: str, *, nonce: str, now: datetime) -> None:
    """Whoever knew the old one is a stranger again, also by a letter or a device."""
    set_password(session, login.user_id, password_hash, now)
    void_links(session, login.user_id)
    forget_devices(session, login.user_id)
    told = PasswordChanged(at=now, keys=count_valid_keys(session, login.user_id, now), nonce=nonce)
    put_letter(session, told, to=mailbox_of(login), now=now)


def ask_to_change_address(
    session: Session, user_id: int, address: str, *, unknown_hash: str, nonce: str, now: datetime
) -> None:
    """The old address counts until the new one is confirmed, and is told. Where the new one has an account already,
    the letter there says so; here nothing does."""
    login, taken = login_of(session, user_id), find_by_address(session, address)
    expect_address(session, user_id, address)
    purpose = LetterPurpose.CHANGE_ADDRESS if taken is None else LetterPurpose.RESET
    whose = user_id if taken is None else taken.user_id
    token_id = issue_link(session, purpose, address, user_id=whose, unknown_hash=unknown_hash, now=now)
    if taken is None:
        to = Mailbox(address=address, language=login.language, user_id=user_id)
        put_letter(session, ConfirmAddress(token_id=token_id, nonce=unknown_hash[:16]), to=to, now=now)
    else:
        put_letter(
            session, AlreadyRegistered(token_id=token_id, nonce=unknown_hash[:16]), to=mailbox_of(taken), now=now
        )
    told = AddressChanged(address=address, confirmed=False, nonce=nonce)
    put_letter(session, told, to=mailbox_of(login), now=now)


def confirm_address(session: Session, token: str, user_id: int, *, nonce: str, now: datetime) -> str:
    """The new address. Only its own user confirms it: a stranger who got the letter by a typing error gets nothing.
    Raises `LinkNotValid`."""
    link = use_link(session, token, LetterPurpose.CHANGE_ADDRESS, now)
    if link.user_id != user_id:
        raise LinkNotValid()
    login = login_of(session, user_id)
    take_address(session, login, link.address)
    void_links(session, user_id)
    told = AddressChanged(address=link.address, confirmed=True, nonce=nonce)
    put_letter(session, told, to=mailbox_of(login), now=now)
    return link.address

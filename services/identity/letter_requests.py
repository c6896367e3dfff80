"""Somebody gave an address and asks for a letter. What is written is as much, and is told as little, whether the
address has an account or not."""

from datetime import datetime

from sqlalchemy.orm import Session

from db.tables.identities import LetterPurpose
from services.identity.email_logins import find_by_address, mailbox_of
from services.identity.mail_tokens import issue_link
from services.notifications.kinds.letters import AlreadyRegistered, ConfirmSignUp, LinkLetter, ResetPassword
from services.notifications.outbox import Mailbox, put_letter


def ask_to_sign_up(session: Session, address: str, language: str, unknown_hash: str, now: datetime) -> None:
    _ask(session, address, language, unknown_hash, now, if_known=AlreadyRegistered)


def ask_to_reset(session: Session, address: str, language: str, unknown_hash: str, now: datetime) -> None:
    """Whose address is not known is led to an account as at sign-up: they may have forgotten which one they gave."""
    _ask(session, address, language, unknown_hash, now, if_known=ResetPassword)


def _ask(
    session: Session, address: str, language: str, unknown_hash: str, now: datetime, *, if_known: type[LinkLetter]
) -> None:
    """`language`: of the page, for who has no account yet."""
    login = find_by_address(session, address)
    if login is None:
        token_id = issue_link(session, LetterPurpose.SIGN_UP, address, unknown_hash=unknown_hash, now=now)
        to = Mailbox(address=address, language=language)
        put_letter(session, ConfirmSignUp(token_id=token_id, nonce=unknown_hash[:16]), to=to, now=now)
        return
    token_id = issue_link(
        session, LetterPurpose.RESET, address, user_id=login.user_id, unknown_hash=unknown_hash, now=now
    )
    put_letter(session, if_known(token_id=token_id, nonce=unknown_hash[:16]), to=mailbox_of(login), now=now)

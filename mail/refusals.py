"""What a mail server says where it does not take a letter."""

import re
from typing import Final

from aiosmtplib import SMTPException, SMTPResponseException

NOBODY: Final = frozenset({550, 551, 553})
_STATUS = re.compile(r"\b5\.(\d{1,3})\.(\d{1,3})\b")  # RFC 3463


class MailError(Exception):
    """`str()` of it is for the log and the owner, and has no secret."""


class MailAway(MailError):
    """Nothing can be sent now, whatever the letter. `login`: the server does not take user and password, which more
    tries make worse."""

    def __init__(self, reason: str, *, login: bool = False) -> None:
        super().__init__(reason)
        self.login = login


class LetterPostponed(MailError):
    """Not this letter now. `answered`: the server said so."""

    def __init__(self, reason: str, *, answered: bool = True) -> None:
        super().__init__(reason)
        self.answered = answered


class ConnectionEnded(LetterPostponed):
    """The server let go in the middle of it."""


class LetterRefused(MailError):
    """Never this letter. `nobody`: nor any other to this address."""

    def __init__(self, reason: str, *, nobody: bool) -> None:
        super().__init__(reason)
        self.nobody = nobody


def is_nobody(code: int, words: str) -> bool:
    """Whether a refused recipient does not exist. Where the server says more than the code, that counts: what its rules
    forbid (5.7.…) or a full mailbox (5.2.2) passes."""
    if (status := _STATUS.search(words)) is not None:
        subject, detail = status.groups()
        return subject == "1" or (subject, detail) == ("2", "1")
    return code in NOBODY


def words_of(error: Exception) -> str:
    """On one line."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {' '.join(str(error.message).split())}"
    if isinstance(error, SMTPException):
        return " ".join(str(error.message).split())
    return " ".join(str(error).split()) or type(error).__name__

"""Hands letters to the mail server, over one connection that is used again."""

import asyncio
from typing import Final, NoReturn

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from mail.refusals import ConnectionEnded, LetterPostponed, LetterRefused, MailAway, is_nobody, words_of
from mail.server import SmtpServer

CONNECT_SECONDS: Final = 15.0  # with TLS and the login
SEND_SECONDS: Final = 25.0  # for the whole of a letter; both together less than a claim lasts
IDLE_SECONDS: Final = 5.0  # then it is asked first whether it is still there


class MailClient:
    """`name`: how we introduce ourselves, a domain. Not for several at once."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        name: str,
        connect_seconds: float = CONNECT_SECONDS,
        send_seconds: float = SEND_SECONDS,
    ) -> None:
        self._server, self._name = server, name
        self._connect_seconds, self._send_seconds = connect_seconds, send_seconds
        self._smtp: SMTP | None = None
        self._used = 0.0  # loop time
        self._proven = False  # it has carried a letter

    async def send(self, content: bytes, *, sender: str, recipient: str) -> None:
        """Raises `LetterRefused`, `LetterPostponed`, which are about this letter, and `MailAway`, which is not."""
        try:
            async with asyncio.timeout(self._connect_seconds + self._send_seconds):
                await self._send(content, sender, recipient)
        except TimeoutError as error:
            raise LetterPostponed("the server did not answer in time", answered=False) from error

    async def _send(self, content: bytes, sender: str, recipient: str) -> None:
        smtp = await self.connect()
        proven = self._proven
        try:
            await self._hand_over(smtp, content, sender=sender, recipient=recipient)
        except ConnectionEnded:
            if not proven:
                raise
            smtp = await self.connect()  # servers end connections that were not used for a while
            await self._hand_over(smtp, content, sender=sender, recipient=recipient)

    async def _hand_over(self, smtp: SMTP, content: bytes, *, sender: str, recipient: str) -> None:
        try:
            async with asyncio.timeout(self._send_seconds):
                await smtp.sendmail(sender, recipient, content)
        except SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            self._judge(refused.code, refused.message, nobody=is_nobody(refused.code, refused.message))
        except SMTPSenderRefused as error:
            self._drop()
            raise MailAway(_not_ours(error)) from error
        except SMTPAuthenticationError as error:
            self._drop()
            raise MailAway(words_of(error)) from error
        except SMTPResponseException as error:
            self._judge(error.code, error.message)
        except SMTPServerDisconnected as error:
            self._drop()
            raise ConnectionEnded("the server ended the connection", answered=False) from error
        except TimeoutError as error:
            self._drop()
            raise LetterPostponed("the server did not answer in time", answered=False) from error
        except (SMTPException, OSError) as error:
            self._drop()
            raise LetterPostponed(words_of(error), answered=False) from error
        except BaseException:  # cut off in the middle of a letter, the connection is of no use
            self._drop()
            raise
        self._used, self._proven = _now(), True

    async def connect(self) -> SMTP:
        """Signed in, where the server asks for that. Raises `MailAway`."""
        if self._smtp is not None and await self._is_alive(self._smtp):
            return self._smtp
        self._drop()
        self._smtp, self._proven = (smtp := self._made()), False
        try:
            async with asyncio.timeout(self._connect_seconds):
                await smtp.connect()
                if self._server.user:
                    await smtp.login(self._server.user, self._server.password)
        except TimeoutError as error:
            self._drop()
            raise MailAway(f"no answer from {self._server} within {self._connect_seconds:g} s") from error
        except SMTPAuthenticationError as error:
            self._drop()
            raise MailAway(f"the server does not take user and password: {words_of(error)}", login=True) from error
        except (SMTPException, OSError, ValueError) as error:
            self._drop()
            raise MailAway(f"{self._server}: {words_of(error)}") from error
        except BaseException:
            self._drop()
            raise
        self._used = _now()
        return smtp

    async def check(self, sender: str) -> bool:
        """Whether what goes there is hidden by TLS, once the server has let us in and takes the sender. Sends nothing.
        Raises `MailAway`."""
        smtp = await self.connect()
        try:
            async with asyncio.timeout(self._send_seconds):
                await smtp.mail(sender)
                await smtp.rset()
                return smtp.get_transport_info("sslcontext") is not None
        except SMTPSenderRefused as error:
            raise MailAway(_not_ours(error)) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise MailAway(words_of(error)) from error
        finally:
            await self.close()

    async def rest(self) -> None:
        """There is nothing to send for a while: servers end connections that nobody uses, and count them."""
        if self._smtp is not None and _now() - self._used > IDLE_SECONDS * 6:
            await self.close()

    async def close(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return
        try:
            async with asyncio.timeout(1):
                await smtp.quit()
        except (SMTPException, OSError, TimeoutError):
            pass
        finally:
            smtp.close()

    def _made(self) -> SMTP:
        """A password goes to another machine by TLS alone; else TLS is taken where it is offered."""
        server = self._server
        demanded = True if server.user and not server.is_local else None
        return SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=False if server.tls else demanded,
            local_hostname=self._name,
            timeout=self._send_seconds,
        )

    async def _is_alive(self, smtp: SMTP) -> bool:
        if not smtp.is_connected:
            return False
        if _now() - self._used < IDLE_SECONDS:
            return True
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                await smtp.noop()
        except (SMTPException, OSError, TimeoutError):
            return False
        return True

    def _judge(self, code: int, words: str, *, nobody: bool = False) -> NoReturn:
        self._used = _now()
        reason = f"{code} {' '.join(words.split())}"
        if code == 421:  # the server is about to go
            self._drop()
        if 500 <= code < 600:
            raise LetterRefused(reason, nobody=nobody)
        raise LetterPostponed(reason)

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            smtp.close()


def _not_ours(error: SMTPSenderRefused) -> str:
    return f"the server does not take MAIL_FROM: {words_of(error)}"


def _now() -> float:
    return asyncio.get_running_loop().time()

"""What somebody shows besides a password or their Telegram: a code of an app (TOTP), or one of ten recovery codes.
While it is on, a session that has not shown it is good for nothing but showing it."""

import secrets
from collections.abc import Callable
from functools import partial
from typing import Final

import pyotp

from db.engine import Database
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.second_factor_rows import (
    FactorView,
    begin_factor,
    confirm_factor,
    end_factor,
    renew_recovery,
    show_factor,
    view_factor,
)
from services.identity.sessions import SignedIn
from services.identity.throttles import Throttles

RECOVERY_CODES: Final = 10
SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # that nobody mistakes for one another
ISSUER: Final = "Kassandra"


class SecondFactorWanted(ShopError):
    """Their account has none, or this session has not shown it."""

    message = N_("For this step turn on the second factor of your account first, or sign in with it.")


class SecondFactors:
    """`recovery`: a new recovery code. `on_news`: called when something was put into the outbox."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        throttles: Throttles,
        *,
        on_news: Callable[[], object],
        recovery: Callable[[], str] | None = None,
    ) -> None:
        self._db, self._clock, self._throttles, self._on_news = db, clock, throttles, on_news
        self._recovery = recovery or new_recovery_code

    async def view(self, user_id: int) -> FactorView:
        return await self._db.read(view_factor, user_id)

    async def begin(self, who: SignedIn) -> None:
        """A new secret, which counts when a code of it is shown. Raises `ProveAgain`, `FactorOn`."""
        who.require_fresh(self._clock())
        await self._db.write(begin_factor, who.user.id, pyotp.random_base32(), self._clock())

    async def confirm(self, who: SignedIn, code: str) -> list[str]:
        """It is on; this session has shown it, all others have yet to. The recovery codes, told here and never again.
        Raises `ProveAgain`, `TooManyCodes`, `FactorOff`, `FactorOn`, `WrongCode`."""
        await self._admit(who)
        codes = self._codes()
        confirm = partial(confirm_factor, session_id=who.session_id, now=self._clock())
        await self._db.write(confirm, who.user.id, code, codes)
        self._on_news()
        return codes

    async def show(self, who: SignedIn, code: str) -> None:
        """This session may go on. Raises `TooManyCodes`, `FactorOff`, `WrongCode`."""
        await self._throttles.second_factor(who.user.id)
        show = partial(show_factor, session_id=who.session_id, now=self._clock())
        await self._db.write(show, who.user.id, code)

    async def renew(self, who: SignedIn, code: str) -> list[str]:
        """New recovery codes instead of the old ones. Raises as `turn_off`."""
        await self._admit(who)
        codes = self._codes()
        await self._db.write(renew_recovery, who.user.id, code, codes, self._clock())
        return codes

    async def turn_off(self, who: SignedIn, code: str) -> None:
        """Raises `ProveAgain`, `TooManyCodes`, `FactorOff`, `WrongCode`."""
        await self._admit(who)
        await self._db.write(end_factor, who.user.id, code, self._clock())
        self._on_news()

    async def _admit(self, who: SignedIn) -> None:
        who.require_fresh(self._clock())
        await self._throttles.second_factor(who.user.id)

    def _codes(self) -> list[str]:
        return [self._recovery() for _ in range(RECOVERY_CODES)]


def new_recovery_code() -> str:
    """Such as `k3fq-9xwm-t7ha`."""
    return "-".join("".join(secrets.choice(SIGNS) for _ in range(4)) for _ in range(3))


def app_address(secret: str, name: str) -> str:
    """What an app reads from a QR code; `name`: whose it is, as the app lists it."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def code_at(secret: str, seconds: float) -> str:
    """What an app shows at that moment of its clock."""
    return pyotp.TOTP(secret).at(int(seconds))

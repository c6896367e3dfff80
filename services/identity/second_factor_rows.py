"""Rows of `second_factors` and `recovery_codes`, as parts of transactions: what is taken is taken once."""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.identities import RecoveryCode, SecondFactor, SessionKind, WebSession
from services.errors import N_, ShopError
from services.identity.api_key_rows import revoke_admin_keys
from services.identity.sessions import end_sessions
from services.identity.telling import tell_by_all_ways
from services.identity.tokens import hash_token
from services.notifications.kinds.identity import SecondFactorChanged

_factors, _codes, _sessions = table_of(SecondFactor), table_of(RecoveryCode), table_of(WebSession)

STEP: Final = 30  # seconds
CARRIED: Final = timedelta(days=7)  # from one opening of the Mini App to the next
AROUND: Final = (-1, 0, 1)
"""Steps off that clocks may be."""


class WrongCode(ShopError):
    message = N_("This code is not right, or it was used already. Please wait for the next one.")


class FactorOff(ShopError):
    message = N_("The second factor is not on.")


class FactorOn(ShopError):
    message = N_("The second factor is on already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorView:
    """`since`: None while it is not in force; `secret`: while it is being set up; `recovery_codes`: not used yet."""

    since: datetime | None = None
    secret: str | None = None
    recovery_codes: int = 0


def factor_of(session: Session, user_id: int) -> AnyRow | None:
    return session.execute(select(_factors).where(_factors.c.user_id == user_id)).first()


def view_factor(session: Session, user_id: int) -> FactorView:
    row = factor_of(session, user_id)
    if row is None or row.confirmed_at is None:
        return FactorView(secret=None if row is None else row.secret)
    left = select(func.count()).where(_codes.c.user_id == user_id, _codes.c.used_at.is_(None))
    return FactorView(since=row.confirmed_at, recovery_codes=session.scalar(left) or 0)


def begin_factor(session: Session, user_id: int, secret: str, now: datetime) -> None:
    """A setup that was begun before is worth nothing any more. Raises `FactorOn`."""
    row = factor_of(session, user_id)
    if row is not None and row.confirmed_at is not None:
        raise FactorOn()
    session.execute(delete(_factors).where(_factors.c.user_id == user_id))
    session.execute(insert(_factors), {"user_id": user_id, "secret": secret, "last_step": 0, "created_at": now})


def confirm_factor(
    session: Session, user_id: int, code: str, recovery: Collection[str], *, session_id: int, now: datetime
) -> None:
    """From now on it is wanted. Raises `FactorOff`, `FactorOn`, `WrongCode`."""
    row = factor_of(session, user_id)
    if row is None:
        raise FactorOff()
    if row.confirmed_at is not None:
        raise FactorOn()
    if not _take_step(session, row, code, now):
        raise WrongCode()
    session.execute(update(_factors).where(_factors.c.user_id == user_id).values(confirmed_at=now))
    _set_recovery(session, user_id, recovery)
    _mark(session, session_id, now)
    tell_by_all_ways(session, _news(user_id, now, on=True), user_id, now)


def show_factor(session: Session, user_id: int, code: str, *, session_id: int, now: datetime) -> None:
    """This session has shown it. Raises as `take_code`."""
    take_code(session, user_id, code, now)
    _mark(session, session_id, now)


def renew_recovery(session: Session, user_id: int, code: str, recovery: Collection[str], now: datetime) -> None:
    """The older codes are worth nothing any more. Raises as `take_code`."""
    take_code(session, user_id, code, now)
    _set_recovery(session, user_id, recovery)


def end_factor(session: Session, user_id: int, code: str, now: datetime) -> None:
    """Raises as `take_code`."""
    take_code(session, user_id, code, now)
    drop_factor(session, user_id, now)


def drop_factor(session: Session, user_id: int, now: datetime, *, by_shop: bool = False) -> None:
    """Keys that its owner could make only with it go too, and they are told. `by_shop`: nobody showed a code, so
    whoever waits with half a proof is signed out. Raises `FactorOff`."""
    if not forget_factor(session, user_id):
        raise FactorOff()
    revoke_admin_keys(session, user_id, now)
    if by_shop:
        end_sessions(session, user_id)
    tell_by_all_ways(session, _news(user_id, now, on=False, by_shop=by_shop), user_id, now)


def forget_factor(session: Session, user_id: int) -> bool:
    """Whether there was one in force."""
    row = factor_of(session, user_id)
    for table in (_factors, _codes):
        session.execute(delete(table).where(table.c.user_id == user_id))
    session.execute(update(_sessions).where(_sessions.c.user_id == user_id).values(second_factor_at=None))
    return row is not None and row.confirmed_at is not None


def take_code(session: Session, user_id: int, code: str, now: datetime) -> None:
    """One of the app's, or a recovery code, whichever: neither is taken again. Raises `FactorOff`, `WrongCode`."""
    row = factor_of(session, user_id)
    if row is None or row.confirmed_at is None:
        raise FactorOff()
    if not _take_step(session, row, code, now) and not _take_recovery(session, user_id, code, now):
        raise WrongCode()


def recovery_hash(code: str) -> str:
    """However it is written."""
    return hash_token(_plain(code))


def _take_step(session: Session, factor: AnyRow, code: str, now: datetime) -> bool:
    """Of two that show one code at once one gets in."""
    typed, current = _plain(code).encode(), int(now.timestamp()) // STEP
    totp = pyotp.TOTP(factor.secret)
    for step in (current + each for each in AROUND):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed):
            mine = (_factors.c.user_id == factor.user_id) & (_factors.c.secret == factor.secret)
            taken = update(_factors).where(mine, _factors.c.last_step < step).values(last_step=step)
            return session.execute(taken.returning(_factors.c.user_id)).first() is not None
    return False


def _take_recovery(session: Session, user_id: int, code: str, now: datetime) -> bool:
    mine = (_codes.c.user_id == user_id) & (_codes.c.code_hash == recovery_hash(code))
    taken = update(_codes).where(mine, _codes.c.used_at.is_(None)).values(used_at=now)
    return session.execute(taken.returning(_codes.c.id)).first() is not None


def _set_recovery(session: Session, user_id: int, recovery: Collection[str]) -> None:
    session.execute(delete(_codes).where(_codes.c.user_id == user_id))
    session.execute(insert(_codes), [{"user_id": user_id, "code_hash": recovery_hash(each)} for each in recovery])


def carry_factor(session: Session, user_id: int, old_hash: str, new_hash: str, now: datetime) -> None:
    """Within Telegram each opening is a session of its own: one that takes the place of a session of the same user, in
    the same frame, need not show again what that one has shown lately. Sessions by the hashes of their tokens."""
    old = (_sessions.c.token_hash == old_hash) & (_sessions.c.user_id == user_id)
    live = (_sessions.c.kind == SessionKind.MINI_APP) & (_sessions.c.expires_at > now)
    shown = session.scalar(select(_sessions.c.second_factor_at).where(old, live))
    if shown is not None and now - shown < CARRIED:
        session.execute(update(_sessions).where(_sessions.c.token_hash == new_hash).values(second_factor_at=shown))


def _news(user_id: int, now: datetime, *, on: bool, by_shop: bool = False) -> SecondFactorChanged:
    return SecondFactorChanged(at=now, on=on, by_shop=by_shop, nonce=f"{user_id}:{int(on)}:{now.isoformat()}")


def _mark(session: Session, session_id: int, now: datetime) -> None:
    session.execute(update(_sessions).where(_sessions.c.id == session_id).values(second_factor_at=now))


def _plain(code: str) -> str:
    return "".join(each for each in code[:64].lower() if each.isalnum())

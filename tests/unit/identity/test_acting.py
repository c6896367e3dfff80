"""Who may act in the panel and by the API: one rule for both."""

from dataclasses import replace
from datetime import timedelta

import pytest

from db.tables.identities import SessionKind
from db.tables.users import Role
from services.identity.acting import require_acting
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import FRESH, ProveAgain, SignedIn
from services.users.accounts import UserView
from services.users.roles import NotAllowed
from tests.support.clock import START

OLGA = UserView(
    id=1,
    telegram_id=77,
    username=None,
    first_name="Ольга",
    language="ru",
    email=None,
    gender=None,
    age=None,
    balance=0,
    bonus_muted=False,
    outcomes_muted=False,
    disabled=False,
)
DESK = SignedIn(
    session_id=1,
    kind=SessionKind.BROWSER,
    user=OLGA,
    authenticated_at=START,
    second_factor_at=START,
    factor_on=True,
)


def test_a_role_acts_by_a_fresh_session_that_showed_the_factor() -> None:
    for role in (Role.ADMIN, Role.OWNER):
        require_acting(1, role, Role.ADMIN, signed_in=DESK, now=START + FRESH - timedelta(seconds=1))


def test_a_key_shows_no_factor_but_needs_the_role() -> None:
    require_acting(1, Role.ADMIN, Role.ADMIN, signed_in=None, now=START)
    with pytest.raises(NotAllowed):
        require_acting(1, Role.MODERATOR, Role.ADMIN, signed_in=None, now=START)


def test_what_is_missing_is_told_one_by_one() -> None:
    halfway, old = replace(DESK, second_factor_at=None), START + FRESH
    with pytest.raises(NotAllowed):
        require_acting(1, Role.ADMIN, Role.OWNER, signed_in=halfway, now=old)
    with pytest.raises(SecondFactorWanted):
        require_acting(1, Role.OWNER, Role.OWNER, signed_in=halfway, now=old)
    with pytest.raises(ProveAgain):
        require_acting(1, Role.OWNER, Role.OWNER, signed_in=DESK, now=old)

"""Who runs the shop acts only with proof of who they are: the same on pages and by the API."""

from datetime import datetime

from db.tables.users import Role
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import SignedIn
from services.users.roles import RANKS, NotAllowed


def require_role(user_id: int, role: Role | None, least: Role = Role.MODERATOR) -> Role:
    """Raises `NotAllowed`."""
    if role is None or RANKS[role] < RANKS[least]:
        raise NotAllowed(actor=user_id, role=role, least=least)
    return role


def require_acting(user_id: int, role: Role, least: Role, *, signed_in: SignedIn | None, now: datetime) -> None:
    """Before what acts; services ask for the role again in their transactions. `signed_in`: None for a key, which only
    a session that may act makes. Raises `NotAllowed`, `SecondFactorWanted`, `ProveAgain`."""
    require_role(user_id, role, least)
    if signed_in is None:
        return
    if signed_in.second_factor_at is None:
        raise SecondFactorWanted()
    signed_in.require_fresh(now)

"""What a role is called when it is typed or pressed."""

import pytest

from db.tables.users import Role
from services.users.roles import parse_role


@pytest.mark.parametrize(
    ("text", "role"), [("admin", Role.ADMIN), (" Moderator ", Role.MODERATOR), ("none", None), ("NONE", None)]
)
def test_roles_that_are_given(text: str, role: Role | None) -> None:
    assert parse_role(text) is role


@pytest.mark.parametrize("text", ["owner", "", "king", "admin moderator"])
def test_others_are_not(text: str) -> None:
    with pytest.raises(ValueError, match="no role"):
        parse_role(text)

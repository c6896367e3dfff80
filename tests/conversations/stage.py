"""Where conversations happen: a shop in a sandbox."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any
from uuid import uuid4

from bot.app import App
from bot.settings import Settings, load_settings
from db.billing import TransactionKind
from sandbox.client import Sandbox
from sandbox.person import Person
from services.billing import ledger

OWNER_ID = 900_000_001
_people = count(910_000_001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where conversations happen."""

    sandbox: Sandbox
    app: App

    async def person(self, name: str, language: str | None, **more: Any) -> Person:  # Any: as in Sandbox.person
        return await self.sandbox.person(name, language_code=language, **{"id": next(_people)} | more)

    async def user_id(self, person: Person) -> int:
        user = await self.app.shop.users.find(person.id)
        assert user is not None
        return user.id

    async def give(self, person: Person, amount: int, *, expires_at: datetime | None = None) -> None:
        """Credits from the shop, in hundredths."""
        await self.app.db.write(
            ledger.grant,
            user_id=await self.user_id(person),
            amount=amount,
            kind=TransactionKind.GRANT,
            key=f"test:{uuid4()}",
            now=self.app.clock(),
            expires_at=expires_at,
        )


def shop_settings(sandbox: Sandbox, database_url: str, **more: object) -> Settings:
    assert sandbox.token is not None
    return load_settings(
        _env_file=None,
        bot_token=sandbox.token,
        telegram_api_url=sandbox.base_url,
        database_url=database_url,
        owner_ids=(OWNER_ID,),
        **{"web_port": 0} | more,
    )

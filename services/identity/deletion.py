"""Somebody deletes their account: nothing personal is left, and what it cost is: lines of the ledger, payments, what
was sold, without what was asked and answered."""

from dataclasses import dataclass
from functools import partial

from db.engine import Database
from db.tables.users import Edge
from services.clock import Clock
from services.errors import N_, ShopError
from services.files.cleanup import FileCleanup
from services.identity.deletion_rows import DeletionFacts, delete_account, look
from services.identity.email_accounts import EmailAccounts
from services.identity.sessions import JUST_NOW, ProveAgain, SignedIn
from services.users.departures import PersonKey
from services.users.roles import Staff


class BalanceSeen(ShopError):
    message = N_("Your balance has changed meanwhile. Please look at it once more.")


@dataclass(frozen=True, slots=True)
class AccountDeletion:
    db: Database
    clock: Clock
    staff: Staff
    files: FileCleanup
    people: PersonKey
    accounts: EmailAccounts

    async def look(self, user_id: int) -> DeletionFacts:
        """What would go. Raises what forbids it, as `delete` does."""
        return await self.db.read(look, user_id, self.staff)

    async def wants_password(self, who: SignedIn) -> bool:
        """Whether they have one to show. Who has none has to have come in just now, else raises `ProveAgain`."""
        if await self.accounts.login(who.user.id) is not None:
            return True
        if self.clock() - who.authenticated_at > JUST_NOW:
            raise ProveAgain()
        return False

    async def delete(self, who: SignedIn, *, password: str, seen_balance: int, edge: Edge) -> None:
        """They are asked once more who they are. Raises `ProveAgain`, `WrongCurrentPassword`, `TooManyTries`, and as
        `delete_in_chat`."""
        if await self.wants_password(who):
            await self.accounts.prove(who, password)
        await self._delete(who.user.id, seen_balance, edge)

    async def delete_in_chat(self, user_id: int, *, seen_balance: int) -> None:
        """The chat is theirs alone: who presses there has proved who they are. `seen_balance`: hundredths that they
        were told are lost. Raises `BalanceSeen`, `AtWork`, `MoneyUnderWay`, `RunsTheShop`, `UserDisabled`."""
        await self._delete(user_id, seen_balance, Edge.CHAT)

    async def _delete(self, user_id: int, seen_balance: int, edge: Edge) -> None:
        """Whoever dies after the rows are gone leaves files that go within the hour."""
        told, now = self.accounts.sends_letters, self.clock()
        act = partial(delete_account, seen_balance=seen_balance, edge=edge, now=now, told=told)
        if not await self.db.write(act, user_id, self.staff, self.people):
            raise BalanceSeen()
        await self.files.delete_of(user_id)

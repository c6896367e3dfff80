"""Somebody deletes their account: nothing personal is left, and what it cost is: lines of the ledger, payments, what
was sold, without what was asked and answered."""

from dataclasses import dataclass

from db.engine import Database
from db.tables.users import Edge
from services.clock import Clock
from services.errors import N_, ShopError
from services.files.cleanup import FileCleanup
from services.identity.deletion_rows import DeletionFacts, delete_account, look
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

    async def look(self, user_id: int) -> DeletionFacts:
        """What would go. Raises what forbids it, as `delete` does."""
        return await self.db.read(look, user_id, self.staff)

    async def delete(self, user_id: int, *, seen_balance: int, edge: Edge) -> None:
        """`seen_balance`: hundredths that they were told are lost. Whoever calls has asked once more who they are.
        Raises `BalanceSeen`, `AtWork`, `MoneyUnderWay`, `RunsTheShop`, `UserDisabled`. Whoever dies after the rows are
        gone leaves files that go within the hour."""
        if not await self.db.write(
            delete_account, user_id, self.staff, self.people, seen_balance=seen_balance, edge=edge, now=self.clock()
        ):
            raise BalanceSeen()
        await self.files.delete_of(user_id)

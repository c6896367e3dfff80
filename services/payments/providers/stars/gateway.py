"""What the shop needs of Telegram for Stars. Who speaks the Bot API gives it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

NAME: Final = "stars"
PERIOD: Final = 2_592_000  # seconds: Telegram's only one


@dataclass(frozen=True, slots=True, kw_only=True)
class StarInvoice:
    """`title`: 1 to 32 characters, `description`: 1 to 255. `payload` comes back with the money. `subscription`:
    Telegram charges it again every 30 days."""

    title: str
    description: str
    payload: str
    stars: int
    subscription: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StarTransaction:
    """`id`: of the charge; its refund has the same. `incoming`: to the bot. `person`: the Telegram id of who paid, or
    was paid back; `payload`: of the invoice. Both are None where it is no payment of an invoice."""

    id: str
    stars: int
    at: datetime
    incoming: bool
    person: int | None = None
    payload: str | None = None
    subscription: bool = False


class StarsGateway(Protocol):
    """Raises `ProviderError` leaves only."""

    async def invoice_link(self, invoice: StarInvoice) -> str: ...

    async def transactions(self, offset: int, limit: int) -> list[StarTransaction]:
        """Oldest first, of every kind, none left out."""
        ...

    async def refund(self, person: int, charge_id: str) -> None:
        """All of it. What went back before is done."""
        ...

    async def cancel_subscription(self, person: int, charge_id: str) -> None:
        """`charge_id`: of its first payment. One that is over is done."""
        ...

    async def balance(self) -> int: ...

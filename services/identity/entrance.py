"""What all ways in by e-mail work with: the shop's rules of them, its letters, its passwords."""

from collections.abc import Callable
from dataclasses import dataclass

from db.engine import Database
from db.tables.identities import LetterPurpose
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.addresses import parse_address
from services.identity.passwords import Passwords
from services.identity.throttles import Throttles
from services.identity.tokens import NewToken, new_token
from services.users.departures import NO_KEY, PersonKey


class LettersOff(ShopError):
    message = N_("This shop sends no letters, so there are no accounts by e-mail.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRules:
    """`letters`: there is a mail server; `testing`: a pretended one, to which domains under `.test` are real too."""

    welcome_credits: int
    letters: bool
    testing: bool = False
    people: PersonKey = NO_KEY  # by which somebody is known who deleted their account


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """`on_news`: called when something was put into the outbox."""

    db: Database
    clock: Clock
    passwords: Passwords
    throttles: Throttles
    rules: LoginRules
    on_news: Callable[[], object]
    token: NewToken = new_token

    def address(self, text: str) -> str:
        """As it is compared. Raises `BadEmail`."""
        return parse_address(text, testing=self.rules.testing)

    async def admit_letter(self, purpose: LetterPurpose, text: str, place: str, *, device: str | None = None) -> str:
        """The address that a letter may go to now. `place`: the asker's in the network; `device`: by which a browser is
        known there. Raises `BadEmail`, `LettersOff`, `LetterJustSent`, `TooManyLetters`."""
        if not self.rules.letters:
            raise LettersOff()
        address = self.address(text)
        await self.throttles.letter(purpose, address, place, device=device)
        return address

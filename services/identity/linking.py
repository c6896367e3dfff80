"""Telegram and e-mail become ways in to one account. It takes proof of both in one browser; where each has an account
already, their owner sees both and says yes before they become one."""

from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import IntegrityError

from db.tables.identities import LetterPurpose
from services.errors import N_, ShopError
from services.identity import link_changes
from services.identity.arrivals import Arrival, Opened
from services.identity.entrance import Entrance
from services.identity.link_changes import SeenBalances, TelegramHasAccount
from services.identity.merging import AccountFacts
from services.identity.passwords import check_password
from services.identity.sessions import SignedIn
from services.identity.tokens import hash_token
from services.users.roles import Staff

Pair = tuple[AccountFacts, AccountFacts]
"""The account that ends, and the one that goes on: Telegram's."""


class AlreadyLinked(ShopError):
    message = N_("This way in is linked to your account already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressOffer:
    """What the link in a letter offers. `both`: where the address has an account of its own; else it gets a
    password."""

    address: str
    both: Pair | None


class Linking:
    def __init__(self, entrance: Entrance, *, staff: Staff) -> None:
        self._entrance, self._staff = entrance, staff
        self._db, self._clock, self._token = entrance.db, entrance.clock, entrance.token
        self._passwords, self._on_news = entrance.passwords, entrance.on_news

    async def telegram_offer(self, token: str, browser_secret: str, who: SignedIn) -> Pair | None:
        """After the bot confirmed it. None: that Telegram account has none here, so nothing is left to ask. Raises
        `LoginRequestGone`, `CannotMerge`, `StaffTelegram`, `AccountInUse`."""
        offer = partial(link_changes.offer_by_bot, staff=self._staff)
        return await self._db.read(offer, token, browser_secret, who.user.id, self._clock())

    async def add_telegram(self, token: str, browser_secret: str, who: SignedIn) -> None:
        """Where `telegram_offer` is None: it becomes a way in to their account. Raises `ProveAgain`,
        `LoginRequestGone`, `StaffTelegram`, and where it has an account meanwhile `TelegramHasAccount`."""
        who.require_fresh(self._clock())
        add = partial(link_changes.add_by_bot, now=self._clock(), staff=self._staff)
        try:
            await self._db.write(add, token, browser_secret, who.user.id)
        except IntegrityError as error:  # they came to the bot this very moment
            raise TelegramHasAccount(user_id=who.user.id) from error
        self._on_news()

    async def join_telegram(
        self, token: str, browser_secret: str, who: SignedIn, seen: SeenBalances, arrival: Arrival
    ) -> Opened:
        """They said yes: a session of the account that goes on. Raises `ProveAgain`, `LoginRequestGone`, as
        `merge_accounts` does."""
        who.require_fresh(self._clock())
        opened = Opened.by(arrival, self._token)
        join = partial(link_changes.join_by_bot, arrival=arrival, opened=opened, now=self._clock(), staff=self._staff)
        await self._db.write(join, token, browser_secret, who.user.id, seen)
        self._on_news()
        return opened

    async def ask_letter(self, who: SignedIn, text: str, *, place: str) -> None:
        """A letter goes to the address, whether it has an account or not. Raises `ProveAgain`, `AlreadyLinked`,
        `BadEmail`, `LettersOff`, `LetterJustSent`, `TooManyLetters`."""
        who.require_fresh(self._clock())
        address = await self._entrance.admit_letter(LetterPurpose.LINK, text, place)
        ask = partial(link_changes.ask_to_link, unknown_hash=hash_token(self._token()), now=self._clock())
        if not await self._db.write(ask, who.user.id, address, who.user.language):
            raise AlreadyLinked()
        self._on_news()

    async def address_offer(self, token: str, who: SignedIn) -> AddressOffer:
        """The link stays valid. Raises `LinkNotValid`, also to anybody but who asked for it, `CannotMerge`,
        `AccountInUse`, `SecondFactorThere`."""
        address, both = await self._db.read(link_changes.offer_by_letter, token, who.user.id, self._clock())
        return AddressOffer(address=address, both=both)

    async def add_address(self, token: str, who: SignedIn, password: str) -> None:
        """Raises `ProveAgain`, `LinkNotValid`, what `check_password` does, `PasswordsBusy`."""
        who.require_fresh(self._clock())
        offer = await self.address_offer(token, who)
        check_password(password, address=offer.address)
        hashed = await self._passwords.hash(password)
        await self._db.write(link_changes.add_by_letter, token, who.user.id, hashed, self._clock())
        self._on_news()

    async def join_address(self, token: str, who: SignedIn, seen: SeenBalances) -> None:
        """They said yes: the account of that address becomes part of theirs. Raises `ProveAgain`, as `address_offer`
        and `merge_accounts` do."""
        who.require_fresh(self._clock())
        await self._db.write(link_changes.join_by_letter, token, who.user.id, seen, self._clock())
        self._on_news()

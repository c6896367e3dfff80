"""Accounts by e-mail: an address, a letter, a password. What is said to a stranger is the same, and takes as long,
whether an address has an account or not; the letter tells."""

from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.identities import LetterPurpose
from services.errors import N_, ShopError
from services.identity import login_changes
from services.identity.arrivals import Arrival, Opened
from services.identity.email_logins import EmailLoginView, find_by_address, login_of, view_login
from services.identity.entrance import Entrance
from services.identity.known_devices import is_known, sweep_devices
from services.identity.letter_requests import ask_to_reset, ask_to_sign_up
from services.identity.login_changes import WrongCurrentPassword, WrongPassword
from services.identity.mail_tokens import LinkNotValid, MailLinks
from services.identity.passwords import check_password
from services.identity.sessions import SignedIn
from services.identity.tokens import hash_token
from services.users.accounts import BadEmail, UserDisabled

LONGEST_NAME: Final = 64


class SameAddress(ShopError):
    message = N_("This is the address that you have.")


class EmailAccounts:
    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance
        self._db, self._clock, self._token = entrance.db, entrance.clock, entrance.token
        self._passwords, self._throttles, self._rules = entrance.passwords, entrance.throttles, entrance.rules
        self._on_letter = entrance.on_news
        self._links = MailLinks(entrance.db, entrance.clock)

    @property
    def sends_letters(self) -> bool:
        return self._rules.letters

    async def sign_up(self, text: str, *, language: str, place: str) -> None:
        """A letter goes to the address. `place`: the asker's in the network. Raises `BadEmail`, `LettersOff`, and when
        too many are asked for `LetterJustSent`, `TooManyLetters`."""
        address = await self._entrance.admit_letter(LetterPurpose.SIGN_UP, text, place)
        await self._db.write(ask_to_sign_up, address, language, hash_token(self._token()), self._clock())
        self._on_letter()

    async def reset(self, text: str, *, language: str, place: str, device_token: str = "") -> None:
        """Likewise, for who forgot the password. `device_token`: of the browser that asks; one that was signed in there
        before has letters of its own, which strangers cannot use up."""
        device = (await self._db.read(_look, self._spelled(text), device_token))[1]
        address = await self._entrance.admit_letter(LetterPurpose.RESET, text, place, device=device)
        await self._db.write(ask_to_reset, address, language, hash_token(self._token()), self._clock())
        self._on_letter()

    async def address_of(self, token: str, purpose: LetterPurpose, *, user_id: int | None = None) -> str:
        """Of a link that is still valid, and stays so; `user_id`: who alone may follow it. Raises `LinkNotValid`."""
        link = await self._links.find(token, purpose)
        if user_id is not None and link.user_id != user_id:
            raise LinkNotValid()
        return link.address

    async def confirm(self, token: str, *, name: str, password: str, language: str, arrival: Arrival) -> Opened:
        """The account begins, with welcome credits, and its first session. Raises `LinkNotValid`, what
        `check_password` does, `PasswordsBusy`."""
        hashed = await self._hash_for(token, LetterPurpose.SIGN_UP, password)
        opened = Opened.by(arrival, self._token)
        await self._db.write(
            login_changes.confirm_sign_up,
            token,
            password_hash=hashed,
            name=clean_name(name),
            language=language,
            welcome_credits=self._rules.welcome_credits,
            people=self._rules.people,
            arrival=arrival,
            opened=opened,
            now=self._clock(),
        )
        return opened

    async def sign_in(self, text: str, password: str, arrival: Arrival) -> Opened:
        """Raises `WrongPassword` whatever is not right, `TooManyTries`, `PasswordsBusy`, and to who knows the password
        `UserDisabled`."""
        address = self._spelled(text)
        login, device = await self._db.read(_look, address, arrival.device_token)
        await self._throttles.sign_in(address, arrival.device.address, device=device)
        if not await self._passwords.verify(None if login is None else login.password_hash, password) or login is None:
            raise WrongPassword()
        if login.disabled_at is not None:
            raise UserDisabled(user_id=login.user_id)
        old = self._passwords.is_old(login.password_hash)
        anew = await self._passwords.hash(password) if old else None
        opened = Opened.by(arrival, self._token)
        begun = partial(login_changes.begin_signed_in, anew=anew, nonce=self._token(), now=self._clock())
        await self._db.write(begun, login, arrival, opened)
        self._on_letter()
        return opened

    async def reset_password(self, token: str, password: str, arrival: Arrival) -> Opened:
        """All sessions end, and one begins. Raises as `confirm` does."""
        hashed = await self._hash_for(token, LetterPurpose.RESET, password)
        opened = Opened.by(arrival, self._token)
        await self._db.write(
            login_changes.reset_password,
            token,
            password_hash=hashed,
            arrival=arrival,
            opened=opened,
            nonce=self._token(),
            now=self._clock(),
        )
        self._on_letter()
        return opened

    async def login(self, user_id: int) -> EmailLoginView | None:
        """None for who comes by other ways."""
        return await self._db.read(view_login, user_id)

    async def change_password(self, who: SignedIn, *, current: str, new: str, device_token: str = "") -> None:
        """All other sessions end. `device_token`: of whoever asks, which stays known. Raises `WrongCurrentPassword`,
        `TooManyTries`, `NoEmailLogin`, what `check_password` does."""
        login = await self._prove(who, current)
        check_password(new, address=login.address)
        await self._db.write(
            login_changes.change_password,
            login,
            password_hash=await self._passwords.hash(new),
            session_id=who.session_id,
            device_token=device_token,
            nonce=self._token(),
            now=self._clock(),
        )
        self._on_letter()

    async def change_address(self, who: SignedIn, text: str, *, password: str, place: str) -> None:
        """A letter goes to the new address; until it is confirmed the old one counts, and is told. Raises
        `SameAddress`, as `sign_up` does, and as `change_password` does."""
        login = await self._prove(who, password)
        if self._entrance.address(text) == login.address:
            raise SameAddress()
        address = await self._entrance.admit_letter(LetterPurpose.CHANGE_ADDRESS, text, place)
        asked = partial(login_changes.ask_to_change_address, nonce=self._token(), now=self._clock())
        await self._db.write(asked, who.user.id, address, unknown_hash=hash_token(self._token()))
        self._on_letter()

    async def confirm_address(self, token: str, *, user_id: int) -> str:
        """The new address. Raises `LinkNotValid`, also to anybody but its user."""
        confirmed = partial(login_changes.confirm_address, nonce=self._token(), now=self._clock())
        address = await self._db.write(confirmed, token, user_id)
        self._on_letter()
        return address

    async def prove(self, who: SignedIn, password: str) -> None:
        """They are asked once more who they are, before a delicate step. Raises as `change_password` does."""
        await self._prove(who, password)

    async def sweep(self) -> None:
        """Forget links and devices that are too old to mean anything."""
        await self._links.sweep()
        await self._db.write(sweep_devices, self._clock())

    async def _hash_for(self, token: str, purpose: LetterPurpose, password: str) -> str:
        """A link that is not valid costs no hash."""
        link = await self._links.find(token, purpose)
        check_password(password, address=link.address)
        return await self._passwords.hash(password)

    async def _prove(self, who: SignedIn, password: str) -> AnyRow:
        login = await self._db.read(login_of, who.user.id)
        await self._throttles.prove(who.user.id)
        if not await self._passwords.verify(login.password_hash, password):
            raise WrongCurrentPassword()
        return login

    def _spelled(self, text: str) -> str:
        """What is no address is nobody's, and is told so no sooner. Not every sign of it may be asked of a database."""
        try:
            return self._entrance.address(text)
        except BadEmail:
            return ""


def clean_name(text: str) -> str:
    """One line of what can be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_NAME]


def _look(session: Session, address: str, device_token: str) -> tuple[AnyRow | None, str | None]:
    """Also the hash by which the device is known there, None where it is not."""
    login = find_by_address(session, address)
    known = is_known(session, 0 if login is None else login.user_id, device_token)
    return login, hash_token(device_token) if known and login is not None else None

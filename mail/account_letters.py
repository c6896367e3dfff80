"""Letters about ways in. None of them says more than its reader may know, and none repeats what a stranger wrote."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Protocol

from db.tables.identities import LetterPurpose
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from mail.delivery import Post, Present
from mail.messages import Link, Words
from services.identity.mail_tokens import LIVES
from services.notifications.kinds.letters import (
    AccountDeleted,
    AddressChanged,
    AlreadyRegistered,
    ConfirmAddress,
    ConfirmLink,
    ConfirmSignUp,
    LinkLetter,
    NewSignIn,
    PasswordChanged,
    ResetPassword,
)
from services.notifications.letter import Letter
from services.notifications.presenting import presenting

RESET: Final = "/reset"
SECURITY: Final = "/security"
KEYS: Final = "/keys"


class TokenFor(Protocol):
    async def __call__(self, token_id: int, *, address: str) -> str | None:
        """None for a letter that is out of date."""


Wording = Callable[[Translator, str, str], Words]  # given the shop's name and the link


def presenters(post: Post, token_for: TokenFor) -> dict[str, Present]:
    links: dict[type[LinkLetter], Wording] = {
        ConfirmSignUp: _confirm_sign_up,
        AlreadyRegistered: _already_registered,
        ResetPassword: _reset_password,
        ConfirmAddress: _confirm_address,
        ConfirmLink: _confirm_link,
    }
    made: dict[str, Present] = {}
    for kind, wording in links.items():
        made |= _with_link(kind, wording, post, token_for)
    return made | _notices(post)


def _with_link(kind: type[LinkLetter], wording: Wording, post: Post, token_for: TokenFor) -> dict[str, Present]:
    async def present(news: LinkLetter, letter: Letter, tr: Translator) -> Words | None:
        token = await token_for(news.token_id, address=letter.address)
        if token is None:
            return None
        return wording(tr, post.sender.name, f"{post.site}{news.page}?token={token}")

    return presenting(kind, present)


def _confirm_sign_up(tr: Translator, name: str, url: str) -> Words:
    return Words(
        subject=tr.gettext("{name}: confirm your address", name=name),
        paragraphs=(
            tr.html("Somebody, probably you, wants an account at {name} with this address.", name=name),
            tr.html("Open the link and choose a password: then the account is there."),
        ),
        link=Link(label=tr.gettext("Confirm and choose a password"), url=url),
        notes=(_lives(LetterPurpose.SIGN_UP, tr), _not_you(tr)),
    )


def _already_registered(tr: Translator, name: str, url: str) -> Words:
    return Words(
        subject=tr.gettext("{name}: you have an account already", name=name),
        paragraphs=(
            tr.html("Somebody, probably you, wanted to sign up at {name} with this address.", name=name),
            tr.html(
                "It has an account already: sign in with your password. If you have forgotten it, choose a new one."
            ),
        ),
        link=Link(label=tr.gettext("Choose a new password"), url=url),
        notes=(_lives(LetterPurpose.RESET, tr), _not_you(tr)),
    )


def _reset_password(tr: Translator, name: str, url: str) -> Words:
    return Words(
        subject=tr.gettext("{name}: a new password", name=name),
        paragraphs=(
            tr.html("Somebody, probably you, asked for a new password for your account at {name}.", name=name),
        ),
        link=Link(label=tr.gettext("Choose a new password"), url=url),
        notes=(_lives(LetterPurpose.RESET, tr), _not_you(tr)),
    )


def _confirm_address(tr: Translator, name: str, url: str) -> Words:
    return Words(
        subject=tr.gettext("{name}: confirm your new address", name=name),
        paragraphs=(
            tr.html(
                "Your account at {name} is to have this address. Until you confirm it the old one stays.", name=name
            ),
        ),
        link=Link(label=tr.gettext("Confirm this address"), url=url),
        notes=(_lives(LetterPurpose.CHANGE_ADDRESS, tr), _not_you(tr)),
    )


def _confirm_link(tr: Translator, name: str, url: str) -> Words:
    return Words(
        subject=tr.gettext("{name}: confirm your address", name=name),
        paragraphs=(
            tr.html(
                "Somebody, probably you, wants to sign in to an account at {name} with this address, too.", name=name
            ),
        ),
        link=Link(label=tr.gettext("Confirm this address"), url=url),
        notes=(_lives(LetterPurpose.LINK, tr), _not_you(tr)),
    )


def _notices(post: Post) -> dict[str, Present]:
    name = post.sender.name

    async def password_changed(news: PasswordChanged, _: Letter, tr: Translator) -> Words:
        keys = tr.nhtml(
            "{n} API key is still valid. Look at it, and revoke it if it is not yours: {url}",
            "{n} API keys are still valid. Look at them, and revoke those that are not yours: {url}",
            news.keys,
            url=f"{post.site}{KEYS}",
        )
        return Words(
            subject=tr.gettext("{name}: your password was changed", name=name),
            paragraphs=(
                tr.html("The password of your account was changed: {moment}.", moment=tr.moment(news.at)),
                tr.html("If this was not you, choose a new one at once."),
                *((keys,) if news.keys else ()),
            ),
            link=Link(label=tr.gettext("Choose a new password"), url=f"{post.site}{RESET}"),
        )

    async def address_changed(news: AddressChanged, _: Letter, tr: Translator) -> Words:
        if news.confirmed:
            return Words(
                subject=tr.gettext("{name}: your address was changed", name=name),
                paragraphs=(
                    tr.html(
                        "From now on you sign in with {address}, and no longer with this address.", address=news.address
                    ),
                    tr.html("If this was not you, answer this letter at once."),
                ),
            )
        return Words(
            subject=tr.gettext("{name}: your address is to be changed", name=name),
            paragraphs=(
                tr.html(
                    "Somebody, probably you, wants to sign in with {address} instead of this address."
                    " Until the new one is confirmed this one stays.",
                    address=news.address,
                ),
                tr.html("If this was not you, choose a new password at once."),
            ),
            link=Link(label=tr.gettext("Choose a new password"), url=f"{post.site}{RESET}"),
        )

    async def new_sign_in(news: NewSignIn, _: Letter, tr: Translator) -> Words:
        seen = (tr.moment(news.at), cut_plain(news.agent, 200), news.place)
        return Words(
            subject=tr.gettext("{name}: somebody signed in", name=name),
            paragraphs=(
                tr.html("Somebody signed in to your account from a device that was not seen before."),
                Html("\n".join(tr.escape(each) for each in seen if each)),
                tr.html("If this was you, there is nothing to do. If not, end that session and choose a new password."),
            ),
            link=Link(label=tr.gettext("Sessions and password"), url=f"{post.site}{SECURITY}"),
        )

    async def account_deleted(news: AccountDeleted, _: Letter, tr: Translator) -> Words:
        return Words(
            subject=tr.gettext("{name}: your account is deleted", name=name),
            paragraphs=(
                tr.html("Your account was deleted: {moment}.", moment=tr.moment(news.at)),
                tr.html(
                    "What was known of you is gone. Records of payments and prices stay, as the law wants, without "
                    "your name."
                ),
            ),
            notes=(tr.html("If this was not you, answer this letter at once."),),
        )

    return (
        presenting(PasswordChanged, password_changed)
        | presenting(AddressChanged, address_changed)
        | presenting(NewSignIn, new_sign_in)
        | presenting(AccountDeleted, account_deleted)
    )


def _lives(purpose: LetterPurpose, tr: Translator) -> Html:
    hours = LIVES[purpose] // timedelta(hours=1)
    return tr.nhtml("The link works once, within {n} hour.", "The link works once, within {n} hours.", hours)


def _not_you(tr: Translator) -> Html:
    return tr.html("If this was not you, do nothing: without the link nothing happens.")

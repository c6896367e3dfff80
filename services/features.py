"""What a shop sells besides predictions, as its settings and its folders say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """`payments`: credits can be bought. `images`: there is a gallery of styles. `chats`: there is somebody to talk
    with. `letters`: there is a mail server, so that accounts by e-mail are possible. `plans`: some are sold. `site`:
    the address of the shop's pages, where Telegram may lead there."""

    payments: bool
    images: bool = False
    chats: bool = False
    letters: bool = False
    plans: bool = False
    site: str | None = None

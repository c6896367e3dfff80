"""What a shop sells besides predictions, as its settings and its folders say."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class PlanShelf:
    """Whether plans are sold, as they were when they were last read: they come and go while the shop runs."""

    sold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """`payments`: credits can be bought. `images`: there is a gallery of styles. `chats`: there is somebody to talk
    with. `letters`: there is a mail server, so that accounts by e-mail are possible. `plans`: some are sold. `site`:
    the address of the shop's pages, where Telegram may lead there."""

    payments: bool
    images: bool = False
    chats: bool = False
    letters: bool = False
    site: str | None = None
    shelf: PlanShelf = field(default_factory=PlanShelf)

    @property
    def plans(self) -> bool:
        return self.shelf.sold

"""What a customer asks of an assistant, what is sold for it, and what stands in the way."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.billing.credits import format_credits
from services.billing.ledger import InsufficientBalance
from services.chats.costs import TokenPrices
from services.chats.limits import ChatLimits
from services.chats.voices import SentVoice
from services.errors import N_, ShopError
from services.manifests.preparation import Prepare
from services.models.offers import ModelResting, ModelStopped
from services.notifications.message_ref import MessageRef

ASSISTANT_PICTURE: Final = Prepare(size=("free", "free"), longest=1280)  # as one is shown to an assistant


class AssistantResting(ModelResting):
    message = N_("💤 This assistant is resting: something is wrong on its side. Nothing was charged.")


class AssistantStopped(ModelStopped):
    message = N_("💤 This assistant is not sold now: something is wrong on our side. Nothing was charged.")


class MessageTooLong(ShopError):
    """It does not fit into what the assistant reads. `limit`: characters that surely fit."""

    message = N_("That is too long for this assistant: about {limit} characters at most. Nothing was sent.")

    def __init__(self, *, limit: int) -> None:
        super().__init__(limit=limit)


class PasteTooLong(MessageTooLong):
    """A text that came cut into messages; those before this one wait still."""


class HistoryNotCovered(InsufficientBalance):
    """The balance is short for this conversation, and would do for a new one. `afresh`: hundredths of a credit that
    the message needs there."""

    message = N_(
        "Not enough credits: {price} needed, {balance} on the balance. In a new conversation {afresh} will do: there "
        "is nothing before to read again."
    )

    def __init__(self, *, needed: int, balance: int, afresh: int) -> None:
        super().__init__(needed=needed, balance=balance)
        self.params["afresh"] = format_credits(afresh)


class EmptyMessage(ShopError):
    message = N_("There is nothing to answer in that. Please write your message as text.")


class PicturesNotTaken(ShopError):
    message = N_("This assistant cannot see pictures. Please describe it in words.")


class PicturesLeftOut(ShopError):
    """The others do not fit, are not covered by the balance, or came when the answer was under way. `count`: the
    pictures of the album that are looked at."""

    message = N_("The assistant looks at some pictures of this album only: {count}. The others are left out.")

    def __init__(self, *, count: int) -> None:
        super().__init__(count=count)


class MessageNotFound(ShopError):
    message = N_("There is no such message any more.")


class MessageNotLast(ShopError):
    message = N_("Something was said after that. Only the last message can be answered anew.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrder:
    """A customer's message. `request_key` is the same for every repeat of it; `replaces`: their last one, which was
    edited: its turn is sent no more. `album`: a picture of one, others may be on their way; `more`: it goes with what
    waits, or not at all."""

    user_id: int
    session_id: UUID
    text: str
    request_key: str
    pictures: tuple[UUID, ...] = ()
    voice: SentVoice | None = None
    place: MessageRef | None = None
    replaces: UUID | None = None
    album: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTerms:
    """Of an assistant, as its manifest says, for one customer. `system`: filled in; `context` and `max_answer` in
    tokens, as `picture_tokens` of each picture; `history`: messages that are sent at most. `input_price`,
    `output_price` for 1,000 tokens; `voice_price` for each begun minute of a voice message, which has `voice_seconds`
    at most, None where none is taken."""

    model_slug: str
    system: str
    context: int
    max_answer: int
    history: int
    input_price: int
    output_price: int
    free_answers: int
    picture_tokens: int | None
    voice_seconds: int | None
    voice_price: int
    limits: ChatLimits

    def prices(self, fixed: int) -> TokenPrices:
        return TokenPrices(fixed=fixed, input=self.input_price, output=self.output_price)

    def hearing_price(self, seconds: int) -> int:
        """Of a voice message, besides what is answered to it; 0 seconds: of none."""
        return self.voice_price * -(-seconds // 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that will be answered. `hold` in hundredths of a credit; `answer_limit` in tokens, `limited` where the
    balance covers no more; `free`: of the day's allowance, of which `free_left` are left; `waits`
    behind another one; `joined` with the one before it, which had not been sent."""

    answer_id: UUID
    model_slug: str
    repeated: bool = False
    hold: int = 0
    answer_limit: int = 0
    limited: bool = False
    free: bool = False
    free_left: int | None = None
    waits: bool = False
    joined: bool = False

"""Assistants as the shop's edges reach them: who can be asked, and what is asked of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.chats import ChatSession
from db.tables.models import Preset
from db.tables.users import User
from services.chats.answers import AnswerView, is_sent, read_answer, running_of
from services.chats.costs import TokenPrices
from services.chats.edits import EditableMessage, editable
from services.chats.limits import ChatLimits
from services.chats.lines import ChatLine, lines_after, read_line
from services.chats.next_cost import NextCost, next_cost
from services.chats.orders import Accepted, MessageOrder, PasteTooLong, SaleTerms
from services.chats.remaining import remaining
from services.chats.sale import FETCH_PAUSE, PASTE_PAUSE, NewIds
from services.chats.stopping import note_message, request_stop
from services.chats.submit import answer_anew, give_up_paste, submit, wait_for_more
from services.chats.terms import sale_terms
from services.clock import Clock
from services.inference.runtimes.chat.plain_text import storable
from services.inference.runtimes.chat.spec import ChatSpec
from services.inference.runtimes.chat.system_prompt import facts_named
from services.manifests.schema import Text
from services.models.offers import ModelNotOnSale, Models, Offer, PlanLimit
from services.slices import Slice

_sessions, _users, _presets = table_of(ChatSession), table_of(User), table_of(Preset)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanShare:
    """What is left of a plan for an assistant: answers, and tokens. `limit`: there was some, and it is used up.
    `for_one`: tokens that one answer can use, which takes from one allowance alone."""

    requests: int = 0
    tokens: int = 0
    for_one: int = 0
    limit: PlanLimit | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantView:
    """Somebody to talk with: an assistant, or a persona of one, which has a `preset_id`. `prices` in hundredths of a
    credit; `free_answers` a day; `max_answer` in tokens; `most_pictures` of a message, with few words; `facts`: what
    it is told of a customer's profile. `voice_seconds`: of a voice message, at most, None where none is taken;
    `voice_price` for each minute of it that was begun, on top. `plan`: of whoever looks at it; None where it pays for
    none, or nobody asked."""

    slug: str
    model_slug: str
    preset_id: int | None
    title: Text | JsonObject
    icon: str
    description: Text | None
    greeting: Text | None
    examples: Sequence[Text]
    takes_pictures: bool
    most_pictures: int
    voice_seconds: int | None
    voice_price: int
    prices: TokenPrices
    free_answers: int
    max_answer: int
    resting: bool
    facts: frozenset[str]
    plan: PlanShare | None = None


class Chats:
    """`on_asked` gets the slug of an assistant that has something to answer, `on_stop` an answer that is wanted no
    more, `on_settled` is called when there is something to tell."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        models: Models,
        limits: ChatLimits,
        *,
        on_asked: Callable[[str], None],
        on_stop: Callable[[str], None],
        on_settled: Callable[[], None],
    ) -> None:
        self._db, self._clock, self._models, self._limits = db, clock, models, limits
        self._on_asked, self._on_stop, self._on_settled = on_asked, on_stop, on_settled

    async def assistants(self) -> list[AssistantView]:
        """On sale, personas too, in the order of the menu."""
        return [_assistant(offer) for offer in await self._models.assistants()]

    async def assistant(self, slug: str) -> AssistantView:
        """Raises ModelNotOnSale, ModelStopped."""
        return _assistant(await self._models.assistant(slug))

    async def providers(self) -> dict[str, list[AssistantView]]:
        """Whose assistants stand at which server: what is said to them goes there. By the server's name."""
        found: dict[str, list[AssistantView]] = {}
        for offer in await self._models.assistants():
            spec = offer.manifest.runtime
            assert isinstance(spec, ChatSpec)
            found.setdefault(urlsplit(spec.url).hostname or spec.url, []).append(_assistant(offer))
        return found

    async def of_session(self, model_slug: str, preset_id: int | None) -> AssistantView:
        """Whom a conversation is with. Raises ModelNotOnSale."""
        for assistant in await self.assistants():
            if (assistant.model_slug, assistant.preset_id) == (model_slug, preset_id):
                return assistant
        raise ModelNotOnSale(slug=model_slug)

    async def send(self, order: MessageOrder) -> Accepted:
        """Raises EmptyMessage, MessageTooLong, PicturesNotTaken, VoiceNotTaken, VoiceTooLong, TooManyMessages,
        TokensUsedUp, AllowanceUsedUp, InsufficientBalance, ModelNotOnSale, ModelStopped, ModelResting, UserDisabled,
        ChatSessionNotFound, MessageNotFound, MessageNotLast; then nothing was charged."""
        ids = NewIds(question=uuid4(), answer=uuid4())
        order = replace(order, text=storable(order.text))
        try:
            return self._told(await self._db.write(submit, order, self._terms, ids, self._clock()))
        except PasteTooLong:
            await self._db.write(give_up_paste, order, self._clock())
            raise

    async def wait_for_more(self, user_id: int, *, fetching: bool) -> bool:
        """A picture of an album is being fetched, or was: what waits in the open conversation is not answered before.
        False where nothing waits."""
        until = self._clock() + (FETCH_PAUSE if fetching else PASTE_PAUSE)
        return await self._db.write(wait_for_more, user_id, until=until)

    async def again(self, answer_id: UUID, order: MessageOrder) -> Accepted:
        """Another answer to the last message; the old one is sent to the assistant no more.
        Of `order`, text, pictures and voice mean nothing. Raises as `send`."""
        now = self._clock()
        return self._told(await self._db.write(answer_anew, answer_id, order, self._terms, new_id=uuid4(), now=now))

    async def stop(self, *, user_id: int, answer_id: UUID | None = None) -> bool:
        """Whether there was something to stop: this answer, or whatever the customer waits for."""
        stopped, canceled = await self._db.write(request_stop, user_id, answer_id, self._clock())
        for each in stopped:
            self._on_stop(str(each))
        if canceled:
            self._on_settled()
        return bool(stopped or canceled)

    async def running(self, user_id: int) -> list[UUID]:
        """Answers that the customer waits for."""
        return await self._db.read(running_of, user_id)

    async def answer(self, answer_id: UUID, *, user_id: int) -> AnswerView:
        """Raises MessageNotFound, also for another user's."""
        return await self._db.read(read_answer, answer_id, user_id)

    async def line(self, session_id: UUID, message_id: UUID, *, user_id: int) -> ChatLine:
        """A message of either side. Raises MessageNotFound, also for another user's."""
        return await self._db.read(read_line, session_id, message_id, user_id)

    async def asks_the_same(self, order: MessageOrder, session_id: UUID, question_id: UUID) -> bool:
        """Whether the question that was sent by this order's key before is the same. One that was joined says what the
        one before it said, too."""
        question = await self.line(session_id, question_id, user_id=order.user_id)
        return not order.text or question.text is None or question.text.endswith(order.text.strip())

    async def lines_after(self, session_id: UUID, last: UUID | None, limit: int, *, user_id: int) -> Slice[ChatLine]:
        """The newest of a conversation, or those older than the message `last`. Raises ChatSessionNotFound,
        MessageNotFound."""
        return await self._db.read(lines_after, session_id, user_id, last, limit)

    async def shown_in(self, answer_id: UUID, message_id: int) -> bool:
        """Which message of the chat shows the answer while it grows, and becomes it. False where it has ended, or
        another message shows it."""
        return await self._db.write(note_message, answer_id, message_id)

    async def editable(self, request_key: str, *, user_id: int) -> EditableMessage | None:
        """This message, also where it was edited before: nothing was said after it but what went with it."""
        return await self._db.read(editable, request_key, user_id)

    async def is_sent(self, request_key: str, *, user_id: int) -> bool:
        """Whether this message was taken."""
        return await self._db.read(is_sent, request_key, user_id)

    async def next_cost(self, session_id: UUID, *, user_id: int) -> NextCost:
        """What the next message of the conversation costs at most, besides its own length. Raises ChatSessionNotFound,
        ModelNotOnSale, ModelStopped, ModelResting, UserDisabled."""
        return await self._db.read(next_cost, session_id, user_id, self._terms, self._clock())

    async def remaining(self, answer_id: UUID, *, user_id: int) -> int:
        """What its customer has after an answer, with what is held for others."""
        return await self._db.read(remaining, answer_id, user_id)

    def _told(self, accepted: Accepted) -> Accepted:
        if not accepted.repeated:
            self._on_asked(accepted.model_slug)
        return accepted

    def _terms(self, chat: AnyRow) -> SaleTerms:
        return sale_terms(self._models.manifest(chat.model_slug), chat, self._limits)


def _assistant(offer: Offer) -> AssistantView:
    manifest, spec = offer.manifest, offer.manifest.runtime
    assert isinstance(spec, ChatSpec)
    own = () if spec.system is None else spec.system.all()
    prompts = own if offer.prompt is None else (offer.prompt,)
    prices = TokenPrices(fixed=offer.price, input=spec.input_price_hundredths, output=spec.output_price_hundredths)
    return AssistantView(
        slug=offer.slug,
        model_slug=manifest.slug,
        preset_id=offer.preset_id,
        title=offer.title,
        icon=offer.icon,
        description=manifest.description,
        greeting=spec.greeting,
        examples=spec.examples,
        takes_pictures=spec.pictures,
        most_pictures=(spec.context - spec.max_answer) // (spec.picture_tokens or spec.context),
        voice_seconds=None if spec.transcription is None else spec.voice_seconds,
        voice_price=spec.voice_price_hundredths,
        prices=prices,
        free_answers=spec.free_answers,
        max_answer=spec.max_answer,
        resting=offer.resting,
        facts=frozenset().union(*map(facts_named, prompts)),
    )

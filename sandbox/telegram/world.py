"""One bot's whole Telegram, and the set of them."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

from sandbox.clock import Clock
from sandbox.telegram.callbacks import Callbacks
from sandbox.telegram.calls import CallLog
from sandbox.telegram.chat import Chat, StoredMessage
from sandbox.telegram.errors import BadRequest, Forbidden
from sandbox.telegram.faults import Faults
from sandbox.telegram.files import FileStore
from sandbox.telegram.limits import RateLimit
from sandbox.telegram.people import Person, Role
from sandbox.telegram.profile import Profile
from sandbox.telegram.stars.state import Stars
from sandbox.telegram.updates import UpdateQueue
from sandbox.telegram.webapp.state import WebApps
from sandbox.telegram.webhook import Webhook
from sandbox.telegram.wire import JsonObject

FIRST_PERSON_ID = 1_001


class World:
    def __init__(
        self, *, token: str, username: str, first_name: str, clock: Clock, local_dir: Path | None = None
    ) -> None:
        self.token = token
        self.bot_id = int(token.split(":", 1)[0])
        self.username = username
        self.clock = clock
        self.people: dict[int, Person] = {}
        self.updates = UpdateQueue(clock)
        self.webhook = Webhook(self.updates, clock)
        self.files = FileStore(self.bot_id, None if local_dir is None else local_dir / token)
        self.callbacks = Callbacks(clock, self.bot_id)
        self.profile = Profile(first_name)
        self.faults = Faults()
        self.rate_limit = RateLimit(clock)
        self.calls = CallLog()
        self.webapps = WebApps()
        self.stars = Stars(clock, self.bot_id)
        self._message_ids = count(1)
        self._person_ids = count(FIRST_PERSON_ID)

    def bot(self) -> JsonObject:
        """The Bot API's User, as it stands in messages."""
        return {"id": self.bot_id, "is_bot": True, "first_name": self.profile.first_name, "username": self.username}

    def view(self, *, default: bool) -> JsonObject:
        """The control API's world."""
        return {
            "bot_id": self.bot_id,
            "username": self.username,
            "first_name": self.profile.first_name,
            "default": default,
        }

    def add_person(
        self,
        *,
        first_name: str,
        person_id: int | None = None,
        last_name: str | None = None,
        username: str | None = None,
        language_code: str | None = None,
        role: Role = "customer",
    ) -> Person:
        if person_id is None:
            person_id = next(each for each in self._person_ids if each not in self.people)
        person = Person(
            id=person_id,
            first_name=first_name,
            last_name=last_name,
            username=username,
            language_code=language_code,
            role=role,
            chat=Chat(self.clock, f"/sandbox/api/{self.bot_id}/files/"),
        )
        self.people[person_id] = person
        return person

    def next_message_id(self) -> int:
        return next(self._message_ids)

    def timestamp(self) -> int:
        return int(self.clock.now())

    def reach(self, chat_id: int | str) -> Person:
        """The person to whom the bot may write, or Telegram's refusal."""
        person = self.find(chat_id)
        if person is None:
            raise BadRequest("chat not found")
        if person.blocked:
            raise Forbidden("bot was blocked by the user")
        return person

    def find(self, chat_id: int | str) -> Person | None:
        if chat_id == "":
            raise BadRequest("chat_id is empty")
        # Users, unlike channels, cannot be addressed by @username.
        person = self.people.get(chat_id) if isinstance(chat_id, int) else None
        return person if person is not None and person.started else None

    def post(self, person: Person, content: JsonObject, *, editable: bool = True) -> StoredMessage:
        """A message of the bot; `content` is all of the Message but who, where and when."""
        payload = {
            "message_id": self.next_message_id(),
            "from": self.bot(),
            "chat": person.as_chat(),
            "date": self.timestamp(),
            **content,
        }
        return person.chat.add(StoredMessage(payload=payload, from_bot=True, editable=editable))

    def close(self) -> None:
        self.updates.close()
        self.stars.close()
        for person in self.people.values():
            person.chat.events.close()


class Worlds:
    """`local_dir`: the folder of a server in `--local` mode."""

    def __init__(self, clock: Clock, local_dir: Path | None = None) -> None:
        self.clock = clock
        self._local_dir = local_dir
        self._by_token: dict[str, World] = {}
        self._by_bot: dict[int, World] = {}

    def add(self, *, token: str, username: str | None = None, first_name: str | None = None) -> World:
        """Raises ValueError when the token is not `<digits>:<secret>` or its bot exists with another secret."""
        number, _, secret = token.partition(":")
        if not (number.isascii() and number.isdigit() and secret):
            raise ValueError("a token is <digits>:<secret>")
        if token in self._by_token:
            return self._by_token[token]
        bot_id = int(number)
        if bot_id in self._by_bot:
            raise ValueError(f"bot {bot_id} exists with another token")
        world = World(
            token=token,
            username=username or f"sandbox_{bot_id}_bot",
            first_name=first_name or "Kassandra",
            clock=self.clock,
            local_dir=self._local_dir,
        )
        self._by_token[token] = self._by_bot[bot_id] = world
        return world

    def remove(self, world: World) -> None:
        world.close()
        del self._by_token[world.token], self._by_bot[world.bot_id]

    def by_token(self, token: str) -> World | None:
        return self._by_token.get(token)

    def by_bot(self, bot_id: int) -> World | None:
        return self._by_bot.get(bot_id)

    def __iter__(self) -> Iterator[World]:
        return iter(list(self._by_token.values()))


def furnish(world: World) -> None:
    """The three people of the page."""
    world.add_person(person_id=101, first_name="Анна", username="anna", language_code="ru")
    world.add_person(person_id=102, first_name="John", username="john", language_code="en")
    world.add_person(person_id=100, first_name="Ольга", username="olga", language_code="ru", role="owner")

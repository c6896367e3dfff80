"""Someone who talks to the bot in a test."""

import asyncio
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import Answer, Button, JsonObject, Launch, Message, read_message, transcript
from sandbox.client.wallet import Wallet

WITHIN_SECONDS = 25.0
"""Only a test that fails waits so long; on a crowded machine a shop that has just started takes 5 s for an answer."""
SETTLE_SECONDS = 0.3
"""How long a press waits for a new message with its button before it takes an old one."""


class Person:
    def __init__(self, sandbox: SandboxConnection, view: JsonObject) -> None:
        self._sandbox = sandbox
        self.id: int = view["id"]
        self.name: str = view["first_name"]
        self._messages: dict[int, Message] = {}
        self._event = 0
        self._acted_at = 0

    @property
    def messages(self) -> list[Message]:
        """All that the chat shows as of the last look."""
        return [self._messages[key] for key in sorted(self._messages)]

    @property
    def last(self) -> Message:
        """The bot's last message as of the last look."""
        for message in reversed(self.messages):
            if message.from_bot:
                return message
        raise AssertionError(f"{self.name} got no message from the bot")

    async def _call(self, method: str, path: str, **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/people/{self.id}{path}", **given)

    async def _acted(self, raw: JsonObject) -> Message:
        message = read_message(raw)
        self._acted_at = message.event
        return message

    async def says(self, text: str, *, reply_to: int | None = None, topic: int | None = None) -> Message:
        """`topic`: a thread of the chat, which is opened by that."""
        more = {name: value for name, value in {"reply_to": reply_to, "topic": topic}.items() if value is not None}
        return await self._acted(await self._call("POST", "/text", body={"text": text, **more}))

    async def deletes_topic(self, topic: int) -> None:
        await self._call("DELETE", f"/topics/{topic}")

    async def sends(self, kind: str) -> Message:
        """sticker, voice, location, contact or dice, with made-up content."""
        return await self._acted(await self._call("POST", "/send", body={"kind": kind}))

    async def sends_photo(
        self, photo: bytes | Path | str, caption: str | None = None, *, album: str | None = None
    ) -> Message:
        """Photos of one `album` are messages of their own that belong together."""
        data, name = _read(photo, "photo.jpg")
        return await self._uploads("photo", name, data, caption, album)

    async def sends_file(
        self, name: str, data: bytes | Path | str, caption: str | None = None, *, album: str | None = None
    ) -> Message:
        return await self._uploads("document", name, _read(data, name)[0], caption, album)

    async def sends_voice(self, sound: bytes, caption: str | None = None) -> Message:
        """A recording of the test's own."""
        return await self._uploads("voice", "voice.ogg", sound, caption)

    async def _uploads(
        self, kind: str, name: str, data: bytes, caption: str | None, album: str | None = None
    ) -> Message:
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("as", kind)
        if album is not None:
            form.add_field("album", album)
        if caption is not None:
            form.add_field("caption", caption)
        form.add_field("file", io.BytesIO(data), filename=name)
        return await self._acted(await self._call("POST", "/upload", form=form))

    async def edits(self, message: Message | int, text: str) -> Message:
        number = message if isinstance(message, int) else message.id
        return await self._acted(await self._call("POST", "/edit", body={"message_id": number, "text": text}))

    async def blocks(self) -> None:
        await self._call("POST", "/block")

    async def unblocks(self) -> None:
        await self._call("POST", "/unblock")

    async def presses(self, label: str, *, within: float = WITHIN_SECONDS) -> Answer:
        """Press the newest inline button whose text is, or contains, `label`; wait for the bot's answer.

        A message changed since the last action comes first; for one that bears the label from before, a short wait.
        """
        message = await self._find_button(label, within)
        button = message.button(label)
        assert button is not None
        assert button.data is not None, f"[{button.text}] is a link to {button.url}, not a button to press"
        return await self.forges(button.data, message.id, within=within)

    async def sees_draft(self, wanted: str, *, within: float = WITHIN_SECONDS) -> JsonObject:
        """A draft of the bot's that contains it, as the chat shows it now."""
        now = asyncio.get_running_loop().time
        deadline = now() + within
        while now() < deadline:
            for draft in await self.drafts():
                if wanted in draft["text"]:
                    found: JsonObject = draft
                    return found
            await asyncio.sleep(0.05)
        await self.looks()
        raise self._failure(f"did not see a draft with {wanted!r} in {within:g} s")

    async def drafts(self) -> list[JsonObject]:
        """What the chat shows of messages in the making."""
        found: list[JsonObject] = await self._call("GET", "/drafts")
        return found

    async def stops(self, draft: JsonObject) -> None:
        """Telegram's own button under a draft."""
        await self._call("POST", "/stop-draft", body={"draft_id": draft["draft_id"]})

    @property
    def wallet(self) -> Wallet:
        """Their Stars."""
        return Wallet(self._sandbox, self)

    async def button(self, label: str, *, within: float = WITHIN_SECONDS) -> tuple[Message, Button]:
        """An inline button, found as `presses` finds one."""
        message = await self._find_button(label, within)
        button = message.button(label)
        assert button is not None
        return message, button

    def acted(self, event: int) -> None:
        """What came after it, `sees` looks at."""
        self._acted_at = event

    async def pays(
        self, link: str, *, method: str = "card", card: str | None = None, within: float = WITHIN_SECONDS
    ) -> str:
        """Open a checkout, by its address or by the button that leads there, and pay; answers where it returns to. The
        `method` is YooKassa's, the `card` one of CloudPayments'."""
        url = link if link.startswith("http") else await self._link_of(link, within)
        checkout = urlsplit(url).path  # a payer gets there in another way than the shop
        await self._sandbox.download(checkout)
        body = {"method": method} if "/yookassa/" in checkout else {} if card is None else {"number": card}
        paid = await self._sandbox.request("POST", f"{checkout}/pay", body=body)
        if paid.get("secure") is not None:
            paid = await self._sandbox.request("POST", f"{checkout}/secure", body={"transaction": paid["secure"]})
        return str(paid["return_url"])

    async def _link_of(self, label: str, within: float) -> str:
        button = (await self._find_button(label, within)).button(label)
        assert button is not None
        assert button.url is not None, f"[{button.text}] leads nowhere"
        return button.url

    async def _find_button(self, label: str, within: float) -> Message:
        def pressable(message: Message) -> bool:
            return message.from_bot and message.button(label) is not None

        found = await self._wait(
            lambda each: pressable(each) and each.event > self._acted_at, min(SETTLE_SECONDS, within)
        )
        found = found or await self._wait(pressable, within)
        if found is None:
            raise self._failure(f"found no button [{label}] in {within:g} s")
        return found

    async def opens(self, label: str, *, within: float = WITHIN_SECONDS) -> Launch:
        """The Mini App of an inline button, found as `presses` finds one."""
        button = (await self._find_button(label, within)).button(label)
        assert button is not None
        assert button.web_app is not None, f"[{button.text}] opens no Mini App"
        return await self._opens(way="inline", url=button.web_app)

    async def opens_menu(self) -> Launch:
        """The Mini App of the button beside the input."""
        return await self._opens(way="menu")

    async def opens_link(self, link: str) -> Launch:
        """The bot's main Mini App by `https://t.me/<bot>?startapp=…`."""
        parameters = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True))
        assert "startapp" in parameters, f"{link} opens no Mini App"
        return await self._opens(way="link", start_param=parameters["startapp"])

    async def _opens(self, **opening: Any) -> Launch:  # Any: as in SandboxConnection.request
        return Launch(**await self._call("POST", "/webapp", body=opening))

    async def forges(self, data: str, message_id: int | None = None, *, within: float = WITHIN_SECONDS) -> Answer:
        """A press with any data, of any message (the bot's last when none is named); wait for the bot's answer."""
        if message_id is None:
            await self.looks()
            message_id = self.last.id
        pressed = await self._call("POST", "/press", body={"message_id": message_id, "data": data})
        self._acted_at = pressed["event"]
        query = pressed["callback_query_id"]
        state = await self._sandbox.call("GET", f"/callbacks/{query}", query={"wait": within})
        if not state["answered"]:
            await self.looks()
            raise self._failure(f"pressed a button ({data!r}) and got no answer in {within:g} s")
        return Answer(text=state.get("text"), show_alert=state.get("show_alert", False))

    async def sees(self, wanted: str | re.Pattern[str], *, within: float = WITHIN_SECONDS) -> Message:
        """A message that the bot sent or edited since this person's last action and that contains `wanted`."""
        found = await self._wait(lambda each: self._is_news(each) and each.holds(wanted), within)
        if found is None:
            raise self._failure(f"did not see {_shown(wanted)} in {within:g} s after the last action")
        return found

    async def sees_photo(self, caption: str | re.Pattern[str] = "", *, within: float = WITHIN_SECONDS) -> Message:
        found = await self._wait(
            lambda each: self._is_news(each) and "photo" in each.raw and each.holds(caption), within
        )
        if found is None:
            raise self._failure(f"did not see a photo with {_shown(caption)} in {within:g} s after the last action")
        return found

    async def sees_button(self, label: str, *, within: float = WITHIN_SECONDS) -> Message:
        found = await self._wait(lambda each: self._is_news(each) and each.button(label) is not None, within)
        if found is None:
            raise self._failure(f"did not see a button [{label}] in {within:g} s after the last action")
        return found

    async def never_sees(self, unwanted: str | re.Pattern[str], *, during: float = 0.3) -> None:
        """Nothing since the last action contains it, now or for `during` seconds more."""
        found = await self._wait(lambda each: self._is_news(each) and each.holds(unwanted), during)
        if found is not None:
            raise self._failure(f"saw {_shown(unwanted)} in #{found.id}")

    async def commands(self) -> list[str]:
        """The commands that the menu offers to this person."""
        screen = await self._call("GET", "/chat", query={"limit": 1})
        return [each["command"] for each in screen["commands"]]

    async def looks(self) -> list[Message]:
        """Bring `messages` and `last` up to date."""
        await self._refresh(0.0)
        return self.messages

    def _is_news(self, message: Message) -> bool:
        return message.from_bot and message.event > self._acted_at

    async def _wait(self, fits: Callable[[Message], bool], within: float) -> Message | None:
        """The newest message that fits, as soon as there is one."""
        now = asyncio.get_running_loop().time
        deadline = now() + within
        wait = 0.0
        while True:
            await self._refresh(wait)
            fitting = [message for message in self._messages.values() if fits(message)]
            if fitting:
                return max(fitting, key=lambda each: each.id)
            wait = min(deadline - now(), 60.0)
            if wait <= 0:
                return None

    async def _refresh(self, wait: float) -> None:
        query: dict[str, str | int | float] = {"since": self._event, "limit": 500}
        if wait > 0:
            query |= {"newer_than": self._event, "wait": wait}
        screen = await self._call("GET", "/chat", query=query)
        for raw in screen["messages"]:
            message = read_message(raw)
            if raw["sandbox"]["deleted"]:
                self._messages.pop(message.id, None)
                continue
            if message.from_bot:
                await self._download(message)
            self._messages[message.id] = message
        self._event = screen["event"]

    async def _download(self, message: Message) -> None:
        for file in message.raw["sandbox"]["files"]:
            data = await self._sandbox.download(file["url"])
            if "photo" in message.raw:
                message.photo = data
            else:
                message.document = data

    def _failure(self, what: str) -> AssertionError:
        return AssertionError(f"{self.name} {what}. The chat:\n{transcript(self.messages)}")


def _read(content: bytes | Path | str, name: str) -> tuple[bytes, str]:
    if isinstance(content, bytes):
        return content, name
    path = Path(content)
    return path.read_bytes(), path.name


def _shown(wanted: str | re.Pattern[str]) -> str:
    return repr(wanted if isinstance(wanted, str) else wanted.pattern)

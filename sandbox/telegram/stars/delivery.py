"""Updates about Stars: how long they wait for the bot, and what may befall them."""

from functools import partial

from sandbox.telegram.chat import StoredMessage
from sandbox.telegram.people import Person
from sandbox.telegram.stars.faults import StarFault, StarsUpdate
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

LIVES_SECONDS: dict[StarsUpdate, float] = {"pre_checkout": 150.0}
MESSAGE_LIVES_SECONDS = 24 * 3600.0


def tell(world: World, on: StarsUpdate, update: JsonObject, *, key: int) -> None:
    lives = LIVES_SECONDS.get(on, MESSAGE_LIVES_SECONDS)
    fault = world.stars.faults.take(on)
    if fault is not None and fault.kind == "late":
        world.clock.call_later(fault.seconds, partial(_push, world, update, key, lives))
        return
    _push(world, update, key, lives, fault)


def _push(world: World, update: JsonObject, key: int, lives: float, fault: StarFault | None = None) -> None:
    kind = None if fault is None else fault.kind
    pushed = world.updates.push(update, key=key, lives=lives, lost=kind == "lose")
    if fault is not None and kind == "repeat":
        for _ in range(fault.copies):
            world.updates.repeat(pushed["update_id"])


def service_message(
    world: World, person: Person, on: StarsUpdate, content: JsonObject, *, at: float, signed: bool
) -> StoredMessage:
    """Of the payer, where it is `signed`; of nobody otherwise."""
    person.started = True
    payload: JsonObject = {"message_id": world.next_message_id(), "chat": person.as_chat(), "date": int(at), **content}
    if signed:
        payload["from"] = person.user()
    message = person.chat.add(StoredMessage(payload=payload, from_bot=False, editable=False))
    tell(world, on, {"message": message.payload}, key=person.id)
    return message

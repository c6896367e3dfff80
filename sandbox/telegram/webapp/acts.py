"""What a Mini App does through the client, in the name of the person who has it open."""

from urllib.parse import quote, urlencode

from sandbox.telegram.acts import Impossible, post, sends
from sandbox.telegram.people import Person
from sandbox.telegram.webapp.init_data import compact_json, hash_of
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

MAX_DATA_BYTES = 4096
MAX_KEYS = 1024
MAX_KEY = 128
MAX_VALUE = 4096
PHONE = "79000000000"


class Refused(ValueError):
    """What a custom method answers as its error."""


def sends_data(world: World, person: Person, data: str, *, button_text: str) -> None:
    """The service message of an app that was opened from a reply keyboard."""
    if not 1 <= len(data.encode("utf-8", "surrogatepass")) <= MAX_DATA_BYTES:
        raise Impossible(f"data has 1 to {MAX_DATA_BYTES} bytes")
    post(world, person, {"web_app_data": {"data": data, "button_text": button_text}})


def allows_writing(world: World, person: Person) -> None:
    post(world, person, {"write_access_allowed": {"from_request": True}})


def shares_phone(world: World, person: Person) -> None:
    """The app learns only that it was sent; the bot gets the contact."""
    sends(world, person, "contact")


def custom_method(world: World, person: Person, method: str, params: JsonObject) -> object:
    """Raises Refused."""
    if method == "getRequestedContact":
        return _contact(world, person)
    kept = world.webapps.storage.setdefault(person.id, {})
    if method == "saveStorageValue":
        return _save(kept, params)
    if method == "getStorageValues":
        return {key: kept.get(key, "") for key in _keys(params)}
    if method == "getStorageKeys":
        return list(kept)
    if method == "deleteStorageValues":
        for key in _keys(params):
            kept.pop(key, None)
        return True
    raise Refused("METHOD_INVALID")


def _save(kept: dict[str, str], params: JsonObject) -> bool:
    key, value = str(params.get("key", "")), str(params.get("value", ""))
    if not 1 <= len(key) <= MAX_KEY:
        raise Refused("KEY_INVALID")
    if len(value) > MAX_VALUE:
        raise Refused("VALUE_INVALID")
    if key not in kept and len(kept) >= MAX_KEYS:
        raise Refused("QUOTA_EXCEEDED")
    kept[key] = value
    return True


def _keys(params: JsonObject) -> list[str]:
    keys = params.get("keys", [])
    return [str(each) for each in keys] if isinstance(keys, list) else []


def _contact(world: World, person: Person) -> str:
    contact = {"user_id": person.id, "phone_number": PHONE, "first_name": person.first_name}
    fields = {"contact": compact_json(contact), "auth_date": str(world.timestamp())}
    told = {**fields, "hash": hash_of(fields, token=world.token)}
    return urlencode(told, quote_via=quote, safe="")

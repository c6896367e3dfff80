"""Opening a Mini App: its address with all that the client tells it."""

import secrets
from dataclasses import dataclass
from typing import Literal

from sandbox.telegram.people import Person
from sandbox.telegram.webapp.addresses import with_launch_params, with_start_param
from sandbox.telegram.webapp.init_data import compact_json, signed
from sandbox.telegram.webapp.themes import THEMES, Theme
from sandbox.telegram.world import World

Way = Literal["menu", "inline", "keyboard", "link"]
PLATFORM = "weba"
HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    url: str
    """Of the frame, with the fragment."""
    init_data: str
    """Empty from a button of a reply keyboard."""


def launch(
    world: World, person: Person, url: str, *, way: Way, start_param: str | None = None, theme: Theme = "light"
) -> Launch:
    init_data = "" if way == "keyboard" else _init_data(world, person, way, start_param)
    params = {
        **({"tgWebAppData": init_data} if init_data else {}),
        "tgWebAppVersion": world.webapps.settings.version,
        "tgWebAppPlatform": PLATFORM,
        "tgWebAppThemeParams": compact_json(THEMES[theme]),
    }
    return Launch(url=with_launch_params(with_start_param(url, start_param), params), init_data=init_data)


def _init_data(world: World, person: Person, way: Way, start_param: str | None) -> str:
    settings = world.webapps.settings
    who = another(world, person) if settings.spoiling == "another" else person
    token = f"{world.bot_id}:{secrets.token_urlsafe(26)}" if settings.spoiling == "forged" else world.token
    shift = {"old": -settings.hours, "future": settings.hours}.get(settings.spoiling or "", 0.0) * HOUR
    fields = {"user": compact_json(who.user_of_app()), "auth_date": str(int(world.clock.now() + shift))}
    if way == "link":
        fields |= {"chat_instance": str(world.bot_id * 7_919 + who.id), "chat_type": "sender"}
        if start_param:
            fields["start_param"] = start_param
    else:
        fields = {"query_id": world.webapps.new_query(who.id, world.clock.now()), **fields}
    return signed(fields, token=token)


def another(world: World, person: Person) -> Person:
    """Someone else who uses the same device; made up where there is nobody."""
    others = (each for each in world.people.values() if each.id != person.id)
    return next(others, None) or world.add_person(first_name="Another", username="another")

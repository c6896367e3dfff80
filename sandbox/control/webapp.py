"""Mini Apps: how they are opened for a person, and what they do through the client."""

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.deps import OnePerson, OneWorld
from sandbox.telegram.acts import Impossible
from sandbox.telegram.webapp import acts
from sandbox.telegram.webapp.addresses import is_app_address
from sandbox.telegram.webapp.init_data import public_key
from sandbox.telegram.webapp.launch import Way, launch
from sandbox.telegram.webapp.state import Spoiling
from sandbox.telegram.webapp.themes import THEMES, Theme
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

router = APIRouter(prefix="/sandbox/api/{bot}")


class WebAppChange(BaseModel):
    model_config = ConfigDict(extra="forbid")

    main_url: str | None = None
    version: str | None = Field(default=None, pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$")
    spoiling: Spoiling | None = None
    hours: float | None = Field(default=None, gt=0, le=24 * 365 * 10)


class Opening(BaseModel):
    model_config = ConfigDict(extra="forbid")

    way: Way
    url: str | None = None
    """Of the button; of the menu button and of a link Telegram knows it."""
    start_param: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{0,512}$")
    theme: Theme = "light"


class Data(BaseModel):
    data: str
    button_text: str


class CustomMethod(BaseModel):
    method: str
    params: JsonObject = Field(default_factory=dict)


def _view(world: World) -> JsonObject:
    settings = world.webapps.settings
    return {
        "main_url": settings.main_url,
        "version": settings.version,
        "spoiling": settings.spoiling,
        "hours": settings.hours,
        "public_key": public_key(),
        "themes": THEMES,
    }


@router.get("/webapp")
async def webapp(world: OneWorld) -> JsonObject:
    return _view(world)


@router.patch("/webapp")
async def webapp_change(body: WebAppChange, world: OneWorld) -> JsonObject:
    """A `main_url` or a `spoiling` of null is none."""
    if body.main_url is not None and not is_app_address(body.main_url):
        raise HTTPException(400, "a Mini App's address is https, or http on this machine")
    settings = world.webapps.settings
    for name in body.model_fields_set:
        value = getattr(body, name)
        if value is not None or name in ("main_url", "spoiling"):
            setattr(settings, name, value)
    return _view(world)


@router.post("/people/{person_id}/webapp")
async def webapp_open(body: Opening, world: OneWorld, person: OnePerson) -> JsonObject:
    url = body.url or _known_address(body.way, world, person.id)
    if url is None or not is_app_address(url):
        raise HTTPException(400, "there is no Mini App to open")
    opened = launch(world, person, url, way=body.way, start_param=body.start_param, theme=body.theme)
    return {"url": opened.url, "init_data": opened.init_data}


def _known_address(way: Way, world: World, person_id: int) -> str | None:
    if way == "menu":
        button = world.profile.menu_button_for(person_id)
        return button["web_app"]["url"] if button["type"] == "web_app" else None
    return world.webapps.settings.main_url if way == "link" else None


@router.post("/people/{person_id}/webapp/data")
async def webapp_data(body: Data, world: OneWorld, person: OnePerson) -> JsonObject:
    try:
        acts.sends_data(world, person, body.data, button_text=body.button_text)
    except Impossible as error:
        raise HTTPException(400, str(error)) from error
    return {}


@router.post("/people/{person_id}/webapp/phone")
async def webapp_phone(world: OneWorld, person: OnePerson) -> JsonObject:
    acts.shares_phone(world, person)
    return {}


@router.post("/people/{person_id}/webapp/write-access")
async def webapp_write_access(world: OneWorld, person: OnePerson) -> JsonObject:
    acts.allows_writing(world, person)
    return {}


@router.post("/people/{person_id}/webapp/method")
async def webapp_method(body: CustomMethod, world: OneWorld, person: OnePerson) -> JsonObject:
    """`{"result"}`, or `{"error"}` in the words of the client."""
    try:
        return {"result": acts.custom_method(world, person, body.method, body.params)}
    except acts.Refused as error:
        return {"error": str(error)}

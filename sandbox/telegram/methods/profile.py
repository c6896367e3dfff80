"""getMe, commands, names and descriptions, the menu button."""

import re

from sandbox.telegram.errors import BadRequest
from sandbox.telegram.methods.base import Call
from sandbox.telegram.types.params import (
    MAX_COMMANDS,
    ByLanguage,
    GetChatMenuButton,
    MyCommands,
    NoParams,
    SetChatMenuButton,
    SetMyCommands,
    SetMyDescription,
    SetMyName,
    SetMyShortDescription,
)
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}|")


async def get_me(call: Call, _params: NoParams) -> JsonObject:
    abilities = ("supports_inline_queries", "can_connect_to_business", "has_topics_enabled")
    more = ("allows_users_to_create_topics", "can_read_all_group_messages", "can_manage_bots")
    no = dict.fromkeys((*abilities, *more, "supports_guest_queries", "supports_join_request_queries"), False)
    has_app = call.world.webapps.settings.main_url is not None
    return {**call.world.bot(), "can_join_groups": True, "has_main_web_app": has_app, **no}


def _where(params: MyCommands | SetMyCommands) -> tuple[str, str]:
    language = params.language_code or ""
    if not _LANGUAGE.fullmatch(language):
        raise BadRequest("invalid language code specified")
    return (params.scope.key() if params.scope else "default"), language


def _tell_commands(world: World) -> None:
    for person in world.people.values():
        commands = world.profile.commands_for(person.id, person.language_code)
        person.chat.events.publish("commands", {"commands": commands})


def _tell_menu_button(world: World) -> None:
    for person in world.people.values():
        person.chat.events.publish("menu_button", {"menu_button": world.profile.menu_button_for(person.id)})


async def set_my_commands(call: Call, params: SetMyCommands) -> bool:
    scope, language = _where(params)
    if len(params.commands) > MAX_COMMANDS:
        raise BadRequest("too many commands")
    commands: list[JsonObject] = []
    for each in params.commands:
        name = each.command.removeprefix("/").lower()
        if not _COMMAND.fullmatch(name):
            raise BadRequest("BOT_COMMAND_INVALID")
        commands.append({"command": name, "description": each.description})
    call.world.profile.set_commands(scope, language, commands)
    _tell_commands(call.world)
    return True


async def get_my_commands(call: Call, params: MyCommands) -> list[JsonObject]:
    return call.world.profile.commands(*_where(params))


async def delete_my_commands(call: Call, params: MyCommands) -> bool:
    scope, language = _where(params)
    call.world.profile.set_commands(scope, language, [])
    _tell_commands(call.world)
    return True


async def set_my_name(call: Call, params: SetMyName) -> bool:
    call.world.profile.set_text("name", params.language_code or "", params.name or "")
    return True


async def get_my_name(call: Call, params: ByLanguage) -> JsonObject:
    return {"name": call.world.profile.text("name", params.language_code or "") or call.world.profile.first_name}


async def set_my_description(call: Call, params: SetMyDescription) -> bool:
    call.world.profile.set_text("description", params.language_code or "", params.description or "")
    return True


async def get_my_description(call: Call, params: ByLanguage) -> JsonObject:
    return {"description": call.world.profile.text("description", params.language_code or "")}


async def set_my_short_description(call: Call, params: SetMyShortDescription) -> bool:
    call.world.profile.set_text("short_description", params.language_code or "", params.short_description or "")
    return True


async def get_my_short_description(call: Call, params: ByLanguage) -> JsonObject:
    return {"short_description": call.world.profile.text("short_description", params.language_code or "")}


async def set_chat_menu_button(call: Call, params: SetChatMenuButton) -> bool:
    if params.chat_id is not None and call.world.find(params.chat_id) is None:
        raise BadRequest("chat not found")
    button = params.menu_button.model_dump(exclude_none=True) if params.menu_button else {"type": "default"}
    call.world.profile.menu_buttons[params.chat_id] = button
    _tell_menu_button(call.world)
    return True


async def get_chat_menu_button(call: Call, params: GetChatMenuButton) -> JsonObject:
    buttons = call.world.profile.menu_buttons
    return buttons.get(params.chat_id) or buttons.get(None) or {"type": "commands"}

"""What the bot says of itself: names, descriptions, commands, the menu button."""

from sandbox.telegram.wire import JsonObject


class Profile:
    def __init__(self, first_name: str) -> None:
        self.first_name = first_name
        self.texts: dict[tuple[str, str], str] = {}
        """(`name` | `description` | `short_description`, language or "") → text."""
        self.menu_buttons: dict[int | None, JsonObject] = {}
        self._commands: dict[tuple[str, str], list[JsonObject]] = {}

    def set_commands(self, scope: str, language: str, commands: list[JsonObject]) -> None:
        if commands:
            self._commands[scope, language] = commands
        else:
            self._commands.pop((scope, language), None)

    def commands(self, scope: str, language: str) -> list[JsonObject]:
        return self._commands.get((scope, language), [])

    def commands_for(self, person_id: int, language: str | None) -> list[JsonObject]:
        """What a person sees in a private chat: the narrowest scope wins, in it the person's language."""
        for scope in (f"chat:{person_id}", "all_private_chats", "default"):
            for code in (language or "", ""):
                if (scope, code) in self._commands:
                    return self._commands[scope, code]
        return []

    def menu_button_for(self, person_id: int) -> JsonObject:
        """What a person sees beside the input: the chat's own button, else everybody's, else the commands."""
        for whose in (person_id, None):
            button = self.menu_buttons.get(whose)
            if button is not None and button["type"] != "default":
                return button
        return {"type": "commands"}

    def set_text(self, kind: str, language: str, text: str) -> None:
        if text:
            self.texts[kind, language] = text
        else:
            self.texts.pop((kind, language), None)

    def text(self, kind: str, language: str) -> str:
        return self.texts.get((kind, language), self.texts.get((kind, ""), ""))

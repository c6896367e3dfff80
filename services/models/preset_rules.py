"""What a preset may hold, whoever writes it."""

from collections.abc import Mapping
from typing import Any, Final

from db.base import JsonObject
from services.errors import N_, ShopError
from services.manifests.manifest import FileInput, Manifest, TextInput
from services.manifests.preparation import Prepare
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value

MAX_TITLE: Final = 60
MAX_ICON: Final = 16
MAX_PROMPT: Final = 4_000
MAX_PRICE: Final = 100_000_00  # hundredths
SAMPLE: Final = Prepare(size=("free", "free"))
PROMPT: Final = "prompt"  # the input that a preset's prompt answers
LANGUAGES: Final = ("ru", "en")


class PresetNotFound(ShopError):
    message = N_("There is no such style.")


class BadPreset(ShopError):
    """What an owner gave cannot be sold; `field` says what."""

    message = N_(
        "A style has a name of 1 to 60 characters in both languages, an icon of one emoji, a price of 0 to 100 000 "
        "credits, and answers that its model takes."
    )

    def __init__(self, *, field: str) -> None:
        super().__init__(field=field)
        self.field = field


class PresetInUse(ShopError):
    """It was sold, or its model's author wrote it: it would be missed, or come back."""

    message = N_("This style has been sold or comes with its model, so it stays. Take it off the menu instead.")


class NoPrompt(ShopError):
    message = N_("This model is told nothing in words, so a prompt would change nothing.")


def check_prompt(manifest: Manifest, prompt: str | None) -> str | None:
    """An assistant's presets are personas, whose prompt it is told before the talk. Raises BadPreset, NoPrompt."""
    found = (prompt or "").strip() or None
    told = manifest.is_assistant or any(field.name == PROMPT for field in manifest.inputs)
    if found is not None and not told:
        raise NoPrompt()
    if found is not None and len(found) > MAX_PROMPT:
        raise BadPreset(field="prompt")
    return found


def checked_inputs(
    manifest: Manifest, inputs: Mapping[str, Any]
) -> dict[str, Value]:  # Any: whatever TOML or JSON holds
    """The answers as they are kept. Raises BadPreset: no input of that name, a picture, or nothing that it takes."""
    fields = {field.name: field for field in manifest.inputs if not isinstance(field, FileInput)}
    checked: dict[str, Value] = {}
    for name, value in inputs.items():
        try:
            checked[name] = check_value(fields[name], value)
        except (KeyError, InvalidValue):
            raise BadPreset(field=f"inputs.{name}") from None
    return checked


def given_inputs(manifest: Manifest, inputs: JsonObject, prompt: str | None) -> JsonObject:
    """What a preset answers: its prompt too, where the model asks for a text of that name."""
    asks = any(field.name == PROMPT and isinstance(field, TextInput) for field in manifest.inputs)
    return {PROMPT: prompt, **inputs} if prompt is not None and asks else inputs


def check_category(manifest: Manifest, category: Mapping[str, str] | None) -> dict[str, str] | None:
    """An assistant's presets are personas, which stand beside it. Raises BadPreset."""
    if category is not None and manifest.is_assistant:
        raise BadPreset(field="category")
    return None if category is None else check_title(category, "category")


def check_title(title: Mapping[str, str], field: str = "title") -> dict[str, str]:
    """Both languages, without spaces around. Raises BadPreset."""
    found = {language: title.get(language, "").strip() for language in LANGUAGES}
    if not all(0 < len(text) <= MAX_TITLE and text.isprintable() for text in found.values()):
        raise BadPreset(field=field)
    return found

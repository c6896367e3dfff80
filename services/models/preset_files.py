"""`presets.toml`: presets as their author writes them, in a model's folder or exported from a shop. The format is
described in docs/manifest.md."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from db.base import JsonObject
from services.authoring.toml import inline
from services.billing.credits import format_credits
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.complaints import explain
from services.manifests.errors import ManifestError
from services.manifests.manifest import MAX_ORDER, SLUG, FileInput, Manifest, parse_price
from services.manifests.schema import Array, FileName, Table, Text, check_values, shorter
from services.models.preset_rules import MAX_ICON, MAX_PROMPT, MAX_TITLE, BadPreset, checked_inputs

PRESETS: Final = "presets.toml"
MAX_BYTES: Final = 1_000_000
MOST: Final = 1_000
Wrong: TypeAlias = Callable[[str, str, str], ManifestError]
"""Of a key, what is wrong with it, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetDraft:
    """A preset as it is written down. `title`, `category`: {ru, en}; `price` in hundredths, None is the model's;
    `sample`: a picture of the model's folder."""

    slug: str
    model_slug: str
    title: JsonObject
    category: JsonObject | None = None
    icon: str | None = None
    price: int | None = None
    position: int = 100
    prompt: str | None = None
    sample: str | None = None
    inputs: JsonObject = field(default_factory=dict)
    enabled: bool = True


class _Preset(Table):
    slug: Annotated[str, Field(pattern=f"^{SLUG}$")]
    model: Annotated[str, Field(pattern=f"^{SLUG}$")] | None = None
    name: Annotated[Text, shorter(MAX_TITLE)]
    category: Annotated[Text, shorter(MAX_TITLE)] | None = None
    icon: str | None = Field(default=None, pattern=r"^\S", max_length=MAX_ICON)
    price: Annotated[Decimal, BeforeValidator(parse_price)] | None = None
    order: int = Field(default=100, ge=-MAX_ORDER, le=MAX_ORDER)
    prompt: str | None = Field(default=None, min_length=1, max_length=MAX_PROMPT)
    sample: FileName | None = None
    enabled: bool = True
    inputs: dict[str, Any] = Field(
        default_factory=dict
    )  # Any: values of the model's inputs, which are checked against its manifest


class _File(Table):
    presets: Annotated[tuple[_Preset, ...], Array] = Field(min_length=1, max_length=MOST)

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:  # Any: whatever TOML holds
        check_values(data)
        return data


def read_presets(
    file: Path, models: Mapping[str, Manifest], *, of: str | None = None, taken: Mapping[str, str] | None = None
) -> list[PresetDraft]:
    """What the file says, checked against the models' manifests. `of`: the model in whose folder it lies, which its
    presets need not name; `taken`: slugs of other files' presets, with their models. Raises ManifestError, one line of
    what is wrong."""
    wrong = partial(_wrong, file)
    data = _read(file)
    try:
        listed = _File.model_validate(data).presets
    except ValidationError as error:
        raise wrong(*explain(error, _named(data))) from None
    slug, count = Counter(each.slug for each in listed).most_common(1)[0]
    if count > 1:
        raise wrong(f"presets.{slug}.slug", f"is used {count} times", "Give each its own")
    for each in listed:
        if each.slug in models:
            raise wrong(f"presets.{each.slug}.slug", "is a model's", "Give it another")
        if taken and each.slug in taken:
            problem = f'is a preset of "{taken[each.slug]}" already'
            raise wrong(f"presets.{each.slug}.slug", problem, "Give it another")
    return [_draft(each, _model_of(each, models, of, wrong), models, wrong) for each in listed]


def _wrong(file: Path, key: str, problem: str, fix: str) -> ManifestError:
    return ManifestError(file=str(file), key=key, problem=problem, fix=fix)


def _model_of(preset: _Preset, models: Mapping[str, Manifest], of: str | None, wrong: Wrong) -> str:
    key = f"presets.{preset.slug}.model"
    model = preset.model or of
    if model is None:
        raise wrong(key, "is missing", "Name the model that it belongs to")
    if of not in (None, model):
        raise wrong(key, f'"{model}" is another folder', f'Write "{of}", or move it there')
    if model not in models:
        raise wrong(key, f'there is no model "{model}"', f"Name one of: {', '.join(models) or 'none yet'}")
    return model


def _draft(preset: _Preset, model: str, models: Mapping[str, Manifest], wrong: Wrong) -> PresetDraft:
    if isinstance(spec := models[model].runtime, ChatSpec):
        _check_persona(preset, spec, wrong)
    try:
        inputs = checked_inputs(models[model], preset.inputs)
    except BadPreset as error:
        known = ", ".join(field.name for field in models[model].inputs if not isinstance(field, FileInput))
        problem = f'is nothing that the model "{model}" takes'
        fix = f"Its inputs: {known}" if known else "Remove it"
        raise wrong(f"presets.{preset.slug}.{error.field}", problem, fix) from None
    return PresetDraft(
        slug=preset.slug,
        model_slug=model,
        title=dict(preset.name.root),
        category=None if preset.category is None else dict(preset.category.root),
        icon=preset.icon,
        price=None if preset.price is None else int(preset.price * 100),
        position=preset.order,
        prompt=preset.prompt,
        sample=preset.sample,
        inputs=inputs,
        enabled=preset.enabled,
    )


def _check_persona(preset: _Preset, spec: ChatSpec, wrong: Wrong) -> None:
    if preset.category is not None:
        fix = "Remove it: an assistant's presets are its personas, and stand beside it"
        raise wrong(f"presets.{preset.slug}.category", "is for styles", fix)
    if preset.prompt is not None and (complaint := spec.complain_of_system(preset.prompt)) is not None:
        raise wrong(f"presets.{preset.slug}.prompt", *complaint)


def write_presets(drafts: Sequence[PresetDraft]) -> str:
    """The text of a file that `read_presets` reads."""
    return "\n".join(line for draft in drafts for line in _lines(draft))


def _lines(draft: PresetDraft) -> Iterator[str]:
    told: dict[str, Any] = {  # Any: what TOML holds
        "slug": draft.slug,
        "model": draft.model_slug,
        "name": draft.title,
        "category": draft.category,
        "icon": draft.icon,
        "price": None if draft.price is None else format_credits(draft.price),
        "order": draft.position,
        "prompt": draft.prompt,
        "sample": draft.sample,
        "enabled": None if draft.enabled else False,
        "inputs": draft.inputs or None,
    }
    yield "[[presets]]"
    yield from (f"{key} = {inline(value)}" for key, value in told.items() if value is not None)
    yield ""


def _read(file: Path) -> dict[str, Any]:  # Any: TOML
    def broken(problem: str, fix: str) -> ManifestError:
        return ManifestError(file=str(file), key="", problem=problem, fix=fix)

    try:
        if file.stat().st_size > MAX_BYTES:
            raise broken("is over 1 MB", "Write several files")
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise broken(f"cannot be read ({error.strerror})", "Check the file and its permissions") from None
    except UnicodeDecodeError:
        raise broken("is not UTF-8", "Save it as UTF-8") from None
    except RecursionError:
        raise broken("is nested too deep", "Presets are tables one inside another") from None
    except ValueError as error:
        raise broken(f"is not TOML: {error}", "Correct that place") from None


def _named(data: dict[str, Any]) -> dict[str, Any]:  # Any: TOML
    """As `explain` reads it, which calls tables of a list by their name or value."""
    listed = data.get("presets")
    if not isinstance(listed, list):
        return data
    return {"presets": [_by_slug(each) if isinstance(each, dict) else each for each in listed]}


def _by_slug(preset: dict[str, Any]) -> dict[str, Any]:  # Any: TOML
    return {key: value for key, value in preset.items() if key != "name"} | {"value": preset.get("slug")}

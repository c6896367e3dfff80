"""A model's questions and answers as JSON Schema 2020-12, for programs that draw forms or write clients. What a schema
cannot say is in `x-unit`, `x-titles` (of the values of `enum`, in their order), `x-file` and, of a sound, `x-rate`."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

from services.manifests.inputs import (
    BooleanInput,
    Bounded,
    ChoiceInput,
    DateInput,
    FileInput,
    ImagesInput,
    Input,
    IntegerInput,
    NumberInput,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.manifests.labelled import Labelled
from services.manifests.outputs import (
    ClassesOutput,
    EmbeddingOutput,
    NumberOutput,
    Output,
    ProbabilityOutput,
    SeriesOutput,
    SoundOutput,
    TableOutput,
    TextOutput,
)
from services.manifests.overlays import BoxesOutput, MaskOutput
from services.manifests.schema import Text

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TELLABLE: Final = 1e15  # a bound beyond that is the type's, and tells a reader nothing
MAX_DATA_URL: Final = 1_400_000  # characters: 1 MB in base64
DATA_URL: Final = r"^data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}$"
SOUND_URL: Final = r"^data:audio/[a-z0-9.+-]+(;[a-z]+=[a-z0-9.,_-]+)?;base64,[A-Za-z0-9+/]+={0,2}$"
Json = dict[str, Any]  # Any: JSON
PICTURE: Final[Json] = {
    "type": "string",
    "anyOf": [{"format": "uuid"}, {"pattern": DATA_URL, "maxLength": MAX_DATA_URL}],
    "x-file": "image",
}
"""The id of an upload, or the picture itself."""
SOUND: Final[Json] = {
    "type": "string",
    "anyOf": [{"format": "uuid"}, {"pattern": SOUND_URL, "maxLength": MAX_DATA_URL}],
    "x-file": "audio",
}
"""Likewise."""
SHARE: Final[Json] = {"type": "number", "minimum": 0, "maximum": 1}
IMAGE_ADDRESS: Final[Json] = {"format": "uri-reference", "x-file": "image"}


def input_schema(fields: Sequence[Input], *, title: str, language: str) -> Json:
    """Of the object that answers these questions. What has a default may be left out."""
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": {field.name: _question(field, language) for field in fields},
        "required": [field.name for field in fields if getattr(field, "default", None) is None],
        "additionalProperties": False,
    }


def output_schema(outputs: Iterable[Output], *, title: str, language: str) -> Json:
    """Of the object that holds the answers."""
    properties = {output.name: _told(output, language) | _answer(output, language) for output in outputs}
    return {
        "$schema": DIALECT,
        "title": title,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _question(field: Input, language: str) -> Json:
    schema = _told(field, language) | _type(field, language)
    for key, name in (("default", "default"), ("example", "examples")):
        sample = getattr(field, key, None)
        if sample is not None and not isinstance(field, FileInput | TableInput):
            plain = _plain(sample)
            schema[name] = plain if name == "default" else [plain]
    return schema


def _told(item: Input | Output, language: str) -> Json:
    told: Json = {"title": item.label.pick(language)}
    if item.help is not None:
        told["description"] = item.help.pick(language)
    unit: Text | None = getattr(item, "unit", None)
    return told if unit is None else told | {"x-unit": unit.pick(language)}


def _type(field: Input, language: str) -> Json:
    match field:
        case NumberInput() | IntegerInput():
            return _number(field)
        case ChoiceInput():
            return {
                "type": "string",
                "enum": [option.value for option in field.options],
                "x-titles": [option.label.pick(language) for option in field.options],
            }
        case BooleanInput():
            return {"type": "boolean"}
        case DateInput():
            return _date(field)
        case TextInput():
            return {"type": "string", "minLength": field.min_length, "maxLength": field.max_length}
    return _long(field, language)


def _long(field: Input, language: str) -> Json:
    match field:
        case SeriesInput():
            return _series(field, language)
        case TableInput():
            return _lines(field, language)
    return _file(field)


def _file(field: Input) -> Json:
    if isinstance(field, ImagesInput):
        return {"type": "array", "items": PICTURE, "minItems": field.min_count, "maxItems": field.max_count}
    if not isinstance(field, SoundInput):
        return PICTURE
    seconds = {"x-min-seconds": field.min_seconds, "x-max-seconds": field.max_seconds}
    return SOUND | {"x-rate": field.rate, **seconds}


def _lines(field: TableInput, language: str) -> Json:
    """An object for each line."""
    line: Json = {
        "type": "object",
        "properties": {column.name: _told(column, language) | _number(column) for column in field.columns},
        "required": [column.name for column in field.columns],
        "additionalProperties": False,
    }
    return {"type": "array", "items": line, "minItems": field.min_rows, "maxItems": field.max_rows}


def _number(field: Bounded) -> Json:
    low, above, high = field.narrowed(told=TELLABLE)
    bounds = {"minimum": low, "exclusiveMinimum": above, "maximum": high}
    whole = {key: _whole(bound) for key, bound in bounds.items() if bound is not None}
    return {"type": "integer" if field.whole else "number"} | whole


def _date(field: DateInput) -> Json:
    first, last = field.span
    bounds = {"formatMinimum": first, "formatMaximum": last}
    return {"type": "string", "format": "date"} | {key: day.isoformat() for key, day in bounds.items() if day}


def _series(field: SeriesInput, language: str) -> Json:
    numbers = {
        "type": "array",
        "items": _number(field),
        "minItems": field.min_length,
        "maxItems": field.max_length,
    }
    ways = [numbers, *([_source(field, language)] if field.sources else []), *([_paper(field)] if field.live else [])]
    return numbers if len(ways) == 1 else {"anyOf": ways}


def _source(field: SeriesInput, language: str) -> Json:
    return {
        "type": "string",
        "enum": [source.value for source in field.sources],
        "x-titles": [source.label.pick(language) for source in field.sources],
    }


def _paper(field: SeriesInput) -> Json:
    """Whose closes the shop fetches."""
    symbol: Json = {"type": "string", "minLength": 1, "maxLength": 64, "x-live": True}
    provider: Json = {"type": "string", "enum": sorted({source.provider for source in field.live})}
    return {
        "type": "object",
        "properties": {"symbol": symbol, "provider": provider, "accept": {"type": "string", "format": "date"}},
        "required": ["symbol"],
        "additionalProperties": False,
    }


def _answer(output: Output, language: str) -> Json:
    match output:
        case NumberOutput():
            return {"type": "number"}
        case ProbabilityOutput():
            return SHARE
        case ClassesOutput():
            return {
                "type": "object",
                "properties": {
                    "value": _class(output, language),
                    "probabilities": {
                        "type": "object",
                        "additionalProperties": SHARE,
                    },
                },
                "required": ["value", "probabilities"],
            }
        case TextOutput():
            return {"type": "string"}
        case SeriesOutput():
            return {"type": "array", "items": _point(output)}
    return _large(output, language)


def _table(output: TableOutput) -> Json:
    """Cells in the order of the columns."""
    count = len(output.columns)
    row: Json = {"type": "array", "items": {"type": ["number", "string"]}, "minItems": count, "maxItems": count}
    properties: Json = {
        "columns": {"type": "array", "items": {"type": "string"}, "examples": [[each.name for each in output.columns]]},
        "rows": {"type": "array", "items": row},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


def _large(output: Output, language: str) -> Json:
    match output:
        case SoundOutput():
            return {"type": ["string", "null"], **IMAGE_ADDRESS, "x-file": "audio"}
        case EmbeddingOutput():
            return {"type": "array", "items": {"type": "number"}}
        case TableOutput():
            return _table(output)
        case BoxesOutput():
            return _boxes(output, language)
        case MaskOutput():
            return _mask(output)
    return {"type": ["string", "null"]} | IMAGE_ADDRESS


def _boxes(output: BoxesOutput, language: str) -> Json:
    """Places are parts of the photo's width and height."""
    box: Json = {"box": {"type": "array", "items": SHARE, "minItems": 4, "maxItems": 4}, "score": SHARE}
    if output.classes:
        box["class"] = _class(output, language)
    boxes = {"type": "object", "properties": box, "required": list(box)}
    return _drawn({"found": {"type": "integer", "minimum": 0}, "boxes": {"type": "array", "items": boxes}})


def _mask(output: MaskOutput) -> Json:
    if output.holds == "share":
        return _drawn({"share": SHARE})
    return _drawn({"shares": {"type": "object", "additionalProperties": SHARE}})


def _drawn(properties: Json) -> Json:
    """`image` is left out where nothing was found to draw."""
    image: Json = {"type": "string"} | IMAGE_ADDRESS
    return {"type": "object", "properties": properties | {"image": image}, "required": list(properties)}


def _class(output: Labelled, language: str) -> Json:
    """Thousands of classes are named by nobody's form."""
    if len(output.classes) > 1000:
        return {"type": "string"}
    values = [each.value for each in output.classes]
    return {"type": "string", "enum": values, "x-titles": [each.label.pick(language) for each in output.classes]}


def _point(output: SeriesOutput) -> Json:
    """Of a band: low, middle and high."""
    if output.chart == "band":
        return {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}
    return {"type": "number"}


def _whole(bound: float) -> float:
    return int(bound) if math.isfinite(bound) and bound == int(bound) else bound


def _plain(sample: Any) -> Any:  # Any: a manifest's sample
    if hasattr(sample, "isoformat"):
        return sample.isoformat()
    return list(sample) if isinstance(sample, tuple) else sample

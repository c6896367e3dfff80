"""A row to try a model with: the manifest's examples, and something that fits where it gives none."""

import datetime as dt
import io
import random
from pathlib import Path
from typing import Final, cast

from services.inference.tensors import Row
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    FileInput,
    ImageInput,
    ImagesInput,
    Input,
    IntegerInput,
    Manifest,
    NumberInput,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.values.framing import Size
from services.values.kept_files import input_at, place_of
from services.values.parse import Value, default_value, example_value, parse_text
from services.values.ranges import number_example
from services.values.table_values import TableValue, check_table, load_table

EXAMPLE_PHOTO: Final[Size] = (96, 96)  # where the manifest names none
SMALL_PHOTO: Final[Size] = (111, 74)
NO_FILE: Final = "0" * 32


def example_row(manifest: Manifest, folder: Path) -> Row:
    values: dict[str, Value] = {}
    files: dict[str, bytes] = {}
    for field in manifest.inputs:
        if isinstance(field, ImageInput):
            files[field.name] = (folder / field.example).read_bytes() if field.example else drawing()
        elif isinstance(field, ImagesInput):
            files |= example_pictures(field, folder)
        elif isinstance(field, SoundInput):
            files[field.name] = example_sound(field, folder)
        if isinstance(field, TableInput) and field.example is not None:
            values[field.name] = load_table(folder, field)
        else:
            values[field.name] = sample_value(field)
    return Row(values=values, files=files)


def example_pictures(field: ImagesInput, folder: Path) -> dict[str, bytes]:
    """By their place in a row; without files as many drawings as are needed, no two alike."""
    if field.example is not None:
        pictures = [(folder / name).read_bytes() for name in field.example]
    else:
        pictures = [turned(drawing(), number) for number in range(field.min_count)]
    return {place_of(field.name, position): content for position, content in enumerate(pictures)}


def fullest_row(manifest: Manifest, example: Row) -> Row | None:
    """The example with as many pictures as the manifest takes; None where it has no more."""
    lists = [field for field in manifest.inputs if isinstance(field, ImagesInput)]
    values, files = dict(example.values), dict(example.files)
    for field in lists:
        values[field.name] = {"files": [NO_FILE] * field.max_count}
        for position in range(field.max_count):
            files.setdefault(place_of(field.name, position), turned(files[place_of(field.name, 0)], position))
    return Row(values=values, files=files) if files.keys() != example.files.keys() else None


def photo_sizes(manifest: Manifest) -> list[Size]:
    """Photos of several shapes and of the largest size, for a model whose pictures have free sides."""
    free = [field.prepare for field in manifest.inputs if isinstance(field, ImageInput) and field.prepare.free]
    if not free:
        return []
    most = max(spec.most for spec in free)
    wide = all(spec.size[0] == "free" for spec in free)
    tall = all(spec.size[1] == "free" for spec in free)
    return [
        SMALL_PHOTO,
        (SMALL_PHOTO[1], SMALL_PHOTO[0]),
        (most, most) if wide and tall else (most, 32) if wide else (32, most),
    ]


def gives_examples(manifest: Manifest) -> bool:
    """Whether every input has an example or a default of the manifest's."""
    return all(field.example is not None or getattr(field, "default", None) is not None for field in manifest.inputs)


def sample_value(field: Input) -> Value:
    """The example, else the default, else a value that the field allows."""
    for given in (example_value(field), default_value(field)):
        if given is not None:
            return given
    return _no_files(field) if isinstance(field, FileInput) else _invented(field)


def _no_files(field: FileInput) -> Value:
    if isinstance(field, ImagesInput):
        return {"files": [NO_FILE] * (len(field.example or ()) or field.min_count)}
    return {"file": NO_FILE}


def _invented(field: Input) -> Value:
    value: Value
    match field:
        case ChoiceInput():
            value = field.options[0].value
        case BooleanInput():
            value = False
        case DateInput():
            value = (field.span[1] or field.span[0] or dt.date(2020, 1, 1)).isoformat()
        case TextInput():
            value = "a" * max(1, field.min_length)
        case SeriesInput(sources=[source, *_]):
            value = {"source": source.value}
        case SeriesInput():
            value = [float(number_example(field))] * field.min_length
        case TableInput(columns=columns):
            line = [float(number_example(column)) for column in columns]
            value = {"columns": [column.name for column in columns], "rows": [line] * field.min_rows}
        case NumberInput() | IntegerInput():
            value = parse_text(field, number_example(field))
    return value


def drawing(size: Size = EXAMPLE_PHOTO) -> bytes:
    """A dark stroke on light paper: it has ink to be found and is no flat colour."""
    from PIL import Image, ImageDraw  # for a model without an example

    picture = Image.new("RGB", EXAMPLE_PHOTO, (245, 243, 235))
    ImageDraw.Draw(picture).line([(30, 25), (62, 22), (45, 75)], fill=(35, 35, 60), width=7)
    picture = picture.resize(size)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def example_sound(field: SoundInput, folder: Path) -> bytes:
    """As it would be kept. Without a file a tone that swells, in noise: neither silence nor one note."""
    from services.values.sounds import take_sound, wav_of  # for a model that listens

    if field.example is not None:
        with (folder / field.example).open("rb") as file:
            return take_sound(file, rate=field.rate, most=field.max_seconds)
    import numpy as np

    seconds = min(max(1.0, field.min_seconds), field.max_seconds)
    times = np.arange(max(1, int(seconds * field.rate))) / field.rate
    noise = np.random.default_rng(0).normal(0, 0.02, len(times))
    swelling = 0.4 * np.sin(2 * np.pi * 220 * times) * np.sin(np.pi * times / seconds)
    return wav_of(np.rint((swelling + noise).clip(-1, 1) * 32767).astype("<i2").tobytes(), field.rate)


def other_rows(manifest: Manifest, example: Row, count: int) -> list[Row]:
    """Rows like the example, each of other values that the manifest allows; always the same ones."""
    chance = random.Random(0)  # noqa: S311 - the same rows each time
    rows = []
    for number in range(count):
        values = {field.name: _other(field, example.values[field.name], chance) for field in manifest.inputs}
        pictures = {field.name for field in manifest.inputs if isinstance(field, ImageInput | ImagesInput)}
        mirrored = {at: turned(content, number) for at, content in example.files.items() if input_at(at) in pictures}
        files = {**example.files, **mirrored}
        rows.append(Row(values=values, files=files))
    return rows


def _other(field: Input, value: Value, chance: random.Random) -> Value:
    match field, value:
        case TableInput(), dict():
            value = _other_table(field, value, chance)
        case ChoiceInput(), _:
            return chance.choice(field.options).value
        case BooleanInput(), _:
            return chance.random() < 0.5
        case TextInput(), str() if len(value) + 2 <= field.max_length:
            return f"{value} {chance.choice('bcdefg')}"
        case SeriesInput(), list():
            return [_beside(field, float(number), chance) for number in value]
        case NumberInput() | IntegerInput(), int() | float():
            return _beside(field, value, chance)
    return value


def _other_table(field: TableInput, value: Value, chance: random.Random) -> Value:
    table = check_table(field, cast(TableValue, value))
    pairs = [zip(field.columns, line, strict=True) for line in table["rows"]]
    return {**table, "rows": [[_beside(column, number, chance) for column, number in pair] for pair in pairs]}


def _beside(field: NumberInput | IntegerInput | SeriesInput, number: float, chance: random.Random) -> float:
    """A number not far from it that the field allows, else the number itself."""
    other = number * chance.uniform(0.3, 2) + chance.uniform(-2, 2)
    low, high = field.min, field.max
    other = other if low is None else max(other, low)
    other = other if high is None else min(other, high)
    if isinstance(field, IntegerInput) or field.whole:
        other = round(other)
    least, most = field.capacity
    return other if field.allows(other) and least <= other <= most and field.holds(other) else number


def turned(content: bytes, number: int) -> bytes:
    """The picture as a mirror shows it, upside down, or both; as large as it was."""
    from PIL import Image, ImageOps  # for a model that looks at pictures

    picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    seen = (ImageOps.mirror, ImageOps.flip, lambda each: ImageOps.flip(ImageOps.mirror(each)))[number % 3](picture)
    stream = io.BytesIO()
    seen.save(stream, "PNG")
    return stream.getvalue()

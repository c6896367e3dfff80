"""Files of a model's folder that its manifest names."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from services.manifests.alphabets import AlphabetUnreadable, read_alphabet
from services.manifests.errors import ManifestError
from services.manifests.inputs import ImageInput, ImagesInput, Input, SeriesInput, SoundInput, TableInput, TextInput
from services.manifests.labels import LabelsUnreadable, read_labels
from services.manifests.outputs import FEWEST_CLASSES

if TYPE_CHECKING:
    from services.manifests.manifest import Manifest

MANIFEST: Final = "manifest.toml"
_PERMISSIONS: Final = "Check the file's owner and permissions"


def find_file(folder: Path, name: str) -> Path | None:
    """A plain file right inside the folder, or None; a link that leads elsewhere is none."""
    path = folder / name
    try:
        return path if path.is_file() and path.resolve().parent == folder.resolve() else None
    except (OSError, ValueError):  # a name that no file can have
        return None


def fill_in_files(folder: Path, data: dict[str, Any]) -> None:  # Any: TOML
    """What files of the folder list, put where the manifest names them: `labels` of outputs as `classes`, `characters`
    as `alphabet`. What else is wrong is for validation."""
    for output in _tables(data, "outputs"):
        place = f"outputs.{output.get('name')}"
        _fill_in(folder, output, place, key="labels", into="classes", read=_read_classes)
        _fill_in(folder, output, place, key="characters", into="alphabet", read=read_alphabet)
    for field in _tables(data, "inputs"):
        if isinstance(tensor := field.get("tensor"), dict):
            place = f"inputs.{field.get('name')}.tensor"
            _fill_in(folder, tensor, place, key="characters", into="alphabet", read=read_alphabet)


def check_files(folder: Path, manifest: "Manifest") -> None:
    """They are there, can be read, and are those that the manifest means. Raises ManifestError."""
    for key, name in manifest.runtime.files.items():
        _require(folder, name, f"runtime.{key}")
    if (complaint := manifest.runtime.complaint(folder)) is not None:
        raise _wrong(folder, f"runtime.{complaint[0]}", *complaint[1:])
    for field in manifest.inputs:
        for key, name in files_of(field).items():
            _require(folder, name, f"inputs.{field.name}.{key}")
        if isinstance(field, TextInput) and field.tensor is not None and field.tensor.tokenizer is not None:
            complaint = field.tensor.complaint(folder)
            if complaint is not None:
                raise _wrong(folder, f"inputs.{field.name}.tensor.{complaint[0]}", *complaint[1:])


def files_of(field: Input) -> Mapping[str, str]:
    """Names by key of the files of the folder that an input has."""
    match field:
        case SeriesInput():
            return {f"sources.{source.value}.file": source.file for source in field.sources}
        case ImageInput(example=str(example)) | SoundInput(example=str(example)) | TableInput(example=str(example)):
            return {"example": example}
        case ImagesInput(example=tuple(examples)):
            return {f"example.{position}": name for position, name in enumerate(examples, start=1)}
        case TextInput(tensor=tensor) if tensor is not None:
            own = {"tensor.characters": tensor.characters, "tensor.tokenizer": tensor.tokenizer}
            return {key: name for key, name in own.items() if name is not None and tensor.package is None}
    return {}


def _require(folder: Path, name: str, key: str) -> None:
    if (path := find_file(folder, name)) is None:
        raise _wrong(folder, key, *_why_missing(folder, name))
    try:
        path.open("rb").close()
    except OSError as error:
        raise _wrong(folder, key, f'"{name}" cannot be read ({error.strerror})', _PERMISSIONS) from None


def _wrong(folder: Path, key: str, problem: str, fix: str) -> ManifestError:
    return ManifestError(file=str(folder / MANIFEST), key=key, problem=problem, fix=fix)


def _why_missing(folder: Path, name: str) -> tuple[str, str]:
    """Problem and fix of what `find_file` does not find."""
    if (folder / name).is_file():
        return f'"{name}" is a link that leads out of the folder', "Put a copy of the file there"
    return f'there is no file "{name}" in the folder', "Put it there or correct the name"


def _tables(data: dict[str, Any], key: str) -> Iterator[dict[str, Any]]:  # Any: as above
    listed = data.get(key)
    yield from (table for table in listed if isinstance(table, dict)) if isinstance(listed, list) else ()


def _fill_in(
    folder: Path,
    table: dict[str, Any],  # Any: as above
    place: str,
    *,
    key: str,
    into: str,
    read: Callable[[Path], list[Any]],
) -> None:
    if not isinstance(name := table.get(key), str):
        return
    try:
        if into in table:
            raise LabelsUnreadable(f"says again what {into} says", "Keep one of the two")
        if (path := find_file(folder, name)) is None:
            raise LabelsUnreadable(*_why_missing(folder, name))
        table[into] = read(path)
    except (LabelsUnreadable, AlphabetUnreadable) as error:
        raise _wrong(folder, f"{place}.{key}", str(error), error.fix) from None
    except OSError as error:
        problem = f'"{name}" cannot be read ({error.strerror})'
        raise _wrong(folder, f"{place}.{key}", problem, _PERMISSIONS) from None


def _read_classes(path: Path) -> list[Any]:  # Any: as above
    classes = read_labels(path)
    if (count := len(classes)) < FEWEST_CLASSES:
        raise LabelsUnreadable(f"names {count} classes", f"Name at least {FEWEST_CLASSES}")
    return classes

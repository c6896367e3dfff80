"""The kept files that a stored answer names, and where a row has their bytes."""

from collections.abc import Mapping


def ids_in(value: object) -> list[str]:
    """Hex ids as they stand there; rubbish is for whoever parses them."""
    match value:
        case {"file": str(file)}:
            return [file]
        case {"files": [*files]}:
            return [str(file) for file in files]
    return []


def places_in(name: str, value: object) -> dict[str, str]:
    """Ids by their key in `Row.files`: the input's name, with a number behind it where it takes several."""
    ids = ids_in(value)
    if isinstance(value, dict) and "file" in value:
        return dict.fromkeys([name], ids[0]) if ids else {}
    return {place_of(name, position): file_id for position, file_id in enumerate(ids)}


def place_of(name: str, position: int) -> str:
    return f"{name}.{position}"


def input_at(place: str) -> str:
    """The name of the input whose file stands there."""
    return place.partition(".")[0]


def contents_in(name: str, value: object, files: Mapping[str, bytes]) -> list[bytes]:
    """Raises KeyError where one is missing."""
    return [files[place] for place in places_in(name, value)]

"""Where a form may lead on to: nowhere else than here."""

import pytest

from web.kit.places import own_place


@pytest.mark.parametrize("place", ["/", "/models/wine?alcohol=13%2C2&note=a", "/styles#c-1", "/a:b"])
def test_our_own(place: str) -> None:
    assert own_place(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "javascript:alert(1)",
        "models/wine",
        "",
        None,
        "/" + "a" * 3000,
    ],
)
def test_anything_else_is_home(place: str | None) -> None:
    assert own_place(place) == "/"

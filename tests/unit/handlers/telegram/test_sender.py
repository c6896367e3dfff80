"""What comes together in one message."""

from handlers.telegram.screen import Document, Screen
from handlers.telegram.sender import album


def _photo(size: int = 1) -> Screen:
    return Screen(text="", photo=bytes(size))


def _file(size: int = 1) -> Screen:
    return Screen(text="", document=Document(name="a", content=bytes(size)))


def test_ten_and_no_more_than_a_request_may_have() -> None:
    assert album([_photo()] * 12) == 10
    assert album([_photo()] * 12, 1) == 1
    assert album([_photo(9_000_000)] * 10) == 5
    assert album([_file(60_000_000), _file()]) == 1


def test_photos_and_files_do_not_mix() -> None:
    assert album([_photo(), _photo(), _file()]) == 2
    assert album([_file(), _photo()]) == 1

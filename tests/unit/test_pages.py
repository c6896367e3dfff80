"""Pages of a list: none is empty but that of an empty list, and none lies outside."""

import pytest

from services.pages import page_of


@pytest.mark.parametrize(
    ("count", "page", "shown", "which", "pages"),
    [
        (0, 0, [], 0, 1),
        (0, 5, [], 0, 1),
        (3, 0, [0, 1, 2], 0, 1),
        (4, 1, [3], 1, 2),
        (4, 9, [3], 1, 2),
        (4, -1, [0, 1, 2], 0, 2),
        (6, 1, [3, 4, 5], 1, 2),
    ],
)
def test_pages_of_three(count: int, page: int, shown: list[int], which: int, pages: int) -> None:
    found = page_of(range(count), page, 3)
    assert (list(found.items), found.page, found.pages) == (shown, which, pages)

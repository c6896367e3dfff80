"""Answers in words, also those that an older manifest took."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from i18n.inputs import SHOWN, value_words
from services.manifests.manifest import Manifest
from tests.unit.handlers.form.samples import everything
from tests.unit.handlers.form.walk import CATALOGUES

MANIFEST: Manifest = everything()

scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=80)
json = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner))


@given(
    st.sampled_from(MANIFEST.inputs), json | st.fixed_dictionaries({"source": scalars}), st.sampled_from(["ru", "en"])
)
def test_anything_stored_can_be_shown(field: Any, value: Any, language: str) -> None:
    assert len(value_words(field, value, CATALOGUES[language])) <= SHOWN


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("number", 13.0, "13 %"),
        ("number", 13.123456, "13,123456 %"),
        ("number", 0.1 + 0.2, "0,3 %"),
        ("number", 1e-20, "1e-20 %"),
        ("integer", 12345, "12 345"),
        ("date", "2025-05-09", "09.05.2025"),
        ("date", "someday", "someday"),
        ("choice", "blue", "blue"),
        ("series", [1.0], "1 значение, последнее 1 ₽"),
        ("series", [1.0] * 5 + [2.5], "6 значений, последнее 2,5 ₽"),
        ("series", {"source": "gone"}, "gone"),
    ],
)
def test_in_russian(name: str, value: Any, words: str) -> None:
    assert value_words(MANIFEST.input(name), value, CATALOGUES["ru"]) == words

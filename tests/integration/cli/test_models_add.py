"""`kassandra models add` and `remove`: a file of the server becomes a model of the shop."""

from pathlib import Path

from tests.integration.cli.test_commands import Here
from tests.support.uploads import linear

TOKEN = "123456:AAAAAAAAAAAAAAAAAAAAAAAAA"


def test_from_a_file_to_a_sale_and_out_again(tmp_path: Path) -> None:
    shop = Here(tmp_path)
    shop.environment["MODELS_DIR"] = str(tmp_path / "store")
    (tmp_path / "store" / "wine").mkdir(parents=True)
    shop.environment["BOT_TOKEN"] = TOKEN
    shop.has_tables()
    file = tmp_path / "rent.onnx"
    file.write_bytes(linear())
    assert "take another slug" in shop.fails("models", "add", str(file), "--slug", "wine")
    assert "say --title-ru" in shop.fails("models", "add", str(file), "--publish")
    told = ("--title-ru", "Аренда", "--title-en", "Rent", "--price", "3,50")
    code, said, _ = shop.run("models", "add", str(file), "--publish", *told)
    assert code == 0
    assert "This very file is here already: rent, version 1." in said
    assert "On sale: rent, version 1" in said
    assert "uploaded  Rent" in shop.run("models", "list")[1]
    file.write_bytes(linear(2))
    assert "On sale: rent, version 2" in shop.run("models", "add", str(file), "--slug", "rent", "--publish")[1]
    assert shop.run("models", "remove", "rent")[0] == 0
    assert "no uploaded model is called rent" in shop.fails("models", "remove", "rent")


def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path) -> None:
    shop = Here(tmp_path)
    shop.environment["BOT_TOKEN"] = TOKEN
    shop.has_tables()
    (tmp_path / "bad.onnx").write_bytes(b"\x80\x04")
    assert "it is a Python pickle" in shop.fails("models", "add", str(tmp_path / "bad.onnx"))

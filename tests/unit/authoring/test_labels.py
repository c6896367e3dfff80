"""Where the names of classes are found, however they are written."""

from pathlib import Path

import pytest

from services.authoring.labels import distinct, listed_labels, parse_list, read_labels
from services.inference.errors import ModelBroken


@pytest.mark.parametrize(
    ("raw", "labels"),
    [
        ('["cat", "don\'t know"]', ("cat", "don't know")),
        ("['cat', 'dog']", ("cat", "dog")),
        ("{0: 'tench', 1: 'goldfish', 10: 'shark', 2: 'ray'}", ("tench", "goldfish", "ray", "shark")),
        ('{"0": "no", "1": "yes"}', ("no", "yes")),
        ('{"no": 0, "yes": 1}', ("no", "yes")),
        ("0\n90\n180\n270", ("0", "90", "180", "270")),
        ("setosa, versicolor", ("setosa", "versicolor")),
        ("[3, 5, 8]", ("3", "5", "8")),
        ("a sentence without any list", ()),
        ("[1.5, 2.5]", ()),
        ("{broken", ()),
        ("[" * 5000, ()),
        ("", ()),
    ],
)
def test_lists_as_they_are_written(raw: str, labels: tuple[str, ...]) -> None:
    assert parse_list(raw) == labels


def test_any_metadata_that_lists_as_many_texts_as_there_are_columns() -> None:
    metadata = {"feature_names": "a,b,c", "task": "classify", "imgsz": "[224, 224]", "zoo": "cat,dog,cow"}
    assert listed_labels(metadata, 3) == ("cat", "dog", "cow")
    assert listed_labels(metadata | {"names": "x,y,z"}, 3) == ("x", "y", "z")
    assert listed_labels(metadata, 4) == ()


def test_equal_and_empty_labels() -> None:
    assert [value for value, _ in distinct(["crane", "dog", "crane", "", " "])] == [
        *("crane", "dog", "crane (2)"),
        *("(none)", "(none) (2)"),
    ]


def test_a_labels_file(tmp_path: Path) -> None:
    file = tmp_path / "labels.txt"
    for text in ("кошка\nсобака\n", '["кошка", "собака"]', "\ufeffкошка\r\nсобака"):
        file.write_bytes(text.encode())
        assert read_labels(file) == ("кошка", "собака")
    file.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ModelBroken, match="not UTF-8"):
        read_labels(file)
    with pytest.raises(ModelBroken, match="No such file"):
        read_labels(tmp_path / "absent.txt")

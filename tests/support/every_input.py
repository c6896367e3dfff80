"""A model that asks in every way but for a picture, and answers what it was told."""

import hashlib
from pathlib import Path

import onnx
from onnx import TensorProto, helper

MANIFEST = """
slug = "every-input"
version = "1.0.0"
price = "1.50"
title = {{ ru = "Все вопросы", en = "Every question" }}

[runtime]
kind = "onnx"
file = "model.onnx"
sha256 = "{sha256}"

[[inputs]]
name = "amount"
type = "number"
label = {{ ru = "Сумма", en = "Amount" }}
unit = {{ ru = "руб.", en = "RUB" }}
min = 0.5
max = 1000
default = 10
example = 12.5
tensor = {{ name = "X" }}

[[inputs]]
name = "rooms"
type = "integer"
label = {{ ru = "Комнаты", en = "Rooms" }}
min = 1
max = 9
example = 3
tensor = {{ name = "X" }}

[[inputs]]
name = "colour"
type = "choice"
label = {{ ru = "Цвет", en = "Colour" }}
options = [
  {{ value = "red", label = {{ ru = "Красный", en = "Red" }} }},
  {{ value = "blue", label = {{ ru = "Синий", en = "Blue" }} }},
]
example = "blue"
tensor = {{ name = "X" }}

[[inputs]]
name = "balcony"
type = "boolean"
label = {{ ru = "Балкон", en = "Balcony" }}
example = true
tensor = {{ name = "X" }}

[[inputs]]
name = "day"
type = "date"
label = {{ ru = "День", en = "Day" }}
min = 2020-01-01
max = 2030-12-31
example = 2026-11-21
tensor = {{ name = "X" }}

[[inputs]]
name = "note"
type = "text"
label = {{ ru = "Заметка", en = "Note" }}
max_length = 500
example = "A quiet yard"
tensor = {{ name = "T" }}

[[inputs]]
name = "prices"
type = "series"
label = {{ ru = "Цены", en = "Prices" }}
min_length = 3
max_length = 5
example = [1, 2, 3]
tensor = {{ name = "S" }}

[[outputs]]
name = "told"
type = "series"
label = {{ ru = "Ответы", en = "Answers" }}
tensor = "Y"

[[outputs]]
name = "said"
type = "text"
label = {{ ru = "Заметка", en = "Note" }}
tensor = "U"

[[outputs]]
name = "mean"
type = "number"
label = {{ ru = "Средняя цена", en = "Mean price" }}
tensor = "M"
"""


def add_every_input(store: Path) -> None:
    folder = store / "every-input"
    folder.mkdir(parents=True)
    floats, texts = TensorProto.FLOAT, TensorProto.STRING
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [
            helper.make_node("Identity", ["X"], ["Y"]),
            helper.make_node("Identity", ["T"], ["U"]),
            helper.make_node("ReduceMean", ["S"], ["M"], axes=[1], keepdims=1),
        ],
        "every_input",
        [value("X", floats, ["N", 5]), value("T", texts, ["N", 1]), value("S", floats, ["N", "L"])],
        [value("Y", floats, ["N", 5]), value("U", texts, ["N", 1]), value("M", floats, ["N", 1])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content = model.SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    (folder / "manifest.toml").write_text(MANIFEST.format(sha256=hashlib.sha256(content).hexdigest()), "utf-8")

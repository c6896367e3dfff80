"""Manifests for the sandbox's models."""

import json

IRIS = """
[[inputs]]
name = "measures"
type = "series"
label = "Measures in cm"
min_length = 4
max_length = 4
example = [5.1, 3.5, 1.4, 0.2]
tensor = { name = "measurements" }

[[outputs]]
name = "species"
type = "classes"
label = "Species"
tensor = "probabilities"
label_tensor = "species"
classes = [
  { value = "setosa", label = "Setosa" },
  { value = "versicolor", label = "Versicolor" },
  { value = "virginica", label = "Virginica" },
]
"""
SKETCH = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
prepare = { size = ["free", "free"], longest = 1024 }
tensor = { name = "photo" }

[[outputs]]
name = "sketch"
type = "image"
label = "Sketch"
tensor = "sketch"
shape_of = "photo"
"""
GREETING = """
[[inputs]]
name = "name"
type = "text"
label = "Name"
example = "Анна"
tensor = { name = "name" }

[[outputs]]
name = "greeting"
type = "text"
label = "Greeting"
tensor = "greeting"
"""
AVERAGE = """
[[inputs]]
name = "numbers"
type = "series"
label = "Numbers"
min_length = 1
max_length = 100
tensor = { name = "numbers" }

[[outputs]]
name = "average"
type = "number"
label = "Average"
tensor = "average"
"""
NUMBER = """
[[inputs]]
name = "x"
type = "{type}"
label = "X"
example = {example}
tensor = {{ name = "x"{dtype} }}

[[outputs]]
name = "y"
type = "number"
label = "Y"
tensor = "{output}"
"""
TOTAL = """
[[inputs]]
name = "pair"
type = "series"
label = "Pair"
min_length = 2
max_length = 2
tensor = { name = "pair" }

[[outputs]]
name = "total"
type = "number"
label = "Total"
tensor = "total"
"""
PARTS = {
    "iris": IRIS,
    "sketch": SKETCH,
    "greeting": GREETING,
    "average": AVERAGE,
    "total": TOTAL,
    "crowd": NUMBER.format(type="number", example=4.0, dtype="", output="share"),
    "root": NUMBER.format(type="number", example=4.0, dtype="", output="root"),
}
WHOLE = {"uint8", "uint16", "uint32", "int8", "int16", "int32", "int64"}


def manifest_text(name: str, url: str, *, parts: str = "", **runtime: object) -> str:
    """`name` is the model's at the server, and the slug; `parts` in place of its usual inputs and outputs."""
    told = {"kind": "open-inference", "url": url, "model": name, "max_batch": 8} | runtime
    lines = [f"{key} = {toml(value)}" for key, value in told.items() if value is not None]
    head = f'slug = "{name}"\nversion = "1"\ntitle = "{name.title()}"\nprice = "1.00"\n[runtime]\n'
    return head + "\n".join(lines) + "\n" + (parts or PARTS.get(name) or _echo(name.removeprefix("echo-")))


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _echo(datatype: str) -> str:
    dtype = {"fp16": "float16", "fp32": "float32", "fp64": "float64", "bf16": "float32"}.get(datatype, datatype)
    if dtype == "bytes":
        return NUMBER.format(type="text", example='"раз"', dtype="", output="y").replace(
            'type = "number"\nlabel = "Y"', 'type = "text"\nlabel = "Y"'
        )
    kind = "boolean" if dtype == "bool" else "integer" if dtype in WHOLE else "number"
    example = {"boolean": "true", "integer": "100", "number": "1.5"}[kind]
    return NUMBER.format(type=kind, example=example, dtype=f', dtype = "{dtype}"', output="y")

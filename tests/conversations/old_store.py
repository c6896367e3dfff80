"""The models of the shop whose database is `tests/data/shop-45fa053.sql`."""

from pathlib import Path

from tests.conversations.shopping import STORE
from tests.unit.inference.models import FLOAT, NUMBER_X, NUMBER_Y, graph, node, weight, write_model

QUESTION = NUMBER_X.replace("label", "example = 0.5\nlabel")
SERIES = '[[outputs]]\nname = "path"\ntype = "series"\nlabel = "Path"\ntensor = "Y"\nchart = "line"\n'
PICTURES = """[[outputs]]
name = "cartoon"
type = "image"
label = "Cartoon"
tensor = "Y0"
[[outputs]]
name = "sketch"
type = "image"
label = "Sketch"
tensor = "Y1"
"""


def write_store(folder: Path) -> Path:
    """The three models of the house; `logarithm`, which has no answer for what is below zero; `long`, whose series
    comes as a table; `two`, which paints two pictures."""
    for slug in ("digit", "investment-risk", "wine"):
        (folder / slug).symlink_to(STORE / slug)
    one = [("X", FLOAT, ["N", 1])]
    write_model(
        folder, graph([node("Log", ["X"], ["Y"])], one, [("Y", FLOAT, ["N", 1])]), QUESTION + NUMBER_Y, slug="logarithm"
    )
    steps = weight("row", [[float(step) for step in range(60)]])
    long = graph([node("Mul", ["X", "row"], ["Y"])], one, [("Y", FLOAT, ["N", 60])], [steps])
    write_model(folder, long, QUESTION + SERIES, slug="long")
    weights = [weight("point", [1, 1, 1, 1], "int64")]
    weights += [weight(f"shape{number}", [1, 3, side, side], "int64") for number, side in enumerate((8, 9))]
    nodes = [node("Reshape", ["X", "point"], ["x"])]
    nodes += [node("Expand", ["x", f"shape{number}"], [f"Y{number}"]) for number in (0, 1)]
    painted = [(f"Y{number}", FLOAT, [1, 3, side, side]) for number, side in enumerate((8, 9))]
    two = graph(nodes, one, painted, weights)
    write_model(folder, two, QUESTION + PICTURES, slug="two", runtime="max_batch = 1")
    return folder

"""One that a file has taken over: it answers with half of a character."""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (drafts,) = (each for each in folder.iterdir() if each.is_dir())
    (folder / "sent.onnx").rename(drafts / "model.onnx")
    sys.stdout.write(json.dumps({"manifest": "", "files": {"labels.txt": "\ud800"}, "notes": [], "changes": []}))

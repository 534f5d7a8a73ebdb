"""The files that travel inside the package: the networks, and the card database of the demo.

In the repository they are links to its folders `models` and `database/demo`; an installed package holds the files.
"""

from importlib.resources import files
from pathlib import Path

FOLDER = Path(str(files("edge.shipped")))
MODELS = FOLDER / "models"
EMBEDDING_MODEL = MODELS / "demo.onnx"
OUTLINE_MODEL = MODELS / "outline.onnx"
SIDE_MODEL = MODELS / "sides.onnx"
DEMO_DATABASE = FOLDER / "database" / "demo"

"""Card databases: the gallery of known cards, searched by embedding."""

# Loading usearch (2.26) before onnxruntime (1.31) ends the process with a segmentation fault; the other order works.
import onnxruntime as _onnxruntime  # noqa: F401

from edge.database.search import CardDatabase, Match

__all__ = ["CardDatabase", "Match"]

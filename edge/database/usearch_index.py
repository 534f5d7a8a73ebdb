"""usearch's index, for everything that opens one: what it needs to be loaded safely stands here alone."""

# Loading usearch (2.26) before onnxruntime (1.31) ends the process with a segmentation fault; the other order works.
import onnxruntime as _onnxruntime  # noqa: F401
from usearch.index import Index

__all__ = ["Index"]

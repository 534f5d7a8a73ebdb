"""What a written ONNX file should not carry."""

from pathlib import Path

import onnx


def remove_traces(path: Path) -> None:
    """Take the exporter's notes out of an ONNX file: where in whose source files each node came from."""
    model = onnx.load(path)
    graphs = [model.graph, *model.functions]
    for holder in (model, *graphs):
        del holder.metadata_props[:]
    for graph in graphs:
        for node in graph.node:
            del node.metadata_props[:]
            node.doc_string = ""
        for value in (*graph.value_info, *getattr(graph, "input", ()), *getattr(graph, "output", ())):
            if hasattr(value, "metadata_props"):
                del value.metadata_props[:]
    onnx.save(model, path)

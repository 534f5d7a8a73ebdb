"""Opens the networks that ONNX Runtime runs, each only if it is the one that its manifest describes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state

from edge.errors import ModelError
from edge.manifests import check_model_file, read_network_manifest

Shape = tuple[int | None, ...]
"""Of a tensor; None is a size that may differ from run to run."""

# ONNX Runtime's exceptions have no common base of their own.
RUNTIME_ERRORS = (
    RuntimeError,
    ValueError,
    onnxruntime_pybind11_state.EPFail,
    onnxruntime_pybind11_state.Fail,
    onnxruntime_pybind11_state.InvalidArgument,
    onnxruntime_pybind11_state.InvalidGraph,
    onnxruntime_pybind11_state.InvalidProtobuf,
    onnxruntime_pybind11_state.NoModel,
    onnxruntime_pybind11_state.NotImplemented,
    onnxruntime_pybind11_state.RuntimeException,
)
_REMEDY = "copy it and its manifest, export it, or install the program again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a network takes and gives, all of it float32.

    Attributes:
        inputs: name -> shape, of all inputs.
        outputs: name -> shape, of the outputs that are used.
    """

    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


def open_network(path: Path, signature: Signature, threads: int = 1) -> onnxruntime.InferenceSession:
    """Check a network against its manifest and against what it is used for, and open it.

    Args:
        path: `<name>.onnx`; its manifest is `<name>.json` in the same folder.
        signature: what it must take and give.
        threads: that one run may use.

    Raises:
        ModelError: naming the file that is missing, damaged or of another network.
    """
    if not path.exists():
        raise ModelError(f"there is no network {path}; {_REMEDY}")
    check_model_file(path, read_network_manifest(path.with_suffix(".json")))
    session = _open_session(path, threads)
    _check_inputs(path, session.get_inputs(), signature.inputs)
    _check_outputs(path, session.get_outputs(), signature.outputs)
    return session


def one_line(cause: Exception) -> str:
    """What ONNX Runtime says of a failure, as a part of a sentence."""
    return " ".join(str(cause).split())[:300]


def _open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Batches and pictures of several sizes come: an arena would keep the most that any of them took.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except RUNTIME_ERRORS as cause:
        raise ModelError(f"{path} is not a network that ONNX Runtime can run ({one_line(cause)}); {_REMEDY}") from cause


def _check_inputs(path: Path, nodes: Sequence[onnxruntime.NodeArg], wanted: Mapping[str, Shape]) -> None:
    given = {node.name: _shape(node) for node in nodes}
    if given != wanted or any(node.type != "tensor(float)" for node in nodes):
        types = ", ".join(f"{node.name} {node.type}" for node in nodes)
        raise ModelError(
            f"{path} is another network: it takes {_described(given)} ({types}), not {_described(wanted)} in float32 "
            f"('any' is a size that is not fixed); {_REMEDY}"
        )


def _check_outputs(path: Path, nodes: Sequence[onnxruntime.NodeArg], wanted: Mapping[str, Shape]) -> None:
    """Check names and those sizes that the graph states; a run shows the others."""
    given = {node.name: _shape(node) for node in nodes}
    if any(name not in given or _differ(given[name], shape) for name, shape in wanted.items()):
        raise ModelError(
            f"{path} is another network: it gives {_described(given)}, not {_described(wanted)}; {_REMEDY}"
        )


def _shape(node: onnxruntime.NodeArg) -> Shape:
    return tuple(size if isinstance(size, int) else None for size in node.shape)


def _differ(given: Shape, wanted: Shape) -> bool:
    if not given:
        return False
    sizes = zip(given, wanted, strict=False)
    return len(given) != len(wanted) or any(None not in pair and pair[0] != pair[1] for pair in sizes)


def _described(tensors: Mapping[str, Shape]) -> str:
    sizes = {name: ", ".join("any" if size is None else str(size) for size in shape) for name, shape in tensors.items()}
    return " and ".join(f"{name} [{shape}]" for name, shape in sizes.items())

"""The daemon at full size: a model of 768 dimensions and a database of 17,592 cards, on the simulated bench.

Until a model and a gallery of that size are trained and built, they are made from the ones that are there: each
embedding is repeated and scaled, which keeps every distance, and made-up cards fill the gallery.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.database.benchmark import FULL_SIZE_CARDS, FULL_SIZE_DIMENSION, made_up_gallery, random_unit_vectors
from edge.database.build import Gallery, write_bundle
from edge.database.bundle import EMBEDDINGS_FILE, LookalikeGroup, LookalikeMember, read_metadata, read_rows
from edge.database.hashes import HASHES_FILE
from edge.database.references import names_of
from edge.database.search import CardDatabase
from edge.embedding.onnx import OUTPUT_NAME
from edge.errors import ConfigurationError
from edge.manifests import ModelManifest, file_sha256, read_model_manifest
from edge.outside.daemon_benchmark import DaemonBenchmark, measure_daemon
from edge.settings.sections import RecognitionSettings

_NARROW = "narrow"
_COPY = "'s copy of "


def measure_full_size(recognition: RecognitionSettings, source: str, duration_s: float) -> DaemonBenchmark:
    """Run the daemon with a widened model and a filled-up database.

    Args:
        recognition: the model and database to start from.
        source: a scenario of the simulated bench.
        duration_s: from the first frame on.

    Raises:
        ScannerError: if they cannot be widened, or the daemon ends.
    """
    with TemporaryDirectory() as scratch:
        model = Path(scratch) / "full-size.onnx"
        manifest = widen_model(recognition.model, model, FULL_SIZE_DIMENSION)
        database = Path(scratch) / "full-size"
        narrow = CardDatabase.open(recognition.database, read_model_manifest(recognition.model.with_suffix(".json")))
        write_bundle(database, fill_up(narrow, manifest, FULL_SIZE_CARDS))
        return measure_daemon(source, duration_s, recognition.model_copy(update={"model": model, "database": database}))


def widen_model(source: Path, output: Path, dimension: int) -> ModelManifest:
    """Write a model whose embedding is that of `source`, repeated and scaled to unit length; and its manifest.

    Raises:
        ConfigurationError: if `dimension` is not a multiple of the model's own.
    """
    manifest = read_model_manifest(source.with_suffix(".json"))
    times = repetitions(manifest.dimension, dimension)
    model = onnx.load(source)
    graph = model.graph
    for node in graph.node:
        node.output[:] = [_NARROW if name == OUTPUT_NAME else name for name in node.output]
    graph.initializer.append(numpy_helper.from_array(np.array(times**-0.5, np.float32), "widening"))
    graph.node.append(helper.make_node("Concat", [_NARROW] * times, ["repeated"], axis=1))
    graph.node.append(helper.make_node("Mul", ["repeated", "widening"], [OUTPUT_NAME]))
    batch = graph.output[0].type.tensor_type.shape.dim[0].dim_param
    graph.output.pop()
    graph.output.append(helper.make_tensor_value_info(OUTPUT_NAME, TensorProto.FLOAT, [batch, dimension]))
    onnx.save(model, output)
    digest = file_sha256(output)
    wide = manifest.model_copy(
        update={
            "model_id": f"{output.stem}-{digest[:12]}",
            "file": output.name,
            "sha256": digest,
            "dimension": dimension,
        }
    )
    output.with_suffix(".json").write_text(json.dumps(wide.model_dump()), encoding="utf-8")
    return wide


def fill_up(database: CardDatabase, model: ModelManifest, cards: int) -> Gallery:
    """The cards of a database, for a widened model, and made-up ones up to `cards`.

    The made-up ones have random embeddings and hashes. Each has the details and the picture of one of the database's
    cards, whose look-alikes they repeat as well: so a gallery of that size holds as much as a real one.
    """
    own = np.load(database.path / EMBEDDINGS_FILE, mmap_mode="r")
    times = repetitions(own.shape[1], model.dimension)
    metadata, rows = read_metadata(database.path), read_rows(database.path)
    rng = np.random.default_rng(0)
    made_up = made_up_gallery(random_unit_vectors(rng, 2 * (cards - len(metadata)), model.dimension))
    stand_ins = dict(zip(made_up.metadata, cycle(sorted(metadata)), strict=False))
    copied = [_copied(group, ids) for ids in _turns(stand_ins) for group in database.lookalikes]
    groups = [group for group in copied if group is not None]
    embeddings: NDArray[np.float32] = np.concatenate(
        [np.tile(own, times) * np.float32(times**-0.5), made_up.embeddings]
    )
    prints = {card_id: picture for card_id in metadata if (picture := database.print_reference(card_id)) is not None}
    hashes = np.load(database.path / HASHES_FILE)
    return replace(
        made_up,
        model=model,
        embeddings=embeddings,
        rows=[*rows, *made_up.rows],
        metadata=metadata | {card_id: metadata[own_id] for card_id, own_id in stand_ins.items()},
        calibration=database.manifest.calibration,
        lookalikes=(*database.lookalikes, *groups),
        references={
            name: database.reference(name.rpartition(_COPY)[2]) for name in names_of((*database.lookalikes, *groups))
        },
        prints=prints | {card_id: prints[own_id] for card_id, own_id in stand_ins.items()} if prints else {},
        hashes=[*hashes, *rng.integers(0, 256, (len(stand_ins), hashes.shape[1]), dtype=np.uint8)],
    )


def _turns(stand_ins: Mapping[str, str]) -> list[dict[str, str]]:
    """For each time that the database's cards are repeated: card of the database -> the made-up one."""
    turns: list[dict[str, str]] = []
    for card_id, own_id in stand_ins.items():
        if not turns or own_id in turns[-1]:
            turns.append({})
        turns[-1][own_id] = card_id
    return turns


def _copied(group: LookalikeGroup, ids: Mapping[str, str]) -> LookalikeGroup | None:
    """The same group of made-up cards with pictures of their own; None where not all its cards are repeated."""
    if any(member.card_id not in ids for member in group.members):
        return None
    mark = f"{ids[group.members[0].card_id]}{_COPY}"
    members = tuple(
        LookalikeMember(card_id=ids[member.card_id], file=f"{mark}{member.file}") for member in group.members
    )
    return LookalikeGroup(anchor=f"{mark}{group.anchor}", windows=group.windows, members=members)


def repetitions(narrow: int, wide: int) -> int:
    """How often `narrow` goes into `wide`.

    Raises:
        ConfigurationError: if it does not.
    """
    if wide % narrow:
        raise ConfigurationError(
            f"a model of {narrow} dimensions cannot be widened to {wide}, which is no multiple of it"
        )
    return wide // narrow

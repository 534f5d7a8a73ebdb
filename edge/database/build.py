"""Writes a card database bundle: complete or not at all."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.bundle import (
    EMBEDDINGS_FILE,
    GOLDEN_FILE,
    LOOKALIKES_FILE,
    MANIFEST_FILE,
    METADATA_FILE,
    ROWS_FILE,
    VECTORS_FILE,
    GoldenCrop,
    IndexRow,
    LookalikeGroup,
    dump_golden,
    dump_lookalikes,
    dump_metadata,
    dump_rows,
)
from edge.database.hashes import dump_hashes
from edge.database.prints import dump_prints
from edge.database.projection import dump_projection, fitting_projection, projected
from edge.database.references import dump_references, names_of
from edge.database.usearch_index import Index
from edge.database.vectors import INDEX_DTYPE, of_unit_length, quantised
from edge.errors import DatabaseError
from edge.imaging.hashing import Hash
from edge.imaging.print_reference import PrintReference
from edge.manifests import Calibration, DatabaseManifest, ModelManifest, file_sha256
from edge.wire.messages import CardDetails

_BUILDING = ".building"
FORMER = ".former"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gallery:
    """What goes into a bundle.

    Attributes:
        name: of the database.
        model: that made the embeddings.
        embeddings: float32 [rows, dimension], L2-normalised.
        rows: what each row shows.
        metadata: card id -> details, exactly the cards of `rows`.
        calibration: what evidence is worth in it; None where that was not measured.
        lookalikes: groups of cards that differ in small details only.
        references: file name below the bundle -> content, the images that `lookalikes` and `golden` name.
        golden: pictures with known embeddings, for testing an accelerator.
        prints: card id -> reference picture for reading centering, of all cards or none.
        backs: reference pictures of the backs that the cards have.
        hashes: of each row that is upright, `edge.database.hashes.card_hash` of its image; or none at all.
    """

    name: str
    model: ModelManifest
    embeddings: NDArray[np.float32]
    rows: Sequence[IndexRow]
    metadata: dict[str, CardDetails]
    calibration: Calibration | None = None
    lookalikes: tuple[LookalikeGroup, ...] = ()
    references: Mapping[str, bytes] = field(default_factory=dict)
    golden: tuple[GoldenCrop, ...] = ()
    prints: Mapping[str, PrintReference] = field(default_factory=dict)
    backs: tuple[PrintReference, ...] = ()
    hashes: Sequence[Hash] = ()


def write_bundle(output: Path, gallery: Gallery) -> DatabaseManifest:
    """Write a bundle in a folder beside `output` and put it in place in one step.

    A process killed at any time leaves the former bundle or the new one, whole. The same gallery gives the same bytes.

    Args:
        output: the bundle's folder, or a link to it; a bundle that is there already is replaced.
        gallery: what to write.

    Returns:
        The manifest written.

    Raises:
        DatabaseError: if the gallery is not consistent, `output` holds something else than a bundle, or it cannot be
            written.
    """
    _check(gallery)
    try:
        output = output.resolve()
        restore_former(output)
        _check_target(output)
        _remove_abandoned(output)
        building = output.with_name(f".{output.name}.{os.getpid()}{_BUILDING}")
        building.mkdir(parents=True)
    except (OSError, RuntimeError) as cause:  # RuntimeError of links that lead in a circle
        raise _unwritable(output, cause) from cause
    try:
        manifest = _write_files(building, gallery)
        sync_folders(building)
        put_in_place(building, output)
    except OSError as cause:
        raise _unwritable(output, cause) from cause
    finally:
        shutil.rmtree(building, ignore_errors=True)  # the outcome is decided: what cannot be removed is only litter
    return manifest


def put_in_place(new: Path, output: Path) -> None:
    """Rename the folder `new` to `output`; a folder that is there already ends up at `new`'s old path.

    On Linux the two are exchanged in one step. Where the file system cannot do that, the former folder is first
    renamed to `.<name>.former`; should the process be killed before the second step, the next build renames it back.

    Raises:
        OSError: if a folder cannot be renamed.
    """
    if not output.exists():
        new.rename(output)
    elif not exchange(new, output):
        former = _former(output)
        _remove(former)
        output.rename(former)
        try:
            new.rename(output)
        except OSError:
            former.rename(output)
            raise
        _remove(former)
    sync(output.parent)


def _check(gallery: Gallery) -> None:
    rows, dimension = len(gallery.rows), gallery.model.dimension
    if rows == 0:
        raise DatabaseError(f"the database {gallery.name} would hold no cards; give it at least one image")
    if gallery.embeddings.shape != (rows, dimension):
        raise DatabaseError(f"{rows} rows need embeddings of shape {(rows, dimension)}, got {gallery.embeddings.shape}")
    bad = np.flatnonzero(~of_unit_length(gallery.embeddings))
    if len(bad):
        raise DatabaseError(f"the embedding of {gallery.rows[bad[0]].card_id} is not finite or not normalised")
    cards = {row.card_id for row in gallery.rows}
    if cards != set(gallery.metadata):
        first = min(cards ^ set(gallery.metadata))
        raise DatabaseError(f"images and metadata do not name the same cards; the first that differs is {first}")
    missing = [name for name in names_of(gallery.lookalikes) if name not in gallery.references]
    if missing:
        raise DatabaseError(f"a group of look-alikes names {missing[0]}, of which there is no picture")
    if gallery.prints and set(gallery.prints) != cards:
        first = min(cards ^ set(gallery.prints))
        raise DatabaseError(f"reference pictures are of other cards than the images; the first that differs is {first}")


def _unwritable(output: Path, cause: Exception) -> DatabaseError:
    reason = (cause.strerror if isinstance(cause, OSError) else None) or cause
    return DatabaseError(f"cannot write the card database {output}: {reason}; is there room, and may it be written?")


def _former(output: Path) -> Path:
    return output.with_name(f".{output.name}{FORMER}")


def restore_former(output: Path) -> None:
    """Undo the first of the two steps of `put_in_place`, should a process have been killed between them.

    Raises:
        OSError: if the folder cannot be renamed.
    """
    if not output.exists() and _former(output).exists():
        _former(output).rename(output)


def _remove_abandoned(output: Path) -> None:
    """Remove what builds of `output` left behind that were killed."""
    _remove(_former(output))
    for path in output.parent.glob(f".{escape(output.name)}.*{_BUILDING}"):
        process = path.name.removesuffix(_BUILDING).rpartition(".")[2]
        if process == str(os.getpid()) or not _is_running(process):
            _remove(path)


def _is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except PermissionError:  # it is somebody else's
        return True
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    return True


def _check_target(output: Path) -> None:
    if output.exists() and not (output.is_dir() and ((output / MANIFEST_FILE).is_file() or not any(output.iterdir()))):
        raise DatabaseError(f"{output} exists and is not a card database; choose another folder, or remove it yourself")


def _write_files(folder: Path, gallery: Gallery) -> DatabaseManifest:
    projection = fitting_projection(gallery.embeddings)
    pictures = {name: gallery.references[name] for name in names_of(gallery.lookalikes)}
    contents = {
        METADATA_FILE: dump_metadata(gallery.metadata),
        ROWS_FILE: dump_rows(gallery.rows),
        LOOKALIKES_FILE: dump_lookalikes(gallery.lookalikes),
        GOLDEN_FILE: dump_golden(gallery.golden),
        **{name: content for name, content in gallery.references.items() if name not in pictures},
        **dump_references(pictures),
        **dump_prints(gallery.prints, gallery.backs),
        **dump_hashes(gallery.hashes, gallery.rows),
        **dump_projection(projection),
    }
    for name, content in contents.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    np.save(folder / EMBEDDINGS_FILE, np.ascontiguousarray(gallery.embeddings, dtype=np.float32), allow_pickle=False)
    _write_vectors(folder / VECTORS_FILE, projected(gallery.embeddings, projection))
    manifest = DatabaseManifest(
        name=gallery.name,
        model_id=gallery.model.model_id,
        model_sha256=gallery.model.sha256,
        preprocessing=gallery.model.preprocessing,
        dimension=gallery.model.dimension,
        dtype=INDEX_DTYPE,
        rows=len(gallery.rows),
        cards=len(gallery.metadata),
        calibration=gallery.calibration,
        files={name: file_sha256(folder / name) for name in sorted([*contents, EMBEDDINGS_FILE, VECTORS_FILE])},
    )
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest


def _write_vectors(path: Path, vectors: NDArray[np.float32]) -> None:
    # Searches are exact and never walk the graph, so that the least one will do: it is made in a hundredth of the time.
    index = Index(ndim=vectors.shape[1], metric="cos", dtype=INDEX_DTYPE, connectivity=2, expansion_add=1)
    # One thread: with several, the order of insertion and with it the file depends on chance.
    index.add(np.arange(len(vectors), dtype=np.uint64), quantised(vectors), threads=1)
    try:
        index.save(path)
    except (RuntimeError, ValueError) as cause:
        raise OSError(errno.EIO, f"usearch cannot save {path.name} ({cause})") from cause


def exchange(first: Path, second: Path) -> bool:
    """Exchange two paths in one step (renameat2, Linux 3.15); False where that is not possible here."""
    if sys.platform != "linux":
        return False
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    result = renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return bool(result == 0)


def sync_folders(folder: Path) -> None:
    """Wait until a folder and everything in it is on the disk."""
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    """Wait until a file, or the list of a folder's files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    if folder.is_dir():
        shutil.rmtree(folder)

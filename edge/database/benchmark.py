"""Measures the search of a card database on made-up vectors."""

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import VECTORS_FILE, IndexRow
from edge.database.projection import open_projection, projected
from edge.database.search import CardDatabase
from edge.database.usearch_index import Index
from edge.database.vectors import quantised
from edge.errors import DatabaseError
from edge.manifests import ModelManifest, Preprocessing
from edge.wire.messages import CardDetails

FULL_SIZE_CARDS = 17_592
FULL_SIZE_DIMENSION = 768
# measured: distance 0.18 to the card that is shown, about that of a disturbed crop.
_NOISE = 0.7
_MATCHES = 5
# measured: of the demo model's embeddings, the share of the variance along the n-th direction of 256 falls like
# exp(-n / 29), a ninth of the dimensions; the nearest card of other art is 0.3 to 0.4 away; one in ten is a reprint.
_SPECTRUM = 9
_TEMPLATE_ROWS = 100
_IN_COMMON = 0.6
_REPRINTS, _REPRINT_NOISE = 0.1, 0.02
_CHUNK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBenchmark:
    """What the search took.

    Attributes:
        cards: in the gallery, each upright and upside down.
        dimension: of the embeddings.
        scanned_dimension: of what is scanned to find candidates.
        queries: that were timed.
        p50_ms: median time of one query, five matches.
        p99_ms: 99th percentile of the same.
        bare_p50_ms: median time of usearch's exact search of the same index, five rows.
        bare_p99_ms: 99th percentile of the same.
        recall_at_1: share of queries whose first match is the one that brute force in float32 finds.
        open_s: what opening took.
        disk_mb: size of the bundle.
        mapped_mb: growth of the process's resident memory by opening and searching the database.
        peak_rss_mb: greatest resident memory of this process so far, the building of the database included.
    """

    cards: int
    dimension: int
    scanned_dimension: int
    queries: int
    p50_ms: float
    p99_ms: float
    bare_p50_ms: float
    bare_p99_ms: float
    recall_at_1: float
    open_s: float
    disk_mb: float
    mapped_mb: float
    peak_rss_mb: float


def benchmark_search(
    folder: Path, cards: int = FULL_SIZE_CARDS, dimension: int = FULL_SIZE_DIMENSION, queries: int = 1000
) -> SearchBenchmark:
    """Build a database of made-up vectors below `folder`, open it, and time single queries.

    A query is a row of the gallery with seven tenths of its length of noise added.

    Args:
        folder: where the bundle may be written; it is removed again.
        cards: rows are twice as many, one each way up.
        dimension: of the vectors.
        queries: number of timed searches.

    Raises:
        DatabaseError: if the bundle cannot be written.
    """
    rng = np.random.default_rng(0)
    embeddings = clustered_unit_vectors(rng, 2 * cards, dimension)
    sources = embeddings[rng.integers(0, 2 * cards, queries)]
    wanted = sources + np.float32(_NOISE) * clustered_unit_vectors(rng, queries, dimension)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    nearest = _nearest(embeddings, wanted) % cards
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        bundle = Path(scratch) / "bundle"
        gallery = made_up_gallery(embeddings)
        manifest, model = write_bundle(bundle, gallery), gallery.model
        del gallery, embeddings
        before_mb, began = resident_mb(), time.perf_counter()
        database = CardDatabase.open(bundle, model)
        open_s = time.perf_counter() - began
        durations_ms, found = _time_queries(database, wanted)
        mapped_mb = resident_mb() - before_mb
        scanned = projected(wanted, open_projection(bundle, manifest))
        bare_ms = _time_bare(bundle / VECTORS_FILE, scanned)
        disk_mb = sum(file.stat().st_size for file in bundle.rglob("*")) / 1e6
    return SearchBenchmark(
        cards=cards,
        dimension=dimension,
        scanned_dimension=scanned.shape[1],
        queries=queries,
        p50_ms=float(np.percentile(durations_ms, 50)),
        p99_ms=float(np.percentile(durations_ms, 99)),
        bare_p50_ms=float(np.percentile(bare_ms, 50)),
        bare_p99_ms=float(np.percentile(bare_ms, 99)),
        recall_at_1=float(np.mean([int(card_id) for card_id in found] == nearest)),
        open_s=open_s,
        disk_mb=disk_mb,
        mapped_mb=mapped_mb,
        peak_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def made_up_gallery(embeddings: NDArray[np.float32]) -> Gallery:
    """A gallery whose first half of rows are cards '0', '1', ... upright, and the second half the same upside down."""
    cards = len(embeddings) // 2
    model = ModelManifest(
        model_id="made-up",
        file="made-up.onnx",
        sha256="0" * 64,
        dimension=embeddings.shape[1],
        preprocessing=Preprocessing(width=160, height=224),
    )
    details = CardDetails(name="made up", set_code="made-up", set_name="Made up", number="0")
    return Gallery(
        name="made-up",
        model=model,
        embeddings=embeddings,
        rows=[
            IndexRow(card_id=str(card), variant=0, rotation=rotation) for rotation in (0, 180) for card in range(cards)
        ],
        metadata={str(card): details for card in range(cards)},
    )


def random_unit_vectors(rng: np.random.Generator, count: int, dimension: int) -> NDArray[np.float32]:
    """Directions float32 [count, dimension], uniform on the sphere."""
    vectors = rng.standard_normal((count, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def clustered_unit_vectors(rng: np.random.Generator, count: int, dimension: int) -> NDArray[np.float32]:
    """Directions float32 [count, dimension] that lie as a gallery's embeddings do: in templates, some nearly equal."""
    deviations = np.exp(-np.arange(dimension) * _SPECTRUM / (2 * dimension)).astype(np.float32)
    turn = np.linalg.qr(rng.standard_normal((dimension, dimension)))[0].astype(np.float32) * deviations[:, None]
    templates = rng.standard_normal((-(-count // _TEMPLATE_ROWS), dimension), dtype=np.float32)
    vectors = np.empty((count, dimension), dtype=np.float32)
    for start in range(0, count, _CHUNK):
        own = rng.standard_normal((min(_CHUNK, count - start), dimension), dtype=np.float32)
        shared = templates[rng.integers(0, len(templates), len(own))]
        vectors[start : start + len(own)] = (_IN_COMMON**0.5 * shared + (1 - _IN_COMMON) ** 0.5 * own) @ turn
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    reprints = rng.permutation(count)[: round(_REPRINTS * count)]
    vectors[reprints] = vectors[rng.integers(0, count, len(reprints))]
    vectors[reprints] += _REPRINT_NOISE * random_unit_vectors(rng, len(reprints), dimension)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def resident_mb() -> float:
    """Resident memory of this process in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _nearest(embeddings: NDArray[np.float32], queries: NDArray[np.float32]) -> NDArray[np.int64]:
    """The row nearest to each query, by brute force."""
    best, at = np.full(len(queries), -np.inf, dtype=np.float32), np.zeros(len(queries), dtype=np.int64)
    for start in range(0, len(embeddings), _CHUNK):
        products = queries @ embeddings[start : start + _CHUNK].T
        rows = products.argmax(axis=1)
        found = products[np.arange(len(queries)), rows]
        at, best = np.where(found > best, rows + start, at), np.maximum(found, best)
    return at


def _time_bare(path: Path, queries: NDArray[np.float32]) -> list[float]:
    """What usearch alone takes for each query, as the index has them."""
    index = Index.restore(path, view=True)
    if index is None:
        raise DatabaseError(f"{path} cannot be opened")
    durations_ms = []
    for compact in quantised(queries):
        start = time.perf_counter()
        index.search(compact, _MATCHES, exact=True, threads=1)
        durations_ms.append(1000 * (time.perf_counter() - start))
    return durations_ms


def _time_queries(database: CardDatabase, queries: NDArray[np.float32]) -> tuple[list[float], list[str]]:
    durations_ms, found = [], []
    for query in queries:
        start = time.perf_counter()
        (matches,) = database.search(query[None], _MATCHES)
        durations_ms.append(1000 * (time.perf_counter() - start))
        found.append(matches[0].card_id)
    return durations_ms, found

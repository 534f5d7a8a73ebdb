"""Measures the search of a card database on made-up vectors."""

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.build import Gallery, write_bundle
from edge.database.bundle import IndexRow
from edge.database.search import CardDatabase
from edge.manifests import ModelManifest, Preprocessing
from edge.wire.messages import CardDetails

FULL_SIZE_CARDS = 17_592
FULL_SIZE_DIMENSION = 768
_NOISE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchBenchmark:
    """What the search took.

    Attributes:
        cards: in the gallery, each upright and upside down.
        dimension: of the embeddings.
        queries: that were timed.
        p50_ms: median time of one query, five matches.
        p99_ms: 99th percentile of the same.
        recall_at_1: share of queries whose first match is the one that brute force in float32 finds.
        mapped_mb: growth of the process's resident memory by opening and searching the database.
        peak_rss_mb: greatest resident memory of this process so far, the building of the database included.
    """

    cards: int
    dimension: int
    queries: int
    p50_ms: float
    p99_ms: float
    recall_at_1: float
    mapped_mb: float
    peak_rss_mb: float


def benchmark_search(
    folder: Path, cards: int = FULL_SIZE_CARDS, dimension: int = FULL_SIZE_DIMENSION, queries: int = 200
) -> SearchBenchmark:
    """Build a database of random unit vectors below `folder`, open it, and time single queries.

    A query is a row of the gallery with half its length of noise added.

    Args:
        folder: where the bundle may be written; it is removed again.
        cards: rows are twice as many, one each way up.
        dimension: of the vectors.
        queries: number of timed searches.

    Raises:
        DatabaseError: if the bundle cannot be written.
    """
    rng = np.random.default_rng(0)
    embeddings = random_unit_vectors(rng, 2 * cards, dimension)
    sources = embeddings[rng.integers(0, 2 * cards, queries)]
    wanted = sources + _NOISE * random_unit_vectors(rng, queries, dimension)
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    nearest = [int(np.argmax(embeddings @ query)) % cards for query in wanted]
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        gallery = made_up_gallery(embeddings)
        write_bundle(Path(scratch) / "bundle", gallery)
        before_mb = resident_mb()
        database = CardDatabase.open(Path(scratch) / "bundle", gallery.model)
        durations_ms, found = _time_queries(database, wanted)
    hits = [int(card_id) == card for card_id, card in zip(found, nearest, strict=True)]
    return SearchBenchmark(
        cards=cards,
        dimension=dimension,
        queries=queries,
        p50_ms=float(np.percentile(durations_ms, 50)),
        p99_ms=float(np.percentile(durations_ms, 99)),
        recall_at_1=float(np.mean(hits)),
        mapped_mb=resident_mb() - before_mb,
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


def resident_mb() -> float:
    """Resident memory of this process in MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def _time_queries(database: CardDatabase, queries: NDArray[np.float32]) -> tuple[list[float], list[str]]:
    durations_ms, found = [], []
    for query in queries:
        start = time.perf_counter()
        (matches,) = database.search(query[None], 5)
        durations_ms.append(1000 * (time.perf_counter() - start))
        found.append(matches[0].card_id)
    return durations_ms, found

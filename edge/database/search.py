"""The card database: which cards of the gallery are nearest to a query embedding."""

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from edge.centering.reference import PrintReference
from edge.database.bundle import (
    EMBEDDINGS_FILE,
    REPAIR,
    VECTORS_FILE,
    IndexRow,
    LookalikeGroup,
    open_manifest,
    read_lookalikes,
    read_metadata,
    read_rows,
)
from edge.database.prints import open_prints
from edge.database.unchanged import UnchangedFile
from edge.errors import DatabaseError, InferenceError, ModelMismatchError
from edge.manifests import DatabaseManifest, ModelManifest
from edge.messages import CardDetails

_FIRST_CANDIDATES = 64
_WIDENING = 4
_NORM_TOLERANCE = 1e-3
# Rounding both unit vectors to 8 bits (steps of 1/127, uniform error, each of the two contributing 1/(127 sqrt 12))
# leaves the cosine a standard deviation of 0.0032 in any dimension; five of them.
_INDEX_ERROR = {"i8": 0.016, "bf16": 0.01, "f16": 0.002, "f32": 1e-5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A card of the gallery that resembles a query.

    Attributes:
        card_id: the card.
        distance: cosine distance, 0 (equal) to 2.
        rotation: 0, or 180 where the query shows the card upside down.
    """

    card_id: str
    distance: float
    rotation: int


class CardDatabase:
    """A bundle, opened read-only and memory-mapped. Open one with `CardDatabase.open`.

    The compact vectors of the index find candidates by comparing the query with every row; the candidates' distances
    are then computed from the float32 embeddings. The index never decides between two cards.
    """

    def __init__(
        self,
        path: Path,
        manifest: DatabaseManifest,
        vectors: Index,
        embeddings: NDArray[np.float32],
        mapped: Sequence[UnchangedFile] = (),
    ) -> None:
        """Read the tables of a bundle whose files have been checked and mapped; `mapped` are the latter."""
        self._path = path
        self._manifest = manifest
        self._vectors = vectors
        self._embeddings = embeddings
        self._mapped = mapped
        self._metadata = read_metadata(path)
        self._lookalikes = read_lookalikes(path)
        rows = read_rows(path)
        _check_rows(path, rows, self._metadata, manifest)
        self._card_ids = sorted(self._metadata)
        self._prints = open_prints(path, self._card_ids, manifest)
        self._numbers = {card_id: number for number, card_id in enumerate(self._card_ids)}
        self._row_card = np.array([self._numbers[row.card_id] for row in rows], dtype=np.int32)
        self._row_rotation = np.array([row.rotation for row in rows], dtype=np.int16)

    @classmethod
    def open(cls, path: Path, model: ModelManifest) -> "CardDatabase":
        """Open the bundle in the folder `path` for queries that `model` embeds.

        Raises:
            ModelMismatchError: if the bundle was built with another model, dimension or preprocessing.
            DatabaseError: if a file is missing, damaged or does not fit the others.
        """
        path = path.resolve()  # a link that is changed meanwhile must not mix two bundles
        manifest = open_manifest(path, model)
        mapped = [UnchangedFile(path / name) for name in (EMBEDDINGS_FILE, VECTORS_FILE)]
        try:
            embeddings = np.load(path / EMBEDDINGS_FILE, mmap_mode="r", allow_pickle=False)
            vectors = Index.restore(path / VECTORS_FILE, view=True)
        except (OSError, EOFError, ValueError, RuntimeError) as cause:
            raise DatabaseError(f"{path}: the vectors cannot be opened ({cause}); {REPAIR}") from cause
        shape = (manifest.rows, manifest.dimension)
        if vectors is None or embeddings.shape != shape or (len(vectors), vectors.ndim) != shape:
            raise DatabaseError(
                f"{path}: the vectors are not the {shape[0]} x {shape[1]} that the manifest lists; {REPAIR}"
            )
        return cls(path, manifest, vectors, embeddings, mapped)

    @property
    def path(self) -> Path:
        """The bundle's folder."""
        return self._path

    @property
    def manifest(self) -> DatabaseManifest:
        """What the bundle holds and with which model it was built."""
        return self._manifest

    @property
    def lookalikes(self) -> tuple[LookalikeGroup, ...]:
        """Groups of cards that differ in small details only."""
        return self._lookalikes

    @property
    def card_ids(self) -> Sequence[str]:
        """Every card of the gallery, sorted."""
        return self._card_ids

    @property
    def backs(self) -> tuple[PrintReference, ...]:
        """Reference pictures of the backs that the cards have; none where the bundle was built without them."""
        return () if self._prints is None else self._prints.backs

    def print_reference(self, card_id: str) -> PrintReference | None:
        """The reference picture of a card, for reading centering; None where the bundle was built without them.

        Raises:
            DatabaseError: if the card is not in this database.
        """
        self.details(card_id)
        return None if self._prints is None else self._prints.of(card_id)

    def details(self, card_id: str) -> CardDetails:
        """What is known of a card.

        Raises:
            DatabaseError: if the card is not in this database.
        """
        if card_id not in self._metadata:
            raise DatabaseError(f"the card {card_id} is not in the database {self._path}")
        return self._metadata[card_id]

    def search(self, queries: NDArray[np.float32], k: int) -> list[tuple[Match, ...]]:
        """The `k` nearest cards of each query; fewer where the gallery holds fewer.

        Args:
            queries: float32 [N, dimension], rows L2-normalised.
            k: number of distinct cards, at least 1.

        Returns:
            One tuple a query: distinct card ids, by ascending distance. Of several images of a card the nearest counts.

        Raises:
            ModelMismatchError: if the queries have another dimension.
            InferenceError: if a query is not finite or not normalised.
            DatabaseError: if the index gives an unusable answer, or its files are changed meanwhile.
        """
        self._check_queries(queries)
        self._check_unchanged()
        matches = [self._search_one(query, k) for query in np.asarray(queries, dtype=np.float32)]
        self._check_unchanged()
        self._release_pages()
        return matches

    def distance(self, query: NDArray[np.float32], card_id: str, rotation: int) -> float:
        """Cosine distance from one query [dimension] to the nearest image of a card, embedded in that rotation.

        Raises:
            DatabaseError: if the card is not in this database.
        """
        self.details(card_id)
        of_card = self._row_card == self._numbers[card_id]
        rows = np.flatnonzero(of_card & (self._row_rotation == rotation))
        return float(self._distances(query, rows).min())

    def _search_one(self, query: NDArray[np.float32], k: int) -> tuple[Match, ...]:
        count = min(self._manifest.rows, max(_FIRST_CANDIDATES, _WIDENING * k))
        while True:
            rows, horizon = self._candidates(query, count)
            matches = self._merge(rows, self._distances(query, rows), k)
            if count == self._manifest.rows or (
                len(matches) == k and matches[-1].distance + _INDEX_ERROR[self._manifest.dtype] < horizon
            ):
                return matches
            count = min(self._manifest.rows, _WIDENING * count)

    def _candidates(self, query: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], float]:
        found = self._vectors.search(query, count, exact=True, threads=1)
        rows = np.asarray(found.keys).astype(np.int64).ravel()
        horizon = float(np.asarray(found.distances).ravel()[-1]) if len(rows) else np.nan
        if len(rows) != count or not np.isfinite(horizon) or rows.min() < 0 or rows.max() >= self._manifest.rows:
            raise DatabaseError(f"{self._path / VECTORS_FILE} gives unusable answers; {REPAIR}")
        return rows, horizon

    def _distances(self, query: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(1 - self._embeddings[rows] @ query, dtype=np.float32)

    def _merge(self, rows: NDArray[np.int64], distances: NDArray[np.float32], k: int) -> tuple[Match, ...]:
        order = np.lexsort((rows, distances))
        cards = self._row_card[rows[order]]
        _, first = np.unique(cards, return_index=True)
        best = order[np.sort(first)[:k]]
        return tuple(
            Match(
                card_id=self._card_ids[self._row_card[rows[i]]],
                distance=max(0.0, float(distances[i])),
                rotation=int(self._row_rotation[rows[i]]),
            )
            for i in best
        )

    def _release_pages(self) -> None:
        """Give back the pages of the embeddings that were read; without this all of them end up resident."""
        if isinstance(self._embeddings.base, mmap.mmap):
            self._embeddings.base.madvise(mmap.MADV_DONTNEED)

    def _check_unchanged(self) -> None:
        for file in self._mapped:
            file.check()

    def _check_queries(self, queries: NDArray[np.float32]) -> None:
        if queries.ndim != 2 or queries.shape[1] != self._manifest.dimension:
            raise ModelMismatchError(
                f"the queries have the shape {queries.shape}, but the database {self._path} holds embeddings of "
                f"{self._manifest.dimension} dimensions"
            )
        norms = np.linalg.norm(queries, axis=1)
        if not (np.abs(norms - 1) <= _NORM_TOLERANCE).all():
            raise InferenceError("a query embedding is not finite or not normalised; the embedder is not working")


def _check_rows(
    path: Path, rows: Sequence[IndexRow], metadata: dict[str, CardDetails], manifest: DatabaseManifest
) -> None:
    cards = {row.card_id for row in rows}
    if (len(rows), len(cards)) != (manifest.rows, manifest.cards) or cards != set(metadata):
        raise DatabaseError(f"{path}: rows, cards and metadata do not fit together; {REPAIR}")

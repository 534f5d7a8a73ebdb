"""What goes into a card database beside its embeddings: rows, prints, golden crops, sources."""

import json
from collections.abc import Sequence

import cv2
import numpy as np

from edge.database.bundle import GOLDEN_FOLDER, GoldenCrop, IndexRow
from edge.embedding.onnx import OnnxEmbedder
from edge.imaging.print_reference import PrintReference
from training.data.gallery import GalleryImage
from training.index.prepared import PreparedImage
from training.index.rows import Former

_GOLDEN = 8


def index_rows(images: Sequence[GalleryImage]) -> list[IndexRow]:
    """What each row is an embedding of: every image upright, then every one upside down."""
    return [
        IndexRow(card_id=image.card_id, variant=image.variant, rotation=rotation)
        for rotation in (0, 180)
        for image in images
    ]


def prints_of(images: Sequence[GalleryImage], prepared: Sequence[PreparedImage]) -> dict[str, PrintReference]:
    """Card id -> the small picture that its print is registered by."""
    pairs = zip(images, prepared, strict=True)
    return {image.card_id: each.reference for image, each in pairs if each.reference is not None}


def golden_crops(
    embedder: OnnxEmbedder, images: Sequence[GalleryImage]
) -> tuple[tuple[GoldenCrop, ...], dict[str, bytes]]:
    """Some of the images at the size of the model's input, with their embeddings: what an accelerator is tested with.

    Returns:
        The crops, and file name below the bundle -> content.

    Raises:
        ImageError: naming the image that cannot be read.
        InferenceError: if the model fails.
    """
    size = (embedder.manifest.preprocessing.width, embedder.manifest.preprocessing.height)
    chosen = [images[round(number)] for number in np.linspace(0, len(images) - 1, min(_GOLDEN, len(images)))]
    cards = [cv2.resize(image.load(), size, interpolation=cv2.INTER_AREA).astype(np.uint8) for image in chosen]
    files = [f"{GOLDEN_FOLDER}/{number}.png" for number in range(len(cards))]
    embeddings = embedder.embed(cards)
    golden = [GoldenCrop(file=file, embedding=tuple(row.tolist())) for file, row in zip(files, embeddings, strict=True)]
    contents = {file: cv2.imencode(".png", card)[1].tobytes() for file, card in zip(files, cards, strict=True)}
    return tuple(golden), contents


def sources_file(prepared: Sequence[PreparedImage]) -> bytes:
    """The digests of the images as they were indexed, by which the next build knows them."""
    return json.dumps([each.digest for each in prepared], indent=0).encode()


def changed_images(prepared: Sequence[PreparedImage], former: Former | None) -> int:
    """How many images the former database did not have, or had besides."""
    before = set() if former is None else set(former.embeddings)
    return len(before ^ {each.digest for each in prepared})

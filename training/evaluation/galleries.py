"""Galleries for measuring, as they would be written: of pictures, of a part of a bundle, and of two as one."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edge.database.build import Gallery
from edge.database.bundle import (
    IndexRow,
    LookalikeGroup,
    open_manifest,
    read_lookalikes,
    read_metadata,
    read_rows,
)
from edge.database.hashes import card_hash
from edge.database.prints import open_prints
from edge.database.references import names_of, open_references
from edge.database.vectors import open_vectors
from edge.embedding.base import Embedder
from edge.errors import ConfigurationError
from edge.imaging.print_reference import PrintReference, encode_reference
from edge.imaging.rectification import upside_down
from edge.manifests import ModelManifest
from edge.wire.messages import CardDetails
from training.data.fingerprints import fingerprint, group_fingerprints
from training.data.gallery import GalleryImage
from training.data.lookalikes import cut_references


def gallery_of(images: Sequence[GalleryImage], metadata: Mapping[str, CardDetails], embedder: Embedder) -> Gallery:
    """The gallery of some pictures; what only centering needs is left out.

    Args:
        images: one of each card.
        metadata: of these cards, and perhaps of others.
        embedder: of the gallery.

    Raises:
        ScannerError: if a picture or the model cannot be used.
    """
    embeddings, fingerprints, digests, hashes, prints = [], [], [], [], {}
    for image in images:
        card = image.load()
        embeddings.append(embedder.embed([card, upside_down(card)]))
        fingerprints.append(fingerprint(card))
        digests.append(hashlib.sha256(card.tobytes()).hexdigest())
        hashes.append(card_hash(card))
        prints[image.card_id] = PrintReference(encoded=encode_reference(card), borders_mm=None, name=image.card_id)
    lookalikes = cut_references(images, group_fingerprints(fingerprints), digests)
    return Gallery(
        name="gallery",
        model=embedder.manifest,
        embeddings=np.concatenate(embeddings),
        rows=[IndexRow(card_id=image.card_id, variant=0, rotation=turn) for image in images for turn in (0, 180)],
        metadata={image.card_id: metadata[image.card_id] for image in images},
        lookalikes=lookalikes.groups,
        references=lookalikes.references,
        prints=prints,
        hashes=hashes,
    )


def part_of(bundle: Path, model: ModelManifest, count: int) -> Gallery:
    """The gallery of `count` cards of a bundle, evenly chosen; hashes are those of its reference pictures.

    Raises:
        ConfigurationError: if it has fewer cards, or no reference pictures.
        DatabaseError: if it is damaged, or was built with another model.
    """
    manifest, metadata = open_manifest(bundle, model), read_metadata(bundle)
    card_ids = sorted(metadata)
    prints = open_prints(bundle, card_ids, manifest)
    if prints is None or len(card_ids) < count:
        raise ConfigurationError(f"{bundle} has no {count} cards with reference pictures; give a larger one")
    chosen = [card_ids[number * len(card_ids) // count] for number in range(count)]
    pictures = {card_id: prints.of(card_id) for card_id in chosen}
    hashes = {card_id: card_hash(picture.picture()) for card_id, picture in pictures.items()}
    numbered = [(number, row) for number, row in enumerate(read_rows(bundle)) if row.card_id in pictures]
    groups = [group for each in read_lookalikes(bundle) if (group := _group_among(each, pictures)) is not None]
    references = open_references(bundle, manifest, groups)
    return Gallery(
        name=manifest.name,
        model=model,
        embeddings=np.array(open_vectors(bundle, manifest).embeddings[[number for number, _ in numbered]]),
        rows=[row for _, row in numbered],
        metadata={card_id: metadata[card_id] for card_id in chosen},
        lookalikes=tuple(groups),
        references={name: references.of(name) for name in names_of(groups)},
        prints=pictures,
        hashes=[hashes[row.card_id] for _, row in numbered if row.rotation == 0],
    )


def joined(first: Gallery, second: Gallery) -> Gallery:
    """The cards of two galleries of one model, which have no card in common, as one gallery."""
    return Gallery(
        name=first.name,
        model=first.model,
        embeddings=np.concatenate([first.embeddings, second.embeddings]),
        rows=[*first.rows, *second.rows],
        metadata=first.metadata | second.metadata,
        lookalikes=(*first.lookalikes, *second.lookalikes),
        references={**first.references, **second.references},
        prints={**first.prints, **second.prints},
        hashes=[*first.hashes, *second.hashes],
    )


def _group_among(group: LookalikeGroup, cards: Mapping[str, PrintReference]) -> LookalikeGroup | None:
    """A group of look-alikes as far as its members are among some cards; None where it is none then."""
    members = tuple(member for member in group.members if member.card_id in cards)
    return group.model_copy(update={"members": members}) if len({each.card_id for each in members}) > 1 else None

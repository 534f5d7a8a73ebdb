"""What a new card database holds, what deserves a look in it, and the file that names what was left out."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.database.build import Gallery
from edge.manifests import DatabaseManifest
from training.data.card_folder import Findings, few
from training.data.gallery import GalleryImage
from training.index.prepared import PreparedImage
from training.index.rows import equal_images

FINDINGS_FILE = "findings.json"
# Embeddings that agree this closely are those of one picture.
EQUAL = 1e-4
_CHUNK = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What was built and what in it deserves a look.

    Attributes:
        manifest: of the bundle.
        embedded: images that the model was run for; the others were known from an earlier build.
        groups: card ids of each group of look-alikes.
        equal: card ids of each group of cards whose images have equal pixels.
        indistinct: pairs of cards whose embeddings are equal; the first image of a repeated placeholder shows here.
        findings: what of the folder and its list is left out or mended.
    """

    manifest: DatabaseManifest
    embedded: int
    groups: tuple[tuple[str, ...], ...]
    equal: tuple[tuple[str, ...], ...]
    indistinct: tuple[tuple[str, str], ...]
    findings: Findings


def report_of(
    manifest: DatabaseManifest,
    gallery: Gallery,
    images: Sequence[GalleryImage],
    prepared: Sequence[PreparedImage],
    findings: Findings,
) -> IndexReport:
    """Look through what was built."""
    card_ids = [image.card_id for image in images]
    return IndexReport(
        manifest=manifest,
        embedded=sum(each.embedded for each in prepared),
        groups=tuple(tuple(member.card_id for member in group.members) for group in gallery.lookalikes),
        equal=tuple(equal_images(images, prepared)),
        indistinct=tuple(indistinct_cards(gallery.embeddings[: len(images)], card_ids)),
        findings=findings,
    )


def findings_file(findings: Findings) -> dict[str, bytes]:
    """The file of a bundle that names everything that is left out or mended; none where there is nothing."""
    return {FINDINGS_FILE: json.dumps(asdict(findings), indent=1).encode()} if findings.titled() else {}


def indistinct_cards(embeddings: NDArray[np.float32], card_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of different cards whose embeddings are equal, each card once: no search can tell them apart."""
    pairs: dict[str, str] = {}
    ids = np.asarray(card_ids)
    for start in range(0, len(embeddings), _CHUNK):
        equal = embeddings[start : start + _CHUNK] @ embeddings.T >= 1 - EQUAL
        for first, second in zip(*np.nonzero(equal), strict=True):
            if ids[first + start] < ids[second]:
                pairs.setdefault(str(ids[second]), str(ids[first + start]))
    return [(first, second) for second, first in sorted(pairs.items())]


def describe(report: IndexReport, output: Path) -> str:
    """The report for a person."""
    manifest = report.manifest
    lines = [
        f"{output}: {manifest.cards} cards, {manifest.rows} rows, {manifest.dimension} dimensions, {manifest.model_id}",
        f"embedded: {report.embedded} of {manifest.rows // 2} images, the others were known from an earlier build",
        f"look-alikes: {len(report.groups)} groups{_some(' = '.join(group) for group in report.groups)}",
        f"equal images: {len(report.equal)} groups{_some(' = '.join(group) for group in report.equal)}",
        f"equal to the model: {len(report.indistinct)} cards{_some(' = '.join(pair) for pair in report.indistinct)}",
        *(f"{title}: {len(found)}{_some(found)}" for title, found in report.findings.titled().items()),
    ]
    if report.findings.titled():
        lines.append(f"all of what was left out or mended: {output / FINDINGS_FILE}")
    return "\n".join(lines) + "\n"


def _some(entries: Iterable[str]) -> str:
    listed = list(entries)
    return f" ({few(listed)})" if listed else ""

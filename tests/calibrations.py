"""A calibration of which a test knows what it says: distance alone decides."""

import shutil
from pathlib import Path

from edge.manifests import Calibration, EvidenceWeights, read_database_manifest
from edge.recognition.belief import probability

STEEPNESS = 40.0


def by_distance(confirmed: float = 0.25, unknown: float = 0.40, not_a_card: float = 0.50) -> Calibration:
    """Confirms up to one distance, names up to another, and takes what is beyond the third for no card."""
    weights = EvidenceWeights(intercept=STEEPNESS * confirmed, distance=-STEEPNESS, lead=0, separation=0)
    return Calibration(
        confirmed=0.5,
        named=probability(STEEPNESS * (confirmed - unknown)),
        not_a_card=not_a_card,
        cheap=weights,
        full=None,
        told_apart=0.95,
        gallery="0" * 64,
    )


def recalibrated(bundle: Path, target: Path, calibration: Calibration | None) -> Path:
    """A copy of a bundle with another calibration, or none."""
    shutil.copytree(bundle, target)
    manifest = read_database_manifest(target / "manifest.json").model_copy(update={"calibration": calibration})
    (target / "manifest.json").write_text(manifest.model_dump_json())
    return target

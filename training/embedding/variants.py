"""The trainings of an ablation study."""

from dataclasses import dataclass, field, replace

from training.augmentation import AugmentationSettings
from training.distillation.weights import DistillationWeights
from training.networks.families import Family

ALL_TERMS = DistillationWeights(feature=0.35, kl=0.25, attention=0.25, high_frequency=0.15)
DEFAULT, TAUGHT = "default", "teacher, all terms"
REPEATS = (1, 2)

AUGMENTATION_FAMILIES: dict[str, tuple[str, ...]] = {
    "wrong corners": ("outline", "rotation", "perspective"),
    "foil": ("foil",),
    "sleeves": ("sleeve",),
    "glare and shadow": ("glare", "shadow"),
    "fingers and objects": ("fingers", "objects"),
    "colour and brightness": ("illumination", "hue", "greyscale", "low_light"),
    "blur": ("defocus", "motion"),
    "resolution, noise, compression": ("low_resolution", "noise", "compression"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One training of the study.

    Attributes:
        name: for the table.
        against: name of the training that it is compared with.
        augmentation: how its cards are disturbed.
        arcface_weight: of the ArcFace loss, without a teacher.
        imprint_at: progress at which its centres are imprinted; over 1 for never.
        family: of its network.
        weights: of distillation; None to learn without a teacher.
        seed_offset: added to the seed of the study.
    """

    name: str
    against: str = DEFAULT
    augmentation: AugmentationSettings = field(default_factory=AugmentationSettings)
    arcface_weight: float = 0.2
    imprint_at: float = 0.2
    family: Family = "convnext"
    weights: DistillationWeights | None = None
    seed_offset: int = 0

    @property
    def folder(self) -> str:
        """Of its run."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name)


def variants(*, with_teacher: bool) -> list[Variant]:
    """Everything that is trained; a training comes after the one that it is compared with."""
    default = AugmentationSettings()
    changed = [Variant(name=DEFAULT)]
    changed += [
        Variant(name=f"without {family}", augmentation=replace(default, **dict.fromkeys(fields, 0.0)))
        for family, fields in AUGMENTATION_FAMILIES.items()
    ]
    changed += [
        Variant(name="without any augmentation", augmentation=replace(default, clean=1.0)),
        Variant(name="without ArcFace", arcface_weight=0.0),
        Variant(name="without imprinting", imprint_at=2.0),
        Variant(name="ConvNeXt with batch normalisation and ReLU", family="convnext-batchnorm"),
        Variant(name="RegNetX", family="regnet-x"),
    ]
    # How far trainings come apart by chance alone.
    changed += [Variant(name=f"default, seed + {offset}", seed_offset=offset) for offset in REPEATS]
    return changed + (_distilled_variants() if with_teacher else [])


def _distilled_variants() -> list[Variant]:
    changed = {
        "without features": ALL_TERMS.model_copy(update={"feature": 0.0}),
        "without class probabilities": ALL_TERMS.model_copy(update={"kl": 0.0}),
        "without attention": ALL_TERMS.model_copy(update={"attention": 0.0}),
        "without details of the logits": ALL_TERMS.model_copy(update={"high_frequency": 0.0}),
        "embedding regression alone": DistillationWeights(feature=1.0),
        "regression and relations": DistillationWeights(feature=0.5, relational=0.5),
        "all terms and classification": ALL_TERMS.model_copy(update={"classification": 0.3, "distillation": 0.7}),
        "details of the logits and classification": DistillationWeights(classification=1.0, high_frequency=1.0),
    }
    return [
        Variant(name=TAUGHT, weights=ALL_TERMS),
        *(Variant(name=f"teacher, {name}", against=TAUGHT, weights=weights) for name, weights in changed.items()),
    ]

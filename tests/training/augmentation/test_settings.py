from dataclasses import fields

import pytest

from training.augmentation.settings import AugmentationSettings
from training.errors import TrainingError


@pytest.mark.parametrize("name", [field.name for field in fields(AugmentationSettings)])
def test_what_is_no_probability_is_refused_by_its_name(name):
    for wrong in (-0.01, 1.01, float("nan")):
        with pytest.raises(TrainingError, match=f"augmentation.{name} must be a probability"):
            AugmentationSettings(**{name: wrong})
    assert getattr(AugmentationSettings(**{name: 1.0}), name) == 1.0


def test_settings_can_be_made_again_of_what_a_run_keeps_of_them():
    changed = AugmentationSettings(foil=0.5, perspective=0.2)
    assert AugmentationSettings(**changed.to_json()) == changed

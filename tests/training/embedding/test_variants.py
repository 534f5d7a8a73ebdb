from dataclasses import fields

import pytest

from training.augmentation import AugmentationSettings
from training.embedding.variants import ALL_TERMS, AUGMENTATION_FAMILIES, DEFAULT, TAUGHT, variants


def test_every_disturbance_is_in_one_family():
    listed = [field for family in AUGMENTATION_FAMILIES.values() for field in family]
    whole_cards = {"clean", "heavy"}
    assert sorted(listed) == sorted({field.name for field in fields(AugmentationSettings)} - whole_cards)


@pytest.mark.parametrize("with_teacher", [False, True])
def test_a_training_comes_after_the_one_that_it_is_compared_with_and_has_a_folder_of_its_own(with_teacher):
    found = variants(with_teacher=with_teacher)
    names = [each.name for each in found]
    for number, each in enumerate(found):
        assert each.against in names[: number + 1]
    assert len({each.folder for each in found}) == len(found)
    assert (TAUGHT in names) is with_teacher


def test_a_training_differs_in_one_thing_from_the_one_that_it_is_compared_with():
    found = {each.name: each for each in variants(with_teacher=True)}
    parts = ("augmentation", "arcface_weight", "imprint_at", "family", "weights", "seed_offset")
    for each in found.values():
        differing = [part for part in parts if getattr(each, part) != getattr(found[each.against], part)]
        assert len(differing) == (each.name != DEFAULT), each.name
    assert found[TAUGHT].weights == ALL_TERMS

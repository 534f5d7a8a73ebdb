from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from training.augmentation import AugmentationSettings
from training.embedding.recipes import FOLDER, read_recipe
from training.embedding.recipes.reference import reference_lines
from training.networks.beginnings import SHIPPED
from training.networks.families.shapes import SHAPES


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_shipped_recipes_are_complete(name):
    recipe = read_recipe(name)
    if recipe.student.alone is not None:
        assert recipe.student.weights == SHIPPED
        return
    student = SHAPES[recipe.student.shape]
    if recipe.teacher is None:
        assert replace(student, family="convnext") == SHAPES["demo"]
    else:
        assert student.dimension == recipe.teacher.dimension == 768
        assert (student.height, student.width) == (recipe.teacher.height, recipe.teacher.width)
    for stage in recipe.student.stages:
        assert sum((stage.feature, stage.kl, stage.attention, stage.high_frequency, stage.relational)) == 1


def test_the_two_stages_and_the_two_phases():
    recipe = read_recipe("distillation")
    first, second = recipe.student.stages
    assert (first.epochs, first.learning_rate, first.warm_up_epochs, first.classification) == (30, 1e-4, 3, 0)
    assert (first.feature, first.kl, first.attention, first.high_frequency, first.temperature) == (
        0.35, 0.25, 0.25, 0.15, 4,
    )  # fmt: skip
    assert (second.epochs, second.learning_rate, second.classification, second.distillation) == (20, 1e-5, 0.3, 0.7)
    frozen, last = recipe.teacher.phases
    assert (frozen.epochs, frozen.learning_rate, frozen.blocks) == (3, 1e-3, 0)
    assert (last.epochs, last.learning_rate, last.blocks) == (10, 1e-5, 4)
    assert (recipe.teacher.scale, recipe.teacher.margin) == (64, 0.5)


def test_another_student_starts_from_random_weights():
    student = read_recipe("distillation").with_student("regnet-x-400mf").student
    assert (student.shape, student.weights) == ("regnet-x-400mf", None)
    assert not read_recipe("hard-negatives").with_student("regnet-x-400mf").student.from_teacher


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("cards = 64", "cards = 0"), "cards: "),
        (("margin = 0.5", "marign = 0.5"), r"teacher\.marign: "),
        (("[teacher]", "[teacher"), "is not TOML"),
        (("[teacher]", "[augmentation]\nfogg = 0.1\n[teacher]"), "augmentation: there is no fogg; there are clean, "),
        (
            ("[student]", "[student.alone]\nsteps = 1\nlearning_rate = 1\n[student]"),
            "in stages from a teacher, or alone",
        ),
    ],
)
def test_a_recipe_with_a_mistake_names_it(tmp_path, change, complaint):
    path = tmp_path / "mine.toml"
    path.write_text((FOLDER / "distillation.toml").read_text().replace(*change))
    with pytest.raises(ConfigurationError, match=rf"the recipe .*mine\.toml:? .*{complaint}|{complaint}"):
        read_recipe(str(path))


def test_a_recipe_that_is_not_there_names_those_that_are():
    with pytest.raises(
        ConfigurationError, match="there are distillation, hard-negatives, regression, relational, tiny"
    ):
        read_recipe("nothing")


def test_what_a_recipe_does_not_say_is_as_before():
    recipe = read_recipe("distillation")
    assert recipe.disturbances == AugmentationSettings()
    assert (recipe.workers, recipe.checkpoint_every_s, recipe.log_every_steps) == (1, 300, 25)
    assert recipe.described().keys() == {
        "cards", "views", "hard_negatives", "precision", "ema_decay", "teacher", "student",
    }  # fmt: skip
    assert recipe.described()["student"].keys() == {"shape", "weights", "from_teacher", "stages"}


def test_a_recipe_has_its_own_augmentation(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(f"{(FOLDER / 'tiny.toml').read_text()}\n[augmentation]\nhue = 0.0\nclean = 0.2\n")
    assert read_recipe(str(path)).disturbances == AugmentationSettings(hue=0.0, clean=0.2)


def test_the_documentation_of_recipes_is_made_of_the_code():
    document = Path(__file__).resolve().parents[3] / "docs" / "recipes.md"
    outdated = "write it anew: card-training recipes > docs/recipes.md"
    assert document.read_text() == "\n".join(reference_lines()) + "\n", outdated

from dataclasses import replace

import pytest

from edge.errors import ConfigurationError
from training.embedding.recipes import FOLDER, read_recipe
from training.networks.families.shapes import SHAPES


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.toml")))
def test_shipped_recipes_are_complete(name):
    recipe = read_recipe(name)
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
    ],
)
def test_a_recipe_with_a_mistake_names_it(tmp_path, change, complaint):
    path = tmp_path / "mine.toml"
    path.write_text((FOLDER / "distillation.toml").read_text().replace(*change))
    with pytest.raises(ConfigurationError, match=rf"the recipe .*mine\.toml:? .*{complaint}|{complaint}"):
        read_recipe(str(path))


def test_a_recipe_that_is_not_there_names_those_that_are():
    with pytest.raises(ConfigurationError, match="there are distillation, hard-negatives, regression, relational"):
        read_recipe("nothing")

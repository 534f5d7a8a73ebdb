from training.cli import build_parser
from training.embedding.student import run_settings
from training.networks.model import ModelSettings


def settings_of(*given):
    args = build_parser("student").parse_args(["student", "--name", "x", "--steps", "5", *given])
    return run_settings(args, ModelSettings(), processes=2)


def test_the_recipe_trains_at_the_size_of_the_model():
    batch = settings_of().batch
    assert (batch.height, batch.width) == (ModelSettings().height, ModelSettings().width)


def test_a_step_has_one_batch_for_each_process_unless_it_is_said():
    assert settings_of().batches_per_step == 2
    assert settings_of("--batches", "6").batches_per_step == 6

import pytest
from transformers import ConvNextConfig, ConvNextModel, DINOv3ViTModel

from training.errors import TrainingError
from training.networks.weights import load_published

SMALL = ConvNextConfig(depths=[1, 1], hidden_sizes=[4, 8], num_stages=2)


def test_weights_of_a_folder_are_loaded_as_they_were_saved(tmp_path):
    saved = ConvNextModel(SMALL)
    saved.save_pretrained(tmp_path)
    loaded = load_published(ConvNextModel, str(tmp_path))
    assert all((a == b).all() for a, b in zip(saved.parameters(), loaded.parameters(), strict=True))


def test_a_folder_that_is_not_there_is_not_looked_for_on_the_hub(tmp_path):
    with pytest.raises(TrainingError, match="there is no such folder"):
        load_published(ConvNextModel, str(tmp_path / "weights"))


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(TrainingError, match=f"cannot load the weights '{tmp_path}'"):
        load_published(ConvNextModel, str(tmp_path))


@pytest.mark.filterwarnings("ignore")
def test_weights_of_another_kind_of_network_are_refused(tmp_path, transformer):
    with pytest.raises(TrainingError, match="not those of a ConvNextModel"):
        load_published(ConvNextModel, str(transformer))
    assert load_published(DINOv3ViTModel, str(transformer)) is not None

import pytest
import torch

from training.networks.families.batch_normalized import BatchNormalizedConvNext, Block

DEPTHS, SIZES = (1, 2, 1, 1), (4, 6, 8, 10)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (224, 160)])
def test_the_map_is_at_a_thirty_second_of_the_pixels(height: int, width: int):
    backbone = BatchNormalizedConvNext(DEPTHS, SIZES).eval()
    assert backbone(torch.zeros(2, 3, height, width)).shape == (2, SIZES[-1], height // 32, width // 32)


def test_each_stage_has_its_number_of_blocks_and_of_channels():
    backbone = BatchNormalizedConvNext(DEPTHS, SIZES)
    assert [len(stage) for stage in backbone.stages] == list(DEPTHS)
    assert [stage[0].branch[0].in_channels for stage in backbone.stages] == list(SIZES)
    with pytest.raises(ValueError, match="zip"):
        BatchNormalizedConvNext(DEPTHS, SIZES[:-1])


def test_a_block_begins_close_to_the_identity_and_can_be_learnt():
    torch.manual_seed(0)
    block, features = Block(8).train(), torch.randn(16, 8, 7, 7)
    added = block(features) - features
    assert float(added.detach().std()) == pytest.approx(0.1, rel=0.05)
    added.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.any() for weight in block.parameters() if weight.ndim == 4)


def test_a_block_looks_three_pixels_around():
    torch.manual_seed(0)
    block = Block(2).eval()
    features = torch.zeros(1, 2, 15, 15)
    changed = features.clone()
    changed[0, :, 7, 7] = 5
    rows, columns = torch.nonzero((block(changed) - block(features)).abs().amax(dim=1)[0] > 0, as_tuple=True)
    assert (int(rows.min()), int(rows.max())) == (int(columns.min()), int(columns.max())) == (4, 10)


def test_in_use_a_card_does_not_depend_on_those_beside_it():
    torch.manual_seed(0)
    backbone = BatchNormalizedConvNext(DEPTHS, SIZES)
    pixels = torch.randn(4, 3, 64, 64)
    backbone.train()(pixels)
    backbone.eval()
    assert torch.allclose(backbone(pixels)[:1], backbone(pixels[:1]), atol=1e-5)

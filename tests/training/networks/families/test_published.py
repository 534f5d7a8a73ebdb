import pytest
import torch

from training.networks.families.published import LAYER_SCALE, convnext, dinov3_convnext, regnet_x

DEPTHS, SIZES, GROUP = (1, 1, 2, 1), (8, 8, 16, 16), 8
FAMILIES = pytest.mark.parametrize("build", [convnext, dinov3_convnext, regnet_x])


@FAMILIES
@pytest.mark.parametrize(("height", "width"), [(64, 32), (224, 160)])
def test_the_map_is_at_a_thirty_second_of_the_pixels(build, height: int, width: int):
    backbone = build(DEPTHS, SIZES, GROUP).eval()
    with torch.no_grad():
        assert backbone(torch.zeros(2, 3, height, width)).shape == (2, SIZES[-1], height // 32, width // 32)


@pytest.mark.parametrize("build", [convnext, dinov3_convnext])
def test_residual_branches_are_at_work_from_the_start(build):
    scales = [
        value for name, value in build(DEPTHS, SIZES, GROUP).named_parameters() if "gamma" in name or "scale" in name
    ]
    assert len(scales) == sum(DEPTHS)
    assert all(torch.equal(scale, torch.full_like(scale, LAYER_SCALE)) for scale in scales)


def test_the_group_width_is_what_a_convolution_of_regnet_mixes():
    for width in (4, 8):
        convolutions = [each for each in regnet_x(DEPTHS, SIZES, width).modules() if isinstance(each, torch.nn.Conv2d)]
        grouped = [each for each in convolutions if each.groups > 1 or each.kernel_size == (3, 3)][1:]
        assert len(grouped) == sum(DEPTHS)
        assert {each.in_channels // each.groups for each in grouped} == {width}


def test_dinov3_s_map_is_its_patches_in_rows_without_the_pooled_token():
    torch.manual_seed(0)
    backbone = dinov3_convnext(DEPTHS, SIZES, GROUP).eval()
    pixels = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        seen = backbone(pixels)
        tokens = super(type(backbone), backbone).forward(pixel_values=pixels).last_hidden_state
    assert tokens.shape == (1, 1 + 2 * 3, SIZES[-1])
    for row in range(2):
        for column in range(3):
            assert torch.equal(seen[0, :, row, column], tokens[0, 1 + 3 * row + column])

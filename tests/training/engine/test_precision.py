import pytest
import torch

from training.engine.precision import autocast, fitting_precision, gradient_scaler

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("abilities", "precision"),
    [({}, "fp32"), ({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16"), ({"avx512_bf16": False}, "fp32")],
)
def test_bfloat16_is_taken_where_the_processor_multiplies_in_it(monkeypatch, abilities, precision):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: abilities)
    assert fitting_precision() == precision


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_networks_compute_in_it_and_keep_their_weights(precision, dtype):
    layer = torch.nn.Linear(2, 2)
    with autocast(precision, CPU):
        assert layer(torch.ones(1, 2)).dtype is dtype
    assert layer.weight.dtype is torch.float32


@pytest.mark.parametrize(("precision", "scaled"), [("fp32", False), ("bf16", False), ("fp16", True)])
def test_losses_are_scaled_for_float16_alone(precision, scaled):
    assert gradient_scaler(precision, CPU).is_enabled() is scaled

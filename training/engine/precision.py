"""Mixed precision."""

from typing import Literal

import torch

Precision = Literal["fp32", "bf16", "fp16"]
_TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def fitting_precision() -> Precision:
    """bfloat16 where this machine multiplies in it, else float32: imitated, bfloat16 takes ten times as long."""
    abilities = torch.cpu.get_capabilities()
    able = torch.cuda.is_available() or abilities.get("avx512_bf16") or abilities.get("amx_bf16")
    return "bf16" if able else "fp32"


def autocast(precision: Precision, device: torch.device) -> torch.autocast:
    """A context in which networks compute in `precision`; their weights stay float32."""
    return torch.autocast(device.type, dtype=_TYPES[precision], enabled=precision != "fp32")


def gradient_scaler(precision: Precision, device: torch.device) -> "torch.amp.GradScaler":
    """Scales the loss where gradients would vanish in float16; bfloat16 has the range of float32 and needs none."""
    return torch.amp.GradScaler(device.type, enabled=precision == "fp16")

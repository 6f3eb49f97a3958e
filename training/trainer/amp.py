"""In which numbers a step is computed.

Half the bits are twice the speed where the hardware has them; weights, their average and the
optimiser stay in float32. Source: Micikevicius et al. 2018, "Mixed Precision Training".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,  # the range of float32: gradients need no care
    "float16": torch.float16,  # small gradients would vanish: they are scaled up and down again
}
NAMES = ("auto", *DTYPES)


@dataclass(frozen=True, slots=True)
class Precision:
    """The numbers of one device."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, name: str, device: torch.device) -> Precision:
        """What a config asks for; "auto" is bfloat16, or float16 on graphics cards without it."""
        if name != "auto":
            return cls(device, DTYPES[name])
        has_bfloat16 = device.type != "cuda" or torch.cuda.is_bf16_supported()
        return cls(device, torch.bfloat16 if has_bfloat16 else torch.float16)

    def autocast(self) -> torch.autocast:
        """The context for the forward pass and the loss."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not torch.float32)

    def scaler(self) -> torch.amp.GradScaler:
        """Scales the loss in float16; in other numbers it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.dtype is torch.float16)

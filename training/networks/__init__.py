"""What is trained: one module and one dataclass of settings for each kind of network.

- `pooled`        what all share: mel slices in, pooled maps, label logits out
- `mobile`        inverted bottlenecks, the default: the best for its time on a processor
- `resnet`        residual blocks that see only so far
- `conv5`         five plain convolutions, the yardstick
- `mel_frontend`  the front end of `tagger.inference.mel_spectrogram` in torch, for
                  training on CPU or GPU
- `onnx_export`   a network of torch -> an ONNX file
"""

from __future__ import annotations

from training.networks.conv5 import Conv5, Conv5Config
from training.networks.mobile import MobileConfig, MobileNet
from training.networks.pooled import PooledNetwork
from training.networks.resnet import ResNet, ResNetConfig

__all__ = [
    "KINDS", "Conv5", "Conv5Config", "MobileConfig", "MobileNet", "NetworkConfig", "PooledNetwork",
    "ResNet", "ResNetConfig", "build",
]  # fmt: skip

NetworkConfig = MobileConfig | ResNetConfig | Conv5Config

KINDS: dict[str, type[NetworkConfig]] = {
    "mobile": MobileConfig,
    "resnet": ResNetConfig,
    "conv5": Conv5Config,
}


def build(config: NetworkConfig, n_labels: int, n_mels: int) -> PooledNetwork:
    """An untrained network of the kind its settings are of."""
    match config:
        case MobileConfig():
            return MobileNet(n_labels, n_mels, config)
        case ResNetConfig():
            return ResNet(n_labels, n_mels, config)
        case Conv5Config():
            return Conv5(n_labels, n_mels, config)

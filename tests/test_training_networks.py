from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from tagger.errors import DataError
from tests.training_data import CONFIG, SPEC, TOML
from training.config import DEFAULT, load_config
from training.data.taxonomy import VOCABULARY
from training.networks import Conv5Config, MobileConfig, NetworkConfig, ResNetConfig, build
from training.networks.mobile import Stage
from training.trainer.export import export

SMALL: dict[str, NetworkConfig] = {
    "mobile": MobileConfig(stem=(4, 4), stages=(Stage(8, 1, 3, (2, 2)),), embedding=16),
    "resnet": ResNetConfig(width=4, rho=4),
    "conv5": Conv5Config(widths=(4, 4, 8, 8, 8)),
}
DEFAULTS: dict[str, NetworkConfig] = {
    "mobile": MobileConfig(),
    "resnet": ResNetConfig(),
    "conv5": Conv5Config(),
}


def seen(config: NetworkConfig, bands: int, frames: int) -> tuple[int, int]:
    """How many bands and frames the middle value of the last maps has seen.

    A NaN spreads to all that is computed from it; double numbers, since the fast algorithms for
    single ones compute values in blocks, which would spread it further.
    """
    features = build(config, 3, bands).features.eval().double()
    found = []
    with torch.no_grad():
        out = features(torch.zeros(1, 1, bands, frames, dtype=torch.double))
        middle = out[0, :, out.shape[2] // 2, out.shape[3] // 2]
        assert not middle.isnan().any()
        for axis, length in ((2, bands), (3, frames)):
            count = 0
            for at in range(length):
                image = torch.zeros(1, 1, bands, frames, dtype=torch.double)
                image.select(axis, at)[:] = torch.nan
                maps = features(image)
                count += bool(maps[0, :, maps.shape[2] // 2, maps.shape[3] // 2].isnan().any())
            found.append(count)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("rho", "field"), [(0, 23), (1, 31), (2, 39), (3, 55), (4, 71), (5, 87), (7, 135)]
)
def test_receptive_field_of_the_resnet_is_that_of_its_paper(rho: int, field: int) -> None:
    size = field + 60
    assert seen(ResNetConfig(width=1, rho=rho), size, size) == (field, field)


def test_receptive_field_of_the_classic_network() -> None:
    assert seen(Conv5Config(widths=(1,) * 5), 160, 100) == (94, 54)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_default_networks_are_small_enough(kind: str) -> None:
    network = build(DEFAULTS[kind], len(VOCABULARY), 96)
    count = sum(parameter.numel() for parameter in network.parameters())
    assert 200_000 < count <= 1_000_000


def test_parameters_of_the_classic_network_counted_by_hand() -> None:
    network = build(Conv5Config(widths=(2, 3, 4, 5, 6)), 7, 10)
    kernels = 9 * (1 * 2 + 2 * 3 + 3 * 4 + 4 * 5 + 5 * 6)
    norms = 2 * (2 + 3 + 4 + 5 + 6) + 2 * 10
    head = 2 * 6 * 7 + 7
    assert sum(p.numel() for p in network.parameters()) == kernels + norms + head


@pytest.mark.parametrize("kind", SMALL)
def test_shapes(kind: str) -> None:
    network = build(SMALL[kind], 5, SPEC.n_mels).eval()
    mel = torch.rand(3, SPEC.n_mels, SPEC.n_frames)
    assert network(mel).shape == (3, 5)
    assert network.embed(mel).shape == (3, network.head.in_features)


@pytest.mark.parametrize("kind", SMALL)
def test_slices_of_a_batch_do_not_touch_each_other(kind: str) -> None:
    network = build(SMALL[kind], 5, SPEC.n_mels).eval()
    mel = torch.rand(3, SPEC.n_mels, SPEC.n_frames)
    with torch.no_grad():
        torch.testing.assert_close(network(mel)[1:2], network(mel[1:2]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", SMALL)
def test_exported_network_answers_as_the_network(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build(SMALL[kind], len(VOCABULARY), SPEC.n_mels).eval()
    path = export(network, replace(CONFIG, network=SMALL[kind]), tmp_path)
    session = onnxruntime.InferenceSession(path.with_suffix(".onnx"))
    mel = np.random.default_rng(0).random((7, SPEC.n_mels, SPEC.n_frames), np.float32) * 4
    with torch.no_grad():
        expected = network(torch.from_numpy(mel)).numpy()
    (found,) = session.run(None, {"mel": mel})
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("kind", DEFAULTS)
def test_config_file_chooses_the_network(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        "\n".join(line for line in TOML.splitlines() if not line.startswith("network"))
        + f'\n[network]\nkind = "{kind}"\ndropout = 0.25\n'
    )
    assert load_config(path).network == replace(DEFAULTS[kind], dropout=0.25)


def test_config_file_gives_widths(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    text = "\n".join(line for line in TOML.splitlines() if not line.startswith("network"))
    path.write_text(text + '\n[network]\nkind = "conv5"\nwidths = [1, 2, 3, 4, 5]\n')
    assert load_config(path).network == Conv5Config(widths=(1, 2, 3, 4, 5))


@pytest.mark.parametrize(
    "line", ['kind = "vgg"', 'kind = "conv5"\nwidths = [1, 2]', 'kind = "resnet"\nrho = 99',
             'kind = "resnet"\nstem = [4]'],
)  # fmt: skip
def test_network_that_cannot_be_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.toml"
    text = "\n".join(row for row in TOML.splitlines() if not row.startswith("network"))
    path.write_text(f"{text}\n[network]\n{line}\n")
    with pytest.raises(DataError, match="not a valid training config") as caught:
        load_config(path)
    assert caught.value.path == path


def test_default_is_the_mobile_network() -> None:
    assert load_config(DEFAULT).network == MobileConfig()

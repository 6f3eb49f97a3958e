"""The rebuilt teachers against their layer tables, computed once more in plain numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import numpy.typing as npt
import pytest
import torch

from tests.teacher_arrays import (
    BLOCKS,
    CONVOLUTIONS,
    Arrays,
    at_width,
    audioset_arrays,
    musicnn_arrays,
)
from tests.torchaudio_reference import reference
from tests.training_data import tone
from training.teachers import audioset, musicnn
from training.teachers.audioset_outputs import BATCH, TeacherSession

Array = npt.NDArray[Any]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    torch.set_num_threads(1)


def _noise(*shape: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def _convolved(x: Array, weight: Array, stride: int) -> Array:
    """Padded by (kernel - 1) / 2; depthwise where each filter has one channel of several."""
    kernel = weight.shape[2]
    pad = (kernel - 1) // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    height, width = (1 + (n - 1) // stride for n in x.shape[1:])
    out: Array = np.zeros((weight.shape[0], height, width))
    for dy in range(kernel):
        for dx in range(kernel):
            part = padded[:, dy : dy + stride * height : stride, dx : dx + stride * width : stride]
            taps = weight[:, :, dy, dx].astype(np.float64)
            depthwise = weight.shape[1] == 1
            out += taps[:, :, None] * part if depthwise else np.tensordot(taps, part, 1)
    return np.asarray(out)


def _normed(arrays: Arrays, name: str, x: Array, stride: int = 1) -> Array:
    out = _convolved(x, arrays[f"{name}.0.weight"], stride)
    scale = arrays[f"{name}.1.weight"] / np.sqrt(arrays[f"{name}.1.running_var"] + 1e-3)
    shift = arrays[f"{name}.1.bias"] - arrays[f"{name}.1.running_mean"] * scale
    return np.asarray(out * scale[:, None, None] + shift[:, None, None])


def _hswish(x: Array) -> Array:
    return np.asarray(x * np.clip(x + 3, 0, 6) / 6)


def _relu(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0))


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _dense(arrays: Arrays, name: str, x: Array) -> Array:
    return np.asarray(arrays[f"{name}.weight"] @ x + arrays[f"{name}.bias"])


def _block(arrays: Arrays, index: int, x: Array) -> Array:
    kernel, expansion, _, gate, swish, stride = BLOCKS[index - 1]
    name, active, out, at = f"features.{index}.block", _hswish if swish else _relu, x, 0
    if at_width(0.4 * expansion) > len(x):
        out, at = active(_normed(arrays, f"{name}.0", out)), 1
    assert arrays[f"{name}.{at}.0.weight"].shape[2] == kernel
    out = active(_normed(arrays, f"{name}.{at}", out, stride))
    if gate:
        at += 1
        inner = _relu(_dense(arrays, f"{name}.{at}.conc_se_layers.0.fc1", out.mean(axis=(1, 2))))
        opened = _sigmoid(_dense(arrays, f"{name}.{at}.conc_se_layers.0.fc2", inner))
        out = out * opened[:, None, None]
    out = _normed(arrays, f"{name}.{at + 1}", out)
    return x + out if stride == 1 and out.shape == x.shape else out


def test_each_block_is_what_the_layer_table_says() -> None:
    arrays = audioset_arrays()
    network = audioset.AudioSetNetwork(arrays).eval()
    x = _noise(8, 40, 24).astype(np.float64)
    for index in range(1, 16):
        with torch.no_grad():
            found = network.features[index](torch.from_numpy(x).float()[None])[0].numpy()
        expected = _block(arrays, index, x)
        np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())
        x = expected


def test_audioset_network_is_what_the_layer_table_says() -> None:
    arrays, mel = audioset_arrays(), _noise(2, audioset.N_MELS, 100)
    with torch.no_grad():
        logits, embeddings = audioset.AudioSetNetwork(arrays).eval()(torch.from_numpy(mel))
    assert logits.shape == (2, 527)
    assert embeddings.shape == (2, 384)
    x = _hswish(_normed(arrays, "features.0", mel[1][None].astype(np.float64), 2))
    for index in range(1, 16):
        x = _block(arrays, index, x)
    embedding = _hswish(_normed(arrays, "features.16", x)).mean(axis=(1, 2))
    hidden = _hswish(_dense(arrays, "classifier.2", embedding))
    expected = _dense(arrays, "classifier.5", hidden)
    assert expected.std() > 0.1
    np.testing.assert_allclose(embeddings[1], embedding, atol=1e-3 * np.abs(embedding).max())
    np.testing.assert_allclose(logits[1], expected, atol=1e-3 * np.abs(expected).max())


def test_audioset_front_end_is_kaldis() -> None:
    kaldi = reference("torchaudio.compliance.kaldi")
    banks, _ = kaldi.get_mel_banks(128, 1024, 32_000.0, 0.0, 15_000.0, 100.0, -500.0, 1.0)
    samples = tone(440, 1, audioset.RATE).astype(np.float64)
    padded = np.pad(samples[1:] - 0.97 * samples[:-1], 512, mode="reflect")
    window = np.pad(np.hanning(800), 112)
    frames = np.stack([padded[i : i + 1024] * window for i in range(0, len(padded) - 1023, 320)])
    power = np.abs(np.fft.rfft(frames)[:, :512]) ** 2
    expected = (np.log(power @ banks.numpy().T + 1e-5) + 4.5) / 5
    found = audioset.log_mel(torch.from_numpy(samples).float())
    assert found.shape == (128, 100)
    np.testing.assert_allclose(found.numpy(), expected.T, atol=2e-3)


def test_musicnn_front_end_is_a_rounded_power_spectrogram() -> None:
    samples = tone(440, 1, musicnn.RATE)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    padded = np.pad(samples.astype(np.float64), 256)
    frames = np.stack([padded[i : i + 512] * window for i in range(0, len(padded) - 511, 256)])
    banks = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=96)
    power = np.abs(np.fft.rfft(frames)) ** 2 @ banks.T
    found = musicnn.log_mel(samples).numpy()
    assert found.shape == (63, 96)
    np.testing.assert_allclose(found, np.log10(10_000 * power + 1), atol=1e-3)


def _keras(arrays: Arrays, name: str, index: int, part: str) -> Array:
    return arrays[f"{name}{f'_{index}' if index else ''}.{part}"].astype(np.float64)


def _moved(arrays: Arrays, index: int, x: Array) -> Array:
    """Keras's batch norm over the last axis."""
    gamma, beta, mean, variance = (
        _keras(arrays, "batch_normalization", index, part)
        for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    return (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta


def _filtered(arrays: Arrays, index: int, x: Array) -> Array:
    """Convolution that keeps the length, ReLU, batch norm. Shape: `(F, M)` in, `(F, M', C)` out."""
    height, width, _ = CONVOLUTIONS[index]
    padded = np.pad(x, (((height - 1) // 2, height // 2), (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(padded, (height, width))
    out = np.tensordot(views, _keras(arrays, "conv2d", index, "kernel")[:, :, 0], 2)
    return _moved(arrays, index + 1, _relu(out + _keras(arrays, "conv2d", index, "bias")))


def test_musicnn_is_what_its_five_steps_say() -> None:
    arrays, mel = musicnn_arrays(), np.abs(_noise(2, musicnn.N_FRAMES, musicnn.N_MELS))
    with torch.no_grad():
        logits, embeddings = musicnn.Musicnn(arrays).eval()(torch.from_numpy(mel))
    assert logits.shape == (2, 50)
    assert embeddings.shape == (2, 200)
    x = _moved(arrays, 0, mel[1].astype(np.float64)[:, :, None])[:, :, 0]
    front = np.concatenate([_filtered(arrays, i, x).max(axis=1) for i in range(5)], axis=1)
    first = _filtered(arrays, 5, front)[:, 0]
    second = _filtered(arrays, 6, first)[:, 0] + first
    third = _filtered(arrays, 7, second)[:, 0] + second
    maps = np.concatenate([front, first, second, third], axis=1)
    pooled = np.stack([maps.max(axis=0), maps.mean(axis=0)], axis=1).ravel()
    hidden = _moved(arrays, 9, pooled) @ arrays["dense.kernel"] + arrays["dense.bias"]
    embedding = _moved(arrays, 10, _relu(hidden))
    expected = embedding @ arrays["dense_1.kernel"] + arrays["dense_1.bias"]
    np.testing.assert_allclose(embeddings[1], embedding, atol=1e-3 * np.abs(embedding).max())
    np.testing.assert_allclose(logits[1], expected, atol=1e-3 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (audioset.AudioSetNetwork(audioset_arrays()), (audioset.N_MELS, 60)),
        (musicnn.Musicnn(musicnn_arrays()), (musicnn.N_FRAMES, musicnn.N_MELS)),
    ],
    ids=["audioset", "musicnn"],
)
def test_session_answers_as_the_network(
    network: torch.nn.Module, shape: tuple[int, int], tmp_path: Path
) -> None:
    windows = np.abs(_noise(BATCH + 2, *shape))
    session = TeacherSession(network, windows[:2], tmp_path, "network")
    found = session(windows)
    with torch.no_grad():
        expected = network(torch.from_numpy(windows[-3:]))
    for ours, theirs in zip(found, expected, strict=True):
        assert len(ours) == len(windows)
        np.testing.assert_allclose(ours[-3:], theirs, atol=1e-3 * float(theirs.abs().max()))
    written = (tmp_path / "network.onnx").stat().st_mtime_ns
    again = TeacherSession(network, windows[:2], tmp_path, "network")(windows[:1])
    np.testing.assert_array_equal(again[0].shape, (1, *found[0].shape[1:]))
    assert (tmp_path / "network.onnx").stat().st_mtime_ns == written

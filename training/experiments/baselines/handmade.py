"""Features by hand: what courses compute of a slice with librosa before any learning.

Mean and variance over the frames of a slice of 13 MFCC, 12 chroma, centroid, bandwidth, rolloff,
zero crossings, RMS, 7 bands of contrast and 6 of tonnetz, and one tempo. Source: Tzanetakis and
Cook 2002, "Musical Genre Classification of Audio Signals", and the tables of GTZAN's features that
go round; McFee et al. 2015, "librosa".
"""

from __future__ import annotations

import librosa
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

RATE, SLICE_S = 22050, 3  # Hz, seconds
N_FFT, HOP = 2048, 512  # samples

ROWS: dict[str, int] = {
    "mfcc": 13, "chroma": 12, "centroid": 1, "bandwidth": 1, "rolloff": 1, "zero crossings": 1,
    "rms": 1, "contrast": 7, "tonnetz": 6,
}  # fmt: skip
NAMES = (
    *(
        f"{name}{f' {i + 1}' if count > 1 else ''} {figure}"
        for figure in ("mean", "variance")
        for name, count in ROWS.items()
        for i in range(count)
    ),
    "tempo",
)


def features(samples: Array) -> Array:
    """Of one slice at `RATE`. Shape: `(T,)` in, one value for each of `NAMES` out."""
    rows = np.concatenate(list(_rows(samples).values()))
    return np.concatenate([rows.mean(axis=1), rows.var(axis=1), [_tempo(samples)]]).astype(
        np.float32
    )


def _rows(samples: Array) -> dict[str, Array]:
    """What is measured in each frame, as `ROWS` names it. Shape: `(count, F)` each."""
    magnitude = np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP))
    # A tuning is not estimated: three seconds tell it badly, and take longer than all the rest.
    chroma = librosa.feature.chroma_stft(S=magnitude**2, sr=RATE, tuning=0.0)
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=RATE)
    return {
        "mfcc": librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=ROWS["mfcc"]),
        "chroma": chroma,
        "centroid": librosa.feature.spectral_centroid(S=magnitude, sr=RATE),
        "bandwidth": librosa.feature.spectral_bandwidth(S=magnitude, sr=RATE),
        "rolloff": librosa.feature.spectral_rolloff(S=magnitude, sr=RATE),
        "zero crossings": librosa.feature.zero_crossing_rate(samples, hop_length=HOP),
        "rms": librosa.feature.rms(S=magnitude, frame_length=N_FFT),
        "contrast": librosa.feature.spectral_contrast(S=magnitude, sr=RATE),
        # From the same chroma: librosa's own, from a constant-Q transform, takes ten times as long.
        "tonnetz": librosa.feature.tonnetz(chroma=chroma, sr=RATE),
    }


def _tempo(samples: Array) -> float:
    """Beats a minute."""
    onsets = librosa.onset.onset_strength(y=samples, sr=RATE, hop_length=HOP)
    return float(librosa.feature.tempo(onset_envelope=onsets, sr=RATE, hop_length=HOP)[0])

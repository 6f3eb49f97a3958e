"""Pieces without drums: strings, pipe organ, piano, choir, folk guitar."""

from __future__ import annotations

import numpy as np

from tagger.demo import keys, plucked, sustained
from tagger.demo.mix import Part, mixdown, record
from tagger.demo.score import Chord, Note, Tempo, chords, melody, play, scale
from tagger.demo.synth import Sound


def string_orchestra(seconds: float, rng: np.random.Generator) -> Sound:
    """Strings over the bass of Pachelbel's Canon (about 1690), with a free tune above."""
    tempo, shift = Tempo(rng.uniform(92, 104), beats=2), int(rng.integers(-2, 3))
    song = chords("D A Bm F#m G D G A", shift)
    line, high = "x-x- | x-xx | x--- | xxxx", [c.near(79) for c in song]
    tune = melody(line, tempo, seconds, high, scale("D major", shift), rng)
    inner = play("o-o-", tempo, seconds, [c.near(64) for c in song])
    bass = play("0---", tempo, seconds, [c.low(45) for c in song])
    deep = play("0---", tempo, seconds, [c.low(33) for c in song])
    parts = [
        Part(sustained.strings, tune, -17, -0.5, 0.35, loose=0.015),
        Part(sustained.strings, inner, -21, 0.1, 0.35, loose=0.015),
        Part(sustained.strings, bass, -19, 0.5, 0.3, loose=0.01),
        Part(sustained.strings, deep, -23, 0.6, 0.3, loose=0.01),
    ]
    return mixdown(record(parts, seconds, rng), rng, hall=2.2)


def organ_chorale(seconds: float, rng: np.random.Generator) -> Sound:
    """Chorale in four voices on a church organ, the bass on the pedals."""
    tempo, shift = Tempo(rng.uniform(66, 76), beats=2), int(rng.integers(-3, 3))
    song = chords("Am Dm E Am F C E Am Dm G C F Dm Am E A", shift)
    parts = [
        Part(sustained.pipe_organ, _chorale_tune(song, tempo, seconds, shift, rng), -17, 0.1, 0.5),
        Part(sustained.pipe_organ, _chorale_middle(song, tempo, seconds, 60), -19, -0.2, 0.5),
        Part(sustained.pipe_organ, _pedal(song, tempo, seconds), -18, 0, 0.4),
    ]
    return mixdown(record(parts, seconds, rng), rng, hall=3.5)


def choir(seconds: float, rng: np.random.Generator) -> Sound:
    """Unaccompanied choir in four voices, slow, in a church."""
    tempo, shift = Tempo(rng.uniform(56, 64), beats=2), int(rng.integers(-2, 3))
    song = chords("C F C G Am Em F G C Am Dm G C F G C", shift)
    tune = _chorale_tune(song, tempo, seconds, shift + 3, rng)
    low = [(c.low(47)[0],) for c in song]
    parts = [
        Part(sustained.choir, tune, -17, -0.4, 0.5, loose=0.02),
        Part(sustained.choir, _chorale_middle(song, tempo, seconds, 59), -19, 0.0, 0.5, loose=0.02),
        Part(sustained.choir, play("x---", tempo, seconds, low), -18, 0.4, 0.5, loose=0.02),
    ]
    return mixdown(record(parts, seconds, rng), rng, hall=3.0)


def solo_piano(seconds: float, rng: np.random.Generator) -> Sound:
    """Nocturne: a tune over broken chords in the left hand."""
    tempo, shift = Tempo(rng.uniform(88, 104), beats=3), int(rng.integers(-4, 4))
    song = chords("C Am F G C Em Dm G", shift)
    left = play("013243 | 012343", tempo, seconds, [c.spread(43) for c in song])
    line, high = "x---x- | x-xxxx | x----- | xxx-x-", [c.near(76) for c in song]
    right = melody(line, tempo, seconds, high, scale("C major", shift), rng)
    parts = [
        Part(keys.piano, left, -22, -0.25, 0.15, loose=0.01),
        Part(keys.piano, right, -18, 0.2, 0.2, loose=0.012),
    ]
    return mixdown(record(parts, seconds, rng), rng, hall=1.8)


def folk_guitar(seconds: float, rng: np.random.Generator) -> Sound:
    """Two steel-string guitars: one picks in the manner of Merle Travis, one has the tune."""
    tempo, shift = Tempo(rng.uniform(100, 112)), int(rng.integers(-3, 4))
    song = chords(str(rng.choice(["C Am F G", "G Em C D", "C G Am F"])), shift)
    picking = play("04131413 | 04132423", tempo, seconds, [c.spread(43) for c in song])
    line, high = "x-.xx-x- | x---.... | x-xxx-x- | x-x-x---", [c.near(72) for c in song]
    home = scale("C major" if song[0].root == shift % 12 else "G major", shift)
    tune = melody(line, tempo, seconds, high, home, rng)
    parts = [
        Part(plucked.steel_guitar, picking, -17, -0.35, 0.12, loose=0.008),
        Part(plucked.steel_guitar, tune, -20, 0.35, 0.15, loose=0.01),
    ]
    return mixdown(record(parts, seconds, rng), rng, hall=0.8)


def _chorale_tune(
    song: list[Chord], tempo: Tempo, seconds: float, shift: int, rng: np.random.Generator
) -> list[Note]:
    """Soprano in half notes, now and then with a passing quarter."""
    line, high = "x-x- | x-xx | x-x- | x---", [c.near(71) for c in song]
    return melody(line, tempo, seconds, high, scale("A minor", shift), rng)


def _chorale_middle(song: list[Chord], tempo: Tempo, seconds: float, center: int) -> list[Note]:
    """Alto and tenor: the chords, held."""
    return play("x---", tempo, seconds, [c.near(center) for c in song])


def _pedal(song: list[Chord], tempo: Tempo, seconds: float) -> list[Note]:
    """Bass on the pedals: the roots, an octave above where the 16' stop sounds them."""
    return play("x---", tempo, seconds, [(c.low(43)[0],) for c in song])

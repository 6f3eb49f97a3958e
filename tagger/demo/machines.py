"""Pieces made of synthesizers and drum machines: techno, ambient, hip-hop."""

from __future__ import annotations

import numpy as np

from tagger.demo import drums, keys, sustained
from tagger.demo.filters import bandpass, echo, lowpass
from tagger.demo.mix import Part, Stem, mixdown, perform, record
from tagger.demo.score import Tempo, chords, loosen, melody, play, scale
from tagger.demo.synth import RATE, Sound, n_samples, noise, sine


def techno(seconds: float, rng: np.random.Generator) -> Sound:
    """Four on the floor, offbeat hats, a saw bass and an arpeggio that opens and closes."""
    tempo, shift = Tempo(rng.uniform(126, 132)), int(rng.integers(-3, 4))
    song = chords(str(rng.choice(["Am Am F G", "Am F Dm E", "Dm Bb F C"])), shift)
    up = [(*c.near(70), c.near(70)[0] + 12) for c in song]
    arpeggio = play("0123123023013212", tempo, seconds, up)
    bass = play(".00..00..00..010", tempo, seconds, [c.low(33) for c in song])
    chord = play("X---------------", tempo, seconds, [c.near(60) for c in song])
    lead = echo(perform(keys.pluck_lead, arpeggio, seconds, rng), tempo.at(0, 0.75), 0.35)
    duck = _duck(tempo, seconds)
    stems = [
        Stem(_sweep(lead, seconds) * duck, -20, 0.2, 0.3),
        Stem(perform(keys.synth_bass, bass, seconds, rng) * duck, -17, 0, 0.02),
        Stem(perform(sustained.pad, chord, seconds, rng) * duck, -23, -0.2, 0.4),
    ]
    kit = [
        Part(drums.kick, play("X...X...X...X...", tempo, seconds), -14, 0, 0, loose=0),
        Part(drums.clap, play("....X.......X...", tempo, seconds), -23, 0, 0.3, loose=0),
        Part(drums.open_hat, play("..x...x...x...x.", tempo, seconds), -25, 0.2, 0.05, loose=0),
        Part(drums.hat, play("oooooooooooooooo", tempo, seconds), -33, -0.3, 0.05, loose=0),
    ]
    return mixdown([*stems, *record(kit, seconds, rng)], rng, hall=1.5, glue=0.8)


def ambient(seconds: float, rng: np.random.Generator) -> Sound:
    """Slow pads in a vast room, a few bells, wind; no beat at all."""
    tempo, shift = Tempo(rng.uniform(26, 32)), int(rng.integers(-4, 4))
    song = chords(str(rng.choice(["Cmaj9 Am9 Fmaj9 Em7", "Fmaj9 Em7 Dm9 Cmaj9"])), shift)
    pads = play("X---", tempo, seconds, [c.near(57) for c in song])
    drone = play("0---", tempo, seconds, [c.low(36) for c in song])
    line, high = "..o....o | .o....o. | ....o...", [c.near(81) for c in song]
    bells = melody(line, tempo, seconds, high, scale("A pentatonic", shift), rng)
    wind = bandpass(noise(seconds, rng), 600.0, 300.0) * (np.float32(1.2) + sine(0.07, seconds))
    parts = [
        Part(sustained.pad, pads, -16, -0.5, 0.6, loose=0.08),
        Part(sustained.pad, pads, -16, 0.5, 0.6, loose=0.08),
        Part(sustained.pad, drone, -18),
        Part(keys.bell, bells, -26, 0.3, 1.0, loose=0.1),
    ]
    return mixdown([*record(parts, seconds, rng), Stem(wind, -36, 0, 0.5)], rng, hall=5.0)


def hip_hop(seconds: float, rng: np.random.Generator) -> Sound:
    """Laid-back beat under electric piano chords, with a sub bass and the crackle of vinyl."""
    tempo, shift = Tempo(rng.uniform(84, 92)), int(rng.integers(-3, 3))
    song = chords(str(rng.choice(["Dm9 Am7 Dm9 Em7", "Am9 Fmaj9 Dm9 Em7"])), shift)
    comping = play("X-----.....x--..", tempo, seconds, [c.near(60) for c in song])
    bass = play("0---..0...0-1-..", tempo, seconds, [c.low(33) for c in song])
    sampled = lowpass(perform(keys.electric_piano, loosen(comping, rng), seconds, rng), 2500.0, 1)
    kick = play("X..x......x..... | X..x...x..x.....", tempo, seconds)
    hats = play("x.o.x.oox.o.x.o. | x.o.x.o.x.oxx.oo", tempo, seconds)
    parts = [
        Part(keys.sub_bass, bass, -15, 0, 0),
        Part(drums.kick, kick, -16, 0, 0.02),
        Part(drums.snare, play("....X.......X...", tempo, seconds), -19, 0, 0.15),
        Part(drums.hat, hats, -29, 0.25, 0.05),
    ]
    stems = [Stem(sampled, -18, -0.15), Stem(_crackle(seconds, rng), -40, 0, 0)]
    return mixdown([*stems, *record(parts, seconds, rng)], rng, hall=0.7, glue=0.7)


def _duck(tempo: Tempo, seconds: float) -> Sound:
    """Gain that dips at every beat to make room for the kick drum. Shape: (T,)."""
    beat = np.arange(n_samples(seconds)) / (tempo.at(0, 1) * RATE) % 1
    return (1 - 0.75 * np.exp(-beat / 0.25)).astype(np.float32)


def _sweep(sound: Sound, seconds: float) -> Sound:
    """Sound that fades between dull and bright once in 16 seconds. Shape: (T,) -> (T,)."""
    dull = lowpass(sound, 900.0)
    openness = np.float32(0.5) - np.float32(0.5) * sine(1 / 16, seconds, 0.25)
    return dull + openness * (sound - dull)


def _crackle(seconds: float, rng: np.random.Generator) -> Sound:
    """Some thirty clicks a second of uneven strength. Shape: (T,)."""
    hits = rng.random(n_samples(seconds), np.float32) < 30 / RATE
    return bandpass(noise(seconds, rng) ** 3 * hits, 3000.0, 4000.0)

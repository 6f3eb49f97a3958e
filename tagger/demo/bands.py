"""Pieces with a rhythm section: rock, jazz, reggae, bossa nova."""

from __future__ import annotations

import numpy as np

from tagger.demo import drums, keys, plucked, sustained
from tagger.demo.filters import highpass, overdrive
from tagger.demo.mix import Part, Stem, mixdown, perform, record
from tagger.demo.score import Chord, Note, Tempo, chords, loosen, melody, play, scale
from tagger.demo.synth import Sound


def rock(seconds: float, rng: np.random.Generator) -> Sound:
    """Distorted guitars left and right, a lead, bass and drums in straight eighths."""
    tempo, shift = Tempo(rng.uniform(126, 140)), int(rng.integers(-2, 3))
    song = chords(str(rng.choice(["Em C G D", "Am F C G", "Em G D A"])), shift)
    riff = play("X-xxX-xx | X-xxX-x-", tempo, seconds, [c.low(42) for c in song])
    line = "x---xx.xx---.... | x.x.xx-xx-------"
    high = [c.near(74) for c in song]
    tune = melody(line, tempo, seconds, high, scale("E pentatonic", shift), rng)
    bass = play("00000000 | 00000012", tempo, seconds, [c.low(33) for c in song])

    def guitar(notes: list[Note], drive: float) -> Sound:
        played = perform(plucked.electric_guitar, loosen(notes, rng, 0.004), seconds, rng)
        return overdrive(played, drive)

    stems = [
        Stem(guitar(riff, 5.0), -14, -0.8, 0.15),
        Stem(guitar(riff, 5.0), -14, 0.8, 0.15),
        Stem(guitar(tune, 4.0), -17, 0.15, 0.3),
    ]
    parts = [Part(plucked.electric_bass, bass, -17, 0, 0.02), *_rock_kit(tempo, seconds)]
    return mixdown([*stems, *record(parts, seconds, rng)], rng, glue=1.0)


def jazz(seconds: float, rng: np.random.Generator) -> Sound:
    """Swinging trio: electric piano over a walking bass, ride cymbal and brushes."""
    tempo, shift = Tempo(rng.uniform(138, 156), swing=0.66), int(rng.integers(-4, 3))
    song = chords("Dm7 G7 Cmaj7 A7 Dm7 G7 Em7 A7", shift)
    comping = play("x..x.... | ..x..x.. | ...o..x. ", tempo, seconds, [c.near(60) for c in song])
    line = "x.xxxx.x | .xxx.... | xxxx.xx- | ...x.xx."
    high = [c.near(76) for c in song]
    solo = melody(line, tempo, seconds, high, scale("C major", shift), rng)
    parts = [
        Part(keys.electric_piano, comping, -22, -0.25),
        Part(keys.electric_piano, solo, -19, -0.1, 0.25),
        Part(plucked.double_bass, _walk(song, tempo, seconds, rng), -15, 0.1, 0.08),
        Part(drums.ride, play("X.xxX.xx", tempo, seconds), -25, 0.4),
        Part(drums.hat, play("..x...x.", tempo, seconds), -33, -0.4),
        Part(drums.brush, play("..x...x. | ..x..ox.", tempo, seconds), -27, -0.1),
        Part(drums.kick, play("o...o...", tempo, seconds), -30, 0, 0.1),
    ]
    return mixdown(record(parts, seconds, rng), rng, hall=0.9)


def reggae(seconds: float, rng: np.random.Generator) -> Sound:
    """One drop: guitar chops on the offbeats, bubbling organ, a heavy bass with gaps."""
    tempo, shift = Tempo(rng.uniform(70, 78)), int(rng.integers(-3, 4))
    song = chords(str(rng.choice(["Am Dm Am G", "C F G F", "Am G F G"])), shift)
    line = "0--..0.1.0--2.1. | 0--..0..1.0-...."
    bass = play(line, tempo, seconds, [c.low(35) for c in song])
    bubble = play("..x.o.x...x.o.x.", tempo, seconds, [c.near(58) for c in song])
    skank = play("..X...X...X...X.", tempo, seconds, [c.near(66) for c in song])
    parts = [
        Part(plucked.electric_bass, bass, -14, 0, 0),
        Part(sustained.drawbar_organ, bubble, -24, 0.5),
        Part(drums.kick, play("........X.......", tempo, seconds), -20, 0, 0.05),
        Part(drums.rim, play("........X....... | ........X..o..oX", tempo, seconds), -24, 0.1, 0.4),
        Part(drums.hat, play("x.o.x.o.x.o.x.oo", tempo, seconds), -30, -0.3, 0.1),
    ]
    chops = perform(plucked.electric_guitar, loosen(skank, rng), seconds, rng)
    stems = [*record(parts, seconds, rng), Stem(highpass(chops, 350.0), -18, -0.4, 0.25)]
    return mixdown(stems, rng, hall=1.6)


def bossa(seconds: float, rng: np.random.Generator) -> Sound:
    """Bossa nova: nylon guitar in syncopation, a flute tune, soft bass, rim and shaker."""
    tempo, shift = Tempo(rng.uniform(122, 134)), int(rng.integers(-3, 3))
    song = chords("Cmaj9 Cmaj9 D7 D7 Dm9 G7 Cmaj9 G7", shift)
    comping = play("x--x-.x- | .x-.x-x-", tempo, seconds, [c.near(59) for c in song])
    line = "x--x--x- | ......x- | x-xx--x- | x--....."
    high = [c.near(77) for c in song]
    tune = melody(line, tempo, seconds, high, scale("C major", shift), rng)
    bass = play("0--10--1", tempo, seconds, [c.low(38) for c in song])
    parts = [
        Part(plucked.nylon_guitar, comping, -17, -0.3, 0.15),
        Part(sustained.flute, tune, -19, 0.25, 0.35),
        Part(plucked.double_bass, bass, -18, 0, 0.05),
        Part(drums.brush, play("xoxoxoxoxoxoxoxo", tempo, seconds), -31, 0.5, 0.1),
        Part(drums.rim, play("x..x..x. | ..x..x..", tempo, seconds), -33, -0.5, 0.3),
    ]
    return mixdown(record(parts, seconds, rng), rng)


def _rock_kit(tempo: Tempo, seconds: float) -> list[Part]:
    """Drums of a rock song, with a fill at every fourth bar."""
    beat = "....X.......X..."
    kick = play("X.....x.X.x..... | X.....x.X.x....x", tempo, seconds)
    snare = play(f"{beat} | {beat} | {beat} | ....X...o.xxX...", tempo, seconds)
    toms = play("....|....|....|............00.1", tempo, seconds, [(50, 43)])
    return [
        Part(drums.kick, kick, -22, 0.0, 0.15, loose=0.003),
        Part(drums.snare, snare, -20, 0.05, 0.45, loose=0.003),
        Part(drums.hat, play("x.o.x.o.x.o.x.o.", tempo, seconds), -27, 0.35, 0.3, loose=0.003),
        Part(drums.tom, toms, -28, -0.2, 0.4, loose=0.003),
        Part(drums.crash, play("X...|....|....|....", tempo, seconds), -24, -0.3, 0.4),
    ]


def _walk(song: list[Chord], tempo: Tempo, seconds: float, rng: np.random.Generator) -> list[Note]:
    """Walking bass: root, two chord tones, and a semitone beside the root to come."""
    lines = []
    for chord, after in zip(song, [*song[1:], song[0]], strict=True):
        root = chord.low(38)[0]
        inner = (root + chord.intervals[1], root + chord.intervals[2])
        approach = after.low(38)[0] + int(rng.choice([-1, 1]))
        lines.append((root, *(inner if rng.random() < 0.6 else inner[::-1]), approach))
    return play("0-1-2-3-", tempo, seconds, lines)

"""A small synthesised music library, so that anyone can try every command without owning music.

The modules in the order in which sound flows through them:

- `synth`      oscillators, envelopes, noise
- `filters`    filters, distortion, echo, rooms
- `plucked`    guitars, basses
- `sustained`  strings, flute, choir, organs, pads
- `keys`       pianos, bell, synthesizer basses and leads
- `drums`      drums and cymbals
- `score`      chords and rhythms as text -> notes
- `mix`        notes and voices -> a finished stereo piece
- `acoustic`   , `bands`, `machines`   the pieces
- `styles`     the table of pieces and what each is meant to be
- `encode`     sound -> audio files
- `library`    a folder of tagged files
- `bands`      pieces with a rhythm section: rock, jazz, reggae, bossa nova
- `machines`   pieces made of synthesizers and drum machines: techno, ambient, hip-hop
"""

from __future__ import annotations

from tagger.demo.encode import write_audio
from tagger.demo.library import N_TRACKS, write_demo
from tagger.demo.styles import STYLES, render

__all__ = ["N_TRACKS", "STYLES", "render", "write_audio", "write_demo"]

"""Renders General MIDI files to audio with exact instrument labels per window.

In pipeline order:

- `general_midi`  which instrument name a program or a drum key stands for
- `score`         the notes and controls of a MIDI file, in seconds
- `variation`     seeded changes of a score: transposition, sister programs, dropped channels
- `excerpt`       a busy stretch of a score, as a new MIDI file and as named sounds
- `windows`       what sounds in each 3-second window
- `render`        SoundFonts and the fluidsynth program
- `library`       midi.csv and midi.tar.gz
- `ledger`        rendered.csv and the window files
- `batch`         a whole library, resumable
- `command`       the command line
"""

"""Which instrument name a General MIDI program or drum key stands for.

Names are those of INSTRUMENTS.md. Families without a name there keep the name that midi.csv gives
them (Brass Section, Other Pipe, ...) and are told apart by `NAMES`.
Source: MIDI Manufacturers Association, General MIDI System Level 1 (1991), sound set and
percussion key map; Roland GS and its orchestra and SFX kits (SC-55, 1991).
"""

from __future__ import annotations

DRUM_CHANNEL = 9

NAMES = frozenset(
    [
        "Voice",
        "Drums",
        "Electric Bass",
        "Double Bass",
        "Electric Guitar",
        "Acoustic Guitar",
        "Piano",
        "Electric Piano",
        "Organ",
        "Synthesizer",
        "Violin",
        "Viola",
        "Cello",
        "Strings",
        "Harp",
        "Flute",
        "Clarinet",
        "Oboe",
        "Bassoon",
        "Saxophone",
        "Trumpet",
        "Trombone",
        "French Horn",
        "Tuba",
        "Accordion",
        "Harmonica",
        "Banjo",
        "Mandolin",
        "Harpsichord",
        "Mallets",
        "Sitar",
        "Choir",
        "Percussion",
        "Cor Anglais",
    ]
)

# (last program of the run, name), programs from 0.
_RUNS = (
    (3, "Piano"),
    (5, "Electric Piano"),
    (6, "Harpsichord"),
    (7, "Clavinet"),
    (15, "Mallets"),
    (20, "Organ"),
    (21, "Accordion"),
    (22, "Harmonica"),
    (23, "Accordion"),
    (25, "Acoustic Guitar"),
    (31, "Electric Guitar"),
    (32, "Double Bass"),
    (37, "Electric Bass"),
    (39, "Synthesizer"),
    (40, "Violin"),
    (41, "Viola"),
    (42, "Cello"),
    (43, "Double Bass"),
    (45, "Strings"),
    (46, "Harp"),
    (47, "Percussion"),
    (51, "Strings"),
    (54, "Choir"),
    (55, "Orchestra Hit"),
    (56, "Trumpet"),
    (57, "Trombone"),
    (58, "Tuba"),
    (59, "Trumpet"),
    (60, "French Horn"),
    (61, "Brass Section"),
    (63, "Synthesizer"),
    (67, "Saxophone"),
    (68, "Oboe"),
    (69, "Cor Anglais"),
    (70, "Bassoon"),
    (71, "Clarinet"),
    (73, "Flute"),
    (79, "Other Pipe"),
    (103, "Synthesizer"),
    (104, "Sitar"),
    (105, "Banjo"),
    (107, "Other Plucked"),
    (108, "Percussion"),
    (109, "Bagpipe"),
    (110, "Violin"),
    (111, "Shanai"),
    (119, "Percussion"),
    (127, "Sound Effects"),
)

PROGRAM_NAMES: tuple[str, ...] = tuple(
    next(name for last, name in _RUNS if program <= last) for program in range(128)
)

# Sounds of the drum channel that are neither plainly the kit nor plainly not.
KIT_PERCUSSION = "Kit Percussion"
HAND_CLAP = "Hand Clap"
_ORCHESTRA_KIT, _EFFECTS_KIT = 48, 56

# What sounds like one of ours although the file names another, or leaves one of ours open. A brass
# section may well be trumpets and trombones: saying that they are absent would teach a falsehood.
_SECTION = ("Trumpet", "Trombone", "French Horn", "Tuba", "Saxophone")
BLURS: dict[str, tuple[str, ...]] = {
    "Brass Section": _SECTION,
    "Orchestra Hit": (*_SECTION, "Strings", "Percussion", "Drums", "Synthesizer"),
    "Other Pipe": ("Flute",),
    "Cor Anglais": ("Oboe",),
    "Shanai": ("Oboe",),
    "Bagpipe": ("Oboe", "Accordion"),
    "Clavinet": ("Electric Piano", "Harpsichord"),
    "Other Plucked": ("Banjo", "Sitar", "Mandolin", "Acoustic Guitar"),
    "Sound Effects": ("Synthesizer", "Percussion", "Drums"),
    KIT_PERCUSSION: ("Drums",),
    HAND_CLAP: ("Drums", "Percussion"),
}


def name_of(channel: int, program: int, key: int) -> str | None:
    """Return the name of the sound that a note makes; None where no kit has one.

    >>> name_of(0, 40, 60), name_of(9, 0, 36), name_of(9, 0, 62)
    ('Violin', 'Drums', 'Percussion')
    """
    return _drum_name(program, key) if channel == DRUM_CHANNEL else PROGRAM_NAMES[program]


def audible_name(name: str) -> str | None:
    """Return the name under which a sound is labelled; None for families without one.

    >>> audible_name("Kit Percussion"), audible_name("Brass Section")
    ('Percussion', None)
    """
    if name == KIT_PERCUSSION:
        return "Percussion"
    return name if name in NAMES else None


def sister_programs(program: int) -> tuple[int, ...]:
    """Return the programs that may stand in for one: same name and same family of eight.

    The family keeps a synthesizer bass from becoming a pad. Percussion and effects have no
    sisters: a timpani part makes no sense on a woodblock.
    """
    name = PROGRAM_NAMES[program]
    if name in {"Percussion", "Sound Effects", "Other Pipe", "Other Plucked"}:
        return (program,)
    family = range(program // 8 * 8, program // 8 * 8 + 8)
    return tuple(other for other in family if PROGRAM_NAMES[other] == name)


def _drum_name(kit: int, key: int) -> str | None:
    if kit == _EFFECTS_KIT:
        return "Sound Effects"
    if not 35 <= key <= 81:  # outside General MIDI: another sound, or none, in every SoundFont
        return None
    if key >= 60 or key == 58:  # bongos to open triangle; vibraslap
        return "Percussion"
    # Concert drums, and the tambourine and cowbell that drummers and percussionists share.
    if kit == _ORCHESTRA_KIT or key in {54, 56}:
        return KIT_PERCUSSION
    return HAND_CLAP if key == 39 else "Drums"

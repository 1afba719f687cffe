"""Names of General MIDI's programs and of the drum kits that its common extensions, GS and GM 2, agree on."""

from __future__ import annotations

_FAMILIES = (
    "acoustic grand piano, bright acoustic piano, electric grand piano, honky-tonk piano, electric piano 1,"
    " electric piano 2, harpsichord, clavinet",
    "celesta, glockenspiel, music box, vibraphone, marimba, xylophone, tubular bells, dulcimer",
    "drawbar organ, percussive organ, rock organ, church organ, reed organ, accordion, harmonica, tango accordion",
    "acoustic guitar (nylon), acoustic guitar (steel), electric guitar (jazz), electric guitar (clean),"
    " electric guitar (muted), overdriven guitar, distortion guitar, guitar harmonics",
    "acoustic bass, electric bass (finger), electric bass (pick), fretless bass, slap bass 1, slap bass 2,"
    " synth bass 1, synth bass 2",
    "violin, viola, cello, contrabass, tremolo strings, pizzicato strings, orchestral harp, timpani",
    "string ensemble 1, string ensemble 2, synth strings 1, synth strings 2, choir aahs, voice oohs, synth voice,"
    " orchestra hit",
    "trumpet, trombone, tuba, muted trumpet, french horn, brass section, synth brass 1, synth brass 2",
    "soprano sax, alto sax, tenor sax, baritone sax, oboe, english horn, bassoon, clarinet",
    "piccolo, flute, recorder, pan flute, blown bottle, shakuhachi, whistle, ocarina",
    "lead 1 (square), lead 2 (sawtooth), lead 3 (calliope), lead 4 (chiff), lead 5 (charang), lead 6 (voice),"
    " lead 7 (fifths), lead 8 (bass + lead)",
    "pad 1 (new age), pad 2 (warm), pad 3 (polysynth), pad 4 (choir), pad 5 (bowed), pad 6 (metallic), pad 7 (halo),"
    " pad 8 (sweep)",
    "fx 1 (rain), fx 2 (soundtrack), fx 3 (crystal), fx 4 (atmosphere), fx 5 (brightness), fx 6 (goblins),"
    " fx 7 (echoes), fx 8 (sci-fi)",
    "sitar, banjo, shamisen, koto, kalimba, bagpipe, fiddle, shanai",
    "tinkle bell, agogo, steel drums, woodblock, taiko drum, melodic tom, synth drum, reverse cymbal",
    "guitar fret noise, breath noise, seashore, bird tweet, telephone ring, helicopter, applause, gunshot",
)
INSTRUMENTS = tuple(name for family in _FAMILIES for name in family.split(", "))
KITS = {
    0: "standard kit",
    8: "room kit",
    16: "power kit",
    24: "electronic kit",
    25: "analog kit",
    32: "jazz kit",
    40: "brush kit",
    48: "orchestra kit",
    56: "sfx kit",
}


def instrument_name(program: int) -> str:
    """Return the name of a program, 0 to 127, of any channel but 9; IndexError for another number.

    >>> instrument_name(0), instrument_name(127)
    ('acoustic grand piano', 'gunshot')
    """
    if program < 0:
        raise IndexError(f"program: {program} is not within 0 to 127")
    return INSTRUMENTS[program]


def kit_name(program: int) -> str:
    """Return the name of a program, 0 to 127, of channel 9: a kit's, else "kit 5".

    >>> kit_name(25), kit_name(5)
    ('analog kit', 'kit 5')
    """
    return KITS.get(program, f"kit {program}")

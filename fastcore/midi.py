"""Standard MIDI Files: what they say, truthfully.

`read` parses one file, damaged or not, into a `Song`. Everywhere in this module: pitches are MIDI's note numbers, 60 is
C4 (middle C); programs are 0 to 127; channels are 0 to 15 in arrays, of which 9 is drums, and 1 to 16 where they are
shown to people; tracks count from 0; ticks are the file's own unit of time; times are in seconds.
"""

from fastcore._midi import read
from fastcore._midi_song import Song, TempoMap, Text

__all__ = ["Song", "TempoMap", "Text", "read"]

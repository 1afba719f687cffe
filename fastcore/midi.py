"""Standard MIDI Files: what they say, truthfully.

`read` parses one file, damaged or not, into a `Song`; `analyze` tells tempo, key, chords and more of one file,
`analyze_many` of many, as a table. `find` names the files in folders, `summarize` counts what tables hold.

Names and units, everywhere in this module: pitches are MIDI's note numbers, 60 is C4 (middle C); programs are 0 to
127; channels are 0 to 15 in arrays and columns, of which 9 is drums, and 1 to 16 where they are shown to people; tracks
count from 0; ticks are the file's own unit of time; times are in seconds, through the tempo map; tempi (BPM) are
quarter notes a minute. Absent is null (None), never a default. "Pitched" are the notes of all channels but 9.

The columns of `analyze_many`, which are attributes of `Analysis` too (where `notes` are the notes themselves):

    path, size, mtime     the file: as named, bytes, time of last change in UTC
    hash                  of its bytes, 128 bits: tells contents apart, no proof against forgery
    note_hash             of its notes on a grid of 1/48 quarter note; null without notes
    shape_hash            the same wherever all pitched notes are transposed to
    status                ok; damaged: read as far as can be; error: there is no song, and most is null
    code                  why not: empty, zeros, gzip, html, not_midi, no_track, too_large, no_memory,
                          not_found, no_permission, not_a_file, io_error
    offset                the first damaged byte, or the one that told the code
    warnings              all that is odd, harmless or not (Song.WARNINGS)
    format, tracks, tpqn  format as written, tracks read, ticks a quarter note (null under SMPTE division)
    duration              seconds until the longest track ends
    notes                 how many there are
    bpm                   the tempo; null with fewer than 8 onsets
    bpm_source            written; default: nothing is written, and the notes fit 120; onsets: told by the notes, as a
                          whole; local: the median of local tempi, of what is played freely; none
    bpm_confidence        0 to 1: how well the notes fit the written tempo, or the likelihood of the told one
    bpm_alternatives      other tempi that the onsets may have, the best first
    bpm_initial, bpm_min, bpm_max    what is written; null where nothing is; tempo_changes how often
    tempo_stability       interquartile range of the tempi by their median: 0 is steady
    key                   as "F# minor", by durations of pitched notes; null with fewer than 8 of them
    key_confidence        how much better its correlation is than that of key_second
    key_signature, time_signature    as written, that which holds longest; key_signature_changes,
                          time_signature_changes    how often they change
    bars                  that begin before the last note ends; null under SMPTE division
    chord_count           stretches of one chord, told for half bars
    grid                  share of onsets on sixteenths or triplets of eighths
    swing                 first by second of two eighths: 1 is straight, 2 is a triplet
    pitch_min, pitch_max  of pitched notes
    velocity_mean         of all notes, 1 to 127
    density               notes a second
    polyphony_max         pitched notes that sound together at most, of all tracks
    polyphony_mean        the same, on average while something sounds
    monophonic            polyphony_max is 1
    programs, kits        of pitched notes, of drums; instruments are their names, programs first
    channels              that have notes, 0 to 15
    drums_only            there are no pitched notes
    controllers           numbers of the controllers that are used
    pitch_bend            [lowest, highest], of -8192 to 8191
    has_lyrics            there are lyrics, or it is a karaoke file
    track_names           the first name of each track that has one
    text                  all other texts but lyrics, such as copyright and markers
    lyrics                all lyrics, as one text
    name_tempo, name_key  tempo and key that the file's name tells, as "loop_120bpm_F#m.mid" does
"""

from fastcore._midi import read
from fastcore._midi_analysis import Analysis, analyze, analyze_many
from fastcore._midi_paths import find
from fastcore._midi_song import Song, TempoMap, Text
from fastcore._midi_summary import Summary, summarize

__all__ = ["Analysis", "Song", "Summary", "TempoMap", "Text", "analyze", "analyze_many", "find", "read", "summarize"]

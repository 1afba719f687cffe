"""What file names say, and what they only seem to say; the names of instruments."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fastcore._midi_instruments import INSTRUMENTS, KITS, instrument_name, kit_name
from fastcore._midi_name import key_in_name, tempo_in_name
from fastcore._native.midi import KEYS

TEMPOS = {
    "song_120bpm_F#m.mid": 120,
    "120 BPM loop.mid": 120,
    "loop-97.5bpm.mid": 97.5,
    "loop 97,5 bpm.mid": 97.5,
    "bpm128.mid": 128,
    "Drums (BPM=90).mid": 90,
    "a_bpm_90_b.mid": 90,
    "take120bpm.mid": 120,
    "90bpm and again 90 bpm.mid": 90,
    "99bpm/song.mid": None,
    "90bpm 120bpm.mid": None,
    "1200bpm.mid": None,
    "500bpm.mid": None,
    "10bpm.mid": None,
    "9bpm.mid": None,
    "120bpms.mid": None,
    "120.mid": None,
    "120b.mid": None,
    "bpm.mid": None,
    "bpm1200.mid": None,
    "1.120bpm.mid": None,
    "abpm120.mid": None,
    "": None,
}
NAMES = {
    "song_120bpm_F#m.mid": "F# minor",
    "F#m.mid": "F# minor",
    "Gbm_loop": "F# minor",
    "Bb major.mid": "Bb major",
    "bb_maj.mid": "Bb major",
    "B flat major.mid": "Bb major",
    "C-sharp minor prelude.mid": "C# minor",
    "Prelude in A minor, no 2.mid": "A minor",
    "Prelude in A minor.mid": "A minor",
    "Sonata in A Major K331.mid": "A major",
    "loop_A_min_90.mid": "A minor",
    "Cmaj.mid": "C major",
    "dmin_90bpm.mid": "D minor",
    "Etude Op10 C minor Revolutionary.mid": "C minor",
    "E♭ minor.mid": "Eb minor",
    "Dm.mid": "D minor",
    "Song (Am).mid": "A minor",
    "Song Am 90bpm.mid": "A minor",
    "E#m.mid": "F minor",
    "Cb major.mid": "B major",
    "F#m F# minor.mid": "F# minor",
    "A Minor Setback.mid": None,
    "A Major Problem.mid": None,
    "Just a minor thing.mid": None,
    "I Am.mid": None,
    "I_Am_The_Walrus.mid": None,
    "Show Em.mid": None,
    "GM.mid": None,
    "song GM 90bpm.mid": None,
    "F#.mid": None,
    "C.mid": None,
    "Cmaj7.mid": None,
    "Dm7.mid": None,
    "Admin.mid": None,
    "Jam.mid": None,
    "Beminor.mid": None,
    "Dm to Gm.mid": None,
    "D'm.mid": None,
    "Dm/song.mid": None,
    "": None,
}


@pytest.mark.parametrize("name", TEMPOS)
def test_tempos(name: str) -> None:
    assert tempo_in_name(name) == TEMPOS[name]


@pytest.mark.parametrize("name", NAMES)
def test_keys(name: str) -> None:
    assert key_in_name(name) == NAMES[name]


TITLES = st.text(alphabet="hijklnopqrstuvwxyz ", max_size=12)  # without letters of keys
LOW = st.sampled_from(["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"])


@given(TITLES, st.integers(20, 400), st.sampled_from("_- "), st.sampled_from(["bpm", "BPM", "Bpm"]), TITLES)
def test_a_tempo_is_found_anywhere(title: str, tempo: int, joint: str, unit: str, rest: str) -> None:
    assert tempo_in_name(f"{title}_{tempo}{joint}{unit}{joint}{rest}.mid") == tempo
    assert tempo_in_name(f"/{tempo}{joint}{unit}/{title}{rest}.mid") is None


@given(TITLES, LOW, st.sampled_from([" minor", "min", "_Min", "m"]), TITLES)
def test_a_minor_key_is_found_anywhere(title: str, tonic: str, mode: str, rest: str) -> None:
    assume(mode != "m" or tonic not in "AE")
    assert key_in_name(f"{title}_{tonic}{mode}_{rest}.mid") == f"{tonic} minor"
    assert key_in_name(f"{title}_{tonic}{mode}x.mid") is None


@given(st.text(max_size=40))
def test_any_name_is_read(name: str) -> None:
    tempo, key = tempo_in_name(name), key_in_name(name)
    assert tempo is None or (20 <= tempo <= 400 and "bpm" in name.lower())
    assert key is None or (key in KEYS and re.search(r"m", name, re.IGNORECASE))


@given(st.text(alphabet="ABCDEFGabcdefgmM#- _", max_size=12))
def test_keys_without_a_word_for_the_mode(name: str) -> None:
    """Only a lower-case m says minor, and nothing says major."""
    key = key_in_name(name)
    assert key is None or (key.endswith("minor") and re.search(r"[B-G](#|b)?m|A[#b]m", name))


def test_instruments() -> None:
    assert len(INSTRUMENTS) == len(set(INSTRUMENTS)) == 128
    known = {0: "acoustic grand piano", 24: "acoustic guitar (nylon)", 32: "acoustic bass", 40: "violin", 56: "trumpet"}
    known |= {64: "soprano sax", 73: "flute", 80: "lead 1 (square)", 104: "sitar", 119: "reverse cymbal"}
    for program, name in known.items():
        assert instrument_name(program) == name
    assert {kit_name(program) for program in KITS} == set(KITS.values())
    for program in (-1, 128):
        with pytest.raises(IndexError):
            instrument_name(program)

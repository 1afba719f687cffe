#include "fc_analysis.h"

#include <string.h>

_Static_assert((size_t)FC_SONG_TABLE >= (size_t)FC_TEMPO_ROWS, "which are lent there");

static uint64_t end_of(const fc_song *song, const fc_timeline *timeline, size_t i) {
    const fc_segment *segment = &timeline->segments[i];
    if (i + 1 < timeline->segments_len && segment[1].track == segment->track) return segment[1].tick;
    return song->format == 2 ? song->track_ends[segment->track] : song->end_tick;
}

/* The mean of the tempi by ticks, which makes slow ones count too little. */
static void reference_tempo(const fc_song *song, const fc_timeline *timeline, fc_tempo_result *r) {
    double sum = 0, ticks = 0;
    for (size_t i = 0; i < timeline->segments_len; i++) {
        const uint64_t start = timeline->segments[i].tick, end = end_of(song, timeline, i);
        const double held = end > start ? (double)(end - start) : 0;
        sum += held * 60e6 / timeline->segments[i].us_per_quarter;
        ticks += held;
    }
    r->source = song->tempos_len > 0 ? FC_TEMPO_WRITTEN : FC_TEMPO_DEFAULT;
    r->bpm = ticks > 0 ? sum / ticks : timeline->bpm_initial;
}

/* The tempo is done with what the song leaves free when the sweep begins. */
static fc_status fill_sweep(fc_analysis_room *room) {
    room->sweep.lent = fc_song_spare(&room->song, &room->sweep.lent_size);
    return fc_sweep_fill(&room->sweep, &room->song);
}

static fc_status tell_tempo(fc_analysis_room *room, const fc_analysis_options *options, fc_tempo_result *out) {
    const fc_tempo_choice choice = options->reference ? FC_TEMPO_AS_WRITTEN : options->tempo;
    room->tempo.lent = fc_song_spare(&room->song, &room->tempo.lent_size);
    room->tempo.lent_rows = fc_song_table(&room->song);
    const fc_status status = fc_tempo_tell(&room->song, &room->timeline, choice, &room->tempo, out);
    if (status == FC_OK && options->reference && room->timeline.has_tempo)
        reference_tempo(&room->song, &room->timeline, out);
    return status;
}

static fc_status tell_chords(fc_analysis_room *room, fc_analysis *out) {
    const fc_status status = fc_chords_fill(&room->chords, &room->song, &room->sweep);
    if (status != FC_OK) return status;
    for (size_t i = 0; i < room->chords.len; i++) out->chords += room->chords.items[i].quality != FC_CHORD_NONE;
    return FC_OK;
}

static fc_status tell_parts(fc_analysis_room *room, const uint8_t *bytes, const fc_analysis_options *options,
                            fc_analysis *out) {
    const fc_song *song = &room->song;
    fc_status status = FC_OK;
    if ((options->parts & FC_PART_TEMPO) != 0) status = tell_tempo(room, options, &out->tempo);
    if (status == FC_OK && (options->parts & (FC_PART_STATS | FC_PART_CHORDS)) != 0) status = fill_sweep(room);
    if (status == FC_OK && (options->parts & FC_PART_CHORDS) != 0) status = tell_chords(room, out);
    if (status != FC_OK) return status;
    if ((options->parts & FC_PART_STATS) != 0)
        fc_stats_of(song, room->timeline.duration, &room->sweep, bytes, &out->stats);
    if ((options->parts & FC_PART_KEY) != 0)
        fc_tonality_of(song, options->reference ? FC_ALL_COUNT : FC_PITCHED_SECONDS,
                       options->reference ? FC_KRUMHANSL_KESSLER : FC_ALBRECHT_SHANAHAN, &out->tonality);
    if ((options->parts & FC_PART_GRID) != 0) out->grid = fc_groove_grid(song);
    if ((options->parts & FC_PART_SWING) != 0) out->swing = fc_groove_swing(song);
    if ((options->parts & FC_PART_DIGEST) != 0) fc_digest_of(song, &out->digest);
    return FC_OK;
}

static void tell_song(const fc_song *song, const fc_timeline *timeline, fc_analysis *out) {
    out->damaged = song->damaged;
    out->offset = song->damaged ? song->damage_offset : 0;
    out->warnings = song->warnings;
    out->format = song->format;
    out->tracks = song->tracks;
    out->tpqn = song->tpqn;
    out->duration = timeline->duration;
}

void fc_analysis_of(fc_analysis_room *room, const uint8_t *bytes, size_t len, const fc_analysis_options *options,
                    fc_analysis *out) {
    size_t offset = 0;
    memset(out, 0, sizeof *out);
    if ((options->parts & FC_PART_FILE_HASH) != 0) out->file_hash = fc_hash_bytes(bytes, len);
    out->code = fc_smf_read(&room->song, bytes, len, &offset);
    if (out->code != FC_SMF_OK) {
        out->offset = offset;
        return;
    }
    fc_status status = fc_timeline_read(&room->timeline, &room->song);
    if (status == FC_OK) status = tell_parts(room, bytes, options, out);
    if (status == FC_OK) {
        tell_song(&room->song, &room->timeline, out);
    } else {
        *out = (fc_analysis){.code = FC_SMF_NO_MEMORY, .file_hash = out->file_hash};
    }
}

void fc_analysis_room_free(fc_analysis_room *room) {
    fc_song_free(&room->song);
    fc_timeline_free(&room->timeline);
    fc_sweep_free(&room->sweep);
    fc_chords_free(&room->chords);
    fc_tempo_room_free(&room->tempo);
    memset(room, 0, sizeof *room);
}

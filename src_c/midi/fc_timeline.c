#include "fc_timeline.h"

enum { DEFAULT_US = 500000 };

/* Where a map's segments begin and end. */
typedef struct map {
    const fc_segment *first, *end;
} map;

static map map_of(const fc_timeline *timeline, uint32_t track) {
    const uint32_t *maps = (const uint32_t *)(const void *)timeline->maps.data;
    const bool own = timeline->maps.len > 1;
    const size_t from = own ? maps[track] : 0, to = own ? maps[track + 1] : timeline->segments_len;
    return (map){timeline->segments + from, timeline->segments + to};
}

/* Ticks are below 2**63, and signed numbers are turned into doubles in one instruction. */
static inline double second_in(const fc_segment *segment, uint64_t tick) {
    return segment->seconds + (double)(int64_t)(tick - segment->tick) * segment->seconds_per_tick;
}

/* The last segment of [first, end) that begins at the tick or before it; the first one does. */
static const fc_segment *find_tick(const fc_segment *first, const fc_segment *end, uint64_t tick) {
    while (end - first > 1) {
        const fc_segment *middle = first + (end - first) / 2;
        if (middle->tick <= tick) first = middle;
        else end = middle;
    }
    return first;
}

double fc_timeline_seconds(const fc_timeline *timeline, uint32_t track, uint64_t tick) {
    const map m = map_of(timeline, track);
    return second_in(find_tick(m.first, m.end, tick), tick);
}

double fc_timeline_tick(const fc_timeline *timeline, uint32_t track, double seconds) {
    const map m = map_of(timeline, track);
    const fc_segment *first = m.first, *end = m.end;
    while (end - first > 1) {
        const fc_segment *middle = first + (end - first) / 2;
        if (middle->seconds <= seconds) first = middle;
        else end = middle;
    }
    return seconds > 0 ? (double)first->tick + (seconds - first->seconds) / first->seconds_per_tick : 0;
}

/* Lay down one segment at tick 0 for each map, and one for each tempo, in order by (map, tick, place). */
static size_t lay_down(fc_timeline *timeline, const fc_song *song, size_t maps) {
    fc_segment *segments = timeline->segments;
    const fc_segment initial = {.us_per_quarter = song->tpqn == 0 ? 0 : DEFAULT_US};
    const size_t tempos = song->tpqn == 0 ? 0 : song->tempos_len;
    uint32_t *places = (uint32_t *)(void *)timeline->maps.data;
    for (size_t i = 0; i <= maps; i++) places[i] = 0;
    if (maps > 1)
        for (size_t i = 0; i < tempos; i++) places[song->tempos[i].track + 1]++;
    /* Counts become sums: before tempo k of map i lie the tempos of the maps before it, and i + 1 initial segments. */
    for (size_t i = 0; i < maps; i++) {
        segments[places[i] + i] = initial;
        segments[places[i] + i].track = (uint32_t)i;
        places[i + 1] += places[i];
    }
    for (size_t i = 0; i < tempos; i++) {
        const fc_tempo_event *event = &song->tempos[i];
        const uint32_t track = maps > 1 ? event->track : 0;
        const size_t place = (size_t)++places[track] + track;
        segments[place] = (fc_segment){.tick = event->tick, .us_per_quarter = event->us_per_quarter, .track = track};
    }
    return maps + tempos;
}

/* Keep the last tempo of each tick, and only those that change anything. */
static void merge_equal(fc_timeline *timeline, size_t laid) {
    fc_segment *segments = timeline->segments;
    uint32_t *maps = (uint32_t *)(void *)timeline->maps.data;
    size_t len = 0, first = 0, map_count = 0;
    for (size_t i = 0; i < laid; i++) {
        const fc_segment next = segments[i];
        if (i == 0 || next.track != segments[first].track) {
            first = len;
            maps[map_count++] = (uint32_t)len;
            segments[len++] = next;
            continue;
        }
        if (segments[len - 1].tick == next.tick) {
            segments[len - 1].us_per_quarter = next.us_per_quarter;
            if (len - 1 > first && segments[len - 2].us_per_quarter == next.us_per_quarter) len--;
        } else if (segments[len - 1].us_per_quarter != next.us_per_quarter) {
            segments[len++] = next;
        }
    }
    maps[map_count] = (uint32_t)len;
    timeline->maps.len = map_count;
    timeline->segments_len = len;
}

static void set_seconds(fc_timeline *timeline, const fc_song *song) {
    for (size_t i = 0; i < timeline->segments_len; i++) {
        fc_segment *segment = &timeline->segments[i];
        segment->seconds_per_tick =
            song->tpqn == 0 ? 1 / song->ticks_per_second : segment->us_per_quarter / (1e6 * song->tpqn);
        if (i > 0 && segment->track == segment[-1].track) segment->seconds = second_in(segment - 1, segment->tick);
    }
}

static void sum_up(fc_timeline *timeline, const fc_song *song) {
    const fc_segment *segments = timeline->segments;
    double ticks = 0, us = 0;
    uint32_t least = UINT32_MAX, most = 0;
    timeline->duration = 0;
    timeline->changes = 0;
    for (size_t i = 0; i < timeline->segments_len; i++) {
        const bool is_last = i + 1 == timeline->segments_len || segments[i + 1].track != segments[i].track;
        const uint64_t end = timeline->maps.len > 1 ? song->track_ends[segments[i].track] : song->end_tick;
        if (segments[i].tick >= end) continue;
        const uint64_t until = is_last || segments[i + 1].tick > end ? end : segments[i + 1].tick;
        const double seconds = second_in(&segments[i], until);
        const double lasts = (double)(until - segments[i].tick);
        if (seconds > timeline->duration) timeline->duration = seconds;
        timeline->changes += segments[i].tick > 0;
        ticks += lasts;
        us += lasts * segments[i].us_per_quarter;
        if (segments[i].us_per_quarter < least) least = segments[i].us_per_quarter;
        if (segments[i].us_per_quarter > most) most = segments[i].us_per_quarter;
    }
    timeline->has_tempo = song->tpqn != 0;
    timeline->bpm = timeline->bpm_initial = timeline->bpm_min = timeline->bpm_max = 0;
    if (!timeline->has_tempo) return;
    timeline->bpm_initial = 60e6 / segments[0].us_per_quarter;
    timeline->bpm = ticks > 0 ? 60e6 * ticks / us : timeline->bpm_initial;
    timeline->bpm_min = ticks > 0 ? 60e6 / most : timeline->bpm_initial;
    timeline->bpm_max = ticks > 0 ? 60e6 / least : timeline->bpm_initial;
}

/* Notes in order of their start, in one map: walk along with it. */
static void time_notes(const fc_timeline *timeline, fc_song *song) {
    const fc_segment *at = timeline->segments, *const end = at + timeline->segments_len;
    for (size_t i = 0; i < song->notes_len; i++) {
        fc_note *note = &song->notes[i];
        while (end - at > 1 && at[1].tick <= note->start) at++;
        const fc_segment *last = at;
        if (end - at > 1 && at[1].tick <= note->end) last = find_tick(at, end, note->end);
        note->start_s = second_in(at, note->start);
        note->end_s = second_in(last, note->end);
    }
}

static void time_notes_by_track(const fc_timeline *timeline, fc_song *song) {
    for (size_t i = 0; i < song->notes_len; i++) {
        fc_note *note = &song->notes[i];
        note->start_s = fc_timeline_seconds(timeline, note->track, note->start);
        note->end_s = fc_timeline_seconds(timeline, note->track, note->end);
    }
}

fc_status fc_timeline_read(fc_timeline *timeline, fc_song *song) {
    const size_t maps = song->format == 2 && song->tracks > 1 ? song->tracks : 1;
    fc_status status = fc_buffer_reserve(&timeline->room, (maps + song->tempos_len) * sizeof(fc_segment));
    if (status == FC_OK) status = fc_buffer_reserve(&timeline->maps, (maps + 1) * sizeof(uint32_t));
    if (status != FC_OK) return status;
    timeline->segments = (fc_segment *)(void *)timeline->room.data;
    merge_equal(timeline, lay_down(timeline, song, maps));
    set_seconds(timeline, song);
    sum_up(timeline, song);
    if (maps > 1) time_notes_by_track(timeline, song);
    else time_notes(timeline, song);
    return FC_OK;
}

void fc_timeline_free(fc_timeline *timeline) {
    fc_buffer_free(&timeline->room);
    fc_buffer_free(&timeline->maps);
    *timeline = (fc_timeline){0};
}

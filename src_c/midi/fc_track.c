#include "fc_track.h"

#include <string.h>

#define NONE UINT32_MAX
#define UNROLLED static inline __attribute__((always_inline))

/* The most bytes that a channel message takes with its time, longer quantities apart: 4, a status, 2 data bytes. */
enum { EVENT_BYTES = 8 };

void fc_song_warn(fc_song *song, fc_smf_warning warning, size_t offset) {
    song->warnings |= FC_SMF_BIT(warning);
    if ((FC_SMF_BIT(warning) & FC_SMF_DAMAGE) == 0) return;
    if (!song->damaged || offset < song->damage_offset) song->damage_offset = offset;
    song->damaged = true;
}

bool fc_chunk_begins(const uint8_t *bytes, size_t len, size_t at) {
    if (len - at < 8) return false;
    for (size_t i = at; i < at + 4; i++)
        if (bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
    return true;
}

bool fc_chunk_is_ours(const uint8_t *bytes, size_t len, size_t at) {
    return len - at >= 8 && (memcmp(bytes + at, "MTrk", 4) == 0 || memcmp(bytes + at, "MThd", 4) == 0);
}

size_t fc_track_find(const uint8_t *bytes, size_t len, size_t at) {
    while (len - at >= 8) {
        const uint8_t *found = memchr(bytes + at, 'M', len - at - 7);
        if (found == NULL) break;
        at = (size_t)(found - bytes);
        if (memcmp(found, "MTrk", 4) == 0) return at;
        at++;
    }
    return len;
}

static void warn_at(fc_tracks *t, fc_smf_warning warning, const uint8_t *p) {
    fc_song_warn(t->song, warning, (size_t)(p - t->bytes));
}

/* Read a variable-length quantity of any length; NULL if it is cut. It saturates at FC_TICK_MAX. */
static const uint8_t *read_quantity(fc_tracks *t, const uint8_t *p, const uint8_t *end, uint64_t *out) {
    uint64_t value = 0;
    const uint8_t *begin = p;
    while (p < end) {
        const uint8_t byte = *p++;
        value = value > FC_TICK_MAX >> 7 ? FC_TICK_MAX : value << 7 | (byte & 0x7f);
        if (byte & 0x80) continue;
        if (p - begin > 4) warn_at(t, FC_SMF_LONG_QUANTITY, begin);
        *out = value;
        return p;
    }
    return NULL;
}

static fc_item *push(fc_tracks *t, uint8_t kind, uint64_t tick) {
    fc_item *item = --t->item;
    *item = (fc_item){.tick = tick, .track = t->track, .kind = kind};
    t->counts[kind]++;
    return item;
}

static void push_control(fc_tracks *t, uint8_t kind, uint64_t tick, unsigned channel, unsigned number, int value) {
    fc_item *item = push(t, kind, tick);
    item->channel = (uint8_t)channel;
    item->number = (uint8_t)number;
    item->value = value;
}

/* Note down that a track uses a channel. */
static void own(fc_owner *owner, uint32_t track) {
    owner->shared |= owner->used && owner->track != track;
    owner->used = true;
    owner->track = track;
}

static void set_program(fc_tracks *t, uint64_t tick, unsigned channel, unsigned program) {
    push_control(t, FC_CONTROL_PROGRAM, tick, channel, program, (int)program);
    if (tick != t->fresh_tick) t->fresh = 0;
    t->fresh_tick = tick;
    t->fresh |= (uint16_t)(1u << channel);
    t->programs[channel] = (uint8_t)program;
    own(&t->program_owners[channel], t->track);
}

static void read_time_signature(fc_tracks *t, uint64_t tick, const uint8_t *p, size_t len) {
    if (len != 4) warn_at(t, FC_SMF_TIME_SIGNATURE, p);
    if (len < 2 || p[0] == 0 || p[1] > 7) {
        warn_at(t, FC_SMF_TIME_SIGNATURE, p);
        return;
    }
    fc_item *item = push(t, FC_ITEM_TIME_SIGNATURE, tick);
    item->value = p[0];
    item->len = p[1];
}

static void read_key_signature(fc_tracks *t, uint64_t tick, const uint8_t *p, size_t len) {
    const int sharps = len < 2 ? 8 : p[0] < 128 ? p[0] : p[0] - 256;
    if (sharps < -7 || sharps > 7 || p[1] > 1) {
        warn_at(t, FC_SMF_KEY_SIGNATURE, p);
        return;
    }
    fc_item *item = push(t, FC_ITEM_KEY_SIGNATURE, tick);
    item->value = sharps;
    item->minor = p[1] == 1;
}

static void read_tempo(fc_tracks *t, uint64_t tick, const uint8_t *p, size_t len) {
    if (len != 3) warn_at(t, FC_SMF_TEMPO_LENGTH, p);
    if (len < 3) return;
    const int32_t tempo = p[0] << 16 | p[1] << 8 | p[2];
    if (tempo == 0) warn_at(t, FC_SMF_TEMPO_ZERO, p);
    else push(t, FC_ITEM_TEMPO, tick)->value = tempo;
}

static void read_meta(fc_tracks *t, uint64_t tick, unsigned type, const uint8_t *p, size_t len) {
    if (type >= 1 && type <= 15) {
        fc_item *item = push(t, FC_ITEM_TEXT, tick);
        item->number = (uint8_t)type;
        item->offset = (uint32_t)(p - t->bytes);
        item->len = (uint32_t)len;
    } else if (type == 0x51) {
        read_tempo(t, tick, p, len);
    } else if (type == 0x58) {
        read_time_signature(t, tick, p, len);
    } else if (type == 0x59) {
        read_key_signature(t, tick, p, len);
    }
}

/* How many data bytes a system message other than exclusive takes. */
static unsigned system_bytes(unsigned status) {
    return status == 0xf2 ? 2 : status == 0xf1 || status == 0xf3 ? 1 : 0;
}

/* What reading a note needs, apart from the rest so that it stays in registers. */
typedef struct fc_pairing {
    fc_note *notes;
    fc_open_notes *open;
    uint32_t len; /* of the notes */
    uint32_t track;
    uint8_t used[16]; /* 1 for each channel that has notes */
    uint64_t warnings;
} fc_pairing;

UNROLLED fc_open_notes *open_notes(const fc_pairing *pairing, unsigned channel, unsigned pitch) {
    return pairing->open + channel * 128 + pitch;
}

UNROLLED void begin_note(fc_pairing *pairing, uint64_t tick, unsigned channel, unsigned pitch, unsigned velocity,
                         unsigned program) {
    fc_open_notes *open = open_notes(pairing, channel, pitch);
    const uint32_t index = pairing->len++;
    fc_note *note = &pairing->notes[index];
    note->start = tick;
    note->end = NONE;
    note->track = pairing->track;
    note->channel = (uint8_t)channel;
    note->pitch = (uint8_t)pitch;
    note->velocity = (uint8_t)velocity;
    note->program = (uint8_t)program;
    if (open->first != NONE) {
        pairing->warnings |= FC_SMF_BIT(FC_SMF_OVERLAPPING_NOTE);
        pairing->notes[open->last].end = index;
    } else {
        open->first = index;
    }
    open->last = index;
}

UNROLLED void end_note(fc_pairing *pairing, uint64_t tick, unsigned channel, unsigned pitch) {
    fc_open_notes *open = open_notes(pairing, channel, pitch);
    if (open->first == NONE) {
        pairing->warnings |= FC_SMF_BIT(FC_SMF_ORPHAN_OFF);
        return;
    }
    fc_note *note = &pairing->notes[open->first];
    open->first = (uint32_t)note->end;
    note->end = tick;
    if (tick == note->start) pairing->warnings |= FC_SMF_BIT(FC_SMF_EMPTY_NOTE);
}

/* Close what is open at the end of the track, so that every slot is free for the next; take note of its channels.
 * Slots take turns: notes that wait in different ones mostly lie near each other, and those in one far apart. */
static void close_notes(fc_tracks *t) {
    fc_pairing pairing = {.notes = t->notes, .open = t->song->room->open};
    uint16_t waiting[16 * 128];
    size_t len = 0;
    for (unsigned channel = 0; channel < 16; channel++) {
        if (!(t->channels >> channel & 1)) continue;
        own(&t->note_owners[channel], t->track);
        for (unsigned slot = channel << 7; slot < (channel + 1) << 7; slot++)
            if (pairing.open[slot].first != NONE) waiting[len++] = (uint16_t)slot;
    }
    if (len != 0) pairing.warnings |= FC_SMF_BIT(FC_SMF_UNCLOSED_NOTE);
    while (len != 0) {
        size_t left = 0;
        for (size_t i = 0; i < len; i++) {
            const uint16_t slot = waiting[i];
            end_note(&pairing, t->tick, slot >> 7, slot & 127);
            if (pairing.open[slot].first != NONE) waiting[left++] = slot;
        }
        len = left;
    }
    t->song->warnings |= pairing.warnings;
}

/* Where reading stands in a track. */
typedef struct fc_cursor {
    const uint8_t *p, *end;
    unsigned running; /* the status in force, 0 for none */
    uint64_t kept;    /* the warning that its use calls for */
    bool guessed;     /* `end` is not where the track says that it ends */
    bool stopped;     /* at an end event behind which nothing of the track lies */
} fc_cursor;

/* Read the message of a status of F0 and above, `p` behind it; NULL if it is cut. */
static const uint8_t *read_system(fc_tracks *t, fc_cursor *cursor, const uint8_t *p, unsigned status, uint64_t tick) {
    const uint8_t *const end = cursor->end;
    if (status != 0xff && status != 0xf0 && status != 0xf7) {
        warn_at(t, FC_SMF_SYSTEM_MESSAGE, p - 1);
        for (unsigned n = system_bytes(status); n > 0 && p < end && *p < 0x80; n--) p++;
        return p;
    }
    if (p == end) return NULL;
    const unsigned type = status == 0xff ? *p++ : 0;
    uint64_t len;
    p = read_quantity(t, p, end, &len);
    if (p == NULL || len > (uint64_t)(end - p)) return NULL;
    if (status == 0xff) read_meta(t, tick, type, p, (size_t)len);
    p += len;
    cursor->kept = FC_SMF_BIT(FC_SMF_KEPT_STATUS);
    if (status != 0xff || type != 0x2f) return p;
    /* The end of the track, whatever its length says, unless events follow within it. */
    cursor->running = 0;
    t->ended = cursor->stopped = true;
    if (p == end || cursor->guessed) return p;
    if (fc_chunk_is_ours(t->bytes, t->len, (size_t)(p - t->bytes))) {
        warn_at(t, FC_SMF_TRACK_LENGTH, p);
        return p;
    }
    warn_at(t, FC_SMF_AFTER_END_OF_TRACK, p);
    cursor->stopped = false;
    return p;
}

/* Read the message of a channel that has one data byte. */
static void read_short(fc_tracks *t, uint64_t tick, unsigned status, const uint8_t *p) {
    if (*p & 0x80) warn_at(t, FC_SMF_HIGH_DATA, p);
    if (status < 0xd0) set_program(t, tick, status & 15, *p & 0x7f);
}

static void read_control(fc_tracks *t, uint64_t tick, unsigned status, unsigned first, unsigned second) {
    const unsigned kind = status >> 4, channel = status & 15;
    if (kind == 0xb) push_control(t, FC_CONTROL_CHANGE, tick, channel, first, (int)second);
    else if (kind == 0xe) push_control(t, FC_CONTROL_BEND, tick, channel, 0, (int)(second << 7 | first) - 8192);
}

/* The program that the track knows to be in force. */
UNROLLED unsigned program_at(fc_tracks *t, uint64_t tick, unsigned channel) {
    if (tick != t->fresh_tick || !(t->fresh >> channel & 1)) return t->programs[channel];
    t->any_fresh = true;
    if (tick > t->last_fresh) t->last_fresh = tick;
    return t->programs[channel] | FC_PROGRAM_FRESH;
}

/* Read the message of a channel that has two data bytes. */
UNROLLED void read_long(fc_tracks *t, fc_pairing *pairing, uint64_t tick, unsigned status, const uint8_t *p) {
    unsigned first = p[0], second = p[1];
    if ((first | second) & 0x80) {
        warn_at(t, FC_SMF_HIGH_DATA, p + !(first & 0x80));
        first &= 0x7f;
        second &= 0x7f;
    }
    const unsigned channel = status & 15;
    if (status >= 0xa0) {
        read_control(t, tick, status, first, second);
    } else if (status >= 0x90 && second != 0) {
        pairing->used[channel] = 1;
        begin_note(pairing, tick, channel, first, second, program_at(t, tick, channel));
    } else {
        end_note(pairing, tick, channel, first);
    }
}

/* The common case: note-ons and note-offs whole, with times of one or two bytes, until an event that is anything else,
 * or EVENT_BYTES before the end. `silent_tick` is one at which notes are left to the other reading. */
UNROLLED const uint8_t *read_notes(fc_pairing *pairing, const uint8_t *programs, const uint8_t *p, const uint8_t *end,
                                   uint64_t silent_tick, uint64_t *tick, unsigned *running) {
    const uint8_t *const last = end - EVENT_BYTES;
    uint64_t at = *tick;
    unsigned status = *running;
    while (p <= last) {
        const uint8_t *data = p + 1;
        uint64_t now = *p;
        if (now & 0x80) {
            if (*data & 0x80) break;
            now = (now & 0x7f) << 7 | *data++;
        }
        now += at;
        /* Compilers make one load of this. */
        uint32_t word = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
        unsigned here = status;
        data += 2;
        if (word & 0x80) {
            here = word & 0xff;
            word >>= 8;
            data++;
        }
        if ((here & 0xe0) != 0x80 || (word & 0x8080) != 0) break;
        const unsigned channel = here & 15, pitch = word & 0x7f, velocity = word >> 8 & 0x7f;
        if (here >= 0x90 && velocity != 0) {
            if (now == silent_tick) break;
            pairing->used[channel] = 1;
            begin_note(pairing, now, channel, pitch, velocity, programs[channel]);
        } else {
            end_note(pairing, now, channel, pitch);
        }
        p = data;
        status = here;
        at = now;
    }
    *tick = at;
    *running = status;
    return p;
}

/* Read events up to the end, or, unless `checked`, up to where fewer than EVENT_BYTES are left: until then no byte of a
 * channel message needs to be asked for. An event that is not whole is left for the checked reading, or is cut. */
UNROLLED void read_events(fc_tracks *t, fc_cursor *cursor, bool checked) {
    const uint8_t *p = cursor->p, *event = p, *const end = cursor->end;
    uint64_t tick = t->tick, kept = cursor->kept;
    unsigned running = cursor->running;
    fc_pairing pairing = {t->notes, t->song->room->open, (uint32_t)t->notes_len, t->track, {0}, 0};
    while (checked ? p < end : end - p >= EVENT_BYTES) {
        /* Where neither a warning is due nor a tick can saturate: there are below 2^32 times below 2^14. */
        if (!checked && kept == 0 && (running & 0xe0) == 0x80 && tick < FC_TICK_MAX >> 1) {
            const uint64_t silent_tick = t->fresh != 0 ? t->fresh_tick : UINT64_MAX;
            event = p = read_notes(&pairing, t->programs, p, end, silent_tick, &tick, &running);
            if (end - p < EVENT_BYTES) break;
        }
        uint64_t now = *p++;
        if (now & 0x80) {
            if ((!checked || p < end) && *p < 0x80) {
                now = (now & 0x7f) << 7 | *p++;
            } else {
                p = read_quantity(t, p - 1, end, &now);
                if (p == NULL || (!checked && end - p < 3)) break;
            }
        }
        if (checked && p == end) break;
        now += tick;
        if (now > FC_TICK_MAX) {
            now = FC_TICK_MAX;
            warn_at(t, FC_SMF_TICK_OVERFLOW, event);
        }
        unsigned status = *p;
        if (status & 0x80) {
            p++;
        } else if (running != 0) {
            status = running;
            pairing.warnings |= kept;
        } else {
            /* Go on at the next status, which has no time of its own. */
            warn_at(t, FC_SMF_NO_STATUS, p);
            while (p < end && *p < 0x80) p++;
            if (!checked && end - p < 3) break;
            if (p == end) {
                event = p;
                break;
            }
            status = *p++;
        }
        if (status >= 0xf0) {
            cursor->running = running;
            cursor->kept = kept;
            p = read_system(t, cursor, p, status, now);
            if (p == NULL) break;
            running = cursor->running;
            kept = cursor->kept;
            tick = now;
            event = p;
            if (cursor->stopped) break;
            continue;
        }
        const ptrdiff_t data = status >> 5 == 6 ? 1 : 2;
        if (checked && end - p < data) break;
        if (data == 1) read_short(t, now, status, p);
        else read_long(t, &pairing, now, status, p);
        p += data;
        running = status;
        kept = 0;
        tick = now;
        event = p;
    }
    t->song->warnings |= pairing.warnings;
    t->tick = tick;
    t->notes_len = pairing.len;
    for (unsigned channel = 0; channel < 16; channel++) t->channels |= (uint16_t)(pairing.used[channel] << channel);
    cursor->p = event;
    cursor->running = running;
    cursor->kept = kept;
}

size_t fc_track_read(fc_tracks *t, size_t begin, size_t end, bool guessed) {
    fc_cursor cursor = {.p = t->bytes + begin, .end = t->bytes + end, .guessed = guessed};
    t->tick = 0;
    t->ended = false;
    t->channels = 0;
    t->first_note = t->notes_len;
    t->fresh = 0;
    memset(t->programs, 0, sizeof t->programs);
    for (;;) {
        read_events(t, &cursor, false);
        if (!cursor.stopped) read_events(t, &cursor, true);
        /* Without its end event, and where no chunk follows, the track goes on: its length was too small. */
        const size_t at = (size_t)(cursor.end - t->bytes);
        if (t->ended || at == t->len || fc_chunk_begins(t->bytes, t->len, at)) break;
        warn_at(t, FC_SMF_TRACK_LENGTH, cursor.end);
        cursor.end = t->bytes + fc_track_find(t->bytes, t->len, at);
        cursor.guessed = true;
    }
    if (!cursor.stopped && cursor.p < cursor.end) warn_at(t, FC_SMF_EVENT_CUT, cursor.p);
    if (!t->ended) warn_at(t, FC_SMF_NO_END_OF_TRACK, cursor.end);
    close_notes(t);
    t->song->note_ons += t->notes_len - t->first_note;
    return (size_t)((cursor.stopped ? cursor.p : cursor.end) - t->bytes);
}

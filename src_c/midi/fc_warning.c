#include "fc_warning.h"

#include <stddef.h>

const char *fc_smf_warning_name(fc_smf_warning warning) {
    switch (warning) {
    case FC_SMF_LEADING_BYTES: return "leading_bytes";
    case FC_SMF_RIFF_SIZE: return "riff_size";
    case FC_SMF_NO_HEADER: return "no_header";
    case FC_SMF_HEADER_CUT: return "header_cut";
    case FC_SMF_HEADER_LENGTH: return "header_length";
    case FC_SMF_SECOND_HEADER: return "second_header";
    case FC_SMF_DIVISION_ZERO: return "division_zero";
    case FC_SMF_SMPTE_RATE: return "smpte_rate";
    case FC_SMF_FORMAT_UNKNOWN: return "format_unknown";
    case FC_SMF_FORMAT_0_TRACKS: return "format_0_tracks";
    case FC_SMF_TRACK_COUNT: return "track_count";
    case FC_SMF_TRACK_PAST_END: return "track_past_end";
    case FC_SMF_TRACK_LENGTH: return "track_length";
    case FC_SMF_FOREIGN_CHUNK: return "foreign_chunk";
    case FC_SMF_PADDING: return "padding";
    case FC_SMF_TRAILING_BYTES: return "trailing_bytes";
    case FC_SMF_AFTER_END_OF_TRACK: return "after_end_of_track";
    case FC_SMF_NO_END_OF_TRACK: return "no_end_of_track";
    case FC_SMF_LONG_QUANTITY: return "long_quantity";
    case FC_SMF_EVENT_CUT: return "event_cut";
    case FC_SMF_NO_STATUS: return "no_status";
    case FC_SMF_KEPT_STATUS: return "kept_status";
    case FC_SMF_SYSTEM_MESSAGE: return "system_message";
    case FC_SMF_HIGH_DATA: return "high_data";
    case FC_SMF_TICK_OVERFLOW: return "tick_overflow";
    case FC_SMF_TEMPO_LENGTH: return "tempo_length";
    case FC_SMF_TEMPO_ZERO: return "tempo_zero";
    case FC_SMF_TIME_SIGNATURE: return "time_signature";
    case FC_SMF_KEY_SIGNATURE: return "key_signature";
    case FC_SMF_UNCLOSED_NOTE: return "unclosed_note";
    case FC_SMF_ORPHAN_OFF: return "orphan_off";
    case FC_SMF_OVERLAPPING_NOTE: return "overlapping_note";
    case FC_SMF_EMPTY_NOTE: return "empty_note";
    case FC_SMF_WARNING_COUNT: break;
    }
    return NULL;
}

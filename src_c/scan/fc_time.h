/* Parse a record's time: RFC 3339 with the leniencies of the session logs. */
#ifndef FC_TIME_H
#define FC_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parse `YYYY-MM-DD`, then `T`, `t` or one space, then `hh:mm:ss`, optionally `.` and one or more digits, then `Z`,
 * `z`, `+hh:mm` or `-hh:mm`, and nothing else; write microseconds since 1970-01-01 UTC. Digits beyond six are cut
 * off, not rounded. Years 0000..9999, proleptic Gregorian, real days of the month, hours 00..23, minutes and seconds
 * 00..59 (second 60 is not readable), offset hours 00..23 and minutes 00..59. Returns false, and writes nothing, for
 * anything else. O(len), thread-safe. */
bool fc_time_parse(const uint8_t *text, size_t len, int64_t *out_us);

#endif

/* fc_time: every day of the years 0..9999 against a calendar that is counted day by day, every byte in every place
 * against a slow reader of the grammar, and a table of spellings that are refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_time.h"

static const int64_t untouched = 0x5afe5afe5afe5afe;
static unsigned long checks;

/* Parse from a block of exactly `len` bytes, so that a sanitizer sees a read behind it. */
static bool parse(const char *text, size_t len, int64_t *out_us) {
    uint8_t *exact = calloc(1, len == 0 ? 1 : len);
    if (len != 0) memcpy(exact, text, len);
    const bool good = fc_time_parse(exact, len, out_us);
    free(exact);
    return good;
}

static void fail(const char *text, size_t len, const char *what) {
    printf("%.*s: %s\n", (int)len, text, what);
    exit(1);
}

static void accepts(const char *text, int64_t want) {
    int64_t us = untouched;
    if (!parse(text, strlen(text), &us)) fail(text, strlen(text), "refused");
    if (us != want) {
        printf("%s: got %lld, want %lld\n", text, (long long)us, (long long)want);
        exit(1);
    }
    checks++;
}

static void refuses(const char *text, size_t len) {
    int64_t us = untouched;
    if (parse(text, len, &us)) fail(text, len, "accepted");
    if (us != untouched) fail(text, len, "written on refusal");
    checks++;
}

static int month_length(int year, int month) {
    if (month == 2) return (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Read `count` digits; false if one of them is none. */
static bool number(const char *text, size_t count, int *out) {
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        if (strchr("0123456789", text[i]) == NULL || text[i] == 0) return false;
        *out = *out * 10 + (text[i] - '0');
    }
    return true;
}

/* The grammar of the header, read by the letter; the calendar is counted year by year. */
static bool slow(const char *text, size_t len, int64_t *out_us) {
    int year, month, day, hour, minute, second, off_hour = 0, off_minute = 0;
    if (len < 20) return false;
    if (!number(text, 4, &year) || text[4] != '-' || !number(text + 5, 2, &month) || text[7] != '-') return false;
    if (!number(text + 8, 2, &day) || (text[10] != 'T' && text[10] != 't' && text[10] != ' ')) return false;
    if (!number(text + 11, 2, &hour) || text[13] != ':' || !number(text + 14, 2, &minute)) return false;
    if (text[16] != ':' || !number(text + 17, 2, &second)) return false;
    if (month < 1 || month > 12 || day < 1 || day > month_length(year, month)) return false;
    if (hour > 23 || minute > 59 || second > 59) return false;
    const char *end = text + len, *at = text + 19;
    char fraction[7] = "000000";
    if (*at == '.') {
        const char *begin = ++at;
        int digit;
        while (at < end && number(at, 1, &digit)) {
            if (at - begin < 6) fraction[at - begin] = *at;
            at++;
        }
        if (at == begin) return false;
    }
    int sign = 0, micros;
    if (at == end) return false;
    if (*at == '+' || *at == '-') {
        sign = *at == '+' ? 1 : -1;
        if (end - at != 6 || at[3] != ':') return false;
        if (!number(at + 1, 2, &off_hour) || !number(at + 4, 2, &off_minute)) return false;
        if (off_hour > 23 || off_minute > 59) return false;
    } else if (end - at != 1 || (*at != 'Z' && *at != 'z')) {
        return false;
    }
    int64_t days = 0;
    for (int y = 1970; y < year; y++) days += month_length(y, 2) + 337;
    for (int y = 1969; y >= year; y--) days -= month_length(y, 2) + 337;
    for (int m = 1; m < month; m++) days += month_length(year, m);
    days += day - 1;
    number(fraction, 6, &micros);
    const int64_t minutes = days * 1440 + hour * 60 + minute - sign * (off_hour * 60 + off_minute);
    *out_us = (minutes * 60 + second) * 1000000 + micros;
    return true;
}

static void agree(const char *text, size_t len) {
    int64_t got = untouched, want = untouched;
    const bool good = parse(text, len, &got), should = slow(text, len, &want);
    if (good != should) fail(text, len, good ? "accepted" : "refused");
    if (got != want) fail(text, len, "another time than the slow reader's");
    checks++;
}

static void every_day(void) {
    int64_t day_us = -719528 * INT64_C(86400000000); /* 0000-01-01 */
    char text[64];
    for (int year = 0; year <= 9999; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= month_length(year, month); day++, day_us += INT64_C(86400000000)) {
                snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
                int64_t us = untouched;
                checks++;
                if (!fc_time_parse((const uint8_t *)text, 20, &us) || us != day_us) fail(text, 20, "wrong day");
            }
            snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, month_length(year, month) + 1);
            refuses(text, 20);
        }
    }
}

static void every_second(void) {
    char text[64];
    for (int second = 0; second < 86400; second++) {
        snprintf(text, sizeof text, "2024-02-29T%02d:%02d:%02dZ", second / 3600, second / 60 % 60, second % 60);
        accepts(text, INT64_C(1709164800000000) + second * INT64_C(1000000));
    }
    for (int minute = 0; minute < 1440; minute++) {
        snprintf(text, sizeof text, "2024-02-29T00:00:00+%02d:%02d", minute / 60, minute % 60);
        accepts(text, INT64_C(1709164800000000) - minute * INT64_C(60000000));
        text[19] = '-';
        accepts(text, INT64_C(1709164800000000) + minute * INT64_C(60000000));
    }
}

int main(void) {
    accepts("1970-01-01T00:00:00Z", 0);
    accepts("1969-12-31T23:59:59.999999Z", -1);
    accepts("1969-12-31T23:59:59.9999999Z", -1);
    accepts("1970-01-01T00:00:00.0000009Z", 0);
    accepts("2024-01-01T00:00:00Z", INT64_C(1704067200000000));
    accepts("2024-01-01t00:00:00.5z", INT64_C(1704067200500000));
    accepts("2024-01-01 00:00:00.123Z", INT64_C(1704067200123000));
    accepts("2024-01-01T00:00:00.123456789+00:00", INT64_C(1704067200123456));
    accepts("2024-01-01T00:00:00-00:00", INT64_C(1704067200000000));
    accepts("0000-01-01T00:00:00+23:59", INT64_C(-62167305540000000));
    accepts("9999-12-31T23:59:59.999999-23:59", INT64_C(253402387139999999));
    accepts("2024-01-01T00:00:00.12345678901234567890123456789012345678901234567890Z", INT64_C(1704067200123456));

    const char *refused[] = {
        "", "Z", "2024", "2024-01-01", "2024-01-01T00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.5",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00 Z", "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z", "2024-01-01T00:00:00ZZ", "2024-01-01  00:00:00Z", "2024-01-01_00:00:00Z",
        "2024-01-01T00:00:00+0000", "2024-01-01T00:00:00+00", "2024-01-01T00:00:00+00:0", "2024-01-01T00:00:00+00:000",
        "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+00:60", "2024-01-01T00:00:00-24:00", "2024-01-01T00:00:00UTC",
        "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z", "2016-12-31T23:59:60Z", "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z", "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "20240101T000000Z",
        "2024-1-1T00:00:00Z", "+2024-01-01T00:00:00Z", "-2024-01-01T00:00:00Z", "12024-01-01T00:00:00Z",
        "2024-001T00:00:00Z", "2024-W01-1T00:00:00Z", "2024/01/01T00:00:00Z", "01-01-2024T00:00:00Z",
        "2024-01-01T00:00:00.5.5Z", "2024-01-01T00:00:00.-5Z", "2024-01-01T-1:00:00Z", "2024-01-01T00: 1:00Z",
        "2024-01-01T00:00:00\xe2\x88\x92""01:00", "\xef\xbc\x92\xef\xbc\x90""24-01-01T00:00:00Z", "1704067200000",
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) refuses(refused[i], strlen(refused[i]));
    refuses("2024-01-01T00:00:00Z\0", 21);
    refuses("2024-01-01T00:00:00.\0Z", 22);

    const char *good[] = {"2024-02-29T23:59:59Z", "1999-12-31t00:00:00.123z", "2000-10-20 07:08:09.1234567+12:34",
                          "0400-02-29T01:02:03-00:30"};
    for (size_t g = 0; g < 4; g++) {
        const size_t len = strlen(good[g]);
        char text[64];
        memcpy(text, good[g], len);
        for (size_t cut = 0; cut <= len; cut++) agree(text, cut);
        for (size_t at = 0; at < len; at++) {
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (char)byte;
                agree(text, len);
                agree(text, at + 1);
            }
            text[at] = good[g][at];
        }
    }
    every_second();
    every_day();
    printf("%lu checks\n", checks);
    return 0;
}

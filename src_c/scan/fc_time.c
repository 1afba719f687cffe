#include "fc_time.h"

static int two(const uint8_t *p) {
    const unsigned a = (unsigned)p[0] - '0', b = (unsigned)p[1] - '0';
    return a > 9 || b > 9 ? -1 : (int)(a * 10 + b);
}

/* Days since 1970-01-01 of a proleptic Gregorian date, counted in 400-year cycles from a year that begins in March. */
static int64_t days(int year, int month, int day) {
    year -= month <= 2;
    const int cycle = (year >= 0 ? year : year - 399) / 400;
    const int of_cycle = year - cycle * 400;
    const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int of_days = of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year;
    return (int64_t)cycle * 146097 + of_days - 719468;
}

bool fc_time_parse(const uint8_t *t, size_t len, int64_t *out_us) {
    if (len < 20) return false;
    const int century = two(t), of_century = two(t + 2), month = two(t + 5), day = two(t + 8);
    const int hour = two(t + 11), minute = two(t + 14), second = two(t + 17);
    if (century < 0 || of_century < 0 || t[4] != '-' || t[7] != '-' || t[13] != ':' || t[16] != ':') return false;
    if (t[10] != 'T' && t[10] != 't' && t[10] != ' ') return false;
    if (month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 59)
        return false;
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int year = century * 100 + of_century;
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > month_days[month - 1] + (month == 2 && leap)) return false;

    size_t at = 19;
    int64_t micros = 0;
    if (t[at] == '.') {
        const size_t begin = ++at;
        int64_t unit = 100000;
        for (; at < len && (uint8_t)(t[at] - '0') < 10; at++, unit /= 10) micros += (t[at] - '0') * unit;
        if (at == begin) return false;
    }
    int64_t offset = 0;
    if (at + 1 == len && (t[at] == 'Z' || t[at] == 'z')) {
        offset = 0;
    } else if (at + 6 == len && (t[at] == '+' || t[at] == '-') && t[at + 3] == ':') {
        const int hours = two(t + at + 1), minutes = two(t + at + 4);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
        offset = (hours * 3600 + minutes * 60) * (t[at] == '-' ? -1 : 1);
    } else {
        return false;
    }
    const int64_t seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
    *out_us = seconds * 1000000 + micros;
    return true;
}

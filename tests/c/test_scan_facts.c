/* fc_facts: every record's own time lies within the facts, and where records without one take theirs is followed. */
#include "check.h"
#include "fc_facts.h"

enum { LINES = 40 };

static pthread_mutex_t long_lines = PTHREAD_MUTEX_INITIALIZER;
static fc_parser parser;
static fc_probe key;
static fc_learner learner;
static uint8_t bytes[LINES * 400];
static size_t len;

/* What a block's records really are. */
typedef struct truth {
    bool has_own, ends_untimed, exact; /* exact: no line says a time that is not its record's own */
    int64_t first_us, last_us;
    size_t newlines;
} truth;

static const char *const timed[] = {
    "{\"timestamp\":\"1970-01-01T00:00:%02zuZ\"}", "{\"t\\u0069mestamp\":\"1970-01-01T00:00:%02zu.0Z\"}\r",
    "{ \"timestamp\" :\t\"1970-01-01T00:00:%02zu.000000999Z\" , \"x\":1}", "{\"timestamp\":\"1970\\u002d01-01T00:00:%02zuZ\"}",
    "{\"timestamp\":\"1971-01-01T00:00:00Z\",\"timestamp\":\"1970-01-01T00:00:%02zuZ\"}",
    "{\"x\":\"\\\"timestamp\\\":\\\"1971-01-01T00:00:00Z\\\"\",\"timestamp\":\"1970-01-01T00:00:%02zuZ\"}"};
static const char *const untimed[] = {
    "{\"type\":\"summary\"}", "{\"timestamp\":\"soon\"}", "{\"timestamp\":5}", "{\"timestamp\":\"1970-01-01T00:00:60Z\"}",
    "{\"snapshot\":{\"timestamp\":\"1971-01-01T00:00:00Z\"}}", "{\"x\":\"timestamp\"}", "{\"x\":\"\\u0074\"}"};
static const char *const nothing[] = {
    "", " \t\r", "broken \"timestamp\":\"1971-01-01T00:00:00Z\"", "{\"timestamp\":\"1971-01-01T00:00:00Z\"} {}",
    "[\"timestamp\"]", "\"timestamp\":", "\"timestamp\":\""};

static truth make_block(size_t count, bool plain) {
    truth t = {.exact = true, .first_us = INT64_MAX, .last_us = INT64_MIN, .newlines = count};
    len = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t kind = random_below(4), which = random_below(plain ? 1 : 6);
        if (kind < 2) {
            len += (size_t)sprintf((char *)bytes + len, timed[which], i);
            const int64_t us = (int64_t)i * 1000000;
            if (us < t.first_us) t.first_us = us;
            if (us > t.last_us) t.last_us = us;
            t.has_own = true;
            t.ends_untimed = false;
            t.exact &= which != 4;
        } else if (kind == 2) {
            const uint64_t pick = plain ? 0 : random_below(7);
            len += (size_t)sprintf((char *)bytes + len, "%s", untimed[pick]);
            t.ends_untimed = true;
            t.exact &= pick != 4;
        } else {
            const uint64_t pick = random_below(plain ? 2 : 7);
            len += (size_t)sprintf((char *)bytes + len, "%s", nothing[pick]);
            t.exact &= pick != 2 && pick != 3 && pick != 6;
        }
        bytes[len++] = '\n';
    }
    return t;
}

static void check_random(void) {
    for (int round = 0; round < 4000; round++) {
        const truth t = make_block((size_t)random_below(LINES), random_below(3) == 0);
        uint8_t *copy = exact_copy(bytes, len + 1);
        fc_facts facts;
        CHECK(fc_facts_learn(&learner, copy, len, random_below(2) * 77, &facts) == FC_OK);
        CHECK(facts.has_own == t.has_own && facts.ends_untimed == t.ends_untimed && facts.newlines == t.newlines);
        CHECK(facts.first_us <= t.first_us && facts.last_us >= t.last_us);
        if (t.exact) CHECK(facts.first_us == t.first_us && facts.last_us == t.last_us);
        free(copy);
    }
}

static void check_mark(void) {
    static const uint8_t marked[] = "\xef\xbb\xbf{\"timestamp\":\"1970-01-01T00:00:07Z\"}\n";
    fc_facts facts;
    CHECK(fc_facts_learn(&learner, marked, sizeof marked - 1, 0, &facts) == FC_OK && facts.has_own && !facts.ends_untimed);
    CHECK(facts.first_us == 7000000 && facts.last_us == 7000000);
    /* Elsewhere a mark makes the line an error; its time may widen the facts but is no record's. */
    CHECK(fc_facts_learn(&learner, marked, sizeof marked - 1, 9, &facts) == FC_OK && !facts.has_own && !facts.ends_untimed);
    static const uint8_t alone[] = "\xef\xbb\xbf\n";
    CHECK(fc_facts_learn(&learner, alone, 4, 0, &facts) == FC_OK && !facts.has_own && facts.first_us > facts.last_us);
    CHECK(fc_facts_learn(&learner, alone, (size_t)FC_FACTS_LEN_MAX + 1, 0, &facts) == FC_BAD_VALUE);
}

/* The time of record `at` of `own`, INT64_MIN without one: the next, else the previous, else the file's. */
static int64_t time_of(const int64_t *own, size_t count, size_t at, int64_t files) {
    for (size_t i = at; i < count; i++)
        if (own[i] != INT64_MIN) return own[i];
    for (size_t i = at; i-- > 0;)
        if (own[i] != INT64_MIN) return own[i];
    return files;
}

/* Blocks of up to three records: each record's time lies in its block's range. */
static void check_ranges(void) {
    for (int round = 0; round < 20000; round++) {
        const size_t blocks = (size_t)random_below(5);
        fc_facts facts[5];
        const fc_facts *known[5];
        size_t begins[6], count = 0;
        int64_t own[16];
        for (size_t b = 0; b < blocks; b++) {
            fc_facts *f = &facts[b];
            *f = (fc_facts){.first_us = INT64_MAX, .last_us = INT64_MIN};
            begins[b] = count;
            for (size_t i = (size_t)random_below(4); i-- > 0; count++) {
                own[count] = random_below(2) ? (int64_t)random_below(100) : INT64_MIN;
                f->ends_untimed = own[count] == INT64_MIN;
                if (f->ends_untimed) continue;
                f->has_own = true;
                if (own[count] < f->first_us) f->first_us = own[count];
                if (own[count] > f->last_us) f->last_us = own[count];
            }
            known[b] = random_below(8) ? f : NULL;
        }
        begins[blocks] = count;
        const bool ends_known = random_below(2);
        size_t behind = count;
        if (!ends_known && random_below(2)) own[behind++] = 50;
        fc_time_range ranges[5];
        fc_facts_ranges(known, blocks, ends_known, ranges);
        for (size_t b = 0; b < blocks; b++) {
            for (size_t i = begins[b]; i < begins[b + 1]; i++) {
                const int64_t us = time_of(own, behind, i, 1000);
                CHECK(ranges[b].first_us <= us && us <= ranges[b].last_us);
                const fc_plan_options in = {.has_since = true, .since_us = us, .has_until = true, .until_us = us};
                CHECK(fc_time_range_meets(&ranges[b], &in));
            }
            if (known[b] != NULL && begins[b] == begins[b + 1]) CHECK(ranges[b].first_us > ranges[b].last_us);
            if (known[b] != NULL && facts[b].has_own && !facts[b].ends_untimed)
                CHECK(ranges[b].first_us == facts[b].first_us && ranges[b].last_us == facts[b].last_us);
        }
    }
}

static void check_meets(void) {
    const fc_time_range range = {10, 20}, none = {INT64_MAX, INT64_MIN};
    const fc_plan_options free_of_bounds = {0};
    CHECK(fc_time_range_meets(&range, &free_of_bounds) && !fc_time_range_meets(&none, &free_of_bounds));
    for (int64_t us = 8; us < 23; us++) {
        const fc_plan_options since = {.has_since = true, .since_us = us}, until = {.has_until = true, .until_us = us};
        CHECK(fc_time_range_meets(&range, &since) == (us <= 20));
        CHECK(fc_time_range_meets(&range, &until) == (us >= 10));
    }
}

int main(void) {
    fc_facts_key(&key);
    const fc_find *find = fc_find_for(fc_cpu_detect());
    CHECK(fc_parser_init(&parser, &long_lines, find, false) == FC_OK);
    learner = (fc_learner){.parser = &parser, .key = &key, .find = find};
    check_random();
    check_mark();
    check_ranges();
    check_meets();
    fc_parser_free(&parser);
    return finish();
}

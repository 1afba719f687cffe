/* fc_sieve: it stops where a naive search for the probe's literals and escapes stops, across its windows. */
#include "check.h"
#include "fc_sieve.h"

/* The sieve against its definition: the first place from `from` on where a literal or an escape begins. */
static size_t naive_next(const fc_literal *literals, size_t count, const fc_escape_set *set, const uint8_t *bytes,
                         size_t len, size_t from) {
    for (size_t at = from; at < len; at++) {
        for (size_t i = 0; i < count; i++) {
            const fc_literal *l = &literals[i];
            size_t same = 0;
            while (same < l->len && at + same < len && (bytes[at + same] | 0x20) == l->bytes[same]) same++;
            if (same == l->len) return at;
        }
        if (at + 6 <= len && fc_escape_set_match(set, bytes + at)) return at;
    }
    return len;
}

static void check_sieve(void) {
    fc_arena arena = {0};
    fc_probe probe, other;
    CHECK(fc_probe_choose(&arena, (const uint8_t *)"quartz", 6, true, &probe) == FC_OK);
    CHECK(fc_probe_choose(&arena, (const uint8_t *)"zebra", 5, true, &other) == FC_OK && fc_probe_join(&probe, &other));
    fc_literal literals[2];
    fc_escape_set set = {0};
    fc_literal_init(&literals[0], (const uint8_t *)"quartz", 6, true);
    fc_literal_init(&literals[1], (const uint8_t *)"zebra", 5, true);
    for (const char *c = "quartzebQUARTZEB"; *c != 0; c++) CHECK(fc_escape_set_add(&set, (uint16_t)*c));
    static const char *const plants[] = {"quartz", "QuArTz", "zebra", "\\u0071", "\\u005A", "\\u0078", "quart", "\\u00"};
    for (int round = 0; round < 400; round++) {
        const size_t len = (size_t)random_below(round % 4 == 0 ? 70000 : 400);
        uint8_t *bytes = exact_copy("", 0);
        bytes = realloc(bytes, len + 1);
        for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)("abc \\u0 \n"[random_below(9)]);
        for (uint64_t n = random_below(30); n > 0; n--) {
            const char *plant = plants[random_below(8)];
            if (strlen(plant) > len) continue;
            /* Half of them around multiples of 16 KB, where a window of the search may end. */
            size_t at = (size_t)random_below(len - strlen(plant) + 1);
            if (random_below(2) && len > 20000) at = 16384 * (1 + (size_t)random_below(len / 16384)) - (size_t)random_below(8);
            if (at + strlen(plant) <= len) memcpy(bytes + at, plant, strlen(plant));
        }
        uint8_t *copy = exact_copy(bytes, len);
        for (int level = FC_CPU_BASE; level <= (int)fc_cpu_detect(); level++) {
            fc_sieve sieve;
            fc_sieve_start(&sieve, &probe, fc_find_for((fc_cpu_level)level), copy, len);
            for (size_t from = 0; from <= len;) {
                const size_t want = naive_next(literals, 2, &set, copy, len, from);
                CHECK(fc_sieve_next(&sieve, from) == want);
                from = want + 1 + (size_t)random_below(random_below(3) == 0 ? 5000 : 3);
            }
        }
        free(copy);
        free(bytes);
    }
    fc_arena_free(&arena);
}

static void check_no_probe(void) {
    const fc_probe none = {0};
    fc_sieve sieve;
    fc_sieve_start(&sieve, &none, fc_find_for(FC_CPU_BASE), (const uint8_t *)"xy", 2);
    CHECK(fc_sieve_next(&sieve, 0) == 0 && fc_sieve_next(&sieve, 1) == 1 && fc_sieve_next(&sieve, 2) == 2);
}

int main(void) {
    check_sieve();
    check_no_probe();
    return finish();
}

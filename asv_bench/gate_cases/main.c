/* Run one case of the gate: `gate ROOM.CASE LEVEL`; without arguments list the cases and their levels. A third argument
 * is how often to repeat the case: the nanoseconds of the quickest run are printed, and nothing is collected.
 *
 * callgrind collects inside gate_measured alone (--toggle-collect). The work is done once before, so that what is made
 * at a first call is not counted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fc_clock.h"
#include "fc_target.h"
#include "gate.h"

static const gate_room *const rooms[] = {&gate_base, &gate_bpm, &gate_midi, &gate_scan, &gate_topk};

void gate_need(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

uint64_t gate_random(uint64_t below) {
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 16) % below;
}

uint64_t gate_measured(const gate_case *found);

__attribute__((noinline)) uint64_t gate_measured(const gate_case *found) {
    uint64_t result = found->work();
    __asm__ volatile("" : "+r"(result)); /* the call must return here, or its end is not seen */
    return result;
}

static void need_expected(const gate_room *room, const gate_case *found, uint64_t result) {
    if (result == found->expected) return;
    fprintf(stderr, "%s.%s gives %llu, expected is %llu\n", room->name, found->name, (unsigned long long)result,
            (unsigned long long)found->expected);
    exit(1);
}

static void run(const gate_room *room, const gate_case *found, fc_cpu_level level) {
    room->set_up(level);
    const uint64_t before = found->work(), result = gate_measured(found);
    need_expected(room, found, before);
    need_expected(room, found, result);
}

static void print_time(const gate_room *room, const gate_case *found, fc_cpu_level level, int repeats) {
    room->set_up(level);
    int64_t least = INT64_MAX;
    for (int i = 0; i <= repeats; i++) { /* the first run finds cold caches */
        const int64_t began = fc_clock_ns();
        need_expected(room, found, found->work());
        const int64_t took = fc_clock_ns() - began;
        if (took < least) least = took;
    }
    printf("%lld\n", (long long)least);
}

static void list(const char *name, fc_cpu_level up_to) {
    for (int level = FC_CPU_BASE; level <= (int)(FC_HAS_LEVELS ? up_to : FC_CPU_BASE); level++)
        printf("%s %s\n", name, fc_cpu_name((fc_cpu_level)level));
}

int main(int argc, char **argv) {
    const fc_cpu_level level = argc >= 3 ? fc_cpu_by_name(argv[2]) : FC_CPU_BASE;
    gate_need(level <= fc_cpu_detect(), "this level is unknown, or the processor that valgrind shows lacks it");
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        for (const gate_case *found = rooms[i]->cases; found->name != NULL; found++) {
            char name[100];
            snprintf(name, sizeof name, "%s.%s", rooms[i]->name, found->name);
            if (argc == 1) list(name, found->up_to);
            if (argc < 3 || strcmp(name, argv[1]) != 0) continue;
            if (argc == 3) run(rooms[i], found, level);
            else print_time(rooms[i], found, level, atoi(argv[3]));
            return 0;
        }
    gate_need(argc == 1, "there is no such case");
    return 0;
}

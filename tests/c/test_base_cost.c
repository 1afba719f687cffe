/* fc_cost: the model against simulated machines, whose times it is told: it must end where the faster choice is. */
#include <stdbool.h>

#include "check.h"
#include "fc_cost.h"

/* A machine and a kind of work on it. */
typedef struct machine {
    double ns_per_item;
    double gain;     /* of a further thread; 0: a lock that all share */
    double handover; /* what it really is */
    double noise;    /* up to this share is added */
    uint64_t hiccup; /* one run in so many takes 5 ms longer; 0: none */
} machine;

static double time_of(const machine *m, size_t items, unsigned threads) {
    const double serial = m->ns_per_item * (double)items;
    return threads == 1 ? serial : m->handover + serial / (1 + m->gain * (threads - 1));
}

static double noisy(const machine *m, double time) {
    time *= 1 + m->noise * (double)random_below(1000) / 1000;
    return m->hiccup != 0 && random_below(m->hiccup) == 0 ? time + 5e6 : time;
}

/* Run `calls` of the site; the sum of the times chosen and of the best possible, without noise. */
static void simulate(fc_cost_site *site, const machine *m, size_t items, unsigned most, int calls, double *out_ours,
                     double *out_best) {
    *out_ours = *out_best = 0;
    const fc_cost_work work = {.items = items};
    for (int i = 0; i < calls; i++) {
        const fc_cost_site before = *site;
        const unsigned would = fc_cost_would_choose(site, &work, most, 30000, FC_COST_BY_MODEL);
        CHECK(memcmp(&before, site, sizeof before) == 0);
        const unsigned threads = fc_cost_choose(site, &work, most, 30000, FC_COST_BY_MODEL);
        CHECK(threads == would && threads >= 1 && threads <= most && threads <= (items ? items : 1));
        fc_cost_learn(site, &work, threads, 30000, (int64_t)noisy(m, time_of(m, items, threads)));
        const double serial = time_of(m, items, 1), parallel = time_of(m, items, most < items ? most : (unsigned)items);
        *out_ours += time_of(m, items, threads);
        *out_best += serial < parallel ? serial : parallel;
    }
}

/* Item costs over six powers of ten, with and without gain: close to the better choice, after it was learned. */
static void check_that_it_finds_the_better(double noise, uint64_t hiccup, double most_times) {
    for (double gain = 0; gain <= 1; gain += 0.95)
        for (double ns = 100; ns <= 1e7; ns *= 10)
            for (size_t items = 2; items <= 2000; items *= 10) {
                const machine m = {ns, gain, 30000, noise, hiccup};
                fc_cost_site site = {0};
                double ours, best;
                simulate(&site, &m, items, 2, 20, &ours, &best);
                simulate(&site, &m, items, 2, 400, &ours, &best);
                CHECK(ours <= most_times * best);
                CHECK(site.serial + site.parallel == 420);
            }
}

static void check_that_it_follows_change(void) {
    const machine cheap = {1000, 0.95, 30000, 0.1, 0}, dear = {4e6, 0.95, 30000, 0.1, 0},
                  locked = {4e6, 0, 30000, 0.1, 0};
    fc_cost_site site = {0};
    double ours, best;
    const machine *const turns[] = {&cheap, &dear, &cheap, &locked, &dear, &locked, &cheap, &dear};
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        simulate(&site, turns[i], 10, 2, i == 0 ? 50 : 5000, &ours, &best);
        simulate(&site, turns[i], 10, 2, 50, &ours, &best);
        CHECK(ours <= 1.05 * best || (turns[i] == &dear && site.wait > 8)); /* its next try may be far away */
    }
}

/* Threads that mostly take half as long, and often three times as long, are not worth it. */
static void check_that_it_minds_the_whole(void) {
    fc_cost_site site = {0};
    const fc_cost_work work = {.items = 10};
    uint64_t losses = 0;
    for (int i = 0; i < 4000; i++) {
        const unsigned threads = fc_cost_choose(&site, &work, 2, 20000, FC_COST_BY_MODEL);
        losses += threads == 2;
        fc_cost_learn(&site, &work, threads, 20000, threads == 1 ? 200000 : random_below(2) ? 120000 : 600000);
    }
    CHECK(losses < 4000 / 4);
}

/* On a machine that is taken by others, where any run may take many times as long, threads that hinder stay rare. */
static void check_that_noise_does_not_tempt(void) {
    fc_cost_site site = {0};
    const fc_cost_work work = {.items = 10};
    for (int i = 0; i < 20000; i++) {
        const unsigned threads = fc_cost_choose(&site, &work, 2, 30000, FC_COST_BY_MODEL);
        const int64_t luck = 1 + (random_below(3) == 0) * (int64_t)random_below(10);
        fc_cost_learn(&site, &work, threads, 30000, (threads == 1 ? 2000000 : 4000000) * luck);
    }
    CHECK(site.parallel < 20000 / 6);
}

/* Tries of a site that never gains become rare, the more so the dearer they are, and cost next to nothing. */
static void check_that_tries_become_rare(void) {
    const double gains[] = {0, -0.05, -0.5}; /* of a second thread: they may hinder each other */
    const uint64_t most[] = {100000 / 64, 100000 / 24, 100000 / 400};
    for (size_t i = 0; i < sizeof gains / sizeof gains[0]; i++) {
        const machine locked = {1e6, gains[i], 30000, 0, 0};
        fc_cost_site site = {0};
        double ours, best;
        simulate(&site, &locked, 10, 2, 100000, &ours, &best);
        CHECK(site.parallel >= 10 && site.parallel <= most[i] + 10);
        CHECK(ours <= 1.003 * best);
        const uint64_t before = site.parallel;
        simulate(&site, &locked, 10, 2, 5000, &ours, &best);
        CHECK(site.parallel > before);
    }
}

/* A site whose work takes three times as long from some call on, or is dearer than was guessed, keeps its threads where
 * the processor time shows that they shared the work. Without gain it lets go of them all the same. */
static void check_that_dearer_work_keeps_its_threads(void) {
    for (int known = 0; known < 2; known++) {
        for (int gains = 0; gains < 2; gains++) {
            fc_cost_site site = {0};
            fc_cost_work work = {.items = 100, .bytes = 1000000, .guess_ns = 10000000, .cpu_ns = 10000000};
            for (int i = 0; i < 20 * known; i++) {
                const unsigned threads = fc_cost_choose(&site, &work, 2, 30000, FC_COST_BY_MODEL);
                fc_cost_learn(&site, &work, threads, 30000, 10000000 / threads);
            }
            const uint64_t before = site.serial;
            work.cpu_ns = 30000000;
            for (int i = 0; i < 20; i++) {
                const unsigned threads = fc_cost_choose(&site, &work, 2, 30000, FC_COST_BY_MODEL);
                fc_cost_learn(&site, &work, threads, 30000, gains ? 30000000 / threads : 30000000);
            }
            CHECK(gains ? site.serial == before : site.serial > before + 10);
        }
    }
}

static void check_the_edges(void) {
    fc_cost_site site = {0};
    fc_cost_work work = {.items = 100};
    CHECK(fc_cost_serial_ns(&site, &work) == 0 && fc_cost_parallel_ns(&site, &work, 2, 1000) == 0);
    CHECK(fc_cost_choose(&site, &work, 8, 1000, FC_COST_BY_MODEL) == 1); /* unknown: serial */
    CHECK(fc_cost_choose(&site, &work, 8, 1000, 0) == 8);                /* told to */
    CHECK(fc_cost_choose(&site, &work, 8, 1000, 500) == 1);
    work.guess_ns = 1000000;
    CHECK(fc_cost_choose(&site, &work, 8, 1000, FC_COST_BY_MODEL) == 8);
    CHECK(fc_cost_choose(&site, &work, 8, 1000, 1000000) == 8);
    CHECK(fc_cost_choose(&site, &work, 8, 1000, 1000001) == 1);
    CHECK(fc_cost_choose(&site, &work, 0, 1000, 0) == 1);
    CHECK(fc_cost_choose(&site, &work, 1, 1000, 0) == 1);
    CHECK(fc_cost_choose(&site, &work, 8, 300000, FC_COST_BY_MODEL) == 4); /* each has a hand-over's worth to do */
    CHECK(site.serial == 5 && site.parallel == 4);
    work.items = 0;
    CHECK(fc_cost_choose(&site, &work, 8, 1000, 0) == 1);
    work.items = 3;
    CHECK(fc_cost_choose(&site, &work, 8, 1000, 0) == 3);

    fc_cost_learn(&site, &work, 1, 1000, 3000);
    work.items = 6;
    CHECK(fc_cost_serial_ns(&site, &work) == 6000); /* experience counts, not the guess */
    work.bytes = 100;
    CHECK(fc_cost_serial_ns(&site, &work) == 6000); /* nothing is known of bytes yet */
    fc_cost_learn(&site, &work, 1, 1000, 6000);
    CHECK(fc_cost_serial_ns(&site, &work) == 6000);
    work.bytes = 200;
    CHECK(fc_cost_serial_ns(&site, &work) == 12000);
    fc_cost_learn(&site, &work, 1, 1000, -5);
    fc_cost_learn(&site, &work, 0, 1000, 0);
    CHECK(fc_cost_serial_ns(&site, &work) > 0);
    work.bytes = UINT64_MAX;
    work.items = SIZE_MAX;
    fc_cost_learn(&site, &work, 256, INT64_MAX, INT64_MAX);
    CHECK(fc_cost_choose(&site, &work, 256, INT64_MAX, INT64_MAX) >= 1);
}

/* One slow run is the machine's doing, two are the work's; many threads set right what was too high. */
static void check_the_averages(void) {
    const fc_cost_work work = {.items = 10};
    fc_cost_site site = {0};
    fc_cost_learn(&site, &work, 1, 1000, 1000);
    fc_cost_learn(&site, &work, 1, 1000, 900000);
    CHECK(fc_cost_serial_ns(&site, &work) == 1000);
    fc_cost_learn(&site, &work, 1, 1000, 1000);
    fc_cost_learn(&site, &work, 1, 1000, 900000);
    CHECK(fc_cost_serial_ns(&site, &work) == 1000);
    fc_cost_learn(&site, &work, 1, 1000, 900000);
    CHECK(fc_cost_serial_ns(&site, &work) == 900000);
    fc_cost_learn(&site, &work, 1, 1000, 1000000);
    CHECK(fc_cost_serial_ns(&site, &work) == 925000);
    fc_cost_learn(&site, &work, 1, 1000, 100);
    CHECK(fc_cost_serial_ns(&site, &work) == 100);
    fc_cost_learn(&site, &work, 1, 1000, 300);
    CHECK(fc_cost_serial_ns(&site, &work) == 150);
    fc_cost_learn(&site, &work, 3, 1000, 10);
    CHECK(fc_cost_serial_ns(&site, &work) == 15);
    CHECK(site.gain > 0.9 && site.tried == 1 && site.measured == 8);
}

int main(void) {
    check_the_edges();
    check_the_averages();
    check_that_it_finds_the_better(0, 0, 1.05);
    check_that_it_finds_the_better(0.1, 100, 1.10);
    check_that_it_follows_change();
    check_that_it_minds_the_whole();
    check_that_noise_does_not_tempt();
    check_that_tries_become_rare();
    check_that_dearer_work_keeps_its_threads();
    return finish();
}

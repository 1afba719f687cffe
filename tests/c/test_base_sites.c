/* fc_sites: a bounded table of sites, by use; many threads, forks; the hand-over is measured when it matters. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fc_pool.h"
#include "fc_sites.h"

static const fc_runtime *runtime;
static fc_sites_row rows[FC_SITES_MAX + 1];

static fc_cost_work work_at(const char *name) {
    return (fc_cost_work){.name = name, .name_len = strlen(name), .items = 10, .handover_ns = 30000};
}

static bool is_row(size_t i, const char *name) {
    return rows[i].name_len == strlen(name) && memcmp(rows[i].name, name, rows[i].name_len) == 0;
}

static void check_order_and_bounds(void) {
    char name[400];
    fc_sites_clear();
    CHECK(fc_sites_list(rows, 10) == 0);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "site %d", i);
        const fc_cost_work work = work_at(name);
        runtime->learn(runtime, &work, 1, 1000 + i);
        if (i >= 5) {
            const fc_cost_work kept = work_at("site 5");
            CHECK(runtime->choose(runtime, &kept, 4) == 1);
        }
    }
    CHECK(fc_sites_list(rows, FC_SITES_MAX + 1) == FC_SITES_MAX);
    CHECK(is_row(0, "site 5") && rows[0].site.serial == 2995 && rows[0].site.ns_per_item == 100.5);
    for (int i = 1; i < FC_SITES_MAX; i++) {
        snprintf(name, sizeof name, "site %d", 3000 - i);
        CHECK(is_row((size_t)i, name));
    }
    CHECK(fc_sites_list(rows, 1) == 1);
    memset(name, 'x', sizeof name);
    fc_cost_work work = {.name = name, .name_len = sizeof name, .items = 1};
    runtime->learn(runtime, &work, 1, 5);
    CHECK(fc_sites_list(rows, 1) == 1 && rows[0].name_len == FC_SITES_NAME_MAX);
    work.name_len = FC_SITES_NAME_MAX;
    runtime->learn(runtime, &work, 1, 5);
    CHECK(fc_sites_list(rows, 1) == 1 && rows[0].site.measured == 1); /* the same site */
    work.name_len = 0;
    runtime->learn(runtime, &work, 1, 5);
    CHECK(fc_sites_list(rows, 2) == 2 && rows[0].name_len == 0);
    fc_sites_clear();
}

static void check_threshold(void) {
    fc_cost_work work = work_at("threshold");
    work.guess_ns = 50000000;
    CHECK(fc_sites_would_choose(runtime, &work, 4) == 4);
    fc_sites_set_threshold(INT64_MAX);
    CHECK(runtime->choose(runtime, &work, 4) == 1);
    fc_sites_set_threshold(0);
    work.guess_ns = 0;
    CHECK(runtime->choose(runtime, &work, 4) == 4);
    fc_sites_set_threshold(FC_COST_BY_MODEL);
    CHECK(fc_sites_would_choose(runtime, &work, 4) == 1);
    CHECK(fc_sites_list(rows, 10) == 1 && rows[0].site.serial == 1 && rows[0].site.parallel == 1);
}

static void check_handover(void) {
    fc_cost_work work = work_at("handover");
    work.handover_ns = 0;
    work.guess_ns = 1000;
    runtime->choose(runtime, &work, 2);
    work.guess_ns = 1000000000;
    CHECK(runtime->choose(runtime, &work, 2) == 2);
    work.guess_ns = 100000;
    for (int i = 0; i < 2; i++) runtime->choose(runtime, &work, 1);
    CHECK(fc_sites_handover_ns() == 0 && fc_pool_workers() == 0); /* it made no difference so far */
    const fc_cost_work seldom = {.name = "seldom", .name_len = 6, .items = 10, .guess_ns = 100000};
    for (int i = 0; i < 4; i++) CHECK(runtime->choose(runtime, &seldom, 2) >= 1 && fc_sites_handover_ns() == 0);
    runtime->choose(runtime, &work, 2);
    const int64_t measured = fc_sites_handover_ns();
    CHECK(measured > 0 && measured <= 500000 && fc_pool_workers() == 1);
    runtime->choose(runtime, &work, 2);
    CHECK(fc_sites_handover_ns() == measured);
}

static void check_serial_work(void) {
    fc_cost_work work = work_at("short work");
    CHECK(fc_sites_begin_serial(runtime, &work) == 0); /* nothing is known yet */
    runtime->learn(runtime, &work, 1, 10000);
    const int64_t began = fc_sites_begin_serial(runtime, &work);
    CHECK(began > 0);
    fc_sites_end_serial(runtime, &work, began);
    CHECK(fc_sites_list(rows, 1) == 1 && is_row(0, "short work"));
    CHECK(rows[0].site.serial == 1 && rows[0].site.parallel == 0 && rows[0].site.measured == 1);
    for (int i = 0; i < 2; i++) runtime->learn(runtime, &work, 1, 100000000);
    CHECK(fc_sites_begin_serial(runtime, &work) == 0);
    CHECK(fc_sites_list(rows, 1) == 1 && rows[0].site.serial == 1);
}

static void *use(void *number) {
    char name[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%d", (int)((size_t)number + (size_t)i * 7) % 1500);
        const fc_cost_work work = work_at(name);
        const unsigned threads = runtime->choose(runtime, &work, 2);
        runtime->learn(runtime, &work, threads, 1000);
    }
    return NULL;
}

static void check_many_threads_and_forks(void) {
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, use, (void *)i) == 0);
#if !defined(__SANITIZE_THREAD__)
    for (int i = 0; i < 50; i++) {
        const pid_t child = fork();
        if (child == 0) {
            use((void *)9);
            _exit(fc_sites_list(rows, FC_SITES_MAX + 1) == FC_SITES_MAX ? 0 : 1);
        }
        int status;
        CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
    }
#endif
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(fc_sites_list(rows, FC_SITES_MAX + 1) == FC_SITES_MAX);
}

int main(void) {
    runtime = fc_pool_runtime(FC_CPU_BASE);
    check_handover();
    check_order_and_bounds();
    check_threshold();
    check_serial_work();
    check_many_threads_and_forks();
    return finish();
}

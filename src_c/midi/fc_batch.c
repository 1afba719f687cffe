#include "fc_batch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fc_clock.h"
#include "fc_load.h"

typedef struct worker {
    fc_analysis_room room;
    fc_buffer content;
    fc_gather gather;
} worker;

typedef struct job {
    fc_job job;
    const fc_batch *batch;
    worker *workers;
    fc_gather_row *texts; /* of each row; NULL: they are not wanted */
    atomic_size_t done;
} job;

static void forget_big(worker *w) {
    if (w->content.len <= FC_BATCH_KEPT) return;
    fc_buffer_free(&w->content);
    fc_analysis_room_free(&w->room);
}

static void analyse(worker *w, const fc_batch *batch, size_t item, fc_gather_row *texts) {
    fc_batch_row *row = &batch->rows[item];
    fc_file_info info = {0};
    const fc_status status = fc_load(batch->paths[item], &w->content, &info, &row->number);
    if (status == FC_OS) return;
    row->opened = true;
    row->size = w->content.len;
    row->mtime_ns = info.mtime_ns;
    if (status != FC_OK) {
        row->size = info.size;
        row->analysis.code = FC_SMF_NO_MEMORY;
        return;
    }
    fc_analysis_of(&w->room, w->content.data, w->content.len, &batch->options, &row->analysis);
    if (row->analysis.code != FC_SMF_OK || texts == NULL) return;
    if (fc_gather_add(&w->gather, &w->room.song, w->content.data, &texts[item]) != FC_OK)
        row->analysis = (fc_analysis){.code = FC_SMF_NO_MEMORY};
}

static void work(void *ctx, size_t item, unsigned number) {
    job *j = ctx;
    worker *w = &j->workers[number];
    memset(&j->batch->rows[item], 0, sizeof j->batch->rows[item]);
    analyse(w, j->batch, item, j->texts);
    forget_big(w);
    atomic_fetch_add_explicit(&j->done, 1, memory_order_relaxed);
}

static int poll_job(void *ctx) {
    job *j = ctx;
    return j->batch->poll(j->batch->poll_ctx, atomic_load(&j->done), j->batch->count);
}

fc_cost_work fc_batch_work(size_t count, bool is_all) {
    static const char all[] = "midi", some[] = "midi, some columns";
    return (fc_cost_work){.name = is_all ? all : some, .name_len = is_all ? sizeof all - 1 : sizeof some - 1,
                          .items = count, .guess_ns = (int64_t)count * (is_all ? 60000 : 30000)};
}

static fc_status lay_out(const job *j, fc_batch *batch) {
    fc_status status = FC_OK;
    for (int c = 0; c < FC_GATHER_COLUMNS && status == FC_OK && j->texts != NULL; c++)
        status = fc_gather_column_of(j->texts, batch->count, (fc_gather_column)c, &batch->texts[c]);
    for (int c = 0; c < FC_GATHER_COLUMNS && status != FC_OK; c++) fc_gathered_free(&batch->texts[c]);
    return status;
}

static fc_status run(const fc_runtime *runtime, job *j) {
    const fc_batch *batch = j->batch;
    const fc_cost_work cost = fc_batch_work(batch->count, batch->options.parts == FC_PARTS_ALL);
    j->job.threads = batch->threads == 1 ? 1 : runtime->choose(runtime, &cost, batch->threads);
    j->workers = calloc(j->job.threads, sizeof *j->workers);
    if (j->workers == NULL) return FC_NO_MEMORY;
    const int64_t began = fc_clock_ns();
    runtime->run(runtime, &j->job);
    if (j->job.forked) return FC_FORKED;
    if (atomic_load(&j->job.stop)) return FC_STOPPED;
    if (batch->threads > 1 && !j->job.shared) runtime->learn(runtime, &cost, j->job.threads, fc_clock_ns() - began);
    return batch->poll != NULL && poll_job(j) != 0 ? FC_STOPPED : FC_OK;
}

fc_status fc_batch_run(const fc_runtime *runtime, fc_batch *batch) {
    job j = {.job = {.work = work, .items = batch->count}, .batch = batch};
    const bool wants_texts = (batch->options.parts & FC_PART_TEXTS) != 0;
    memset(batch->texts, 0, sizeof batch->texts);
    j.job.ctx = &j;
    if (batch->poll != NULL) {
        j.job.poll = poll_job;
        j.job.poll_ctx = &j;
    }
    if (wants_texts) j.texts = calloc(batch->count + 1, sizeof *j.texts);
    if (wants_texts && j.texts == NULL) return FC_NO_MEMORY;
    fc_status status = run(runtime, &j);
    /* In the child of a fork, what its workers held may be half written: it is left alone. */
    if (status == FC_FORKED) return status;
    if (status == FC_OK) status = lay_out(&j, batch);
    for (unsigned i = 0; j.workers != NULL && i < j.job.threads; i++) {
        fc_analysis_room_free(&j.workers[i].room);
        fc_buffer_free(&j.workers[i].content);
        fc_gather_free(&j.workers[i].gather);
    }
    free(j.workers);
    free(j.texts);
    return status;
}

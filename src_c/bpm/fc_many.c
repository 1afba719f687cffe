#include "fc_many.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fc_clock.h"
#include "fc_onsets.h"

typedef struct worker {
    fc_onsets_room onsets;
    fc_envelope_room envelope;
} worker;

typedef struct job {
    fc_job job;
    const fc_many *many;
    fc_envelope_kernel *kernel;
    worker *workers;
    uint8_t *statuses; /* of each piece */
} job;

static void work(void *ctx, size_t item, unsigned number) {
    const job *j = ctx;
    const fc_many *m = j->many;
    worker *w = &j->workers[number];
    if (m->pieces == NULL) {
        const float *row = m->rows + item * m->len;
        j->statuses[item] =
            (uint8_t)fc_envelope_tell(m->comb, j->kernel, row, m->len, m->rate, &w->envelope, &m->out[item]);
    } else {
        const fc_many_piece *piece = &m->pieces[item];
        j->statuses[item] =
            (uint8_t)fc_onsets_tell(m->comb, piece->times, piece->weights, piece->len, &w->onsets, &m->out[item]);
    }
}

fc_cost_work fc_many_work(size_t count, uint64_t bytes, bool is_envelopes) {
    static const char onsets[] = "bpm of onsets", envelopes[] = "bpm of envelopes";
    return (fc_cost_work){.name = is_envelopes ? envelopes : onsets,
                          .name_len = is_envelopes ? sizeof envelopes - 1 : sizeof onsets - 1,
                          .items = count, .bytes = bytes, .guess_ns = (int64_t)bytes * 5};
}

static fc_cost_work work_of(const fc_many *m) {
    uint64_t bytes = (uint64_t)m->count * m->len * sizeof(float);
    if (m->pieces != NULL)
        for (size_t i = 0; i < m->count; i++) bytes += m->pieces[i].len * sizeof(double);
    return fc_many_work(m->count, bytes, m->pieces == NULL);
}

static fc_status outcome(const job *j, size_t *out_bad) {
    if (j->job.forked) return FC_FORKED;
    if (j->job.stop) return FC_STOPPED;
    for (size_t i = 0; i < j->many->count; i++) {
        if (j->statuses[i] == FC_OK) continue;
        *out_bad = i;
        return (fc_status)j->statuses[i];
    }
    return FC_OK;
}

static fc_status run(const fc_runtime *runtime, job *j, size_t *out_bad) {
    const fc_many *m = j->many;
    const fc_cost_work cost = work_of(m);
    j->job.threads = m->threads == 1 ? 1 : runtime->choose(runtime, &cost, m->threads);
    j->workers = calloc(j->job.threads, sizeof *j->workers);
    if (j->workers == NULL) return FC_NO_MEMORY;
    const int64_t began = fc_clock_ns();
    runtime->run(runtime, &j->job);
    const fc_status status = outcome(j, out_bad);
    if (status == FC_OK && m->threads > 1 && !j->job.shared)
        runtime->learn(runtime, &cost, j->job.threads, fc_clock_ns() - began);
    for (unsigned i = 0; i < j->job.threads; i++) {
        fc_onsets_room_free(&j->workers[i].onsets);
        fc_envelope_room_free(&j->workers[i].envelope);
    }
    free(j->workers);
    return status;
}

fc_status fc_many_tell(const fc_runtime *runtime, const fc_many *many, size_t *out_bad) {
    if (many->count == 0) return FC_OK;
    job j = {.job = {.work = work, .items = many->count, .poll = many->poll, .poll_ctx = many->poll_ctx},
             .many = many, .kernel = fc_envelope_for(runtime->cpu), .statuses = malloc(many->count)};
    if (j.statuses == NULL) return FC_NO_MEMORY;
    j.job.ctx = &j;
    const fc_status status = run(runtime, &j, out_bad);
    free(j.statuses);
    return status;
}

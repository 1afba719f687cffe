# What is known of blocks: learning it, keeping it, and what the tests look at. Included by scan.pyx.

cdef extern from "fc_facts.h" nogil:
    ctypedef struct fc_facts:
        int64_t first_us, last_us
        uint32_t newlines
        bint has_own, ends_untimed
    ctypedef struct fc_learner:
        pass
    void fc_facts_key(fc_probe *out)
    fc_status fc_facts_learn(fc_learner *learner, const uint8_t *bytes, size_t len, uint64_t base, fc_facts *out)

cdef extern from "fc_names.h" nogil:
    enum:
        FC_NAMES_KINDS
    ctypedef struct fc_names:
        uint8_t kinds
        size_t len
        uint8_t *entries
    fc_status fc_names_learn(fc_learner *learner, const uint8_t *bytes, size_t len, uint64_t base, fc_names **out)
    bint fc_names_may_match(const fc_names *names, const fc_plan *plan)

cdef extern from "fc_learning.h" nogil:
    ctypedef struct fc_learning_options:
        bint names
        size_t block
        unsigned int threads
        uint64_t max_mapped
        int (*poll)(void *ctx, uint64_t done_bytes, uint64_t total_bytes) noexcept
        void *poll_ctx
    ctypedef struct fc_learning_result:
        uint64_t bytes
        size_t blocks
        unsigned int threads
    fc_status fc_learning_run(const fc_runtime *runtime, const fc_file_list *files, const fc_learning_options *options,
                              fc_learning_result *out)
    fc_cost_work fc_learning_work(size_t blocks, uint64_t bytes, bint names)

cdef extern from "fc_keeping.h" nogil:
    fc_status fc_keeping_save(const fc_file_list *files, const uint8_t *before, size_t before_len, fc_buffer *out)
    fc_status fc_keeping_load(const fc_file_list *files, const uint8_t *bytes, size_t len, size_t block,
                              c_bool *out_known)


cdef extern from *:
    """
    #include <pthread.h>
    #include <string.h>
    #include "fc_names.h"

    /* A learner of one use, for the tests. */
    typedef struct learner_alone {
        pthread_mutex_t long_lines;
        fc_parser parser;
        fc_probe key;
        fc_learner learner;
    } learner_alone;

    static fc_status learner_alone_init(learner_alone *alone, const fc_find *find) {
        memset(alone, 0, sizeof *alone);
        pthread_mutex_init(&alone->long_lines, NULL);
        fc_facts_key(&alone->key);
        alone->learner.parser = &alone->parser;
        alone->learner.key = &alone->key;
        alone->learner.find = find;
        return fc_parser_init(&alone->parser, &alone->long_lines, find, 0);
    }

    static void learner_alone_free(learner_alone *alone) {
        fc_parser_free(&alone->parser);
        pthread_mutex_destroy(&alone->long_lines);
    }
    """
    ctypedef struct learner_alone:
        fc_learner learner
    fc_status learner_alone_init(learner_alone *alone, const fc_find *find) nogil
    void learner_alone_free(learner_alone *alone) nogil


def facts_of(bytes block not None, uint64_t base=0):
    cdef learner_alone alone
    cdef fc_facts facts
    raise_status(learner_alone_init(&alone, kernels()))
    cdef fc_status status = fc_facts_learn(&alone.learner, <const uint8_t *>PyBytes_AsString(block),
                                           <size_t>PyBytes_Size(block), base, &facts)
    learner_alone_free(&alone)
    raise_status(status)
    span = (facts.first_us, facts.last_us) if facts.first_us <= facts.last_us else None
    return span, facts.newlines, bool(facts.has_own), bool(facts.ends_untimed)


def names_may_match(bytes block not None, uint64_t base, Plan plan not None):
    cdef learner_alone alone
    cdef fc_names *names = NULL
    raise_status(learner_alone_init(&alone, kernels()))
    cdef fc_status status = fc_names_learn(&alone.learner, <const uint8_t *>PyBytes_AsString(block),
                                           <size_t>PyBytes_Size(block), base, &names)
    learner_alone_free(&alone)
    raise_status(status)
    answer = bool(fc_names_may_match(names, plan.plan))
    free(names)
    return answer


def learn(Sources sources not None, *, bint names, size_t block, unsigned int threads, progress):
    cdef fc_learning_options options
    cdef fc_learning_result result
    cdef fc_status status
    cdef Poll state = Poll("bytes")
    state.progress = progress
    options.names = names
    options.block = block
    options.threads = threads
    options.max_mapped = sources.max_mapped
    options.poll = poll_progress
    options.poll_ctx = <void *>state
    with nogil:
        status = fc_learning_run(runtime(), &sources.files, &options, &result)
    if state.error is not None:
        raise state.error
    raise_status(status)
    return {"bytes": result.bytes, "blocks": result.blocks, "threads": result.threads}


def keep(Sources sources not None, bytes before):
    cdef fc_buffer *out = <fc_buffer *>calloc(1, sizeof(fc_buffer))
    cdef const uint8_t *data = NULL
    cdef size_t size = 0
    cdef fc_status status
    if before is not None:
        data = <const uint8_t *>PyBytes_AsString(before)
        size = <size_t>PyBytes_Size(before)
    if out == NULL:
        raise MemoryError
    try:
        with nogil:
            status = fc_keeping_save(&sources.files, data, size, out)
        raise_status(status)
        return PyBytes_FromStringAndSize(<char *>out.data, <Py_ssize_t>out.len)
    finally:
        fc_buffer_free(out)
        free(out)


def recall(Sources sources not None, bytes kept not None, size_t block):
    cdef c_bool known = False
    cdef const uint8_t *data = <const uint8_t *>PyBytes_AsString(kept)
    cdef size_t size = <size_t>PyBytes_Size(kept)
    cdef fc_status status
    with nogil:
        status = fc_keeping_load(&sources.files, data, size, block, &known)
    raise_status(status)
    return bool(known)

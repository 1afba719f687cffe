#include "fc_cost.h"

enum { WAIT_FIRST = 8, WAIT_CHEAP = 64, WAIT_MOST = 4096 };

static const double GAIN_HOPED = 0.9, GAIN_NONE = 0.1, NEW = 0.25, FAR = 4;
static const double SHARE_MOST = 1.5; /* of the serial time: beyond it a parallel run was mostly bad luck */
static const double REGRET = 0.002; /* the share of time that tries may cost in the long run */

static double least(double a, double b) { return a < b ? a : b; }

static void average(double *value, double seen) { *value += NEW * (seen - *value); }

double fc_cost_serial_ns(const fc_cost_site *site, const fc_cost_work *work) {
    if (work->bytes != 0 && site->ns_per_byte > 0) return (double)work->bytes * site->ns_per_byte;
    if (work->items != 0 && site->ns_per_item > 0) return (double)work->items * site->ns_per_item;
    return (double)work->guess_ns;
}

static double speed_up(double gain, unsigned threads) {
    const double times = 1 + gain * (threads - 1.0);
    return times < 1 / SHARE_MOST ? 1 / SHARE_MOST : times;
}

static double gain_of(const fc_cost_site *site) { return site->tried ? site->gain : GAIN_HOPED; }

double fc_cost_parallel_ns(const fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns) {
    const double serial = fc_cost_serial_ns(site, work);
    if (serial <= 0 || threads <= 1) return serial;
    return (double)handover_ns + serial / speed_up(gain_of(site), threads);
}

/* How many threads the work is worth if a further one adds `gain`. */
static unsigned worth(double serial, double gain, unsigned most, int64_t handover_ns, int64_t threshold_ns) {
    if (serial <= 0 || gain < GAIN_NONE) return 1;
    const double handover = handover_ns > 0 ? (double)handover_ns : 1;
    const unsigned threads = (unsigned)least(most, 1 + serial / handover);
    if (threads < 2) return threshold_ns > 0 && serial >= (double)threshold_ns ? 2 : 1;
    if (threshold_ns > 0) return serial >= (double)threshold_ns ? threads : 1;
    return handover + serial / speed_up(gain, threads) < serial ? threads : 1;
}

static unsigned usable(const fc_cost_work *work, unsigned threads) {
    const unsigned most = threads < 1 ? 1 : threads;
    return work->items < most ? (work->items < 1 ? 1 : (unsigned)work->items) : most;
}

/* What to choose; `out_waits` tells that it is one thread only because several gained nothing so far. */
static unsigned decide(const fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns,
                       int64_t threshold_ns, bool *out_waits) {
    const unsigned most = usable(work, threads);
    *out_waits = false;
    if (most == 1 || threshold_ns == 0) return most;
    const double serial = fc_cost_serial_ns(site, work);
    const unsigned chosen = worth(serial, gain_of(site), most, handover_ns, threshold_ns);
    if (chosen > 1) return chosen;
    const unsigned hoped = worth(serial, GAIN_HOPED, most, handover_ns, threshold_ns);
    *out_waits = hoped > 1;
    const uint32_t wait = site->wait == 0 ? WAIT_FIRST : site->wait;
    return hoped > 1 && site->waited >= wait ? hoped : 1;
}

unsigned fc_cost_would_choose(const fc_cost_site *site, const fc_cost_work *work, unsigned threads,
                              int64_t handover_ns, int64_t threshold_ns) {
    bool waits;
    return decide(site, work, threads, handover_ns, threshold_ns, &waits);
}

unsigned fc_cost_choose(fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns,
                        int64_t threshold_ns) {
    bool waits;
    const unsigned chosen = decide(site, work, threads, handover_ns, threshold_ns, &waits);
    if (waits) site->waited = chosen > 1 ? 0 : site->waited + 1;
    if (chosen > 1) site->parallel++;
    else site->serial++;
    return chosen;
}

/* Bring the averages to what the work took on one thread. */
static void learn_serial(fc_cost_site *site, const fc_cost_work *work, double took) {
    const double expected = fc_cost_serial_ns(site, work);
    const bool known = site->ns_per_item > 0, is_new = !known || took * FAR < expected;
    const bool slow = known && took > expected * FAR;
    if (slow && site->slow == 0) {
        site->slow = 1;
        return;
    }
    site->slow = 0;
    if ((is_new || slow) && site->wait > WAIT_FIRST) site->wait = WAIT_FIRST;
    const double per_item = took / (double)(work->items == 0 ? 1 : work->items);
    if (is_new || slow) site->ns_per_item = per_item;
    else average(&site->ns_per_item, per_item);
    if (work->bytes == 0) return;
    const double per_byte = took / (double)work->bytes;
    if (is_new || slow || site->ns_per_byte <= 0) site->ns_per_byte = per_byte;
    else average(&site->ns_per_byte, per_byte);
}

/* How many serial runs there are to be before the next try, after one that gained nothing. */
static uint32_t next_wait(uint32_t wait, double serial, double took) {
    double most = (took / serial - 1) / REGRET;
    most = most < WAIT_CHEAP ? WAIT_CHEAP : least(most, WAIT_MOST);
    return wait == 0 ? WAIT_FIRST : (uint32_t)least(2.0 * wait, most);
}

static double gain_that_makes(double share, unsigned threads) { return (1 / share - 1) / (threads - 1.0); }

/* Averages times, not gains: runs that take half as long and runs that take twice as long are a loss on the whole. */
static void learn_gain(fc_cost_site *site, double serial, double took, int64_t handover_ns, unsigned threads) {
    /* A hand-over that went faster than it was measured to is no gain of the threads. */
    const double working = took - least((double)handover_ns, took / 2);
    double share = 1 / speed_up(gain_of(site), threads); /* of the serial time */
    double seen = working / serial;
    seen = seen < 1.0 / threads ? 1.0 / threads : least(seen, SHARE_MOST);
    const bool is_poor = seen > 1 / speed_up(GAIN_NONE, threads);
    site->poor = is_poor ? (site->poor < 2 ? site->poor + 1 : 2) : 0;
    site->tried = true;
    if (site->poor == 2) {
        site->gain = gain_that_makes(seen, threads);
        site->waited = 0;
        site->wait = next_wait(site->wait, serial, took);
        return;
    }
    average(&share, seen);
    site->gain = gain_that_makes(share, threads);
    if (is_poor) return;
    site->wait = 0;
    if (site->gain < GAIN_NONE) site->gain = GAIN_NONE; /* a try that gained ends the waiting */
}

static void learn_error(fc_cost_site *site, double predicted, double took) {
    const double error = (predicted > took ? predicted - took : took - predicted) / took;
    site->predicted_ns += predicted;
    site->measured_ns += took;
    if (site->measured++ == 0) site->error = error;
    else average(&site->error, error);
}

void fc_cost_learn(fc_cost_site *site, const fc_cost_work *work, unsigned threads, int64_t handover_ns,
                   int64_t took_ns) {
    const double took = took_ns < 1 ? 1 : (double)took_ns;
    const double predicted = fc_cost_parallel_ns(site, work, threads, handover_ns);
    if (predicted > 0) learn_error(site, predicted, took);
    if (threads <= 1) {
        learn_serial(site, work, took);
        return;
    }
    double serial = fc_cost_serial_ns(site, work);
    const double most = (took - least((double)handover_ns, took / 2)) * threads;
    const double spent = least((double)work->cpu_ns, most);
    if (serial <= 0 && spent <= 0) return;
    if (serial > most || serial < spent) {
        serial = serial > most ? most : spent;
        learn_serial(site, work, serial);
    }
    learn_gain(site, serial, took, handover_ns, threads);
}

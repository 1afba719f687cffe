#include "fc_meter.h"

static void set(fc_meter *meter, unsigned numerator, unsigned exponent) {
    meter->numerator = numerator;
    meter->shift = exponent;
    meter->step = (uint64_t)2 * numerator * meter->song->tpqn;
}

/* The tick of a signature that has effect, or the end of time. */
static uint64_t tick_of(const fc_meter *meter, size_t i) {
    const fc_song *song = meter->song;
    const bool holds = i < song->time_signatures_len && song->time_signatures[i].tick <= FC_METER_MAX;
    return holds ? song->time_signatures[i].tick : FC_METER_MAX + 1;
}

bool fc_meter_first(fc_meter *meter, const fc_song *song) {
    if (song->tpqn == 0) return false;
    *meter = (fc_meter){.song = song};
    set(meter, 4, 2);
    meter->end = tick_of(meter, 0);
    return meter->end != 0 || fc_meter_next(meter);
}

bool fc_meter_next(fc_meter *meter) {
    if (meter->end > FC_METER_MAX) return false;
    meter->start = meter->end;
    while (tick_of(meter, meter->next) == meter->start) meter->next++;
    const fc_time_signature *signature = &meter->song->time_signatures[meter->next - 1];
    set(meter, signature->numerator, signature->denominator_exponent);
    meter->end = tick_of(meter, meter->next);
    return true;
}

void fc_meter_seek(fc_meter *meter, uint64_t tick) {
    while (tick >= meter->end && fc_meter_next(meter)) continue;
}

/* The largest k with floor(k * step / 2^shift) <= x is the largest with k * step < (x + 1) * 2^shift; x + 1 is taken
 * apart into whole steps and a rest so that nothing overflows. */
uint64_t fc_meter_half(const fc_meter *meter, uint64_t tick) {
    const uint64_t after = tick - meter->start + 1, steps = after / meter->step, rest = after % meter->step;
    const uint64_t whole = steps << meter->shift;
    return rest == 0 ? whole - 1 : whole + ((rest << meter->shift) - 1) / meter->step;
}

uint64_t fc_meter_half_start(const fc_meter *meter, uint64_t half) {
    const uint64_t steps = half >> meter->shift, rest = half - (steps << meter->shift);
    return meter->start + steps * meter->step + (rest * meter->step >> meter->shift);
}

uint64_t fc_meter_bars(const fc_song *song, uint64_t tick) {
    uint64_t bars = 0;
    fc_meter meter;
    if (tick == 0) return 0;
    for (bool more = fc_meter_first(&meter, song); more && meter.start < tick; more = fc_meter_next(&meter)) {
        bars += fc_meter_half(&meter, (meter.end < tick ? meter.end : tick) - 1) / 2 + 1;
    }
    return bars;
}

/* fc_meter: half bars tile time without gaps, whatever the signatures, and each tick lies in the one that is found. */
#include "fc_meter.h"
#include "midi_song.h"

static void check_four_four(void) {
    fc_song song = new_song();
    fc_meter meter;
    CHECK(fc_meter_first(&meter, &song));
    CHECK(meter.start == 0 && meter.end > FC_METER_MAX && meter.numerator == 4 && meter.shift == 2);
    CHECK(fc_meter_half(&meter, 0) == 0 && fc_meter_half(&meter, 959) == 0 && fc_meter_half(&meter, 960) == 1);
    CHECK(fc_meter_half_start(&meter, 3) == 2880);
    CHECK(!fc_meter_next(&meter));
    CHECK(fc_meter_bars(&song, 0) == 0 && fc_meter_bars(&song, 1) == 1 && fc_meter_bars(&song, 1920) == 1);
    CHECK(fc_meter_bars(&song, 1921) == 2);
    song.tpqn = 0;
    CHECK(!fc_meter_first(&meter, &song) && fc_meter_bars(&song, 5000) == 0);
}

/* 3/4 from tick 1000 cuts the first bar, 6/8 and 2/4 stand on one tick: the last holds. */
static void check_changes(void) {
    fc_song song = new_song();
    fc_meter meter;
    add_time_signature(&song, 1000, 3, 2);
    add_time_signature(&song, 4000, 6, 3);
    add_time_signature(&song, 4000, 2, 2);
    add_time_signature(&song, FC_METER_MAX + 1, 5, 2);
    CHECK(fc_meter_first(&meter, &song) && meter.end == 1000 && meter.numerator == 4);
    CHECK(fc_meter_next(&meter) && meter.start == 1000 && meter.end == 4000 && meter.numerator == 3);
    CHECK(fc_meter_half_start(&meter, 1) == 1720 && fc_meter_half(&meter, 1719) == 0);
    CHECK(fc_meter_next(&meter) && meter.start == 4000 && meter.numerator == 2 && meter.end > FC_METER_MAX);
    CHECK(!fc_meter_next(&meter));
    CHECK(fc_meter_bars(&song, 1000) == 1 && fc_meter_bars(&song, 1001) == 2);
    CHECK(fc_meter_bars(&song, 4000) == 1 + 3 && fc_meter_bars(&song, 4001 + 960) == 1 + 3 + 2);
    CHECK(fc_meter_first(&meter, &song));
    fc_meter_seek(&meter, 3999);
    CHECK(meter.start == 1000);
    fc_meter_seek(&meter, FC_METER_MAX);
    CHECK(meter.start == 4000);
    song.time_signatures[0].tick = 0;
    CHECK(fc_meter_first(&meter, &song) && meter.start == 0 && meter.numerator == 3);
}

/* A half bar of 3/8 lasts .75 ticks where a quarter note is one. */
static void check_fractions(void) {
    fc_song song = new_song();
    fc_meter meter;
    song.tpqn = 1;
    add_time_signature(&song, 0, 3, 3);
    CHECK(fc_meter_first(&meter, &song));
    static const uint64_t starts[] = {0, 0, 1, 2, 3, 3, 4, 5, 6};
    for (uint64_t half = 0; half < 9; half++) CHECK(fc_meter_half_start(&meter, half) == starts[half]);
    CHECK(fc_meter_half(&meter, 0) == 1 && fc_meter_half(&meter, 2) == 3 && fc_meter_half(&meter, 3) == 5);
}

static void check_every(unsigned tpqn, unsigned numerator, unsigned exponent, uint64_t tick) {
    fc_song song = new_song();
    fc_meter meter;
    song.tpqn = tpqn;
    add_time_signature(&song, 7, numerator, exponent);
    CHECK(fc_meter_first(&meter, &song) && fc_meter_next(&meter));
    const uint64_t half = fc_meter_half(&meter, tick);
    CHECK(fc_meter_half_start(&meter, half) <= tick && fc_meter_half_start(&meter, half + 1) > tick);
}

int main(void) {
    check_four_four();
    check_changes();
    check_fractions();
    for (int i = 0; i < 200000; i++) {
        const uint64_t tick = i % 3 == 0 ? FC_METER_MAX - random_below(9) : random_below(1u << (1 + i % 30));
        check_every(1 + (unsigned)random_below(i % 2 ? 32767 : 4), 1 + (unsigned)random_below(255),
                    (unsigned)random_below(8), 7 + tick);
    }
    return finish();
}

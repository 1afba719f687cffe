/* fc_grams: every variant marks the slots of all runs, at every length and offset, and nothing else. */
#include <stdbool.h>

#include "check.h"
#include "fc_grams.h"

static uint16_t slot(const char *run) { return fc_gram_slot((const uint8_t *)run); }

static void check_slots(void) {
    CHECK(slot("word") == slot("WORD") && slot("word") == slot("wOrD"));
    CHECK(slot("word") != slot("drow") && slot("word") != slot("wore") && slot("word") != slot("cord"));
    size_t left_out = 0, with_digit = 0, letters = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t run[FC_GRAM_LEN];
        bool digit = false;
        for (size_t j = 0; j < FC_GRAM_LEN; j++) {
            run[j] = (uint8_t)random_below(256);
            const uint8_t folded = run[j] | 0x20;
            digit |= folded >= 0x30 && folded < 0x40;
        }
        const bool out = fc_gram_slot(run) == 0;
        with_digit += digit;
        left_out += digit && out;
        letters += !digit && out;
    }
    CHECK(with_digit > 5000);
    CHECK(left_out > with_digit * 7 / 10 && left_out < with_digit * 8 / 10);
    CHECK(letters < 10); /* but for one in 65,536 */
}

/* The runs of words fall on as many slots as chance would have. */
static void check_spread(void) {
    static uint8_t marks[FC_GRAM_SLOTS];
    memset(marks, 0, sizeof marks);
    size_t runs = 0, slots = 0;
    for (char a = 'a'; a <= 'z'; a++)
        for (char b = 'a'; b <= 'z'; b++)
            for (char c = 'a'; c <= 'z'; c++) {
                const char run[FC_GRAM_LEN] = {a, b, c, (char)('a' + random_below(26))};
                marks[slot(run)] = 1;
                runs++;
            }
    for (size_t i = 0; i < FC_GRAM_SLOTS; i++) slots += marks[i];
    CHECK(runs == 26 * 26 * 26);
    CHECK(slots > runs * 84 / 100); /* 17,576 thrown at 65,536 hit 15,415 */
}

static void check_marks(fc_grams_mark mark) {
    static uint8_t bytes[700], found[FC_GRAM_SLOTS + 1], wanted[FC_GRAM_SLOTS];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)random_below(random_below(2) ? 256 : 0x40);
    for (size_t len = 0; len < 300; len++)
        for (size_t offset = 0; offset < 3; offset++) {
            const unsigned shift = (unsigned)random_below(8);
            const size_t size = FC_GRAM_SLOTS >> shift;
            uint8_t *copy = exact_copy(bytes + 37 * offset, len);
            memset(found, 0, sizeof found);
            memset(wanted, 0, sizeof wanted);
            for (size_t at = 0; at + FC_GRAM_LEN <= len; at++) wanted[fc_gram_slot(copy + at) >> shift] = 1;
            mark(copy, len, shift, found);
            CHECK(memcmp(found, wanted, size) == 0 && found[size] == 0);
            free(copy);
        }
}

int main(void) {
    check_slots();
    check_spread();
    for (int level = 0; level <= (int)fc_cpu_detect(); level++) check_marks(fc_grams_for((fc_cpu_level)level));
    return finish();
}

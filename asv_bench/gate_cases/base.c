/* The gate's cases of src_c/base. */
#include <string.h>

#include "fc_fold.h"
#include "gate.h"

enum { TEXT_LEN = 1 << 18 };

static uint8_t text[TEXT_LEN], folded[3 * TEXT_LEN];

/* Mostly ASCII, as text is, with a word of Greek or German between. */
static void set_up(fc_cpu_level level) {
    static const char *const words[] = {"Stream ", "THREAD ", "process, ", "the ", "Gr\xc3\x96\xc3\x9f",
                                        "\xce\x91\xce\xb2\xce\x93 "};
    size_t len = 0;
    (void)level;
    gate_need(fc_fold_utf8_bound(TEXT_LEN) <= sizeof folded, "the folded text needs more room");
    memset(text, ' ', sizeof text);
    while (len + 16 < TEXT_LEN) {
        const char *const word = words[gate_random(6)];
        memcpy(text + len, word, strlen(word));
        len += strlen(word);
    }
}

static uint64_t fold(void) { return fc_fold_utf8(text, TEXT_LEN, folded); }

static const gate_case cases[] = {
    {"fold", fold, TEXT_LEN, FC_CPU_BASE},
    {0},
};

const gate_room gate_base = {"base", set_up, cases};

#include "fc_line_time.h"

#include <string.h>

#include "fc_time.h"

static const uint8_t key[] = "\"timestamp\"";
enum { KEY_LEN = sizeof key - 1 };

void fc_line_time_init(fc_line_time *out, const fc_find *find) {
    *out = (fc_line_time){.find = find};
    fc_literal_init(&out->key, key, KEY_LEN, false);
    for (size_t i = 1; i + 1 < KEY_LEN; i++) fc_escape_set_add(&out->letters, key[i]); /* they fit: below 0x100 */
}

static size_t skip_space(const uint8_t *line, size_t at, size_t len) {
    while (at < len && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r')) at++;
    return at;
}

/* Find the string value of the key that ends at `at`; false if none follows. */
static bool find_value(const uint8_t *line, size_t at, size_t len, size_t *out_begin, size_t *out_end) {
    at = skip_space(line, at, len);
    if (at == len || line[at] != ':') return false;
    at = skip_space(line, at + 1, len);
    if (at == len || line[at] != '"') return false;
    const uint8_t *end = memchr(line + at + 1, '"', len - at - 1);
    if (end == NULL) return false;
    *out_begin = at + 1;
    *out_end = (size_t)(end - line);
    return true;
}

/* True if [begin, end), outside strings at both ends, is a member of the outermost object: one bracket is open before
 * it, or closes behind it, which is the same where all are closed. Where the count ends outside a string it began there
 * too, whatever stands in values that are stepped over. The shorter side is counted. */
static bool is_outermost(const fc_find *find, const uint8_t *line, size_t begin, size_t end, size_t len) {
    bool inside;
    const int64_t open = begin < len - end ? find->brackets(line, begin, &inside)
                                           : -find->brackets(line + end, len - end, &inside);
    return open == 1 && !inside;
}

bool fc_line_time_read(const fc_line_time *time, const uint8_t *line, size_t len, int64_t *out_us) {
    const fc_find *find = time->find;
    const size_t at = find->literal(&time->key, line, len), behind = at + KEY_LEN;
    if (at == 0 || at == len || line[at - 1] == '\\') return false;
    size_t begin, end;
    int64_t us;
    if (!find_value(line, behind, len, &begin, &end) || !fc_time_parse(line + begin, end - begin, &us)) return false;
    if (find->literal(&time->key, line + end, len - end) != len - end) return false;
    if (find->escape(&time->letters, line, len) != len) return false;
    if (!is_outermost(find, line, at, end + 1, len)) return false;
    *out_us = us;
    return true;
}

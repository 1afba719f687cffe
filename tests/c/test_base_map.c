/* Mappings: their bytes, their count, what cannot be mapped, pages that were dropped come back. */
#define _GNU_SOURCE /* mkstemp */
#include "fc_map.h"

#include <fcntl.h>
#include <unistd.h>

#include "check.h"

int main(void) {
    char name[] = "map-XXXXXX";
    const int fd = mkstemp(name);
    CHECK(fd >= 0);
    CHECK(unlink(name) == 0);
    uint8_t text[20000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)random_below(256);
    CHECK(write(fd, text, sizeof text) == (ssize_t)sizeof text);

    CHECK(fc_map_open(fd, 0, false) == NULL && fc_map_count() == 0);
    CHECK(fc_map_open(-1, 10, false) == NULL && fc_map_count() == 0);
    const uint8_t *bytes = fc_map_open(fd, sizeof text, false);
    CHECK(bytes != NULL && fc_map_count() == 1);
    CHECK(memcmp(bytes, text, sizeof text) == 0);
    for (size_t begin = 0; begin < 9000; begin += 1000)
        for (size_t len = 0; len < 9000; len += 777) fc_map_drop(bytes + begin, len);
    CHECK(memcmp(bytes, text, sizeof text) == 0);
    fc_map_close(bytes, sizeof text);
    fc_map_close(NULL, 10);
    CHECK(fc_map_count() == 0);

    static const uint8_t *all[FC_MAP_MAX];
    for (size_t i = 0; i < FC_MAP_MAX; i++) {
        all[i] = fc_map_open(fd, 100, false);
        CHECK(all[i] != NULL);
    }
    CHECK(fc_map_open(fd, 100, false) == NULL && fc_map_count() == FC_MAP_MAX);
    static const uint8_t *others[FC_MAP_MAX];
    for (size_t i = 0; i < FC_MAP_MAX; i++) {
        others[i] = fc_map_open(fd, 100, true);
        CHECK(others[i] != NULL);
    }
    CHECK(fc_map_open(fd, 100, true) == NULL && fc_map_count() == 2 * FC_MAP_MAX);
    for (size_t i = 0; i < FC_MAP_MAX; i++) fc_map_close(others[i], 100);
    fc_map_close(all[0], 100);
    all[0] = fc_map_open(fd, 100, false);
    CHECK(all[0] != NULL && memcmp(all[0], text, 100) == 0);
    for (size_t i = 0; i < FC_MAP_MAX; i++) fc_map_close(all[i], 100);
    CHECK(fc_map_count() == 0);
    return finish();
}

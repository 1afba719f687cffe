/* fc_load: a file as it is, over a longer one before it; what is no file, or is not there. In the current folder. */
#define _GNU_SOURCE
#include "fc_load.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static void write_file(const char *path, const uint8_t *bytes, size_t len) {
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) exit(2);
}

int main(void) {
    static const size_t lens[] = {100000, 0, 1, 63, 64, 65, 4096, 4097};
    uint8_t *bytes = malloc(lens[0]);
    fc_buffer content = {0};
    fc_file_info info;
    int number = -1;
    if (bytes == NULL) return 2;
    for (size_t i = 0; i < lens[0]; i++) bytes[i] = (uint8_t)random_below(256);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        write_file("a.mid", bytes, lens[i]);
        CHECK(fc_load("a.mid", &content, &info, &number) == FC_OK && number == -1);
        CHECK(content.len == lens[i] && info.size == lens[i] && info.mtime_ns > 0);
        CHECK(lens[i] == 0 || memcmp(content.data, bytes, lens[i]) == 0);
    }
    CHECK(fc_load("nowhere.mid", &content, &info, &number) == FC_OS && number == ENOENT && content.len == 0);
    CHECK(fc_load("a.mid/b", &content, &info, &number) == FC_OS && number == ENOTDIR);
    if (mkfifo("fifo.mid", 0600) != 0) return 2;
    CHECK(fc_load("fifo.mid", &content, &info, &number) == FC_OS && number == 0); /* at once */
    CHECK(fc_load(".", &content, &info, &number) == FC_OS && (number == 0 || number == EISDIR));
    CHECK(fc_load("a.mid", &content, &info, &number) == FC_OK && content.len == 4097);
    unlink("fifo.mid"), unlink("a.mid");
    fc_buffer_free(&content);
    free(bytes);
    return finish();
}

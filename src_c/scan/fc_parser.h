/* What one thread needs to read records one after another: an indexer that grows with the lines, the record, and
 * a lock shared by all threads for the few lines so long that only one at a time may be held in parsed form. */
#ifndef FC_PARSER_H
#define FC_PARSER_H

#include <pthread.h>

#include "fc_record.h"

enum { FC_PARSER_LONG_LINE = 1 << 20 };

typedef struct fc_parser {
    fc_structure *structure;
    pthread_mutex_t *long_lines;
    bool check_all;
    fc_record record; /* of the last line that was read */
} fc_parser;

/* Set up a parser; `long_lines` outlives it. */
fc_status fc_parser_init(fc_parser *parser, pthread_mutex_t *long_lines, const fc_find *find, bool check_all);
void fc_parser_free(fc_parser *parser);

/* Read a line into parser->record; the demands on the line are fc_record_read's. A line over FC_PARSER_LONG_LINE
 * leaves the lock held: call fc_parser_done when the record is no longer needed, whatever the status. */
fc_status fc_parser_read(fc_parser *parser, const uint8_t *line, size_t len, fc_line_reason *out_reason);
void fc_parser_done(fc_parser *parser, size_t len);

#endif

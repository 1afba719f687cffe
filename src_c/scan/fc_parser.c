#include "fc_parser.h"

fc_status fc_parser_init(fc_parser *parser, pthread_mutex_t *long_lines, const fc_find *find, bool check_all) {
    *parser = (fc_parser){.long_lines = long_lines, .check_all = check_all, .record = {.find = find}};
    return fc_structure_new(&parser->structure);
}

void fc_parser_free(fc_parser *parser) {
    if (parser->structure != NULL) fc_structure_free(parser->structure);
    fc_record_free(&parser->record);
    parser->structure = NULL;
}

fc_status fc_parser_read(fc_parser *parser, const uint8_t *line, size_t len, fc_line_reason *out_reason) {
    if (len > FC_PARSER_LONG_LINE) pthread_mutex_lock(parser->long_lines);
    const fc_status status = fc_structure_reserve(parser->structure, len);
    if (status != FC_OK) return status;
    return fc_record_read(parser->structure, line, len, parser->check_all, &parser->record, out_reason);
}

void fc_parser_done(fc_parser *parser, size_t len) {
    if (len <= FC_PARSER_LONG_LINE) return;
    fc_structure_shrink(parser->structure);
    fc_record_free(&parser->record);
    pthread_mutex_unlock(parser->long_lines);
}

#include "fc_structure.h"

#include <memory>
#include <new>

#include "simdjson.h"

struct fc_structure {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
    size_t capacity = 0;
    bool is_plain = false;
};

fc_status fc_structure_new(fc_structure **out) {
    fc_structure *structure = new (std::nothrow) fc_structure;
    if (structure == nullptr) return FC_NO_MEMORY;
    structure->is_plain = simdjson::get_active_implementation()->name() == "fallback";
    *out = structure;
    return FC_OK;
}

void fc_structure_free(fc_structure *structure) { delete structure; }

fc_status fc_structure_reserve(fc_structure *structure, size_t len) {
    if (len <= structure->capacity) return FC_OK;
    if (len > FC_STRUCTURE_LEN_MAX) return FC_BAD_VALUE;
    size_t capacity = 4096;
    while (capacity < len && capacity < (size_t{1} << 20)) capacity *= 2;
    if (capacity < len) capacity = len;
    /* A depth of 1: the depth stack serves the second stage, which is never run. */
    structure->parser.reset();
    structure->capacity = 0;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(capacity, 1, structure->parser))
        return FC_NO_MEMORY;
    structure->capacity = capacity;
    return FC_OK;
}

void fc_structure_shrink(fc_structure *structure) {
    structure->parser.reset();
    structure->capacity = 0;
}

static fc_line_reason reason_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::UTF8_ERROR: return FC_LINE_UTF8;
    case simdjson::UNESCAPED_CHARS: return FC_LINE_CONTROL;
    case simdjson::UNCLOSED_STRING: return FC_LINE_UNCLOSED;
    default: return FC_LINE_NO_OBJECT;
    }
}

/* simdjson's plain implementation, for processors without vectors, leaves these checks to its second stage. */
static simdjson::error_code check_plainly(const uint8_t *line, size_t len) {
    if (!simdjson::validate_utf8(reinterpret_cast<const char *>(line), len)) return simdjson::UTF8_ERROR;
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        if (inside && line[i] < 0x20) return simdjson::UNESCAPED_CHARS;
        if (line[i] == '\\' && i + 1 < len && !(inside && line[i + 1] < 0x20)) i++;
        else if (line[i] == '"') inside = !inside;
    }
    return inside ? simdjson::UNCLOSED_STRING : simdjson::SUCCESS;
}

fc_status fc_structure_index(fc_structure *structure, const uint8_t *line, size_t len, const uint32_t **out_index,
                             size_t *out_count, fc_line_reason *out_reason) {
    if (len == 0 || len > structure->capacity) return FC_BAD_VALUE;
    simdjson::error_code error = structure->parser->stage1(line, len, simdjson::stage1_mode::regular);
    if (structure->is_plain && error == simdjson::SUCCESS) error = check_plainly(line, len);
    if (error != simdjson::SUCCESS) {
        *out_reason = reason_of(error);
        return FC_BAD_LINE;
    }
    *out_index = structure->parser->structural_indexes.get();
    *out_count = structure->parser->n_structural_indexes;
    return FC_OK;
}

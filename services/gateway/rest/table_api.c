// SPDX-License-Identifier: MIT
#include "rest/table_api.h"

#include <assert.h>
#include <string.h>

#include "base/timestamp.h"
#include "pages/page.h"
#include "rest/csv.h"
#include "rest/rest.h"

enum {
    PAGE_ROWS = 500,
    TABLE_ROWS_MAX = 20000,
    TABLE_BYTES_MAX = 6 * 1024 * 1024, // a page more still fits into an answer
    HEADER_SIZE = 128,
};

// Whose operation it is, which list of its answer is its table, and what the file is called; and
// which field of a row is a message whose own fields are columns, too, after the row's.
static const struct table {
    const char *operation;
    const char *service;
    const char *list;
    const char *file;
    const char *more; // NULL for none
} tables[] = {
    {"ListSnapshots", "portfolio", "snapshots", "snapshots", NULL},
    {"GetPerformance", "portfolio", "series", "performance", NULL},
    {"ListEquityPoints", "portfolio", "points", "equity", NULL},
    {"GetEquityCurve", "portfolio", "points", "equity-curve", NULL},
    {"GetComposition", "portfolio", "classes", "composition", NULL},
    {"ListRealized", "portfolio", "years", "realized", NULL},
    {"ListLots", "portfolio", "lots", "lots", NULL},
    {"ListPositions", "portfolio", "positions", "positions", NULL},
    {"ListStandings", "portfolio", "standings", "standings", NULL},
    {"CompareBacktests", "trading", "backtests", "backtests", "statistics"},
    {"ListOrders", "trading", "orders", "orders", NULL},
    {"ListFills", "trading", "fills", "fills", NULL},
};

static const struct table *table_of(const struct rpc_method *method)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (strcmp(tables[i].operation, method->short_name) == 0)
            return &tables[i];
    }
    return NULL;
}

// The index of a field by its name in JSON; SIZE_MAX for none.
static size_t index_of(const struct message_info *info, const char *name)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        if (strcmp(info->fields[i].json_name, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

static const void *value_at(const ProtobufCMessage *message, unsigned offset)
{
    return (const char *)message + offset;
}

// A column is a field with one value that is no message.
static bool is_column(const struct message_info *info, unsigned index)
{
    const ProtobufCFieldDescriptor *descriptor = &info->descriptor->fields[index];

    return descriptor->label == PROTOBUF_C_LABEL_OPTIONAL &&
           descriptor->type != PROTOBUF_C_TYPE_MESSAGE &&
           descriptor->type != PROTOBUF_C_TYPE_BYTES && !info->fields[index].is_flag;
}

static void write_int64(const struct field_info *field, int64_t value, struct strbuf *out)
{
    char time[TIMESTAMP_SIZE];

    if (field->format == FORMAT_DECIMAL) {
        csv_add_decimal(out, true, value, field->scale, field->least_decimals);
    } else if (field->format == FORMAT_TIME) {
        timestamp_print(value, time);
        strbuf_append_string(out, time);
    } else {
        strbuf_append_int(out, value);
    }
}

static void write_enum(const struct field_info *field, int number, struct strbuf *out)
{
    const ProtobufCEnumDescriptor *values = field->enumeration->descriptor;

    for (unsigned i = 0; i < values->n_values; i++) {
        if (values->values[i].value == number && field->enumeration->names[i] != NULL)
            csv_add_text(out, field->enumeration->names[i]);
    }
}

static void write_cell(const struct message_info *info,
                       const ProtobufCMessage *message,
                       unsigned index,
                       struct strbuf *out)
{
    const ProtobufCFieldDescriptor *descriptor = &info->descriptor->fields[index];
    const void *value = value_at(message, descriptor->offset);

    if (descriptor->type == PROTOBUF_C_TYPE_STRING) {
        csv_add_text(out, *(const char *const *)value);
        return;
    }
    if (!*(const protobuf_c_boolean *)value_at(message, descriptor->quantifier_offset))
        return;
    switch (descriptor->type) {
    case PROTOBUF_C_TYPE_BOOL:
        strbuf_append_string(out, *(const protobuf_c_boolean *)value ? "true" : "false");
        break;
    case PROTOBUF_C_TYPE_UINT32:
        strbuf_append_int(out, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
        strbuf_append_int(out, (int64_t) * (const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        write_enum(&info->fields[index], *(const int *)value, out);
        break;
    default:
        write_int64(&info->fields[index], *(const int64_t *)value, out);
        break;
    }
}

// The names of a message's columns, or its values of them; none of a message that is not there.
static void write_columns(const struct message_info *info,
                          const ProtobufCMessage *message,
                          bool is_heading,
                          bool is_first,
                          struct strbuf *out)
{
    for (unsigned i = 0; i < info->descriptor->n_fields; i++) {
        if (!is_column(info, i))
            continue;
        if (!is_first)
            csv_next(out);
        is_first = false;
        if (is_heading)
            csv_add_text(out, info->fields[i].json_name);
        else if (message != NULL)
            write_cell(info, message, i, out);
    }
}

// A row, or without a message the heading.
static void write_row(const struct table *table,
                      const struct message_info *info,
                      const ProtobufCMessage *message,
                      struct strbuf *out)
{
    write_columns(info, message, message == NULL, true, out);
    if (table->more != NULL) {
        size_t index = index_of(info, table->more);
        const ProtobufCMessage *more = message == NULL
                                           ? NULL
                                           : *(const ProtobufCMessage *const *)value_at(
                                                 message, info->descriptor->fields[index].offset);

        write_columns(info->fields[index].message, more, message == NULL, false, out);
    }
    csv_end(out);
}

// A table has no room to say that it lacks rows, which JSON says in a field.
static bool check_complete(const struct rpc_method *method,
                           const ProtobufCMessage *response,
                           struct error *error)
{
    size_t index = index_of(method->response, "is_complete");

    if (index == SIZE_MAX || *(const protobuf_c_boolean *)value_at(
                                 response, method->response->descriptor->fields[index].offset))
        return true;
    return error_set(error, REASON_UNAVAILABLE,
                     "The portfolio's days are being filled. Try again soon.");
}

// A page's rows; says how many, and gives the token of the next page, "" after the last.
static size_t write_page(const struct rpc_method *method,
                         const ProtobufCMessage *response,
                         const struct table *table,
                         size_t index,
                         const char **out_token,
                         struct strbuf *out)
{
    size_t token = index_of(method->response, "next_page_token");
    const ProtobufCFieldDescriptor *rows = &method->response->descriptor->fields[index];
    size_t count = *(const size_t *)value_at(response, rows->quantifier_offset);
    ProtobufCMessage *const *messages =
        *(ProtobufCMessage *const *const *)value_at(response, rows->offset);

    for (size_t i = 0; i < count; i++)
        write_row(table, method->response->fields[index].message, messages[i], out);
    *out_token = token == SIZE_MAX
                     ? NULL
                     : *(const char *const *)value_at(
                           response, method->response->descriptor->fields[token].offset);
    if (*out_token == NULL)
        *out_token = "";
    return count;
}

// Where the request says how many; NULL for an operation without pages.
static uint32_t *find_limit(const struct rpc_method *method, ProtobufCMessage *request)
{
    size_t index = index_of(method->request, "limit");

    if (index == SIZE_MAX)
        return NULL;
    return (uint32_t *)((char *)request + method->request->descriptor->fields[index].offset);
}

static bool
has_field(const struct rpc_method *method, const ProtobufCMessage *request, const char *name)
{
    size_t index = index_of(method->request, name);

    return index != SIZE_MAX &&
           *(const protobuf_c_boolean *)value_at(
               request, method->request->descriptor->fields[index].quantifier_offset);
}

static void
set_page(const struct rpc_method *method, ProtobufCMessage *request, const char *token, size_t rows)
{
    size_t limit = index_of(method->request, "limit");
    size_t page_token = index_of(method->request, "page_token");
    const ProtobufCFieldDescriptor *fields = method->request->descriptor->fields;

    if (limit == SIZE_MAX || page_token == SIZE_MAX)
        return;
    *(protobuf_c_boolean *)((char *)request + fields[limit].quantifier_offset) = 1;
    *find_limit(method, request) = rows < PAGE_ROWS ? (uint32_t)rows : PAGE_ROWS;
    if (token[0] != '\0')
        *(const char **)((char *)request + fields[page_token].offset) = token;
}

static bool answer_file(struct exchange *exchange, const char *file, struct error *error)
{
    const char *disposition =
        arena_printf(exchange->request->arena, "attachment; filename=\"%s.csv\"", file);

    if (disposition == NULL)
        return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The table does not fit.");
    http_response_header(exchange->response, "Content-Disposition", disposition);
    exchange->response->content_type = "text/csv; charset=utf-8";
    exchange->response->policy = HTTP_PRIVATE;
    return true;
}

bool table_write_rows(struct exchange *exchange,
                      const struct message_info *info,
                      ProtobufCMessage *const *rows,
                      size_t count,
                      const char *file,
                      struct error *error)
{
    static const struct table plain = {.more = NULL};

    write_row(&plain, info, NULL, exchange->response->body);
    for (size_t i = 0; i < count; i++)
        write_row(&plain, info, rows[i], exchange->response->body);
    return answer_file(exchange, file, error);
}

// Which list of the answer is asked for: a request may name it in a field `table`.
static const char *
list_of(const struct table *table, const struct rpc_method *method, const ProtobufCMessage *request)
{
    size_t index = index_of(method->request, "table");
    const ProtobufCFieldDescriptor *asked = NULL;
    const ProtobufCEnumDescriptor *lists = NULL;

    if (index == SIZE_MAX || !has_field(method, request, "table"))
        return table->list;
    asked = &method->request->descriptor->fields[index];
    lists = method->request->fields[index].enumeration->descriptor;
    for (unsigned i = 0; i < lists->n_values; i++) {
        if (lists->values[i].value == *(const int *)value_at(request, asked->offset))
            return method->request->fields[index].enumeration->names[i];
    }
    return table->list;
}

bool table_write(struct exchange *exchange,
                 const struct rpc_method *method,
                 ProtobufCMessage *request,
                 struct error *error)
{
    const struct table *table = table_of(method);
    const char *list = list_of(table, method, request);
    size_t index = index_of(method->response, list);
    struct strbuf *out = exchange->response->body;
    size_t rows_max =
        has_field(method, request, "limit") ? *find_limit(method, request) : TABLE_ROWS_MAX;
    const char *token = "";
    size_t rows = 0;

    assert(table != NULL);
    write_row(table, method->response->fields[index].message, NULL, out);
    do {
        ProtobufCMessage *response = NULL;

        set_page(method, request, token, rows_max - rows);
        if (!page_call(exchange, table->service, method, request, &response, error) ||
            !check_complete(method, response, error))
            return false;
        rows += write_page(method, response, table, index, &token, out);
    } while (token[0] != '\0' && rows < rows_max && out->length < TABLE_BYTES_MAX);
    if (token[0] != '\0')
        http_response_header(exchange->response, "X-Next-Page-Token", token);
    return answer_file(exchange, list == table->list ? table->file : list, error);
}

bool table_answer(struct exchange *exchange, struct error *error)
{
    const struct rpc_method *method = exchange->endpoint->route->method;
    ProtobufCMessage *request = NULL;
    struct call call;

    http_response_header(exchange->response, "Vary", "Accept");
    if (!http_request_accepts(exchange->request, "Accept", "text/csv") ||
        http_request_accepts(exchange->request, "Accept", "application/json"))
        return rest_answer(exchange, error);
    // Who may not ask is told so before what is wrong with the question.
    return exchange_call(exchange, method, &call, error) && rest_read(exchange, &request, error) &&
           table_write(exchange, method, request, error);
}

// SPDX-License-Identifier: MIT
#include "pages/page.h"

#include "base/timestamp.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "operations/session_api.h"
#include "pages/flash.h"
#include "pages/local_path.h"
#include "pages/market_state.h"
#include "pages/page_source.h"
#include "rest/csrf.h"
#include "rest/problem.h"
#include "rest/rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    PART_TIMEOUT_MS = 3000,
    HTTP_SERVER_ERRORS = 500, // and above
};

bool page_out_of_memory(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "There is no room for the page.");
}

static const struct rpc_mesh_key *mesh_key(const struct exchange *exchange)
{
    return service_mesh_key(exchange->gateway->service);
}

static int64_t now_us(void)
{
    struct clock clock = clock_real();

    return clock_now_us(&clock);
}

// The frame.

// What the browser keeps of what they like.
static void add_choices(const struct exchange *exchange, Pages__Frame *frame)
{
    const char *theme = http_request_cookie(exchange->request, THEME_COOKIE);
    const char *review = http_request_cookie(exchange->request, REVIEW_COOKIE);

    if (theme != NULL && (strcmp(theme, "light") == 0 || strcmp(theme, "dark") == 0))
        frame->theme = theme;
    frame->has_reviews_orders = true;
    frame->reviews_orders = review == NULL || strcmp(review, "off") != 0;
}

// The page's own address with its query, when that can be come back to.
static const char *own_path(const struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    struct text path = request->path;
    struct text query = request->query;
    const char *whole = arena_printf(request->arena, "%.*s%s%.*s", (int)path.length, path.data,
                                     query.length > 0 ? "?" : "", (int)query.length, query.data);

    return whole != NULL && strcmp(request->method, "GET") == 0 && local_path_is_valid(whole)
               ? whole
               : NULL;
}

// What a script asks for to renew a part of its page must not take the sentence that is meant for
// the page after a form.
static bool is_asked_by_script(const struct http_request *request)
{
    const char *mode = http_request_header(request, "Sec-Fetch-Mode");

    return mode != NULL && strcmp(mode, "navigate") != 0;
}

static bool add_flash(struct exchange *exchange, Pages__Frame *frame)
{
    struct flash flash;

    if (is_asked_by_script(exchange->request) ||
        !flash_take(exchange->request, exchange->response, mesh_key(exchange), now_us(), &flash))
        return true;
    frame->flash = arena_allocate(exchange->request->arena, sizeof *frame->flash);
    if (frame->flash == NULL)
        return false;
    pages__flash__init(frame->flash);
    frame->flash->has_is_error = true;
    frame->flash->is_error = flash.is_error;
    frame->flash->text = flash.text;
    return true;
}

static bool
add_user(struct exchange *exchange, const struct identity *identity, Pages__Frame *frame)
{
    struct arena *arena = exchange->request->arena;
    char *token = arena_allocate(arena, CSRF_TOKEN_SIZE);

    frame->username = arena_copy_string(arena, identity->username);
    frame->has_is_administrator = true;
    frame->is_administrator = identity->role == ROLE_ADMINISTRATOR;
    if (token == NULL || frame->username == NULL)
        return false;
    csrf_token(mesh_key(exchange), identity->session_id, token);
    frame->csrf_token = token;
    return true;
}

// The key of the forms on the page: a new one, unless the same request is to be sent once more.
static const char *form_key(const struct exchange *exchange)
{
    struct uuid key = uuid_new();
    const char *kept = exchange->keeps_key ? form_find(exchange->form, FORM_IDEMPOTENCY_KEY) : NULL;

    return kept != NULL ? kept : arena_copy_string(exchange->request->arena, key.string);
}

// A frame without a user.
static Pages__Frame *make_frame(struct exchange *exchange, const char *section, const char *title)
{
    struct arena *arena = exchange->request->arena;
    Pages__Frame *frame = arena_allocate(arena, sizeof *frame);

    if (frame == NULL)
        return NULL;
    pages__frame__init(frame);
    frame->section = section;
    frame->title = title;
    frame->form_key = form_key(exchange);
    frame->path = own_path(exchange);
    frame->has_is_answer = true;
    frame->is_answer = strcmp(exchange->request->method, "GET") != 0;
    frame->market = market_state_make(exchange->gateway->quotes, arena);
    add_choices(exchange, frame);
    return frame->form_key != NULL && add_flash(exchange, frame) ? frame : NULL;
}

// Who looks at it; an empty identity for nobody. Whoever's session has ended is nobody on a page
// for all.
static bool find_reader(struct exchange *exchange,
                        enum page_reader reader,
                        struct identity *out_identity,
                        struct error *error)
{
    bool is_known = exchange_identity(exchange, out_identity, error);

    if (!is_known && reader == PAGE_FOR_ALL) {
        if (exchange->credential.kind == CREDENTIAL_COOKIE && error_is(error, REASON_INVALID_TOKEN))
            session_clear_cookie(exchange);
        *out_identity = (struct identity){.user_id = ""};
        return true;
    }
    // Pages are for people who have logged in; what an API key may do is asked for elsewhere.
    if (is_known && out_identity->scope != SCOPE_ACCOUNT)
        return error_set(error, REASON_INSUFFICIENT_SCOPE, "API keys are for the API at /docs/.");
    if (is_known && reader == PAGE_FOR_ADMINISTRATORS && out_identity->role != ROLE_ADMINISTRATOR)
        return error_set(error, REASON_PERMISSION_DENIED, "This page is for administrators.");
    return is_known;
}

bool page_begin(struct exchange *exchange,
                enum page_reader reader,
                const char *section,
                const char *title,
                Pages__Frame **out_frame,
                struct error *error)
{
    struct identity identity;
    Pages__Frame *frame = NULL;

    if (!find_reader(exchange, reader, &identity, error))
        return false;
    frame = make_frame(exchange, section, title);
    if (frame == NULL || (identity.user_id[0] != '\0' && !add_user(exchange, &identity, frame)))
        return page_out_of_memory(error);
    *out_frame = frame;
    return true;
}

int64_t page_now(const Pages__Frame *frame)
{
    return frame->market != NULL ? frame->market->clock->now : 0;
}

// Reading and calling.

bool page_read_query(struct exchange *exchange,
                     const struct message_info *info,
                     ProtobufCMessage **out_query,
                     struct error *error)
{
    const struct rest_input input = {
        .info = info,
        .arena = exchange->request->arena,
        .match = exchange->match,
        .query = exchange->request->query,
        .skips_empty = true,
    };

    return rest_read_message(&input, out_query, error);
}

// Of a change: another id for each operation that one form asks for.
static const char *
request_id_of(struct exchange *exchange, const struct rpc_method *method, struct uuid *out_id)
{
    const char *name = NULL;

    if (method->no_side_effects)
        return exchange->request->id.string;
    name = arena_printf(exchange->request->arena, "page\n%s\n%s", exchange->effect_id.string,
                        method->short_name);
    if (name == NULL)
        return NULL;
    *out_id = uuid_from_name(text_of(name));
    return out_id->string;
}

bool page_call(struct exchange *exchange,
               const char *service,
               const struct rpc_method *method,
               const ProtobufCMessage *request,
               ProtobufCMessage **out_response,
               struct error *error)
{
    struct rpc_client *client = service_client(exchange->gateway->service, service);
    struct uuid id;
    struct call call;
    struct text packed;
    struct text reply;

    if (!exchange_call(exchange, method, &call, error))
        return false;
    call.request_id = request_id_of(exchange, method, &id);
    if (call.request_id == NULL)
        return page_out_of_memory(error);
    return message_pack(request, call.arena, &packed, error) &&
           rpc_call_packed(client, method, &call, packed, &reply, error) &&
           message_unpack(method->response, call.arena, reply, out_response, error);
}

bool page_call_for_part(struct exchange *exchange,
                        const char *service,
                        const struct rpc_method *method,
                        const ProtobufCMessage *request,
                        ProtobufCMessage **out_response,
                        struct error *error)
{
    struct rpc_method sooner = *method;

    sooner.timeout_ms = PART_TIMEOUT_MS;
    *out_response = NULL;
    return page_call(exchange, service, &sooner, request, out_response, error) ||
           problem_status(error) >= HTTP_SERVER_ERRORS;
}

bool page_read_form(struct exchange *exchange,
                    const struct message_info *info,
                    bool sets_texts,
                    ProtobufCMessage **out_request,
                    struct error *error)
{
    const struct rest_input input = {
        .info = info,
        .arena = exchange->request->arena,
        .match = exchange->match,
        .form = exchange->form,
        .form_sets_texts = sets_texts,
    };

    return rest_read_message(&input, out_request, error);
}

bool page_submit(struct exchange *exchange,
                 const char *service,
                 const struct rpc_method *method,
                 bool sets_texts,
                 ProtobufCMessage **out_response,
                 struct error *error)
{
    ProtobufCMessage *request = NULL;
    struct error refusal;

    if (page_read_form(exchange, method->request, sets_texts, &request, error))
        return page_call(exchange, service, method, request, out_response, error);
    // Who may not ask is told so, and not what is wrong with the question.
    if (!exchange_allows(exchange, method, &refusal))
        *error = refusal;
    return false;
}

// Whether who sent the form can do something about it.
static bool is_correctable(const struct error *error)
{
    int status = problem_status(error);

    return status >= 400 && status < 500 && status != 413 && !error->outcome_unknown &&
           !error_is(error, REASON_UNAUTHENTICATED) && !error_is(error, REASON_INVALID_TOKEN) &&
           !error_is(error, REASON_CSRF_REJECTED) && !error_is(error, REASON_PERMISSION_DENIED) &&
           !error_is(error, REASON_INSUFFICIENT_SCOPE) &&
           !error_is(error, REASON_MALFORMED_REQUEST);
}

bool page_fail(struct exchange *exchange,
               const struct error *failure,
               bool (*show)(struct exchange *, const struct error *, struct error *),
               struct error *error)
{
    // The first of two clicks may be at work still, or what was in the way is gone in a moment:
    // sent with another key it could be done twice.
    exchange->keeps_key = failure->code == CODE_ABORTED;
    if (is_correctable(failure))
        return show(exchange, failure, error);
    *error = *failure;
    return false;
}

bool page_show_form(const struct exchange *exchange,
                    const struct message_info *info,
                    const char *id,
                    const struct error *failure,
                    ProtobufCMessage *shown,
                    struct error *error)
{
    const struct form_view view = {
        .info = info, .id = id, .form = failure != NULL ? exchange->form : NULL, .error = failure};

    return form_show(&view, exchange->request->arena, shown, error);
}

Pages__Choice *
page_make_choice(struct arena *arena, const char *value, const char *label, bool is_chosen)
{
    Pages__Choice *choice = arena_allocate(arena, sizeof *choice);

    if (choice == NULL)
        return NULL;
    pages__choice__init(choice);
    choice->value = value;
    choice->label = label;
    choice->has_is_chosen = true;
    choice->is_chosen = is_chosen;
    return choice;
}

void page_preset(Pages__Input *input, const char *value)
{
    if (input->value == NULL)
        input->value = value;
}

bool page_preset_all(const struct exchange *exchange,
                     const struct message_info *info,
                     const struct error *failure,
                     const struct message_info *message_info,
                     const ProtobufCMessage *message,
                     ProtobufCMessage *shown,
                     struct error *error)
{
    const struct form_view view = {.info = info, .form = failure != NULL ? exchange->form : NULL};

    return form_preset(&view, exchange->request->arena, message_info, message, shown, error);
}

bool page_day_begin(const char *date, int64_t *out_us)
{
    return date != NULL && timestamp_parse(text_of(date), out_us);
}

bool page_day_end(const char *date, int64_t *out_us)
{
    if (!page_day_begin(date, out_us))
        return false;
    *out_us += MICROS_PER_DAY - 1;
    return true;
}

// Answering.

bool page_answer(struct exchange *exchange,
                 const struct template *template,
                 const ProtobufCMessage *message,
                 const struct error *failure,
                 struct error *error)
{
    struct http_response *response = exchange->response;

    strbuf_reset(response->body);
    if (failure != NULL) {
        response->status = problem_status(failure);
        problem_add_headers(response, failure);
    }
    response->policy = HTTP_OWN_PAGE;
    response->content_type = "text/html; charset=utf-8";
    return page_source_render(exchange->gateway->page_source, template, message, response->body,
                              error);
}

bool page_redirect(struct exchange *exchange, struct error *error, const char *format, ...)
{
    char path[LOCAL_PATH_MAX + 1];
    va_list arguments;
    int length = 0;

    va_start(arguments, format);
    length = vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof path || !local_path_is_valid(path))
        return error_set(error, REASON_INTERNAL, "There is no page to go on to.");
    exchange->response->status = 303;
    exchange->response->policy = HTTP_OWN_PAGE;
    exchange->response->content_type = "text/html; charset=utf-8";
    http_response_header(exchange->response, "Location", path);
    return true;
}

// Whether somebody may be sent there by an address that others may have made: a page that is read.
static bool is_page(const struct exchange *exchange, const char *path)
{
    struct router_match match;
    struct text bare = {path, strcspn(path, "?")};

    return local_path_is_valid(path) &&
           router_find(exchange->gateway->router, "GET", bare, &match) == ROUTER_FOUND &&
           ((const struct endpoint *)match.entry->target)->is_page;
}

const char *page_next(const struct exchange *exchange, const char *given, const char *otherwise)
{
    return given != NULL && is_page(exchange, given) ? given : otherwise;
}

void page_say(struct exchange *exchange, bool is_error, const char *format, ...)
{
    char text[FLASH_TEXT_MAX + 1];
    struct flash flash = {.is_error = is_error, .text = text};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    flash_put(exchange->request, exchange->response, mesh_key(exchange), now_us(), &flash);
}

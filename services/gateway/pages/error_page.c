// SPDX-License-Identifier: MIT
// What fails, told as a page that says what to do. Who must log in is sent to the login page.
#include "pages/page.h"

#include "base/uuid.h"
#include "page_templates.h"
#include "pages/field_words.h"
#include "pages/local_path.h"
#include "pages/page_source.h"
#include "rest/csrf.h"
#include "rest/problem.h"
#include "rest/url.h"

#include <stdio.h>
#include <string.h>

#define LOGIN_NEXT "/login?next="

bool page_takes_error(const struct exchange *exchange)
{
    const struct http_request *request = exchange->request;
    bool wants_page = http_request_accepts(request, "Accept", "text/html");

    if (exchange->endpoint != NULL)
        return exchange->endpoint->is_page &&
               (wants_page || !http_request_accepts(request, "Accept", "application/json"));
    return wants_page && (request->path.length < 5 || strncmp(request->path.data, "/api/", 5) != 0);
}

static const struct wording {
    int status;
    const char *heading;
    const char *advice;
} wordings[] = {
    {400, "That request could not be read", "Go back and try it again."},
    {403, "That is not allowed", "Ask an administrator, or log in as somebody else."},
    {404, "There is nothing here", "Check the address, or search for a symbol at the top."},
    {405, "There is nothing to see here", "Go back and use the page's buttons."},
    {408, "That took too long to arrive", "Check your connection and try it again."},
    {409, "Something has changed meanwhile", "Go back, reload the page and try it again."},
    {413, "That is too much at a time", "Send less at a time."},
    {415, "That request could not be read", "Go back and try it again."},
    {422, "That does not work", "Go back and correct what is named."},
    {429, "That was too often", "Wait a moment, then try it again."},
    {503, "A part of Bourse does not answer", "Nothing is lost. Reload the page in a moment."},
    {504, "That took too long", "Look whether it was done before you do it again."},
};

static const struct wording *find_wording(int status)
{
    static const struct wording other = {
        500, "Something went wrong here",
        "It has been written down. Tell the administrator the number below if it happens again."};

    for (size_t i = 0; i < COUNT_OF(wordings); i++)
        if (wordings[i].status == status)
            return &wordings[i];
    return &other;
}

// Between the services: the sentences are about calls, and the heading says it to people.
static bool is_between_services(const struct error *failure)
{
    return error_is(failure, REASON_DEADLINE_EXCEEDED) || error_is(failure, REASON_UNAVAILABLE) ||
           error_is(failure, REASON_OUTCOME_UNKNOWN) || error_is(failure, REASON_NOT_A_MESH_PEER);
}

// What is wrong with the first field that people know by a name; the error's own sentence where
// none is.
static const char *say_violation(struct arena *arena, const struct error *failure)
{
    const char *sentence = NULL;

    for (size_t i = 0; i < failure->detail_count && sentence == NULL; i++)
        if (failure->details[i].kind == ERROR_VIOLATION)
            sentence = field_words_say_violation(arena, failure->details[i].name,
                                                 failure->details[i].value);
    return sentence != NULL ? sentence : field_words_say(arena, failure->message);
}

// Whether the sentence names by its id what the address names: nobody knows anything by that.
static bool names_an_id(const struct exchange *exchange, const struct error *failure)
{
    const struct router_match *match = exchange->match;
    char id[UUID_SIZE];

    for (size_t i = 0; match != NULL && i < match->variable_count; i++) {
        struct text value = match->variables[i].value;

        if (value.length >= sizeof id)
            continue;
        (void)snprintf(id, sizeof id, "%.*s", (int)value.length, value.data);
        if (uuid_is_valid(id) && strstr(failure->message, id) != NULL)
            return true;
    }
    return false;
}

// A form whose page was open for long, or in whose window somebody else has logged in meanwhile.
static const char *sentence_of(struct exchange *exchange, const struct error *failure, int status)
{
    const struct reason_entry *entry = reason_find(failure->reason);

    if (entry != NULL && failure->code == CODE_NOT_FOUND && names_an_id(exchange, failure))
        return entry->title;
    if (error_is(failure, REASON_CSRF_REJECTED))
        return "The form is not of this session. Go back, reload the page and send it again.";
    // What went wrong inside is nobody's business but that of who works on it.
    if ((status == 500 || is_between_services(failure)) &&
        !page_source_is_live(exchange->gateway->page_source))
        return NULL;
    return say_violation(exchange->request->arena, failure);
}

static const char *advice_of(struct exchange *exchange, const struct error *failure, int status)
{
    // The sentence has it.
    if (error_is(failure, REASON_CSRF_REJECTED))
        return NULL;
    // With its key the form may be sent again; a page that is loaded anew would give it another.
    if (failure->code == CODE_ABORTED)
        return "Reload this page in a moment: what you have sent is done once, however often it "
               "arrives.";
    // Of what was only looked at nothing is done.
    if (status == 504 && strcmp(exchange->request->method, "GET") == 0)
        status = 503;
    return find_wording(status)->advice;
}

static bool
answer_error(struct exchange *exchange, const struct error *failure, struct error *error)
{
    int status = problem_status(failure);
    const struct wording *wording = find_wording(status);
    Pages__ErrorPage page = PAGES__ERROR_PAGE__INIT;

    if (!page_begin(exchange, PAGE_FOR_ALL, "", wording->heading, &page.frame, error))
        return false;
    page.has_status = true;
    page.status = (uint32_t)status;
    page.heading = wording->heading;
    page.sentence = sentence_of(exchange, failure, status);
    page.advice = advice_of(exchange, failure, status);
    page.request_id = status >= 500 ? exchange->request->id.string : NULL;
    page.back = page.frame->path;
    return page_answer(exchange, &error_page, &page.base, failure, error);
}

// Puts what was typed into the query of the page that the form was on, in the place of what is
// there from the last time.
static void append_typed(struct strbuf *path, const struct form *form)
{
    struct text page = text_of(form_find(form, FORM_NEXT));
    struct text query = {page.data + page.length, 0};
    OWNED(strbuf) typed = strbuf_new(FORM_TYPED_MAX);
    struct text name;
    struct text value;
    char separator = '?';

    page.length = strcspn(page.data, "?");
    if (page.data[page.length] == '?')
        query = text_of(page.data + page.length + 1);
    strbuf_append_text(path, page);
    for (; url_next_parameter(&query, &name, &value); separator = '&')
        if (!text_equals(name, FORM_TYPED))
            strbuf_printf(path, "%c%.*s=%.*s", separator, (int)name.length, name.data,
                          (int)value.length, value.data);
    form_write_typed(form, typed);
    strbuf_printf(path, "%c" FORM_TYPED "=", separator);
    url_encode(strbuf_text(typed), path);
    path->overflowed |= typed->overflowed;
}

// The page that is come back to: the one that was asked for, or that the form was on, where there
// is one; with what was typed, when our own page has sent it and there is room for it.
static bool write_way_back(const struct exchange *exchange, bool with_typed, struct strbuf *out)
{
    const struct http_request *request = exchange->request;
    OWNED(strbuf) path = strbuf_new(LOCAL_PATH_MAX);

    if (strcmp(request->method, "GET") == 0) {
        strbuf_append_text(path, request->path);
        strbuf_append_string(path, request->query.length > 0 ? "?" : "");
        strbuf_append_text(path, request->query);
    } else if (exchange->form == NULL || form_find(exchange->form, FORM_NEXT) == NULL) {
        return false;
    } else if (!with_typed) {
        strbuf_append_string(path, form_find(exchange->form, FORM_NEXT));
    } else if (exchange->endpoint->keeps_typed && csrf_is_same_site(request)) {
        append_typed(path, exchange->form);
    }
    strbuf_reset(out);
    url_encode(strbuf_text(path), out);
    return path->length > 0 && !path->overflowed && !out->overflowed;
}

// To the login page, and from there back.
static bool send_to_login(struct exchange *exchange, struct error *error)
{
    OWNED(strbuf) next = strbuf_new(LOCAL_PATH_MAX - strlen(LOGIN_NEXT));

    if (exchange->credential.kind == CREDENTIAL_COOKIE)
        page_say(exchange, true, "Your session has ended. Log in to go on.");
    if (write_way_back(exchange, true, next) || write_way_back(exchange, false, next))
        return page_redirect(exchange, error, LOGIN_NEXT "%s", next->data);
    return page_redirect(exchange, error, "/login");
}

// Whether it is the address that is wrong: a part of it that names something can be nothing's name.
static bool is_of_address(const struct exchange *exchange, const struct error *failure)
{
    const struct router_match *match = exchange->match;

    if (exchange->endpoint == NULL || match == NULL || !error_is(failure, REASON_INVALID_REQUEST))
        return false;
    for (size_t i = 0; i < failure->detail_count; i++)
        for (size_t j = 0; j < match->variable_count; j++)
            if (failure->details[i].kind == ERROR_VIOLATION &&
                text_equals(match->variables[j].name, failure->details[i].name))
                return true;
    return false;
}

void page_answer_error(struct exchange *exchange, const struct error *failure)
{
    struct error nothing;
    struct error error;
    bool needs_login =
        error_is(failure, REASON_UNAUTHENTICATED) ||
        (error_is(failure, REASON_INVALID_TOKEN) && exchange->credential.kind == CREDENTIAL_COOKIE);

    exchange->response->fixed_body = (struct text){NULL, 0};
    if (is_of_address(exchange, failure)) {
        error_fill(&nothing, REASON_NO_SUCH_ADDRESS, "There is nothing at this address.");
        failure = &nothing;
    }
    // At an address of nobody's nothing has asked yet who is there.
    if (exchange->endpoint == NULL &&
        !credential_read(exchange->request, &exchange->credential, &error))
        exchange->credential = (struct credential){.kind = CREDENTIAL_NONE};
    if (needs_login && exchange->endpoint != NULL && send_to_login(exchange, &error))
        return;
    if (!answer_error(exchange, failure, &error))
        problem_write(exchange->request, exchange->response, failure);
}

// SPDX-License-Identifier: MIT
#include "pages/audit_view.h"

#include "base/error.h"
#include "base/strbuf.h"
#include "message/json_syntax.h"
#include "pages/parameter_inputs.h"

#include <string.h>

enum {
    FACTS_MAX = 32, // of one event; its detail has 200 characters
    DEPTH_MAX = 4,
    LIST_BYTES_MAX = 1000,
    ESCAPE_MAX = 6, // bytes of an escape, "\u00e9"
};

// What limits and halts of the whole platform are written down for.
#define PLATFORM "00000000-0000-0000-0000-000000000000"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz_ "

// What was done, as people call it.
static const struct {
    const char *action;
    const char *words;
} actions[] = {
    {"administrator.create", "Administrator made"},
    {"api_key.create", "Key for programs made"},
    {"api_key.delete", "Key for programs deleted"},
    {"backtest.create", "Backtest asked for"},
    {"backtest.delete", "Backtest removed"},
    {"bar.put", "Price set by hand"},
    {"clock.set", "Clock set"},
    {"competition.create", "Competition made"},
    {"competition.delete", "Competition deleted"},
    {"competition.update", "Competition changed"},
    {"corporate_action.create", "Split or dividend entered"},
    {"corporate_action.delete", "Split or dividend removed"},
    {"import.cancel", "Import canceled"},
    {"import.finish", "Import ended"},
    {"import.start", "Import begun"},
    {"limits.set", "Limits set"},
    {"order.cancel", "Order canceled"},
    {"order.cancel_all", "All open orders canceled"},
    {"order.place", "Order placed"},
    {"order.replace", "Order replaced"},
    {"password.change", "Password change"},
    {"portfolio.clone", "Portfolio cloned"},
    {"portfolio.create", "Portfolio opened"},
    {"portfolio.delete", "Portfolio closed"},
    {"portfolio.deposit", "Deposit"},
    {"portfolio.import", "Transactions imported"},
    {"portfolio.reset", "Portfolio reset"},
    {"portfolio.update", "Portfolio changed"},
    {"portfolio.withdraw", "Withdrawal"},
    {"profile.change", "Profile changed"},
    {"refresh_token.reuse", "Refresh token used twice"},
    {"session.end", "Logout"},
    {"session.start", "Login"},
    {"signing_key.rotate", "Another signing key"},
    {"strategy.create", "Strategy made"},
    {"strategy.delete", "Strategy deleted"},
    {"strategy.start", "Strategy started"},
    {"strategy.stop", "Strategy stopped"},
    {"strategy.update", "Strategy changed"},
    {"symbol.create", "Symbol added"},
    {"symbol.delete", "Symbol removed"},
    {"symbol.update", "Symbol changed"},
    {"task.delete", "Task given up"},
    {"task.retry", "Task tried again"},
    {"token.issue", "Access token made"},
    {"trading.halt", "Trading halted"},
    {"trading.resume", "Trading resumed"},
    {"user.change", "Account changed"},
    {"user.delete", "Account ended"},
    {"user.register", "Account opened"},
    {"watchlist.add", "Symbol put on a watchlist"},
    {"watchlist.create", "Watchlist made"},
    {"watchlist.delete", "Watchlist deleted"},
    {"watchlist.remove", "Symbol taken off a watchlist"},
    {"watchlist.update", "Watchlist changed"},
};

// One that has no words yet is called as programs call it.
static const char *say_action(const char *action)
{
    for (size_t i = 0; action != NULL && i < COUNT_OF(actions); i++)
        if (strcmp(action, actions[i].action) == 0)
            return actions[i].words;
    return action;
}

// Facts on their way into a view.
struct facts {
    struct arena *arena;
    Pages__AuditEventView *view;
    struct error error;
    bool has_room;
    bool is_cut_told; // by the fact that was cut
};

static bool no_room(struct facts *facts)
{
    facts->has_room = false;
    return false;
}

static const char *say_value(const char *value)
{
    if (strcmp(value, "true") == 0)
        return "yes";
    if (strcmp(value, "false") == 0)
        return "no";
    return value[0] == '\0' ? "–" : value;
}

static bool add_fact(struct facts *facts, const char *name, const char *value)
{
    Pages__AuditEventView *view = facts->view;
    Pages__AuditFact *fact = NULL;

    if (name == NULL || value == NULL)
        return no_room(facts);
    if (view->event->subject != NULL && strcmp(value, view->event->subject) == 0) {
        if (strcmp(name, "user_id") == 0 && strcmp(value, PLATFORM) != 0)
            view->subject_user_id = view->event->subject;
        return true;
    }
    if (view->n_facts == FACTS_MAX)
        return true;
    fact = arena_allocate(facts->arena, sizeof *fact);
    if (fact == NULL)
        return no_room(facts);
    pages__audit_fact__init(fact);
    fact->label = parameter_inputs_label(facts->arena, name);
    fact->value = say_value(value);
    if (fact->label == NULL)
        return no_room(facts);
    view->facts[view->n_facts++] = fact;
    return true;
}

// JSON.

static const char *copy(struct facts *facts, struct text text)
{
    return arena_copy(facts->arena, text.data, text.length);
}

static bool read_scalar(struct facts *facts, struct json *json, struct text *out_text)
{
    enum json_type type = json_peek(json);

    if (type == JSON_STRING)
        return json_read_string(json, facts->arena, out_text);
    if (type == JSON_NUMBER)
        return json_number(json, out_text);
    if (type != JSON_TRUE && type != JSON_FALSE && type != JSON_NULL)
        return json_fail(json, "a value is expected");
    *out_text = text_of(type == JSON_TRUE ? "true" : type == JSON_FALSE ? "false" : "");
    return json_literal(json, type);
}

static bool tell_cut(struct facts *facts, const char *name, const char *value)
{
    facts->is_cut_told = true;
    return add_fact(facts, name, value);
}

// What is in a list is told with commas; an empty one is no fact.
static bool read_list(struct facts *facts, struct json *json, const char *name)
{
    OWNED(strbuf) items = strbuf_new(LIST_BYTES_MAX);
    struct text item;
    bool is_first = true;

    (void)json_take(json, '[');
    while (!json_take(json, ']')) {
        strbuf_append_string(items, is_first ? "" : ", ");
        if ((!is_first && !json_take(json, ',')) || !read_scalar(facts, json, &item)) {
            strbuf_append_string(items, "…");
            (void)tell_cut(facts, name, copy(facts, strbuf_text(items)));
            return json_fail(json, "the list is cut");
        }
        strbuf_append_text(items, item);
        is_first = false;
    }
    return items->length == 0 || add_fact(facts, name, copy(facts, strbuf_text(items)));
}

// A text whose end has been cut off: as much of it as there is.
static const char *mend_cut(struct facts *facts, struct text rest)
{
    struct error error;

    for (size_t dropped = 0; dropped < ESCAPE_MAX && dropped < rest.length; dropped++) {
        const char *mended =
            arena_printf(facts->arena, "%.*s…\"", (int)(rest.length - dropped), rest.data);
        struct json json = json_of(text_of(mended != NULL ? mended : ""), &error);
        struct text text;

        if (json_read_string(&json, facts->arena, &text))
            return copy(facts, text);
    }
    return "…";
}

static bool read_members(struct facts *facts, struct json *json, const char *outer, size_t depth);

static bool read_value(struct facts *facts, struct json *json, const char *name, size_t depth)
{
    enum json_type type = json_peek(json);
    const char *begin = json->at;
    struct text text;

    if (type == JSON_OBJECT)
        return depth < DEPTH_MAX ? read_members(facts, json, name, depth + 1) : json_skip(json);
    if (type == JSON_ARRAY)
        return read_list(facts, json, name);
    if (read_scalar(facts, json, &text))
        return add_fact(facts, name, copy(facts, text));
    if (type == JSON_STRING)
        (void)tell_cut(facts, name,
                       mend_cut(facts, (struct text){begin, (size_t)(json->end - begin)}));
    return false;
}

// What is within "defaults" is called "defaults, ...".
static bool read_members(struct facts *facts, struct json *json, const char *outer, size_t depth)
{
    struct text name;
    bool is_first = true;

    (void)json_take(json, '{');
    while (!json_take(json, '}')) {
        const char *label = NULL;

        if ((!is_first && !json_take(json, ',')) || !json_name(json, facts->arena, &name))
            return json_fail(json, "the object is cut");
        is_first = false;
        label = outer == NULL
                    ? copy(facts, name)
                    : arena_printf(facts->arena, "%s, %.*s", outer, (int)name.length, name.data);
        if (label == NULL)
            return no_room(facts);
        if (!read_value(facts, json, label, depth))
            return false;
    }
    return true;
}

// Words.

// Without the blanks that auth once ended what it wrote with.
static const char *copy_trimmed(struct facts *facts, struct text text)
{
    while (text.length > 0 && text.data[text.length - 1] == ' ')
        text.length--;
    return copy(facts, text);
}

// "imported: 2, rejected: 1". False when it is anything else, with what it has added by then.
static bool read_words(struct facts *facts, const char *words)
{
    while (*words != '\0') {
        size_t name = strspn(words, NAME_CHARACTERS);
        const char *value = words + name + 2;
        size_t length = 0;

        if (name == 0 || strncmp(words + name, ": ", 2) != 0)
            return false;
        length = strcspn(value, ",");
        if (!add_fact(facts, copy(facts, (struct text){words, name}),
                      copy_trimmed(facts, (struct text){value, length})))
            return false;
        words = value + length;
        if (*words != '\0' && strncmp(words, ", ", 2) != 0)
            return false;
        words += *words != '\0' ? 2 : 0;
    }
    return true;
}

static void add_facts(struct facts *facts, const char *detail)
{
    Pages__AuditEventView *view = facts->view;

    if (detail[0] == '{') {
        struct json json = json_of(text_of(detail), &facts->error);

        if (!read_members(facts, &json, NULL, 0) && facts->has_room && !facts->is_cut_told)
            view->detail = "…";
    } else if (!read_words(facts, detail)) {
        view->n_facts = 0;
        view->detail = detail;
    }
}

// The end of an import is done however it ended; that nothing came of it is told as its result.
static void take_failure(Pages__AuditEventView *view)
{
    if (view->event->action == NULL || strcmp(view->event->action, "import.finish") != 0 ||
        view->n_facts != 1 || strcmp(view->facts[0]->label, "Failed") != 0)
        return;
    view->failure = view->facts[0]->value;
    view->n_facts = 0;
}

static Pages__AuditEventView *make_view(struct arena *arena, Auth__AuditEvent *event)
{
    Pages__AuditEventView *view = arena_allocate(arena, sizeof *view);
    struct facts facts = {.arena = arena, .view = view, .has_room = true};

    if (view == NULL)
        return NULL;
    pages__audit_event_view__init(view);
    view->event = event;
    view->action = say_action(event->action);
    view->subject = event->subject != NULL && strcmp(event->subject, PLATFORM) == 0
                        ? "the whole platform"
                        : event->subject;
    view->facts = arena_allocate(arena, FACTS_MAX * sizeof *view->facts);
    if (view->facts == NULL)
        return NULL;
    if (event->detail != NULL)
        add_facts(&facts, event->detail);
    take_failure(view);
    return facts.has_room ? view : NULL;
}

void audit_view_name_user(Pages__AuditEventView *const *views,
                          size_t count,
                          const char *user_id,
                          const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (views[i]->subject_user_id != NULL && strcmp(views[i]->subject_user_id, user_id) == 0)
            views[i]->subject = name;
}

Pages__AuditEventView **
audit_view_make(struct arena *arena, Auth__AuditEvent *const *events, size_t count)
{
    Pages__AuditEventView **views = arena_allocate(arena, (count + 1) * sizeof *views);

    for (size_t i = 0; views != NULL && i < count; i++) {
        views[i] = make_view(arena, events[i]);
        if (views[i] == NULL)
            return NULL;
    }
    for (size_t i = 0; views != NULL && i < count; i++)
        if (events[i]->actor_id != NULL && events[i]->actor != NULL)
            audit_view_name_user(views, count, events[i]->actor_id, events[i]->actor);
    return views;
}

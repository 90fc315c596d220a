// SPDX-License-Identifier: MIT
// strategies_api: strategies read, made, changed and deleted, and their kinds.
//
// They are in no portfolio, so an API key for one portfolio sees none.
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_server.h"

#include <string.h>

#include "execution/lookup.h"
#include "runs/run_store.h"
#include "service/owned_change.h"
#include "service/ownership.h"
#include "strategies/strategy_message.h"
#include "strategy/strategy_program.h"

enum { PAGE_DEFAULT = 50, PAGE_BYTES_MAX = 400 * 1024 };

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static bool say_kind(enum strategy_kind kind,
                     struct arena *arena,
                     Trading__StrategyKind **out_message,
                     struct error *error)
{
    const struct strategy_kind_info *info = strategy_kind_info(kind);
    Trading__StrategyKind *message = arena_allocate(arena, sizeof(*message));
    OWNED(strbuf) schema = strbuf_new(STRATEGY_JSON_MAX);

    strategy_schema_print(kind, schema);
    if (message == NULL)
        return out_of_budget(error);
    trading__strategy_kind__init(message);
    message->kind = strategy_kind_name(kind);
    message->title = info->title;
    message->description = info->description;
    message->parameters_schema = arena_copy(arena, schema->data, schema->length);
    message->enter = info->enter;
    message->exit = info->exit;
    *out_message = message;
    return message->parameters_schema != NULL || out_of_budget(error);
}

bool trading_api_list_strategy_kinds(struct trading *trading,
                                     struct call *call,
                                     const Trading__ListStrategyKindsRequest *request,
                                     Trading__ListStrategyKindsResponse *response,
                                     struct error *error)
{
    (void)trading;
    (void)request;
    response->kinds = arena_allocate(call->arena, STRATEGY_KIND_COUNT * sizeof(*response->kinds));
    if (response->kinds == NULL)
        return out_of_budget(error);
    response->n_kinds = STRATEGY_KIND_COUNT;
    for (size_t i = 0; i < STRATEGY_KIND_COUNT; i++)
        if (!say_kind((enum strategy_kind)i, call->arena, &response->kinds[i], error))
            return false;
    return true;
}

bool trading_api_check_rule(struct trading *trading,
                            struct call *call,
                            const Trading__CheckRuleRequest *request,
                            Trading__CheckRuleResponse *response,
                            struct error *error)
{
    struct rule *rule = arena_allocate(call->arena, sizeof(*rule));
    struct rule_problem problem;

    (void)trading;
    if (rule == NULL)
        return out_of_budget(error);
    if (!rule_compile(text_of(request->rule), RULE_TRUTH, rule, &problem)) {
        error_clear(error);
        error_add_violation(error, "rule", "column %zu: %s", problem.column, problem.sentence);
        error_add_number(error, "column", "%zu", problem.column);
        return false;
    }
    response->has_warm_up_bars = true;
    response->warm_up_bars = (uint32_t)rule->warm_up;
    response->has_work = true;
    response->work = (uint32_t)rule->work;
    return true;
}

static bool check_seen(const struct call *call,
                       const char *id,
                       const struct strategy_record *record,
                       bool found,
                       struct error *error)
{
    if (found && ownership_may_see(&call->identity, record->user_id, NULL))
        return true;
    return error_set(error, REASON_STRATEGY_NOT_FOUND, "There is no strategy %s.", id);
}

struct reading {
    const char *id;      // of one
    const char *user_id; // or of many
    const char *after_id;
    size_t limit;
    struct strategy_record record;
    bool found;
    struct strategy_record *records;
    size_t count;
};

static bool read_one(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return strategy_store_find(transaction, reading->id, false, &reading->record, &reading->found,
                               error);
}

bool trading_api_get_strategy(struct trading *trading,
                              struct call *call,
                              const Trading__GetStrategyRequest *request,
                              Trading__GetStrategyResponse *response,
                              struct error *error)
{
    struct reading reading = {.id = request->strategy_id};

    return database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_one,
                             &reading, error) &&
           check_seen(call, request->strategy_id, &reading.record, reading.found, error) &&
           strategy_to_message(&reading.record, call->arena, &response->strategy, error);
}

static bool read_page(struct transaction *transaction, void *context, struct error *error)
{
    struct reading *reading = context;

    return strategy_store_page(transaction, reading->user_id, reading->after_id, reading->limit + 1,
                               &reading->records, &reading->count, error);
}

// A page ends before it is more than fits into an answer.
static size_t fitting(const struct reading *reading)
{
    size_t bytes = 0;
    size_t count = 0;

    while (count < reading->count && count < reading->limit && bytes < PAGE_BYTES_MAX)
        bytes += strlen(reading->records[count++].parameters);
    return count;
}

bool trading_api_list_strategies(struct trading *trading,
                                 struct call *call,
                                 const Trading__ListStrategiesRequest *request,
                                 Trading__ListStrategiesResponse *response,
                                 struct error *error)
{
    bool has_token = request->page_token != NULL && request->page_token[0] != '\0';
    struct reading reading = {
        .after_id = has_token ? request->page_token : NULL,
        .limit = request->has_limit ? request->limit : PAGE_DEFAULT,
    };
    size_t count = 0;

    if (has_token && !uuid_is_valid(request->page_token))
        return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
    if (!ownership_choose_user(&call->identity, request->user_id, &reading.user_id, error))
        return false;
    // What is in no portfolio is not for a key that is for one.
    if (call->identity.portfolio_id[0] != '\0')
        return true;
    if (!database_transact(trading->database, call->arena, TRANSACTION_READ_ONLY, read_page,
                           &reading, error))
        return false;
    count = fitting(&reading);
    response->strategies = arena_allocate(call->arena, (count + 1) * sizeof(*response->strategies));
    if (response->strategies == NULL)
        return out_of_budget(error);
    response->n_strategies = count;
    for (size_t i = 0; i < count; i++)
        if (!strategy_to_message(&reading.records[i], call->arena, &response->strategies[i], error))
            return false;
    if (count < reading.count)
        response->next_page_token = reading.records[count - 1].id;
    return true;
}

// A change, and how it is made within its transaction.
struct change {
    struct owned_change base;
    struct trading *trading;
    const char *id; // of a strategy that is there; NULL for a new one
    bool (*apply)(struct transaction *transaction, struct change *change, struct error *error);
    Trading__Strategy **message; // NULL for an answer without one
    struct strategy_record record;
    int64_t now;
};

static bool
find_to_change(struct transaction *transaction, struct change *change, struct error *error)
{
    bool found = false;

    return strategy_store_find(transaction, change->id, true, &change->record, &found, error) &&
           check_seen(change->base.call, change->id, &change->record, found, error);
}

static bool
change_work(struct transaction *transaction, struct owned_change *base, struct error *error)
{
    struct change *change = (struct change *)base;

    if ((change->id != NULL && !find_to_change(transaction, change, error)) ||
        !change->apply(transaction, change, error))
        return false;
    base->subject = change->record.id;
    base->user_id = change->record.user_id;
    return change->message == NULL ||
           strategy_to_message(&change->record, base->call->arena, change->message, error);
}

static bool make_change(struct change *change, struct error *error)
{
    struct platform_clock clock;

    if (!quotes_clock(change->trading->quotes, &clock))
        return error_set(error, REASON_UNAVAILABLE, "The platform's clock is not known yet.");
    change->now = clock.now;
    change->base.apply = change_work;
    return owned_change_make(change->trading->database, &change->base, error);
}

static bool find_kind(const char *name, enum strategy_kind *out_kind, struct error *error)
{
    OWNED(strbuf) names = strbuf_new(ERROR_VALUE_SIZE);

    if (strategy_kind_find(text_of(name), out_kind))
        return true;
    for (size_t i = 0; i < STRATEGY_KIND_COUNT; i++) {
        strbuf_append_string(names, i > 0 ? ", " : "");
        strbuf_append_string(names, strategy_kind_name((enum strategy_kind)i));
    }
    error_clear(error);
    error_add_violation(error, "kind", "must be one of %s", names->data);
    return false;
}

// Takes the parameters as they are said into the record, with what is not said filled in, and
// checks them with the record's symbols.
static bool take_parameters(struct strategy_record *record,
                            const char *json,
                            struct arena *arena,
                            struct error *error)
{
    struct strategy_parameters *parameters = arena_allocate(arena, sizeof(*parameters));
    struct strategy_program *program = arena_allocate(arena, sizeof(*program));
    OWNED(strbuf) printed = strbuf_new(STRATEGY_JSON_MAX);
    enum strategy_kind kind = STRATEGY_KIND_COUNT;
    const char **symbols = NULL;
    size_t count = 0;

    if (parameters == NULL || program == NULL)
        return out_of_budget(error);
    if (!find_kind(record->kind, &kind, error) ||
        !strategy_symbols_split(record->symbols, arena, &symbols, &count, error) ||
        !strategy_parameters_read(kind, text_of(json), arena, parameters, error) ||
        !strategy_parameters_check(parameters, symbols, count, error) ||
        !strategy_program_make(parameters, program, error))
        return false;
    strategy_parameters_print(parameters, printed);
    if (printed->overflowed) {
        error_clear(error);
        error_add_violation(error, "parameters", "must be at most %d bytes", STRATEGY_JSON_MAX);
        return false;
    }
    record->parameters = arena_copy(arena, printed->data, printed->length);
    return record->parameters != NULL || out_of_budget(error);
}

// Checks the symbols, and that market knows them.
static bool take_symbols(struct change *change,
                         const char *const *symbols,
                         size_t count,
                         const char **out_symbols,
                         struct error *error)
{
    bool is_fractionable = false;

    error_clear(error);
    if (count == 0)
        error_add_violation(error, "symbols", "must name a symbol at least");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(symbols[i], symbols[k]) == 0)
                error_add_violation(error, "symbols", "has %s twice", symbols[i]);
    if (error->code != CODE_OK)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!lookup_fractionable(change->trading, change->base.call, symbols[i], &is_fractionable,
                                 error))
            return false;
    return strategy_symbols_join(symbols, count, change->base.call->arena, out_symbols, error);
}

static bool add(struct transaction *transaction, struct change *change, struct error *error)
{
    change->record.created_at = change->record.updated_at = change->now;
    return strategy_store_lock_user(transaction, change->record.user_id, error) &&
           strategy_store_add(transaction, &change->record, error);
}

static bool refuse_key_of_portfolio(const struct call *call, struct error *error)
{
    return call->identity.portfolio_id[0] == '\0' ||
           error_set(error, REASON_PERMISSION_DENIED,
                     "An API key for one portfolio has nothing to do with strategies.");
}

bool trading_api_create_strategy(struct trading *trading,
                                 struct call *call,
                                 const Trading__CreateStrategyRequest *request,
                                 Trading__CreateStrategyResponse *response,
                                 struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_create_strategy,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "strategy.create"},
        .apply = add,
        .message = &response->strategy,
        .record = {.id = arena_copy_string(call->arena, uuid_new().string),
                   .name = request->name,
                   .description = request->description,
                   .kind = request->kind,
                   .timeframe = strategy_timeframe_name(request->timeframe),
                   .version = 1},
    };
    bool replayed = false;

    if (change.record.id == NULL)
        return out_of_budget(error);
    // A repeat is answered from what is stored, whatever has become of the symbols since.
    if (!refuse_key_of_portfolio(call, error) ||
        !idempotency_find(trading->database, call, change.base.method, change.base.response,
                          &replayed, error))
        return false;
    if (replayed)
        return true;
    return ownership_choose_user(&call->identity, request->user_id, &change.record.user_id,
                                 error) &&
           take_symbols(&change, request->symbols, request->n_symbols, &change.record.symbols,
                        error) &&
           take_parameters(&change.record, request->parameters, call->arena, error) &&
           make_change(&change, error);
}

static bool save(struct transaction *transaction, struct change *change, struct error *error)
{
    const Trading__UpdateStrategyRequest *request =
        (const Trading__UpdateStrategyRequest *)change->base.request;
    struct strategy_record *record = &change->record;
    bool is_other_kind = request->kind != NULL && strcmp(request->kind, record->kind) != 0;
    const char *parameters = request->parameters != NULL ? request->parameters
                             : is_other_kind             ? NULL
                                                         : record->parameters;

    record->name = request->name != NULL ? request->name : record->name;
    record->description = request->description != NULL ? request->description : record->description;
    record->kind = request->kind != NULL ? request->kind : record->kind;
    if (request->has_timeframe)
        record->timeframe = strategy_timeframe_name(request->timeframe);
    // Known since before the transaction: see trading_api_update_strategy.
    if (request->symbols_given &&
        !strategy_symbols_join(request->symbols, request->n_symbols, change->base.call->arena,
                               &record->symbols, error))
        return false;
    record->version++;
    record->updated_at = change->now;
    return take_parameters(record, parameters, change->base.call->arena, error) &&
           strategy_store_save(transaction, record, error);
}

bool trading_api_update_strategy(struct trading *trading,
                                 struct call *call,
                                 const Trading__UpdateStrategyRequest *request,
                                 Trading__UpdateStrategyResponse *response,
                                 struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_update_strategy,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "strategy.update"},
        .id = request->strategy_id,
        .apply = save,
        .message = &response->strategy,
    };
    const char *symbols = NULL;
    bool replayed = false;

    if (request->symbols_given) {
        if (!idempotency_find(trading->database, call, change.base.method, change.base.response,
                              &replayed, error))
            return false;
        if (!replayed &&
            !take_symbols(&change, request->symbols, request->n_symbols, &symbols, error))
            return false;
    }
    return replayed || make_change(&change, error);
}

static bool delete_one(struct transaction *transaction, struct change *change, struct error *error)
{
    return strategy_store_lock_user(transaction, change->record.user_id, error) &&
           run_store_check_stopped(transaction, change->id, error) &&
           run_store_delete(transaction, change->id, change->record.user_id, error) &&
           strategy_store_delete(transaction, &change->record, error);
}

bool trading_api_delete_strategy(struct trading *trading,
                                 struct call *call,
                                 const Trading__DeleteStrategyRequest *request,
                                 Trading__DeleteStrategyResponse *response,
                                 struct error *error)
{
    struct change change = {
        .trading = trading,
        .base = {.call = call,
                 .method = &trading_method_delete_strategy,
                 .request = &request->base,
                 .response = &response->base,
                 .action = "strategy.delete"},
        .id = request->strategy_id,
        .apply = delete_one,
    };

    return make_change(&change, error);
}

// SPDX-License-Identifier: MIT
// One backtest: how far it is, what came of it, and its tables for spreadsheets.
#include "pages/pages.h"

#include "base/strbuf.h"
#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "page_templates.h"
#include "pages/backtest_view.h"
#include "pages/field_words.h"
#include "pages/page.h"
#include "pages/strategy_kinds.h"
#include "rest/table_api.h"

enum { VALUES_BYTES_MAX = 1000 };

static bool
find_backtest(struct exchange *exchange, Trading__Backtest **out_backtest, struct error *error)
{
    Trading__GetBacktestRequest request = TRADING__GET_BACKTEST_REQUEST__INIT;
    ProtobufCMessage *query = NULL;
    ProtobufCMessage *response = NULL;

    if (!page_read_query(exchange, &pages_backtest_query_info, &query, error))
        return false;
    request.backtest_id = ((const Pages__BacktestQuery *)query)->backtest_id;
    if (!page_call(exchange, "trading", &trading_method_get_backtest, &request.base, &response,
                   error))
        return false;
    *out_backtest = ((Trading__GetBacktestResponse *)response)->backtest;
    if ((*out_backtest)->reason_message != NULL)
        (*out_backtest)->reason_message =
            field_words_say(exchange->request->arena, (*out_backtest)->reason_message);
    return true;
}

static bool is_under_way(const Trading__Backtest *backtest)
{
    return backtest->status == TRADING__BACKTEST_STATUS__BACKTEST_STATUS_QUEUED ||
           backtest->status == TRADING__BACKTEST_STATUS__BACKTEST_STATUS_RUNNING;
}

// "stop loss percent" of stop_loss_percent.
static void append_words(struct strbuf *out, const char *name)
{
    for (; *name != '\0'; name++)
        strbuf_append_char(out, *name == '_' ? ' ' : *name);
}

// The values that one combination of a grid has: "fast 5, slow 20".
static bool
print_values(struct arena *arena, const char *json, const char **out_text, struct error *error)
{
    struct strategy_values *values = arena_allocate(arena, sizeof *values);
    OWNED(strbuf) text = strbuf_new(VALUES_BYTES_MAX);

    if (values == NULL)
        return page_out_of_memory(error);
    if (!strategy_json_read_values(text_of(json), arena, values, error))
        return false;
    for (size_t i = 0; i < values->count; i++) {
        strbuf_append_string(text, i > 0 ? ", " : "");
        append_words(text, values->items[i].name);
        strbuf_printf(text, " %s", values->items[i].text);
    }
    *out_text = arena_copy(arena, text->data, text->length);
    return *out_text != NULL || page_out_of_memory(error);
}

static bool add_runs(struct arena *arena, Pages__BacktestPage *page, struct error *error)
{
    const Trading__Backtest *backtest = page->backtest;

    page->combinations = arena_allocate(arena, (backtest->n_runs + 1) * sizeof *page->combinations);
    if (page->combinations == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < backtest->n_runs; i++) {
        Pages__BacktestRunView *view = arena_allocate(arena, sizeof *view);

        if (view == NULL)
            return page_out_of_memory(error);
        pages__backtest_run_view__init(view);
        view->run = backtest->runs[i];
        if (!print_values(arena, view->run->parameters, &view->values, error))
            return false;
        page->combinations[page->n_combinations++] = view;
    }
    return true;
}

static bool add_windows(struct arena *arena, Pages__BacktestPage *page, struct error *error)
{
    const Trading__Backtest *backtest = page->backtest;

    page->shown_windows =
        arena_allocate(arena, (backtest->n_windows + 1) * sizeof *page->shown_windows);
    if (page->shown_windows == NULL)
        return page_out_of_memory(error);
    for (size_t i = 0; i < backtest->n_windows; i++) {
        Pages__BacktestWindowView *view = arena_allocate(arena, sizeof *view);

        if (view == NULL)
            return page_out_of_memory(error);
        pages__backtest_window_view__init(view);
        view->has_number = true;
        view->number = (uint32_t)i + 1;
        view->window = backtest->windows[i];
        if (view->window->parameters != NULL &&
            !print_values(arena, view->window->parameters, &view->values, error))
            return false;
        page->shown_windows[page->n_shown_windows++] = view;
    }
    return true;
}

static bool has_costs(const Trading__BacktestCosts *costs)
{
    return costs != NULL &&
           (costs->slippage_bps_hundredths != 0 || costs->participation_percent_hundredths != 0 ||
            costs->commission_per_order_micros != 0 || costs->commission_per_share_micros != 0 ||
            costs->commission_bps_hundredths != 0 || costs->commission_minimum_micros != 0);
}

// What is not limited or costs nothing is not spoken of.
static void leave_out_nothing(Trading__BacktestCosts *costs)
{
    if (costs == NULL)
        return;
    costs->has_slippage_bps_hundredths = costs->slippage_bps_hundredths != 0;
    costs->has_participation_percent_hundredths = costs->participation_percent_hundredths != 0;
    costs->has_commission_maximum_micros = costs->commission_maximum_micros != 0;
}

static bool add_strategy(struct exchange *exchange, Pages__BacktestPage *page, struct error *error)
{
    const Trading__StrategyKind *kind = NULL;
    struct strategy_kinds kinds;

    if (!strategy_kinds_get_strategy(exchange, page->backtest->strategy_id, &page->strategy,
                                     error) ||
        !strategy_kinds_list(exchange, &kinds, error))
        return false;
    kind = strategy_kinds_find(&kinds, page->backtest->kind);
    page->kind_title = kind != NULL ? kind->title : page->backtest->kind;
    page->frame->title =
        arena_printf(exchange->request->arena, "Backtest of %s", page->strategy->name);
    return page->frame->title != NULL || page_out_of_memory(error);
}

bool backtest_page_show(struct exchange *exchange, struct error *error)
{
    Pages__BacktestPage page = PAGES__BACKTEST_PAGE__INIT;
    struct arena *arena = exchange->request->arena;

    if (!page_begin(exchange, PAGE_FOR_USERS, "strategies", "Backtest", &page.frame, error) ||
        !find_backtest(exchange, &page.backtest, error) || !add_strategy(exchange, &page, error) ||
        !add_runs(arena, &page, error) || !add_windows(arena, &page, error) ||
        !strategy_kinds_show_values(exchange, page.backtest->parameters, &page.values,
                                    &page.n_values, error))
        return false;
    page.has_is_under_way = true;
    page.is_under_way = is_under_way(page.backtest);
    page.has_has_grid = true;
    page.has_grid = page.n_combinations > 0;
    page.has_has_costs = true;
    page.has_costs = has_costs(page.backtest->costs);
    leave_out_nothing(page.backtest->costs);
    if (!backtest_view_make(arena, &page))
        return page_out_of_memory(error);
    return page_answer(exchange, &backtest_page, &page.base, NULL, error);
}

// Cancels one that is under way, and stays on its page; removes one that has ended.
bool backtest_delete(struct exchange *exchange, struct error *error)
{
    Trading__DeleteBacktestRequest request = TRADING__DELETE_BACKTEST_REQUEST__INIT;
    Trading__Backtest *backtest = NULL;
    ProtobufCMessage *response = NULL;

    if (!find_backtest(exchange, &backtest, error))
        return false;
    request.backtest_id = backtest->id;
    if (!page_call(exchange, "trading", &trading_method_delete_backtest, &request.base, &response,
                   error))
        return false;
    page_say(exchange, false,
             is_under_way(backtest) ? "The backtest is canceled." : "The backtest was removed.");
    return is_under_way(backtest)
               ? page_redirect(exchange, error, "/backtests/%s", backtest->id)
               : page_redirect(exchange, error, "/strategies/%s", backtest->strategy_id);
}

bool backtest_trades_export(struct exchange *exchange, struct error *error)
{
    Trading__Backtest *backtest = NULL;

    return find_backtest(exchange, &backtest, error) &&
           table_write_rows(exchange, &trading_backtest_trade_info,
                            (ProtobufCMessage *const *)backtest->trades, backtest->n_trades,
                            "trades", error);
}

bool backtest_orders_export(struct exchange *exchange, struct error *error)
{
    Trading__Backtest *backtest = NULL;

    return find_backtest(exchange, &backtest, error) &&
           table_write_rows(exchange, &trading_backtest_order_info,
                            (ProtobufCMessage *const *)backtest->orders, backtest->n_orders,
                            "orders", error);
}

bool backtest_curve_export(struct exchange *exchange, struct error *error)
{
    Trading__Backtest *backtest = NULL;

    return find_backtest(exchange, &backtest, error) &&
           table_write_rows(exchange, &trading_backtest_point_info,
                            (ProtobufCMessage *const *)backtest->curve, backtest->n_curve, "curve",
                            error);
}

bool backtest_dividends_export(struct exchange *exchange, struct error *error)
{
    Trading__Backtest *backtest = NULL;

    return find_backtest(exchange, &backtest, error) &&
           table_write_rows(exchange, &trading_backtest_dividend_info,
                            (ProtobufCMessage *const *)backtest->dividends, backtest->n_dividends,
                            "dividends", error);
}

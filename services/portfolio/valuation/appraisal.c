// SPDX-License-Identifier: MIT
#include "valuation/appraisal.h"

#include "base/clock.h"
#include "bourse/market/v1/market.pb-c.h"
#include "ledger/exposure.h"
#include "service/log.h"

#include <stdio.h>
#include <string.h>

enum { CATCH_UP_MS = 1000 };

// From a close back to where nothing is traded: after the late trading of the day before, and
// before the early one of the day itself.
#define NIGHT_US (13 * 60 * 60 * MICROS_PER_SECOND)
// 9999-01-01: nothing has been traded since.
#define NO_DAY INT64_C(253370764800000000)

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

// What is worth nothing has a price, whatever that is.
static struct holding holding_of(struct portfolio *portfolio, const struct balance_record *record)
{
    const struct ledger_balance *shares = &record->balance;
    struct holding holding = {
        .has_price = shares->amount == 0,
        .quantity = shares->amount,
        .held = shares->held,
        .cost_basis = shares->cost_basis,
        .day_quantity = record->day_quantity,
        .day_cash = record->day_cash,
    };
    struct quote quote;

    snprintf(holding.ticker, sizeof(holding.ticker), "%s", shares->asset);
    if (quotes_get(portfolio->quotes, shares->asset, &quote) && quote.price_micros > 0) {
        holding.has_price = true;
        holding.price = quote.price_micros;
        holding.previous_close = exposure_price_before(&quote, record->day, true);
    }
    return holding;
}

int64_t appraisal_day(const struct portfolio *portfolio)
{
    struct platform_clock clock;

    if (!quotes_clock(portfolio->quotes, &clock))
        return NO_DAY;
    return clock.is_open ? clock.previous_close : clock.previous_close - NIGHT_US;
}

void appraisal_catch_up(struct portfolio *portfolio)
{
    struct platform_clock clock;
    struct error error;

    if (!quotes_clock(portfolio->quotes, &clock) ||
        clock.mode != MARKET__CLOCK_MODE__CLOCK_MODE_STEP)
        return;
    // Prices that are late are still prices, and said to be stale when they are.
    if (!quotes_synchronize(portfolio->quotes, CATCH_UP_MS, &error))
        log_write(LOG_WARNING, "quotes_late", "reason", error.reason, "message", error.message,
                  NULL);
}

static void forget_day(struct appraisal *appraisal)
{
    appraisal->valuation.has_day_change = false;
    for (size_t i = 0; i < appraisal->count; i++)
        appraisal->holdings[i].has_day_change = false;
}

bool appraise(struct portfolio *portfolio,
              struct arena *arena,
              const char *portfolio_id,
              const struct balance_record *records,
              size_t count,
              struct appraisal *out_appraisal,
              struct error *error)
{
    struct appraisal appraisal = {0};
    int64_t day_cash = 0;
    bool is_day_known = true;
    size_t shares = 0;
    size_t gone = 0;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].portfolio_id, portfolio_id) == 0)
            shares++;
    }
    appraisal.holdings = arena_allocate(arena, (shares + 1) * sizeof(*appraisal.holdings));
    if (appraisal.holdings == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_balance *balance = &records[i].balance;

        if (strcmp(records[i].portfolio_id, portfolio_id) != 0)
            continue;
        if (balance->account == LEDGER_CASH) {
            appraisal.cash = balance->amount;
            appraisal.cash_held = balance->held;
            day_cash = records[i].day_cash;
            is_day_known = records[i].is_day_known;
            continue;
        }
        if (__builtin_add_overflow(appraisal.realized_pl, balance->realized_pl,
                                   &appraisal.realized_pl) ||
            __builtin_add_overflow(appraisal.realized_pl_fifo, balance->realized_pl_fifo,
                                   &appraisal.realized_pl_fifo))
            return error_set(error, REASON_INTERNAL, "The realized profit cannot be counted.");
        if (balance->amount > 0)
            appraisal.holdings[appraisal.count++] = holding_of(portfolio, &records[i]);
        else if (records[i].day_quantity != 0 || records[i].day_cash != 0)
            appraisal.holdings[shares - ++gone] = holding_of(portfolio, &records[i]);
    }
    // What was sold today stands behind what is held.
    memmove(&appraisal.holdings[appraisal.count], &appraisal.holdings[shares - gone],
            gone * sizeof(*appraisal.holdings));
    appraisal.valuation =
        valuation_compute(appraisal.holdings, appraisal.count + gone, appraisal.cash, day_cash);
    if (!is_day_known)
        forget_day(&appraisal);
    *out_appraisal = appraisal;
    return true;
}

bool appraisal_to_portfolio(const struct appraisal *appraisal,
                            struct arena *arena,
                            const struct portfolio_record *record,
                            Portfolio__Portfolio **out_message,
                            struct error *error)
{
    const struct valuation *valuation = &appraisal->valuation;
    Portfolio__Portfolio *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__portfolio__init(message);
    message->id = arena_copy_string(arena, record->id);
    message->user_id = arena_copy_string(arena, record->user_id);
    message->fill_settings = fill_settings_to_message(&record->fill_settings, arena);
    message->name = record->name;
    message->description = record->description;
    if (message->id == NULL || message->user_id == NULL || message->fill_settings == NULL)
        return out_of_budget(error);
    message->has_cash_balance_micros = true;
    message->cash_balance_micros = appraisal->cash;
    message->has_buying_power_micros = true;
    message->buying_power_micros = appraisal->cash - appraisal->cash_held;
    message->has_market_value_micros = valuation->has_value;
    message->market_value_micros = valuation->market_value;
    message->has_total_value_micros = valuation->has_value;
    message->total_value_micros = valuation->total_value;
    message->has_unrealized_pl_micros = valuation->has_value;
    message->unrealized_pl_micros = valuation->unrealized_pl;
    message->has_day_change_micros = valuation->has_day_change;
    message->day_change_micros = valuation->day_change;
    message->has_realized_pl_micros = true;
    message->realized_pl_micros = appraisal->realized_pl;
    message->has_realized_pl_fifo_micros = true;
    message->realized_pl_fifo_micros = appraisal->realized_pl_fifo;
    if (record->competition_id[0] != '\0') {
        message->competition_id = arena_copy_string(arena, record->competition_id);
        if (message->competition_id == NULL)
            return out_of_budget(error);
        message->has_competes_until = true;
        message->competes_until = record->competes_until;
    }
    message->has_reset_at = record->is_reset;
    message->reset_at = record->reset_at;
    message->has_created_at = true;
    message->created_at = record->created_at;
    message->has_updated_at = true;
    message->updated_at = record->updated_at;
    *out_message = message;
    return true;
}

bool appraisal_to_position(const struct holding *holding,
                           struct arena *arena,
                           Portfolio__Position **out_message,
                           struct error *error)
{
    Portfolio__Position *message = arena_allocate(arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__position__init(message);
    message->ticker = arena_copy_string(arena, holding->ticker);
    if (message->ticker == NULL)
        return out_of_budget(error);
    message->has_quantity_nanos = true;
    message->quantity_nanos = holding->quantity;
    message->has_available_nanos = true;
    message->available_nanos = holding->quantity - holding->held;
    message->has_average_price_micros = true;
    message->average_price_micros = holding->average_price;
    message->has_cost_basis_micros = true;
    message->cost_basis_micros = holding->cost_basis;
    message->has_price_micros = holding->has_price;
    message->price_micros = holding->price;
    message->has_market_value_micros = holding->has_value;
    message->market_value_micros = holding->market_value;
    message->has_unrealized_pl_micros = holding->has_value;
    message->unrealized_pl_micros = holding->unrealized_pl;
    message->has_unrealized_pl_percent_micros = holding->has_percent;
    message->unrealized_pl_percent_micros = holding->unrealized_pl_percent;
    message->has_day_change_micros = holding->has_day_change;
    message->day_change_micros = holding->day_change;
    message->has_weight_micros = holding->has_weight;
    message->weight_micros = holding->weight;
    *out_message = message;
    return true;
}

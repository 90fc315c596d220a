// SPDX-License-Identifier: MIT
#include "groups/linked_rules.h"

#include <string.h>

#include "money/money.h"
#include "orders/order_rules.h"

// The prices of a group; 0 for those that it has not, or that are known no more.
struct prices {
    int64_t base; // what the shares cost at most, as far as that is known
    int64_t take_profit;
    int64_t stop;
    int64_t stop_limit;
};

// What the prices are called in the request that is checked.
struct names {
    const char *take_profit;
    const char *stop;
    const char *stop_limit;
};

static const struct names placing_names = {"take_profit.limit_price", "stop_loss.stop_price",
                                           "stop_loss.limit_price"};

static void
check_exits(const struct order *order, const struct linked_terms *terms, struct error *error)
{
    const char *name = order_class_name(order->order_class);
    size_t wanted = order_class_exits(order->order_class);
    size_t given = (terms->has_take_profit ? 1U : 0U) + (terms->has_stop_loss ? 1U : 0U);

    if (wanted == 0 && terms->has_take_profit)
        error_add_violation(error, "take_profit", "needs order_class bracket, oco or oto");
    if (wanted == 0 && terms->has_stop_loss)
        error_add_violation(error, "stop_loss", "needs order_class bracket, oco or oto");
    if (wanted == 1 && given != 1)
        error_add_violation(error, "take_profit",
                            "exactly one of take_profit and stop_loss must be given for %s", name);
    if (wanted == 2 && !terms->has_take_profit)
        error_add_violation(error, "take_profit", "is required for %s", name);
    if (wanted == 2 && !terms->has_stop_loss)
        error_add_violation(error, "stop_loss", "is required for %s", name);
}

static void check_entry(const struct order *order, struct error *error)
{
    const char *name = order_class_name(order->order_class);

    if (order->side != ORDER_BUY)
        error_add_violation(error, "side", "must be buy for %s: its exits sell what it has bought",
                            name);
    if (order->type != ORDER_MARKET && order->type != ORDER_LIMIT)
        error_add_violation(error, "type", "must be market or limit for %s", name);
}

// The order of an OCO is its take-profit, and says nothing of its own.
static void
check_exit(const struct order *order, const struct linked_terms *terms, struct error *error)
{
    const char *name = order_class_name(order->order_class);

    if (order->side != ORDER_SELL)
        error_add_violation(error, "side", "must be sell for %s: it sells shares that are there",
                            name);
    if (terms->has_type && order->type != ORDER_LIMIT)
        error_add_violation(error, "type", "must be limit for %s", name);
    if (order->limit_price != 0)
        error_add_violation(error, "limit_price",
                            "must not be given for %s: it is take_profit.limit_price", name);
    if (order->stop_price != 0)
        error_add_violation(error, "stop_price",
                            "must not be given for %s: it is stop_loss.stop_price", name);
}

static void check_group(const struct order *order, struct error *error)
{
    const char *name = order_class_name(order->order_class);

    if (order->time_in_force != ORDER_DAY && order->time_in_force != ORDER_GTC)
        error_add_violation(error, "time_in_force", "must be day or gtc for %s", name);
    if (order->extended_hours)
        error_add_violation(error, "extended_hours", "is not offered for %s", name);
    if (order->notional != 0)
        error_add_violation(error, "notional", "is not offered for %s: order a quantity", name);
    if (order->quantity % NANOS_PER_UNIT != 0)
        error_add_violation(error, "quantity", "must be whole for %s: fractions need simple", name);
}

// Adds that a price must be on one side of another one.
static void refuse_distance(
    struct error *error, const char *field, int64_t price, const char *rule, int64_t other)
{
    char price_text[DECIMAL_SIZE];
    char other_text[DECIMAL_SIZE];

    decimal_print(price, MONEY_SCALE, 2, price_text);
    decimal_print(other, MONEY_SCALE, 2, other_text);
    error_add_violation(error, field, "is %s, and must be %s %s", price_text, rule, other_text);
}

static void
check_exit_prices(const struct prices *prices, const struct names *names, struct error *error)
{
    if (prices->take_profit != 0 && prices->stop != 0 && prices->take_profit <= prices->stop)
        refuse_distance(error, names->take_profit, prices->take_profit, "above the stop-loss at",
                        prices->stop);
    if (prices->stop_limit > prices->stop)
        refuse_distance(error, names->stop_limit, prices->stop_limit, "at or below its stop at",
                        prices->stop);
}

// The order by itself, as far as the rules of its class leave anything to say about it.
static struct order plain_of(const struct order *order)
{
    struct order plain = *order;

    if (plain.time_in_force != ORDER_DAY && plain.time_in_force != ORDER_GTC)
        plain.time_in_force = ORDER_DAY;
    plain.extended_hours = false;
    if (order_class_has_entry(order->order_class))
        return plain;
    plain.type = ORDER_LIMIT;
    plain.limit_price = MICROS_PER_UNIT;
    plain.stop_price = 0;
    return plain;
}

bool linked_rules_check(struct order *order, const struct linked_terms *terms, struct error *error)
{
    struct prices prices = {.take_profit = terms->take_profit_price,
                            .stop = terms->stop_price,
                            .stop_limit = terms->stop_limit_price};
    struct order plain = order_is_in_group(order) ? plain_of(order) : *order;
    bool is_sound = order_rules_check(&plain, error);

    check_exits(order, terms, error);
    if (!order_is_in_group(order))
        return is_sound && error->code == CODE_OK;
    if (order_class_has_entry(order->order_class))
        check_entry(order, error);
    else
        check_exit(order, terms, error);
    check_group(order, error);
    order_rules_check_increment(error, placing_names.take_profit, terms->take_profit_price);
    order_rules_check_increment(error, placing_names.stop, terms->stop_price);
    order_rules_check_increment(error, placing_names.stop_limit, terms->stop_limit_price);
    check_exit_prices(&prices, &placing_names, error);
    if (!order_class_has_entry(order->order_class)) {
        order->type = ORDER_LIMIT;
        order->limit_price = terms->take_profit_price;
    }
    return is_sound && error->code == CODE_OK;
}

static int64_t lower(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static void check_base(const struct prices *prices,
                       int64_t market,
                       const struct names *names,
                       struct error *error)
{
    int64_t highest_stop = lower(prices->base, market) - LINKED_DISTANCE_MIN;
    char text[DECIMAL_SIZE];

    if (prices->stop != 0 && prices->stop > highest_stop)
        refuse_distance(error, names->stop, prices->stop, "0.01 or more below the base price of",
                        lower(prices->base, market));
    if (error->code == CODE_OK)
        return;
    decimal_print(lower(prices->base, market), MONEY_SCALE, 2, text);
    error_add_number(error, "base_price", "%s", text);
}

bool linked_rules_price(const struct order *parent,
                        const struct linked_terms *terms,
                        const struct quote *quote,
                        struct error *error)
{
    int64_t market = quote->price_micros;
    struct prices prices = {.base = parent->limit_price > 0 ? parent->limit_price : market,
                            .take_profit = terms->take_profit_price,
                            .stop = terms->stop_price};

    error_clear(error);
    if (!order_is_in_group(parent))
        return true;
    if (order_class_has_entry(parent->order_class) && prices.take_profit != 0 &&
        prices.take_profit < prices.base + LINKED_DISTANCE_MIN)
        refuse_distance(error, placing_names.take_profit, prices.take_profit,
                        "0.01 or more above the base price of", prices.base);
    check_base(&prices, market, &placing_names, error);
    return error->code == CODE_OK;
}

// A sale of what the group has, on the terms of the parent.
static struct order exit_of(const struct order *parent, enum order_part part)
{
    struct order exit = {
        .order_class = parent->order_class,
        .part = part,
        .side = ORDER_SELL,
        .time_in_force = parent->time_in_force,
        .quantity = parent->quantity,
        .terms = parent->terms,
        .status = ORDER_HELD,
        .created_at = parent->created_at,
        .updated_at = parent->created_at,
        .starts_at = parent->starts_at,
        .expires_at = parent->expires_at,
        .looked_at = parent->created_at,
    };

    memcpy(exit.group_id, parent->group_id, UUID_SIZE);
    memcpy(exit.portfolio_id, parent->portfolio_id, UUID_SIZE);
    memcpy(exit.user_id, parent->user_id, UUID_SIZE);
    memcpy(exit.body_hash, parent->body_hash, ORDER_HASH_SIZE);
    memcpy(exit.ticker, parent->ticker, ORDER_TICKER_SIZE);
    return exit;
}

size_t linked_rules_make_legs(const struct order *parent,
                              const struct linked_terms *terms,
                              struct order out_legs[LINKED_LEGS_MAX])
{
    size_t count = 0;

    if (!order_is_in_group(parent))
        return 0;
    if (terms->has_take_profit && order_class_has_entry(parent->order_class)) {
        out_legs[count] = exit_of(parent, ORDER_PART_TAKE_PROFIT);
        out_legs[count].type = ORDER_LIMIT;
        out_legs[count++].limit_price = terms->take_profit_price;
    }
    if (terms->has_stop_loss) {
        out_legs[count] = exit_of(parent, ORDER_PART_STOP_LOSS);
        out_legs[count].type = terms->stop_limit_price > 0 ? ORDER_STOP_LIMIT : ORDER_STOP;
        out_legs[count].stop_price = terms->stop_price;
        out_legs[count++].limit_price = terms->stop_limit_price;
    }
    return count;
}

// The price by which an order of a group is known in it.
static void take_price(struct prices *prices, const struct order *order)
{
    if (order->part == ORDER_PART_ENTRY)
        prices->base = order->limit_price;
    if (order->part == ORDER_PART_TAKE_PROFIT)
        prices->take_profit = order->limit_price;
    if (order->part == ORDER_PART_STOP_LOSS) {
        prices->stop = order->stop_price;
        prices->stop_limit = order->limit_price;
    }
}

bool linked_rules_check_replacement(const struct order *old,
                                    const struct order *order,
                                    const struct order *const *others,
                                    size_t other_count,
                                    const struct quote *quote,
                                    struct error *error)
{
    const struct names names = {"limit_price", "stop_price", "limit_price"};
    int64_t market = quote->price_micros;
    struct prices prices = {0};
    bool has_entry = order->part == ORDER_PART_ENTRY;

    error_clear(error);
    if (!order_is_in_group(order))
        return true;
    if (order->quantity != order_remaining(old))
        error_add_violation(error, "quantity", "of an order that is in a group cannot be changed");
    if (order->time_in_force != old->time_in_force)
        error_add_violation(error, "time_in_force",
                            "of an order that is in a group cannot be changed");
    for (size_t i = 0; i < other_count; i++) {
        // A stop that has been reached waits for its limit alone.
        if (others[i]->triggered_at == 0)
            take_price(&prices, others[i]);
        has_entry = has_entry || others[i]->part == ORDER_PART_ENTRY;
    }
    take_price(&prices, order);
    check_exit_prices(&prices, &names, error);
    if (prices.base == 0)
        prices.base = market;
    if (has_entry && prices.take_profit != 0 &&
        prices.take_profit < prices.base + LINKED_DISTANCE_MIN)
        refuse_distance(error, names.take_profit, prices.take_profit,
                        "0.01 or more above the base price of", prices.base);
    if (old->triggered_at == 0)
        check_base(&prices, market, &names, error);
    return error->code == CODE_OK;
}

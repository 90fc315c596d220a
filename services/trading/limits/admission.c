// SPDX-License-Identifier: MIT
#include "limits/admission.h"

#include <assert.h>
#include <string.h>

#include "limits/limit_registry.h"

bool admission_begin(struct admission *admission,
                     struct trading *trading,
                     const struct platform_clock *clock,
                     struct error *error)
{
    int64_t revision = limit_registry_revision(trading->limit_registry);

    if (revision < 0) {
        if (!limit_registry_follow(trading->limit_registry, trading->database, error))
            return false;
        revision = limit_registry_revision(trading->limit_registry);
    }
    admission->trading = trading;
    admission->revision = revision;
    admission->day = clock->previous_close;
    admission->count = 0;
    admission->has_followed = false;
    return true;
}

bool admission_is_outdated(const struct admission *admission)
{
    struct limit_registry *registry = admission->trading->limit_registry;
    struct error error;

    return limit_registry_follow(registry, admission->trading->database, &error) &&
           limit_registry_revision(registry) > admission->revision;
}

bool admission_check(struct admission *admission,
                     const struct order *order,
                     int64_t price,
                     struct error *error)
{
    int64_t value = 0;

    if (!limit_order_value(order, price, &value)) {
        error_clear(error);
        error_add_violation(error, "quantity", "is worth more than can be counted");
        return false;
    }
    if (limit_registry_check(admission->trading->limit_registry, order, value, error))
        return true;
    if (admission->has_followed)
        return false;
    admission->has_followed = true;
    if (!admission_is_outdated(admission))
        return false;
    error_clear(error);
    return limit_registry_check(admission->trading->limit_registry, order, value, error);
}

// How many orders before this one of the same portfolio are to be placed in this transaction.
static int64_t admitted_before(const struct admission *admission, size_t index)
{
    const struct counted_order *one = &admission->counted[index];
    int64_t admitted = 0;

    for (size_t i = 0; i < index; i++) {
        const struct counted_order *other = &admission->counted[i];

        if (!other->is_there && !other->is_refused &&
            strcmp(other->order->portfolio_id, one->order->portfolio_id) == 0)
            admitted++;
    }
    return admitted;
}

bool admission_count(struct admission *admission,
                     struct transaction *transaction,
                     struct store_new_order *orders,
                     size_t count,
                     struct error *error)
{
    size_t of[STORE_BATCH_MAX];

    assert(count <= STORE_BATCH_MAX);
    admission->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct limit limit =
            limit_registry_limit(admission->trading->limit_registry, orders[i].order->portfolio_id,
                                 LIMIT_ORDERS_PER_DAY);

        orders[i].limits_revision = admission->revision;
        orders[i].is_left_out = false;
        if (limit.value == 0)
            continue;
        of[admission->count] = i;
        admission->counted[admission->count++] =
            (struct counted_order){.order = orders[i].order, .day = admission->day, .limit = limit};
    }
    if (admission->count == 0)
        return true;
    if (admission->day == 0)
        return error_set(error, REASON_UNAVAILABLE, "It is not known when the day began.");
    if (!limit_store_count(transaction, admission->counted, admission->count, error))
        return false;
    for (size_t i = 0; i < admission->count; i++) {
        struct counted_order *one = &admission->counted[i];

        // A repeat is not counted, and never refused.
        one->placed += admitted_before(admission, i);
        one->is_refused = !one->is_there && one->placed >= one->limit.value;
        orders[of[i]].is_left_out = one->is_refused;
    }
    return true;
}

bool admission_add(const struct admission *admission,
                   struct transaction *transaction,
                   struct error *error)
{
    return admission->count == 0 ||
           limit_store_add(transaction, admission->counted, admission->count, error);
}

void admission_refuse(const struct admission *admission,
                      const struct order *order,
                      struct error *error)
{
    for (size_t i = 0; i < admission->count; i++)
        if (admission->counted[i].order == order)
            limit_refuse_count(&admission->counted[i].limit, admission->counted[i].placed, error);
}

void admission_tell(struct trading *trading,
                    const struct order *order,
                    Portfolio__ReserveRequest *request)
{
    struct limit position = {0};
    struct limit loss = {0};
    struct platform_clock clock;

    // A test of what comes before has no registry.
    if (order->side != ORDER_BUY || trading->limit_registry == NULL)
        return;
    position =
        limit_registry_limit(trading->limit_registry, order->portfolio_id, LIMIT_POSITION_PERCENT);
    loss = limit_registry_limit(trading->limit_registry, order->portfolio_id, LIMIT_DAILY_LOSS);
    request->has_max_position_percent_micros = position.value > 0;
    request->max_position_percent_micros = position.value;
    request->position_limit_set_by = position.value > 0 ? limit_source_name(position.source) : NULL;
    request->has_max_daily_loss_micros = loss.value > 0;
    request->max_daily_loss_micros = loss.value;
    request->loss_limit_set_by = loss.value > 0 ? limit_source_name(loss.source) : NULL;
    request->has_day_started_at = loss.value > 0 && quotes_clock(trading->quotes, &clock);
    if (request->has_day_started_at)
        request->day_started_at = clock.previous_close;
}

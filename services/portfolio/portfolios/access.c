// SPDX-License-Identifier: MIT
#include "portfolios/access.h"

#include <inttypes.h>

#include "service/ownership.h"

static bool may_see(const struct call *call, const struct portfolio_record *record)
{
    return ownership_may_see(&call->identity, record->user_id, record->id);
}

static bool refuse(const char *portfolio_id, struct error *error)
{
    return error_set(error, REASON_PORTFOLIO_NOT_FOUND, "There is no portfolio %s.", portfolio_id);
}

bool access_check(const struct call *call,
                  const char *portfolio_id,
                  const struct portfolio_record *record,
                  bool closed_too,
                  struct error *error)
{
    if (record == NULL || !may_see(call, record) || (record->is_closed && !closed_too))
        return refuse(portfolio_id, error);
    return true;
}

bool access_find(struct portfolio *portfolio,
                 struct call *call,
                 const char *portfolio_id,
                 bool closed_too,
                 struct portfolio_record *out_record,
                 struct error *error)
{
    struct portfolio_record record;
    bool found = false;

    if (!store_find_portfolio(portfolio->database, call->arena, portfolio_id, &record, &found,
                              error))
        return false;
    if (!access_check(call, portfolio_id, found ? &record : NULL, closed_too, error))
        return false;
    *out_record = record;
    return true;
}

bool access_lock(struct transaction *transaction,
                 struct call *call,
                 const char *portfolio_id,
                 struct portfolio_record *out_record,
                 struct error *error)
{
    struct portfolio_record record;
    bool found = false;

    if (!store_lock_portfolio(transaction, portfolio_id, &record, &found, error))
        return false;
    if (!found || !may_see(call, &record))
        return refuse(portfolio_id, error);
    if (record.is_closed)
        return error_set(error, REASON_PORTFOLIO_CLOSED, "Portfolio %s is closed.", portfolio_id);
    *out_record = record;
    return true;
}

bool access_check_room(struct transaction *transaction,
                       const struct portfolio *portfolio,
                       const char *user_id,
                       int64_t now,
                       struct error *error)
{
    int64_t count = 0;

    if (!store_count_portfolios(transaction, user_id, now, &count, error))
        return false;
    if (count < portfolio->maximum_portfolios)
        return true;
    error_set(error, REASON_LIMIT_EXCEEDED,
              "There are %" PRId64 " portfolios already, and no more than %" PRId64 " may be open.",
              count, portfolio->maximum_portfolios);
    error_add_number(error, "portfolios", "%" PRId64, count);
    error_add_number(error, "maximum", "%" PRId64, portfolio->maximum_portfolios);
    return false;
}

bool access_note(struct transaction *transaction,
                 const struct call *call,
                 const struct portfolio_record *record,
                 struct audit_outbox_event event,
                 struct error *error)
{
    if (!ownership_is_for_another(&call->identity, record->user_id))
        return true;
    event.call = call;
    event.subject = record->id;
    return audit_outbox_add(transaction, &event, 1, error);
}

// SPDX-License-Identifier: MIT
#include "portfolios/portfolio_page_token.h"

#include "base/uuid.h"
#include "money/money.h"

#include <inttypes.h>
#include <string.h>

// In the year 9892: within the times that the database can hold.
#define CREATED_AT_MAX INT64_C(250000000000000000)

enum { TICKER_MAX = 15 };

static bool refuse(struct error *error)
{
    return error_set(error, REASON_INVALID_PAGE_TOKEN, "page_token is not one of ours.");
}

const char *portfolio_page_token_write(struct arena *arena, int64_t created_at, const char *id)
{
    return arena_printf(arena, "%" PRId64 ".%s", created_at, id);
}

bool portfolio_page_token_read(const char *token,
                               int64_t *out_created_at,
                               const char **out_id,
                               struct error *error)
{
    const char *point = NULL;
    int64_t created_at = 0;

    if (token == NULL || token[0] == '\0')
        return true;
    point = strchr(token, '.');
    if (point == NULL || !uuid_is_valid(point + 1) ||
        decimal_parse((struct text){token, (size_t)(point - token)}, 0, &created_at) !=
            DECIMAL_FINE ||
        created_at < 0 || created_at > CREATED_AT_MAX)
        return refuse(error);
    *out_created_at = created_at;
    *out_id = point + 1;
    return true;
}

const char *movement_page_token_write(struct arena *arena, int64_t sequence)
{
    return arena_printf(arena, "%" PRId64, sequence);
}

bool movement_page_token_read(const char *token, int64_t *out_sequence, struct error *error)
{
    int64_t sequence = 0;

    if (token == NULL || token[0] == '\0')
        return true;
    if (decimal_parse(text_of(token), 0, &sequence) != DECIMAL_FINE || sequence < 1)
        return refuse(error);
    *out_sequence = sequence;
    return true;
}

// The ticker is last, as there may be points in it.
const char *lot_page_token_write(struct arena *arena, const struct lot_position *position)
{
    return arena_printf(arena, "%c.%" PRId64 ".%" PRId64 ".%s", position->is_closed ? 'c' : 'o',
                        position->series, position->quantity_after, position->ticker);
}

// Takes a whole number and the point behind it.
static bool take_number(const char **rest, int64_t maximum, int64_t *out_number)
{
    const char *point = strchr(*rest, '.');

    if (point == NULL ||
        decimal_parse((struct text){*rest, (size_t)(point - *rest)}, 0, out_number) !=
            DECIMAL_FINE ||
        *out_number < 0 || *out_number > maximum)
        return false;
    *rest = point + 1;
    return true;
}

bool lot_page_token_read(const char *token, struct lot_position *out_position, struct error *error)
{
    struct lot_position position = {0};
    const char *rest = token;

    if (token == NULL || token[0] == '\0')
        return true;
    if ((token[0] != 'o' && token[0] != 'c') || token[1] != '.')
        return refuse(error);
    position.is_closed = token[0] == 'c';
    rest = token + 2;
    if (!take_number(&rest, INT32_MAX, &position.series) ||
        !take_number(&rest, INT64_MAX, &position.quantity_after) || strlen(rest) > TICKER_MAX)
        return refuse(error);
    position.ticker = rest;
    *out_position = position;
    return true;
}

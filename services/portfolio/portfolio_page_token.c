// SPDX-License-Identifier: MIT
#include "portfolio_page_token.h"

#include "base/uuid.h"
#include "money/money.h"

#include <inttypes.h>
#include <string.h>

// In the year 9892: within the times that the database can hold.
#define CREATED_AT_MAX INT64_C(250000000000000000)

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

// SPDX-License-Identifier: MIT
#include "transactions/opened_lots.h"

#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "money/money.h"

// Cuts the text before the first `separator` off `rest`, without blanks around it; everything when
// there is none.
static struct text cut(struct text *rest, char separator)
{
    const char *end = rest->length == 0 ? NULL : memchr(rest->data, separator, rest->length);
    struct text part = {rest->data, end == NULL ? rest->length : (size_t)(end - rest->data)};

    rest->data += part.length + (end != NULL);
    rest->length -= part.length + (end != NULL);
    return csv_trim(part);
}

static bool read_lot(struct text text, struct ledger_opened_lot *out_lot)
{
    struct text quantity = cut(&text, ' ');
    struct text cost = cut(&text, ' ');

    return decimal_parse(quantity, QUANTITY_SCALE, &out_lot->quantity) == DECIMAL_FINE &&
           out_lot->quantity > 0 &&
           decimal_parse(cost, MONEY_SCALE, &out_lot->cost) == DECIMAL_FINE && out_lot->cost >= 0 &&
           timestamp_parse(csv_trim(text), &out_lot->opened_at);
}

bool opened_lots_read(struct text cell,
                      struct arena *arena,
                      const struct ledger_opened_lot **out_lots,
                      size_t *out_count,
                      char out_reason[CSV_REASON_SIZE])
{
    struct ledger_opened_lot *lots = NULL;
    size_t most = 1;
    size_t count = 0;

    for (size_t i = 0; i < cell.length; i++)
        most += cell.data[i] == ';';
    if (most > LEDGER_OPENED_LOTS_MAX) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "must be at most %d, and are %zu",
                       LEDGER_OPENED_LOTS_MAX, most);
        return false;
    }
    lots = arena_allocate(arena, most * sizeof(*lots));
    if (lots == NULL) {
        (void)snprintf(out_reason, CSV_REASON_SIZE, "need too much memory");
        return false;
    }
    while (count < most) {
        if (!read_lot(cut(&cell, ';'), &lots[count])) {
            (void)snprintf(out_reason, CSV_REASON_SIZE,
                           "must be shares, their cost and when they were bought, such as "
                           "10 905.65 2014-06-02T14:00:00Z; lot %zu is not",
                           count + 1);
            return false;
        }
        count++;
    }
    *out_lots = lots;
    *out_count = count;
    return true;
}

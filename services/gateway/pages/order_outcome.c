// SPDX-License-Identifier: MIT
#include "pages/order_outcome.h"

#include "base/strbuf.h"
#include "money/money.h"
#include "pages/field_words.h"
#include "template/format.h"

void order_outcome_say(struct exchange *exchange, const Trading__Order *order)
{
    bool is_buy = order->side == TRADING__ORDER_SIDE__ORDER_SIDE_BUY;
    const char *reason = order->reason_message == NULL
                             ? ""
                             : field_words_say(exchange->request->arena, order->reason_message);
    OWNED(strbuf) quantity = strbuf_new(2 * DECIMAL_SIZE);
    OWNED(strbuf) filled = strbuf_new(2 * DECIMAL_SIZE);
    OWNED(strbuf) price = strbuf_new(2 * DECIMAL_SIZE);

    format_write_decimal(order->quantity_nanos, QUANTITY_SCALE, 0, quantity);
    format_write_decimal(order->filled_quantity_nanos, QUANTITY_SCALE, 0, filled);
    format_write_decimal(order->average_fill_price_micros, MONEY_SCALE, 2, price);
    switch (order->status) {
    case TRADING__ORDER_STATUS__ORDER_STATUS_FILLED:
        page_say(exchange, false, "%s %s %s at %s.", is_buy ? "Bought" : "Sold", quantity->data,
                 order->ticker, price->data);
        break;
    case TRADING__ORDER_STATUS__ORDER_STATUS_REJECTED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_CANCELED:
    case TRADING__ORDER_STATUS__ORDER_STATUS_EXPIRED:
        if (order->filled_quantity_nanos > 0)
            page_say(exchange, true, "%s %s of %s %s at %s. %s", is_buy ? "Bought" : "Sold",
                     filled->data, quantity->data, order->ticker, price->data, reason);
        else
            page_say(exchange, true, "The order was not filled. %s", reason);
        break;
    default:
        page_say(exchange, false, "Placed: %s %s %s. The order is waiting.",
                 is_buy ? "buy" : "sell", quantity->data, order->ticker);
    }
}

// SPDX-License-Identifier: MIT
// Price files of any bytes: whatever is read as a bar keeps the rules of bars, and whatever is
// refused is refused with a reason that may be shown.
#include "fuzz.h"

#include "imports/price_csv.h"

#include "base/utf8.h"
#include "clock/exchange_calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    struct price_csv csv;
    struct text line;
    struct bar bar;
    char reason[BAR_REASON_SIZE];
    char again[BAR_REASON_SIZE];

    price_csv_start(&csv, size % 2 == 0 ? "AAPL" : "", CALENDAR_END_AT - 1);
    while (csv_next_line(&rest, &line)) {
        reason[0] = '\0';
        switch (price_csv_read(&csv, line, &bar, reason)) {
        case CSV_ROW:
            if (!bar_check(&bar, CALENDAR_LAST_DAY, again) || bar.ticker[0] == '\0')
                abort();
            if (bar.at != 0 &&
                (exchange_calendar_day(bar.at) != bar.day || !exchange_calendar_is_open(bar.at)))
                abort();
            break;
        case CSV_REJECTED:
        case CSV_NO_HEADER:
            if (reason[0] == '\0' || !utf8_is_valid(reason, strlen(reason)) ||
                strpbrk(reason, "\t\r\n") != NULL)
                abort();
            break;
        case CSV_NOTHING:
            break;
        }
    }
    return 0;
}

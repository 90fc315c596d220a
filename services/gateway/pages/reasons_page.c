// SPDX-License-Identifier: MIT
// GET /docs/errors: every reason for which something can be refused, from the table itself. The
// `type` of each refusal leads here.
#include "pages/pages.h"

#include "page_templates.h"
#include "pages/page.h"

static Pages__Reason *make_row(struct arena *arena, const struct reason_entry *entry)
{
    Pages__Reason *row = arena_allocate(arena, sizeof *row);

    if (row == NULL)
        return NULL;
    pages__reason__init(row);
    row->name = entry->name;
    row->has_status = true;
    row->status = (uint32_t)entry->http_status;
    row->title = entry->title;
    row->advice = entry->advice;
    return row;
}

bool reasons_page_show(struct exchange *exchange, struct error *error)
{
    struct arena *arena = exchange->request->arena;
    Pages__ReasonsPage page = PAGES__REASONS_PAGE__INIT;

    if (!exchange_refuse_parameters(exchange, "", error) ||
        !page_begin(exchange, PAGE_FOR_ALL, "docs", "Errors", &page.frame, error))
        return false;
    page.reasons = arena_allocate(arena, REASON_COUNT * sizeof *page.reasons);
    if (page.reasons == NULL)
        return page_out_of_memory(error);
    for (; page.n_reasons < REASON_COUNT; page.n_reasons++) {
        Pages__Reason *row = make_row(arena, reason_entry((enum reason)page.n_reasons));

        if (row == NULL)
            return page_out_of_memory(error);
        page.reasons[page.n_reasons] = row;
    }
    return page_answer(exchange, &reasons_page, &page.base, NULL, error);
}

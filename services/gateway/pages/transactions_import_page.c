// SPDX-License-Identifier: MIT
// Importing transactions: a file is checked and kept, the page shows what it comes to, and asks.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "operations/transactions_api.h"
#include "page_templates.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"
#include "server/multipart.h"

enum { ROWS_SHOWN = 200 };

// Which of the forms on the page has failed, and what a file comes to.
struct shown {
    const struct error *failure;
    Portfolio__ImportTransactionsResponse *result; // NULL for none
};

// As many rows as somebody reads.
static void describe(const struct shown *shown, Pages__TransactionsImportPage *page)
{
    Portfolio__ImportTransactionsResponse *result = shown->result;

    if (result == NULL)
        return;
    page->result = result;
    page->has_is_fit = true;
    page->is_fit = result->rejected_count == 0 && !result->already_imported;
    page->has_is_wrong = page->has_is_doubtful = page->has_is_booked_in_part = true;
    page->is_wrong = result->rejected_count > 0;
    page->is_doubtful = result->warnings_count > 0;
    page->is_booked_in_part = result->passed_over_count > 0;
    page->has_further_rows = result->n_transactions > ROWS_SHOWN;
    page->further_rows =
        (uint32_t)(page->has_further_rows ? result->n_transactions - ROWS_SHOWN : 0);
    if (result->n_transactions > ROWS_SHOWN)
        result->n_transactions = ROWS_SHOWN;
    page->has_further_rejected = result->rejected_count > ROWS_SHOWN;
    page->further_rejected = page->has_further_rejected ? result->rejected_count - ROWS_SHOWN : 0;
    if (result->n_rejected > ROWS_SHOWN)
        result->n_rejected = ROWS_SHOWN;
}

static bool show(struct exchange *exchange, const struct shown *shown, struct error *error)
{
    Pages__TransactionsImportPage page = PAGES__TRANSACTIONS_IMPORT_PAGE__INIT;
    Pages__ImportForm form = PAGES__IMPORT_FORM__INIT;
    Portfolio__GetPortfolioRequest get = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    if (!page_begin(exchange, PAGE_FOR_USERS, "portfolio", "Import transactions", &page.frame,
                    error) ||
        !exchange_variable(exchange, "portfolio_id", &get.portfolio_id, error) ||
        !page_call(exchange, "portfolio", &portfolio_method_get_portfolio, &get.base, &response,
                   error) ||
        !page_show_form(exchange, &pages_import_form_info, "import", shown->failure, &form.base,
                        error))
        return false;
    page.portfolio = ((Portfolio__GetPortfolioResponse *)response)->portfolio;
    page.has_is_competing = true;
    page.is_competing = page_is_competing(page.frame, page.portfolio);
    if (!page_find_owner(exchange, page.portfolio, &page.owner, error))
        return false;
    page.form = &form;
    describe(shown, &page);
    return page_answer(exchange, &transactions_import_page, &page.base, shown->failure, error);
}

bool transactions_import_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show(exchange, &(struct shown){.failure = NULL}, error);
}

static bool
show_failure(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct shown){.failure = failure}, error);
}

// Reads the file that comes with the form.
static bool read_file(struct exchange *exchange, struct text *out_csv, struct error *error)
{
    char *buffer = arena_allocate(exchange->request->arena, TRANSACTIONS_FILE_MAX + 1);
    size_t length = 0;
    size_t got = 0;

    if (buffer == NULL)
        return page_out_of_memory(error);
    error_clear(error);
    if (multipart_file_name(exchange->file) == NULL) {
        error_add_violation(error, "file", "must be chosen");
        return false;
    }
    do {
        if (!multipart_read_file(exchange->file, buffer + length,
                                 TRANSACTIONS_FILE_MAX + 1 - length, &got, error))
            return false;
        length += got;
    } while (got > 0 && length <= TRANSACTIONS_FILE_MAX);
    if (length > TRANSACTIONS_FILE_MAX) {
        error_add_violation(error, "file", "must have at most %d bytes: send it in parts, by date",
                            TRANSACTIONS_FILE_MAX);
        return false;
    }
    *out_csv = (struct text){buffer, length};
    return true;
}

static bool check_file(struct exchange *exchange,
                       Portfolio__ImportTransactionsResponse **out_result,
                       struct error *error)
{
    Portfolio__TakeTransactionsRequest request = PORTFOLIO__TAKE_TRANSACTIONS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct text csv = {NULL, 0};

    if (!read_file(exchange, &csv, error) ||
        !exchange_variable(exchange, "portfolio_id", &request.portfolio_id, error))
        return false;
    request.has_dry_run = request.dry_run = true;
    request.has_keep = request.keep = true;
    request.has_csv = true;
    request.csv = (ProtobufCBinaryData){csv.length, (uint8_t *)(uintptr_t)csv.data};
    if (!page_call(exchange, "portfolio", &portfolio_method_take_transactions, &request.base,
                   &response, error))
        return false;
    *out_result = (Portfolio__ImportTransactionsResponse *)response;
    return true;
}

bool transactions_import_page_check(struct exchange *exchange, struct error *error)
{
    struct shown shown = {.failure = NULL};
    struct error failure;

    // Before a file is read for nothing; portfolio checks again.
    if (!exchange_allows(exchange, &portfolio_method_take_transactions, error))
        return false;
    if (!check_file(exchange, &shown.result, &failure))
        return page_fail(exchange, &failure, show_failure, error);
    return show(exchange, &shown, error);
}

bool transactions_import_page_confirm(struct exchange *exchange, struct error *error)
{
    const Portfolio__ImportTransactionsResponse *result = NULL;
    const char *portfolio_id = NULL;
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_take_transactions, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_failure, error);
    if (!exchange_variable(exchange, "portfolio_id", &portfolio_id, error))
        return false;
    result = (const Portfolio__ImportTransactionsResponse *)response;
    page_say(exchange, false, "%u transactions have been imported.", result->rows);
    return page_redirect(exchange, error, "/portfolio/%s/transactions", portfolio_id);
}

// SPDX-License-Identifier: MIT
// Imports of prices and of lists of symbols, for administrators: sending a file, and how far each
// is.
#include "pages/admin_pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "operations/import_upload.h"
#include "page_templates.h"
#include "server/multipart.h"

#include <string.h>

enum { IMPORTS_SHOWN = 50, REJECTED_SHOWN = 100, PERCENT = 100 };

// Which of the forms on the page has failed, and why.
struct failures {
    const struct error *prices;
    const struct error *symbols;
};

static bool add_list(struct exchange *exchange, Pages__AdminImportsPage *page, struct error *error)
{
    Market__ListImportsRequest request = MARKET__LIST_IMPORTS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;

    request.has_state = page->query->has_state;
    request.state = page->query->state;
    request.page_token = page->query->page_token;
    request.has_limit = true;
    request.limit = IMPORTS_SHOWN;
    if (!page_call(exchange, "market", &market_method_list_imports, &request.base, &response,
                   error))
        return false;
    page->list = (Market__ListImportsResponse *)response;
    return true;
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__AdminImportsPage page = PAGES__ADMIN_IMPORTS_PAGE__INIT;
    Pages__ImportForm prices = PAGES__IMPORT_FORM__INIT;
    Pages__ImportForm symbols = PAGES__IMPORT_FORM__INIT;
    const struct error *failure = failures->prices != NULL ? failures->prices : failures->symbols;
    ProtobufCMessage *query = NULL;

    if (!admin_begin(exchange, "imports", "Imports", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_imports_query_info, &query, error))
        return false;
    page.query = (Pages__AdminImportsQuery *)query;
    if (!add_list(exchange, &page, error) ||
        !page_show_form(exchange, &pages_import_form_info, "prices", failures->prices, &prices.base,
                        error) ||
        !page_show_form(exchange, &pages_import_form_info, "symbols", failures->symbols,
                        &symbols.base, error))
        return false;
    page.prices = &prices;
    page.symbols = &symbols;
    page.has_is_simulated = true;
    page.is_simulated = quotes_is_simulated(exchange->gateway->quotes);
    return page_answer(exchange, &admin_imports_page, &page.base, failure, error);
}

bool admin_imports_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, &(struct failures){.prices = NULL}, error);
}

static bool show_prices(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.prices = failure}, error);
}

static bool
show_symbols(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.symbols = failure}, error);
}

// Sending a file.

static bool
read_file(void *context, char *buffer, size_t size, size_t *out_length, struct error *error)
{
    return multipart_read_file(context, buffer, size, out_length, error);
}

static bool read_request(struct exchange *exchange,
                         const struct rpc_method *method,
                         Market__StartImportRequest *out_request,
                         struct error *error)
{
    ProtobufCMessage *asked = NULL;

    if (!page_read_form(exchange, method->request, false, &asked, error))
        return false;
    if (method == &market_method_import_symbols)
        import_upload_of_symbols((const Market__ImportSymbolsRequest *)asked, out_request);
    else
        import_upload_of_bars((const Market__ImportBarsRequest *)asked, out_request);
    return true;
}

static bool send_file(struct exchange *exchange,
                      const struct rpc_method *method,
                      char out_import_id[UUID_SIZE],
                      struct error *error)
{
    Market__StartImportRequest request = MARKET__START_IMPORT_REQUEST__INIT;
    const struct import_upload upload = {
        .exchange = exchange, .request = &request, .read = read_file, .context = exchange->file};

    if (!read_request(exchange, method, &request, error))
        return false;
    if (multipart_file_name(exchange->file) == NULL) {
        error_clear(error);
        error_add_violation(error, "file", "must be chosen");
        return false;
    }
    return import_upload_send(&upload, out_import_id, error);
}

static bool
upload_file(struct exchange *exchange,
            const struct rpc_method *method,
            bool (*show_failure)(struct exchange *, const struct error *, struct error *),
            struct error *error)
{
    char import_id[UUID_SIZE];
    struct error failure;

    // Before a large file is read for nothing; market checks again.
    if (!exchange_allows(exchange, method, error))
        return false;
    if (!send_file(exchange, method, import_id, &failure))
        return page_fail(exchange, &failure, show_failure, error);
    page_say(exchange, false, "%s has arrived.", multipart_file_name(exchange->file));
    return page_redirect(exchange, error, "/admin/imports/%s", import_id);
}

bool admin_prices_upload(struct exchange *exchange, struct error *error)
{
    return upload_file(exchange, &market_method_import_bars, show_prices, error);
}

bool admin_symbols_upload(struct exchange *exchange, struct error *error)
{
    return upload_file(exchange, &market_method_import_symbols, show_symbols, error);
}

// One import.

static uint32_t percent_of(uint64_t part, uint64_t whole)
{
    return whole == 0 ? PERCENT : (uint32_t)(part * PERCENT / whole);
}

// What ended it, as the form says it: which lines, which is the field that they come in to
// programs, goes without saying.
static const char *say_failure(struct arena *arena, const char *failure)
{
    static const char field[] = "lines: ";
    char *sentence = NULL;

    if (strncmp(failure, field, sizeof field - 1) != 0)
        return failure;
    sentence = arena_printf(arena, "%s.", failure + sizeof field - 1);
    if (sentence != NULL && sentence[0] >= 'a' && sentence[0] <= 'z')
        sentence[0] = (char)(sentence[0] - 'a' + 'A');
    return sentence;
}

// How far it is, and as many rejected lines as somebody reads.
static void describe(Pages__AdminImportPage *page)
{
    Market__Import *import = page->import;
    bool is_merging = import->state == MARKET__IMPORT_STATE__IMPORT_STATE_MERGING;

    page->has_is_under_way = true;
    page->is_under_way =
        is_merging || import->state == MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING;
    page->has_merged_percent = is_merging;
    page->merged_percent = is_merging ? percent_of(import->merged, import->rows) : 0;
    if (import->n_rejected > REJECTED_SHOWN)
        import->n_rejected = REJECTED_SHOWN;
    // Of a file that was refused at its first line nothing has been taken.
    if (import->state == MARKET__IMPORT_STATE__IMPORT_STATE_FAILED && import->bytes == 0)
        import->has_bytes = false;
    page->has_further_rejected = import->rejected_count > import->n_rejected;
    page->further_rejected = import->rejected_count - import->n_rejected;
}

bool admin_import_page_show(struct exchange *exchange, struct error *error)
{
    Pages__AdminImportPage page = PAGES__ADMIN_IMPORT_PAGE__INIT;
    Pages__ImportForm form = PAGES__IMPORT_FORM__INIT;
    Market__GetImportRequest request = MARKET__GET_IMPORT_REQUEST__INIT;
    ProtobufCMessage *query = NULL;
    ProtobufCMessage *response = NULL;

    if (!admin_begin(exchange, "imports", "Import", &page.frame, error) ||
        !page_read_query(exchange, &pages_admin_import_query_info, &query, error))
        return false;
    request.import_id = ((const Pages__AdminImportQuery *)query)->import_id;
    if (!page_call(exchange, "market", &market_method_get_import, &request.base, &response,
                   error) ||
        !page_show_form(exchange, &pages_import_form_info, "again", NULL, &form.base, error))
        return false;
    page.import = ((Market__GetImportResponse *)response)->import;
    describe(&page);
    if (page.import->failure != NULL) {
        page.import->failure = say_failure(exchange->request->arena, page.import->failure);
        if (page.import->failure == NULL)
            return page_out_of_memory(error);
    }
    page.has_is_unused = true;
    page.is_unused = page.import->kind == MARKET__IMPORT_KIND__IMPORT_KIND_BARS &&
                     page.import->state != MARKET__IMPORT_STATE__IMPORT_STATE_FAILED &&
                     quotes_is_simulated(exchange->gateway->quotes);
    page.form = page.import->state == MARKET__IMPORT_STATE__IMPORT_STATE_RECEIVING ? &form : NULL;
    return page_answer(exchange, &admin_import_page, &page.base, NULL, error);
}

// Where it has ended meanwhile its page shows that, and why it could not be canceled.
bool admin_import_cancel(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const char *import_id = NULL;

    if (!exchange_variable(exchange, "import_id", &import_id, error))
        return false;
    if (page_submit(exchange, "market", &market_method_cancel_import, false, &response, error))
        page_say(exchange, false, "The import was canceled.");
    else if (error_is(error, REASON_IMPORT_NOT_CANCELABLE))
        page_say(exchange, true, "It was not canceled: %s.", error->message);
    else
        return false;
    return page_redirect(exchange, error, "/admin/imports/%s", import_id);
}

// SPDX-License-Identifier: MIT
// One symbol, for administrators: what is said of it, whether it is traded, its splits and
// dividends.
#include "pages/admin_pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/market/v1/market_methods.h"
#include "bourse/market/v1/market_rules.h"
#include "page_templates.h"
#include "pages/page_quotes.h"

enum { ACTIONS_SHOWN = 100 };

// Which of the forms on the page has failed, and why.
struct failures {
    const struct error *edit;
    const struct error *action;
};

static bool add_symbol(struct exchange *exchange,
                       const char *ticker,
                       Pages__AdminSymbolPage *page,
                       struct error *error)
{
    if (!page_quotes_get_symbol(exchange, ticker, &page->symbol, error))
        return false;
    page->quote = page_quotes_find(exchange, page->symbol->ticker);
    page->frame->title = page->symbol->ticker;
    return true;
}

static bool
add_actions(struct exchange *exchange, Pages__AdminSymbolPage *page, struct error *error)
{
    Market__ListCorporateActionsRequest request = MARKET__LIST_CORPORATE_ACTIONS_REQUEST__INIT;
    const Market__ListCorporateActionsResponse *list = NULL;
    ProtobufCMessage *response = NULL;

    request.ticker = page->symbol->ticker;
    request.has_limit = true;
    request.limit = ACTIONS_SHOWN;
    if (!page_call(exchange, "market", &market_method_list_corporate_actions, &request.base,
                   &response, error))
        return false;
    list = (const Market__ListCorporateActionsResponse *)response;
    page->n_actions = list->n_corporate_actions;
    page->actions = list->corporate_actions;
    return true;
}

// The address calls it `symbol` where the operation that is asked for has no ticker.
static bool read_ticker(struct exchange *exchange, const char **out_ticker, struct error *error)
{
    return exchange_variable(exchange, "ticker", out_ticker, error) &&
           ((*out_ticker)[0] != '\0' || exchange_variable(exchange, "symbol", out_ticker, error));
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__AdminSymbolPage page = PAGES__ADMIN_SYMBOL_PAGE__INIT;
    Pages__SymbolForm form = PAGES__SYMBOL_FORM__INIT;
    Pages__CorporateActionForm action = PAGES__CORPORATE_ACTION_FORM__INIT;
    const struct error *failure = failures->edit != NULL ? failures->edit : failures->action;
    const char *ticker = NULL;

    if (!read_ticker(exchange, &ticker, error) ||
        !admin_begin(exchange, "symbols", ticker, &page.frame, error) ||
        !add_symbol(exchange, ticker, &page, error) || !add_actions(exchange, &page, error) ||
        !page_show_form(exchange, &pages_symbol_form_info, "edit", failures->edit, &form.base,
                        error) ||
        !page_preset_all(exchange, &pages_symbol_form_info, failures->edit, &market_symbol_info,
                         &page.symbol->base, &form.base, error) ||
        !page_show_form(exchange, &pages_corporate_action_form_info, "action", failures->action,
                        &action.base, error))
        return false;
    page.form = &form;
    page.action_form = &action;
    return page_answer(exchange, &admin_symbol_page, &page.base, failure, error);
}

bool admin_symbol_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) &&
           show(exchange, &(struct failures){.edit = NULL}, error);
}

static bool show_edit(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.edit = failure}, error);
}

static bool show_action(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.action = failure}, error);
}

static bool go_back(struct exchange *exchange, struct error *error)
{
    const char *ticker = NULL;

    return read_ticker(exchange, &ticker, error) &&
           page_redirect(exchange, error, "/admin/symbols/%s", ticker);
}

bool admin_symbol_edit(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Market__Symbol *symbol = NULL;
    struct error failure;

    if (!page_submit(exchange, "market", &market_method_update_symbol, true, &response, &failure))
        return page_fail(exchange, &failure, show_edit, error);
    symbol = ((const Market__UpdateSymbolResponse *)response)->symbol;
    if (form_find(exchange->form, "status") == NULL)
        page_say(exchange, false, "%s was changed.", symbol->ticker);
    else
        page_say(exchange, false,
                 symbol->status == MARKET__SYMBOL_STATUS__SYMBOL_STATUS_ACTIVE
                     ? "%s is traded again."
                     : "%s is not traded any more.",
                 symbol->ticker);
    return go_back(exchange, error);
}

bool admin_symbol_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "market", &market_method_delete_symbol, false, &response, &failure))
        return page_fail(exchange, &failure, show_edit, error);
    page_say(exchange, false, "It was removed, or made inactive if anything refers to it.");
    return page_redirect(exchange, error, "/admin/symbols");
}

bool admin_action_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Market__CorporateAction *action = NULL;
    struct error failure;

    if (!page_submit(exchange, "market", &market_method_create_corporate_action, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_action, error);
    action = ((const Market__CreateCorporateActionResponse *)response)->action;
    page_say(exchange, false, "It takes effect at the open of %s.", action->ex_date);
    return go_back(exchange, error);
}

bool admin_action_delete(struct exchange *exchange, struct error *error)
{
    Market__DeleteCorporateActionRequest request = MARKET__DELETE_CORPORATE_ACTION_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!exchange_variable(exchange, "action_id", &request.action_id, error))
        return false;
    if (!uuid_is_valid(request.action_id))
        return error_set(error, REASON_CORPORATE_ACTION_NOT_FOUND, "There is no such action.");
    if (!page_call(exchange, "market", &market_method_delete_corporate_action, &request.base,
                   &response, &failure))
        return page_fail(exchange, &failure, show_action, error);
    page_say(exchange, false, "It was removed.");
    return go_back(exchange, error);
}

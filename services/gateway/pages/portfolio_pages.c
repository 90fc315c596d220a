// SPDX-License-Identifier: MIT
// Portfolios: all of them; one with its positions; and what its owner may do with it.
#include "pages/pages.h"

#include "bourse/gateway/v1/pages_rules.h"
#include "bourse/portfolio/v1/portfolio_methods.h"
#include "bourse/portfolio/v1/portfolio_rules.h"
#include "bourse/trading/v1/trading_methods.h"
#include "bourse/trading/v1/trading_rules.h"
#include "money/money.h"
#include "page_templates.h"
#include "pages/composition_view.h"
#include "pages/equity_curve_view.h"
#include "pages/page.h"
#include "pages/page_portfolios.h"
#include "pages/portfolio_view.h"
#include "template/format.h"

#include <string.h>

enum { POSITIONS_SHOWN = 500 };

static bool show_list(struct exchange *exchange, const struct error *failure, struct error *error)
{
    Pages__PortfoliosPage page = PAGES__PORTFOLIOS_PAGE__INIT;
    Pages__PortfolioForm form = PAGES__PORTFOLIO_FORM__INIT;
    const struct form_view view = {&pages_portfolio_form_info, "new", exchange->form, failure};
    struct page_portfolios portfolios;

    if (!page_begin(exchange, PAGE_FOR_USERS, "portfolio", "Portfolios", &page.frame, error) ||
        !page_portfolios_find(exchange, NULL, &portfolios, error) ||
        !form_show(&view, exchange->request->arena, &form.base, error))
        return false;
    page.n_portfolios = portfolios.count;
    page.portfolios = portfolios.portfolios;
    page.form = &form;
    return page_answer(exchange, &portfolios_page, &page.base, failure, error);
}

bool portfolios_page_show(struct exchange *exchange, struct error *error)
{
    return exchange_refuse_parameters(exchange, "", error) && show_list(exchange, NULL, error);
}

bool portfolio_create(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Portfolio__Portfolio *portfolio = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_create_portfolio, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_list, error);
    portfolio = ((const Portfolio__CreatePortfolioResponse *)response)->portfolio;
    page_say(exchange, false, "The portfolio %s is open.", portfolio->name);
    return page_redirect(exchange, error, "/portfolio/%s", portfolio->id);
}

// One portfolio.

// Which of the forms on the page has failed, and why.
struct failures {
    const struct error *movement;
    const struct error *edit;
    const struct error *reset;
    const struct error *halt;
    const struct error *limits;
};

static bool
add_portfolio(struct exchange *exchange, Pages__PortfolioPage *page, struct error *error)
{
    Portfolio__GetPortfolioRequest request = PORTFOLIO__GET_PORTFOLIO_REQUEST__INIT;
    Portfolio__ListPositionsRequest list = PORTFOLIO__LIST_POSITIONS_REQUEST__INIT;
    ProtobufCMessage *response = NULL;
    Portfolio__Portfolio *portfolio = NULL;

    if (!exchange_variable(exchange, "portfolio_id", &request.portfolio_id, error) ||
        !page_call(exchange, "portfolio", &portfolio_method_get_portfolio, &request.base, &response,
                   error))
        return false;
    // Before the positions: by its cash a page finds out that it is behind.
    portfolio = ((Portfolio__GetPortfolioResponse *)response)->portfolio;
    page->frame->title = portfolio->name;
    page->has_is_competing = true;
    page->is_competing = page_is_competing(page->frame, portfolio);
    list.portfolio_id = request.portfolio_id;
    list.has_limit = true;
    list.limit = POSITIONS_SHOWN;
    if (!page_portfolios_summarize(exchange, portfolio, &page->summary, error) ||
        !page_call(exchange, "portfolio", &portfolio_method_list_positions, &list.base, &response,
                   error))
        return false;
    return portfolio_view_add_positions(
               exchange, (const Portfolio__ListPositionsResponse *)response, page, error) &&
           portfolio_view_add_lots(exchange, request.portfolio_id, page, error);
}

// What it consists of, and was worth.
static bool add_parts(struct exchange *exchange, Pages__PortfolioPage *page, struct error *error)
{
    struct equity_curve_wanted wanted = {.portfolio_id = page->summary->portfolio->id,
                                         .period =
                                             PORTFOLIO__PERFORMANCE_PERIOD__PERFORMANCE_PERIOD_ALL};
    const Pages__PortfolioQuery *query = NULL;
    ProtobufCMessage *message = NULL;

    if (!page_read_query(exchange, &pages_portfolio_query_info, &message, error))
        return false;
    query = (const Pages__PortfolioQuery *)message;
    if (query->has_period)
        wanted.period = query->period;
    wanted.has_table = query->table;
    if (!composition_view_make(exchange, wanted.portfolio_id,
                               query->has_by ? query->by
                                             : PORTFOLIO__COMPOSITION_BY__COMPOSITION_BY_TICKER,
                               &page->composition, error))
        return false;
    wanted.composed_by = page->composition->by;
    return equity_curve_view_make(exchange, &wanted, &page->curve, error);
}

// Who has halted trading in it can let it go on, and administrators in those of others.
static bool add_halt(struct exchange *exchange, Pages__PortfolioPage *page, struct error *error)
{
    const Portfolio__Portfolio *portfolio = page->summary->portfolio;
    struct identity identity;

    if (!exchange_identity(exchange, &identity, error) ||
        !page_get_halt(exchange, portfolio->id, &page->halt, error))
        return false;
    page->has_can_resume = true;
    for (size_t i = 0; i < page->halt->n_halts; i++) {
        const Trading__TradingHalt *halt = page->halt->halts[i];

        if (halt->scope == TRADING__HALT_SCOPE__HALT_SCOPE_PORTFOLIO &&
            (halt->halted_by == TRADING__HALTED_BY__HALTED_BY_OWNER ||
             strcmp(portfolio->user_id, identity.user_id) != 0))
            page->can_resume = true;
    }
    return true;
}

static bool add_limits(struct exchange *exchange,
                       const struct error *failure,
                       Pages__PortfolioPage *page,
                       struct error *error)
{
    Pages__OwnLimitsForm *form = arena_allocate(exchange->request->arena, sizeof *form);
    Trading__PortfolioLimits *limits = NULL;

    if (form == NULL)
        return page_out_of_memory(error);
    pages__own_limits_form__init(form);
    page->limits_form = form;
    if (!page_get_portfolio_limits(exchange, page->summary->portfolio->id, &limits, error))
        return false;
    page->limits = page_limits_anything(limits->in_force) ? limits->in_force : NULL;
    page->ceilings = limits->ceilings;
    page->has_has_own_limits = true;
    page->has_own_limits = limits->own_source == TRADING__LIMIT_SOURCE__LIMIT_SOURCE_OWN;
    return page_show_form(exchange, &pages_own_limits_form_info, "limits", failure, &form->base,
                          error) &&
           (limits->own == NULL ||
            page_preset_all(exchange, &pages_own_limits_form_info, failure,
                            &trading_trading_limits_info, &limits->own->base, &form->base, error));
}

static bool show(struct exchange *exchange, const struct failures *failures, struct error *error)
{
    Pages__PortfolioPage page = PAGES__PORTFOLIO_PAGE__INIT;
    Pages__AmountForm movement = PAGES__AMOUNT_FORM__INIT;
    Pages__PortfolioForm edit = PAGES__PORTFOLIO_FORM__INIT;
    Pages__AmountForm reset = PAGES__AMOUNT_FORM__INIT;
    Pages__HaltForm halt = PAGES__HALT_FORM__INIT;
    const struct error *failure = failures->movement != NULL ? failures->movement
                                  : failures->edit != NULL   ? failures->edit
                                  : failures->reset != NULL  ? failures->reset
                                  : failures->limits != NULL ? failures->limits
                                                             : failures->halt;

    if (!page_begin(exchange, PAGE_FOR_USERS, "portfolio", "Portfolio", &page.frame, error) ||
        !add_portfolio(exchange, &page, error) || !add_parts(exchange, &page, error) ||
        !page_find_owner(exchange, page.summary->portfolio, &page.owner, error) ||
        !add_halt(exchange, &page, error) ||
        !add_limits(exchange, failures->limits, &page, error) ||
        !page_show_form(exchange, &pages_amount_form_info, "cash", failures->movement,
                        &movement.base, error) ||
        !page_show_form(exchange, &pages_portfolio_form_info, "edit", failures->edit, &edit.base,
                        error) ||
        !page_show_form(exchange, &pages_amount_form_info, "reset", failures->reset, &reset.base,
                        error) ||
        !page_show_form(exchange, &pages_halt_form_info, "halt", failures->halt, &halt.base, error))
        return false;
    if (!page_preset_all(exchange, &pages_portfolio_form_info, failures->edit,
                         &portfolio_portfolio_info, &page.summary->portfolio->base, &edit.base,
                         error))
        return false;
    page.movement = &movement;
    page.edit = &edit;
    page.reset = &reset;
    page.halt_form = &halt;
    return page_answer(exchange, &portfolio_page, &page.base, failure, error);
}

bool portfolio_page_show(struct exchange *exchange, struct error *error)
{
    return show(exchange, &(struct failures){.movement = NULL}, error);
}

static bool
show_movement(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.movement = failure}, error);
}

static bool show_edit(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.edit = failure}, error);
}

static bool show_reset(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.reset = failure}, error);
}

static bool show_halt(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.halt = failure}, error);
}

static bool show_limits(struct exchange *exchange, const struct error *failure, struct error *error)
{
    return show(exchange, &(struct failures){.limits = failure}, error);
}

static bool go_to_portfolio(struct exchange *exchange, struct error *error)
{
    const char *id = NULL;

    return exchange_variable(exchange, "portfolio_id", &id, error) &&
           page_redirect(exchange, error, "/portfolio/%s", id);
}

static void say_movement(struct exchange *exchange,
                         const Portfolio__Transaction *transaction,
                         const char *sentence)
{
    int64_t micros = transaction->cash_change_micros;
    OWNED(strbuf) amount = strbuf_new(2 * DECIMAL_SIZE);

    format_write_decimal(micros < 0 ? -micros : micros, MONEY_SCALE, 2, amount);
    page_say(exchange, false, "%s %s.", amount->data, sentence);
}

bool portfolio_deposit(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_deposit, false, &response, &failure))
        return page_fail(exchange, &failure, show_movement, error);
    say_movement(exchange, ((const Portfolio__DepositResponse *)response)->transaction,
                 "was deposited");
    return go_to_portfolio(exchange, error);
}

bool portfolio_withdraw(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_withdraw, false, &response, &failure))
        return page_fail(exchange, &failure, show_movement, error);
    say_movement(exchange, ((const Portfolio__WithdrawResponse *)response)->transaction,
                 "was withdrawn");
    return go_to_portfolio(exchange, error);
}

bool portfolio_edit(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_update_portfolio, true, &response,
                     &failure))
        return page_fail(exchange, &failure, show_edit, error);
    page_say(exchange, false, "The portfolio was changed.");
    return go_to_portfolio(exchange, error);
}

bool portfolio_reset(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_reset_portfolio, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_reset, error);
    page_say(exchange, false, "The portfolio begins anew.");
    return go_to_portfolio(exchange, error);
}

bool portfolio_limits_set(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_set_portfolio_limits, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_limits, error);
    page_say(exchange, false, "These limits are in force for every order from now on.");
    return go_to_portfolio(exchange, error);
}

bool portfolio_halt(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "trading", &trading_method_halt_trading, false, &response, &failure))
        return page_fail(exchange, &failure, show_halt, error);
    page_say(exchange, false, "Trading is halted in this portfolio.");
    return go_to_portfolio(exchange, error);
}

bool portfolio_resume(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    bool is_halted = false;

    if (!page_submit(exchange, "trading", &trading_method_resume_trading, false, &response, error))
        return false;
    is_halted = ((const Trading__ResumeTradingResponse *)response)->is_halted;
    page_say(exchange, is_halted,
             is_halted ? "This halt is lifted. Another one is still in force."
                       : "Trading goes on.");
    return go_to_portfolio(exchange, error);
}

bool portfolio_clone(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    const Portfolio__Portfolio *portfolio = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_clone_portfolio, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_edit, error);
    portfolio = ((const Portfolio__ClonePortfolioResponse *)response)->portfolio;
    page_say(exchange, false, "This is the copy: %s.", portfolio->name);
    return page_redirect(exchange, error, "/portfolio/%s", portfolio->id);
}

bool portfolio_delete(struct exchange *exchange, struct error *error)
{
    ProtobufCMessage *response = NULL;
    struct error failure;

    if (!page_submit(exchange, "portfolio", &portfolio_method_delete_portfolio, false, &response,
                     &failure))
        return page_fail(exchange, &failure, show_edit, error);
    page_say(exchange, false, "The portfolio was closed. Its transactions stay in the ledger.");
    return page_redirect(exchange, error, "/portfolio");
}

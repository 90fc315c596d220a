// SPDX-License-Identifier: MIT
// pages: the functions behind the addresses of the web application; pages.c has the table. Those
// that show something answer with a page, the others do what a form asks for and send its sender on
// to a page.
//
// Threads: any number at once, each with a request of its own.
#pragma once

#include "rest/endpoint.h"

bool home_page_show(struct exchange *exchange, struct error *error);
bool login_page_show(struct exchange *exchange, struct error *error);
bool login_page_submit(struct exchange *exchange, struct error *error);
bool logout_page_submit(struct exchange *exchange, struct error *error);
bool register_page_show(struct exchange *exchange, struct error *error);
bool register_page_submit(struct exchange *exchange, struct error *error);
bool theme_page_submit(struct exchange *exchange, struct error *error);
bool review_page_submit(struct exchange *exchange, struct error *error);
bool dashboard_page_show(struct exchange *exchange, struct error *error);
bool search_page_show(struct exchange *exchange, struct error *error);
bool symbol_page_show(struct exchange *exchange, struct error *error);
bool symbol_order_place(struct exchange *exchange, struct error *error);
bool symbol_order_review(struct exchange *exchange, struct error *error);
bool order_page_show(struct exchange *exchange, struct error *error);
bool order_replace(struct exchange *exchange, struct error *error);
bool orders_page_show(struct exchange *exchange, struct error *error);
bool order_cancel(struct exchange *exchange, struct error *error);
bool reasons_page_show(struct exchange *exchange, struct error *error);
bool status_page_show(struct exchange *exchange, struct error *error);
bool portfolios_page_show(struct exchange *exchange, struct error *error);
bool portfolio_create(struct exchange *exchange, struct error *error);
bool portfolio_page_show(struct exchange *exchange, struct error *error);
bool portfolio_deposit(struct exchange *exchange, struct error *error);
bool portfolio_withdraw(struct exchange *exchange, struct error *error);
bool portfolio_edit(struct exchange *exchange, struct error *error);
bool portfolio_reset(struct exchange *exchange, struct error *error);
bool portfolio_clone(struct exchange *exchange, struct error *error);
bool position_close(struct exchange *exchange, struct error *error);
bool portfolio_limits_set(struct exchange *exchange, struct error *error);
bool portfolio_halt(struct exchange *exchange, struct error *error);
bool portfolio_resume(struct exchange *exchange, struct error *error);
bool portfolio_delete(struct exchange *exchange, struct error *error);
bool orders_cancel(struct exchange *exchange, struct error *error);
bool performance_page_show(struct exchange *exchange, struct error *error);
bool performance_page_export(struct exchange *exchange, struct error *error);
bool transactions_page_show(struct exchange *exchange, struct error *error);
bool transactions_page_export(struct exchange *exchange, struct error *error);
bool transactions_import_page_show(struct exchange *exchange, struct error *error);
bool transactions_import_page_check(struct exchange *exchange, struct error *error);
bool transactions_import_page_confirm(struct exchange *exchange, struct error *error);
bool strategies_page_show(struct exchange *exchange, struct error *error);
bool strategy_edit_page_show(struct exchange *exchange, struct error *error);
bool strategy_create(struct exchange *exchange, struct error *error);
bool strategy_page_show(struct exchange *exchange, struct error *error);
bool strategy_update(struct exchange *exchange, struct error *error);
bool strategy_delete(struct exchange *exchange, struct error *error);
bool strategy_page_show_start(struct exchange *exchange,
                              const struct error *failure,
                              struct error *error);
bool strategy_start(struct exchange *exchange, struct error *error);
bool strategy_stop(struct exchange *exchange, struct error *error);
bool strategy_run_page_show(struct exchange *exchange, struct error *error);
bool backtest_comparison_page_show(struct exchange *exchange, struct error *error);
bool backtest_comparison_export(struct exchange *exchange, struct error *error);
bool backtest_create(struct exchange *exchange, struct error *error);
bool backtest_page_show(struct exchange *exchange, struct error *error);
bool backtest_delete(struct exchange *exchange, struct error *error);
bool backtest_trades_export(struct exchange *exchange, struct error *error);
bool backtest_orders_export(struct exchange *exchange, struct error *error);
bool backtest_curve_export(struct exchange *exchange, struct error *error);
bool backtest_dividends_export(struct exchange *exchange, struct error *error);
bool watchlists_page_show(struct exchange *exchange, struct error *error);
bool watchlist_create(struct exchange *exchange, struct error *error);
bool watchlist_update(struct exchange *exchange, struct error *error);
bool watchlist_delete(struct exchange *exchange, struct error *error);
bool watchlist_symbol_add(struct exchange *exchange, struct error *error);
bool watchlist_symbol_remove(struct exchange *exchange, struct error *error);
bool competitions_page_show(struct exchange *exchange, struct error *error);
bool competition_create(struct exchange *exchange, struct error *error);
bool competition_page_show(struct exchange *exchange, struct error *error);
bool competition_join(struct exchange *exchange, struct error *error);
bool competition_update(struct exchange *exchange, struct error *error);
bool competition_delete(struct exchange *exchange, struct error *error);
bool standings_export(struct exchange *exchange, struct error *error);
bool settings_page_show(struct exchange *exchange, struct error *error);
bool settings_profile_change(struct exchange *exchange, struct error *error);
bool settings_password_change(struct exchange *exchange, struct error *error);
bool settings_session_end(struct exchange *exchange, struct error *error);
bool settings_api_key_create(struct exchange *exchange, struct error *error);
bool settings_api_key_delete(struct exchange *exchange, struct error *error);

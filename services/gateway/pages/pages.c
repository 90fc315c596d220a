// SPDX-License-Identifier: MIT
#include "pages/pages.h"

#include "pages/admin_pages.h"

#define PAGE(verb, address, function)                                                              \
    {                                                                                              \
        .http_method = (verb), .path = (address), .answer = (function), .is_page = true            \
    }
// A form with a file.
#define UPLOAD(address, function)                                                                  \
    {                                                                                              \
        .http_method = "POST", .path = (address), .answer = (function), .is_page = true,           \
        .streams_body = true                                                                       \
    }
// A form without secrets, whose page shows `typed` in it again.
#define KEPT(address, function)                                                                    \
    {                                                                                              \
        .http_method = "POST", .path = (address), .answer = (function), .is_page = true,           \
        .keeps_typed = true                                                                        \
    }
const struct endpoint page_endpoints[] = {
    PAGE("GET", "/", home_page_show),
    PAGE("GET", "/docs/errors", reasons_page_show),
    PAGE("GET", "/status", status_page_show),
    PAGE("GET", "/login", login_page_show),
    PAGE("POST", "/login", login_page_submit),
    PAGE("POST", "/logout", logout_page_submit),
    PAGE("GET", "/register", register_page_show),
    PAGE("POST", "/register", register_page_submit),
    PAGE("POST", "/theme", theme_page_submit),
    PAGE("POST", "/review", review_page_submit),
    PAGE("GET", "/dashboard", dashboard_page_show),
    PAGE("GET", "/search", search_page_show),
    PAGE("GET", "/symbols/{ticker}", symbol_page_show),
    KEPT("/symbols/{ticker}/orders", symbol_order_place),
    KEPT("/symbols/{ticker}/review", symbol_order_review),
    PAGE("GET", "/orders", orders_page_show),
    PAGE("GET", "/orders/{order_id}", order_page_show),
    PAGE("POST", "/orders/{order_id}/cancel", order_cancel),
    PAGE("POST", "/orders/{order_id}/replace", order_replace),
    PAGE("GET", "/portfolio", portfolios_page_show),
    PAGE("POST", "/portfolio", portfolio_create),
    PAGE("GET", "/portfolio/{portfolio_id}", portfolio_page_show),
    PAGE("POST", "/portfolio/{portfolio_id}/deposit", portfolio_deposit),
    PAGE("POST", "/portfolio/{portfolio_id}/withdraw", portfolio_withdraw),
    PAGE("POST", "/portfolio/{portfolio_id}/edit", portfolio_edit),
    PAGE("POST", "/portfolio/{portfolio_id}/reset", portfolio_reset),
    PAGE("POST", "/portfolio/{portfolio_id}/clone", portfolio_clone),
    PAGE("POST", "/portfolio/{portfolio_id}/delete", portfolio_delete),
    PAGE("POST", "/portfolio/{portfolio_id}/cancel", orders_cancel),
    PAGE("POST", "/portfolio/{portfolio_id}/positions/{ticker}/close", position_close),
    PAGE("POST", "/portfolio/{portfolio_id}/limits", portfolio_limits_set),
    PAGE("POST", "/portfolio/{portfolio_id}/halt", portfolio_halt),
    PAGE("POST", "/portfolio/{portfolio_id}/resume", portfolio_resume),
    PAGE("GET", "/portfolio/{portfolio_id}/performance", performance_page_show),
    PAGE("GET", "/portfolio/{portfolio_id}/performance.csv", performance_page_export),
    PAGE("GET", "/portfolio/{portfolio_id}/transactions", transactions_page_show),
    PAGE("GET", "/portfolio/{portfolio_id}/transactions.csv", transactions_page_export),
    PAGE("GET", "/portfolio/{portfolio_id}/import", transactions_import_page_show),
    UPLOAD("/portfolio/{portfolio_id}/import", transactions_import_page_check),
    PAGE("POST", "/portfolio/{portfolio_id}/import/confirm", transactions_import_page_confirm),
    PAGE("GET", "/strategies", strategies_page_show),
    PAGE("POST", "/strategies", strategy_create),
    PAGE("GET", "/strategies/new", strategy_edit_page_show),
    PAGE("GET", "/strategies/{strategy_id}", strategy_page_show),
    PAGE("GET", "/strategies/{strategy_id}/edit", strategy_edit_page_show),
    PAGE("POST", "/strategies/{strategy_id}/edit", strategy_update),
    PAGE("POST", "/strategies/{strategy_id}/delete", strategy_delete),
    PAGE("POST", "/strategies/{strategy_id}/start", strategy_start),
    PAGE("POST", "/strategies/{strategy_id}/stop", strategy_stop),
    PAGE("GET", "/strategy-runs/{run_id}", strategy_run_page_show),
    PAGE("POST", "/strategies/{strategy_id}/backtests", backtest_create),
    PAGE("GET", "/backtests/compare", backtest_comparison_page_show),
    PAGE("GET", "/backtests/compare.csv", backtest_comparison_export),
    PAGE("GET", "/backtests/{backtest_id}", backtest_page_show),
    PAGE("POST", "/backtests/{backtest_id}/delete", backtest_delete),
    PAGE("GET", "/backtests/{backtest_id}/trades.csv", backtest_trades_export),
    PAGE("GET", "/backtests/{backtest_id}/orders.csv", backtest_orders_export),
    PAGE("GET", "/backtests/{backtest_id}/curve.csv", backtest_curve_export),
    PAGE("GET", "/backtests/{backtest_id}/dividends.csv", backtest_dividends_export),
    PAGE("GET", "/watchlists", watchlists_page_show),
    PAGE("POST", "/watchlists", watchlist_create),
    PAGE("GET", "/watchlists/{watchlist_id}", watchlists_page_show),
    PAGE("POST", "/watchlists/{watchlist_id}/edit", watchlist_update),
    PAGE("POST", "/watchlists/{watchlist_id}/delete", watchlist_delete),
    PAGE("POST", "/watchlists/{watchlist_id}/symbols", watchlist_symbol_add),
    PAGE("POST", "/watchlists/{watchlist_id}/symbols/{ticker}/remove", watchlist_symbol_remove),
    PAGE("GET", "/competitions", competitions_page_show),
    PAGE("POST", "/competitions", competition_create),
    PAGE("GET", "/competitions/{competition_id}", competition_page_show),
    PAGE("POST", "/competitions/{competition_id}/join", competition_join),
    PAGE("POST", "/competitions/{competition_id}/edit", competition_update),
    PAGE("POST", "/competitions/{competition_id}/delete", competition_delete),
    PAGE("GET", "/competitions/{competition_id}/standings.csv", standings_export),
    PAGE("GET", "/settings", settings_page_show),
    PAGE("POST", "/settings/profile", settings_profile_change),
    PAGE("POST", "/settings/password", settings_password_change),
    PAGE("POST", "/settings/sessions/{session_id}/end", settings_session_end),
    PAGE("POST", "/settings/keys", settings_api_key_create),
    PAGE("POST", "/settings/keys/{api_key_id}/delete", settings_api_key_delete),
    PAGE("GET", "/admin", admin_page_show),
    PAGE("GET", "/admin/users", admin_users_page_show),
    PAGE("POST", "/admin/users", admin_user_create),
    PAGE("GET", "/admin/users/{user}", admin_user_page_show),
    PAGE("POST", "/admin/users/{user}/edit", admin_user_change),
    PAGE("POST", "/admin/users/{user}/password", admin_user_password_set),
    PAGE("POST", "/admin/users/{user}/delete", admin_user_delete),
    PAGE("POST", "/admin/users/{user_id}/halt", admin_user_halt),
    PAGE("POST", "/admin/users/{user_id}/resume", admin_user_resume),
    PAGE("GET", "/admin/symbols", admin_symbols_page_show),
    PAGE("POST", "/admin/symbols", admin_symbol_create),
    PAGE("GET", "/admin/symbols/{ticker}", admin_symbol_page_show),
    PAGE("POST", "/admin/symbols/{ticker}/edit", admin_symbol_edit),
    PAGE("POST", "/admin/symbols/{ticker}/delete", admin_symbol_delete),
    PAGE("POST", "/admin/symbols/{ticker}/actions", admin_action_create),
    PAGE("POST", "/admin/symbols/{symbol}/actions/{action_id}/delete", admin_action_delete),
    PAGE("GET", "/admin/imports", admin_imports_page_show),
    UPLOAD("/admin/imports/prices", admin_prices_upload),
    UPLOAD("/admin/imports/symbols", admin_symbols_upload),
    PAGE("GET", "/admin/imports/{import_id}", admin_import_page_show),
    PAGE("POST", "/admin/imports/{import_id}/cancel", admin_import_cancel),
    PAGE("GET", "/admin/limits", admin_limits_page_show),
    PAGE("POST", "/admin/limits", admin_limits_set),
    PAGE("POST", "/admin/limits/halt", admin_platform_halt),
    PAGE("POST", "/admin/limits/resume", admin_platform_resume),
    PAGE("GET", "/admin/clock", admin_clock_page_show),
    PAGE("POST", "/admin/clock", admin_clock_set),
    PAGE("GET", "/admin/tasks", admin_tasks_page_show),
    PAGE("GET", "/admin/tasks/{task_id}", admin_task_page_show),
    PAGE("POST", "/admin/tasks/{task_id}/retry", admin_task_retry),
    PAGE("POST", "/admin/tasks/{task_id}/delete", admin_task_delete),
    PAGE("GET", "/admin/audit", admin_audit_page_show),
};
#undef KEPT
#undef UPLOAD
#undef PAGE
const size_t page_endpoint_count = COUNT_OF(page_endpoints);

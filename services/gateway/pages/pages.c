// SPDX-License-Identifier: MIT
#include "pages/pages.h"

#define PAGE(verb, address, function)                                                              \
    {                                                                                              \
        .http_method = (verb), .path = (address), .answer = (function), .is_page = true            \
    }
const struct endpoint page_endpoints[] = {
    PAGE("GET", "/", home_page_show),
    PAGE("GET", "/login", login_page_show),
    PAGE("POST", "/login", login_page_submit),
    PAGE("POST", "/logout", logout_page_submit),
    PAGE("GET", "/register", register_page_show),
    PAGE("POST", "/register", register_page_submit),
    PAGE("POST", "/theme", theme_page_submit),
    PAGE("GET", "/dashboard", dashboard_page_show),
    PAGE("GET", "/search", search_page_show),
    PAGE("GET", "/symbols/{ticker}", symbol_page_show),
    PAGE("POST", "/symbols/{ticker}/orders", symbol_order_place),
    PAGE("POST", "/symbols/{ticker}/review", symbol_order_review),
    PAGE("GET", "/orders", orders_page_show),
    PAGE("POST", "/orders/{order_id}/cancel", order_cancel),
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
    PAGE("GET", "/portfolio/{portfolio_id}/transactions", transactions_page_show),
    PAGE("GET", "/portfolio/{portfolio_id}/transactions.csv", transactions_page_export),
    PAGE("GET", "/watchlists", watchlists_page_show),
    PAGE("POST", "/watchlists", watchlist_create),
    PAGE("GET", "/watchlists/{watchlist_id}", watchlists_page_show),
    PAGE("POST", "/watchlists/{watchlist_id}/edit", watchlist_update),
    PAGE("POST", "/watchlists/{watchlist_id}/delete", watchlist_delete),
    PAGE("POST", "/watchlists/{watchlist_id}/symbols", watchlist_symbol_add),
    PAGE("POST", "/watchlists/{watchlist_id}/symbols/{ticker}/remove", watchlist_symbol_remove),
    PAGE("GET", "/settings", settings_page_show),
    PAGE("POST", "/settings/profile", settings_profile_change),
    PAGE("POST", "/settings/password", settings_password_change),
    PAGE("POST", "/settings/sessions/{session_id}/end", settings_session_end),
    PAGE("POST", "/settings/keys", settings_api_key_create),
    PAGE("POST", "/settings/keys/{api_key_id}/delete", settings_api_key_delete),
};
#undef PAGE
const size_t page_endpoint_count = COUNT_OF(page_endpoints);

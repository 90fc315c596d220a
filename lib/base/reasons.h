// SPDX-License-Identifier: MIT
// reasons: every way an operation of Bourse can fail, in one table.
//
// REASONS(X) expands X(name, code, HTTP status, title, advice). The enum, the HTTP status, the
// OpenAPI document and docs/errors.md come from it. Names are stable: clients match on them.
#pragma once

// clang-format off
#define REASONS(X)                                                                                 \
    /* the request itself */                                                                       \
    X(INVALID_REQUEST, CODE_INVALID_ARGUMENT, 422, "The request breaks a rule.",                   \
      "Correct the fields named in `errors` and send it again.")                                   \
    X(MALFORMED_REQUEST, CODE_INVALID_ARGUMENT, 400, "The request cannot be read.",                \
      "Send what the API documentation describes.")                                                \
    X(UNSUPPORTED_MEDIA_TYPE, CODE_INVALID_ARGUMENT, 415, "The body is of a type not understood.", \
      "Send the body as the content type the operation names, usually application/json.")          \
    X(BODY_TOO_LARGE, CODE_INVALID_ARGUMENT, 413, "The body is too large.",                        \
      "Send less at a time.")                                                                      \
    X(HEADERS_TOO_LARGE, CODE_INVALID_ARGUMENT, 431, "The headers are too large.",                 \
      "Send fewer or shorter headers.")                                                            \
    X(LENGTH_REQUIRED, CODE_INVALID_ARGUMENT, 411, "The length of the body is missing.",           \
      "Send a Content-Length header.")                                                             \
    X(REQUEST_TIMEOUT, CODE_INVALID_ARGUMENT, 408, "The request did not arrive in time.",          \
      "Send the whole request at once.")                                                           \
    X(METHOD_NOT_ALLOWED, CODE_UNIMPLEMENTED, 405, "This address does not take that method.",      \
      "Use one of the methods in the Allow header.")                                               \
    X(NO_SUCH_ADDRESS, CODE_NOT_FOUND, 404, "There is nothing at this address.",                   \
      "See /docs/ for the addresses there are.")                                                   \
    X(INVALID_PAGE_TOKEN, CODE_INVALID_ARGUMENT, 400, "The page token is not one of ours.",        \
      "Use the next_page_token of the last answer unchanged, or leave it out.")                    \
    /* who is asking */                                                                            \
    X(UNAUTHENTICATED, CODE_UNAUTHENTICATED, 401, "This needs an access token.",                   \
      "Log in and send `Authorization: Bearer <access token>`.")                                   \
    X(INVALID_TOKEN, CODE_UNAUTHENTICATED, 401, "The access token is not valid.",                  \
      "Refresh it, or log in again.")                                                              \
    X(INVALID_CREDENTIALS, CODE_UNAUTHENTICATED, 401, "The name or the password is wrong.",        \
      "Try again, or register first.")                                                             \
    X(INVALID_REFRESH_TOKEN, CODE_UNAUTHENTICATED, 401, "The refresh token is not valid.",         \
      "Log in again.")                                                                             \
    X(PERMISSION_DENIED, CODE_PERMISSION_DENIED, 403, "This is not allowed for this account.",     \
      "Ask an administrator.")                                                                     \
    X(INVALID_API_KEY, CODE_UNAUTHENTICATED, 401, "The API key is not valid.",                     \
      "Make another one, or log in.")                                                              \
    X(WRONG_PASSWORD, CODE_PERMISSION_DENIED, 403, "The password is wrong.",                       \
      "Type your present password.")                                                               \
    X(CSRF_REJECTED, CODE_PERMISSION_DENIED, 403, "The request does not come from this site.",     \
      "Send X-CSRF-Token with the csrf_token of /api/v1/auth/session.")                            \
    X(INSUFFICIENT_SCOPE, CODE_PERMISSION_DENIED, 403, "This credential may not do that.",         \
      "Use an API key of another scope, or log in.")                                               \
    X(NOT_A_MESH_PEER, CODE_PERMISSION_DENIED, 403, "Only services may call this.",                \
      "Use the public operations.")                                                                \
    X(TOO_MANY_REQUESTS, CODE_RESOURCE_EXHAUSTED, 429, "Too many requests.",                       \
      "Wait as long as the Retry-After header says.")                                              \
    /* what is asked for */                                                                        \
    X(USER_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such user.", "Check the name or id.")      \
    X(SESSION_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such session.",                         \
      "List yours at /api/v1/auth/sessions.")                                                      \
    X(API_KEY_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such API key.",                         \
      "List yours at /api/v1/api-keys.")                                                           \
    X(LAST_ADMINISTRATOR, CODE_FAILED_PRECONDITION, 409, "There must be an administrator.",        \
      "Make another user an administrator first.")                                                 \
    X(SYMBOL_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such symbol.",                           \
      "Search at /api/v1/symbols?q=.")                                                             \
    X(QUOTE_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no price for this symbol yet.",              \
      "Ask again in a moment if prices are live; else import some, or move the clock to some.")    \
    X(PORTFOLIO_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such portfolio.",                     \
      "List yours at /api/v1/portfolios.")                                                         \
    X(POSITION_NOT_FOUND, CODE_NOT_FOUND, 404, "The portfolio holds none of this symbol.",         \
      "List the positions.")                                                                       \
    X(STRATEGY_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such strategy.",                       \
      "List yours at /api/v1/strategies.")                                                         \
    X(BACKTEST_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such backtest.",                       \
      "List yours at /api/v1/backtests.")                                                          \
    X(TOO_MANY_STRATEGIES, CODE_FAILED_PRECONDITION, 409, "There are too many strategies.",        \
      "Delete one first.")                                                                         \
    X(TOO_MANY_BACKTESTS, CODE_RESOURCE_EXHAUSTED, 429, "Too many backtests are waiting.",         \
      "Wait for one to end, or cancel one.")                                                       \
    X(STRATEGY_RUN_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such run of a strategy.",          \
      "List yours at /api/v1/strategy-runs.")                                                      \
    X(STRATEGY_IS_RUNNING, CODE_FAILED_PRECONDITION, 409, "The strategy is running.",              \
      "Stop it first.")                                                                            \
    X(TOO_MANY_RUNS, CODE_FAILED_PRECONDITION, 409, "Too many strategies are running.",            \
      "Stop one first.")                                                                           \
    X(BAR_MISSED, CODE_FAILED_PRECONDITION, 409, "The bar was looked at too late to trade on it.", \
      "Nothing: the strategy decides about the bars that follow.")                                 \
    X(SHARES_SPLIT, CODE_FAILED_PRECONDITION, 409, "Shares that the strategy holds were split.",   \
      "Start the strategy anew.")                                                                  \
    X(BACKTEST_CANCELED, CODE_CANCELLED, 409, "The backtest was canceled.",                        \
      "Start another one.")                                                                        \
    X(BACKTEST_OVERFLOW, CODE_OUT_OF_RANGE, 422, "A sum is too large to be counted.",              \
      "Use less cash, or other prices.")                                                           \
    X(HISTORY_INCOMPLETE, CODE_FAILED_PRECONDITION, 409, "A history lacks its last days.",         \
      "Try again later, or end before them.")                                                      \
    X(WATCHLIST_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such watchlist.",                     \
      "List yours at /api/v1/watchlists.")                                                         \
    X(WATCHLIST_SYMBOL_NOT_FOUND, CODE_NOT_FOUND, 404, "The watchlist does not have this symbol.", \
      "Look at its symbols.")                                                                      \
    X(WATCHLIST_NAME_TAKEN, CODE_ALREADY_EXISTS, 409, "There is a watchlist of this name.",        \
      "Choose another name; upper and lower case are the same.")                                   \
    X(WATCHLIST_IS_DEFAULT, CODE_FAILED_PRECONDITION, 409, "This is the default watchlist.",       \
      "Make another one the default first.")                                                       \
    X(COMPETITION_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such competition.",                 \
      "List them at /api/v1/competitions.")                                                        \
    X(COMPETITION_ENDED, CODE_FAILED_PRECONDITION, 403, "The competition has ended.",              \
      "Look at its standings, or join another one.")                                               \
    X(ALREADY_JOINED, CODE_ALREADY_EXISTS, 409, "You have joined this competition already.",       \
      "Nobody takes part twice: go on with the portfolio that you have in it.")                    \
    X(DISPLAY_NAME_TAKEN, CODE_ALREADY_EXISTS, 409, "Somebody in the competition has this name.",  \
      "Choose another name; upper and lower case are the same.")                                   \
    X(ORDER_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such order.",                             \
      "List yours at /api/v1/orders.")                                                             \
    X(TASK_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such task.",                               \
      "List them at /api/v1/tasks.")                                                               \
    X(IMPORT_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such import.", "Start it again.")        \
    X(IMPORT_CANCELED, CODE_CANCELLED, 409, "The import was canceled.",                            \
      "Send the file as a new import, with another id.")                                           \
    X(IMPORT_NOT_CANCELABLE, CODE_FAILED_PRECONDITION, 409,                                        \
      "Only an import that has not ended can be canceled.", "Look at its state.")                  \
    X(CORPORATE_ACTION_NOT_FOUND, CODE_NOT_FOUND, 404, "There is no such corporate action.",       \
      "The list has the ids.")                                                                     \
    X(EVENTS_GONE, CODE_OUT_OF_RANGE, 410, "These events are no longer kept.",                     \
      "Ask for the state, and for the events from now on.")                                        \
    X(CORPORATE_ACTION_EXISTS, CODE_ALREADY_EXISTS, 409,                                           \
      "There is one of that symbol, kind and ex-date already.",                                    \
      "Delete it first, as long as it is not in effect.")                                          \
    X(CORPORATE_ACTION_IN_EFFECT, CODE_FAILED_PRECONDITION, 409,                                   \
      "It has come into effect.", "What has been traded on stays as it was.")                      \
    X(USERNAME_TAKEN, CODE_ALREADY_EXISTS, 409, "This username is taken.", "Choose another.")      \
    X(EMAIL_TAKEN, CODE_ALREADY_EXISTS, 409, "This e-mail address is in use.",                     \
      "Log in, or use another address.")                                                           \
    X(SYMBOL_EXISTS, CODE_ALREADY_EXISTS, 409, "This symbol is there already.",                    \
      "Change it with PATCH.")                                                                     \
    X(CLIENT_ORDER_ID_TAKEN, CODE_ALREADY_EXISTS, 409, "This client_order_id has been used.",      \
      "Look the order up, or choose another client_order_id.")                                     \
    X(IDEMPOTENCY_KEY_REUSED, CODE_FAILED_PRECONDITION, 422,                                       \
      "This Idempotency-Key was used with another request.",                                       \
      "Use a new key for a new request.")                                                          \
    X(REQUEST_IN_PROGRESS, CODE_ABORTED, 409, "The same request is still being worked on.",        \
      "Repeat it in a moment with the same Idempotency-Key.")                                      \
    /* trading */                                                                                  \
    X(INSUFFICIENT_FUNDS, CODE_FAILED_PRECONDITION, 403, "There is not enough cash.",              \
      "Order less, or deposit more.")                                                              \
    X(INSUFFICIENT_SHARES, CODE_FAILED_PRECONDITION, 403, "There are not enough shares.",          \
      "Sell no more than `available`.")                                                            \
    X(SYMBOL_NOT_TRADABLE, CODE_FAILED_PRECONDITION, 422, "This symbol is not traded.",            \
      "Choose an active symbol.")                                                                  \
    X(NOT_FRACTIONABLE, CODE_FAILED_PRECONDITION, 403, "Only whole shares of this are traded.",    \
      "Use a whole quantity.")                                                                     \
    X(NO_PRICE, CODE_FAILED_PRECONDITION, 422, "There is no price to trade at.",                   \
      "Wait for a quote, or move the clock to where the symbol has prices.")                       \
    X(MARKET_CLOSED, CODE_FAILED_PRECONDITION, 422, "The market is closed.",                       \
      "Wait until it opens, or place an order that waits.")                                        \
    X(ORDER_WINDOW_CLOSED, CODE_FAILED_PRECONDITION, 403, "It is too late for this time in force.",\
      "Place it within the hours named, or use another time in force.")                            \
    X(NOT_FILLED_AT_ONCE, CODE_FAILED_PRECONDITION, 422, "The order could not be filled at once.", \
      "Nothing is held for it any more. Place one that rests, or with another limit.")             \
    X(SPLIT, CODE_FAILED_PRECONDITION, 422, "The shares were split.",                              \
      "Place the order anew, for the shares and at the prices of after it.")                       \
    X(LINKED_ORDER_ENDED, CODE_FAILED_PRECONDITION, 422,                                           \
      "An order that this one was placed with has ended.",                                         \
      "Look at the order named: of two exits one is filled, and legs end with their entry.")       \
    X(ORDER_NOT_READY, CODE_FAILED_PRECONDITION, 422, "The order is being changed.",               \
      "Repeat it in a moment.")                                                                    \
    X(WASH_TRADE, CODE_FAILED_PRECONDITION, 403, "The order could trade with another of yours.",   \
      "Cancel the order named, or choose limits that do not meet.")                                \
    X(ORDER_NOT_OPEN, CODE_FAILED_PRECONDITION, 422, "The order is in a final state.",             \
      "Nothing more can be done to it.")                                                           \
    X(TASK_NOT_FAILED, CODE_FAILED_PRECONDITION, 409, "The task has not failed.",                  \
      "Only failed tasks can be retried or removed.")                                              \
    X(TASK_IS_NEEDED, CODE_FAILED_PRECONDITION, 409, "The task must be done.",                     \
      "Retry it: a fill of its order is not booked yet.")                                          \
    X(PORTFOLIO_CLOSED, CODE_FAILED_PRECONDITION, 403, "The portfolio is closed.",                 \
      "Use another portfolio.")                                                                    \
    X(IN_COMPETITION, CODE_FAILED_PRECONDITION, 403, "The portfolio is part of a competition.",    \
      "Wait until it has ended, or use another portfolio.")                                        \
    X(COMPETITION_NOT_STARTED, CODE_FAILED_PRECONDITION, 403,                                      \
      "The competition has not begun.", "Place the order again once it has.")                      \
    X(PORTFOLIO_NOT_EMPTY, CODE_FAILED_PRECONDITION, 409, "The portfolio is not empty.",           \
      "Sell and withdraw first, or repeat with ?force=true.")                                      \
    X(PORTFOLIO_HAS_OPEN_ORDERS, CODE_FAILED_PRECONDITION, 409, "The portfolio has open orders.",  \
      "Cancel them, or wait until they have ended, and repeat it.")                                \
    X(LIMIT_EXCEEDED, CODE_FAILED_PRECONDITION, 403, "A limit would be exceeded.",                 \
      "Stay below the limit named.")                                                               \
    X(TRADING_HALTED, CODE_FAILED_PRECONDITION, 403, "Trading is halted.",                         \
      "Orders can be canceled. Whoever is named can lift the halt.")                               \
    X(ACCOUNT_INACTIVE, CODE_FAILED_PRECONDITION, 403, "The account has ended or was shut out.",   \
      "Once it may log in again, place the order or start the strategy anew.")                     \
    X(CLOCK_CANNOT_GO_BACK, CODE_FAILED_PRECONDITION, 422, "The clock cannot go back.",            \
      "Start with a new data folder to begin anew.")                                               \
    X(FILL_MISMATCH, CODE_FAILED_PRECONDITION, 409, "The fill does not fit what is held for it.",  \
      "This is a fault of the platform; the administrator should look at the logs.")               \
    X(FILL_SETTINGS_CHANGED, CODE_FAILED_PRECONDITION, 409,                                        \
      "The portfolio's fill settings have been changed.", "Place the order again.")                \
    /* the platform */                                                                             \
    X(UNIMPLEMENTED, CODE_UNIMPLEMENTED, 501, "This is not there.", "See /docs/.")                 \
    X(OUTCOME_UNKNOWN, CODE_UNAVAILABLE, 503, "It is not known whether this was done.",            \
      "Repeat it with the same Idempotency-Key.")                                                  \
    X(DEADLINE_EXCEEDED, CODE_DEADLINE_EXCEEDED, 504, "This took too long.",                       \
      "Repeat it with the same Idempotency-Key.")                                                  \
    X(UNAVAILABLE, CODE_UNAVAILABLE, 503, "A part of the platform cannot be reached.",             \
      "Repeat it in a moment.")                                                                    \
    X(DATABASE_UNAVAILABLE, CODE_UNAVAILABLE, 503, "The database cannot be reached.",              \
      "Repeat it in a moment.")                                                                    \
    X(PRICE_UNAVAILABLE, CODE_UNAVAILABLE, 503, "There is no price at the moment.",                \
      "Ask again later.")                                                                          \
    X(BEING_FETCHED, CODE_UNAVAILABLE, 503, "This is being asked of a provider of prices.",        \
      "Ask again in a moment.")                                                                    \
    X(OVERLOADED, CODE_RESOURCE_EXHAUSTED, 503, "Too much is waiting already.",                    \
      "Repeat it in a moment.")                                                                    \
    X(SHUTTING_DOWN, CODE_UNAVAILABLE, 503, "This server is being stopped.",                       \
      "Repeat it in a moment.")                                                                    \
    X(CONFLICT, CODE_ABORTED, 409, "Something else changed the same thing.", "Repeat it.")         \
    X(OUT_OF_MEMORY_BUDGET, CODE_RESOURCE_EXHAUSTED, 413, "The request needs too much memory.",    \
      "Ask for less at a time.")                                                                   \
    X(INVALID_SETTING, CODE_INVALID_ARGUMENT, 500, "A setting is wrong.",                          \
      "Correct the setting named.")                                                                \
    X(INTERNAL, CODE_INTERNAL, 500, "Something went wrong here.",                                  \
      "Tell the administrator the request id.")
// clang-format on

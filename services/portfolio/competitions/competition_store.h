// SPDX-License-Identifier: MIT
// competition_store: the SQL of competitions and of who takes part in them.
//
// Memory: what is read lies in the arena given, or the transaction's.
#pragma once

#include "competitions/competition.h"
#include "competitions/standings.h"

// Finds a competition as that user sees it; `out_found` tells whether there is one.
MUST_CHECK bool store_find_competition(struct database *database,
                                       struct arena *arena,
                                       const char *id,
                                       const char *user_id,
                                       struct competition *out_competition,
                                       bool *out_found,
                                       struct error *error);

// The same within a transaction. Nobody joins, changes or removes it until that ends.
MUST_CHECK bool store_lock_competition(struct transaction *transaction,
                                       const char *id,
                                       const char *user_id,
                                       struct competition *out_competition,
                                       bool *out_found,
                                       struct error *error);

// Up to `limit` of them, those made last first, after one of that time and id.
struct competition_page {
    const char *user_id; // who sees them
    int64_t before_created_at;
    const char *before_id; // NULL for the first page
    size_t limit;
};
MUST_CHECK bool store_page_competitions(struct database *database,
                                        struct arena *arena,
                                        const struct competition_page *page,
                                        struct competition **out_competitions,
                                        size_t *out_count,
                                        struct error *error);

MUST_CHECK bool store_insert_competition(struct transaction *transaction,
                                         const struct competition *competition,
                                         struct error *error);

// Writes name and description.
MUST_CHECK bool store_update_competition(struct transaction *transaction,
                                         const struct competition *competition,
                                         struct error *error);

// Removes it, and frees the portfolios that are part of it.
MUST_CHECK bool
store_delete_competition(struct transaction *transaction, const char *id, struct error *error);

// Notes who joins. Fails with DISPLAY_NAME_TAKEN.
MUST_CHECK bool store_insert_player(struct transaction *transaction,
                                    const char *competition_id,
                                    const char *user_id,
                                    const char *portfolio_id,
                                    const char *display_name,
                                    int64_t joined_at,
                                    struct error *error);

// Everybody whose portfolio is open, without what they have, by the portfolio's id.
MUST_CHECK bool store_list_players(struct database *database,
                                   struct arena *arena,
                                   const char *competition_id,
                                   struct standing **out_standings,
                                   size_t *out_count,
                                   struct error *error);

// What there is in these portfolios: cash (LEDGER_CURRENCY) in micros and shares in nanos, by
// asset.
struct competing_asset {
    const char *portfolio_id;
    const char *asset;
    int64_t amount; // more than 0
};
MUST_CHECK bool store_list_assets(struct database *database,
                                  struct arena *arena,
                                  const char *competition_id,
                                  struct competing_asset **out_assets,
                                  size_t *out_count,
                                  struct error *error);

// Everybody as before, with what they had at the last close until `ends_at`; unknown of whose
// closes have not been taken until then. They are in no order.
MUST_CHECK bool store_list_final(struct database *database,
                                 struct arena *arena,
                                 const char *competition_id,
                                 int64_t ends_at,
                                 struct standing **out_standings,
                                 size_t *out_count,
                                 struct error *error);

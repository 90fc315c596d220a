// SPDX-License-Identifier: MIT
#include "competitions/competition_store.h"

#include <stdio.h>
#include <string.h>

#include "money/money.h"

// $1 is who asks.
#define COMPETITIONS                                                                               \
    "SELECT c.id, c.name, c.description, c.cash, c.starts_at, c.ends_at, c.created_at,"            \
    " (SELECT count(*) FROM competition_players m WHERE m.competition_id = c.id), o.display_name," \
    " CASE WHEN q.closed_at IS NULL THEN q.id END FROM competitions c"                             \
    " LEFT JOIN competition_players o ON o.competition_id = c.id AND o.user_id = $1"               \
    " LEFT JOIN portfolios q ON q.id = o.portfolio_id"

static const struct statement find_competition = {
    "find_competition",
    COMPETITIONS " WHERE c.id = $2",
};

static const struct statement lock_competition = {
    "lock_competition",
    "SELECT id FROM competitions WHERE id = $1 FOR UPDATE",
};

static const struct statement page_competitions = {
    "page_competitions",
    COMPETITIONS " WHERE $3::uuid IS NULL OR (c.created_at, c.id) < ($2::timestamptz, $3::uuid)"
                 " ORDER BY c.created_at DESC, c.id DESC LIMIT $4",
};

static const struct statement insert_competition = {
    "insert_competition",
    "INSERT INTO competitions (id, name, description, cash, starts_at, ends_at, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
};

static const struct statement update_competition = {
    "update_competition",
    "UPDATE competitions SET name = $2, description = $3 WHERE id = $1",
};

static const struct statement free_portfolios = {
    "free_portfolios",
    "UPDATE portfolios SET competition_id = NULL, trades_from = NULL, competes_until = NULL"
    " WHERE id IN (SELECT portfolio_id FROM competition_players WHERE competition_id = $1)",
};

static const struct statement delete_competition = {
    "delete_competition",
    "DELETE FROM competitions WHERE id = $1",
};

static const struct statement insert_player = {
    "insert_player",
    "INSERT INTO competition_players (competition_id, user_id, portfolio_id, display_name,"
    " joined_at) VALUES ($1, $2, $3, $4, $5)",
};

#define PLAYERS "SELECT m.user_id, m.portfolio_id, m.display_name, m.joined_at"
#define FROM_PLAYERS " FROM competition_players m JOIN portfolios p ON p.id = m.portfolio_id"
#define OF_COMPETITION " WHERE m.competition_id = $1 AND p.closed_at IS NULL"

static const struct statement list_players = {
    "list_players",
    PLAYERS FROM_PLAYERS OF_COMPETITION " ORDER BY m.portfolio_id",
};

static const struct statement list_assets = {
    "list_assets",
    "SELECT b.portfolio_id, b.asset, b.amount" FROM_PLAYERS
    " JOIN balances b ON b.portfolio_id = m.portfolio_id" OF_COMPETITION
    " AND b.account IN ('cash', 'shares') AND b.amount > 0 ORDER BY b.asset",
};

static const struct statement list_final = {
    "list_final",
    PLAYERS ", s.value" FROM_PLAYERS " JOIN snapshot_progress g ON g.portfolio_id = m.portfolio_id"
            " LEFT JOIN LATERAL (SELECT t.cash + t.market_value AS value FROM snapshots t"
            "  WHERE t.portfolio_id = m.portfolio_id AND t.closed_at <= $2"
            "  ORDER BY t.day DESC LIMIT 1) s ON g.closed_at >= $2" OF_COMPETITION,
};

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET,
                     "The list of competitions needs too much memory.");
}

static struct competition take_competition(const struct rows *rows, size_t row)
{
    struct competition competition = {
        .name = rows_text(rows, row, 1),
        .description = rows_text(rows, row, 2),
        .cash = rows_decimal(rows, row, 3, MONEY_SCALE),
        .starts_at = rows_time(rows, row, 4),
        .ends_at = rows_time(rows, row, 5),
        .created_at = rows_time(rows, row, 6),
        .players = (size_t)rows_int(rows, row, 7),
        .display_name = rows_text(rows, row, 8),
        .portfolio_id = rows_text(rows, row, 9),
    };

    snprintf(competition.id, sizeof(competition.id), "%s", rows_text(rows, row, 0));
    return competition;
}

static void
take_found(const struct rows *rows, struct competition *out_competition, bool *out_found)
{
    *out_found = rows->count == 1;
    if (*out_found)
        *out_competition = take_competition(rows, 0);
}

bool store_find_competition(struct database *database,
                            struct arena *arena,
                            const char *id,
                            const char *user_id,
                            struct competition *out_competition,
                            bool *out_found,
                            struct error *error)
{
    const struct parameter parameters[] = {parameter_text(user_id), parameter_text(id)};
    struct rows rows = {0};

    if (!database_query(database, arena, &find_competition, parameters, COUNT_OF(parameters), &rows,
                        error))
        return false;
    take_found(&rows, out_competition, out_found);
    return true;
}

bool store_lock_competition(struct transaction *transaction,
                            const char *id,
                            const char *user_id,
                            struct competition *out_competition,
                            bool *out_found,
                            struct error *error)
{
    const struct parameter parameters[] = {parameter_text(user_id), parameter_text(id)};
    struct rows rows = {0};

    // What follows it in the same round trip sees what the last holder of the lock has left.
    if (!transaction_queue(transaction, &lock_competition, &parameters[1], 1, NULL, error) ||
        !transaction_queue(transaction, &find_competition, parameters, COUNT_OF(parameters), &rows,
                           error) ||
        !transaction_flush(transaction, error))
        return false;
    take_found(&rows, out_competition, out_found);
    return true;
}

bool store_page_competitions(struct database *database,
                             struct arena *arena,
                             const struct competition_page *page,
                             struct competition **out_competitions,
                             size_t *out_count,
                             struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(page->user_id),
        parameter_time(page->before_created_at),
        parameter_text(page->before_id),
        parameter_int((int64_t)page->limit),
    };
    struct competition *competitions = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &page_competitions, parameters, COUNT_OF(parameters),
                        &rows, error))
        return false;
    competitions = arena_allocate(arena, (rows.count + 1) * sizeof(*competitions));
    if (competitions == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++)
        competitions[i] = take_competition(&rows, i);
    *out_competitions = competitions;
    *out_count = rows.count;
    return true;
}

bool store_insert_competition(struct transaction *transaction,
                              const struct competition *competition,
                              struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(competition->id),          parameter_text(competition->name),
        parameter_text(competition->description), parameter_decimal(competition->cash, MONEY_SCALE),
        parameter_time(competition->starts_at),   parameter_time(competition->ends_at),
        parameter_time(competition->created_at),
    };

    return transaction_queue(transaction, &insert_competition, parameters, COUNT_OF(parameters),
                             NULL, error);
}

bool store_update_competition(struct transaction *transaction,
                              const struct competition *competition,
                              struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(competition->id),
        parameter_text(competition->name),
        parameter_text(competition->description),
    };

    return transaction_queue(transaction, &update_competition, parameters, COUNT_OF(parameters),
                             NULL, error);
}

bool store_delete_competition(struct transaction *transaction, const char *id, struct error *error)
{
    const struct parameter parameter = parameter_text(id);

    return transaction_queue(transaction, &free_portfolios, &parameter, 1, NULL, error) &&
           transaction_queue(transaction, &delete_competition, &parameter, 1, NULL, error);
}

bool store_insert_player(struct transaction *transaction,
                         const char *competition_id,
                         const char *user_id,
                         const char *portfolio_id,
                         const char *display_name,
                         int64_t joined_at,
                         struct error *error)
{
    const struct parameter parameters[] = {
        parameter_text(competition_id), parameter_text(user_id),   parameter_text(portfolio_id),
        parameter_text(display_name),   parameter_time(joined_at),
    };
    struct rows rows = {0};

    if (transaction_query(transaction, &insert_player, parameters, COUNT_OF(parameters), &rows,
                          error))
        return true;
    if (strcmp(error_constraint(error), "competition_players_by_name") == 0) {
        error_fill(error, REASON_DISPLAY_NAME_TAKEN,
                   "Somebody in the competition is called \"%s\" already.", display_name);
        error_add_violation(error, "display_name", "is taken");
    }
    return false;
}

// Column 4, where there is one, is what they have.
static bool take_standings(struct database *database,
                           struct arena *arena,
                           const struct statement *statement,
                           const struct parameter *parameters,
                           size_t parameter_count,
                           struct standing **out_standings,
                           size_t *out_count,
                           struct error *error)
{
    struct standing *standings = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, statement, parameters, parameter_count, &rows, error))
        return false;
    standings = arena_allocate(arena, (rows.count + 1) * sizeof(*standings));
    if (standings == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        struct standing *standing = &standings[i];

        *standing = (struct standing){.joined_at = rows_time(&rows, i, 3)};
        snprintf(standing->user_id, UUID_SIZE, "%s", rows_text(&rows, i, 0));
        snprintf(standing->portfolio_id, UUID_SIZE, "%s", rows_text(&rows, i, 1));
        snprintf(standing->display_name, STANDING_NAME_SIZE, "%s", rows_text(&rows, i, 2));
        standing->has_value = rows.columns > 4 && !rows_is_null(&rows, i, 4);
        if (standing->has_value)
            standing->total_value = rows_decimal(&rows, i, 4, MONEY_SCALE);
    }
    *out_standings = standings;
    *out_count = rows.count;
    return true;
}

bool store_list_players(struct database *database,
                        struct arena *arena,
                        const char *competition_id,
                        struct standing **out_standings,
                        size_t *out_count,
                        struct error *error)
{
    const struct parameter parameter = parameter_text(competition_id);

    return take_standings(database, arena, &list_players, &parameter, 1, out_standings, out_count,
                          error);
}

bool store_list_assets(struct database *database,
                       struct arena *arena,
                       const char *competition_id,
                       struct competing_asset **out_assets,
                       size_t *out_count,
                       struct error *error)
{
    const struct parameter parameter = parameter_text(competition_id);
    struct competing_asset *assets = NULL;
    struct rows rows = {0};

    if (!database_query(database, arena, &list_assets, &parameter, 1, &rows, error))
        return false;
    assets = arena_allocate(arena, (rows.count + 1) * sizeof(*assets));
    if (assets == NULL)
        return out_of_budget(error);
    for (size_t i = 0; i < rows.count; i++) {
        const char *asset = rows_text(&rows, i, 1);
        bool is_cash = strcmp(asset, LEDGER_CURRENCY) == 0;

        assets[i] = (struct competing_asset){
            .portfolio_id = rows_text(&rows, i, 0),
            .asset = asset,
            .amount = rows_decimal(&rows, i, 2, is_cash ? MONEY_SCALE : QUANTITY_SCALE),
        };
    }
    *out_assets = assets;
    *out_count = rows.count;
    return true;
}

bool store_list_final(struct database *database,
                      struct arena *arena,
                      const char *competition_id,
                      int64_t ends_at,
                      struct standing **out_standings,
                      size_t *out_count,
                      struct error *error)
{
    const struct parameter parameters[] = {parameter_text(competition_id), parameter_time(ends_at)};

    return take_standings(database, arena, &list_final, parameters, COUNT_OF(parameters),
                          out_standings, out_count, error);
}

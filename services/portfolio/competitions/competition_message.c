// SPDX-License-Identifier: MIT
#include "competitions/competition_message.h"

#include <string.h>

#include "service/ownership.h"

static bool out_of_budget(struct error *error)
{
    return error_set(error, REASON_OUT_OF_MEMORY_BUDGET, "The answer needs too much memory.");
}

static Portfolio__CompetitionState state_of(const struct competition *competition, int64_t now)
{
    switch (competition_state_at(competition, now)) {
    case COMPETITION_UPCOMING:
        return PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_UPCOMING;
    case COMPETITION_RUNNING:
        return PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_RUNNING;
    case COMPETITION_ENDED:
        break;
    }
    return PORTFOLIO__COMPETITION_STATE__COMPETITION_STATE_ENDED;
}

// An API key for one portfolio knows nothing of another one of its user.
static bool may_know(const struct call *call, const struct competition *competition)
{
    const char *only = call->identity.portfolio_id;

    return only[0] == '\0' ||
           (competition->portfolio_id != NULL && strcmp(only, competition->portfolio_id) == 0);
}

bool competition_to_message(const struct competition *competition,
                            const struct call *call,
                            int64_t now,
                            Portfolio__Competition **out_message,
                            struct error *error)
{
    Portfolio__Competition *message = arena_allocate(call->arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__competition__init(message);
    message->id = arena_copy_string(call->arena, competition->id);
    if (message->id == NULL)
        return out_of_budget(error);
    message->name = competition->name;
    message->description = competition->description;
    message->has_cash_micros = true;
    message->cash_micros = competition->cash;
    message->has_starts_at = true;
    message->starts_at = competition->starts_at;
    message->has_ends_at = true;
    message->ends_at = competition->ends_at;
    message->has_state = true;
    message->state = state_of(competition, now);
    message->has_players = true;
    message->players = (uint32_t)competition->players;
    message->has_maximum_players = true;
    message->maximum_players = COMPETITION_PLAYERS_MAX;
    message->has_created_at = true;
    message->created_at = competition->created_at;
    if (may_know(call, competition)) {
        message->display_name = competition->display_name;
        message->portfolio_id = competition->portfolio_id;
    }
    *out_message = message;
    return true;
}

bool standing_to_message(const struct standing *standing,
                         const struct call *call,
                         Portfolio__Standing **out_message,
                         struct error *error)
{
    Portfolio__Standing *message = arena_allocate(call->arena, sizeof(*message));

    if (message == NULL)
        return out_of_budget(error);
    portfolio__standing__init(message);
    message->display_name = arena_copy_string(call->arena, standing->display_name);
    if (message->display_name == NULL)
        return out_of_budget(error);
    message->has_rank = standing->has_value;
    message->rank = (uint32_t)standing->rank;
    message->has_total_value_micros = standing->has_value;
    message->total_value_micros = standing->total_value;
    message->has_return_percent_micros = standing->has_return;
    message->return_percent_micros = standing->return_percent;
    message->has_joined_at = true;
    message->joined_at = standing->joined_at;
    message->has_is_own = true;
    message->is_own = strcmp(standing->user_id, call->identity.user_id) == 0;
    if (ownership_may_see(&call->identity, standing->user_id, standing->portfolio_id)) {
        message->user_id = arena_copy_string(call->arena, standing->user_id);
        message->portfolio_id = arena_copy_string(call->arena, standing->portfolio_id);
        if (message->user_id == NULL || message->portfolio_id == NULL)
            return out_of_budget(error);
    }
    *out_message = message;
    return true;
}

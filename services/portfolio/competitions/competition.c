// SPDX-License-Identifier: MIT
#include "competitions/competition.h"

#include <string.h>

#include "base/clock.h"

enum competition_state competition_state_at(const struct competition *competition, int64_t now)
{
    if (now >= competition->ends_at)
        return COMPETITION_ENDED;
    return now >= competition->starts_at ? COMPETITION_RUNNING : COMPETITION_UPCOMING;
}

int64_t competition_horizon(int64_t now)
{
    return now + COMPETITION_DAYS_MAX * MICROS_PER_DAY;
}

// The first session of that date or later; NULL for none.
static const struct session *find_from(const struct session_list *sessions, const char *day)
{
    for (size_t i = 0; i < sessions->count; i++) {
        if (strcmp(sessions->sessions[i].day, day) >= 0)
            return &sessions->sessions[i];
    }
    return NULL;
}

// The last session of that date or before; NULL for none.
static const struct session *find_until(const struct session_list *sessions, const char *day)
{
    for (size_t i = sessions->count; i-- > 0;) {
        if (strcmp(sessions->sessions[i].day, day) <= 0)
            return &sessions->sessions[i];
    }
    return NULL;
}

static bool check_dates(const char *first_day,
                        const char *last_day,
                        const struct session_list *sessions,
                        int64_t now,
                        struct error *error)
{
    const char *present = sessions->sessions[0].day;
    char latest[DATE_SIZE];

    error_clear(error);
    date_print(date_from_days(competition_horizon(now) / MICROS_PER_DAY), latest);
    if (first_day != NULL && strcmp(first_day, present) < 0)
        error_add_violation(error, "first_day",
                            "must not be before %s, the day of trading that closes next", present);
    if (strcmp(last_day, present) < 0)
        error_add_violation(error, "last_day",
                            "must not be before %s, the day of trading that closes next", present);
    else if (first_day != NULL && strcmp(last_day, first_day) < 0)
        error_add_violation(error, "last_day", "must not be before first_day");
    else if (strcmp(last_day, latest) >= 0)
        error_add_violation(error, "last_day", "must be within %d days from now, before %s",
                            COMPETITION_DAYS_MAX, latest);
    return error->code == CODE_OK;
}

bool competition_schedule(const char *first_day,
                          const char *last_day,
                          const struct session_list *sessions,
                          int64_t now,
                          int64_t *out_starts_at,
                          int64_t *out_ends_at,
                          struct error *error)
{
    const struct session *first = NULL;
    const struct session *last = NULL;

    error_clear(error);
    if (sessions->count == 0) {
        error_add_violation(error, "last_day", "must be a day that the market's calendar has");
        return false;
    }
    if (!check_dates(first_day, last_day, sessions, now, error))
        return false;
    first = first_day == NULL ? &sessions->sessions[0] : find_from(sessions, first_day);
    last = find_until(sessions, last_day);
    if (first == NULL || last == NULL || last->close < first->close) {
        error_add_violation(error, "last_day", "must leave a day of trading from first_day on");
        return false;
    }
    *out_starts_at = first_day == NULL || first->open < now ? now : first->open;
    *out_ends_at = last->close;
    return true;
}

static bool
refuse(enum reason reason, const char *what, const char *name, int64_t time, struct error *error)
{
    char text[TIMESTAMP_SIZE];

    timestamp_print(time, text);
    error_fill(error, reason, "%s %s.", what, text);
    error_add_number(error, name, "%s", text);
    return false;
}

bool competition_check_join(const struct competition *competition, int64_t now, struct error *error)
{
    if (competition->display_name != NULL)
        return error_set(error, REASON_ALREADY_JOINED, "You have joined this competition as %s.",
                         competition->display_name);
    if (competition_state_at(competition, now) == COMPETITION_ENDED)
        return refuse(REASON_COMPETITION_ENDED, "The competition has ended at", "ends_at",
                      competition->ends_at, error);
    if (competition->players < COMPETITION_PLAYERS_MAX)
        return true;
    error_set(error, REASON_LIMIT_EXCEEDED,
              "%zu have joined the competition, and no more than %d can.", competition->players,
              COMPETITION_PLAYERS_MAX);
    error_add_number(error, "players", "%zu", competition->players);
    error_add_number(error, "maximum", "%d", COMPETITION_PLAYERS_MAX);
    return false;
}

bool competition_leaves_free(const struct portfolio_record *record,
                             int64_t now,
                             struct error *error)
{
    return record->competition_id[0] == '\0' || now >= record->competes_until ||
           refuse(REASON_IN_COMPETITION,
                  "The portfolio is part of a competition, so only trading may change it until",
                  "ends_at", record->competes_until, error);
}

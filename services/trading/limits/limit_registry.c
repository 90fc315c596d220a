// SPDX-License-Identifier: MIT
#include "limits/limit_registry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"

enum {
    BUCKETS_FIRST = 64,
    FOLLOW_BUDGET = 16 * 1024 * 1024,
    // Orders that were on their way when trading was halted come to rest within this, or are
    // canceled by whoever takes them up later.
    CANCEL_FOR_MS = 5000,
};

struct halt {
    struct halt_record record; // without its note
    int64_t cancels_until_ms;  // monotonic
};

// What there is of a portfolio, a user, or for all.
struct entry {
    struct entry *next; // in the bucket
    char subject[UUID_SIZE];
    struct trading_limits limits; // its own; the lists are allocated
    bool has_limits;
    struct halt *halts[HALT_BY_COUNT]; // NULL for none so far
};

struct limit_registry {
    pthread_mutex_t following; // one at a time; guards the arena, and is taken before the other
    struct arena *arena;
    pthread_rwlock_t lock; // guards what follows
    struct entry **buckets;
    size_t bucket_count; // a power of two
    size_t entry_count;
    struct trading_limits defaults; // the lists are allocated
    struct trading_limits ceilings;
    int64_t revision;
    int64_t resumptions;
    atomic_size_t halted; // halts in effect
};

static const struct trading_limits none = {.allowed_symbols = "", .forbidden_symbols = ""};

struct limit_registry *limit_registry_new(void)
{
    struct limit_registry *registry = allocate(sizeof(*registry));

    registry->arena = arena_new(FOLLOW_BUDGET);
    registry->bucket_count = BUCKETS_FIRST;
    registry->buckets = allocate_array(BUCKETS_FIRST, sizeof(struct entry *));
    registry->defaults = registry->ceilings = none;
    registry->revision = -1;
    pthread_mutex_init(&registry->following, NULL);
    pthread_rwlock_init(&registry->lock, NULL);
    return registry;
}

static void limits_clear(struct trading_limits *limits)
{
    // An empty list is a constant.
    if (limits->allowed_symbols[0] != '\0')
        release((void *)(uintptr_t)limits->allowed_symbols);
    if (limits->forbidden_symbols[0] != '\0')
        release((void *)(uintptr_t)limits->forbidden_symbols);
    *limits = none;
}

static const char *keep_list(const char *list)
{
    size_t size = strlen(list) + 1;
    char *copy = NULL;

    if (list[0] == '\0')
        return "";
    copy = allocate(size);
    memcpy(copy, list, size);
    return copy;
}

static void limits_set(struct trading_limits *limits, const struct trading_limits *source)
{
    limits_clear(limits);
    *limits = *source;
    limits->allowed_symbols = keep_list(source->allowed_symbols);
    limits->forbidden_symbols = keep_list(source->forbidden_symbols);
}

static void entry_free(struct entry *entry)
{
    limits_clear(&entry->limits);
    for (size_t i = 0; i < COUNT_OF(entry->halts); i++)
        release(entry->halts[i]);
    release(entry);
}

void limit_registry_free(struct limit_registry **registry)
{
    struct limit_registry *one = *registry;

    if (one == NULL)
        return;
    for (size_t i = 0; i < one->bucket_count; i++) {
        struct entry *next = NULL;

        for (struct entry *entry = one->buckets[i]; entry != NULL; entry = next) {
            next = entry->next;
            entry_free(entry);
        }
    }
    limits_clear(&one->defaults);
    limits_clear(&one->ceilings);
    arena_free(&one->arena);
    pthread_mutex_destroy(&one->following);
    pthread_rwlock_destroy(&one->lock);
    release(one->buckets);
    release(one);
    *registry = NULL;
}

static struct entry **bucket_of(const struct limit_registry *registry, const char *subject)
{
    uint64_t hash = checksum_add(CHECKSUM_START, text_of(subject));

    hash ^= hash >> 32;
    return &registry->buckets[hash & (registry->bucket_count - 1)];
}

static struct entry *find(const struct limit_registry *registry, const char *subject)
{
    struct entry *entry = *bucket_of(registry, subject);

    while (entry != NULL && strcmp(entry->subject, subject) != 0)
        entry = entry->next;
    return entry;
}

static void grow(struct limit_registry *registry)
{
    struct entry **before = registry->buckets;
    size_t count = registry->bucket_count;

    registry->bucket_count = 2 * count;
    registry->buckets = allocate_array(registry->bucket_count, sizeof(struct entry *));
    for (size_t i = 0; i < count; i++) {
        struct entry *next = NULL;

        for (struct entry *entry = before[i]; entry != NULL; entry = next) {
            struct entry **bucket = bucket_of(registry, entry->subject);

            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    }
    release(before);
}

static struct entry *make(struct limit_registry *registry, const char *subject)
{
    struct entry *entry = find(registry, subject);
    struct entry **bucket = NULL;

    if (entry != NULL)
        return entry;
    if (registry->entry_count >= registry->bucket_count)
        grow(registry);
    bucket = bucket_of(registry, subject);
    entry = allocate(sizeof(*entry));
    entry->limits = none;
    snprintf(entry->subject, sizeof(entry->subject), "%s", subject);
    entry->next = *bucket;
    *bucket = entry;
    registry->entry_count++;
    return entry;
}

static void take_limits(struct limit_registry *registry, const struct limit_record *record)
{
    struct entry *entry = NULL;

    if (record->kind == LIMIT_DEFAULT) {
        limits_set(&registry->defaults, &record->limits);
    } else if (record->kind == LIMIT_CEILING) {
        limits_set(&registry->ceilings, &record->limits);
    } else {
        entry = make(registry, record->subject);
        limits_set(&entry->limits, &record->limits);
        entry->has_limits = true;
    }
}

static void take_halt(struct limit_registry *registry, const struct halt_record *record)
{
    struct entry *entry = make(registry, record->subject);
    struct halt *halt = entry->halts[record->by];
    bool was_halted = halt != NULL && halt->record.is_halted;

    if (halt == NULL)
        halt = entry->halts[record->by] = allocate(sizeof(*halt));
    halt->record = *record;
    halt->record.note = NULL;
    halt->cancels_until_ms = clock_monotonic_us() / MICROS_PER_MS + CANCEL_FOR_MS;
    if (record->is_halted && !was_halted)
        atomic_fetch_add(&registry->halted, 1);
    if (!record->is_halted && was_halted) {
        atomic_fetch_sub(&registry->halted, 1);
        registry->resumptions++;
    }
}

static bool follow_limits(struct limit_registry *registry,
                          struct database *database,
                          int64_t after,
                          struct error *error)
{
    struct limit_record *records = NULL;
    size_t count = 0;

    do {
        arena_reset(registry->arena);
        if (!limit_store_list_limits(database, registry->arena, after, &records, &count, error))
            return false;
        pthread_rwlock_wrlock(&registry->lock);
        for (size_t i = 0; i < count; i++) {
            take_limits(registry, &records[i]);
            after = records[i].limits.revision;
        }
        pthread_rwlock_unlock(&registry->lock);
    } while (count == LIMIT_STORE_PAGE);
    return true;
}

static bool follow_halts(struct limit_registry *registry,
                         struct database *database,
                         int64_t after,
                         struct error *error)
{
    struct halt_record *records = NULL;
    size_t count = 0;

    do {
        arena_reset(registry->arena);
        if (!limit_store_list_halts(database, registry->arena, after, &records, &count, error))
            return false;
        pthread_rwlock_wrlock(&registry->lock);
        for (size_t i = 0; i < count; i++) {
            take_halt(registry, &records[i]);
            after = records[i].revision;
        }
        pthread_rwlock_unlock(&registry->lock);
    } while (count == LIMIT_STORE_PAGE);
    return true;
}

// What is changed after the revision that is read first has a greater one, and is taken the next
// time, too.
static bool follow(struct limit_registry *registry, struct database *database, struct error *error)
{
    int64_t known = limit_registry_revision(registry);
    int64_t latest = 0;

    arena_reset(registry->arena);
    if (!limit_store_revision(database, registry->arena, &latest, error))
        return false;
    if (latest == known)
        return true;
    if (!follow_limits(registry, database, known, error) ||
        !follow_halts(registry, database, known, error))
        return false;
    pthread_rwlock_wrlock(&registry->lock);
    registry->revision = latest;
    pthread_rwlock_unlock(&registry->lock);
    return true;
}

bool limit_registry_follow(struct limit_registry *registry,
                           struct database *database,
                           struct error *error)
{
    bool done = false;

    pthread_mutex_lock(&registry->following);
    done = follow(registry, database, error);
    pthread_mutex_unlock(&registry->following);
    return done;
}

int64_t limit_registry_revision(struct limit_registry *registry)
{
    int64_t revision = 0;

    pthread_rwlock_rdlock(&registry->lock);
    revision = registry->revision;
    pthread_rwlock_unlock(&registry->lock);
    return revision;
}

int64_t limit_registry_resumptions(struct limit_registry *registry)
{
    int64_t resumptions = 0;

    pthread_rwlock_rdlock(&registry->lock);
    resumptions = registry->resumptions;
    pthread_rwlock_unlock(&registry->lock);
    return resumptions;
}

// What meets at a portfolio. Good as long as the lock is held.
static struct limits_in_force limits_of(const struct limit_registry *registry,
                                        const char *portfolio_id)
{
    const struct entry *entry = find(registry, portfolio_id);
    bool has_own = entry != NULL && entry->has_limits;

    return (struct limits_in_force){
        .own = has_own ? entry->limits : registry->defaults,
        .own_source = has_own ? LIMIT_OWN : LIMIT_DEFAULT,
        .ceiling = registry->ceilings,
    };
}

struct limit limit_registry_limit(struct limit_registry *registry,
                                  const char *portfolio_id,
                                  enum limit_kind kind)
{
    struct limits_in_force limits;
    struct limit limit;

    pthread_rwlock_rdlock(&registry->lock);
    limits = limits_of(registry, portfolio_id);
    limit = limit_in_force(&limits, kind);
    pthread_rwlock_unlock(&registry->lock);
    return limit;
}

// Of several halts that of an administrator is told, and of those the widest.
static const struct halt *halt_of(const struct limit_registry *registry, const char *subject)
{
    const struct entry *entry = find(registry, subject);
    const struct halt *found = NULL;

    for (size_t by = 0; entry != NULL && by < HALT_BY_COUNT; by++) {
        const struct halt *halt = entry->halts[by];

        if (halt != NULL && halt->record.is_halted)
            found = halt;
    }
    return found;
}

void limit_registry_say_halt(const struct halt_record *halt, struct error *error)
{
    static const char *const whats[HALT_SCOPE_COUNT] = {
        [HALT_PORTFOLIO] = "in this portfolio",
        [HALT_USER] = "in all portfolios of this user",
        [HALT_PLATFORM] = "on the whole platform",
    };
    bool is_own = halt->by == HALT_BY_OWNER;

    error_set(error, REASON_TRADING_HALTED, "Trading %s has been halted by %s. %s",
              whats[halt->scope], is_own ? "its owner" : "an administrator",
              is_own ? "Its owner, logged in, or an administrator can lift the halt."
                     : "Only an administrator can lift the halt.");
    error_add_number(error, "scope", "%s", halt_scope_name(halt->scope));
    error_add_number(error, "halted_by", "%s", halt_by_name(halt->by));
}

static bool find_halt(const struct limit_registry *registry,
                      const char *portfolio_id,
                      const char *user_id,
                      struct error *error)
{
    const char *const subjects[] = {LIMIT_STORE_ALL, user_id, portfolio_id};
    const struct halt *halt = NULL;

    for (size_t i = 0; i < COUNT_OF(subjects) && halt == NULL; i++)
        halt = halt_of(registry, subjects[i]);
    if (halt == NULL)
        return false;
    limit_registry_say_halt(&halt->record, error);
    return true;
}

bool limit_registry_is_halted(struct limit_registry *registry,
                              const char *portfolio_id,
                              const char *user_id,
                              struct error *error)
{
    bool is_halted = false;

    // A test of what comes before has no registry.
    if (registry == NULL || atomic_load(&registry->halted) == 0)
        return false;
    pthread_rwlock_rdlock(&registry->lock);
    is_halted = find_halt(registry, portfolio_id, user_id, error);
    pthread_rwlock_unlock(&registry->lock);
    return is_halted;
}

bool limit_registry_check(struct limit_registry *registry,
                          const struct order *order,
                          int64_t value,
                          struct error *error)
{
    struct limits_in_force limits;
    bool may = false;

    if (limit_registry_is_halted(registry, order->portfolio_id, order->user_id, error))
        return false;
    pthread_rwlock_rdlock(&registry->lock);
    limits = limits_of(registry, order->portfolio_id);
    may = limit_check_order(&limits, order, value, error);
    pthread_rwlock_unlock(&registry->lock);
    return may;
}

static int64_t resumed_at(const struct limit_registry *registry, const char *subject)
{
    const struct entry *entry = find(registry, subject);
    int64_t latest = 0;

    for (size_t by = 0; entry != NULL && by < HALT_BY_COUNT; by++) {
        const struct halt *halt = entry->halts[by];

        if (halt != NULL && !halt->record.is_halted && halt->record.at > latest)
            latest = halt->record.at;
    }
    return latest;
}

int64_t limit_registry_blind_until(struct limit_registry *registry,
                                   const char *portfolio_id,
                                   const char *user_id,
                                   int64_t now)
{
    const char *const subjects[] = {LIMIT_STORE_ALL, user_id, portfolio_id};
    int64_t latest = 0;
    struct error error;

    if (limit_registry_is_halted(registry, portfolio_id, user_id, &error))
        return now;
    pthread_rwlock_rdlock(&registry->lock);
    for (size_t i = 0; i < COUNT_OF(subjects); i++) {
        int64_t at = resumed_at(registry, subjects[i]);

        if (at > latest)
            latest = at;
    }
    pthread_rwlock_unlock(&registry->lock);
    return latest;
}

static bool is_canceling(const struct halt *halt, int64_t now_ms)
{
    return halt != NULL && halt->record.is_halted && halt->record.cancels_orders &&
           now_ms < halt->cancels_until_ms;
}

// Takes the first of the entry's halts that cancel and come after that revision, if it is before
// the one that has been found.
static bool take_canceling(const struct entry *entry,
                           int64_t after_revision,
                           bool has_found,
                           struct halt_record *out_halt)
{
    int64_t now_ms = clock_monotonic_us() / MICROS_PER_MS;

    for (size_t by = 0; by < HALT_BY_COUNT; by++) {
        const struct halt *halt = entry->halts[by];

        if (!is_canceling(halt, now_ms) || halt->record.revision <= after_revision ||
            (has_found && halt->record.revision > out_halt->revision))
            continue;
        *out_halt = halt->record;
        has_found = true;
    }
    return has_found;
}

bool limit_registry_next_canceling(struct limit_registry *registry,
                                   int64_t after_revision,
                                   struct halt_record *out_halt)
{
    bool found = false;

    if (atomic_load(&registry->halted) == 0)
        return false;
    pthread_rwlock_rdlock(&registry->lock);
    for (size_t i = 0; i < registry->bucket_count; i++)
        for (const struct entry *entry = registry->buckets[i]; entry != NULL; entry = entry->next)
            found = take_canceling(entry, after_revision, found, out_halt);
    pthread_rwlock_unlock(&registry->lock);
    return found;
}

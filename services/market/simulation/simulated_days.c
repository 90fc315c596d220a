// SPDX-License-Identifier: MIT
#include "simulation/simulated_days.h"

#include "simulation/simulation_math.h"

#include <pthread.h>
#include <string.h>

struct block {
    uint64_t key;
    int64_t number;
    uint64_t present; // a bit a day
    struct timed_bar days[SIMULATED_DAYS_BLOCK];
};

struct simulated_days {
    pthread_mutex_t lock; // held to copy one bar
    struct block *blocks[SIMULATED_DAYS_BLOCKS];
};

struct simulated_days *simulated_days_new(void)
{
    struct simulated_days *days = allocate(sizeof *days);

    (void)pthread_mutex_init(&days->lock, NULL);
    return days;
}

void simulated_days_free(struct simulated_days **days)
{
    if (*days == NULL)
        return;
    for (size_t i = 0; i < SIMULATED_DAYS_BLOCKS; i++)
        release((*days)->blocks[i]);
    (void)pthread_mutex_destroy(&(*days)->lock);
    release(*days);
    *days = NULL;
}

static uint64_t mix_text(uint64_t value, const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        value = simulation_mix(value ^ (unsigned char)*at);
    return simulation_mix(value + SIMULATION_GOLDEN);
}

uint64_t simulated_days_key(const struct simulated_symbol *symbol,
                            const struct split *splits,
                            size_t split_count)
{
    uint64_t key = mix_text(mix_text(SIMULATION_GOLDEN, symbol->ticker), symbol->sector);

    key = simulation_mix(key ^ (uint64_t)symbol->price_micros);
    key = simulation_mix(key ^ (uint64_t)symbol->volatility_basis_points);
    for (size_t i = 0; i < split_count; i++) {
        key = simulation_mix(key ^ (uint64_t)splits[i].day);
        key = simulation_mix(key ^ (uint64_t)splits[i].numerator);
        key = simulation_mix(key ^ (uint64_t)splits[i].denominator);
    }
    return key;
}

static struct block **block_of(struct simulated_days *days, uint64_t key, int64_t number)
{
    return &days->blocks[simulation_mix(key ^ (uint64_t)number) % SIMULATED_DAYS_BLOCKS];
}

bool simulated_days_find(struct simulated_days *days,
                         uint64_t key,
                         int64_t day,
                         struct timed_bar *out_bar)
{
    int64_t number = day / SIMULATED_DAYS_BLOCK, index = day % SIMULATED_DAYS_BLOCK;
    const struct block *block;
    bool is_there;

    (void)pthread_mutex_lock(&days->lock);
    block = *block_of(days, key, number);
    is_there = block != NULL && block->key == key && block->number == number &&
               (block->present >> index & 1) != 0;
    if (is_there)
        *out_bar = block->days[index];
    (void)pthread_mutex_unlock(&days->lock);
    return is_there;
}

void simulated_days_put(struct simulated_days *days,
                        uint64_t key,
                        int64_t day,
                        const struct timed_bar *bar)
{
    int64_t number = day / SIMULATED_DAYS_BLOCK, index = day % SIMULATED_DAYS_BLOCK;
    struct block **block;

    (void)pthread_mutex_lock(&days->lock);
    block = block_of(days, key, number);
    if (*block == NULL)
        *block = allocate(sizeof **block);
    if ((*block)->key != key || (*block)->number != number) {
        (*block)->key = key;
        (*block)->number = number;
        (*block)->present = 0;
    }
    (*block)->days[index] = *bar;
    (*block)->present |= UINT64_C(1) << index;
    (void)pthread_mutex_unlock(&days->lock);
}

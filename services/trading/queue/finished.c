// SPDX-License-Identifier: MIT
#include "queue/finished.h"

#include <pthread.h>
#include <string.h>

enum { CAPACITY = 4096 };

struct finished {
    pthread_mutex_t lock; // guards what follows
    size_t count;
    struct store_finished tasks[CAPACITY];
};

struct finished *finished_new(void)
{
    struct finished *finished = allocate(sizeof(*finished));

    pthread_mutex_init(&finished->lock, NULL);
    return finished;
}

void finished_free(struct finished **finished)
{
    if (*finished == NULL)
        return;
    pthread_mutex_destroy(&(*finished)->lock);
    release(*finished);
    *finished = NULL;
}

void finished_add(struct finished *finished, const struct store_finished *task)
{
    pthread_mutex_lock(&finished->lock);
    if (finished->count < CAPACITY)
        finished->tasks[finished->count++] = *task;
    pthread_mutex_unlock(&finished->lock);
}

size_t finished_take(struct finished *finished, struct store_finished *out_tasks, size_t capacity)
{
    size_t count = 0;

    pthread_mutex_lock(&finished->lock);
    count = finished->count < capacity ? finished->count : capacity;
    // From the end, so that nothing has to be moved up.
    finished->count -= count;
    memcpy(out_tasks, &finished->tasks[finished->count], count * sizeof(*out_tasks));
    pthread_mutex_unlock(&finished->lock);
    return count;
}

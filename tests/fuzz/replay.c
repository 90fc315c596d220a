// SPDX-License-Identifier: MIT
// replay: libFuzzer's place in builds without it. Feeds every file of a folder to the function
// under test, and a fixed number of changed copies of each, the same ones every time:
//
//     fuzz_json tests/fuzz/seeds/json last_input
//
// Each input is written to the second file before it is fed, so that whatever ends the program
// leaves the bytes behind; the file is removed when all went well.
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

enum {
    FILES_MAX = 256,
    FILE_SIZE_MAX = 64 * 1024,
    CHANGES = 150,    // of each file
    CHANGES_EACH = 4, // at most, one on top of the other
    GROWTH_MAX = 64,  // bytes that one change can add
    NAME_SIZE = 512,
};

struct input {
    char name[NAME_SIZE];
    uint8_t *data;
    size_t size;
};

static uint32_t next_random(uint64_t *state)
{
    // PCG's multiplier; the upper half is random enough to choose places with.
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 32);
}

static bool is_before(const struct input *one, const struct input *other)
{
    return strcmp(one->name, other->name) < 0;
}

// Reads the whole file; false when it is no file, or too large to be a seed.
static bool read_file(const char *folder, const char *name, struct input *out_input)
{
    FILE *file = NULL;

    if (snprintf(out_input->name, NAME_SIZE, "%s/%s", folder, name) >= NAME_SIZE)
        return false;
    file = fopen(out_input->name, "rb");
    if (file == NULL)
        return false;
    out_input->data = allocate(FILE_SIZE_MAX + 1);
    out_input->size = fread(out_input->data, 1, FILE_SIZE_MAX + 1, file);
    if (ferror(file) != 0 || out_input->size > FILE_SIZE_MAX) {
        release(out_input->data);
        out_input->data = NULL;
    }
    fclose(file);
    return out_input->data != NULL;
}

// Reads the files in the order of their names, so that every run is the same.
static size_t read_folder(const char *folder, struct input inputs[FILES_MAX])
{
    DIR *directory = opendir(folder);
    const struct dirent *entry = NULL;
    size_t count = 0;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        struct input input;
        size_t at = count;

        if (entry->d_name[0] == '.')
            continue;
        if (count == FILES_MAX || !read_file(folder, entry->d_name, &input)) {
            fprintf(stderr, "replay: %s/%s cannot be read, or is one too many\n", folder,
                    entry->d_name);
            exit(2);
        }
        for (; at > 0 && is_before(&input, &inputs[at - 1]); at--)
            inputs[at] = inputs[at - 1];
        inputs[at] = input;
        count++;
    }
    if (directory != NULL)
        closedir(directory);
    return count;
}

// Feeds a copy of just that size, so that reading past its end is noticed.
static void feed(int last_input, const uint8_t *data, size_t size)
{
    uint8_t *exact = allocate(size > 0 ? size : 1);

    if (size > 0)
        memcpy(exact, data, size);
    if (ftruncate(last_input, 0) != 0 || pwrite(last_input, data, size, 0) != (ssize_t)size) {
        fprintf(stderr, "replay: the input cannot be written down\n");
        exit(2);
    }
    (void)LLVMFuzzerTestOneInput(exact, size);
    release(exact);
}

static void insert(uint8_t *data, size_t *size, size_t at, const uint8_t *what, size_t length)
{
    uint8_t copied[GROWTH_MAX];

    // What is inserted may lie in what moves.
    memcpy(copied, what, length);
    memmove(data + at + length, data + at, *size - at);
    memcpy(data + at, copied, length);
    *size += length;
}

// One change. `data` has room for GROWTH_MAX more bytes.
static void change(uint8_t *data, size_t *size, const struct input *other, uint64_t *random)
{
    static const uint8_t telling[] = "\0\n\r\t \"%&+,-./0:;=?@\\{}[]9AZaz\x7f\x80\xff";
    size_t at = *size > 0 ? next_random(random) % *size : 0;
    size_t from = other->size > 0 ? next_random(random) % other->size : 0;
    size_t length = 1 + next_random(random) % GROWTH_MAX;
    uint8_t byte = telling[next_random(random) % (sizeof telling - 1)];

    switch (next_random(random) % 6) {
    case 0:
        if (*size > 0)
            data[at] = (uint8_t)(data[at] ^ (1u << next_random(random) % 8));
        break;
    case 1:
        if (*size > 0)
            data[at] = byte;
        break;
    case 2:
        insert(data, size, at, &byte, 1);
        break;
    case 3:
        length = length < *size - at ? length : *size - at;
        memmove(data + at, data + at + length, *size - at - length);
        *size -= length;
        break;
    case 4:
        insert(data, size, at, data + at, length < *size - at ? length : *size - at);
        break;
    default:
        insert(data, size, at, other->data + from,
               length < other->size - from ? length : other->size - from);
        break;
    }
}

static void feed_changed(int last_input, const struct input inputs[], size_t count, size_t which)
{
    uint8_t *data = allocate(FILE_SIZE_MAX + CHANGES_EACH * GROWTH_MAX);
    uint64_t random = which + 1;

    for (size_t i = 0; i < CHANGES; i++) {
        size_t size = inputs[which].size;
        size_t changes = 1 + next_random(&random) % CHANGES_EACH;

        memcpy(data, inputs[which].data, size);
        while (changes-- > 0)
            change(data, &size, &inputs[next_random(&random) % count], &random);
        feed(last_input, data, size);
    }
    release(data);
}

int main(int argc, char **argv)
{
    struct input *inputs = allocate_array(FILES_MAX, sizeof *inputs);
    size_t count = argc == 3 ? read_folder(argv[1], inputs) : 0;
    int last_input = count > 0 ? open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644) : -1;

    if (last_input < 0) {
        fprintf(stderr, "replay: needs a folder with seeds, and a file for the last input\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++)
        feed(last_input, inputs[i].data, inputs[i].size);
    for (size_t i = 0; i < count; i++)
        feed_changed(last_input, inputs, count, i);
    for (size_t i = 0; i < count; i++)
        release(inputs[i].data);
    release(inputs);
    close(last_input);
    unlink(argv[2]);
    printf("%zu seeds and %zu changes of them\n", count, count * CHANGES);
    return 0;
}

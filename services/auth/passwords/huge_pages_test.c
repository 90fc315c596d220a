// SPDX-License-Identifier: MIT
#include "base/base.h"
#include "support/test.h"

#include <dlfcn.h>
#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE_SIZE = 512, ARGON2_SIZE = 19456 * 1024, TIMES = 64, HUGE_PAGE = 2 * 1024 * 1024 };

// What /proc/self/smaps says of a piece of memory.
struct piece {
    size_t bytes; // mapped of the range that was asked about
    bool is_huge; // huge pages were asked for, for all of it
};

static bool has_huge_pages(void)
{
    return access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0;
}

static struct piece look_at(const void *memory, size_t length)
{
    FILE *file = fopen("/proc/self/smaps", "r");
    uintptr_t from = (uintptr_t)memory;
    struct piece piece = {.is_huge = true};
    bool is_in = false;
    char line[LINE_SIZE];

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long start = 0;
        unsigned long end = 0;
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
            start = start > from ? start : from;
            end = end < from + length ? end : from + length;
            is_in = start < end;
            piece.bytes += is_in ? end - start : 0;
        } else if (is_in && strncmp(line, "VmFlags:", 8) == 0) {
            piece.is_huge = piece.is_huge && strstr(line, " hg") != NULL;
        }
    }
    fclose(file);
    return piece;
}

static void *map(size_t length)
{
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE,
                        MAP_ANONYMOUS | MAP_PRIVATE | MAP_POPULATE, -1, 0);

    assert_true(memory != MAP_FAILED);
    return memory;
}

static void large_memory_asks_for_huge_pages(void **state)
{
    char *memory = map(ARGON2_SIZE + 63);
    struct piece piece = look_at(memory, ARGON2_SIZE + 63);

    (void)state;
    assert_int_equal((uintptr_t)memory % HUGE_PAGE, 0);
    assert_int_equal(piece.bytes, ARGON2_SIZE + 63);
    assert_int_equal(piece.is_huge, has_huge_pages());
    // It is there, to the last byte, and empty.
    for (size_t i = 0; i < ARGON2_SIZE + 63; i++)
        assert_int_equal(memory[i], 0);
    memset(memory, 1, ARGON2_SIZE + 63);
    assert_int_equal(munmap(memory, ARGON2_SIZE + 63), 0);
}

static size_t bytes_mapped(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void nothing_of_it_is_left_when_it_is_unmapped(void **state)
{
    size_t before = bytes_mapped();

    (void)state;
    for (int i = 0; i < TIMES; i++)
        assert_int_equal(munmap(map(ARGON2_SIZE + 63), ARGON2_SIZE + 63), 0);
    // Of each, up to a huge page was mapped that lies around it.
    assert_true(bytes_mapped() < before + TIMES / 4 * HUGE_PAGE);
}

static void small_memory_and_files_are_mapped_as_ever(void **state)
{
    char *memory = map(4096);
    FILE *file = tmpfile();
    char *of_file = NULL;

    (void)state;
    assert_non_null(file);
    assert_int_equal(ftruncate(fileno(file), 8 * HUGE_PAGE), 0);
    of_file = mmap(NULL, 8 * HUGE_PAGE, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    assert_true(of_file != MAP_FAILED);
    assert_false(look_at(memory, 4096).is_huge);
    assert_false(look_at(of_file, 8 * HUGE_PAGE).is_huge);
    assert_int_equal(munmap(memory, 4096), 0);
    assert_int_equal(munmap(of_file, 8 * HUGE_PAGE), 0);
    fclose(file);
}

// What libsodium is given when it asks for mmap.
static void libraries_find_this_mmap_first(void **state)
{
    void *program = dlopen(NULL, RTLD_NOW);
    void *found = NULL;
    char *memory = NULL;
    void *(*found_mmap)(void *, size_t, int, int, int, off_t) = NULL;

    (void)state;
    assert_non_null(program);
    assert_true(sodium_init() >= 0);
    found = dlsym(program, "mmap");
    assert_non_null(found);
    memcpy(&found_mmap, &found, sizeof found_mmap);
    memory = found_mmap(NULL, ARGON2_SIZE, PROT_READ, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    assert_int_equal(look_at(memory, ARGON2_SIZE).is_huge, has_huge_pages());
    assert_int_equal(munmap(memory, ARGON2_SIZE), 0);
    dlclose(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_memory_asks_for_huge_pages),
        cmocka_unit_test(nothing_of_it_is_left_when_it_is_unmapped),
        cmocka_unit_test(small_memory_and_files_are_mapped_as_ever),
        cmocka_unit_test(libraries_find_this_mmap_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

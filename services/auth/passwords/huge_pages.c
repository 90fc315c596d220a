// SPDX-License-Identifier: MIT
// huge_pages: linked into a program (target bourse_huge_pages), this gives large memory huge pages.
//
// libsodium maps the memory of each Argon2id hash and unmaps it afterwards, and has no way to be
// given memory. With pages of 4 KiB the kernel's clearing and mapping of 19 MiB took 40 % of a
// hash, and held up every core; with pages of 2 MiB it is a tenth. Most systems give huge pages
// only to who asks (transparent_hugepage/enabled: madvise). So we ask: libsodium finds this mmap
// before the C library's, because a program comes first in the search for a symbol. Where there are
// no huge pages the kernel gives small ones, and nothing else changes.
//
// Threads: any. Memory: what is mapped is unmapped by its caller as usual, and cleared by the
// kernel, so no password's traces are left for the next hash.
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 * 1024 * 1024)

// The C library's other name for mmap where off_t has 64 bits; nobody replaces it.
extern void *
mmap64(void *address, size_t length, int protection, int flags, int file, off_t offset);

static bool is_worth_it(const void *address, size_t length, int flags, int file)
{
    const int wanted = MAP_ANONYMOUS | MAP_PRIVATE;

    // Stacks are made by the C library itself; nobody else maps so much at once.
    return address == NULL && file == -1 && (flags & wanted) == wanted &&
           (flags & (MAP_FIXED | MAP_NORESERVE | MAP_STACK)) == 0 && length >= 2 * HUGE_PAGE &&
           length <= SIZE_MAX - 2 * HUGE_PAGE;
}

static void unmap(char *from, size_t length)
{
    // Of a map that was just made: it does not fail, and would only be memory that nobody uses.
    if (length > 0)
        (void)munmap(from, length);
}

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole = (length + page - 1) / page * page;
    size_t room = whole + HUGE_PAGE;
    size_t ahead = 0;
    char *mapped = NULL;

    if (!is_worth_it(address, length, flags, file))
        return mmap64(address, length, protection, flags, file, offset);
    // Not populated at once: that would be with small pages, before there is a chance to ask.
    mapped = mmap64(NULL, room, protection, flags & ~MAP_POPULATE, -1, 0);
    if (mapped == MAP_FAILED)
        return mapped;
    // Huge pages begin at multiples of their size: what lies around is given back.
    ahead = (HUGE_PAGE - (uintptr_t)mapped % HUGE_PAGE) % HUGE_PAGE;
    unmap(mapped, ahead);
    unmap(mapped + ahead + whole, room - ahead - whole);
    (void)madvise(mapped + ahead, whole, MADV_HUGEPAGE);
    return mapped + ahead;
}

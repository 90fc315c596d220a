// SPDX-License-Identifier: MIT
#define _XOPEN_SOURCE 700 // nftw belongs to the X/Open extension of POSIX
#include "support/postgres.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PATH_SIZE = 256,
    MADE_SIZE = 1024,
    URLS_MAX = 8,
    START_TIMEOUT_MS = 30 * 1000,
    POLL_MS = 10
};

struct postgres {
    char programs[PATH_SIZE]; // the folder of initdb and postgres
    char folder[PATH_SIZE];
    char data[PATH_SIZE + 8];
    char urls[URLS_MAX][PATH_SIZE + 64];
    pid_t server;
};

PRINTF_LIKE(1, 2)
static _Noreturn void give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static void find_programs(struct postgres *postgres)
{
    glob_t found = {0};
    FILE *pipe = NULL;
    size_t length = 0;
    char initdb[PATH_SIZE + 16];

    // The names sort by version as long as that has two digits, which holds until PostgreSQL 100.
    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0)
        snprintf(postgres->programs, PATH_SIZE, "%.*s",
                 (int)(strrchr(found.gl_pathv[found.gl_pathc - 1], '/') -
                       found.gl_pathv[found.gl_pathc - 1]),
                 found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    if (postgres->programs[0] != '\0')
        return;
    pipe = popen("pg_config --bindir", "r");
    if (pipe != NULL) {
        length = fread(postgres->programs, 1, PATH_SIZE - 1, pipe);
        pclose(pipe);
    }
    postgres->programs[length] = '\0';
    postgres->programs[strcspn(postgres->programs, "\n")] = '\0';
    snprintf(initdb, sizeof initdb, "%s/initdb", postgres->programs);
    if (access(initdb, X_OK) != 0)
        give_up("PostgreSQL's initdb is not on this machine: install the package postgresql.");
}

// PostgreSQL refuses to run as root.
static const struct passwd *server_user(void)
{
    const struct passwd *user = NULL;

    if (geteuid() != 0)
        return NULL;
    user = getpwnam("postgres");
    if (user == NULL)
        give_up("There is no user postgres to run PostgreSQL as.");
    return user;
}

// Runs a program as that user, or as who runs the test, with its output in a file of the folder.
static pid_t
start_program(struct postgres *postgres, const struct passwd *user, char *const arguments[])
{
    char log[PATH_SIZE + 16];
    pid_t parent = getpid();
    pid_t child = 0;

    snprintf(log, sizeof log, "%s/log", postgres->folder);
    child = fork();
    if (child < 0)
        give_up("fork failed: %s", strerror(errno));
    if (child > 0)
        return child;
    // Opened before the user changes: neither may be able to open what the other has made.
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (user != NULL &&
        (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
        _exit(126);
    // The kernel ends it when the test program dies, even by kill -9.
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (getppid() != parent)
        _exit(126);
    if (out < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir(postgres->folder) != 0)
        _exit(126);
    execv(arguments[0], arguments);
    _exit(127);
}

// Runs a program to its end, which must be a good one.
static void
run_program(struct postgres *postgres, const struct passwd *user, char *const arguments[])
{
    int status = 0;

    if (waitpid(start_program(postgres, user, arguments), &status, 0) < 0 || status != 0)
        give_up("%s failed with status %d: see %s/log", arguments[0], status, postgres->folder);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static bool remove_folder(const char *path)
{
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0;
}

// Where the first test leaves a copy of its new cluster for the others: making one takes ten times
// as long as copying it. Each user and each PostgreSQL has its own. Whoever changes how it is made
// changes the number.
static void name_made(const struct postgres *postgres, char path[static MADE_SIZE])
{
    char programs[PATH_SIZE];

    for (size_t i = 0; i < PATH_SIZE; i++)
        programs[i] = postgres->programs[i] == '/' ? '-' : postgres->programs[i];
    snprintf(path, MADE_SIZE, "%s/1-%u%s", BOURSE_MADE_CLUSTERS, (unsigned)geteuid(), programs);
}

// Copies a folder with the owners of its files.
static void copy_folder(struct postgres *postgres, const char *from, const char *to)
{
    char source[MADE_SIZE];
    char target[MADE_SIZE];
    char *arguments[] = {"/bin/cp", "-aT", source, target, NULL};

    snprintf(source, sizeof source, "%s", from);
    snprintf(target, sizeof target, "%s", to);
    run_program(postgres, NULL, arguments);
}

// Leaves a copy of a cluster that nobody has worked on yet. Of several that do so at a time one
// remains.
static void keep_made(struct postgres *postgres, const char *made)
{
    char own[MADE_SIZE + 16];

    mkdir(BOURSE_MADE_CLUSTERS, 0755); // it may be there
    if (access(BOURSE_MADE_CLUSTERS, W_OK) != 0)
        return;
    snprintf(own, sizeof own, "%s.%d", made, (int)getpid());
    copy_folder(postgres, postgres->data, own);
    // What is complete is there at once.
    if (rename(own, made) == 0)
        return;
    if ((errno != EEXIST && errno != ENOTEMPTY) || !remove_folder(own))
        give_up("%s: %s", own, strerror(errno));
}

static void make_cluster(struct postgres *postgres)
{
    char initdb[PATH_SIZE + 16];
    char *arguments[] = {initdb, "--no-sync", "-A",         "trust", "-U",           "postgres",
                         "-E",   "UTF8",      "--locale=C", "-D",    postgres->data, NULL};

    snprintf(initdb, sizeof initdb, "%s/initdb", postgres->programs);
    run_program(postgres, server_user(), arguments);
}

static void copy_made(struct postgres *postgres)
{
    char made[MADE_SIZE];

    name_made(postgres, made);
    if (access(made, F_OK) == 0) {
        copy_folder(postgres, made, postgres->data);
        return;
    }
    make_cluster(postgres);
    keep_made(postgres, made);
}

static void copy_cluster(struct postgres *postgres, const struct postgres *primary)
{
    char program[PATH_SIZE + 16];
    char source[PATH_SIZE + 32];
    char *arguments[] = {program, "-d",        source,          "-D", postgres->data, "-R", "-c",
                         "fast",  "--no-sync", "--no-manifest", NULL};

    snprintf(program, sizeof program, "%s/pg_basebackup", postgres->programs);
    snprintf(source, sizeof source, "host=%s user=postgres", primary->folder);
    run_program(postgres, server_user(), arguments);
}

// The server writes its process id into the first line of postmaster.pid and its state into the
// eighth.
static bool is_ready(struct postgres *postgres)
{
    char path[PATH_SIZE + 32];
    char line[PATH_SIZE] = "";
    char process[PATH_SIZE] = "";
    char own[16];
    FILE *file = NULL;
    int count = 0;

    snprintf(path, sizeof path, "%s/postmaster.pid", postgres->data);
    snprintf(own, sizeof own, "%d\n", (int)postgres->server);
    file = fopen(path, "r");
    if (file == NULL)
        return false;
    while (count < 8 && fgets(line, sizeof line, file) != NULL)
        if (++count == 1)
            memcpy(process, line, sizeof process);
    fclose(file);
    // A file of a server before this one may still be there.
    return count == 8 && strcmp(process, own) == 0 && strncmp(line, "ready", 5) == 0;
}

void postgres_start(struct postgres *postgres)
{
    int64_t end_us = clock_monotonic_us() + START_TIMEOUT_MS * MICROS_PER_MS;
    char program[PATH_SIZE + 16];
    char *arguments[] = {program,          "-D", postgres->data,        "-k",
                         postgres->folder, "-c", "listen_addresses=",   "-c",
                         "fsync=off",      "-c", "shared_buffers=16MB", NULL};

    snprintf(program, sizeof program, "%s/postgres", postgres->programs);
    postgres->server = start_program(postgres, server_user(), arguments);
    while (!is_ready(postgres)) {
        if (waitpid(postgres->server, NULL, WNOHANG) != 0 || clock_monotonic_us() > end_us)
            give_up("PostgreSQL did not start: see %s/log", postgres->folder);
        clock_sleep_until_us(clock_monotonic_us() + POLL_MS * MICROS_PER_MS);
    }
}

void postgres_stop(struct postgres *postgres)
{
    if (postgres->server == 0)
        return;
    kill(postgres->server, SIGINT);
    waitpid(postgres->server, NULL, 0);
    postgres->server = 0;
}

static struct postgres *make_folder(void)
{
    const struct passwd *user = server_user();
    struct postgres *postgres = allocate(sizeof *postgres);

    find_programs(postgres);
    // A socket's path may be 107 bytes long, so the folder cannot lie just anywhere.
    snprintf(postgres->folder, PATH_SIZE, "/tmp/bourse-test-XXXXXX");
    if (mkdtemp(postgres->folder) == NULL ||
        (user != NULL && chown(postgres->folder, user->pw_uid, user->pw_gid) != 0))
        give_up("%s cannot be made: %s", postgres->folder, strerror(errno));
    snprintf(postgres->data, sizeof postgres->data, "%s/data", postgres->folder);
    return postgres;
}

struct postgres *postgres_new(void)
{
    struct postgres *postgres = make_folder();

    copy_made(postgres);
    postgres_start(postgres);
    return postgres;
}

struct postgres *postgres_new_unrelated(void)
{
    struct postgres *postgres = make_folder();

    make_cluster(postgres);
    postgres_start(postgres);
    return postgres;
}

struct postgres *postgres_new_standby(const struct postgres *primary)
{
    struct postgres *postgres = make_folder();

    copy_cluster(postgres, primary);
    postgres_start(postgres);
    return postgres;
}

void postgres_free(struct postgres **postgres)
{
    if (*postgres == NULL)
        return;
    postgres_stop(*postgres);
    if (!remove_folder((*postgres)->folder))
        fprintf(stderr, "%s could not be removed\n", (*postgres)->folder);
    release(*postgres);
    *postgres = NULL;
}

const char *postgres_url(struct postgres *postgres, const char *role)
{
    char wanted[PATH_SIZE + 64];

    snprintf(wanted, sizeof wanted, "host=%s dbname=postgres user=%s", postgres->folder,
             role == NULL ? "postgres" : role);
    for (size_t i = 0; i < URLS_MAX; i++) {
        if (postgres->urls[i][0] == '\0')
            snprintf(postgres->urls[i], sizeof postgres->urls[i], "%s", wanted);
        if (strcmp(postgres->urls[i], wanted) == 0)
            return postgres->urls[i];
    }
    give_up("More than %d roles were asked for.", URLS_MAX);
}

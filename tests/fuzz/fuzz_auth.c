// SPDX-License-Identifier: MIT
// fuzz_auth: what people choose for themselves, and the secrets they bring back. A line is a name,
// one an e-mail address, and the rest a password or a secret.
#include "fuzz.h"

#include "accounts/user.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "passwords/password_easy.h"
#include "sessions/secret.h"

#include <strings.h>

enum {
    DIGITS_MAX = 12,
    PASSWORD_BYTES_MAX = 4 * PASSWORD_MAX,
    SLOTS = 256 * 1024, // several times the words of the list
};

// The list of common passwords, a word a line, as password_easy.c has it.
extern const char password_words_begin[];
extern const char password_words_end[];

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Another name that looks the same: whatever may be changed is changed.
static void make_lookalike(const char *username, char *out)
{
    static const char from[] = "oO0lLiI1._-abXY";
    static const char to[] = "0o01i1lI_-.ABxy";

    for (; *username != '\0'; username++) {
        const char *found = strchr(from, *username);

        *out++ = found != NULL ? to[found - from] : *username;
    }
    *out = '\0';
}

static void check_username(const char *username)
{
    static const char others[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(username);
    bool is_valid = length >= USERNAME_MIN && length <= USERNAME_MAX && is_letter(username[0]) &&
                    strspn(username, others) == length;
    char lookalike[USERNAME_MAX + 1];
    char skeleton[USERNAME_SKELETON_SIZE];
    char again[USERNAME_SKELETON_SIZE];

    MUST(username_is_valid(username) == is_valid);
    if (!is_valid)
        return;
    username_skeleton(username, skeleton);
    MUST(strlen(skeleton) >= length && strpbrk(skeleton, "01imw._") == NULL);
    make_lookalike(username, lookalike);
    username_skeleton(lookalike, again);
    MUST(strcmp(skeleton, again) == 0);
    if (strlen(skeleton) > USERNAME_MAX)
        return;
    username_skeleton(skeleton, again);
    MUST(strcmp(skeleton, again) == 0);
}

static void check_email(const char *email)
{
    struct error error;
    bool is_plain = strlen(email) <= EMAIL_MAX;

    for (const char *at = email; *at != '\0'; at++)
        is_plain = is_plain && *at > ' ' && *at < 0x7f;
    error_clear(&error);
    MUST(user_check_email(email, &error) == is_plain);
    MUST(is_plain || (error_is(&error, REASON_INVALID_REQUEST) && error.detail_count == 1));
}

static size_t hash_of(struct text word)
{
    uint32_t hash = 2166136261; // FNV-1a

    for (size_t i = 0; i < word.length; i++)
        hash = (hash ^ (unsigned char)word.data[i]) * 16777619;
    return hash % SLOTS;
}

// The slot of a word in a table of the whole list, which is made once: its own, or an empty one.
static struct text *find_listed(struct text word)
{
    static struct text *table;
    struct text list = {password_words_begin, (size_t)(password_words_end - password_words_begin)};
    size_t slot = hash_of(word);

    if (table == NULL) {
        table = allocate_array(SLOTS, sizeof *table);
        while (list.length > 0) {
            struct text line = cut_line(&list);

            *find_listed(line) = line;
        }
    }
    while (table[slot].data != NULL && !texts_are_equal(table[slot], word))
        slot = (slot + 1) % SLOTS;
    return &table[slot];
}

static bool is_listed(struct text word)
{
    return find_listed(word)->data != NULL;
}

// What has been found easy stays so in capitals and with a digit behind it, and the list's words
// are found wherever they stand in it.
static void check_easy(const char *password)
{
    OWNED(strbuf) other = strbuf_new(PASSWORD_BYTES_MAX + 2);
    struct text stem = {NULL, 0};
    bool is_easy = password_is_easy(password);

    for (const char *at = password; *at != '\0'; at++)
        strbuf_append_char(other, (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at));
    MUST(password_is_easy(other->data) == is_easy);
    stem = strbuf_text(other);
    while (stem.length > 0 && strchr("0123456789", stem.data[stem.length - 1]) != NULL)
        stem.length--;
    if (stem.length > 0 && is_listed(stem))
        MUST(is_easy);
    if (stem.length == 0 && other->length > DIGITS_MAX && !is_listed(strbuf_text(other)))
        MUST(!is_easy || strspn(password, (char[]){password[0], '\0'}) == other->length);
    strbuf_append_char(other, '7');
    if (stem.length > 0)
        MUST(password_is_easy(other->data) == is_easy);
}

static bool contains(const char *text, struct text word)
{
    for (; *text != '\0'; text++)
        if (strncasecmp(text, word.data, word.length) == 0)
            return true;
    return false;
}

static void check_password(const char *username, const char *email, const char *password)
{
    struct password_choice choice = {
        .field = "password", .password = password, .username = username, .email = email};
    struct text local = {email, strcspn(email, "@")};
    size_t length = strlen(password);
    struct error error;

    error_clear(&error);
    if (!user_check_password(&choice, &error)) {
        MUST(error_is(&error, REASON_INVALID_REQUEST) && error.detail_count == 1);
        return;
    }
    MUST(utf8_is_valid(password, length) && utf8_count(password, length) >= PASSWORD_MIN &&
         utf8_count(password, length) <= PASSWORD_MAX);
    MUST(strcasecmp(password, username) != 0 && strcasecmp(password, email) != 0);
    MUST(!password_is_easy(password));
    // Of at least four characters, a name has no place in it.
    MUST(utf8_count(username, strlen(username)) < 4 || !contains(password, text_of(username)));
    MUST(utf8_count(local.data, local.length) < 4 || !contains(password, local));
    choice.by_administrator = true;
    MUST(user_check_password(&choice, &error));
}

// A secret has one spelling.
static void check_secret(const char *secret)
{
    unsigned char bytes[SECRET_BYTES];
    char again[SECRET_SIZE];
    char hash[SHA256_HEX_SIZE];
    char expected[SHA256_HEX_SIZE];
    size_t length = 0;

    if (!secret_hash(secret, hash)) {
        MUST(strlen(secret) != SECRET_SIZE - 1 ||
             !digest_base64url_decode(text_of(secret), bytes, sizeof bytes, &length) ||
             length != SECRET_BYTES);
        return;
    }
    MUST(digest_base64url_decode(text_of(secret), bytes, sizeof bytes, &length));
    MUST(length == SECRET_BYTES);
    digest_base64url(bytes, sizeof bytes, again, sizeof again);
    MUST(strcmp(secret, again) == 0);
    digest_sha256_hex((struct text){(const char *)bytes, length}, expected);
    MUST(strcmp(hash, expected) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {(const char *)data, size};
    char *username = copy_terminated(cut_line(&rest));
    char *email = copy_terminated(cut_line(&rest));
    char *password = copy_terminated(rest);

    digest_start();
    check_username(username);
    check_email(email);
    if (strlen(password) <= PASSWORD_BYTES_MAX)
        check_easy(password);
    check_password(username, email, password);
    check_secret(password);
    release(username);
    release(email);
    release(password);
    return 0;
}

// SPDX-License-Identifier: MIT
// multipart: a form with a file in it (multipart/form-data, RFC 7578), read while it arrives, so
// that the file may be of any size.
//
// Browsers send a form's parts in the order in which they are on the page. Here a form has its
// fields first and one file last; anything else is refused. civetweb has a reader of its own, which
// puts files to disk and in Debian 12 can be made to loop for ever (CVE-2025-9648).
//
// Threads: one request belongs to one thread. Memory: what is read of fields is in the arena, and
// so is the buffer; of a file never more than that is held.
#pragma once

#include "base/arena.h"
#include "pages/form.h"

enum {
    MULTIPART_FIELD_MAX = 4096,     // bytes of a field's value
    MULTIPART_HEAD_MAX = 1024,      // bytes of a part's headers
    MULTIPART_FILE_NAME_MAX = 255,  // bytes of a file's name
    MULTIPART_BUFFER = 96 * 1024,   // bytes that are held
    MULTIPART_READ_MAX = 64 * 1024, // bytes that are asked of the source at a time
};

// Where the bytes come from: gives at most `size` of them, 0 at the end.
struct multipart_source {
    bool (*read)(void *context, char *buffer, size_t size, size_t *out_length, struct error *error);
    void *context;
};

struct multipart;

// Begins to read a body of that Content-Type. Fails with UNSUPPORTED_MEDIA_TYPE for another one,
// and MALFORMED_REQUEST for one without a usable boundary.
MUST_CHECK bool multipart_begin(struct arena *arena,
                                const char *content_type,
                                const struct multipart_source *source,
                                struct multipart **out_multipart,
                                struct error *error);

// Reads the fields, up to where the file begins or the form ends. Fails with MALFORMED_REQUEST for
// what cannot be read, is there twice, or exceeds one of the limits, and as the source does.
MUST_CHECK bool
multipart_read_fields(struct multipart *multipart, struct form *out_form, struct error *error);

// The name that the sender's machine has for the file; NULL when no file was chosen. Text, which
// may be anything.
const char *multipart_file_name(const struct multipart *multipart);

// Gives the next bytes of the file, at most `size`; 0 at its end, which is the form's end. Fails
// with MALFORMED_REQUEST when the form ends elsewhere, and as the source does.
MUST_CHECK bool multipart_read_file(struct multipart *multipart,
                                    char *buffer,
                                    size_t size,
                                    size_t *out_length,
                                    struct error *error);

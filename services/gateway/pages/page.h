// SPDX-License-Identifier: MIT
// page: what all pages of the web application have in common: who looks at them, what is around
// them, how they call operations, and how they are sent.
//
// A page is a function of an endpoint that makes one message of pages.proto and has it rendered; a
// form is one that calls an operation as the user and answers with a redirection. What fails
// becomes a page too, here and nowhere else.
//
// Threads: one request belongs to one thread. Memory: the request's arena.
#pragma once

#include "bourse/gateway/v1/pages.pb-c.h"
#include "pages/form.h"
#include "rest/endpoint.h"
#include "template/template.h"

// What the browser keeps of what its user likes.
#define THEME_COOKIE "bourse_theme"   // light or dark; absent: as the browser likes it
#define REVIEW_COOKIE "bourse_review" // off: orders are placed without being shown once more

enum page_reader {
    PAGE_FOR_ALL,
    PAGE_FOR_USERS,          // others are sent to the login page, and from there back to this one
    PAGE_FOR_ADMINISTRATORS, // the same; to other users it is refused
};

// Makes the frame of the page that is asked for, and takes the flash of the last one. Fails with
// UNAUTHENTICATED and INVALID_TOKEN for who must log in, with PERMISSION_DENIED for who may not see
// it, and as credential_token does.
MUST_CHECK bool page_begin(struct exchange *exchange,
                           enum page_reader reader,
                           const char *section,
                           const char *title,
                           Pages__Frame **out_frame,
                           struct error *error);

// The platform's time that the page shows; 0 while there are no prices yet.
int64_t page_now(const Pages__Frame *frame);

// Reads path and query into the message that the page declares for them, and checks it.
MUST_CHECK bool page_read_query(struct exchange *exchange,
                                const struct message_info *info,
                                ProtobufCMessage **out_query,
                                struct error *error);

// Calls an operation of `service` as the user, with a typed request. What changes something has a
// request id made from the form's key and the operation.
MUST_CHECK bool page_call(struct exchange *exchange,
                          const char *service,
                          const struct rpc_method *method,
                          const ProtobufCMessage *request,
                          ProtobufCMessage **out_response,
                          struct error *error);

// The same for a part of a page that has more to show: it is waited for 3 s at most. True without
// a response when that fails for no fault of who asks, as while a service is away: the page does
// without, and says so.
MUST_CHECK bool page_call_for_part(struct exchange *exchange,
                                   const char *service,
                                   const struct rpc_method *method,
                                   const ProtobufCMessage *request,
                                   ProtobufCMessage **out_response,
                                   struct error *error);

// Reads the form that was sent, and the variables of the path, into the operation's request, checks
// it, and calls. With `sets_texts` a text that is left empty is sent as empty.
MUST_CHECK bool page_submit(struct exchange *exchange,
                            const char *service,
                            const struct rpc_method *method,
                            bool sets_texts,
                            ProtobufCMessage **out_response,
                            struct error *error);

// The same without the call.
MUST_CHECK bool page_read_form(struct exchange *exchange,
                               const struct message_info *info,
                               bool sets_texts,
                               ProtobufCMessage **out_request,
                               struct error *error);

// After a form has failed: shows it again with what was wrong, when its sender can do something
// about it; otherwise fails with `failure`.
MUST_CHECK bool
page_fail(struct exchange *exchange,
          const struct error *failure,
          bool (*show)(struct exchange *exchange, const struct error *failure, struct error *error),
          struct error *error);

// Sets a form of a page that may have several: as it was sent when `failure` is about it, and empty
// when that is NULL.
MUST_CHECK bool page_show_form(const struct exchange *exchange,
                               const struct message_info *info,
                               const char *id,
                               const struct error *failure,
                               ProtobufCMessage *shown,
                               struct error *error);

// One of several things that a link or an input chooses from. NULL when the budget is spent.
Pages__Choice *
page_make_choice(struct arena *arena, const char *value, const char *label, bool is_chosen);

// What an input shows as long as nothing has been typed into it. NULL is nothing.
void page_preset(Pages__Input *input, const char *value);

// What the inputs of a form show as long as nothing has been typed into them: the fields of
// `message` that are called like them.
MUST_CHECK bool page_preset_all(const struct exchange *exchange,
                                const struct message_info *info,
                                const struct error *failure,
                                const struct message_info *message_info,
                                const ProtobufCMessage *message,
                                ProtobufCMessage *shown,
                                struct error *error);

// Renders the page. `failure` is that of the form on it, whose status the answer then has; NULL for
// none.
MUST_CHECK bool page_answer(struct exchange *exchange,
                            const struct template *template,
                            const ProtobufCMessage *message,
                            const struct error *failure,
                            struct error *error);

// Answers 303 to a page of ours. The path is made by us, or was checked by local_path.
PRINTF_LIKE(3, 4)
MUST_CHECK bool
page_redirect(struct exchange *exchange, struct error *error, const char *format, ...);

// Where `given` (a form's field `next`, a query's parameter) wants to go, when that is a page of
// ours; `otherwise` if not. NULL is none.
const char *page_next(const struct exchange *exchange, const char *given, const char *otherwise);

// Has the next page say something.
PRINTF_LIKE(3, 4)
void page_say(struct exchange *exchange, bool is_error, const char *format, ...);

// The first and the last moment of a day in UTC, for lists that are asked for by dates. False for
// NULL.
bool page_day_begin(const char *date, int64_t *out_us);
bool page_day_end(const char *date, int64_t *out_us);

// Fails with OUT_OF_MEMORY_BUDGET.
bool page_out_of_memory(struct error *error);

// Whether a failure of this request is told as a page: one at a page's address or, at an address
// that nothing is at, to who asks for a page.
bool page_takes_error(const struct exchange *exchange);
void page_answer_error(struct exchange *exchange, const struct error *failure);

// SPDX-License-Identifier: MIT
// admin_pages: the functions behind the addresses of the administrators' pages, and what these
// share. pages.c has the table. Whoever is no administrator is refused.
//
// Threads: any number at once, each with a request of its own. Memory: the request's arena.
#pragma once

#include "pages/page.h"

// As page_begin, of the part of the administrators' pages with that name.
MUST_CHECK bool admin_begin(struct exchange *exchange,
                            const char *part,
                            const char *title,
                            Pages__Frame **out_frame,
                            struct error *error);

// The newest events of the audit log, of one actor or one action unless those are NULL.
MUST_CHECK bool admin_list_events(struct exchange *exchange,
                                  const char *actor_id,
                                  const char *action,
                                  uint32_t limit,
                                  Auth__ListAuditEventsResponse **out_events,
                                  struct error *error);

// Calls the users that events were done to by their names, where the log has the id alone; of a
// few, as each is asked for.
void admin_name_users(struct exchange *exchange, Pages__AuditEventView *const *views, size_t count);

// How these are shown.
MUST_CHECK bool admin_make_feed(struct exchange *exchange,
                                Auth__AuditEvent *const *events,
                                size_t count,
                                Pages__AuditFeed **out_feed,
                                struct error *error);

bool admin_page_show(struct exchange *exchange, struct error *error);
bool admin_users_page_show(struct exchange *exchange, struct error *error);
bool admin_user_create(struct exchange *exchange, struct error *error);
bool admin_user_page_show(struct exchange *exchange, struct error *error);
bool admin_user_change(struct exchange *exchange, struct error *error);
bool admin_user_password_set(struct exchange *exchange, struct error *error);
bool admin_user_delete(struct exchange *exchange, struct error *error);
bool admin_user_halt(struct exchange *exchange, struct error *error);
bool admin_user_resume(struct exchange *exchange, struct error *error);
bool admin_symbols_page_show(struct exchange *exchange, struct error *error);
bool admin_symbol_create(struct exchange *exchange, struct error *error);
bool admin_symbol_page_show(struct exchange *exchange, struct error *error);
bool admin_symbol_edit(struct exchange *exchange, struct error *error);
bool admin_symbol_delete(struct exchange *exchange, struct error *error);
bool admin_action_create(struct exchange *exchange, struct error *error);
bool admin_action_delete(struct exchange *exchange, struct error *error);
bool admin_imports_page_show(struct exchange *exchange, struct error *error);
bool admin_prices_upload(struct exchange *exchange, struct error *error);
bool admin_symbols_upload(struct exchange *exchange, struct error *error);
bool admin_import_page_show(struct exchange *exchange, struct error *error);
bool admin_import_cancel(struct exchange *exchange, struct error *error);
bool admin_limits_page_show(struct exchange *exchange, struct error *error);
bool admin_limits_set(struct exchange *exchange, struct error *error);
bool admin_platform_halt(struct exchange *exchange, struct error *error);
bool admin_platform_resume(struct exchange *exchange, struct error *error);
bool admin_clock_page_show(struct exchange *exchange, struct error *error);
bool admin_clock_set(struct exchange *exchange, struct error *error);
bool admin_tasks_page_show(struct exchange *exchange, struct error *error);
bool admin_task_page_show(struct exchange *exchange, struct error *error);
bool admin_task_retry(struct exchange *exchange, struct error *error);
bool admin_task_delete(struct exchange *exchange, struct error *error);
bool admin_audit_page_show(struct exchange *exchange, struct error *error);

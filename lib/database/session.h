// SPDX-License-Identifier: MIT
// session: what is set for every session of a service, so that its statements mean the same
// anywhere.
//
// Private to lib/database. Who connects to PostgreSQL itself says it when it connects. A pooler
// that lends its connections for one transaction takes no such words: there the role has them, from
// the migrations.
#pragma once

#include "base/strbuf.h"

// Appends "-c name=value ..." for the keyword `options` of a connection string: a service's, or the
// one of its migrations, which wait longer. `own` is what the connection string itself says; it
// wins, but for the schema and the forms that values are written in, which the code depends on.
void session_append_options(struct strbuf *out,
                            const char *schema,
                            bool for_migrations,
                            const char *own);

// Appends SQL statements that make them the defaults of the role bourse_<service> in the database
// one is connected to.
void session_append_role_defaults(struct strbuf *out, const char *service);

// SPDX-License-Identifier: MIT
// What a platform does while somebody holds a lock on a table.
import { until } from './platform.mjs';

// With SHARE nobody can write into the table meanwhile, with ACCESS EXCLUSIVE nobody can read it either.
export async function whileLocked(platform, table, work, mode = 'SHARE') {
    const others = 'FROM pg_stat_activity WHERE query LIKE \'%pg_sleep(600)%\' AND pid <> pg_backend_pid()';
    const lock = platform.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE; SELECT pg_sleep(600)`).catch(() => undefined);
    try {
        await until('the lock', async () => (await platform.query(`SELECT pid ${others} AND wait_event = 'PgSleep'`)).length > 0);
        return await work();
    } finally {
        await platform.query(`SELECT pg_terminate_backend(pid) ${others}`);
        await lock;
    }
}

// SPDX-License-Identifier: MIT
// What lets a platform grow: a schema that a database of many machines can hold, transactions that such a database
// may refuse at any time, a pooler between the services and PostgreSQL, and a standby that history is read from.
import { spawn, spawnSync } from 'node:child_process';
import { strict as assert } from 'node:assert';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PORTS_OF_A_REPLICA, Replica } from '../support/from_address.mjs';
import { madeUpBars, Platform, root, toCsv, until } from '../support/platform.mjs';
import { freePort, freePorts } from '../support/ports.mjs';
import { Standby } from '../support/standby.mjs';

const POOLED = ['auth', 'portfolio', 'trading']; // market is asked through the platform's own
const SESSIONS = 3; // of PostgreSQL, for each role
const CLASHES_PERCENT = 10; // of all transactions that write
const CROWD = 10;
const ORDERS = 100;

// Tables that belong to no user and no portfolio: small or of one row each, so that every machine may have a copy of
// them, or one machine all.
const SHARED = new Map(Object.entries({
    auth: ['audit_log', 'locks', 'rate_limits', 'signing_keys', 'wrong_logins', 'migrations', 'migration_lock'],
    market: ['*'],
    portfolio: ['audit_outbox', 'competitions', 'competition_players', 'corporate_actions', 'corporate_action_gate', 'migrations', 'migration_lock'],
    trading: ['arrivals', 'audit_outbox', 'limits_revision', 'rate_limits', 'replicas', 'resting_gates', 'shards', 'splits', 'task_minutes',
        'trading_halts', 'trading_limits', 'workers', 'migrations', 'migration_lock'],
}));
// Names and addresses are unique among all users: that takes one table that knows them all.
const UNIQUE_AMONG_ALL = ['auth.users_username_key', 'auth.users_email_key', 'auth.users_skeleton_key'];

const pooler = [join(root, 'build/pooler/usr/sbin/pgbouncer'), '/usr/sbin/pgbouncer'].find(existsSync);

// PgBouncer in front of the platform's PostgreSQL, lending its sessions for a transaction each.
class Pooler {
    static async start(platform) {
        const made = new Pooler();
        made.port = await freePort();
        made.folder = mkdtempSync(join(tmpdir(), 'bourse-pooler-'));
        made.password = role => readFileSync(join(platform.data, 'secrets', `bourse_${role}.password`), 'utf8').trim();
        const socket = (await platform.query('SHOW unix_socket_directories'))[0][0];
        const users = join(made.folder, 'users');
        const settings = join(made.folder, 'settings');
        writeFileSync(users, POOLED.map(role => `"bourse_${role}" "${made.password(role)}"\n`).join(''));
        writeFileSync(settings, `[databases]\nbourse = host=${socket} port=5432\n[pgbouncer]\nlisten_addr = 127.0.0.1\n` +
            `listen_port = ${made.port}\nunix_socket_dir =\nauth_type = plain\nauth_file = ${users}\npool_mode = transaction\n` +
            `default_pool_size = ${SESSIONS}\nmax_client_conn = 200\n`);
        // It refuses to be root, and the socket is its user's alone.
        const isRoot = process.getuid() === 0;
        if (isRoot)
            for (const file of [made.folder, users, settings]) {
                chmodSync(file, file === made.folder ? 0o700 : 0o600);
                spawnSync('chown', ['postgres', file]);
            }
        const libraries = join(root, 'build/pooler/usr/lib', `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
        made.process = spawn(pooler, [...(isRoot ? ['-u', 'postgres'] : []), settings],
            { env: { ...process.env, LD_LIBRARY_PATH: libraries }, stdio: ['ignore', 'pipe', 'pipe'] });
        made.said = '';
        for (const stream of [made.process.stdout, made.process.stderr])
            stream.on('data', data => { made.said += data; });
        made.ended = new Promise(done => made.process.on('exit', done));
        await until('the pooler', () => {
            if (made.process.exitCode !== null)
                throw new Error(made.said);
            return /process up/.test(made.said);
        });
        return made;
    }

    url(role) {
        return `host=127.0.0.1 port=${this.port} dbname=bourse user=bourse_${role} password=${this.password(role)}`;
    }

    async stop() {
        this.process.kill('SIGTERM');
        await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

const PRICES = toCsv(madeUpBars(8)); // of January to April 2014

let platform, admin;
before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', PRICES, admin);
    await platform.step('2014-02-04T15:00:00Z', admin);
    await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
});
after(() => platform?.stop());

describe('a schema that many machines can share', () => {
    const tables = schema => platform.query(`SELECT t.relname, coalesce(string_agg(a.attname, ',' ORDER BY a.attnum), '')
        FROM pg_class t LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
        LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
        WHERE t.relnamespace = '${schema}'::regnamespace AND t.relkind IN ('r', 'p') GROUP BY t.relname`);
    // What its rows are shared out by: the portfolio, where it is part of the primary key, otherwise the user.
    const columnOf = (schema, table, key) => {
        const shared = SHARED.get(schema);
        if (shared.includes('*') || shared.includes(table))
            return null;
        if (['portfolio.portfolios', 'auth.users'].includes(`${schema}.${table}`))
            return 'id';
        const found = ['portfolio_id', 'user_id'].find(column => key.split(',').includes(column));
        assert.ok(found, `${schema}.${table} has neither portfolio_id nor user_id in its key, and is not among those that are shared`);
        return found;
    };
    const columns = new Map();

    before(async () => {
        for (const schema of SHARED.keys())
            for (const [table, found] of await tables(schema))
                columns.set(`${schema}.${table}`, columnOf(schema, table, found));
        assert.ok(columns.size > 40, `only ${columns.size} tables were found`);
    });

    it('shares every table out by its portfolio or user, or lists it as one that is not shared out', () => {
        for (const [schema, shared] of SHARED)
            for (const table of shared)
                assert.ok(table === '*' || columns.has(`${schema}.${table}`), `${schema}.${table} is listed and not there`);
    });

    it('has that column in every primary key and every other unique one', async () => {
        const keys = await platform.query(`SELECT n.nspname || '.' || t.relname, n.nspname || '.' || c.relname,
            string_agg(a.attname, ',') FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
            JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey)
            WHERE i.indisunique AND n.nspname IN ('auth', 'market', 'portfolio', 'trading') AND t.relkind IN ('r', 'p') GROUP BY 1, 2`);
        assert.ok(keys.length > 40);
        const faults = keys.filter(([table, key, names]) => columns.get(table) && !UNIQUE_AMONG_ALL.includes(key) &&
            !(names ?? '').split(',').includes(columns.get(table)));
        assert.deepEqual(faults, []);
    });

    it('refers from one table to another by that column, or to one that every machine has', async () => {
        const references = await platform.query(`SELECT f.conrelid::regclass, f.confrelid::regclass, f.conname,
            (SELECT string_agg(a.attname || '=' || b.attname, ',') FROM unnest(f.conkey, f.confkey) AS k(own, other)
             JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.own
             JOIN pg_attribute b ON b.attrelid = f.confrelid AND b.attnum = k.other)
            FROM pg_constraint f WHERE f.contype = 'f'`);
        assert.ok(references.length > 5);
        const faults = references.filter(([from, to, , pairs]) => columns.get(to) &&
            !pairs.split(',').includes(`${columns.get(from)}=${columns.get(to)}`));
        assert.deepEqual(faults, []);
    });

    it('has nothing that databases of many machines have not: sequences, triggers, exclusion, deferred rules, inheritance', async () => {
        const own = "IN ('auth', 'market', 'portfolio', 'trading')";
        const found = await platform.query(`
            SELECT 'sequence', c.oid::regclass::text FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace::regnamespace::text ${own}
            UNION ALL SELECT 'trigger', t.tgrelid::regclass::text FROM pg_trigger t WHERE NOT t.tgisinternal
            UNION ALL SELECT 'constraint', o.conname FROM pg_constraint o WHERE (o.contype = 'x' OR o.condeferrable)
              AND o.connamespace::regnamespace::text ${own}
            UNION ALL SELECT 'inheritance', i.inhrelid::regclass::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE c.relkind = 'r' AND NOT c.relispartition`);
        assert.deepEqual(found, []);
    });
});

describe('behind a pooler that lends a session for one transaction', { skip: pooler ? false : 'pgbouncer is not here' }, () => {
    let between, replicas, gateway, ada;

    before(async () => {
        between = await Pooler.start(platform);
        const first = await freePorts(PORTS_OF_A_REPLICA * (POOLED.length + 1));
        const address = name => `127.0.0.1:${first + PORTS_OF_A_REPLICA * POOLED.indexOf(name)}`;
        const peers = Object.fromEntries(POOLED.map(name => [`BOURSE_${name.toUpperCase()}_ADDRESS`, address(name)]));
        // The platform's own auth has no pooler.
        const auths = `${address('auth')},127.0.0.1:${platform.ports('auth')[0]}`;
        replicas = [];
        for (const name of POOLED)
            replicas.push(await Replica.start(platform, name, { ...peers, BOURSE_DATABASE: between.url(name), BOURSE_DATABASE_IS_POOLED: 'true',
                BOURSE_FAULT: `database.before_commit=fail%${CLASHES_PERCENT}` }, Number(address(name).split(':')[1])));
        gateway = await Replica.start(platform, 'gateway', { ...peers, BOURSE_AUTH_ADDRESS: auths }, first + PORTS_OF_A_REPLICA * POOLED.length);
        ada = await platform.trader('ada');
    });
    after(async () => {
        for (const replica of [gateway, ...replicas ?? []])
            await replica?.stop();
        await between?.stop();
    });

    const call = async (status, method, path, body) => {
        const reply = await fetch(`${gateway.url}${path}`, { method, body: body && JSON.stringify(body),
            headers: { authorization: `Bearer ${ada.token}`, 'content-type': 'application/json' } });
        const text = await reply.text();
        assert.equal(reply.status, status, text);
        return JSON.parse(text);
    };

    it('orders are placed, filled and booked, and no transaction that clashes is lost or done twice', async () => {
        const path = `/api/v1/portfolios/${ada.portfolio}/orders`;
        const placed = [];
        while (placed.length < ORDERS)
            placed.push(...await Promise.all(Array.from({ length: CROWD }, (_, i) => call(201, 'POST', path,
                { ticker: 'ACME', side: 'buy', quantity: '1', client_order_id: `order-${placed.length + i}` }))));
        assert.equal(new Set(placed.map(order => order.id)).size, ORDERS);
        const portfolio = await until('all to be booked', async () => {
            const found = await call(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/positions`);
            return found.positions.find(position => position.quantity === String(ORDERS));
        });
        assert.equal(portfolio.ticker, 'ACME');
        assert.equal((await call(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`)).consistent, true);
        const retries = await Promise.all(replicas.map(replica => replica.metric('database_transaction_retries_total')));
        assert.ok(retries.reduce((sum, one) => sum + one, 0) > 0, 'nothing clashed');
    });

    it('sessions have the settings that the role has from the migrations', async () => {
        const found = await platform.query(`SELECT r.rolname, unnest(s.setconfig) FROM pg_db_role_setting s
            JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = 'bourse_trading'`);
        const settings = found.map(([, setting]) => setting);
        for (const wanted of ['statement_timeout=10s', 'synchronous_commit=on', 'search_path=trading', 'jit=off', 'TimeZone=UTC'])
            assert.ok(settings.includes(wanted), `${wanted} of ${settings}`);
    });

    // The last one: nobody behind the pooler reaches the database afterwards.
    it('a replica that has lost its database is asked nothing while another one reaches it', async () => {
        const auth = replicas[POOLED.indexOf('auth')];
        const me = async () => (await fetch(`${gateway.url}/api/v1/users/me`, { headers: { authorization: `Bearer ${ada.token}` } })).status;
        await between.stop();
        await until('the replica to have noticed', async () => await auth.metric('database_reachable') === 0);
        assert.ok(await auth.isReady(), 'it answers what it can');
        await until('the gateway to have heard of it', async () => {
            const statuses = await Promise.all(Array.from({ length: CROWD }, me));
            return statuses.every(status => status === 200);
        });
        for (let i = 0; i < 2 * CROWD; i++)
            assert.equal(await me(), 200);
    });
});

describe('with a standby that history is read from', () => {
    const READERS = ['auth', 'market', 'portfolio'];
    const LAG_MS = 500;
    const replicas = {};
    let standby, between, gateway, grace;

    before(async () => {
        grace = await platform.trader('grace');
        for (const quantity of ['3', '2', '1'])
            await platform.expect(201, 'POST', `/api/v1/portfolios/${grace.portfolio}/orders`,
                { token: grace.token, body: { ticker: 'ACME', side: 'buy', quantity } });
        await until('the orders to be booked', async () => (await platform.expect(200, 'GET',
            `/api/v1/portfolios/${grace.portfolio}/transactions`, { token: grace.token })).transactions.length === 4);
        await platform.step('2014-02-07T15:00:00Z', admin);
        standby = await Standby.start(platform);
        const first = await freePorts(PORTS_OF_A_REPLICA * (READERS.length + 1));
        const port = index => first + PORTS_OF_A_REPLICA * index;
        const peers = Object.fromEntries(READERS.map((name, i) => [`BOURSE_${name.toUpperCase()}_ADDRESS`, `127.0.0.1:${port(i)}`]));
        between = pooler && await Pooler.start(platform);
        // One of them has a pooler before the primary.
        const pooled = { portfolio: between && { BOURSE_DATABASE: between.url('portfolio'), BOURSE_DATABASE_IS_POOLED: 'true' } };
        for (const [i, name] of READERS.entries())
            replicas[name] = await Replica.start(platform, name, { ...peers, ...pooled[name],
                BOURSE_HISTORY_DATABASE: standby.url(`bourse_${name}`), BOURSE_HISTORY_LAG_MS: String(LAG_MS) }, port(i));
        gateway = await Replica.start(platform, 'gateway', peers, port(READERS.length));
        await near(true);
    });
    after(async () => {
        for (const replica of [gateway, ...Object.values(replicas)])
            await replica?.stop();
        await between?.stop();
        await standby?.stop();
    });

    // Asks the gateway whose services read from the standby; the platform's own has none.
    const ask = async (path, { method = 'GET', token = grace.token, body, type = 'application/json' } = {}) => {
        const reply = await fetch(`${gateway.url}${path}`, { method, body,
            headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': type } : {}) } });
        const text = await reply.text();
        assert.ok(reply.ok, `${path}: ${reply.status} ${text}`);
        return JSON.parse(text);
    };
    const reads = (name, how = 'near') => replicas[name].metric(
        `history_reads_total{server="${how === 'near' ? 'standby' : 'primary'}",standby="${how}"}`);
    const near = wanted => until(`the standby to be ${wanted ? 'near' : 'behind or away'}`, async () =>
        (await Promise.all(READERS.map(name => replicas[name].metric('standby_near')))).every(found => found === Number(wanted)));
    const deposit = amount => platform.expect(201, 'POST', `/api/v1/portfolios/${grace.portfolio}/deposits`,
        { token: grace.token, body: { amount } });
    const transactions = () => `/api/v1/portfolios/${grace.portfolio}/transactions?limit=2`;
    // Every transaction, page by page.
    const all = async () => {
        const found = [];
        for (let token = ''; token !== undefined;) {
            const page = await ask(`${transactions()}${token && `&page_token=${token}`}`);
            found.push(...page.transactions);
            token = page.next_page_token;
        }
        return found;
    };

    for (const [what, name, path, token] of [
        ['bars', 'market', () => '/api/v1/bars/ACME?timeframe=1Day&limit=20'],
        ['days of a portfolio', 'portfolio', () => `/api/v1/portfolios/${grace.portfolio}/snapshots`],
        ['figures of these days', 'portfolio', () => `/api/v1/portfolios/${grace.portfolio}/performance`],
        ['events of long ago', 'auth', () => '/api/v1/audit-log?end=2014-01-01T00:00:00Z', () => admin],
    ])
        it(`${what} are read there, and are what the primary has`, async () => {
            const before = await reads(name);
            const found = await ask(path(), { token: token?.() });
            assert.deepEqual(found, await platform.expect(200, 'GET', path(), { token: token?.() ?? grace.token }));
            assert.ok(await reads(name) > before, await replicas[name].metric('history_reads_total'));
        });

    it('the first page of transactions is read from the primary, those behind it there', async () => {
        const before = await reads('portfolio');
        const { next_page_token: next } = await ask(transactions());
        assert.equal(await reads('portfolio'), before);
        const found = await ask(`${transactions()}&page_token=${next}`);
        assert.equal(await reads('portfolio'), before + 1);
        assert.deepEqual(found, await platform.expect(200, 'GET', `${transactions()}&page_token=${next}`, { token: grace.token }));
    });

    // Their tokens are ids of events, which begin with their time.
    it('pages of events behind one of a minute ago are read there, and of a later one from the primary', async () => {
        const page = async age_ms => {
            const time = (Date.now() - age_ms).toString(16).padStart(12, '0');
            const before = await reads('auth');
            const { events } = await ask(`/api/v1/audit-log?page_token=${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`, { token: admin });
            assert.ok(events.every(({ at }) => Date.parse(at) < Date.now() - age_ms), `${age_ms}`);
            return await reads('auth') - before;
        };
        assert.equal(await page(50e3), 0);
        assert.equal(await page(61e3), 1);
    });

    it('what somebody has just done is seen, while the standby has not heard of it', async () => {
        standby.query('SELECT pg_wal_replay_pause()');
        await until('the pause', () => standby.query('SELECT pg_get_wal_replay_pause_state()') === 'paused');
        const known = await all();
        for (let i = 1; i <= 5; i++) {
            // Through another replica, which the one that is asked does not hear of.
            await deposit(String(i));
            assert.equal((await all()).length, known.length + i);
        }
        for (const close of ['50.25', '50.75']) {
            await ask('/api/v1/bars/ACME', { method: 'PUT', token: admin,
                body: JSON.stringify({ date: '2014-01-02', open: '50.5', high: '51', low: '50', close, volume: 1000 }) });
            const { bars } = await ask('/api/v1/bars/ACME?timeframe=1Day&start=2014-01-02&limit=1');
            assert.equal(Number(bars[0].close), Number(close));
        }
    });

    it('once it is later than the bound it is not read from, and again when it has caught up', async () => {
        await near(false);
        assert.ok(await replicas.portfolio.metric('standby_lag_seconds') > LAG_MS / 1000);
        const [before, behind] = [await reads('market'), await reads('market', 'behind')];
        await ask('/api/v1/bars/ACME?timeframe=1Day&limit=20');
        assert.equal(await reads('market'), before);
        assert.ok(await reads('market', 'behind') > behind);
        standby.query('SELECT pg_wal_replay_resume()');
        await near(true);
        await until('a read there', async () => {
            await ask('/api/v1/bars/ACME?timeframe=1Day&limit=20');
            return await reads('market') > before;
        });
    });

    it('that is killed while it is read from fails no request, and is read from again when it is back', async () => {
        let done = 0, ended = false;
        const read = async (path, token) => {
            while (!ended) {
                await ask(path(), { token: token?.() });
                done++;
            }
        };
        const write = async () => {
            for (let seen = (await all()).length; !ended; done++) {
                await deposit('1');
                assert.equal((await all()).length, ++seen);
            }
        };
        const old = (await ask(transactions())).next_page_token;
        const clients = [read(() => `${transactions()}&page_token=${old}`), read(() => '/api/v1/bars/ACME?timeframe=1Day&limit=50'),
            read(() => `/api/v1/portfolios/${grace.portfolio}/performance`), read(() => '/api/v1/audit-log?end=2014-01-01T00:00:00Z', () => admin),
            write()];
        const work = Promise.all(clients);
        work.catch(() => { ended = true; }); // said below
        const goOn = () => until('the clients to go on', async () => {
            if (ended)
                await work;
            return done > 20 && (done = 0) === 0;
        });
        await goOn();
        await standby.kill();
        await near(false);
        await goOn();
        await standby.launch();
        await near(true);
        const before = await reads('portfolio');
        await until('reads there', async () => await reads('portfolio') > before);
        await goOn();
        ended = true;
        await work;
    });
});

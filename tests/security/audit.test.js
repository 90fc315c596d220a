// SPDX-License-Identifier: MIT
// Who did what, on a running platform: what administrators do in every service is in the audit log once,
// whatever dies meanwhile; who tries what they may not is in the service's log; and no secret is in either.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { setCookies } from '../support/cookies.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

const senders = ['market', 'portfolio', 'trading'];
const here = /^(clock|symbol|bar|corporate_action|import|portfolio|order)\./;

// Every event of the log, the newest first.
async function everyEvent(platform, admin) {
    const events = [];
    let query = 'limit=500';
    for (;;) {
        const page = await platform.expect(200, 'GET', `/api/v1/audit-log?${query}`, { token: admin });
        events.push(...page.events);
        if (!page.next_page_token)
            return events;
        query = `limit=500&page_token=${page.next_page_token}`;
    }
}

// Waits until auth has everything, and gives the events that come from other services, the oldest first.
async function delivered(platform, admin) {
    await until('the outboxes to be empty', async () => (await platform.query(senders.map(name =>
        `SELECT id FROM ${name}.audit_outbox`).join(' UNION ALL '))).length === 0);
    return (await everyEvent(platform, admin)).filter(event => here.test(event.action)).reverse();
}

describe('what administrators do', () => {
    let platform, admin, adminId, ada, adaId;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        ada = await platform.trader('ada');
        adminId = (await platform.expect(200, 'GET', '/api/v1/users/me', { token: admin })).id;
        adaId = (await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token })).id;
    });
    after(() => platform?.stop());

    it('is in the audit log, each thing once and with who, what, from where, when and in which request', async () => {
        const expected = [];
        const requests = [];
        const begun = Date.now();
        // Does it as the administrator, and notes what has to be in the log for it.
        const act = async (status, method, path, body, action, subjectOf, detail) => {
            const reply = await platform.request(method, path, { token: admin, body });
            assert.equal(reply.status, status, reply.text);
            expected.push([action, subjectOf(reply.body), detail]);
            requests.push(reply.headers.get('x-request-id'));
            return reply.body;
        };
        const none = () => undefined;
        const imported = await platform.import('ACME', toCsv(madeUpBars(7)), admin);
        expected.push(['import.start', null, '{"ticker":"ACME"}'],
            ['import.finish', null, `imported: ${imported.imported}, updated: 0, rejected: 0, symbols: 1`]);
        requests.push(null, null);
        await act(201, 'POST', '/api/v1/symbols', { ticker: 'NEW', name: 'New & Sons' }, 'symbol.create', () => 'NEW',
            '{"ticker":"NEW","name":"New & Sons"}');
        await act(200, 'PATCH', '/api/v1/symbols/NEW', { status: 'inactive' }, 'symbol.update', () => 'NEW',
            '{"ticker":"NEW","status":"inactive"}');
        await act(204, 'DELETE', '/api/v1/symbols/NEW', undefined, 'symbol.delete', () => 'NEW', '{"ticker":"NEW"}');
        await act(200, 'PUT', '/api/v1/bars/ACME', { date: '2014-01-03', open: '50', high: '51', low: '49', close: '50.5',
            volume: 1000 }, 'bar.put', () => 'ACME', /"date":"2014-01-03","open":"50.00"/);
        const split = await act(201, 'POST', '/api/v1/corporate-actions', { ticker: 'ACME', kind: 'split', ex_date: '2014-01-08',
            numerator: 3, denominator: 2 }, 'corporate_action.create', () => 'ACME', /"kind":"split","ex_date":"2014-01-08"/);
        await act(204, 'DELETE', `/api/v1/corporate-actions/${split.id}`, undefined, 'corporate_action.delete', () => 'ACME',
            `{"action_id":"${split.id}"}`);
        await act(200, 'PUT', '/api/v1/clock', { mode: 'step', at: '2014-01-06T15:00:00Z' }, 'clock.set', none,
            '{"mode":"step","at":"2014-01-06T15:00:00Z"}');
        // What is another user's.
        const portfolio = await act(201, 'POST', '/api/v1/portfolios', { name: 'a gift', user_id: adaId, cash_balance: '5' },
            'portfolio.create', reply => reply.id, /"name":"a gift".*"cash_balance":"5.00"/);
        const at = `/api/v1/portfolios/${portfolio.id}`;
        await act(200, 'PATCH', at, { name: 'a loan' }, 'portfolio.update', () => portfolio.id, /"name":"a loan"/);
        await act(201, 'POST', `${at}/deposits`, { amount: '7.5', note: 'x'.repeat(180) }, 'portfolio.deposit',
            () => portfolio.id, /^.{200}$/);
        await act(201, 'POST', `${at}/withdrawals`, { amount: '12.5' }, 'portfolio.withdraw', () => portfolio.id,
            /"amount":"12.50"/);
        await act(204, 'DELETE', at, undefined, 'portfolio.delete', () => portfolio.id, new RegExp(portfolio.id));
        const orders = `/api/v1/portfolios/${ada.portfolio}/orders`;
        await act(201, 'POST', orders, { ticker: 'ACME', side: 'buy', quantity: '1' }, 'order.place', reply => reply.id,
            /"ticker":"ACME","side":"buy","quantity":"1"/);
        await act(200, 'PUT', '/api/v1/clock', { mode: 'step', at: '2014-01-06T22:00:00Z' }, 'clock.set', none,
            '{"mode":"step","at":"2014-01-06T22:00:00Z"}');
        const resting = await act(201, 'POST', orders, { ticker: 'ACME', side: 'buy', quantity: '1' }, 'order.place',
            reply => reply.id, /"quantity":"1"/);
        const changed = await act(200, 'PATCH', `/api/v1/orders/${resting.id}`, { quantity: '2' }, 'order.replace',
            reply => reply.id, new RegExp(`"order_id":"${resting.id}","quantity":"2"`));
        await act(204, 'DELETE', `/api/v1/orders/${changed.id}`, undefined, 'order.cancel', () => changed.id,
            `{"order_id":"${changed.id}"}`);
        await act(200, 'DELETE', orders, undefined, 'order.cancel_all', () => ada.portfolio,
            `{"portfolio_id":"${ada.portfolio}"}`);

        const events = await delivered(platform, admin);
        assert.deepEqual(events.map(event => event.action), expected.map(([action]) => action));
        events.forEach((event, index) => {
            const [action, subject, detail] = expected[index];
            if (subject !== null)
                assert.equal(event.subject, subject, action);
            else
                assert.match(event.subject, /^[0-9a-f-]{36}$/);
            if (detail instanceof RegExp)
                assert.match(event.detail, detail);
            else
                assert.equal(event.detail, detail);
            if (requests[index] !== null)
                assert.equal(event.request_id, requests[index], action);
            assert.equal(event.actor_id, adminId);
            assert.equal(event.actor, 'admin');
            assert.equal(event.address, '127.0.0.1');
            assert.equal(event.result, 'done');
            const when = Date.parse(event.at);
            assert.ok(when >= begun - 1000 && when <= Date.now() + 1000, event.at);
        });
        assert.equal(events[0].subject, events[1].subject, 'the two ends of one import');
    });

    it('is not in it for what is one\'s own, for what was refused, and for what only reads', async () => {
        const count = (await delivered(platform, admin)).length;
        // The owner, and the administrator as an owner.
        for (const token of [ada.token, admin]) {
            const own = await platform.expect(201, 'POST', '/api/v1/portfolios', { token, body: { name: 'own', cash_balance: '1000' } });
            await platform.expect(200, 'PATCH', `/api/v1/portfolios/${own.id}`, { token, body: { name: 'mine' } });
            await platform.expect(201, 'POST', `/api/v1/portfolios/${own.id}/deposits`, { token, body: { amount: '1' } });
            const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${own.id}/orders`,
                { token, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
            await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token });
        }
        await platform.expect(409, 'POST', '/api/v1/symbols', { token: admin, body: { ticker: 'ACME', name: 'again' } });
        await platform.expect(404, 'DELETE', '/api/v1/symbols/NONE', { token: admin });
        await platform.expect(403, 'POST', `/api/v1/portfolios/${ada.portfolio}/withdrawals`,
            { token: admin, body: { amount: '99999999' } });
        await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: admin });
        assert.equal((await delivered(platform, admin)).length, count);
    });

    it('is in it once when a request is repeated', async () => {
        const count = (await delivered(platform, admin)).length;
        const twice = async (path, body) => {
            const options = { token: admin, body, headers: { 'Idempotency-Key': `${path} twice` } };
            const first = await platform.expect(201, 'POST', path, options);
            const again = await platform.request('POST', path, options);
            assert.equal(again.headers.get('idempotent-replayed'), 'true');
            return first;
        };
        await twice('/api/v1/symbols', { ticker: 'TWICE', name: 'Twice' });
        await twice(`/api/v1/portfolios/${ada.portfolio}/deposits`, { amount: '1' });
        await twice(`/api/v1/portfolios/${ada.portfolio}/orders`, { ticker: 'ACME', side: 'buy', quantity: '1' });
        const events = (await delivered(platform, admin)).slice(count);
        assert.deepEqual(events.map(event => event.action), ['symbol.create', 'portfolio.deposit', 'order.place']);
    });

    it('is in it for each of the orders that are placed at once, and for one of many who cancel', async () => {
        const count = (await delivered(platform, admin)).length;
        const place = token => platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
            { token, body: { ticker: 'ACME', side: 'buy', quantity: '0.001' } });
        const placed = await Promise.all(Array.from({ length: 40 }, (unused, index) => place(index % 2 ? admin : ada.token)));
        const canceled = placed[1].id;
        // The order is locked until several have found it open and want to change it.
        const lock = platform.query(`DO $$ BEGIN
            PERFORM FROM trading.orders WHERE id = '${canceled}' FOR UPDATE;
            WHILE (SELECT count(*) FROM pg_stat_activity WHERE usename = 'bourse_trading' AND wait_event_type = 'Lock') < 4 LOOP
                PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
            END LOOP; END $$`);
        await until('the lock', async () => (await platform.query(`SELECT 1 FROM pg_locks WHERE mode = 'RowShareLock'
            AND relation = 'trading.orders'::regclass`)).length > 0);
        const replies = await Promise.all(Array.from({ length: 8 }, () =>
            platform.request('DELETE', `/api/v1/orders/${canceled}`, { token: admin })));
        await lock;
        assert.equal(replies.filter(reply => reply.status === 204).length, 1);
        const events = (await delivered(platform, admin)).slice(count);
        assert.deepEqual(events.filter(event => event.action === 'order.place').map(event => event.subject).sort(),
            placed.filter((order, index) => index % 2).map(order => order.id).sort());
        assert.deepEqual(events.filter(event => event.action === 'order.cancel').map(event => event.subject), [canceled]);
    });

    it('cannot be changed by any service, delivered or not', async () => {
        await delivered(platform, admin);
        for (const role of ['auth', ...senders])
            for (const change of ['UPDATE auth.audit_log SET detail = NULL', 'DELETE FROM auth.audit_log', 'TRUNCATE auth.audit_log'])
                await assert.rejects(platform.query(`SET ROLE bourse_${role}; ${change}`), /permission denied/);
        for (const role of senders)
            await assert.rejects(platform.query(`SET ROLE bourse_${role}; UPDATE ${role}.audit_outbox SET detail = NULL`),
                /permission denied/);
        const [[seen]] = await platform.query("SELECT count(*) FROM audit.events WHERE action = 'order.place'");
        assert.notEqual(seen, '0');
    });

    it('is in it once when auth is killed again and again meanwhile', async () => {
        const count = (await delivered(platform, admin)).length;
        const done = [];
        for (let round = 0; round < 4; round++) {
            const before = platform.pid('auth');
            await platform.kill('auth');
            // Tokens are verified without auth, and what is done meanwhile waits for it.
            await Promise.all(Array.from({ length: 10 }, async (unused, index) => {
                const ticker = `K${round}X${index}`;
                await platform.expect(201, 'POST', '/api/v1/symbols', { token: admin, body: { ticker, name: ticker } });
                done.push(ticker);
            }));
            await until('auth to be started again', () => platform.pid('auth') !== before);
        }
        await until('auth to answer', async () =>
            (await platform.request('GET', '/api/v1/audit-log?limit=1', { token: admin })).status === 200);
        const events = (await delivered(platform, admin)).slice(count);
        assert.ok(events.every(event => event.action === 'symbol.create'));
        assert.deepEqual(events.map(event => event.subject).sort(), done.sort());
    });

    it('is in it when the service is killed right after its answer', async () => {
        const count = (await delivered(platform, admin)).length;
        const done = [];
        for (let round = 0; round < 5; round++) {
            const ticker = `D${round}`;
            await until('market to take it', async () => {
                const reply = await platform.request('POST', '/api/v1/symbols', { token: admin,
                    body: { ticker, name: ticker }, headers: { 'Idempotency-Key': ticker } });
                return reply.status === 201;
            });
            await platform.kill('market');
            done.push(ticker);
        }
        // A reply may have been lost with the one before; the last one's outbox is emptied by the next process.
        const events = (await delivered(platform, admin)).slice(count);
        assert.deepEqual(events.map(event => event.subject), done);
    });
});

// The lines of a service's log that tell of failed calls.
function failures(platform, service) {
    return readFileSync(join(platform.data, 'log', `${service}.log`), 'utf8').split('\n')
        .filter(line => line.includes('"event":"call_failed"')).map(line => JSON.parse(line));
}

describe('who tries what they may not', () => {
    let platform, ada, adaId;

    before(async () => {
        platform = await Platform.start();
        ada = await platform.trader('ada');
        adaId = (await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token })).id;
    });
    after(() => platform?.stop());

    it('is in the log of the service that refused it, with user, method, reason, address and request', async () => {
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: ada.token, body: { name: 'bot', scope: 'read' } });
        const keyHeaders = { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret };
        const tries = [
            ['auth', 'GET', '/api/v1/users', { token: ada.token }, 'AuthService/ListUsers', 'PERMISSION_DENIED'],
            ['market', 'PUT', '/api/v1/clock', { token: ada.token, body: { mode: 'step', at: '2014-01-06T15:00:00Z' } },
                'MarketService/SetClock', 'PERMISSION_DENIED'],
            ['gateway', 'POST', '/api/v1/bars:import?ticker=ACME', { token: ada.token, raw: 'x',
                headers: { 'content-type': 'text/csv' } }, 'MarketService/ImportBars', 'PERMISSION_DENIED'],
            ['portfolio', 'GET', '/api/v1/portfolios?user_id=0190a5f0-7c3e-7abc-8def-0123456789ab', { token: ada.token },
                'PortfolioService/ListPortfolios', 'PERMISSION_DENIED'],
            ['portfolio', 'POST', '/api/v1/portfolios', { headers: keyHeaders, body: { name: 'x' } },
                'PortfolioService/CreatePortfolio', 'INSUFFICIENT_SCOPE'],
            ['trading', 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`, { headers: keyHeaders,
                body: { ticker: 'ACME', side: 'buy', quantity: '1' } }, 'TradingService/PlaceOrder', 'INSUFFICIENT_SCOPE'],
        ];
        for (const [service, method, path, options, operation, reason] of tries) {
            const reply = await platform.request(method, path, options);
            assert.equal(reply.status, 403, `${path}: ${reply.text}`);
            const id = reply.headers.get('x-request-id');
            const lines = await until(`the line of ${operation}`, () => {
                const found = failures(platform, service).filter(line => line.request_id === id);
                return found.length > 0 && found;
            });
            assert.equal(lines.length, 1);
            const [line] = lines;
            assert.ok(line.method.endsWith(operation), line.method);
            assert.deepEqual([line.level, line.user, line.reason, line.client], ['info', adaId, reason, '127.0.0.1']);
        }
    });

    it('is not in it without having said who they are', async () => {
        const count = () => ['auth', 'market', 'portfolio', 'trading', 'gateway'].flatMap(name => failures(platform, name)).length;
        const before = count();
        for (let i = 0; i < 8; i++) {
            await platform.expect(401, 'GET', '/api/v1/users', { token: 'guessed' });
            await platform.expect(401, 'GET', '/api/v1/portfolios');
            await platform.expect(401, 'POST', '/api/v1/auth/login', { body: { username: 'nobody.here', password: `guess ${i}` } });
        }
        // The log is written in order: the line of a later failure is behind all that could be there.
        const reply = await platform.request('GET', '/api/v1/users', { token: ada.token });
        await until('a later line', () => failures(platform, 'auth').some(line =>
            line.request_id === reply.headers.get('x-request-id')));
        assert.equal(count(), before + 1);
    });
});

describe('secrets', () => {
    const secrets = new Map();
    let platform, admin;
    // One that nobody else has; it is looked for everywhere afterwards.
    const plant = (kind, value = `Plant3d-${randomBytes(12).toString('hex')}`) => {
        assert.ok(value.length >= 16, kind);
        secrets.set(value, kind);
        return value;
    };

    before(async () => {
        platform = await Platform.start({ env: { BOURSE_LOG_LEVEL: 'debug',
            BOURSE_PROVIDER_KEY: plant('a provider\'s key'), APCA_API_SECRET_KEY: plant('another provider\'s key') } });
        plant('the administrator\'s password', platform.password);
        admin = plant('the administrator\'s access token', await platform.administrator());
    });
    after(() => platform?.stop());

    // What people do in a day, and what they get wrong, with secrets in every place.
    async function use() {
        const password = plant('a password');
        const wrong = plant('a wrong password');
        const next = plant('a new password');
        const last = plant('a password an administrator gave');
        const ada = await platform.trader('ada', password);
        plant('an access token', ada.token);
        const login = await platform.expect(200, 'POST', '/api/v1/auth/login', { body: { username: 'ada', password } });
        plant('an access token', login.access_token);
        plant('a refresh token', login.refresh_token);
        const fresh = await platform.expect(200, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: login.refresh_token } });
        plant('a refresh token', fresh.refresh_token);
        plant('an access token', fresh.access_token);
        await platform.expect(401, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: plant('a wrong refresh token') } });
        // Wrong, in the wrong field, twice, too long, not JSON, and of the wrong type.
        const post = (path, options) => platform.request('POST', path, options);
        await post('/api/v1/auth/login', { body: { username: 'ada', password: wrong } });
        await post('/api/v1/auth/login', { body: { username: plant('a password in the place of the name'), password } });
        await post('/api/v1/auth/login', { body: { username: 'ada', password: wrong, [plant('a password as a field')]: 1 } });
        await post('/api/v1/auth/login', { body: { username: 'ada', password: plant('a password that is too long').repeat(50) } });
        await post('/api/v1/auth/login', { body: { username: 'ada', password: [plant('a password in a list')] } });
        for (const raw of [`{"username": "ada", "password": "${plant('a password in malformed JSON')}`,
            `{"username": "ada", "password": ${plant('a password without quotes')}}`,
            `username=ada&password=${plant('a password in a form')}`])
            await post('/api/v1/auth/login', { raw, headers: { 'content-type': 'application/json' } });
        await post('/api/v1/users', { body: { username: 'ada', email: 'ada2@example.org', password: plant('a password of a name taken') } });
        await post('/api/v1/users', { body: { username: 'no spaces', email: 'x', password: plant('a password beside mistakes') } });
        await post('/api/v1/users/me/password', { token: ada.token, body: { current_password: wrong, new_password: next } });
        await post('/api/v1/users/me/password', { token: ada.token, body: { current_password: password, new_password: next },
            headers: { 'Idempotency-Key': 'the new password' } });
        await platform.request('PATCH', '/api/v1/users/me', { token: ada.token, body: { email: 'a@example.org', current_password: next } });
        await platform.request('PATCH', '/api/v1/users/ada', { token: admin, body: { new_password: last } });
        const token = plant('an access token', await platform.login('ada', last));

        // API keys: right, wrong, and by HTTP Basic.
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token, body: { name: 'bot', scope: 'trade' },
            headers: { 'Idempotency-Key': 'the key' } });
        plant('an API key\'s secret', key.secret);
        for (const secret of [key.secret, plant('a wrong secret of an API key')]) {
            await platform.request('GET', '/api/v1/portfolios', { headers: { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': secret } });
            const basic = plant('an API key in base64', Buffer.from(`${key.id}:${secret}`).toString('base64'));
            await platform.request('GET', '/api/v1/portfolios', { headers: { authorization: `Basic ${basic}` } });
        }

        // Cookies and their CSRF tokens.
        const session = await post('/api/v1/auth/login', { body: { username: 'ada', password: last, cookie: true } });
        const cookie = setCookies(session)[0].split(';')[0];
        plant('a cookie', cookie.split('=')[1]);
        plant('a CSRF token', session.body.csrf_token);
        await post('/api/v1/portfolios', { headers: { cookie, 'x-csrf-token': session.body.csrf_token }, body: { name: 'by cookie' } });
        await post('/api/v1/portfolios', { headers: { cookie, 'x-csrf-token': plant('a wrong CSRF token') }, body: { name: 'by cookie' } });
        await platform.request('GET', '/api/v1/portfolios', { headers: { cookie: `bourse_session=${plant('a wrong cookie')}` } });

        // Where none should be: the address, headers nobody reads, tokens that are none.
        await platform.request('GET', `/api/v1/portfolios?access_token=${token}&password=${plant('a password in the address')}`, { token });
        await platform.request('GET', `/api/v1/${plant('a password in the path')}`);
        await platform.request('GET', '/api/v1/portfolios', { token: plant('a token that is none') });
        await platform.request('GET', '/api/v1/portfolios', { headers: { authorization: `Token ${plant('a token of another scheme')}` } });
        await platform.request('GET', '/api/v1/portfolios', { headers: { 'x-api-key': plant('a key in another header') } });

        // What is changed with these credentials.
        await platform.import('ACME', toCsv(madeUpBars(7)), admin);
        await platform.step('2014-01-06T15:00:00Z', admin);
        await post(`/api/v1/portfolios/${ada.portfolio}/orders`, { token, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
        await post(`/api/v1/portfolios/${ada.portfolio}/orders`, { token: admin, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
        await post(`/api/v1/portfolios/${ada.portfolio}/orders`, { token, body: { ticker: 'NONE', side: 'buy', quantity: '1' } });
        await post(`/api/v1/portfolios/${ada.portfolio}/orders`, { token, raw: '{', headers: { 'content-type': 'application/json' } });
        await post('/api/v1/symbols', { token: admin, body: { ticker: 'ACME', name: 'again' } });
        plant('an access token of the launcher', (await platform.bourse('admin', 'token', 'admin')).trim());
        await platform.bourse('admin', 'rotate-key');
        await platform.expect(204, 'POST', '/api/v1/auth/logout', { token });
    }

    // Everything that is written by the services, [where, text].
    async function everythingWritten() {
        const written = readdirSync(join(platform.data, 'log')).map(name =>
            [`log/${name}`, readFileSync(join(platform.data, 'log', name), 'utf8')]);
        for (const table of ['auth.audit_log', ...['auth', 'market', 'portfolio'].map(name => `${name}.requests`),
            ...senders.map(name => `${name}.audit_outbox`)]) {
            const rows = await platform.query(`SELECT t::text FROM ${table} t`);
            written.push([table, rows.flat().join('\n')]);
        }
        // Stored answers are packed and in base64url.
        for (const name of ['auth', 'market', 'portfolio']) {
            const rows = await platform.query(`SELECT reply FROM ${name}.requests WHERE reply IS NOT NULL`);
            written.push([`answers in ${name}.requests`,
                rows.flat().map(row => Buffer.from(row, 'base64url').toString('latin1')).join('\n')]);
        }
        return written;
    }

    it('are in no log and in no table that tells what was done', async () => {
        await use();
        for (const [pem] of await platform.query('SELECT replace(private_pem, chr(10), chr(32)) FROM auth.signing_keys'))
            // Each line of the key by itself: a log would break it.
            pem.split(' ').filter(line => /^[\w+/=]{40,}$/.test(line)).forEach(line => plant('a private signing key', line));
        for (const name of readdirSync(join(platform.data, 'secrets')))
            readFileSync(join(platform.data, 'secrets', name), 'utf8').trim().split('\n')
                .forEach(line => plant(`the file ${name}`, line));
        const kinds = [...secrets.values()];
        for (const kind of ['the file mesh.key', 'a private signing key', 'a refresh token', 'a cookie', 'a CSRF token'])
            assert.ok(kinds.includes(kind), kind);
        await delivered(platform, admin);

        const written = await everythingWritten();
        const found = [...secrets].flatMap(([secret, kind]) => written.filter(([, text]) => text.includes(secret))
            .map(([where]) => `${kind} in ${where}`));
        assert.deepEqual(found, []);

        // And what is no secret is found by the same search, in each kind of place.
        const [[id]] = await platform.query("SELECT id FROM auth.users WHERE username = 'ada'");
        const whereIs = marker => written.filter(([, text]) => text.includes(marker)).map(([where]) => where);
        for (const service of ['auth', 'portfolio', 'trading'])
            assert.ok(whereIs(id).includes(`log/${service}.log`), service);
        assert.ok(whereIs('ada').includes('auth.audit_log'));
        assert.ok(whereIs(id).includes('auth.requests'));
        assert.ok(whereIs('ada').includes('answers in auth.requests'));
        assert.ok(whereIs('order.place').includes('auth.audit_log'));
    });
});

// SPDX-License-Identifier: MIT
// Who may do what: every operation of the OpenAPI document is tried as nobody, with keys that may too
// little, as another user and as an administrator. What each asks for it says itself (x-bourse-access,
// x-bourse-owner, or that it is there for all: x-bourse-shared); an operation that says nothing, or has an
// id this test does not know, fails here.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { operationsOf, requestOf } from '../support/operations.mjs';
import { Platform, madeUpBars, toCsv } from '../support/platform.mjs';

const password = 'correct horse battery';
const scopes = ['open', 'read', 'trade', 'account', 'administrator'];
let platform;
let operations;
let admin;
let owner;

async function send(operation, ids, { token, headers } = {}) {
    const { path, options } = requestOf(operation, ids);
    return platform.request(operation.method, path, { ...options, token, headers: { ...options.headers, ...headers } });
}

const headersOf = key => ({ 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret });

const label = (operation, reply) => `${operation.method} ${operation.path}: ${reply.status} ${reply.text}`;

// A user with one of everything that an operation may name.
async function someone(name) {
    const user = await platform.trader(name);
    const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}/orders`,
        { token: user.token, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
    const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: user.token, body: { name: 'one', scope: 'read' } });
    const trader = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: user.token, body: { name: 'two', scope: 'trade' } });
    const watchlist = await platform.expect(201, 'POST', '/api/v1/watchlists', { token: user.token, body: { name: 'one', symbols: ['ACME'] } });
    const strategy = await platform.expect(201, 'POST', '/api/v1/strategies',
        { token: user.token, body: { name: 'one', kind: 'buy_and_hold', symbols: ['ACME'] } });
    const backtest = await platform.expect(202, 'POST', `/api/v1/strategies/${strategy.id}/backtests`,
        { token: user.token, body: { start: '2014-01-02T00:00:00Z' } });
    const run = await platform.expect(201, 'POST', `/api/v1/strategies/${strategy.id}/start`,
        { token: user.token, body: { portfolio_id: user.portfolio } });
    const { sessions } = await platform.expect(200, 'GET', '/api/v1/auth/sessions', { token: user.token });
    const { id } = await platform.expect(200, 'GET', '/api/v1/users/me', { token: user.token });
    return { ...user, key, trader, ids: { portfolio_id: user.portfolio, order_id: order.id, task_id: order.id, api_key_id: key.id,
        watchlist_id: watchlist.id, strategy_id: strategy.id, backtest_id: backtest.id, run_id: run.id, session_id: sessions[0].id,
        competition_id: randomUUID(), import_id: randomUUID(), action_id: randomUUID(),
        user: id, user_id: id, ticker: 'ACME' } };
}

// An administrator of this moment's own, who can be logged out and deleted by what is tried.
async function passingAdministrator(number) {
    const username = `passing.admin${number}`;
    await platform.expect(201, 'POST', '/api/v1/users', { body: { username, email: `${username}@example.org`, password } });
    await platform.expect(200, 'PATCH', `/api/v1/users/${username}`, { token: admin, body: { role: 'administrator' } });
    return platform.login(username, password);
}

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', toCsv(madeUpBars(7)), admin);
    await platform.step('2014-01-06T15:00:00Z', admin);
    operations = operationsOf(await platform.expect(200, 'GET', '/openapi.json'));
    owner = await someone('owner');
});
after(() => platform.stop());

describe('every operation', () => {
    it('says who may call it, and whose the thing is that its path names', () => {
        assert.ok(operations.length > 40);
        for (const operation of operations) {
            assert.ok(scopes.includes(operation['x-bourse-access']), operation.path);
            if (operation.path.includes('{') && ['read', 'trade', 'account'].includes(operation['x-bourse-access']))
                assert.ok(operation['x-bourse-owner'] || operation['x-bourse-shared'], operation.path);
        }
    });

    it('is refused with 401 to nobody, unless it is open', async () => {
        for (const operation of operations) {
            const reply = await send(operation, owner.ids);
            if (operation['x-bourse-access'] !== 'open')
                assert.equal(reply.status, 401, label(operation, reply));
            else
                assert.ok(reply.status !== 403 && (reply.status !== 401 || /auth\/(login|refresh)/.test(operation.path)),
                    label(operation, reply));
        }
    });

    it('is refused with 401 to a token that is no token', async () => {
        for (const operation of operations.filter(one => one['x-bourse-access'] !== 'open')) {
            const reply = await send(operation, owner.ids, { token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.' });
            assert.equal(reply.status, 401, label(operation, reply));
        }
    });

    it('is refused with 403 to an API key that may read only, where it changes something', async () => {
        for (const operation of operations.filter(one => scopes.indexOf(one['x-bourse-access']) >= scopes.indexOf('trade'))) {
            const reply = await send(operation, owner.ids, { headers: headersOf(owner.key) });
            assert.equal(reply.status, 403, label(operation, reply));
        }
    });

    it('is refused with 403 to an API key that may trade, where it is about the account or the platform', async () => {
        for (const operation of operations.filter(one => scopes.indexOf(one['x-bourse-access']) >= scopes.indexOf('account'))) {
            const reply = await send(operation, owner.ids, { headers: headersOf(owner.trader) });
            assert.equal(reply.status, 403, label(operation, reply));
        }
    });

    it('is refused with 401 or 403 before anybody looks at what is wrong with the question', async () => {
        const wrong = [{ raw: '{', headers: { 'content-type': 'text/plain' } }, { raw: '{', headers: { 'content-type': 'application/json' } }];
        for (const operation of operations.filter(one => one['x-bourse-access'] === 'administrator'))
            for (const options of wrong.map(one => (operation.method === 'GET' ? {} : one))) {
                const path = `${requestOf(operation, owner.ids).path.split('?')[0]}?nonsense=1`;
                const reply = await platform.request(operation.method, path, { ...options, token: owner.token });
                assert.equal(reply.status, 403, label(operation, reply));
                assert.equal(reply.body.reason, 'PERMISSION_DENIED');
                assert.equal((await platform.request(operation.method, path, options)).status, 401, operation.path);
            }
    });

    it('is refused with 403 to users where it is for administrators', async () => {
        for (const operation of operations.filter(one => one['x-bourse-access'] === 'administrator')) {
            const reply = await send(operation, owner.ids, { token: owner.token });
            assert.equal(reply.status, 403, label(operation, reply));
            assert.equal(reply.body.reason, 'PERMISSION_DENIED');
        }
    });

    it('answers another user\'s ids exactly as ids that nobody has', async () => {
        const other = await someone('other');
        const plain = (reply, id) => JSON.stringify({ ...reply.body, request_id: 0, trace_id: 0 }).replaceAll(id, 'ID');
        let tried = 0;
        for (const operation of operations.filter(one => one.path.includes(`{${one['x-bourse-owner']}}`))) {
            const variable = operation['x-bourse-owner'];
            const unknown = randomUUID();
            const theirs = await send(operation, owner.ids, { token: other.token });
            const nobodys = await send(operation, { ...owner.ids, [variable]: unknown }, { token: other.token });
            assert.equal(theirs.status, 404, label(operation, theirs));
            assert.equal(nobodys.status, 404, label(operation, nobodys));
            assert.equal(plain(theirs, owner.ids[variable]), plain(nobodys, unknown));
            tried += 1;
        }
        assert.ok(tried > 12);
        // And as a query: a list of somebody else's.
        for (const path of [`/api/v1/orders?portfolio_id=${owner.portfolio}`])
            await platform.expect(404, 'GET', path, { token: other.token });
        for (const path of ['orders', 'portfolios', 'watchlists', 'strategies', 'backtests', 'strategy-runs'].map(list => `/api/v1/${list}?user_id=${owner.ids.user}`))
            await platform.expect(403, 'GET', path, { token: other.token });
        // A page token or a client_order_id of theirs leads to nothing of theirs.
        const { orders } = await platform.expect(200, 'GET', `/api/v1/orders?status=all&page_token=${owner.ids.order_id}`,
            { token: other.token });
        assert.ok(orders.every(order => order.portfolio_id === other.portfolio));
    });

    it('is open to an administrator\'s login', async () => {
        for (const [number, operation] of operations.entries()) {
            const token = await passingAdministrator(number);
            const victim = { ...owner.ids };
            if (operation.method === 'DELETE' && operation.path.startsWith('/api/v1/users/{'))
                victim.user = `passing.admin${number}`;
            const reply = await send(operation, victim, { token });
            assert.ok(!['UNAUTHENTICATED', 'INVALID_TOKEN', 'PERMISSION_DENIED', 'INSUFFICIENT_SCOPE'].includes(reply.body?.reason),
                label(operation, reply));
            assert.notEqual(reply.status, 500, label(operation, reply));
        }
    });
});

describe('the older paths', () => {
    it('ask for a token where the native ones do, and show no other user\'s things', async () => {
        const other = await platform.trader('bystander');
        for (const prefix of ['', '/api'])
            for (const [method, path, body] of [
                ['POST', '/transactions/', { user: owner.username, ticker: 'ACME', transaction_type: 'BUY', transaction_volume: 1 }],
                ['GET', `/transactions/${owner.ids.user}/`], ['GET', `/users/${owner.username}/`], ['GET', '/portfolios/'],
                ['GET', `/portfolios/${owner.portfolio}/`]]) {
                await platform.expect(401, method, prefix + path, { body });
                const reply = await platform.request(method, prefix + path, { body, token: other.token });
                if (path !== '/portfolios/')
                    assert.ok([403, 404].includes(reply.status), `${method} ${prefix}${path}: ${reply.status} ${reply.text}`);
            }
        await platform.expect(403, 'POST', '/api/stocks/', { token: other.token, body: { ticker: 'EVIL', open_price: '1',
            close_price: '1', high: '1', low: '1', volume: 1, timestamp: '2014-01-06T00:00:00Z' } });
    });
});

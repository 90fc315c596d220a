// SPDX-License-Identifier: MIT
// Accounts: what people change about themselves, what administrators do, API keys, sessions in cookies
// and the audit log, on a running platform.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { setCookies } from '../support/cookies.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

const password = 'correct horse battery';
let platform;
let admin;
let count = 0;

// A name nobody has.
function name(kind) {
    count += 1;
    return `${kind}.number${'abcdefghjk'[count % 10]}${count}`;
}

// Polls until the request is refused, and fails when that takes longer than a second.
async function refusedWithinASecond(what, path, options) {
    await until(what, async () => (await platform.request('GET', path, options)).status === 401, 1);
}

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', toCsv(madeUpBars(7)), admin);
    await platform.step('2014-01-06T15:00:00Z', admin);
});
after(() => platform.stop());

describe('a profile', () => {
    it('is changed by its owner, and "" takes a name away', async () => {
        const ada = await platform.trader(name('ada'));
        let user = await platform.expect(200, 'PATCH', '/api/v1/users/me',
            { token: ada.token, body: { first_name: 'Ada', last_name: 'Lovelace' } });
        assert.equal(user.first_name, 'Ada');
        user = await platform.expect(200, 'PATCH', '/api/v1/users/me', { token: ada.token, body: { last_name: '' } });
        assert.equal(user.first_name, 'Ada');
        assert.equal(user.last_name, undefined);
        assert.equal(user.balance, '100000.00');
        assert.deepEqual(await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token }), user);
    });

    it('gets another e-mail address only with the password', async () => {
        const ada = await platform.trader(name('ada'));
        const email = `new.${ada.username}@example.org`;
        const change = (body, status) => platform.expect(status, 'PATCH', '/api/v1/users/me', { token: ada.token, body });
        let problem = await change({ email }, 400);
        assert.equal(problem.errors[0].field, 'current_password');
        problem = await change({ email, current_password: 'wrong horse battery' }, 403);
        assert.equal(problem.reason, 'WRONG_PASSWORD');
        assert.equal((await change({ email, current_password: password }, 200)).email, email);
        await platform.login(email, password);
        // The same address in another case is no change.
        await change({ email: email.toUpperCase() }, 200);
    });

    it('is changed once when the request comes twice with its key', async () => {
        const ada = await platform.trader(name('ada'));
        const change = first_name => platform.request('PATCH', '/api/v1/users/me',
            { token: ada.token, headers: { 'Idempotency-Key': 'a change' }, body: { first_name } });
        assert.equal((await change('Ada')).headers.get('idempotent-replayed'), null);
        await platform.expect(200, 'PATCH', '/api/v1/users/me', { token: ada.token, body: { first_name: 'Augusta' } });
        const again = await change('Ada');
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        assert.equal(again.body.first_name, 'Ada');
        assert.equal((await change('Eve')).body.reason, 'IDEMPOTENCY_KEY_REUSED');
        assert.equal((await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token })).first_name, 'Augusta');
    });

    it('does not get an address that somebody has', async () => {
        const ada = await platform.trader(name('ada'));
        const bob = await platform.trader(name('bob'));
        const problem = await platform.expect(409, 'PATCH', '/api/v1/users/me',
            { token: bob.token, body: { email: `${ada.username}@EXAMPLE.org`, current_password: password } });
        assert.equal(problem.reason, 'EMAIL_TAKEN');
    });

    it('takes no field that is not the owner\'s to set', async () => {
        const ada = await platform.trader(name('ada'));
        for (const body of [{ role: 'administrator' }, { is_active: false }, { balance: '1000000' },
            { username: 'root' }, { id: '00000000-0000-7000-8000-000000000000' }, { created_at: '2014-01-01T00:00:00Z' }]) {
            const problem = await platform.expect(400, 'PATCH', '/api/v1/users/me', { token: ada.token, body });
            assert.equal(problem.errors[0].field, Object.keys(body)[0]);
        }
        const user = await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        assert.equal(user.role, 'user');
        assert.equal(user.balance, '100000.00');
    });
});

describe('a password', () => {
    it('is changed with the present one, and other sessions end within a second', async () => {
        const ada = await platform.trader(name('ada'));
        const other = await platform.expect(200, 'POST', '/api/v1/auth/login',
            { body: { username: ada.username, password } });
        const change = (body, status) => platform.expect(status, 'POST', '/api/v1/users/me/password',
            { token: ada.token, body });
        let problem = await change({ current_password: 'wrong horse battery', new_password: 'another fine day' }, 403);
        assert.equal(problem.reason, 'WRONG_PASSWORD');
        problem = await change({ current_password: password, new_password: 'short' }, 400);
        assert.equal(problem.errors[0].field, 'new_password');
        problem = await change({ current_password: password, new_password: 'password123' }, 400);
        assert.equal(problem.errors[0].field, 'new_password');
        problem = await change({ current_password: password, new_password: password }, 400);
        assert.equal(problem.errors[0].field, 'new_password');
        await change({ new_password: 'another fine day' }, 400);
        await change({ current_password: password, new_password: 'another fine day' }, 204);
        // Every service hears of it: auth, portfolio, trading and the gateway.
        for (const path of ['/api/v1/users/me', '/api/v1/portfolios', '/api/v1/orders', '/api/v1/auth/session'])
            await refusedWithinASecond('the other session to end', path, { token: other.access_token });
        await platform.expect(401, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: other.refresh_token } });
        await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        await platform.expect(401, 'POST', '/api/v1/auth/login', { body: { username: ada.username, password } });
        await platform.login(ada.username, 'another fine day');
    });

    it('is changed once when the request comes twice', async () => {
        const ada = await platform.trader(name('ada'));
        const options = { token: ada.token, headers: { 'Idempotency-Key': 'change it' },
            body: { current_password: password, new_password: 'another fine day' } };
        await platform.expect(204, 'POST', '/api/v1/users/me/password', options);
        const again = await platform.request('POST', '/api/v1/users/me/password', options);
        assert.equal(again.status, 204);
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
    });
});

describe('an account that is deleted', () => {
    it('needs the password, and then lets nobody in; its ledger stays and its name is nobody else\'s', async () => {
        const ada = await platform.trader(name('ada'));
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys',
            { token: ada.token, body: { name: 'bot', scope: 'read' } });
        const user = await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        await platform.expect(422, 'DELETE', '/api/v1/users/me', { token: ada.token });
        await platform.expect(403, 'DELETE', '/api/v1/users/me',
            { token: ada.token, body: { password: 'wrong horse battery' } });
        await platform.expect(204, 'DELETE', '/api/v1/users/me', { token: ada.token, body: { password } });
        await refusedWithinASecond('the token to be refused', '/api/v1/portfolios', { token: ada.token });
        await platform.expect(401, 'GET', '/api/v1/portfolios',
            { headers: { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret } });
        const problem = await platform.expect(401, 'POST', '/api/v1/auth/login',
            { body: { username: ada.username, password } });
        assert.equal(problem.reason, 'INVALID_CREDENTIALS');
        await platform.expect(409, 'POST', '/api/v1/users',
            { body: { username: ada.username, email: `again.${ada.username}@example.org`, password } });
        // The address is forgotten, and free.
        await platform.expect(201, 'POST', '/api/v1/users',
            { body: { username: name('heir'), email: `${ada.username}@example.org`, password } });
        const rows = await platform.query(`SELECT amount FROM audit.balances WHERE account = 'cash' AND
            portfolio_id = '${ada.portfolio}'`);
        assert.equal(rows.length, 1);
        const seen = await platform.expect(200, 'GET', `/api/v1/users/${user.id}`, { token: admin });
        assert.equal(seen.is_active, false);
        assert.ok(seen.deleted_at);
        assert.equal(seen.email, undefined);
        await platform.expect(404, 'PATCH', `/api/v1/users/${user.id}`, { token: admin, body: { is_active: true } });
    });
});

describe('what trades for a user', () => {
    // Somebody with a strategy that runs and a buy that rests.
    const trades = async () => {
        const user = await platform.trader(name('bot'));
        const { id } = await platform.expect(201, 'POST', '/api/v1/strategies',
            { token: user.token, body: { name: 'one', symbols: ['ACME'], kind: 'buy_and_hold' } });
        await platform.expect(201, 'POST', `/api/v1/strategies/${id}/start`,
            { token: user.token, body: { portfolio_id: user.portfolio, cash: '1000' } });
        return { ...user, order: await rest(user, user.token) };
    };
    const rest = async ({ portfolio }, token) => {
        const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/orders`,
            { token, body: { ticker: 'ACME', side: 'buy', quantity: '10', type: 'limit', limit_price: '1.00', time_in_force: 'gtc' } });
        assert.equal(order.status, 'new');
        return order.id;
    };
    const runOf = async user => (await platform.query(`SELECT state, reason FROM trading.strategy_runs
        WHERE portfolio_id = '${user.portfolio}'`))[0];
    const waiting = async user => (await platform.query(`SELECT told_at IS NOT NULL FROM auth.trading_stops
        JOIN auth.users ON id = user_id WHERE username = '${user.username}'`))[0];
    const look = order => platform.expect(200, 'GET', `/api/v1/orders/${order}`, { token: admin });
    const hasEnded = async user => {
        const order = await until('the order to be canceled', async () => {
            const now = await look(user.order);
            return now.status === 'canceled' && now;
        }, 40);
        assert.equal(order.reason, 'ACCOUNT_INACTIVE');
        await until('the run to be stopped', async () => (await runOf(user)).join() === 'stopped,ACCOUNT_INACTIVE');
        await until('what the order held to be given back', async () => (await platform.expect(200, 'GET',
            `/api/v1/portfolios/${user.portfolio}`, { token: admin })).buying_power === '100000.00');
        await until('auth to know of it', async () => (await waiting(user))?.[0] === 't');
    };
    const change = (user, is_active) => platform.expect(200, 'PATCH', `/api/v1/users/${user.username}`, { token: admin, body: { is_active } });

    it('ends when the user is shut out, is not given back, and ends once more when all tokens are over', async () => {
        const user = await trades();
        await platform.expect(200, 'PATCH', `/api/v1/users/${user.username}`, { token: admin, body: { new_password: 'another fine day' } });
        assert.equal((await look(user.order)).status, 'new');
        assert.equal(await waiting(user), undefined);
        await change(user, false);
        await hasEnded(user);
        // As if it had been placed at a replica that had not heard of the end of the session.
        user.order = await rest(user, admin);
        await platform.query(`UPDATE auth.trading_stops SET asked_at = asked_at - interval '3 minutes'`);
        await until('the last time', async () => await waiting(user) === undefined);
        assert.equal((await look(user.order)).status, 'canceled');

        await change(user, false);
        await hasEnded(user);
        await change(user, true);
        assert.equal(await waiting(user), undefined);
        const token = await platform.login(user.username, 'another fine day');
        assert.equal((await look(user.order)).status, 'canceled');
        assert.deepEqual(await runOf(user), ['stopped', 'ACCOUNT_INACTIVE']);
        await rest(user, token);
    });

    // Somebody with a backtest that runs and two that wait, as market does not answer.
    const backtests = async work => {
        const user = await platform.trader(name('tester'));
        const { id } = await platform.expect(201, 'POST', '/api/v1/strategies',
            { token: user.token, body: { name: 'one', symbols: ['ACME'], kind: 'buy_and_hold' } });
        const queue = status => platform.request('POST', `/api/v1/strategies/${id}/backtests`,
            { token: user.token, body: { start: '2014-01-01T00:00:00Z' } }).then(reply => {
            assert.equal(reply.status, status, reply.text);
            return reply.body.id;
        });
        const look = backtest => platform.expect(200, 'GET', `/api/v1/backtests/${backtest}`, { token: admin });
        const market = platform.pid('market');
        process.kill(market, 'SIGSTOP');
        try {
            const ids = [await queue(202), await queue(202), await queue(202)];
            await until('the first one to run', async () => (await look(ids[0])).status === 'running');
            await work({ ...user, queue, look, ids });
        } finally {
            process.kill(market, 'SIGCONT');
        }
        const haveBecome = async outcomes => {
            const rows = await platform.query(`SELECT b.status, coalesce(b.reason, ''), b.result IS NULL FROM trading.backtests b
                JOIN auth.users u ON u.id = b.user_id WHERE u.username = '${user.username}'`);
            return rows.length === 3 && rows.every(row => outcomes.includes(row.join()));
        };
        return { areCanceled: () => haveBecome(['canceled,ACCOUNT_INACTIVE,t']),
            haveEnded: () => haveBecome(['canceled,ACCOUNT_INACTIVE,t', 'completed,,f']) };
    };

    it('ends with the backtests: those that wait at once, and the one that runs as soon as it can hear it', async () => {
        const { areCanceled } = await backtests(async user => {
            await change(user, false);
            for (const id of user.ids.slice(1))
                await until(`${id} to be canceled`, async () => (await user.look(id)).status === 'canceled');
            assert.equal((await user.look(user.ids[1])).reason, 'ACCOUNT_INACTIVE');
            await until('the token to be good nowhere', async () =>
                (await platform.request('GET', '/api/v1/strategies', { token: user.token })).status === 401);
            await user.queue(401);
            assert.equal((await user.look(user.ids[0])).status, 'running');
        });
        await until('all to be canceled', areCanceled, 60);
    });

    for (const first of ['trading', 'the user'])
        it(`ends with the backtests when trading is killed meanwhile: ${first} first`, async () => {
            const { areCanceled, haveEnded } = await backtests(async user => {
                if (first === 'the user') {
                    await change(user, false);
                    await until('auth to know of it', async () => (await waiting(user))?.[0] === 't', 40);
                }
                await platform.kill('trading');
                if (first === 'trading')
                    await change(user, false);
            });
            // A trading that has just started may have run some to their ends before auth could reach it.
            await until('all to have ended', first === 'trading' ? haveEnded : areCanceled, 60);
        });

    for (const first of ['trading', 'the account'])
        it(`ends with the account, also when trading dies just then: ${first} first`, async () => {
            const user = await trades();
            const end = () => platform.expect(204, 'DELETE', '/api/v1/users/me', { token: user.token, body: { password } });
            if (first === 'the account')
                await end();
            await platform.kill('trading');
            if (first === 'trading')
                await end();
            await hasEnded(user);
        });
});

describe('sessions', () => {
    it('are listed with where they began, and ended one by one', async () => {
        const ada = await platform.trader(name('ada'));
        await platform.expect(200, 'POST', '/api/v1/auth/login',
            { body: { username: ada.username, password, device: 'my telephone' } });
        const { sessions } = await platform.expect(200, 'GET', '/api/v1/auth/sessions', { token: ada.token });
        assert.equal(sessions.length, 2);
        assert.equal(sessions[0].device, 'my telephone');
        assert.equal(sessions[0].address, '127.0.0.1');
        assert.equal(sessions[0].is_current, false);
        assert.equal(sessions[1].is_current, true);
        await platform.expect(204, 'DELETE', `/api/v1/auth/sessions/${sessions[0].id}`, { token: ada.token });
        await platform.expect(404, 'DELETE', `/api/v1/auth/sessions/${sessions[0].id}`, { token: ada.token });
        const left = await platform.expect(200, 'GET', '/api/v1/auth/sessions', { token: ada.token });
        assert.deepEqual(left.sessions.map(session => session.id), [sessions[1].id]);
    });

    it('are paged', async () => {
        const ada = await platform.trader(name('ada'));
        await platform.login(ada.username, password);
        await platform.login(ada.username, password);
        const seen = [];
        let token = '';
        do {
            const page = await platform.expect(200, 'GET', `/api/v1/auth/sessions?limit=1&page_token=${token}`,
                { token: ada.token });
            assert.equal(page.sessions.length, 1);
            seen.push(page.sessions[0].id);
            token = page.next_page_token;
        } while (token);
        assert.equal(new Set(seen).size, 3);
        await platform.expect(400, 'GET', '/api/v1/auth/sessions?page_token=nonsense', { token: ada.token });
    });

    it('are a hundred at most: the one used longest ago ends', async () => {
        const ada = await platform.trader(name('ada'));
        const rows = await platform.query(`SELECT id FROM auth.users WHERE username = '${ada.username}'`);
        await platform.query(`INSERT INTO auth.sessions (user_id, id, expires_at, used_at)
            SELECT '${rows[0][0]}', gen_random_uuid(), now() + interval '1 hour', now() - interval '1 minute' * n
            FROM generate_series(1, 99) n`);
        await platform.login(ada.username, password);
        const open = await platform.query(`SELECT count(*), min(now() - used_at) FROM auth.sessions
            WHERE user_id = '${rows[0][0]}' AND ended_at IS NULL`);
        assert.equal(open[0][0], '100');
        const ended = await platform.query(`SELECT extract(minute FROM now() - used_at) + 60 * extract(hour FROM now() - used_at)
            FROM auth.sessions WHERE user_id = '${rows[0][0]}' AND ended_at IS NOT NULL`);
        assert.deepEqual(ended, [['99']]);
    });

    it('end for good when a refresh token is used twice', async () => {
        const ada = await platform.trader(name('ada'));
        const first = await platform.expect(200, 'POST', '/api/v1/auth/login', { body: { username: ada.username, password } });
        const second = await platform.expect(200, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: first.refresh_token } });
        await platform.expect(200, 'GET', '/api/v1/portfolios', { token: second.access_token });
        await platform.expect(401, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: first.refresh_token } });
        await platform.expect(401, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: second.refresh_token } });
        for (const path of ['/api/v1/users/me', '/api/v1/portfolios', '/api/v1/orders'])
            await refusedWithinASecond('the session to end', path, { token: second.access_token });
    });

    it('remember the last hundred refresh tokens that were spent', async () => {
        const ada = await platform.trader(name('ada'));
        const login = await platform.expect(200, 'POST', '/api/v1/auth/login', { body: { username: ada.username, password } });
        const [[session]] = await platform.query(`SELECT session_id FROM auth.refresh_tokens t JOIN auth.sessions s ON s.id = t.session_id
            WHERE t.user_id = '${login.user.id}' ORDER BY s.created_at DESC LIMIT 1`);
        await platform.query(`INSERT INTO auth.refresh_tokens (user_id, session_id, hash, spent_at)
            SELECT '${login.user.id}', '${session}', 'spent' || n, now() - interval '1 minute' * n FROM generate_series(1, 150) n`);
        await platform.expect(200, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: login.refresh_token } });
        const left = await platform.query(`SELECT count(*), max(hash) FILTER (WHERE hash = 'spent99'), max(hash) FILTER (WHERE hash = 'spent100')
            FROM auth.refresh_tokens WHERE session_id = '${session}'`);
        // A hundred spent ones, that of just now included, and the new one.
        assert.deepEqual(left, [['101', 'spent99', '']]);
    });

    it('do not outlive their whole life, however often they are refreshed', async () => {
        const ada = await platform.trader(name('ada'));
        const login = await platform.expect(200, 'POST', '/api/v1/auth/login', { body: { username: ada.username, password } });
        await platform.query(`UPDATE auth.sessions SET created_at = now() - interval '179 days 23 hours'
            WHERE user_id = '${login.user.id}'`);
        const next = await platform.expect(200, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: login.refresh_token } });
        const rows = await platform.query(`SELECT min(expires_at) BETWEEN now() AND now() + interval '1 hour' FROM auth.sessions
            WHERE user_id = '${login.user.id}'`);
        assert.equal(rows[0][0], 't');
        await platform.query(`UPDATE auth.sessions SET expires_at = now() WHERE user_id = '${login.user.id}'`);
        await platform.expect(401, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: next.refresh_token } });
    });
});

describe('an administrator', () => {
    it('finds users by page, beginning of the name, role and state', async () => {
        const one = await platform.trader(name('findable'));
        await platform.trader(name('findable'));
        const list = query => platform.expect(200, 'GET', `/api/v1/users?${query}`, { token: admin });
        const page = await list('q=FINDABLE&limit=1');
        assert.equal(page.users.length, 1);
        const rest = await list(`q=FINDABLE&limit=1&page_token=${page.next_page_token}`);
        assert.equal(rest.users[0].username, one.username);
        assert.equal(rest.next_page_token, undefined);
        assert.ok((await list('role=administrator')).users.every(user => user.role === 'administrator'));
        assert.equal((await list('q=%25')).users.length, 0);
        assert.equal((await list('q=INDABLE')).users.length, 0);
        await platform.expect(403, 'GET', '/api/v1/users', { token: one.token });
    });

    it('shuts a user out within a second everywhere, and lets the user in again', async () => {
        const ada = await platform.trader(name('ada'));
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys',
            { token: ada.token, body: { name: 'bot', scope: 'read' } });
        const headers = { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret };
        await platform.expect(200, 'GET', '/api/v1/portfolios', { headers });
        const user = await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`,
            { token: admin, body: { is_active: false } });
        assert.equal(user.is_active, false);
        for (const path of ['/api/v1/users/me', '/api/v1/portfolios', '/api/v1/orders', '/api/v1/auth/session']) {
            await refusedWithinASecond('the session to end', path, { token: ada.token });
            await refusedWithinASecond('the key to end', path, { headers });
        }
        await platform.expect(401, 'POST', '/api/v1/auth/login', { body: { username: ada.username, password } });
        await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`, { token: admin, body: { is_active: true } });
        await platform.login(ada.username, password);
    });

    it('gives another password, with which the API keys of before are gone', async () => {
        const ada = await platform.trader(name('ada'));
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys',
            { token: ada.token, body: { name: 'bot', scope: 'trade' } });
        const headers = { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret };
        await platform.expect(200, 'GET', '/api/v1/portfolios', { headers });
        await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`,
            { token: admin, body: { new_password: 'another fine day' } });
        await refusedWithinASecond('the key to end', '/api/v1/portfolios', { headers });
        await platform.login(ada.username, 'another fine day');
    });

    it('makes an administrator and takes the role back; tokens of before count no more', async () => {
        const ada = await platform.trader(name('ada'));
        await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`, { token: admin, body: { role: 'administrator' } });
        await refusedWithinASecond('the old token to end', '/api/v1/portfolios', { token: ada.token });
        const powerful = await platform.login(ada.username, password);
        await platform.expect(200, 'GET', '/api/v1/users', { token: powerful });
        await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`, { token: admin, body: { role: 'user' } });
        await refusedWithinASecond('the powerful token to end', '/api/v1/users', { token: powerful });
        await platform.expect(403, 'GET', '/api/v1/users', { token: await platform.login(ada.username, password) });
    });

    it('cannot take away the last one', async () => {
        for (const body of [{ role: 'user' }, { is_active: false }]) {
            const problem = await platform.expect(409, 'PATCH', '/api/v1/users/admin', { token: admin, body });
            assert.equal(problem.reason, 'LAST_ADMINISTRATOR');
        }
        await platform.expect(409, 'DELETE', '/api/v1/users/admin', { token: admin });
        await platform.expect(409, 'DELETE', '/api/v1/users/me', { token: admin, body: { password: platform.password } });
        await platform.expect(200, 'GET', '/api/v1/users', { token: admin });
    });

    it('makes a user without a password, who can log in once there is one', async () => {
        const robot = name('robot');
        await platform.expect(201, 'POST', '/api/v1/users', { token: admin, body: { username: robot } });
        for (const given of ['', ' ', 'null'])
            assert.ok([401, 422].includes((await platform.request('POST', '/api/v1/auth/login',
                { body: { username: robot, password: given } })).status));
        await platform.expect(200, 'PATCH', `/api/v1/users/${robot}`, { token: admin, body: { new_password: 'another fine day' } });
        await platform.login(robot, 'another fine day');
        await platform.expect(422, 'PATCH', `/api/v1/users/${robot}`, { token: admin, body: {} });
        await platform.expect(422, 'PATCH', `/api/v1/users/${robot}`, { token: admin, body: { new_password: 'password123' } });
    });

    it('ends an account', async () => {
        const ada = await platform.trader(name('ada'));
        await platform.expect(204, 'DELETE', `/api/v1/users/${ada.username}`, { token: admin });
        await refusedWithinASecond('the token to be refused', '/api/v1/portfolios', { token: ada.token });
        await platform.expect(404, 'DELETE', `/api/v1/users/${ada.username}`, { token: admin });
    });

    it('shuts out also those who are just logging in', async () => {
        const ada = await platform.trader(name('ada'));
        const logins = Array.from({ length: 12 }, () => platform.request('POST', '/api/v1/auth/login',
            { body: { username: ada.username, password } }));
        await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`, { token: admin, body: { is_active: false } });
        const replies = await Promise.all(logins);
        for (const reply of replies.filter(reply => reply.status === 200))
            await refusedWithinASecond('a session that had begun to end', '/api/v1/portfolios',
                { token: reply.body.access_token });
    });
});

describe('an API key', () => {
    let ada;
    const headersOf = key => ({ 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret });
    const make = (body, status = 201) => platform.expect(status, 'POST', '/api/v1/api-keys', { token: ada.token, body });
    const order = { ticker: 'ACME', side: 'buy', quantity: '1' };

    before(async () => {
        ada = await platform.trader(name('ada'));
    });

    it('reads, or trades too, as its scope says; and never touches the account', async () => {
        const reader = headersOf(await make({ name: 'reader', scope: 'read' }));
        const trader = headersOf(await make({ name: 'trader', scope: 'trade' }));
        const orders = `/api/v1/portfolios/${ada.portfolio}/orders`;
        await platform.expect(200, 'GET', '/api/v1/portfolios', { headers: reader });
        await platform.expect(200, 'GET', '/api/v1/orders', { headers: reader });
        const problem = await platform.expect(403, 'POST', orders, { headers: reader, body: order });
        assert.equal(problem.reason, 'INSUFFICIENT_SCOPE');
        assert.equal((await platform.expect(201, 'POST', orders, { headers: trader, body: order })).status, 'filled');
        for (const [method, path, body] of [['POST', '/api/v1/users/me/password', { current_password: password, new_password: 'another fine day' }],
            ['PATCH', '/api/v1/users/me', { first_name: 'Eve' }], ['DELETE', '/api/v1/users/me', { password }],
            ['POST', '/api/v1/api-keys', { name: 'more', scope: 'trade' }], ['GET', '/api/v1/api-keys'],
            ['GET', '/api/v1/auth/sessions'], ['POST', '/api/v1/auth/logout']])
            assert.equal((await platform.expect(403, method, path, { headers: trader, body })).reason, 'INSUFFICIENT_SCOPE');
        const shown = await platform.expect(200, 'GET', '/api/v1/auth/session', { headers: trader });
        assert.equal(shown.scope, 'trade');
        assert.equal(shown.api_key_id, trader['APCA-API-KEY-ID']);
    });

    it('is taken as HTTP Basic too', async () => {
        const key = await make({ name: 'basic', scope: 'read' });
        const basic = text => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
        await platform.expect(200, 'GET', '/api/v1/portfolios', { headers: basic(`${key.id}:${key.secret}`) });
        await platform.expect(401, 'GET', '/api/v1/portfolios', { headers: basic(`${key.id}:${key.secret.slice(1)}A`) });
        await platform.expect(401, 'GET', '/api/v1/portfolios', { headers: basic(key.id) });
    });

    it('for one portfolio sees and touches no other', async () => {
        const second = await platform.expect(201, 'POST', '/api/v1/portfolios',
            { token: ada.token, body: { name: 'second', cash_balance: '5000' } });
        const placed = await platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
            { token: ada.token, body: order });
        const headers = headersOf(await make({ name: 'only', scope: 'trade', portfolio_id: second.id }));
        const { portfolios } = await platform.expect(200, 'GET', '/api/v1/portfolios', { headers });
        assert.deepEqual(portfolios.map(portfolio => portfolio.id), [second.id]);
        await platform.expect(201, 'POST', `/api/v1/portfolios/${second.id}/orders`, { headers, body: order });
        const { orders } = await platform.expect(200, 'GET', '/api/v1/orders?status=all', { headers });
        assert.ok(orders.length > 0 && orders.every(one => one.portfolio_id === second.id));
        for (const [method, path, body] of [['GET', `/api/v1/portfolios/${ada.portfolio}`],
            ['GET', `/api/v1/portfolios/${ada.portfolio}/positions`], ['GET', `/api/v1/portfolios/${ada.portfolio}/orders`],
            ['POST', `/api/v1/portfolios/${ada.portfolio}/orders`, order], ['GET', `/api/v1/orders/${placed.id}`],
            ['GET', `/api/v1/orders/${placed.id}/fills`], ['DELETE', `/api/v1/orders/${placed.id}`],
            ['POST', `/api/v1/portfolios/${ada.portfolio}/withdrawals`, { amount: '1' }]])
            await platform.expect(404, method, path, { headers, body });
        assert.equal((await platform.expect(403, 'POST', '/api/v1/portfolios', { headers, body: { name: 'third' } })).reason,
            'INSUFFICIENT_SCOPE');
        assert.equal((await platform.expect(200, 'GET', '/api/v1/users/me', { headers })).balance, undefined);
    });

    it('is only made for a portfolio of one\'s own, a scope there is, and a time to come', async () => {
        const bob = await platform.trader(name('bob'));
        await make({ name: 'theft', scope: 'trade', portfolio_id: bob.portfolio }, 404);
        await make({ name: 'nothing', scope: 'everything' }, 422);
        await make({ name: '', scope: 'read' }, 422);
        await make({ name: 'late', scope: 'read', expires_at: '2014-01-01T00:00:00Z' }, 422);
    });

    it('shows its secret once, and only its hash is kept', async () => {
        const options = { token: ada.token, headers: { 'Idempotency-Key': 'a key' }, body: { name: 'once', scope: 'read' } };
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', options);
        assert.match(key.secret, /^[\w-]{43}$/);
        const again = await platform.expect(201, 'POST', '/api/v1/api-keys', options);
        assert.equal(again.id, key.id);
        assert.equal(again.secret, undefined);
        const { api_keys: keys } = await platform.expect(200, 'GET', '/api/v1/api-keys', { token: ada.token });
        assert.ok(keys.every(one => one.secret === undefined));
        const dump = await platform.query(`SELECT k::text FROM auth.api_keys k UNION ALL SELECT r::text FROM auth.requests r
            UNION ALL SELECT a::text FROM auth.audit_log a`);
        assert.ok(dump.length > 0 && !dump.flat().some(row => row.includes(key.secret)));
    });

    it('says when it was used, ends when it expires, and is refused within a second of being deleted', async () => {
        const key = await make({ name: 'short', scope: 'read', expires_at: new Date(Date.now() + 2500).toISOString() });
        const other = await make({ name: 'deleted', scope: 'read' });
        await platform.expect(200, 'GET', '/api/v1/portfolios', { headers: headersOf(key) });
        await platform.expect(200, 'GET', '/api/v1/portfolios', { headers: headersOf(other) });
        const { api_keys: keys } = await platform.expect(200, 'GET', '/api/v1/api-keys', { token: ada.token });
        assert.ok(keys.find(one => one.id === key.id).last_used_at);
        const bob = await platform.trader(name('bob'));
        await platform.expect(404, 'DELETE', `/api/v1/api-keys/${other.id}`, { token: bob.token });
        await platform.expect(204, 'DELETE', `/api/v1/api-keys/${other.id}`, { token: ada.token });
        await platform.expect(404, 'DELETE', `/api/v1/api-keys/${other.id}`, { token: ada.token });
        for (const path of ['/api/v1/users/me', '/api/v1/portfolios', '/api/v1/orders'])
            await refusedWithinASecond('the deleted key to end', path, { headers: headersOf(other) });
        await until('the key to expire', async () => (await platform.request('GET', '/api/v1/portfolios',
            { headers: headersOf(key) })).status === 401, 10);
    });

    it('is one of fifty at most', async () => {
        const bob = await platform.trader(name('bob'));
        for (let i = 0; i < 50; i++)
            await platform.expect(201, 'POST', '/api/v1/api-keys', { token: bob.token, body: { name: `key ${i}`, scope: 'read' } });
        const problem = await platform.expect(403, 'POST', '/api/v1/api-keys', { token: bob.token, body: { name: 'one more', scope: 'read' } });
        assert.equal(problem.reason, 'LIMIT_EXCEEDED');
        assert.equal(problem.limit, '50');
    });

    it('that is wrong is nobody\'s', async () => {
        const key = await make({ name: 'right', scope: 'read' });
        for (const headers of [{ 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': 'x' },
            { 'APCA-API-KEY-ID': 'x', 'APCA-API-SECRET-KEY': key.secret }, { 'APCA-API-KEY-ID': key.id },
            { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret.toLowerCase() },
            { 'APCA-API-KEY-ID': '\'; DROP TABLE users --', 'APCA-API-SECRET-KEY': '\'' },
            { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': 'x'.repeat(5000) }])
            await platform.expect(401, 'GET', '/api/v1/portfolios', { headers });
        // What is open to all stays so.
        await platform.expect(200, 'GET', '/api/v1/quotes/ACME', { headers: { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': 'x' } });
    });
});

describe('a session in a cookie', () => {
    async function login(username, headers = {}) {
        const reply = await platform.request('POST', '/api/v1/auth/login',
            { headers, body: { username, password, cookie: true } });
        return { reply, cookie: setCookies(reply)[0]?.split(';')[0] };
    }

    it('is HttpOnly and SameSite=Lax, and the answer holds no token', async () => {
        const ada = await platform.trader(name('ada'));
        const { reply, cookie } = await login(ada.username, { 'user-agent': 'Test Browser 1.0' });
        const [line] = setCookies(reply);
        assert.match(line, /^bourse_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/);
        assert.deepEqual(Object.keys(reply.body).sort(), ['csrf_token', 'user']);
        const { sessions } = await platform.expect(200, 'GET', '/api/v1/auth/sessions', { headers: { cookie } });
        assert.equal(sessions[0].in_cookie, true);
        assert.equal(sessions[0].is_current, true);
        assert.equal(sessions[0].device, 'Test Browser 1.0');
        const shown = await platform.expect(200, 'GET', '/api/v1/auth/session', { headers: { cookie } });
        assert.equal(shown.csrf_token, reply.body.csrf_token);
        assert.equal(shown.username, ada.username);
        assert.equal(shown.scope, 'account');
    });

    it('changes nothing without the CSRF token, or with another session\'s, or from another site', async () => {
        const ada = await platform.trader(name('ada'));
        const { reply, cookie } = await login(ada.username);
        const eve = await platform.trader(name('eve'));
        const { reply: other } = await login(eve.username);
        const token = reply.body.csrf_token;
        const { host } = new URL(platform.url);
        const attempts = [{}, { 'x-csrf-token': '' }, { 'x-csrf-token': other.body.csrf_token },
            { 'x-csrf-token': token, 'sec-fetch-site': 'cross-site' },
            { 'x-csrf-token': token, origin: 'https://evil.example' }, { 'x-csrf-token': token, origin: 'null' }];
        for (const headers of attempts)
            for (const [method, path, body] of [['POST', '/api/v1/portfolios', { name: 'forged' }],
                ['PATCH', '/api/v1/users/me', { first_name: 'Forged' }],
                ['DELETE', `/api/v1/portfolios/${ada.portfolio}?force=true`], ['POST', '/api/v1/auth/logout']]) {
                const problem = await platform.expect(403, method, path, { headers: { ...headers, cookie }, body });
                assert.equal(problem.reason, 'CSRF_REJECTED');
            }
        // As a form of another site would send it.
        const form = await platform.request('POST', '/api/v1/portfolios',
            { headers: { cookie, 'content-type': 'text/plain', origin: 'https://evil.example' }, raw: '{"name": "forged"}' });
        assert.equal(form.status, 403);
        const { portfolios } = await platform.expect(200, 'GET', '/api/v1/portfolios', { headers: { cookie } });
        assert.equal(portfolios.length, 1);
        await platform.expect(201, 'POST', '/api/v1/portfolios', { headers: { cookie, 'x-csrf-token': token,
            origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }, body: { name: 'meant' } });
    });

    it('is not begun by a page of another site', async () => {
        const ada = await platform.trader(name('ada'));
        assert.equal((await login(ada.username, { origin: 'https://evil.example' })).reply.body.reason, 'CSRF_REJECTED');
        assert.equal((await login(ada.username, { 'sec-fetch-site': 'cross-site' })).reply.status, 403);
    });

    it('gives an administrator\'s power to no request without the CSRF token, on open operations neither', async () => {
        const { cookie } = await (async () => {
            const reply = await platform.request('POST', '/api/v1/auth/login',
                { body: { username: 'admin', password: platform.password, cookie: true } });
            return { cookie: setCookies(reply)[0].split(';')[0] };
        })();
        // An administrator could leave the password out.
        await platform.expect(400, 'POST', '/api/v1/users', { headers: { cookie }, body: { username: name('forged') } });
    });

    it('ends with a logout, and a cookie that is over is taken away', async () => {
        const ada = await platform.trader(name('ada'));
        const { reply, cookie } = await login(ada.username);
        const out = await platform.request('POST', '/api/v1/auth/logout',
            { headers: { cookie, 'x-csrf-token': reply.body.csrf_token } });
        assert.equal(out.status, 204);
        assert.match(setCookies(out)[0], /^bourse_session=; .*Max-Age=0$/);
        await refusedWithinASecond('the cookie to be refused', '/api/v1/portfolios', { headers: { cookie } });
        const refused = await platform.request('GET', '/api/v1/users/me', { headers: { cookie } });
        assert.equal(refused.status, 401);
        assert.match(setCookies(refused)[0], /^bourse_session=; .*Max-Age=0$/);
        // It hinders nobody from logging in anew, or from what is open to all.
        assert.equal((await login(ada.username, { cookie })).reply.status, 200);
        await platform.expect(200, 'GET', '/api/v1/quotes/ACME', { headers: { cookie } });
    });

    it('cannot be refreshed, and a refresh token is no cookie', async () => {
        const ada = await platform.trader(name('ada'));
        const { cookie } = await login(ada.username);
        await platform.expect(401, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: cookie.split('=')[1] } });
        const session = await platform.expect(200, 'POST', '/api/v1/auth/login', { body: { username: ada.username, password } });
        await platform.expect(401, 'GET', '/api/v1/users/me', { headers: { cookie: `bourse_session=${session.refresh_token}` } });
        await platform.expect(401, 'GET', '/api/v1/users/me', { headers: { cookie: `bourse_session=${session.access_token}` } });
    });
});

describe('the audit log', () => {
    it('tells who did what, from where and with what result', async () => {
        const ada = await platform.trader(name('ada'));
        await platform.request('POST', '/api/v1/auth/login', { body: { username: ada.username, password: 'wrong horse battery' } });
        await platform.request('POST', '/api/v1/auth/login', { body: { username: 'secret typed into the name', password: 'x' } });
        await platform.expect(204, 'POST', '/api/v1/users/me/password',
            { token: ada.token, body: { current_password: password, new_password: 'another fine day' } });
        await platform.expect(200, 'PATCH', `/api/v1/users/${ada.username}`, { token: admin, body: { is_active: false } });
        const id = (await platform.expect(200, 'GET', `/api/v1/users/${ada.username}`, { token: admin })).id;
        const own = await platform.expect(200, 'GET', `/api/v1/audit-log?actor_id=${id}`, { token: admin });
        assert.deepEqual(own.events.map(event => [event.action, event.result]), [['password.change', 'done'],
            ['session.start', 'done'], ['user.register', 'done']]);
        assert.ok(own.events.every(event => event.address === '127.0.0.1' && event.actor === ada.username && event.request_id));
        const all = await platform.expect(200, 'GET', '/api/v1/audit-log?limit=500', { token: admin });
        const refused = all.events.find(event => event.action === 'session.start' && event.subject === ada.username &&
            event.result === 'refused');
        assert.equal(refused.reason, 'INVALID_CREDENTIALS');
        assert.equal(refused.actor, undefined);
        const change = all.events.find(event => event.action === 'user.change' && event.subject === ada.username);
        assert.equal(change.actor, 'admin');
        assert.equal(change.detail, 'is_active: false');
        assert.ok(!JSON.stringify(all).includes('secret typed'));
        await platform.expect(403, 'GET', '/api/v1/audit-log', { token: (await platform.trader(name('bob'))).token });
    });

    it('is paged and filtered', async () => {
        const list = query => platform.expect(200, 'GET', `/api/v1/audit-log?${query}`, { token: admin });
        const page = await list('action=user.register&limit=2');
        assert.equal(page.events.length, 2);
        const next = await list(`action=user.register&limit=2&page_token=${page.next_page_token}`);
        assert.ok(next.events[0].id < page.events[1].id);
        assert.equal((await list('end=2014-01-01T00:00:00Z')).events.length, 0);
        assert.equal((await list('start=2014-01-01T00:00:00Z&limit=1')).events.length, 1);
    });

    it('cannot be changed by the service, not even by mistake', async () => {
        for (const change of ['UPDATE auth.audit_log SET actor = NULL', 'DELETE FROM auth.audit_log', 'TRUNCATE auth.audit_log'])
            await assert.rejects(platform.query(`SET ROLE bourse_auth; ${change}`), /permission denied/);
        assert.notEqual((await platform.query('SELECT count(*) FROM audit.events'))[0][0], '0');
    });
});

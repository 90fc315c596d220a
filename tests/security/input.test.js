// SPDX-License-Identifier: MIT
// What an attacker writes into fields: SQL, markup, line ends, fields that are not theirs to set, numbers that do
// not fit. Nothing but a 4xx comes of it, and nothing changes.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { setCookies } from '../support/cookies.mjs';
import { Replica } from '../support/from_address.mjs';
import { operationsOf, requestOf, resolve } from '../support/operations.mjs';
import { Platform, madeUpBars, toCsv } from '../support/platform.mjs';

const hostile = ['\' OR 1=1 --', '"; DROP TABLE users; --', '\\', '$1', '%s%n', '\r\nSet-Cookie: a=b', '<img src=x onerror=alert(1)>',
    '{{7*7}}', '../../../etc/passwd', '\u202Eabc', 'a'.repeat(5000), '\ud83d\ude00'.repeat(60)];
let platform;
let admin;
let trader;
let operations;
let ids;

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    await platform.import('ACME', toCsv(madeUpBars(7)), admin);
    await platform.step('2014-01-06T15:00:00Z', admin);
    trader = await platform.trader('trader');
    const victim = await platform.trader('victim'); // may be shut out by what is tried
    operations = operationsOf(await platform.expect(200, 'GET', '/openapi.json'));
    const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${victim.portfolio}/orders`,
        { token: victim.token, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
    ids = { portfolio_id: victim.portfolio, order_id: order.id, api_key_id: randomUUID(), session_id: randomUUID(),
        user: 'victim', ticker: 'ACME' };
});
after(() => platform.stop());

// Sends as the administrator, so that nothing is refused for want of power before it is read. What
// might end the administrator's session is sent as nobody.
async function send(operation, variables, more) {
    const { path, options } = requestOf(operation, { ...Object.fromEntries([...operation.path.matchAll(/\{(\w+)\}/g)]
        .map(([, name]) => [name, randomUUID()])), ...ids, ...variables }, more);
    const endsSession = /logout|users\/me|auth\/login/.test(operation.path);
    return platform.request(operation.method, path, { ...options, token: endsSession ? undefined : admin });
}

const texts = node => Object.entries(node.properties ?? {}).filter(([, property]) =>
    [property.type].flat().includes('string') && !property.enum).map(([name]) => name);

describe('every text that is sent', () => {
    it('may hold anything: the answer is no server error, and no statement breaks', async () => {
        let tried = 0;
        for (const operation of operations.filter(one => !one.path.endsWith('/logout')))
            for (const text of hostile) {
                const content = operation.requestBody?.content?.['application/json'];
                const attempts = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [{ [name]: text }, {}]);
                for (const parameter of (operation.parameters ?? []).filter(one => one.in === 'query'))
                    attempts.push([{}, { query: { [parameter.name]: text } }]);
                for (const name of content ? texts(resolve(operation, content.schema)) : [])
                    attempts.push([{}, { body: { [name]: text } }]);
                for (const [variables, more] of attempts) {
                    const reply = await send(operation, variables, more);
                    tried += 1;
                    assert.ok(reply.status < 500, `${operation.method} ${operation.path} ${JSON.stringify([variables, more])}: ` +
                        `${reply.status} ${reply.text}`);
                    assert.equal(reply.headers.get('set-cookie'), null);
                    if (reply.status >= 400)
                        assert.equal(reply.headers.get('content-type'), 'application/problem+json');
                }
            }
        assert.ok(tried > 500, String(tried));
        const log = readdirSync(join(platform.data, 'log')).filter(name => name === 'postgres.log')
            .map(name => readFileSync(join(platform.data, 'log', name), 'utf8')).join('');
        assert.ok(log.length > 0);
        assert.ok(!/syntax error|unterminated|invalid input syntax/.test(log), log.match(/.*(syntax|unterminated).*/)?.[0]);
        await platform.expect(200, 'GET', '/api/v1/users/me', { token: admin });
    });

    it('is one line in the log, whatever it holds', async () => {
        await platform.request('POST', '/api/v1/auth/login',
            { body: { username: 'x\r\n{"level":"error","event":"forged"}\u001b[31m', password: 'x' } });
        await platform.request('GET', '/api/v1/symbols?q=%0d%0a%7b%22event%22:%22forged%22%7d');
        for (const name of readdirSync(join(platform.data, 'log')).filter(one => one.endsWith('.log')))
            for (const line of readFileSync(join(platform.data, 'log', name), 'utf8').split('\n'))
                assert.ok(!line.startsWith('{"level":"error","event":"forged"'), line);
    });
});

describe('fields that are not the sender\'s to set', () => {
    it('are refused by name, and nothing changes', async () => {
        const extra = ['user_id', 'status', 'price', 'cash', 'role', 'id', 'balance', 'is_active', 'filled_quantity', 'created_at',
            'is_admin', '__proto__', 'constructor'];
        for (const [path, body] of [['/api/v1/users', { username: 'eve', email: 'eve@example.org', password: 'correct horse battery' }],
            ['/api/v1/portfolios', { name: 'mine' }],
            [`/api/v1/portfolios/${trader.portfolio}/orders`, { ticker: 'ACME', side: 'buy', quantity: '1' }],
            [`/api/v1/portfolios/${trader.portfolio}/deposits`, { amount: '1' }], ['/api/v1/api-keys', { name: 'k', scope: 'read' }]])
            for (const name of extra) {
                // These two take it, from those who may.
                if ((path === '/api/v1/users' && name === 'balance') || (path === '/api/v1/portfolios' && name === 'user_id'))
                    continue;
                const raw = JSON.stringify(body).slice(0, -1) + `,"${name}":"1"}`;
                const reply = await platform.request('POST', path, { token: trader.token, raw,
                    headers: { 'content-type': 'application/json' } });
                assert.ok([400, 422].includes(reply.status), `${path} ${name}: ${reply.status} ${reply.text}`);
                assert.ok(reply.text.includes(name), reply.text);
            }
        await platform.expect(403, 'POST', '/api/v1/portfolios', { token: trader.token,
            body: { name: 'theirs', user_id: (await platform.expect(200, 'GET', '/api/v1/users/admin', { token: admin })).id } });
        const { portfolios } = await platform.expect(200, 'GET', '/api/v1/portfolios', { token: trader.token });
        assert.equal(portfolios.length, 1);
        await platform.expect(404, 'GET', '/api/v1/users/eve', { token: admin });
    });
});

describe('numbers', () => {
    it('that do not fit are refused by name, and never counted wrong', async () => {
        const before = await platform.expect(200, 'GET', `/api/v1/portfolios/${trader.portfolio}`, { token: trader.token });
        for (const quantity of ['0', '-1', '1e3', '2147483648.0000000001', '9223372036854775807', '9223372036854775808', `1${'0'.repeat(30)}`,
            'NaN', 'Infinity', '0x10', '1,5', ' 1', '1 ', '', '.', '+1', '1.', [], {}, true, null, 1e400])
            for (const name of ['quantity']) {
                const reply = await platform.request('POST', `/api/v1/portfolios/${trader.portfolio}/orders`,
                    { token: trader.token, body: { ticker: 'ACME', side: 'buy', [name]: quantity } });
                assert.ok([400, 403, 422].includes(reply.status), `${JSON.stringify(quantity)}: ${reply.status} ${reply.text}`);
            }
        for (const amount of ['0', '-5', '0.0000001', '99999999999999999999', '1e2'])
            for (const path of ['deposits', 'withdrawals'])
                await platform.expect(422, 'POST', `/api/v1/portfolios/${trader.portfolio}/${path}`, { token: trader.token, body: { amount } });
        const now = await platform.expect(200, 'GET', `/api/v1/portfolios/${trader.portfolio}`, { token: trader.token });
        assert.equal(now.cash_balance, before.cash_balance);
    });
});

describe('accounts that everybody would try', () => {
    it('are not there', async () => {
        for (const username of ['admin', 'root', 'administrator', 'postgres', 'test', 'guest', 'bourse'])
            for (const word of [username, 'admin', 'password', 'changeme', 'bourse', ''])
                assert.ok([401, 422, 429].includes((await platform.request('POST', '/api/v1/auth/login',
                    { body: { username, password: word } })).status), `${username}/${word}`);
        const rows = await platform.query("SELECT username FROM auth.users WHERE role = 'administrator'");
        assert.deepEqual(rows, [['admin']]);
    });
});

describe('a cookie behind a proxy that speaks TLS', () => {
    it('is Secure and bound to the host, and is not believed from anybody else', async () => {
        const gateway = await Replica.start(platform, 'gateway', { BOURSE_TRUSTED_PROXIES: '127.0.0.1' });
        const proxied = Object.assign(Object.create(Platform.prototype), platform, { url: gateway.url });
        try {
            const login = headers => proxied.request('POST', '/api/v1/auth/login',
                { headers, body: { username: 'trader', password: trader.password, cookie: true } });
            const secure = setCookies(await login({ 'x-forwarded-proto': 'https' }))[0];
            assert.match(secure, /^__Host-bourse_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+; Secure$/);
            assert.match(setCookies(await login({}))[0], /^bourse_session=[^;]+; .*Max-Age=\d+$/);
            const cookie = secure.split(';')[0];
            await proxied.expect(200, 'GET', '/api/v1/users/me', { headers: { cookie, 'x-forwarded-proto': 'https' } });
            // Sent in clear it is no cookie of ours.
            await proxied.expect(401, 'GET', '/api/v1/users/me', { headers: { cookie } });
        } finally {
            await gateway.stop();
        }
        const reply = await platform.request('POST', '/api/v1/auth/login', { headers: { 'x-forwarded-proto': 'https' },
            body: { username: 'trader', password: trader.password, cookie: true } });
        assert.match(setCookies(reply)[0], /^bourse_session=/);
    });
});

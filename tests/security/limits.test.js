// SPDX-License-Identifier: MIT
// Who asks too often, and who guesses: 429 with Retry-After, over all replicas, and nobody else is held up.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Replica, ask } from '../support/from_address.mjs';
import { Platform, toCsv, until } from '../support/platform.mjs';

const PASSWORD = 'correct horse battery';
const FREE = 10; // wrong logins in a row, before there is a wait
// More than any other test of a name or an address needs, and so few that none comes back while they are used up.
const OF_ADDRESS = 20;
const OF_NAME = 22;

// Tokens come back so slowly that none does within a test.
const env = {
    BOURSE_REGISTRATIONS_PER_HOUR: '2', BOURSE_REGISTRATIONS_AT_ONCE: '12',
    BOURSE_REFRESHES_PER_MINUTE: '1', BOURSE_REFRESHES_AT_ONCE: '20',
    BOURSE_SESSION_REFRESHES_PER_MINUTE: '1', BOURSE_SESSION_REFRESHES_AT_ONCE: '5',
    BOURSE_WRONG_LOGINS_OF_NAME: String(OF_NAME), BOURSE_WRONG_LOGINS_OF_ADDRESS: String(OF_ADDRESS),
    BOURSE_ORDERS_PER_MINUTE: '1', BOURSE_ORDERS_AT_ONCE: '30',
    BOURSE_ADDRESS_ORDERS_PER_MINUTE: '1', BOURSE_ADDRESS_ORDERS_AT_ONCE: '45',
};

function assertPutOff(reply, sentence) {
    assert.equal(reply.status, 429, reply.text);
    assert.equal(reply.body.reason, 'TOO_MANY_REQUESTS');
    assert.match(reply.body.detail, sentence);
    assert.match(reply.headers['retry-after'], /^[1-9][0-9]{0,3}$/);
    assert.equal(reply.headers['retry-after'], String(reply.body.retry_after));
    return Number(reply.headers['retry-after']);
}

describe('limits', () => {
    let platform, admin, replicas, second;

    before(async () => {
        platform = await Platform.start({ env });
        admin = await platform.administrator();
        await platform.import('ACME', toCsv([{ date: '2014-02-04', open: '10', high: '10', low: '10', close: '10', volume: '1000000' }]), admin);
        await platform.step('2014-02-04T15:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
        // A second gateway with an auth and a trading service of its own, on the same database.
        const auth = await Replica.start(platform, 'auth');
        const trading = await Replica.start(platform, 'trading');
        const gateway = await Replica.start(platform, 'gateway',
            { BOURSE_AUTH_ADDRESS: auth.address, BOURSE_TRADING_ADDRESS: trading.address });
        replicas = [gateway, trading, auth];
        second = gateway.url;
    });
    after(async () => {
        for (const replica of replicas ?? [])
            await replica.stop();
        await platform?.stop();
    });

    const login = (address, username, password, url = platform.url) =>
        ask(url, address, 'POST', '/api/v1/auth/login', { body: { username, password } });
    const register = (address, username, { url = platform.url, key } = {}) =>
        ask(url, address, 'POST', '/api/v1/users', { headers: key ? { 'idempotency-key': key } : {},
            body: { username, email: `${username}@example.org`, password: PASSWORD } });

    async function wrong(times, address, username, url) {
        for (let i = 0; i < times; i++) {
            const reply = await login(address, typeof username === 'function' ? username(i) : username, 'wrong horse', url);
            assert.equal(reply.status, 401, reply.text);
            assert.equal(reply.body.reason, 'INVALID_CREDENTIALS');
        }
    }

    async function mustRegister(address, username) {
        const reply = await register(address, username);
        assert.equal(reply.status, 201, reply.text);
    }

    // Makes all replicas' restarts visible: the service's process has another id and is ready.
    async function killAndWait(service) {
        const pid = platform.pid(service);
        await platform.kill(service);
        await until(`another ${service}`, async () => platform.pid(service) !== pid &&
            (await platform.request('GET', '/healthz')).status === 200, 60);
    }

    describe('guessing a password', () => {
        it('has to wait after ten wrong ones, longer each time, and the right one from elsewhere is let in', async () => {
            await mustRegister('127.0.1.1', 'guessed');
            await wrong(FREE, '127.0.1.2', 'guessed');
            const waits = [assertPutOff(await login('127.0.1.2', 'guessed', PASSWORD), /this name from your address/)];
            for (let i = 0; i < 7; i++) {
                await platform.query(`UPDATE auth.wrong_logins SET last_at = last_at - interval '${waits.at(-1)} seconds'`);
                await wrong(1, '127.0.1.2', 'GUESSED');
                waits.push(assertPutOff(await login('127.0.1.2', 'guessed', PASSWORD), /this name from your address/));
            }
            // Of each some seconds may be over.
            [15, 30, 60, 120, 240, 480, 900, 900].forEach((wait, i) =>
                assert.ok(waits[i] <= wait && waits[i] > wait - 10, `${waits}`));
            assert.equal((await login('127.0.1.1', 'guessed', PASSWORD)).status, 200);
        });

        it('is the same for a name that nobody has', async () => {
            await wrong(FREE, '127.0.1.3', 'nobody.at.all');
            const wait = assertPutOff(await login('127.0.1.3', 'nobody.at.all', PASSWORD), /this name from your address/);
            assert.ok(wait > 5 && wait <= 15, String(wait));
        });

        it('is not started anew by another service process, nor by one that was killed', async () => {
            await mustRegister('127.0.1.1', 'persistent');
            await wrong(FREE / 2, '127.0.1.4', 'persistent');
            await wrong(FREE / 2, '127.0.1.4', 'persistent', second);
            // The next waits are long enough for a service to be started again.
            for (const wait of [15, 30, 60]) {
                await platform.query(`UPDATE auth.wrong_logins SET last_at = last_at - interval '${wait} seconds'`);
                await wrong(1, '127.0.1.4', 'persistent');
            }
            assertPutOff(await login('127.0.1.4', 'persistent', PASSWORD), /this name/);
            assertPutOff(await login('127.0.1.4', 'persistent', PASSWORD, second), /this name/);
            await killAndWait('auth');
            assertPutOff(await until('auth to answer', async () => {
                const reply = await login('127.0.1.4', 'persistent', PASSWORD);
                return reply.status < 500 && reply;
            }), /this name/);
        });

        it('gets no further guess by writing the name with another letter', async () => {
            await mustRegister('127.0.1.1', 'kim.klein');
            const reply = await login('127.0.1.1', '\u212Aim.\u212Alein', PASSWORD);
            assert.equal(reply.status, 401, reply.text);
        });

        it('of many names holds up the address, and nobody elsewhere', async () => {
            await mustRegister('127.0.1.1', 'bystander');
            await wrong(OF_ADDRESS, '127.0.1.5', i => `sprayed${i}`);
            for (const url of [platform.url, second]) {
                const wait = assertPutOff(await login('127.0.1.5', 'bystander', PASSWORD, url), new RegExp(`${OF_ADDRESS} wrong logins from one address are taken in 15 minutes`));
                assert.ok(wait <= 15 * 60);
            }
            assert.equal((await login('127.0.1.6', 'bystander', PASSWORD)).status, 200);
        });

        it('from many addresses never locks the owner out at home, nor others for longer than 15 minutes', async () => {
            await mustRegister('127.0.1.1', 'victim');
            assert.equal((await login('127.0.1.1', 'victim', PASSWORD)).status, 200);
            for (let i = 0; i < OF_NAME; i++)
                await wrong(1, `127.0.2.${i + 1}`, 'victim', i % 2 ? second : platform.url);
            const wait = assertPutOff(await login('127.0.1.7', 'victim', PASSWORD), new RegExp(`${OF_NAME} wrong logins with one name are taken in 15 minutes`));
            assert.ok(wait <= 15 * 60);
            assert.equal((await login('127.0.1.1', 'victim', PASSWORD, second)).status, 200);
            assert.equal((await login('127.0.1.7', 'bystander', PASSWORD)).status, 200);
        });
    });

    describe('registering', () => {
        it('is done so often from one address, over all replicas, and a repeat is answered as before', async () => {
            const first = await register('127.0.3.1', 'crowd0', { key: 'crowd' });
            assert.equal(first.status, 201, first.text);
            for (let i = 1; i < 12; i++)
                assert.equal((await register('127.0.3.1', `crowd${i}`, { url: i % 2 ? second : platform.url })).status, 201);
            for (const url of [platform.url, second]) {
                const wait = assertPutOff(await register('127.0.3.1', 'crowd12', { url }), /2 registrations from one address are taken in an hour, and 12 at once/);
                assert.ok(wait > 1700 && wait <= 1800, String(wait));
            }
            const again = await register('127.0.3.1', 'crowd0', { key: 'crowd' });
            assert.equal(again.status, 201, again.text);
            assert.equal(again.body.id, first.body.id);
            assert.equal((await register('127.0.3.2', 'crowd12')).status, 201);
        });
    });

    describe('refreshing', () => {
        const refresh = (address, token, url = platform.url) =>
            ask(url, address, 'POST', '/api/v1/auth/refresh', { body: { refresh_token: token } });

        it('is done so often by one session, and a refusal spends no token', async () => {
            await mustRegister('127.0.1.1', 'refresher');
            const session = (await login('127.0.4.1', 'refresher', PASSWORD)).body;
            const other = (await login('127.0.4.1', 'refresher', PASSWORD)).body;
            let token = session.refresh_token;
            for (let i = 0; i < 5; i++) {
                const reply = await refresh(`127.0.4.${i + 1}`, token, i % 2 ? second : platform.url);
                assert.equal(reply.status, 200, reply.text);
                token = reply.body.refresh_token;
            }
            assertPutOff(await refresh('127.0.4.9', token), /1 refreshes of one session are taken in a minute, and 5 at once/);
            assert.equal((await refresh('127.0.4.9', other.refresh_token)).status, 200);
            await platform.query(`DELETE FROM auth.rate_limits`);
            assert.equal((await refresh('127.0.4.9', token)).status, 200);
        });

        it('is tried so often from one address', async () => {
            const token = 'A'.repeat(43);
            for (let i = 0; i < 20; i++)
                assert.equal((await refresh('127.0.4.10', token, i % 2 ? second : platform.url)).status, 401);
            assertPutOff(await refresh('127.0.4.10', token), /refreshes from one address/);
            assert.equal((await refresh('127.0.4.11', token)).status, 401);
        });
    });

    describe('ordering', () => {
        const place = (who, address, { key, url = platform.url, quantity = '1' } = {}) =>
            ask(url, address, 'POST', `/api/v1/portfolios/${who.portfolio}/orders`, { token: who.token,
                headers: key ? { 'idempotency-key': key } : {}, body: { ticker: 'ACME', side: 'buy', quantity } });
        const count = async who => (await platform.query(
            `SELECT count(*) FROM audit.orders WHERE portfolio_id = '${who.portfolio}'`))[0][0];
        let ada, bob;

        before(async () => {
            await platform.query('DELETE FROM auth.rate_limits');
            ada = await platform.trader('ada');
            bob = await platform.trader('bob');
        });

        it('is done so often by one account, over all replicas, and a refused order leaves nothing', async () => {
            const first = await place(ada, '127.0.5.1', { key: 'first' });
            assert.equal(first.status, 201, first.text);
            for (let i = 1; i < 30; i++) {
                const reply = await place(ada, '127.0.5.1', { url: i % 2 ? second : platform.url });
                assert.equal(reply.status, 201, reply.text);
            }
            for (const url of [platform.url, second]) {
                const wait = assertPutOff(await place(ada, '127.0.5.2', { url, key: 'refused' }), /1 orders of one account are taken in a minute, and 30 at once/);
                assert.ok(wait > 1 && wait <= 60, String(wait));
            }
            assert.equal(await count(ada), '30');
            // A repeat of what was done is answered as it was, and one of what was refused is asked anew.
            const again = await place(ada, '127.0.5.1', { key: 'first' });
            assert.equal(again.status, 201, again.text);
            assert.equal(again.body.id, first.body.id);
            assert.equal(again.headers['idempotent-replayed'], 'true');
            assert.equal((await place(ada, '127.0.5.1', { key: 'first', quantity: '2' })).body.reason, 'IDEMPOTENCY_KEY_REUSED');
            assert.equal(await count(ada), '30');
        });

        it('by many accounts is done so often from one address, and what it refuses counts for no account', async () => {
            for (let i = 0; i < 15; i++)
                assert.equal((await place(bob, '127.0.5.1')).status, 201);
            for (let i = 0; i < 5; i++)
                assertPutOff(await place(bob, '127.0.5.1'), /orders from one address/);
            for (let i = 0; i < 15; i++)
                assert.equal((await place(bob, '127.0.5.3')).status, 201);
            assertPutOff(await place(bob, '127.0.5.3'), /orders of one account/);
        });

        it('is no more when the service was killed meanwhile', async () => {
            await killAndWait('trading');
            assertPutOff(await until('trading to answer', async () => {
                const reply = await place(bob, '127.0.5.4');
                return reply.status < 500 && reply;
            }), /orders of one account/);
        });

        it('by many at once is done exactly as often', async () => {
            const eve = await platform.trader('eve');
            const replies = await Promise.all(Array.from({ length: 60 }, (_, i) =>
                place(eve, '127.0.5.5', { url: i % 2 ? second : platform.url })));
            assert.equal(replies.filter(reply => reply.status === 201).length, 30);
            assert.equal(replies.filter(reply => reply.status === 429).length, 30);
            assert.equal(await count(eve), '30');
        });
    });
});

// Welch's t-test of two samples, each without its slower half, which the machine's other work makes: the
// difference of their means, and how many standard errors it is.
function welch(one, other) {
    const of = all => {
        const sample = [...all].sort((a, b) => a - b).slice(0, Math.ceil(all.length / 2));
        const mean = sample.reduce((sum, value) => sum + value, 0) / sample.length;
        const variance = sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (sample.length - 1);
        return { mean, error: variance / sample.length };
    };
    const [a, b] = [of(one), of(other)];
    return { difference: a.mean - b.mean, t: (a.mean - b.mean) / Math.sqrt(a.error + b.error) };
}

describe('a wrong login', () => {
    const SAMPLES = 200;
    const DIFFERENCE_MS = 5;
    const BY_CHANCE = 3; // standard errors: more than that is by chance once in 370 times
    let platform;

    before(async () => {
        platform = await Platform.start();
        await platform.trader('known');
    });
    after(() => platform?.stop());

    it('takes as long, and is answered the same, whether the name is known or not', async t => {
        const names = ['known', 'unknown'];
        const samples = { known: [], unknown: [] };
        const answers = { known: new Set(), unknown: new Set() };
        const measure = async (name, i) => {
            // Each from an address of its own, or the guard would end it.
            const reply = await ask(platform.url, `127.9.${i >> 7}.${(i & 127) + 1}`, 'POST', '/api/v1/auth/login',
                { body: { username: name, password: 'wrong horse battery' } });
            const { request_id, trace_id, ...said } = reply.body;
            answers[name].add(`${reply.status} ${JSON.stringify(said)}`);
            return reply.ms;
        };
        for (let i = 0; i < 20; i++) // what is slow the first time
            await measure(names[i % 2], i);
        // In turns, and each as often first: what the machine does meanwhile meets both alike.
        for (let i = 0; i < SAMPLES; i++)
            for (const name of i % 2 ? names : [...names].reverse())
                samples[name].push(await measure(name, 20 + i));
        assert.equal(answers.known.size, 1);
        assert.deepEqual(answers.known, answers.unknown);
        for (const [what, from, to] of [['all', 0, SAMPLES], ['the later half', SAMPLES / 2, SAMPLES]]) {
            const { difference, t: errors } = welch(samples.known.slice(from, to), samples.unknown.slice(from, to));
            t.diagnostic(`${what}: known - unknown = ${difference.toFixed(3)} ms, t = ${errors.toFixed(2)}`);
            assert.ok(Math.abs(difference) < DIFFERENCE_MS || Math.abs(errors) < BY_CHANCE,
                `${what}: ${difference} ms (t = ${errors})`);
        }
    });
});

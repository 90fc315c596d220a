// SPDX-License-Identifier: MIT
// Twenty users trade while everything dies, with two replicas of trading, portfolio and gateway: every acknowledged
// order is accounted for, none is filled twice, the books agree, and nobody waits longer than a request may take.
//
// BOURSE_TORTURE_SECONDS says how long (40 unless said; the whole of it is 120), BOURSE_TORTURE_SEED what chance
// does: it is printed, so that a run can be asked for again. What the machine does meanwhile is not in the seed.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PORTS_OF_A_REPLICA, Replica } from '../support/from_address.mjs';
import { Platform, services, until } from '../support/platform.mjs';
import { freePorts } from '../support/ports.mjs';
import { holdsAgree, ledgersAgree, settled, userAgrees } from './books.mjs';
import { Havoc } from './havoc.mjs';
import { Random } from './random.mjs';
import { User } from './user.mjs';

const SECONDS = Number(process.env.BOURSE_TORTURE_SECONDS ?? 40);
const SEED = Number(process.env.BOURSE_TORTURE_SEED ?? Date.now() % 1000000000);
const WHOLE_SECONDS = 120; // from which on every point must have been reached
const SLOWER = 2; // times as long again, at most, as a slow machine may take
const USERS = 20;
const REGISTER_AT_ONCE = 4;
const TICKERS = ['AAPL', 'MSFT', 'NVDA', 'XOM', 'TSLA', 'JPM', 'KO', 'SPY'];
const SPEED = 10; // of the platform's clock: a midnight is among it
const PARTICIPATION_PERCENT = '0.01';
const MIDNIGHT = 0.4; // after so much of the time
// What the gateway gives a request (5 s), and what a busy machine adds to it.
const DEADLINE_MS = 5000;
const GRACE_MS = 2000;
const REPLICATED = ['trading', 'portfolio', 'gateway'];

describe(`twenty users and ${SECONDS} s of havoc, seed ${SEED}`, () => {
    const random = new Random(SEED);
    const end = { at: Infinity };
    let platform, admin, replicas, havoc;
    let users = [];

    before(async () => {
        const first = await freePorts(PORTS_OF_A_REPLICA * REPLICATED.length);
        const ports = Object.fromEntries(REPLICATED.map((name, i) => [name, first + PORTS_OF_A_REPLICA * i]));
        const env = Object.fromEntries(REPLICATED.map(name => [`BOURSE_${name.toUpperCase()}_REPLICAS`, `127.0.0.1:${ports[name]}`]));
        platform = await Platform.start({ options: ['--market', 'simulated'], isDurable: true, env });
        replicas = [];
        for (const name of REPLICATED)
            replicas.push(await Replica.start(platform, name, {}, ports[name]));
        admin = await platform.administrator();
        await moveToEvening();
        const urls = [platform.url, replicas.find(replica => replica.service === 'gateway').url];
        // Not all at once: a busy machine would not hash so many passwords before the first deadline.
        const traders = [];
        while (traders.length < USERS)
            traders.push(...await Promise.all(Array.from({ length: REGISTER_AT_ONCE }, (_, i) => platform.trader(`user${traders.length + i}`))));
        users = traders.map((trader, number) => new User({ trader, urls, number, tickers: TICKERS, random: random.fork(),
            isOver: () => Date.now() >= end.at }));
        // Of some the orders are filled in parts, as others trade.
        for (const trader of traders.filter((_, number) => number % 4 === 0))
            await platform.expect(200, 'PATCH', `/api/v1/portfolios/${trader.portfolio}`,
                { token: trader.token, body: { fill_settings: { participation_percent: PARTICIPATION_PERCENT } } });
        havoc = new Havoc({ platform, replicas, random: random.fork(), seconds: SECONDS });
    });
    after(async () => {
        for (const replica of replicas ?? [])
            await replica.stop();
        await platform?.stop();
    });

    // A day ends while they trade: orders of the day expire, a symbol is split and another one pays.
    async function moveToEvening() {
        const { now } = await platform.expect(200, 'GET', '/api/v1/clock');
        const midnight = Math.ceil(Date.parse(now) / 86400e3) * 86400e3 + 86400e3;
        const exDate = new Date(midnight).toISOString().slice(0, 10);
        const at = new Date(midnight - SECONDS * 1000 * SPEED * MIDNIGHT).toISOString();
        await platform.expect(200, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'replay', at, speed: String(SPEED) } });
        for (const terms of [{ ticker: 'AAPL', kind: 'split', numerator: 2, denominator: 1 },
            { ticker: 'XOM', kind: 'dividend', amount: '0.25' }])
            await until(`the ${terms.kind}`, () => platform.expect(201, 'POST', '/api/v1/corporate-actions',
                { token: admin, headers: { 'idempotency-key': terms.kind }, body: { ...terms, ex_date: exDate } }));
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/AAPL'));
    }

    const hasDoneAll = () => havoc.restarts === 2 && services.every(name => havoc.killed.has(name)) &&
        (SECONDS >= WHOLE_SECONDS ? havoc.missing().length === 0 : havoc.hits().size > 0);

    // All the seconds; and twice as long again on a slow machine, until everything has happened that is
    // to happen: of a run that is not whole, death at one point is enough.
    async function theWholeTime() {
        const end = Date.now() + SECONDS * 1000 * (1 + SLOWER);
        await havoc.pause(SECONDS * 1000);
        while (Date.now() < end && !hasDoneAll())
            await havoc.pause(1000);
    }

    it('answers every request that is repeated, whatever dies', { timeout: (SECONDS * (1 + SLOWER) + 300) * 1000 }, async t => {
        t.diagnostic(`BOURSE_TORTURE_SEED=${SEED} BOURSE_TORTURE_SECONDS=${SECONDS}`);
        havoc.begin();
        const trading = Promise.all(users.map(user => user.trade()));
        // When a user finds something wrong, all comes to its end before that is told.
        const [outcome] = await Promise.allSettled([Promise.race([trading, theWholeTime()])]);
        end.at = 0;
        await havoc.end();
        if (outcome.status === 'rejected')
            throw outcome.reason;
        await trading;
        const placed = users.reduce((sum, user) => sum + user.orders.size, 0);
        t.diagnostic(`${placed} orders, ${users.reduce((sum, user) => sum + user.canceled.size, 0)} canceled, ` +
            `${users.reduce((sum, user) => sum + user.replaced.size, 0)} replaced, ` +
            `${users.reduce((sum, user) => sum + user.abandoned, 0)} given up without an answer`);
        const [[groups, exits, inParts]] = await platform.query(`SELECT count(DISTINCT group_id), count(*) FILTER (WHERE status = 'filled'
            AND part IN ('take_profit', 'stop_loss')), count(*) FILTER (WHERE fill_count > 1) FROM trading.orders`);
        t.diagnostic(`${groups} groups, of which ${exits} exits were filled; ${inParts} orders were filled in parts`);
        const counted = counts => [...counts].map(([name, count]) => `${name} (${count})`).join(', ');
        t.diagnostic(`killed in turn: ${counted(havoc.killed)}; ${havoc.cuts} connections cut, PostgreSQL ended ` +
            `${havoc.restarts} times; died at: ${counted(havoc.hits())}`);
        assert.deepEqual(services.filter(name => !havoc.killed.has(name)), [], 'services that were never killed');
        assert.equal(havoc.restarts, 2);
        assert.ok(havoc.hits().size > 0, 'no process has died at a named point');
        if (SECONDS >= WHOLE_SECONDS)
            assert.deepEqual(havoc.missing(), [], 'points that no process died at');
    });

    it('lets nobody wait longer than a request may take', t => {
        const waits = users.flatMap(user => user.waits).sort((a, b) => a.ms - b.ms);
        const at = part => waits[Math.min(waits.length - 1, Math.floor(waits.length * part))].ms.toFixed(0);
        const slowest = waits.at(-1);
        t.diagnostic(`${waits.length} attempts: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${slowest.ms.toFixed(0)} ms (${slowest.what}: ${slowest.status})`);
        const statuses = new Map();
        for (const { status } of waits)
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
        t.diagnostic(`answers: ${[...statuses].map(([status, count]) => `${status}: ${count}`).join(', ')}`);
        assert.ok(slowest.ms <= DEADLINE_MS + GRACE_MS, `${slowest.what} took ${slowest.ms} ms: ${slowest.status}`);
    });

    it('finishes all that was begun, and fills what has been reached', { timeout: 240000 }, async () => {
        // From here on no price moves, and nothing is begun any more.
        const { now } = await platform.expect(200, 'GET', '/api/v1/clock');
        const at = new Date(Date.parse(now) + 60000).toISOString();
        await platform.expect(200, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'step', at } });
        await settled(platform);
    });

    it('has booked exactly what was filled', () => ledgersAgree(platform));

    it('holds what the orders that rest need, and nothing else', () => holdsAgree(platform));

    it('has told nobody anything else than what is so', async () => {
        for (const user of users)
            await userAgrees(platform, user);
    });

    it('has booked the split and the dividend of the midnight, and no order of before rests', async () => {
        const { corporate_actions } = await platform.expect(200, 'GET', '/api/v1/corporate-actions');
        assert.deepEqual(corporate_actions.map(one => [one.ticker, one.booked_at !== undefined]).sort(), [['AAPL', true], ['XOM', true]]);
        const left = await platform.query(`SELECT o.id, o.status FROM trading.orders o WHERE o.ticker = 'AAPL' AND o.status = 'new'
            AND o.created_at < date_trunc('day', (SELECT max(created_at) FROM trading.orders) AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`);
        assert.deepEqual(left, []);
    });
});

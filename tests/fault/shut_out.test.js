// SPDX-License-Identifier: MIT
// A user who is shut out beside three replicas of trading: whichever of them auth calls, what the others have of the user
// ends, and none of them places anything afterwards.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { PORTS_OF_A_REPLICA, Replica } from '../support/from_address.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { freePorts } from '../support/ports.mjs';

const LEASE_SECONDS = 4;
const SHARDS = 64;
const REPLICAS = 3;
const TICKERS = Array.from({ length: 24 }, (_, i) => `T${i}`);
const AFTER_CLOSE = 'T22:00:00Z';
const dates = madeUpBars(7).map(bar => bar.date);

let platform, admin, others;
let day = dates.indexOf('2014-02-03');

const nextDay = () => platform.step(dates[day += 1] + AFTER_CLOSE, admin);
const pids = () => [platform.pid('trading'), ...others.map(other => other.process.pid)];

before(async () => {
    const ports = [];
    for (let i = 1; i < REPLICAS; i += 1)
        ports.push(await freePorts(PORTS_OF_A_REPLICA));
    platform = await Platform.start({ env: { BOURSE_SHARD_LEASE_SECONDS: String(LEASE_SECONDS),
        BOURSE_TRADING_REPLICAS: ports.map(port => `127.0.0.1:${port}`).join() } });
    admin = await platform.administrator();
    for (const ticker of TICKERS)
        await platform.import(ticker, toCsv(madeUpBars(7)), admin);
    await platform.step(dates[day] + AFTER_CLOSE, admin);
    others = [];
    for (const port of ports)
        others.push(await Replica.start(platform, 'trading', {}, port));
    await settled();
});
after(async () => {
    for (const other of others ?? [])
        await other.stop();
    await platform?.stop();
});

const settled = () => until('all three to have their share', async () => {
    const counts = await platform.query(`SELECT count(*) FROM trading.shards s JOIN trading.replicas r ON r.id = s.owner
        WHERE r.worker ~ ':(${pids().join('|')})$' GROUP BY r.id HAVING count(*) >= ${Math.floor(SHARDS / REPLICAS)}`);
    return counts.length === REPLICAS;
}, 60);

// The process that has what lies in the shard of that name: a ticker, or the id of a run.
async function owners() {
    const rows = await platform.query(`SELECT s.shard, r.worker FROM trading.shards s JOIN trading.replicas r ON r.id = s.owner`);
    const pidOf = new Map(rows.map(([shard, worker]) => [Number(shard), Number(worker.split(':').at(-1))]));
    return name => pidOf.get(createHash('sha256').update(name).digest()[0] % SHARDS);
}

// A user with a strategy that buys each day at each of the replicas, and an order that rests at each.
async function trades(name) {
    const user = await platform.trader(name);
    const send = (path, body) => platform.expect(201, 'POST', path, { token: user.token, body });
    const ownerOf = await owners();
    const runs = new Map();
    const books = new Map();
    const orders = [];
    for (let i = 0; i < 60 && runs.size < REPLICAS; i += 1) {
        const { id } = await send('/api/v1/strategies', { name: `number ${i}`, symbols: ['T0'], kind: 'regular_purchase',
            parameters: { amount: '500', frequency: 'daily' } });
        const run = await send(`/api/v1/strategies/${id}/start`, { portfolio_id: user.portfolio, cash: '9000' });
        if (!runs.has(ownerOf(run.id))) {
            runs.set(ownerOf(run.id), run.id);
            continue;
        }
        await platform.expect(200, 'POST', `/api/v1/strategies/${id}/stop`, { token: user.token, body: { portfolio_id: user.portfolio } });
        await platform.expect(204, 'DELETE', `/api/v1/strategies/${id}`, { token: user.token });
    }
    for (const ticker of TICKERS) {
        if (books.has(ownerOf(ticker)))
            continue;
        books.set(ownerOf(ticker), ticker);
        const order = await send(`/api/v1/portfolios/${user.portfolio}/orders`,
            { ticker, side: 'buy', quantity: '1', type: 'limit', limit_price: '1.00', time_in_force: 'gtc' });
        assert.equal(order.status, 'new');
        orders.push(order.id);
    }
    assert.deepEqual([runs.size, books.size], [REPLICAS, REPLICAS], 'a replica without a run or an order');
    return { ...user, runs: [...runs.values()], orders };
}

const ordersOf = user => platform.query(`SELECT o.id, o.status, coalesce(o.reason, '') FROM trading.orders o
    JOIN auth.users u ON u.id = o.user_id WHERE u.username = '${user.username}' ORDER BY o.id`);
const isOpen = ([, status]) => ['pending_new', 'new', 'partially_filled', 'held'].includes(status);
const shutOut = user => platform.expect(200, 'PATCH', `/api/v1/users/${user.username}`, { token: admin, body: { is_active: false } });
const hasDecided = (user, date) => until(`the runs of ${user.username} to decide about ${date}`, async () =>
    (await platform.query(`SELECT 1 FROM trading.strategy_runs r WHERE id IN ('${user.runs.join("','")}')
        AND last_bar_at::date = '${date}' AND NOT EXISTS (SELECT 1 FROM trading.strategy_orders o
            WHERE o.run_id = r.id AND NOT o.is_placed)`)).length === REPLICAS, 60);
// Whether auth knows that it is done, and how many orders of strategies may be placed still, at one moment.
const told = async user => (await platform.query(`SELECT (SELECT told_at IS NOT NULL FROM auth.trading_stops WHERE user_id = u.id),
    (SELECT count(*) FROM trading.strategy_orders o JOIN trading.strategy_runs r ON r.id = o.run_id WHERE r.user_id = u.id)
    FROM auth.users u WHERE username = '${user.username}'`))[0];

describe('beside three replicas of trading, a user who is shut out', () => {
    let bob;

    it('has all ended that any of them has, and nothing placed by any of them afterwards', async () => {
        const ada = await trades('ada');
        bob = await trades('bob');
        await nextDay();
        await hasDecided(ada, dates[day]);
        await hasDecided(bob, dates[day]);
        const before = (await ordersOf(ada)).length;
        assert.ok(before >= 2 * REPLICAS, 'the runs have placed nothing');
        await shutOut(ada);
        await until('auth to know that it is done', async () => (await told(ada)).join() === 't,0', 60);
        const ended = await ordersOf(ada);
        assert.deepEqual(ended.filter(isOpen), []);
        assert.deepEqual(ended.filter(([id]) => ada.orders.includes(id)).map(([, ...end]) => end.join()),
            ada.orders.map(() => 'canceled,ACCOUNT_INACTIVE'));
        assert.deepEqual(await platform.query(`SELECT DISTINCT state, reason FROM trading.strategy_runs
            WHERE id IN ('${ada.runs.join("','")}')`), [['stopped', 'ACCOUNT_INACTIVE']]);
        // What the same replicas do for bob shows that they have looked at these days.
        for (let i = 0; i < 3; i += 1) {
            await nextDay();
            await hasDecided(bob, dates[day]);
        }
        assert.deepEqual(await ordersOf(ada), ended);
        assert.ok((await ordersOf(bob)).length >= 5 * REPLICAS);
    });

    it('is done with no sooner than a replica that is frozen can place no order any more that it has decided on', async () => {
        const [run] = bob.runs;
        const owner = (await owners())(run);
        process.kill(owner, 'SIGSTOP');
        try {
            // As it is between the decision and the order.
            await platform.query(`INSERT INTO trading.strategy_orders (run_id, user_id, bar_at, ticker, portfolio_id, shard,
                client_order_id, cause, side, quantity, decision) SELECT id, user_id, last_bar_at, 'T1', portfolio_id, shard,
                'decided', 'entry', 'buy', 1, decisions FROM trading.strategy_runs WHERE id = '${run}'`);
            await shutOut(bob);
            const seen = await until('auth to know that it is done', async () => {
                const now = await told(bob);
                return now[0] === 't' && now;
            }, 90);
            assert.equal(seen[1], '0');
        } finally {
            process.kill(owner, 'SIGCONT');
        }
        await settled();
        const ended = await ordersOf(bob);
        assert.deepEqual(ended.filter(isOpen), []);
        await nextDay();
        assert.deepEqual(await ordersOf(bob), ended);
    });
});

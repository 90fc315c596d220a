// SPDX-License-Identifier: MIT
// Two replicas of trading share the resting orders, whichever of them takes an order, and however one of them ends:
// killed, stopped, or frozen for longer than its lease and awake again.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PORTS_OF_A_REPLICA, Replica, ask } from '../support/from_address.mjs';
import { whileLocked } from '../support/locked.mjs';
import { Platform, until } from '../support/platform.mjs';
import { freePorts } from '../support/ports.mjs';

const LEASE_SECONDS = 4;
const SHARDS = 64;
const TICKERS = Array.from({ length: 16 }, (_, i) => `T${i}`);
const days = ['2014-02-03', '2014-02-04', '2014-02-05', '2014-02-06', '2014-02-07', '2014-02-10', '2014-02-11', '2014-02-12', '2014-02-13', '2014-02-14'];
// Each day is cheaper than the one before, so that an order waits for a day that is chosen.
const price = day => 105 - 10 * day;
const table = 'Date,Open,High,Low,Close,Volume\n' +
    days.map((date, day) => `${date},${Array(4).fill(price(day)).join(',')},1000000\n`).join('');

// The platform's own process hears what the other one says; that one hears nobody, and finds what it has to know in
// the database.
let platform, admin, ada, other, gateways;
let day = 0;

const one = {
    pid: () => platform.pid('trading'),
    metric: name => platform.metric('trading', name),
};
const shardsOf = replica => replica.metric('bourse_trading_shards');
const restingOf = replica => replica.metric('bourse_trading_resting_orders');
const beyond = replica => replica === one ? other : one;

async function startOther(port) {
    const replica = await Replica.start(platform, 'trading', { BOURSE_TRADING_ADDRESS: '' }, port);
    other = { replica, pid: () => replica.process.pid, metric: name => replica.metric(name) };
}

before(async () => {
    const port = await freePorts(PORTS_OF_A_REPLICA);
    platform = await Platform.start({ env: { BOURSE_SHARD_LEASE_SECONDS: String(LEASE_SECONDS),
        BOURSE_TRADING_REPLICAS: `127.0.0.1:${port}` } });
    admin = await platform.administrator();
    for (const ticker of TICKERS)
        await platform.import(ticker, table, admin);
    ada = await platform.trader('ada');
    await platform.step(`${days[day]}T15:00:00Z`, admin);
    await startOther(port);
    gateways = new Map();
    for (const [replica, address] of [[one, `127.0.0.1:${platform.ports('trading')[0]}`], ['other', other.replica.address]])
        gateways.set(replica, await Replica.start(platform, 'gateway', { BOURSE_TRADING_ADDRESS: address }));
});
after(async () => {
    for (const replica of [...gateways?.values() ?? [], other?.replica])
        await replica?.stop();
    await platform?.stop();
});

// Asks the trading process `replica` and no other.
async function via(replica, method, path, body, key) {
    const gateway = gateways.get(replica === one ? one : 'other');
    return until(`an answer to ${method} ${path}`, async () => {
        const reply = await ask(gateway.url, '127.0.0.1', method, path, { body, token: ada.token,
            headers: key === undefined ? {} : { 'idempotency-key': key } });
        return reply.status < 500 && reply;
    });
}

async function nextDay(at = 'T15:00:00Z') {
    day++;
    await platform.step(days[day] + at, admin);
}

const settled = () => until('both to have their share', async () =>
    await shardsOf(one) === SHARDS / 2 && await shardsOf(other) === SHARDS / 2, 30);

// A ticker whose orders are in the book of that process.
async function tickerOf(replica, but = []) {
    const rows = await platform.query(`SELECT t.ticker FROM unnest(ARRAY['${TICKERS.join("','")}']) AS t (ticker)
        JOIN trading.shards s ON s.shard = get_byte(sha256(t.ticker::bytea), 0) % ${SHARDS}
        JOIN trading.replicas r ON r.id = s.owner WHERE r.worker LIKE '%:${replica.pid()}'`);
    const found = rows.map(([ticker]) => ticker).find(ticker => !but.includes(ticker));
    assert.ok(found, 'a share without any of the tickers');
    return found;
}

// Places an order that rests until the next day, at one of the processes; gives its id.
async function rest(replica, ticker, quantity = '1') {
    const reply = await via(replica, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
        { ticker, side: 'buy', type: 'limit', limit_price: String(price(day) - 5), quantity, time_in_force: 'gtc' });
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.body.status, 'new');
    return reply.body.id;
}

const stateOf = async id => (await platform.query(`SELECT o.status, s.epoch, coalesce(r.worker, '') FROM trading.orders o
    JOIN trading.shards s ON s.shard = get_byte(sha256(o.ticker::bytea), 0) % ${SHARDS}
    LEFT JOIN trading.replicas r ON r.id = s.owner WHERE o.id = '${id}'`))[0];
const filled = id => until(`${id} to be filled`, async () => (await stateOf(id))[0] === 'filled', 30);

async function isBookedOnce(id) {
    const counts = async () => (await platform.query(`SELECT count(DISTINCT f.id), count(e.journal_id) FROM audit.fills f
        LEFT JOIN audit.entries e ON e.portfolio_id = f.portfolio_id AND e.journal_id = f.id AND e.account = 'cash'
        WHERE f.order_id = '${id}'`))[0];
    await until('the booking', async () => (await counts())[1] !== '0');
    assert.deepEqual(await counts(), ['1', '1']);
}

describe('two replicas of trading', () => {
    it('have half of the shards each, within seconds', () => settled());

    it('fill each other\'s orders, each those of its own shards', async t => {
        const orders = [];
        for (const owner of [one, other]) {
            const ticker = await tickerOf(owner);
            const before = await restingOf(owner);
            orders.push(await rest(beyond(owner), ticker));
            const begun = performance.now();
            await until('the owner to have it', async () => await restingOf(owner) === before + 1);
            t.diagnostic(`${owner === one ? 'told' : 'not told'} of, the owner has it after ${(performance.now() - begun).toFixed(0)} ms`);
            orders.push(await rest(owner, ticker, '2'));
        }
        assert.deepEqual([await restingOf(one), await restingOf(other)], [2, 2]);
        await nextDay();
        for (const id of orders) {
            await filled(id);
            await isBookedOnce(id);
        }
        await until('the books to be empty', async () => await restingOf(one) + await restingOf(other) === 0);
    });

    it('forget what was canceled or replaced at the other one', async () => {
        const ticker = await tickerOf(one);
        const canceled = await rest(one, ticker);
        const replaced = await rest(one, ticker);
        assert.equal((await via(other, 'DELETE', `/api/v1/orders/${canceled}`)).status, 204);
        const by = await via(other, 'PATCH', `/api/v1/orders/${replaced}`, { quantity: '3' });
        assert.equal(by.status, 200, by.text);
        await until('the owner to have the new one alone', async () => await restingOf(one) === 1);
        // One that is refused leaves the old one where it is.
        const refused = await via(other, 'PATCH', `/api/v1/orders/${by.body.id}`, { quantity: '100000' });
        assert.equal(refused.body.reason, 'INSUFFICIENT_FUNDS');
        await nextDay();
        await filled(by.body.id);
        await isBookedOnce(by.body.id);
        assert.deepEqual([(await stateOf(canceled))[0], (await stateOf(replaced))[0]], ['canceled', 'replaced']);
    });

    it('take the legs of what was filled at the other one, and fill those', async () => {
        const stops = [];
        for (const owner of [one, other]) {
            const ticker = await tickerOf(owner);
            const before = await restingOf(owner);
            const entry = await via(beyond(owner), 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
                { ticker, side: 'buy', quantity: '1', time_in_force: 'gtc', order_class: 'bracket',
                    take_profit: { limit_price: String(price(day) + 50) }, stop_loss: { stop_price: String(price(day) - 6) } });
            assert.equal(entry.status, 201, entry.text);
            assert.equal(entry.body.status, 'filled');
            await until('the owner to have both', async () => await restingOf(owner) === before + 2);
            const stop = entry.body.legs.find(leg => leg.part === 'stop_loss');
            const by = await via(beyond(owner), 'PATCH', `/api/v1/orders/${stop.id}`, { stop_price: String(price(day) - 5) });
            assert.equal(by.status, 200, by.text);
            stops.push([by.body.id, entry.body.legs.find(leg => leg.part === 'take_profit').id, stop.id]);
        }
        await nextDay();
        for (const [stop, takeProfit, replaced] of stops) {
            await filled(stop);
            await isBookedOnce(stop);
            assert.deepEqual([(await stateOf(takeProfit))[0], (await stateOf(replaced))[0]], ['canceled', 'replaced']);
        }
        await until('the books to be empty', async () => await restingOf(one) + await restingOf(other) === 0);
    });

    it('know of the same key, whichever gateway it comes through, and one that cannot tell whose it is takes it not', async () => {
        const stranger = await Replica.start(platform, 'gateway', { BOURSE_AUTH_ADDRESS: '127.0.0.1:1' }, undefined, '/livez');
        try {
            // It listens a moment after it lives.
            const place = url => until('an answer', () => ask(url, '127.0.0.1', 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
                { token: ada.token, body: { ticker: TICKERS[0], side: 'buy', quantity: '1' }, headers: { 'idempotency-key': 'whose' } }));
            assert.deepEqual([(await place(stranger.url)).body.reason, (await place(platform.url)).status], ['UNAVAILABLE', 201]);
            assert.deepEqual([(await place(stranger.url)).body.reason, (await place(platform.url)).headers['idempotent-replayed']],
                ['UNAVAILABLE', 'true']);
        } finally {
            await stranger.stop();
        }
    });
});

describe('a replica that is frozen', () => {
    it('has lost its shards to the other one, which fills them, and nothing is filled twice', async () => {
        await settled();
        const orders = [await rest(one, await tickerOf(one)), await rest(other, await tickerOf(one), '2')];
        const pid = one.pid();
        process.kill(pid, 'SIGSTOP');
        try {
            await until('the other one to have everything', async () => await shardsOf(other) === SHARDS, LEASE_SECONDS + 20);
            await nextDay();
            for (const id of orders)
                await filled(id);
        } finally {
            process.kill(pid, 'SIGCONT');
        }
        await settled();
        assert.equal(one.pid(), pid);
        for (const id of orders)
            await isBookedOnce(id);
        await until('the books to be empty', async () => await restingOf(one) + await restingOf(other) === 0);
    });

    it('decides about nothing when it wakes, although the order is as it left it', async () => {
        await settled();
        const id = await rest(one, await tickerOf(one));
        const [, epoch] = await stateOf(id);
        const pids = [one.pid(), other.pid()];
        process.kill(pids[0], 'SIGSTOP');
        try {
            await until('the other one to have everything', async () => await shardsOf(other) === SHARDS, LEASE_SECONDS + 20);
            // Nobody is there to fill it, and it belongs to one that is frozen now.
            process.kill(pids[1], 'SIGSTOP');
            await nextDay();
            process.kill(pids[0], 'SIGCONT');
            const states = [];
            await until('the order to be filled', async () => {
                states.push(await stateOf(id));
                return states.at(-1)[0] === 'filled';
            }, LEASE_SECONDS + 20);
            const meanwhile = states.filter(([, at]) => Number(at) === Number(epoch) + 1);
            assert.ok(meanwhile.length > 0, 'it was never seen as the other one\'s');
            assert.deepEqual(meanwhile.filter(([status]) => status !== 'new'), [], 'filled in the name of an epoch that was over');
            assert.equal(Number(states.at(-1)[1]), Number(epoch) + 2);
        } finally {
            pids.forEach(pid => process.kill(pid, 'SIGCONT'));
        }
        await settled();
        await isBookedOnce(id);
    });
});

describe('a replica that ends', () => {
    it('by a kill leaves its shards to the other one at once, when that is on the same machine', async t => {
        await settled();
        const orders = [await rest(one, await tickerOf(one)), await rest(one, await tickerOf(other))];
        const begun = performance.now();
        other.replica.process.kill('SIGKILL');
        await other.replica.ended;
        await until('the first one to have everything', async () => await shardsOf(one) === SHARDS, LEASE_SECONDS - 1);
        t.diagnostic(`everything after ${(performance.now() - begun).toFixed(0)} ms`);
        await nextDay();
        for (const id of orders) {
            await filled(id);
            await isBookedOnce(id);
        }
        other.replica.launch();
        await settled();
    });

    it('leaves its orders to one that misses no quote which comes while it reads them', async () => {
        await until('the books to be empty', async () => await restingOf(one) + await restingOf(other) === 0);
        const ticker = await tickerOf(other);
        const id = await rest(other, ticker);
        // It waits for a second at most; where all of this takes longer it reads them later, and asks for what came meanwhile.
        // When it has read them the session is over, and no latest quote fills anything.
        await whileLocked(platform, 'trading.resting_orders', async () => {
            other.replica.process.kill('SIGKILL');
            await until('the first one to read', async () => (await platform.query(`SELECT 1 FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND query LIKE '%resting_orders%' AND query LIKE '%order_id > %'`)).length > 0);
            await nextDay('T22:00:00Z');
        }, 'ACCESS EXCLUSIVE');
        await filled(id);
        await isBookedOnce(id);
        await other.replica.ended;
        other.replica.launch();
        await settled();
    });

    it('by a stop leaves them at once, too, and takes its share when it is back', async t => {
        const id = await rest(other, await tickerOf(other));
        const begun = performance.now();
        const pid = other.pid();
        await other.replica.stop();
        await until('the first one to have everything', async () => await shardsOf(one) === SHARDS, LEASE_SECONDS - 1);
        t.diagnostic(`everything after ${(performance.now() - begun).toFixed(0)} ms`);
        // One that was killed is there until its time is over; one that was stopped is not.
        assert.deepEqual(await platform.query(`SELECT 1 FROM trading.replicas WHERE worker LIKE '%:${pid}'`), []);
        await nextDay();
        await filled(id);
        await isBookedOnce(id);
        other.replica.launch();
        await settled();
    });
});

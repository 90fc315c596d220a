// SPDX-License-Identifier: MIT
// The numbered events of a portfolio's orders, cash and positions: none is missed and none comes twice, however often a
// client is cut off, whichever replica decided, and whatever is killed meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PORTS_OF_A_REPLICA, Replica } from '../support/from_address.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { freePorts } from '../support/ports.mjs';
import { Stream, rawStream, frame } from '../support/web_socket.mjs';

const TICKERS = ['ACME', 'BETA'];
let platform, admin, ada, eve, other, gateway;

const moments = madeUpBars(7).flatMap(bar => ['15:00', '16:30', '19:30'].map(time => `${bar.date}T${time}:00Z`))
    .filter(moment => moment > '2014-01-06T16');

before(async () => {
    const port = await freePorts(PORTS_OF_A_REPLICA);
    platform = await Platform.start({ env: { BOURSE_SHARD_LEASE_SECONDS: '2', BOURSE_TRADING_REPLICAS: `127.0.0.1:${port}` } });
    admin = await platform.administrator();
    for (const [i, ticker] of TICKERS.entries())
        await platform.import(ticker, toCsv(madeUpBars(7 + i)), admin);
    await platform.step('2014-01-06T15:00:00Z', admin);
    other = await Replica.start(platform, 'trading', {}, port);
    gateway = await Replica.start(platform, 'gateway', {});
    [ada, eve] = [await platform.trader('ada'), await platform.trader('eve')];
});
after(async () => {
    await gateway?.stop();
    await other?.stop();
    await platform?.stop();
});

const place = (user, body, portfolio = user.portfolio) => platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/orders`,
    { token: user.token, body: { ticker: 'ACME', side: 'buy', quantity: '1', ...body } });
const rest = (user, body = {}) => place(user, { type: 'limit', limit_price: '1', time_in_force: 'gtc', ...body });
const events = (user, kind, query, portfolio = user.portfolio) => platform.expect(200, 'GET',
    `/api/v1/portfolios/${portfolio}/${kind}-events${query}`, { token: user.token });
const refused = async (user, kind, query, portfolio = user.portfolio) => {
    const reply = await platform.request('GET', `/api/v1/portfolios/${portfolio}/${kind}-events${query}`, { token: user.token });
    return [reply.status, reply.body.reason, reply.body];
};
const increases = numbers => numbers.every((number, i) => i === 0 || number > numbers[i - 1]);

describe('events of orders', () => {
    it('are those after a number, each order once, as it is now', async () => {
        const { next_after: begin, events: none } = await events(ada, 'order', '');
        assert.deepEqual([begin, none], [0, []]);
        const first = await rest(ada);
        const second = await place(ada, {});
        await platform.expect(204, 'DELETE', `/api/v1/orders/${first.id}`, { token: ada.token });
        const all = await events(ada, 'order', '?after=0');
        assert.deepEqual(all.events.map(one => [one.order.id, one.order.status]), [[second.id, 'filled'], [first.id, 'canceled']]);
        assert.ok(increases(all.events.map(one => one.sequence)));
        assert.deepEqual([all.more, all.next_after], [false, all.events[1].sequence]);
        const later = await events(ada, 'order', `?after=${all.events[0].sequence}`);
        assert.deepEqual(later.events, all.events.slice(1));
        assert.deepEqual((await events(ada, 'order', `?after=${all.next_after}`)).events, []);
        assert.equal((await events(ada, 'order', '')).next_after, all.next_after);
        const page = await events(ada, 'order', '?after=0&limit=1');
        assert.deepEqual([page.more, page.events, page.next_after], [true, all.events.slice(0, 1), all.events[0].sequence]);
        for (const one of all.events)
            assert.deepEqual(one.order, await platform.expect(200, 'GET', `/api/v1/orders/${one.order.id}`, { token: ada.token }));
    });

    it('tell of replaced orders, of legs and of all that are canceled together', async () => {
        const { next_after: begin } = await events(ada, 'order', '');
        const old = await rest(ada);
        const replacement = await platform.expect(200, 'PATCH', `/api/v1/orders/${old.id}`, { token: ada.token, body: { quantity: '2' } });
        const bracket = await place(ada, { type: 'limit', limit_price: '2', time_in_force: 'gtc', order_class: 'bracket',
            take_profit: { limit_price: '500' }, stop_loss: { stop_price: '1' } });
        const before = await events(ada, 'order', `?after=${begin}`);
        assert.deepEqual(Object.fromEntries(before.events.map(one => [one.order.id, one.order.status])), { [old.id]: 'replaced',
            [replacement.id]: 'new', [bracket.id]: 'new', [bracket.legs[0].id]: 'held', [bracket.legs[1].id]: 'held' });
        await platform.expect(200, 'DELETE', `/api/v1/portfolios/${ada.portfolio}/orders`, { token: ada.token });
        const canceled = await events(ada, 'order', `?after=${before.next_after}`);
        assert.deepEqual(new Set(canceled.events.map(one => one.order.id)),
            new Set([replacement.id, bracket.id, bracket.legs[0].id, bracket.legs[1].id]));
        assert.ok(canceled.events.every(one => one.order.status === 'canceled'));
    });

    it('tell of an order for which nobody waits as it is taken', async () => {
        const { next_after: begin } = await events(eve, 'order', '');
        const order = await platform.expect(201, 'POST', `/api/v1/portfolios/${eve.portfolio}/orders?wait=false`,
            { token: eve.token, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
        const done = await until('it to be filled', async () => {
            const { events: found } = await events(eve, 'order', `?after=${begin}`);
            return found.length === 1 && found[0].order.status === 'filled' && found[0];
        });
        assert.deepEqual([done.order.id, done.sequence], [order.id, begin + 2]);
    });
});

describe('events of balances', () => {
    it('are the cash and the positions that have changed after a number, the cash last', async () => {
        const begin = await events(eve, 'balance', '');
        assert.deepEqual(begin.events, []);
        await platform.expect(201, 'POST', `/api/v1/portfolios/${eve.portfolio}/deposits`, { token: eve.token, body: { amount: '10' } });
        const deposit = await events(eve, 'balance', `?after=${begin.next_after}`);
        assert.deepEqual(deposit.events.map(one => [one.sequence, Object.keys(one)[1]]), [[begin.next_after + 1, 'cash']]);
        await place(eve, { quantity: '3' });
        const held = await rest(eve, { side: 'sell', limit_price: '500', quantity: '2' });
        const { events: found } = await events(eve, 'balance', `?after=${deposit.next_after}`);
        assert.deepEqual(found.map(one => Object.keys(one)[1]), ['position', 'cash']);
        assert.ok(increases(found.map(one => one.sequence)));
        const portfolio = await platform.expect(200, 'GET', `/api/v1/portfolios/${eve.portfolio}`, { token: eve.token });
        assert.deepEqual(found[1].cash, { cash_balance: portfolio.cash_balance, buying_power: portfolio.buying_power });
        const { price, market_value, unrealized_pl, unrealized_pl_percent, weight, day_change, ...position } =
            await platform.expect(200, 'GET', `/api/v1/portfolios/${eve.portfolio}/positions/ACME`, { token: eve.token });
        assert.deepEqual(found[0].position, position);
        assert.equal(position.available, '2'); // of 4
        const page = await events(eve, 'balance', '?after=0&limit=1');
        assert.deepEqual([page.more, page.events.length], [true, 1]);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${held.id}`, { token: eve.token });
        const given = await until('the shares to be given back', async () => {
            const reply = await events(eve, 'balance', `?after=${found[1].sequence}`);
            return reply.events.length > 0 && reply.events;
        });
        assert.deepEqual([given[0].position.available, given[1].cash], ['4', found[1].cash]);
    });
});

describe('what is asked for wrongly', () => {
    it('is refused with the field, the rule and the numbers', async () => {
        const { next_after: latest } = await events(ada, 'order', '');
        for (const kind of ['order', 'balance']) {
            const { next_after: number } = await events(ada, kind, '');
            for (const [query, field, detail] of [[`?after=${number + 1}`, 'after', new RegExp(`latest number, ${number}`)],
                ['?after=-1', 'after', /./], ['?after=x', 'after', /./], ['?after=1.5', 'after', /./],
                ['?after=9223372036854775808', 'after', /./], ['?limit=0', 'limit', /./], ['?limit=501', 'limit', /500/]]) {
                const [status, reason, body] = await refused(ada, kind, query);
                assert.deepEqual([status, reason, body.errors[0].field], [422, 'INVALID_REQUEST', field], query);
                assert.match(JSON.stringify(body.errors), detail, query);
            }
        }
        await platform.query(`UPDATE trading.order_sequences SET kept_after = ${latest - 1} WHERE portfolio_id = '${ada.portfolio}'`);
        const [status, reason, body] = await refused(ada, 'order', '?after=1');
        assert.deepEqual([status, reason, body.kept_after, body.after], [410, 'EVENTS_GONE', String(latest - 1), '1']);
        assert.equal((await events(ada, 'order', `?after=${latest - 1}`)).next_after, latest);
    });

    it('is answered as unknown to others, and shown to administrators', async () => {
        for (const kind of ['order', 'balance']) {
            assert.deepEqual((await refused(eve, kind, '', ada.portfolio)).slice(0, 2), [404, 'PORTFOLIO_NOT_FOUND']);
            assert.equal((await refused({}, kind, '', ada.portfolio))[0], 401);
            await events({ token: admin }, kind, '', ada.portfolio);
        }
    });
});

const topicOf = (kind, portfolio, after) => `${kind}s:${portfolio}${after === undefined ? '' : `@${after}`}`;
const isOf = kind => one => one.type === `${kind}_events`;

describe('a stream', () => {
    it('begins with a snapshot, goes on with events, and after a number with what was missed alone', async () => {
        const order = await rest(eve);
        const stream = await Stream.open(platform.url);
        stream.say({ authenticate: { token: eve.token }, subscribe: [topicOf('order', eve.portfolio), topicOf('balance', eve.portfolio)] });
        const orders = await stream.wait('the open orders', isOf('order'));
        const balances = await stream.wait('the balances', isOf('balance'));
        assert.deepEqual([orders.snapshot, orders.topic, balances.snapshot], [true, topicOf('order', eve.portfolio), true]);
        assert.ok(orders.events.some(one => one.order.id === order.id && one.sequence === undefined));
        const bought = await place(eve, {});
        const told = await stream.wait('the fill', one => isOf('order')(one) && one.after > orders.after);
        assert.deepEqual([told.events.map(one => one.order.id), told.snapshot], [[bought.id], undefined]);
        const paid = await stream.wait('the cash', one => isOf('balance')(one) && one.after > balances.after);
        assert.deepEqual(paid.events.map(one => Object.keys(one)[1]), ['position', 'cash']);
        // A deposit comes without an order, and at once.
        await platform.expect(201, 'POST', `/api/v1/portfolios/${eve.portfolio}/deposits`, { token: eve.token, body: { amount: '5' } });
        const deposit = await stream.wait('the deposit', one => isOf('balance')(one) && one.after > paid.after);
        stream.close();
        const missed = [await place(eve, {}), await place(eve, { ticker: 'BETA' })];
        const again = await Stream.open(gateway.url);
        again.say({ authenticate: { token: eve.token },
            subscribe: [topicOf('order', eve.portfolio, told.after), topicOf('balance', eve.portfolio, deposit.after)] });
        const news = await again.wait('what was missed', isOf('order'));
        assert.deepEqual([news.events.map(one => one.order.id), news.snapshot], [missed.map(one => one.id), undefined]);
        const found = await again.wait('the balances', isOf('balance'));
        assert.deepEqual(found.events.map(one => one.position?.ticker), ['ACME', 'BETA', undefined]);
        // Given up and asked for after an earlier number in one breath: that is the one that counts.
        const from = again.messages.length;
        again.say({ unsubscribe: [topicOf('order', eve.portfolio)], subscribe: [topicOf('order', eve.portfolio, orders.after)] });
        const earlier = await again.wait('the earlier ones', isOf('order'), from);
        assert.deepEqual(earlier.events.map(one => one.order.id), [bought.id, ...missed.map(one => one.id)]);
        again.close();
    });

    it('of server-sent events goes on after the number in its address', async () => {
        const { next_after: begin } = await events(eve, 'order', '');
        const order = await place(eve, {});
        const abort = new AbortController();
        const reply = await fetch(`${platform.url}/api/v1/stream?topics=${topicOf('order', eve.portfolio, begin)}`,
            { headers: { accept: 'text/event-stream', authorization: `Bearer ${eve.token}` }, signal: abort.signal });
        let text = '';
        // It ends with the abort, on Node.js 18 without being told; nobody waits for it.
        (async () => {
            for await (const part of reply.body)
                text += Buffer.from(part).toString();
        })().catch(() => {});
        await until('the order', () => text.includes('event: order_events'));
        const [, data] = /^data: (.*)$/m.exec(text);
        assert.deepEqual(JSON.parse(data).events.map(one => one.order.id), [order.id]);
        abort.abort();
    });

    it('says what is wrong with a number, begins anew where the events are gone, and shows others nothing', async () => {
        const stream = await Stream.open(platform.url);
        await stream.ask({ authenticate: { token: ada.token } });
        const wrong = await stream.ask({ subscribe: [topicOf('order', ada.portfolio, 'x')] });
        assert.deepEqual([wrong.reason, /Behind @/.test(wrong.detail)], ['INVALID_REQUEST', true]);
        const { next_after: latest } = await events(ada, 'order', '');
        stream.say({ subscribe: [topicOf('order', ada.portfolio, latest + 1), topicOf('balance', eve.portfolio, 0)] });
        const future = await stream.wait('the refusal', one => one.type === 'error' && one.topic === topicOf('order', ada.portfolio));
        assert.equal(future.reason, 'INVALID_REQUEST');
        const foreign = await stream.wait('the refusal', one => one.type === 'error' && one.topic === topicOf('balance', eve.portfolio));
        assert.equal(foreign.reason, 'PORTFOLIO_NOT_FOUND');
        await platform.query(`UPDATE trading.order_sequences SET kept_after = number WHERE portfolio_id = '${ada.portfolio}'`);
        await stream.ask({ subscribe: [topicOf('order', ada.portfolio, 1)] });
        const snapshot = await stream.wait('a snapshot', isOf('order'));
        assert.deepEqual([snapshot.snapshot, snapshot.after], [true, latest]);
        stream.close();
    });

    it('of somebody who does not read is not asked for any more, and goes on from the last number', async () => {
        const order = await rest(ada);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${order.id}`, { token: ada.token });
        const { next_after: begin } = await events(ada, 'order', '');
        const size = 4000; // some 3 MB: more than the sockets take
        await platform.query(`CREATE TEMP TABLE copies AS SELECT o.* FROM trading.orders o, generate_series(1, ${size}) WHERE o.id = '${order.id}';
            UPDATE copies SET id = gen_random_uuid(), request_id = gen_random_uuid();
            INSERT INTO trading.orders SELECT * FROM copies;
            INSERT INTO trading.order_events SELECT portfolio_id, ${begin} + row_number() OVER (), id FROM copies;
            UPDATE trading.order_sequences SET number = number + ${size} WHERE portfolio_id = '${ada.portfolio}'`);
        const subscribe = [topicOf('order', ada.portfolio, begin)];
        const sent = () => platform.metric('gateway', 'stream_messages_sent_total{type="order_events"}');
        const slow = () => platform.metric('gateway', 'streams_closed_total{cause="slow"}');
        const [sentBefore, slowBefore] = [await sent(), await slow()];
        const raw = await rawStream(platform.port);
        raw.socket.pause();
        raw.socket.write(frame(0x81, JSON.stringify({ authenticate: { token: ada.token }, subscribe })));
        await until('it to be closed', async () => await slow() > slowBefore, 40);
        const taken = await sent() - sentBefore;
        assert.ok(taken > 0 && taken < size / 100, `${taken} messages of at most 100 events`);
        raw.socket.destroy();
        const stream = await Stream.open(platform.url);
        stream.say({ authenticate: { token: ada.token }, subscribe });
        const told = () => stream.messages.filter(isOf('order')).flatMap(one => one.events);
        await until('all of them', () => told().length >= size, 60);
        assert.deepEqual(told().map(one => one.sequence), Array.from({ length: size }, (_, i) => begin + 1 + i));
        assert.equal(new Set(told().map(one => one.order.id)).size, size);
        assert.ok(stream.messages.filter(isOf('order')).every(one => one.events.length <= 100));
        stream.close();
    });
});

// Somebody who follows a portfolio at either gateway, is cut off again and again, and goes on from the last number.
class Follower {
    constructor(user, portfolio, random) {
        Object.assign(this, { user, portfolio, random, orders: new Map(), positions: new Map(), cash: undefined, cuts: 0, isOver: false });
        this.after = { order: 0, balance: 0 };
        this.last = { order: 0, balance: 0 };
        this.seen = new Map();
    }

    take(kind, one) {
        assert.ok(one.sequence > this.last[kind], `${kind} event ${one.sequence} came after ${this.last[kind]}`);
        this.last[kind] = one.sequence;
        if (one.order) {
            this.orders.set(one.order.id, one.order);
            this.seen.set(one.order.id, one.sequence);
        } else if (one.position)
            this.positions.set(one.position.ticker, one.position);
        else
            this.cash = one.cash;
    }

    async follow() {
        while (!this.isOver) {
            let stream;
            try {
                stream = await Stream.open(this.random() < 0.5 ? platform.url : gateway.url);
            } catch {
                await new Promise(next => setTimeout(next, 100)); // between two tries of a gateway that is dead
                continue;
            }
            stream.say({ authenticate: { token: this.user.token },
                subscribe: ['order', 'balance'].map(kind => topicOf(kind, this.portfolio, this.after[kind])) });
            const end = Date.now() + 200 + this.random() * 2500;
            let at = 0;
            while (!stream.ending && !(Date.now() > end && !this.isLast)) {
                for (; at < stream.messages.length; at++)
                    for (const kind of ['order', 'balance'].filter(one => isOf(one)(stream.messages[at]))) {
                        assert.equal(stream.messages[at].snapshot, undefined, 'nothing may be gone');
                        stream.messages[at].events.forEach(one => this.take(kind, one));
                        this.after[kind] = stream.messages[at].after;
                    }
                if (this.isOver)
                    break;
                await new Promise(next => setTimeout(next, 10)); // between two looks
            }
            this.cuts++;
            stream.close(); // what it was sent and has not taken is asked for again
        }
    }

    begin() {
        this.done = this.follow().catch(error => { this.error = error; });
    }

    async differences() {
        const { token } = this.user;
        const listed = [];
        for (let page = ''; page !== undefined;) {
            const reply = await platform.expect(200, 'GET', `/api/v1/portfolios/${this.portfolio}/orders?status=all&limit=500${page}`, { token });
            listed.push(...reply.orders);
            page = reply.next_page_token === undefined || reply.next_page_token === null ? undefined : `&page_token=${reply.next_page_token}`;
        }
        const portfolio = await platform.expect(200, 'GET', `/api/v1/portfolios/${this.portfolio}`, { token });
        const { positions } = await platform.expect(200, 'GET', `/api/v1/portfolios/${this.portfolio}/positions`, { token });
        const wanted = {
            orders: Object.fromEntries(listed.map(one => [one.id, one])),
            cash: { cash_balance: portfolio.cash_balance, buying_power: portfolio.buying_power },
            positions: positions.map(({ ticker, quantity, available, average_price, cost_basis }) => ({ ticker, quantity, available, average_price, cost_basis })),
        };
        const held = [...this.positions.values()].filter(one => one.quantity !== '0').sort((a, b) => a.ticker < b.ticker ? -1 : 1);
        const got = { orders: Object.fromEntries(this.orders), cash: this.cash, positions: held };
        try {
            assert.deepEqual(got, wanted);
        } catch (error) {
            return error;
        }
        return null;
    }
}

function randomOf(seed) {
    let state = seed;
    return () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
}

describe('while everything trades and dies', () => {
    it('who is cut off and goes on knows in the end what there is, in the order in which it was committed', async t => {
        const random = randomOf(Number(process.env.BOURSE_SEED ?? 20140106));
        const pick = list => list[Math.floor(random() * list.length)];
        const followers = [];
        for (const user of [await platform.trader('fay'), await platform.trader('gus')])
            for (const portfolio of [user.portfolio, (await platform.expect(201, 'POST', '/api/v1/portfolios',
                { token: user.token, body: { name: 'second' } })).id])
                followers.push(new Follower(user, portfolio, randomOf(followers.length + 1)));
        followers.forEach(one => one.begin());
        const end = Date.now() + 30000;
        let tried = 0;
        // Four who trade in each portfolio at once, at either gateway, and repeat nothing.
        const trade = async (follower, random) => {
            const open = [];
            while (Date.now() < end) {
                const url = random() < 0.5 ? platform.url : gateway.url;
                const send = (method, path, body) => fetch(url + path, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(20000),
                    headers: { authorization: `Bearer ${follower.user.token}`, 'content-type': 'application/json' } })
                    .then(reply => reply.json()).catch(() => null);
                const what = random();
                const ticker = random() < 0.5 ? 'ACME' : 'BETA';
                const path = `/api/v1/portfolios/${follower.portfolio}`;
                tried++;
                if (what < 0.35)
                    await send('POST', `${path}/orders`, { ticker, side: random() < 0.6 ? 'buy' : 'sell', quantity: String(1 + Math.floor(random() * 3)) });
                else if (what < 0.65)
                    open.push((await send('POST', `${path}/orders${random() < 0.3 ? '?wait=false' : ''}`, { ticker, side: 'buy', quantity: '1', type: 'limit',
                        limit_price: String(10 + Math.floor(random() * 90)), time_in_force: 'gtc' }))?.id);
                else if (what < 0.8 && open.length > 0)
                    await send('DELETE', `/api/v1/orders/${open.pop()}`);
                else if (what < 0.9 && open.length > 0)
                    await send('PATCH', `/api/v1/orders/${open.pop()}`, { quantity: '2' });
                else if (what < 0.97)
                    await send('POST', `${path}/deposits`, { amount: '7.5' });
                else
                    await send('DELETE', `${path}/orders`);
            }
        };
        const trading = followers.flatMap((one, i) => [1, 2, 3].map(number => trade(one, randomOf(100 * i + number))));
        const killed = [];
        const dying = (async () => {
            while (Date.now() < end - 5000) {
                await new Promise(next => setTimeout(next, 1500)); // a life
                const victim = pick(['trading', 'portfolio', 'gateway', 'the other trading', 'the other gateway']);
                killed.push(victim);
                const replica = { 'the other trading': other, 'the other gateway': gateway }[victim];
                if (replica === undefined) {
                    await platform.kill(victim);
                } else {
                    replica.process.kill('SIGKILL');
                    await replica.ended;
                    replica.launch();
                }
                if (moments.length > 0 && random() < 0.3)
                    await platform.step(moments.shift(), admin).catch(() => null);
            }
        })();
        await Promise.all([...trading, dying]);
        await until('both gateways', async () => (await Promise.all([platform.url, gateway.url].map(url => fetch(`${url}/healthz`)))).every(one => one.ok), 60);
        followers.forEach(one => { one.isLast = true; });
        let difference;
        for (const one of followers)
            await until('them to know what there is', async () => {
                if (one.error)
                    throw one.error;
                difference = await one.differences();
                return difference === null;
            }, 90).catch(error => { throw one.error ?? difference ?? error; });
        followers.forEach(one => { one.isOver = true; });
        await Promise.all(followers.map(one => one.done));
        for (const one of followers) {
            assert.equal(one.error, undefined);
            // Each order was told of with the number of its latest change.
            const rows = await platform.query(`SELECT order_id, max(sequence) FROM trading.order_events e
                JOIN trading.orders o ON o.id = e.order_id WHERE e.portfolio_id = '${one.portfolio}' GROUP BY 1`);
            assert.deepEqual(new Map(rows.map(([id, number]) => [id, Number(number)]).sort()), new Map([...one.seen].sort()));
            // Without a gap: no number was taken that is not there.
            assert.deepEqual(await platform.query(`SELECT s.number - count(*), s.number - max(e.sequence) FROM trading.order_sequences s
                JOIN trading.order_events e USING (portfolio_id) WHERE portfolio_id = '${one.portfolio}' GROUP BY s.number`), [['0', '0']]);
        }
        const orders = followers.reduce((sum, one) => sum + one.orders.size, 0);
        t.diagnostic(`${tried} requests, ${orders} orders, ${followers.reduce((sum, one) => sum + one.last.order, 0)} changes, ` +
            `${followers.reduce((sum, one) => sum + one.cuts, 0)} streams; killed: ${killed.join(', ')}`);
        assert.ok(orders > 40, `${orders} orders are too few to say anything`);
        assert.ok(new Set(killed).size >= 3);
    });
});

// SPDX-License-Identifier: MIT
// user: somebody who trades while everything dies, and remembers what he was told.
//
// He does as a careful client should: each change has an Idempotency-Key, and is repeated with it, at any of the
// gateways, until there is an answer. Only orders does he sometimes give up after an attempt nobody answered.
import assert from 'node:assert/strict';
import { ask } from '../support/from_address.mjs';

export const FINAL = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);
export const EXITS = new Set(['take_profit', 'stop_loss']);
// What may be answered to one who has to repeat the request.
const AGAIN = new Set(['CONFLICT', 'REQUEST_IN_PROGRESS', 'ORDER_NOT_READY']);
// What orders and changes of them may be refused for.
const REFUSALS = new Set(['INSUFFICIENT_FUNDS', 'INSUFFICIENT_SHARES', 'WASH_TRADE', 'ORDER_NOT_OPEN', 'INVALID_REQUEST',
    'NO_PRICE', 'NOT_FILLED_AT_ONCE', 'ORDER_NOT_READY', 'SYMBOL_NOT_TRADABLE']);
const REPEAT_SECONDS = 90; // once nothing dies any more
const ATTEMPT_MS_MAX = 30000; // of the client; what is asserted is less

const ACTIONS = { buy: 20, sell: 15, limit: 20, stop: 8, trail: 6, bracket: 8, oco: 4, cancel: 10, replace: 9, deposit: 5,
    withdraw: 2, cancelAll: 1, look: 8 };

export class User {
    constructor({ trader, urls, tickers, random, isOver, number }) {
        Object.assign(this, { trader, urls, tickers, random, isOver, number });
        this.orders = new Map(); // by key: {key, id, body, told, refusal}
        this.told = new Map(); // by order: the last state he was told of
        this.canceled = new Set(); // orders whose cancellation was acknowledged
        this.replaced = new Map(); // orders whose replacement was, to the new one's id
        this.cash = 0; // cents moved by acknowledged deposits and withdrawals
        this.movements = 0;
        this.waits = []; // of each attempt: {ms, what, status and reason}
        this.abandoned = 0;
        this.next = 0;
    }

    // Trades until it is over.
    async trade() {
        while (!this.isOver()) {
            await this[this.random.weighted(ACTIONS)]();
            await new Promise(done => setTimeout(done, this.random.between(0, 60))); // he thinks
        }
    }

    // One attempt; null when nobody answered.
    async attempt(method, path, key, body) {
        const url = this.random.pick(this.urls);
        const begun = performance.now();
        let reply = null;
        try {
            reply = await ask(url, `127.0.7.${this.number + 1}`, method, path, { body, token: this.trader.token,
                headers: key ? { 'idempotency-key': key } : {}, timeout: ATTEMPT_MS_MAX });
        } catch {
            reply = null; // the gateway has died: refused or broken off
        }
        this.waits.push({ ms: performance.now() - begun, what: `${method} ${path}`,
            status: reply === null ? 'none' : [reply.status, reply.body?.reason].join(' ').trim() });
        return reply;
    }

    // Asks until there is an answer that will stay. Null when he gives up, which he never does without `mayGiveUp`.
    async ask(method, path, key, body, mayGiveUp = false) {
        let end = Date.now() + REPEAT_SECONDS * 1000;
        for (let reply; ;) {
            if (!this.isOver())
                end = Date.now() + REPEAT_SECONDS * 1000;
            reply = await this.attempt(method, path, key, body);
            const reason = reply?.body?.reason;
            if (reply !== null && reply.status < 500 && reply.status !== 429 && !AGAIN.has(reason))
                return reply;
            if (reply !== null)
                assert.ok([409, 422, 429, 502, 503, 504].includes(reply.status), `${method} ${path}: ${reply.status} ${reply.text}`);
            if (reply === null && mayGiveUp && this.random.chance(0.05)) {
                this.abandoned++;
                return null;
            }
            assert.ok(Date.now() < end, `${key}: ${method} ${path} had no answer ${REPEAT_SECONDS} s after all was over, last ${reply?.text}`);
            await new Promise(done => setTimeout(done, this.random.between(20, 150))); // between two attempts
        }
    }

    // What he is told of an order never contradicts what he was told before.
    hear(order) {
        const before = this.told.get(order.id);
        if (before !== undefined && FINAL.has(before.status))
            assert.equal(order.status, before.status, `${order.id} left its final state`);
        this.told.set(order.id, order);
        for (const leg of order.legs ?? [])
            this.hear(leg);
    }

    refused(entry, reply) {
        assert.ok(REFUSALS.has(reply.body?.reason), `${entry.key}: ${reply.status} ${reply.text}`);
        entry.refusal = reply.body.reason;
    }

    async place(body) {
        const key = `u${this.number}-${this.next++}`;
        const entry = { key, body: { ...body, client_order_id: key, ...(this.random.chance(0.1) ? { wait: false } : {}) } };
        this.orders.set(key, entry);
        const reply = await this.ask('POST', `/api/v1/portfolios/${this.trader.portfolio}/orders`, key, entry.body, true);
        if (reply === null)
            return;
        if (reply.status !== 201)
            return this.refused(entry, reply);
        entry.id = reply.body.id;
        this.hear(reply.body);
    }

    // The price of a ticker at present, in cents; null when it cannot be told.
    async price(ticker) {
        const reply = await this.attempt('GET', `/api/v1/quotes/${ticker}`);
        return reply?.status === 200 ? Math.round(Number(reply.body.price) * 100) : null;
    }

    quantity() {
        return this.random.chance(0.2) ? `${this.random.between(1, 3)}.5` : String(this.random.between(1, 5));
    }

    async buy() {
        const ticker = this.random.pick(this.tickers);
        await this.place(this.random.chance(0.15) ? { ticker, side: 'buy', notional: String(this.random.between(10, 900)) }
            : { ticker, side: 'buy', quantity: this.quantity(), ...(this.random.chance(0.2) ? { time_in_force: 'ioc' } : {}) });
    }

    async sell() {
        await this.place({ ticker: this.random.pick(this.tickers), side: 'sell', quantity: this.quantity() });
    }

    // Places an order at so many per mille of the price.
    async placeAt(from, to, make) {
        const ticker = this.random.pick(this.tickers);
        const price = await this.price(ticker);
        if (price !== null)
            await this.place({ ticker, quantity: String(this.random.between(1, 5)),
                ...make((Math.round(price * this.random.between(from, to) / 1000) / 100).toFixed(2)) });
    }

    async limit() {
        const side = this.random.pick(['buy', 'sell']);
        await this.placeAt(990, 1010, limit_price => ({ side, type: 'limit', limit_price,
            time_in_force: this.random.pick(['day', 'gtc', 'gtc', 'ioc', 'fok']) }));
    }

    async stop() {
        if (this.random.chance(0.5))
            await this.placeAt(985, 998, stop_price => ({ side: 'sell', type: 'stop', stop_price, time_in_force: 'gtc' }));
        else
            await this.placeAt(1002, 1015, stop_price => ({ side: 'buy', type: 'stop', stop_price, time_in_force: 'day' }));
    }

    async trail() {
        await this.place({ ticker: this.random.pick(this.tickers), side: this.random.pick(['sell', 'sell', 'buy']),
            type: 'trailing_stop', trail_percent: this.random.pick(['0.1', '0.5', '1']), quantity: '1', time_in_force: 'gtc' });
    }

    // An entry with both its exits close to the price, so that many are filled.
    async bracket() {
        await this.placeGroup({ order_class: 'bracket', side: 'buy' }, this.random.chance(0.5));
    }

    async oco() {
        await this.placeGroup({ order_class: 'oco', side: 'sell' });
    }

    async placeGroup(body, hasLimit = false) {
        const ticker = this.random.pick(this.tickers);
        const price = await this.price(ticker);
        if (price === null)
            return;
        const at = (from, to) => (Math.round(price * this.random.between(from, to) / 10000) / 100).toFixed(2);
        await this.place({ ticker, quantity: String(this.random.between(1, 5)), time_in_force: this.random.pick(['day', 'gtc']),
            take_profit: { limit_price: at(10002, 10030) }, stop_loss: { stop_price: at(9970, 9985) }, ...body,
            ...(hasLimit ? { type: 'limit', limit_price: at(9990, 10001) } : {}) });
    }

    // One of his orders that he believes to be open; undefined when there is none.
    open() {
        const open = [...this.told.values()].filter(order => !FINAL.has(order.status));
        return open.length === 0 ? undefined : this.random.pick(open);
    }

    async cancel() {
        const order = this.open();
        if (order === undefined)
            return;
        const reply = await this.ask('DELETE', `/api/v1/orders/${order.id}`, `cancel-${order.id}-${this.next++}`);
        if (reply.status === 204)
            this.canceled.add(order.id);
        else
            assert.equal(reply.body?.reason, 'ORDER_NOT_OPEN', `${order.id}: ${reply.text}`);
        await this.look(order);
    }

    // What is to become of an order: of one of a group the price, for its quantity stays.
    async change(order) {
        const price = order.part !== undefined ? await this.price(order.ticker) : null;
        if (price === null)
            return { quantity: String(this.random.between(1, 9)) };
        const at = (from, to) => (Math.round(price * this.random.between(from, to) / 1000) / 100).toFixed(2);
        if (!EXITS.has(order.part))
            return { limit_price: at(997, 1001) };
        return order.part === 'take_profit' ? { limit_price: at(1001, 1010) } : { stop_price: at(990, 999) };
    }

    async replace() {
        const order = this.open();
        if (order === undefined)
            return;
        const key = `u${this.number}-${this.next++}`;
        const entry = { key, body: { client_order_id: key, ...await this.change(order) } };
        this.orders.set(key, entry);
        const reply = await this.ask('PATCH', `/api/v1/orders/${order.id}`, key, entry.body, true);
        if (reply === null)
            return;
        if (reply.status !== 200)
            return this.refused(entry, reply);
        entry.id = reply.body.id;
        assert.equal(reply.body.replaces, order.id);
        this.replaced.set(order.id, reply.body.id);
        this.hear(reply.body);
    }

    async cancelAll() {
        const reply = await this.ask('DELETE', `/api/v1/portfolios/${this.trader.portfolio}/orders`, `all-${this.number}-${this.next++}`);
        assert.equal(reply.status, 200, reply.text);
    }

    async move(what, cents) {
        const reply = await this.ask('POST', `/api/v1/portfolios/${this.trader.portfolio}/${what}`,
            `${what}-${this.number}-${this.next++}`, { amount: (Math.abs(cents) / 100).toFixed(2) });
        if (reply.status === 201) {
            this.cash += cents;
            this.movements++;
        } else {
            assert.equal(reply.body?.reason, 'INSUFFICIENT_FUNDS', reply.text);
        }
    }

    async deposit() {
        await this.move('deposits', this.random.between(1, 100000));
    }

    async withdraw() {
        await this.move('withdrawals', -this.random.between(1, 100000));
    }

    async look(order = this.open()) {
        if (order === undefined)
            return;
        const reply = await this.attempt('GET', `/api/v1/orders/${order.id}`);
        if (reply?.status === 200)
            this.hear(reply.body);
        else if (reply !== null)
            assert.ok(reply.status >= 500, `an acknowledged order is gone: ${reply.status} ${reply.text}`);
    }
}

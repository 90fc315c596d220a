// SPDX-License-Identifier: MIT
// Brackets, OCO and OTO against a model of them: whatever is placed, canceled and replaced while quotes reach one
// exit, or both, whole or in parts, there is no difference in the orders' states, cash and shares. The model is the
// rules of docs/orders.md once more; it knows nothing of books, holds and parts that are booked.
//
// BOURSE_SEED repeats a run, BOURSE_GROUP_SECONDS makes it longer (20 unless said).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Platform, until } from '../support/platform.mjs';

const seed = Number(process.env.BOURSE_SEED ?? Date.now() % 2 ** 31);
const SECONDS = Number(process.env.BOURSE_GROUP_SECONDS ?? 20);
const SECONDS_OF_A_YEAR = 200; // in which a year's quotes cannot be used up
const AT_ONCE = 8; // portfolios that see the same quotes
const QUOTE_VOLUME = 250; // shares that are traded with each quote
const CASH = 1000000;
const TICKERS = ['ACME', 'BETA'];
// Within the session in summer and in winter: after the open, the first extreme and the second. The close is quoted
// on the way to the next morning.
const TIMES = ['14:45', '16:30', '19:30'];
const OPEN = new Set(['held', 'new', 'partially_filled']);

// The prices of a day, in whole dollars, in the order in which they are quoted.
function quotesOf({ open, high, low, close }) {
    return high - open < open - low ? [open, high, low, close] : [open, low, high, close];
}

function madeUpDays(dates, start) {
    let state = start, price = 60 + start % 60;
    const next = bound => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return Math.floor(state / 65536) % bound;
    };
    return dates.map(date => {
        const open = Math.max(30, Math.min(300, price + next(9) - 4));
        price = Math.max(30, Math.min(300, open + next(15) - 7));
        return { date, open, close: price, high: Math.max(open, price) + next(6), low: Math.min(open, price) - next(6) };
    });
}

// One portfolio: its group of the moment, and the orders of all that there were.
class Model {
    constructor(percent) {
        this.share = Math.floor(QUOTE_VOLUME * percent / 100);
        this.isWhole = percent === 0;
        this.cash = CASH;
        this.shares = 0;
        this.orders = [];
        this.group = null;
        this.seen = new Map();
    }

    note(what) {
        this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
    }

    isOpen() {
        return this.group !== null && [this.group.entry, ...this.group.exits].some(order => order !== undefined && OPEN.has(order.status));
    }

    // What of the position is held for the exits.
    held() {
        return this.isOpen() ? this.group.bought - this.group.sold : 0;
    }

    exits() {
        return this.group.exits.filter(exit => OPEN.has(exit.status));
    }

    exit(part) {
        return this.exits().find(exit => exit.part === part);
    }

    place({ order_class, day, entry, exits }, price) {
        this.group = { day, entry, exits, bought: order_class === 'oco' ? exits[0].quantity : 0, sold: 0 };
        for (const order of [entry, ...exits].filter(Boolean))
            this.orders.push(Object.assign(order, { status: order === entry || order_class === 'oco' ? 'new' : 'held', filled: 0, isTriggered: false }));
        if (entry !== undefined)
            this.lookAtEntry(price, this.share);
    }

    part(order, share) {
        const left = order.quantity - order.filled;
        return this.isWhole ? left : Math.min(left, share);
    }

    fill(order, quantity, price) {
        if (quantity === 0)
            return;
        order.filled += quantity;
        order.status = order.filled === order.quantity ? 'filled' : 'partially_filled';
        this.note(`${order.part} ${order.status}`);
        const sign = order.part === 'entry' ? 1 : -1;
        this.cash -= sign * quantity * price;
        this.shares += sign * quantity;
        this.group[sign > 0 ? 'bought' : 'sold'] += quantity;
    }

    // The exits see the quote that filled the entry, of whose volume nothing is left.
    lookAtEntry(price, share) {
        const { entry, exits } = this.group;
        if (entry.limit !== undefined && price > entry.limit)
            return;
        this.fill(entry, this.part(entry, share), price);
        if (entry.status !== 'filled')
            return;
        for (const exit of exits.filter(one => one.status === 'held'))
            exit.status = 'new';
        this.lookAtExits(price, 0);
    }

    // Of two that one quote reaches the stop comes first; what it leaves is for the other one.
    lookAtExits(price, share) {
        const stop = this.exit('stop_loss'), profit = this.exit('take_profit');
        const isReached = profit !== undefined && price >= profit.limit;
        if (stop !== undefined && price <= stop.stop)
            stop.isTriggered = true;
        if (stop?.isTriggered && (stop.limit === undefined || price >= stop.limit)) {
            if (isReached)
                this.note('both exits reached');
            this.sell(stop, share, price);
        }
        if (isReached && OPEN.has(profit.status))
            this.sell(profit, share, price);
    }

    sell(exit, share, price) {
        const quantity = this.part(exit, share);
        this.fill(exit, quantity, price);
        for (const other of this.exits().filter(one => one !== exit)) {
            if (exit.status === 'filled')
                other.status = 'canceled';
            else
                other.quantity -= quantity;
        }
    }

    look(price) {
        if (!this.isOpen())
            return;
        if (this.group.entry !== undefined && OPEN.has(this.group.entry.status))
            this.lookAtEntry(price, this.share);
        else
            this.lookAtExits(price, this.share);
    }

    endAll(status) {
        for (const order of [this.group.entry, ...this.group.exits])
            if (order !== undefined && OPEN.has(order.status))
                order.status = order.status === 'held' ? 'canceled' : status;
        this.note(status);
    }

    closeDay() {
        if (this.isOpen() && this.group.day)
            this.endAll('expired');
    }

    // Whether the order may get those prices.
    mayBecome(order, prices, market) {
        const all = [this.group.entry, ...this.exits()].filter(one => one !== undefined && OPEN.has(one.status))
            .map(one => one === order ? { ...one, ...prices } : one);
        const entry = all.find(one => one.part === 'entry'), profit = all.find(one => one.part === 'take_profit');
        const stop = all.find(one => one.part === 'stop_loss' && !one.isTriggered);
        const base = entry?.limit ?? market;
        return !(profit !== undefined && stop !== undefined && profit.limit <= stop.stop) &&
            !(stop?.limit > stop?.stop) && !(entry !== undefined && profit !== undefined && profit.limit <= base) &&
            !(stop !== undefined && stop.stop >= Math.min(base, market));
    }

    // The new order looks at the present quote: a purchase has its share in that, an exit has had it.
    replace(order, prices, id, price) {
        const made = { ...order, ...prices, id, quantity: order.quantity - order.filled, filled: 0, status: order.status === 'held' ? 'held' : 'new' };
        order.status = 'replaced';
        this.orders.push(made);
        this.note(`${order.part} replaced`);
        if (order.part === 'entry') {
            this.group.entry = made;
            this.lookAtEntry(price, this.share);
        } else {
            this.group.exits = this.group.exits.map(one => one === order ? made : one);
            if (made.status === 'new')
                this.lookAtExits(price, 0);
        }
    }
}

const dollars = fc.integer({ min: 1, max: 12 });
const group = fc.record({ order_class: fc.constantFrom('bracket', 'bracket', 'oto', 'oco'), day: fc.boolean(), quantity: fc.integer({ min: 1, max: 40 }),
    below: fc.option(fc.integer({ min: -3, max: 8 })), up: dollars, down: dollars, stopLimit: fc.option(fc.integer({ min: 0, max: 3 })), isStop: fc.boolean() });
const command = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('place'), group }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel'), which: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace'), which: fc.nat(2), by: fc.integer({ min: -10, max: 10 }) }) });
const script = fc.record({ ticker: fc.constantFrom(...TICKERS), percent: fc.constantFrom(0, 0, 2, 8), shares: fc.constantFrom(0, 30),
    rounds: fc.array(fc.array(command, { minLength: 0, maxLength: 2 }), { minLength: 4, maxLength: 9 }) });

describe('groups of orders and their model', () => {
    const days = new Map();
    let platform, admin, ada;
    let moment = 0, scripts = 0, operations = 0;
    const seen = new Map();

    before(async () => {
        platform = await Platform.start({ env: { BOURSE_MAXIMUM_PORTFOLIOS: '10000' } });
        admin = await platform.administrator();
        const dates = [];
        for (let year = 2012; year <= 2012 + SECONDS / SECONDS_OF_A_YEAR; year += 1) {
            const { sessions } = await platform.expect(200, 'GET', `/api/v1/calendar?start=${year}-01-01&end=${year}-12-31`);
            dates.push(...sessions.filter(one => Date.parse(one.close) - Date.parse(one.open) === 6.5 * 3600e3).map(one => one.date));
        }
        for (const [number, ticker] of TICKERS.entries()) {
            const bars = madeUpDays(dates, 1 + number);
            days.set(ticker, bars);
            await platform.import(ticker, `Date,Open,High,Low,Close,Volume\n${bars.map(({ date, open, high, low, close }) =>
                `${date},${open},${high},${low},${close},${4 * QUOTE_VOLUME}\n`).join('')}`, admin);
        }
        await step();
    });
    after(() => platform?.stop());

    // Nobody's token lasts for a long run.
    async function login() {
        admin = await platform.administrator();
        ada = await platform.trader(`trader${scripts}`);
    }

    const step = () => platform.step(`${days.get(TICKERS[0])[Math.floor(moment / TIMES.length)].date}T${TIMES[moment % TIMES.length]}:00Z`, admin);
    const price = ticker => quotesOf(days.get(ticker)[Math.floor(moment / TIMES.length)])[moment % TIMES.length];
    const get = path => platform.expect(200, 'GET', path, { token: ada.token });

    // A connection that was idle may be closed as a request is sent on it: that is sent again, with its key.
    function send(method, path, body) {
        const options = { token: ada.token, body, headers: { 'idempotency-key': randomUUID() } };
        const attempt = () => platform.request(method, path, options);
        return attempt().catch(attempt);
    }

    async function open({ ticker, percent, shares }) {
        const { id } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: ada.token, body: { name: 'model', cash_balance: String(CASH) } });
        const model = new Model(percent);
        if (shares > 0) {
            const reply = await send('POST', `/api/v1/portfolios/${id}/orders`, { ticker, side: 'buy', quantity: String(shares) });
            assert.equal(reply.body.status, 'filled', reply.text);
            model.cash -= shares * price(ticker);
            model.shares = shares;
        }
        if (percent > 0)
            assert.equal((await send('PATCH', `/api/v1/portfolios/${id}`, { fill_settings: { participation_percent: String(percent) } })).status, 200);
        return { id, ticker, model };
    }

    // The orders of a group at the present price; undefined when there is nothing for it to sell.
    function draw({ order_class, day, quantity, below, up, down, stopLimit, isStop }, model, market) {
        if (order_class === 'oco' && model.shares === 0)
            return undefined;
        const amount = order_class === 'oco' ? Math.min(quantity, model.shares) : quantity;
        const entry = order_class === 'oco' ? undefined : { part: 'entry', quantity: amount, ...(below === null ? {} : { limit: market - below }) };
        const stop = Math.min(entry?.limit ?? market, market) - down;
        const profit = { part: 'take_profit', quantity: amount, limit: (entry?.limit ?? market) + up };
        const loss = { part: 'stop_loss', quantity: amount, stop, ...(stopLimit === null ? {} : { limit: stop - stopLimit }) };
        return { order_class, day, entry, exits: order_class === 'oto' ? [isStop ? loss : profit] : [profit, loss] };
    }

    async function place({ id, ticker, model }, drawn) {
        const { order_class, day, entry, exits } = drawn;
        const profit = exits.find(one => one.part === 'take_profit'), loss = exits.find(one => one.part === 'stop_loss');
        const reply = await send('POST', `/api/v1/portfolios/${id}/orders`, { ticker, order_class, side: order_class === 'oco' ? 'sell' : 'buy',
            quantity: String(exits[0].quantity), time_in_force: day ? 'day' : 'gtc',
            ...(entry?.limit === undefined ? {} : { type: 'limit', limit_price: String(entry.limit) }),
            ...(profit === undefined ? {} : { take_profit: { limit_price: String(profit.limit) } }),
            ...(loss === undefined ? {} : { stop_loss: { stop_price: String(loss.stop), ...(loss.limit === undefined ? {} : { limit_price: String(loss.limit) }) } }) });
        assert.equal(reply.status, 201, reply.text);
        for (const one of [reply.body, ...reply.body.legs])
            [entry, ...exits].find(order => order?.part === one.part).id = one.id;
        model.place(drawn, price(ticker));
    }

    async function replace({ ticker, model }, order, by) {
        if (order.part === 'entry' && order.limit === undefined || order.isTriggered || by === 0)
            return;
        const prices = Object.fromEntries(['limit', 'stop'].filter(name => order[name] !== undefined).map(name => [name, order[name] + by]));
        const reply = await send('PATCH', `/api/v1/orders/${order.id}`, {
            ...(prices.limit === undefined ? {} : { limit_price: String(prices.limit) }), ...(prices.stop === undefined ? {} : { stop_price: String(prices.stop) }) });
        const may = Math.min(...Object.values(prices)) > 0 && model.mayBecome(order, prices, price(ticker));
        assert.equal(reply.status, may ? 200 : 422, `${JSON.stringify([order, prices, price(ticker), model.group])}: ${reply.text}`);
        if (may)
            model.replace(order, prices, reply.body.id, price(ticker));
    }

    async function run(portfolio, one) {
        const { model } = portfolio;
        operations += 1;
        if (one.kind === 'place') {
            const drawn = model.isOpen() ? undefined : draw(one.group, model, price(portfolio.ticker));
            return drawn !== undefined && place(portfolio, drawn);
        }
        const orders = model.isOpen() ? [model.group.entry, ...model.group.exits].filter(order => order !== undefined && OPEN.has(order.status)) : [];
        const order = orders[one.which % orders.length];
        if (order === undefined)
            return undefined;
        if (one.kind === 'replace')
            return replace(portfolio, order, one.by);
        const reply = await send('DELETE', `/api/v1/orders/${order.id}`);
        assert.equal(reply.status, 204, reply.text);
        return model.endAll('canceled');
    }

    async function difference({ id, ticker, model }) {
        const { orders, next_page_token } = await get(`/api/v1/portfolios/${id}/orders?status=all&limit=500`);
        assert.equal(next_page_token, undefined);
        const found = new Map(orders.map(one => [one.id, one]));
        const positions = new Map((await get(`/api/v1/portfolios/${id}/positions`)).positions.map(one => [one.ticker, one]));
        const position = positions.get(ticker) ?? { quantity: '0', available: '0' };
        const { cash_balance, buying_power } = await get(`/api/v1/portfolios/${id}`);
        // That a stop is reached is noted a moment later than the quote is there, and what may become of the group depends on it.
        const isReached = (status, triggered) => OPEN.has(status) && triggered ? ', reached' : '';
        const is = [...model.orders.map(({ id: order }) => {
            const one = found.get(order);
            return `${one.part} ${one.status} ${one.filled_quantity} of ${one.quantity}${isReached(one.status, one.triggered_at !== undefined)}`;
        }), Number(cash_balance), Number(position.quantity), Number(position.available), model.isOpen() || cash_balance === buying_power];
        const isToBe = [...model.orders.map(({ part, status, filled, quantity, isTriggered }) =>
            `${part} ${status} ${filled} of ${quantity}${isReached(status, isTriggered)}`),
            model.cash, model.shares, model.shares - model.held(), true];
        return JSON.stringify(is) === JSON.stringify(isToBe) ? null : { is, isToBe };
    }

    async function compare(portfolio) {
        let last = null;
        await until('the model', async () => (last = await difference(portfolio)) === null)
            .catch(error => assert.deepEqual(last?.is, last?.isToBe, `${portfolio.id}: ${error.message}`));
    }

    // The next quote; in the morning that of the close before it, too.
    async function tick(portfolios) {
        const before = moment;
        moment += 1;
        await step();
        const isMorning = moment % TIMES.length === 0;
        for (const { ticker, model } of portfolios) {
            if (isMorning) {
                model.look(quotesOf(days.get(ticker)[Math.floor(before / TIMES.length)])[3]);
                model.closeDay();
            }
            model.look(price(ticker));
        }
    }

    it(`never differ (BOURSE_SEED=${seed})`, { timeout: (SECONDS + 120) * 1000 }, async context => {
        let runs = 0;
        await fc.assert(fc.asyncProperty(fc.array(script, { minLength: AT_ONCE, maxLength: AT_ONCE }), async list => {
            await login();
            const portfolios = await Promise.all(list.map(open));
            for (let round = 0; round < Math.max(...list.map(one => one.rounds.length)); round += 1) {
                await Promise.all(portfolios.map(async (portfolio, i) => {
                    for (const one of list[i].rounds[round] ?? []) {
                        await run(portfolio, one);
                        await compare(portfolio);
                    }
                }));
                await tick(portfolios);
                await Promise.all(portfolios.map(compare));
            }
            for (const { id, model } of portfolios) {
                assert.deepEqual(await get(`/api/v1/portfolios/${id}/audit`), { consistent: true, differences: [] });
                await platform.expect(200, 'DELETE', `/api/v1/portfolios/${id}/orders`, { token: ada.token });
                for (const [what, count] of model.seen)
                    seen.set(what, (seen.get(what) ?? 0) + count);
            }
            runs += 1;
            scripts += list.length;
        }), { seed, numRuns: 100000, interruptAfterTimeLimit: SECONDS * 1000, endOnFailure: process.env.BOURSE_SHRINK === undefined, includeErrorInReport: true });
        context.diagnostic(`${scripts} portfolios in ${runs} runs, ${operations} operations, ${moment} quotes, seed ${seed}: ` +
            [...seen].sort().map(([what, count]) => `${what} ${count}`).join(', '));
        assert.ok(runs >= 1, `no run in ${SECONDS} s`);
    });
});

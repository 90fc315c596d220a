// SPDX-License-Identifier: MIT
// Portfolios against a model of them: whatever is deposited, withdrawn, bought, sold, reset and copied in
// whatever order, by whatever fill settings, there is no difference in cash, shares, lots, profits and fees, to the
// last micro. The model is
// the rules once more, in a few lines; it knows nothing of ledgers. BOURSE_SEED repeats a run.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

const seed = Number(process.env.BOURSE_SEED ?? Date.now() % 2 ** 31);
const SECONDS = 45;

const money = text => decimal(text, 6);
const shares = text => decimal(text, 9);
function decimal(text, scale) {
    const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    const value = BigInt(whole + part.padEnd(scale, '0'));
    return sign ? -value : value;
}
function print(value, scale) {
    const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
    return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
function halfEven(numerator, denominator) {
    const quotient = numerator / denominator, rest = (numerator % denominator) * 2n;
    return rest > denominator || (rest === denominator && quotient % 2n === 1n) ? quotient + 1n : quotient;
}

class Model {
    constructor(cash, settings) {
        this.cash = this.opening = cash;
        this.settings = settings;
        this.fees = 0n;
        this.positions = new Map();
    }

    // What of an order is filled at a quote, at what price and for which commission.
    fill(kind, quantity, quote) {
        const { slippage, percent, perOrder, perShare, bps, minimum, maximum } = this.settings;
        const distance = (quote.price * slippage + 999999n) / 1000000n;
        const price = kind === 'buy' ? quote.price + distance : quote.price - distance;
        const share = percent === 0n ? quantity : quote.volume * percent / 10000n * 10n ** 9n;
        const filled = share < quantity ? share : quantity;
        const gross = halfEven(price * filled, 10n ** 9n);
        let commission = perOrder + halfEven(perShare * filled, 10n ** 9n) + halfEven(price * filled * bps, 10n ** 15n);
        commission = commission > minimum ? commission : minimum;
        commission = maximum > 0n && commission > maximum ? maximum : commission;
        if (kind === 'sell' && commission > gross)
            commission = gross;
        return { filled, price, commission: filled === 0n ? 0n : commission, cost: gross + commission };
    }

    of(ticker) {
        if (!this.positions.has(ticker))
            this.positions.set(ticker, { amount: 0n, cost: 0n, average: 0n, fifo: 0n, lots: [], closed: [] });
        return this.positions.get(ticker);
    }

    buy(ticker, quantity, price, commission) {
        const cost = halfEven(price * quantity, 10n ** 9n) + commission, position = this.of(ticker);
        this.fees += commission;
        this.cash -= cost;
        position.amount += quantity;
        position.cost += cost;
        position.lots.push({ quantity, cost, sold: 0n });
    }

    sell(ticker, quantity, price, commission) {
        const proceeds = halfEven(price * quantity, 10n ** 9n) - commission, position = this.of(ticker);
        this.fees += commission;
        const average = halfEven(position.cost * quantity, position.amount);
        this.cash += proceeds;
        position.cost -= average;
        position.average += proceeds - average;
        position.amount -= quantity;
        for (let left = quantity; left > 0n;) {
            const lot = position.lots[0], take = left < lot.quantity - lot.sold ? left : lot.quantity - lot.sold;
            const until = sold => lot.cost * sold / lot.quantity; // rounded down
            const cost = until(lot.sold + take) - until(lot.sold);
            position.closed.push([take, cost]);
            position.fifo -= cost;
            lot.sold += take;
            left -= take;
            if (lot.sold === lot.quantity)
                position.lots.shift();
        }
        position.fifo += proceeds;
    }

    open(ticker) {
        return this.of(ticker).lots.map(lot => [lot.quantity - lot.sold, lot.cost - lot.cost * lot.sold / lot.quantity]);
    }

    reset(cash) {
        this.cash = this.opening = cash;
        this.positions.clear();
    }

    // What is left of a lot is a lot of its own there.
    copy() {
        const copy = new Model(this.cash, this.settings);
        for (const [ticker, { amount, cost }] of this.positions)
            if (amount > 0n)
                copy.positions.set(ticker, { amount, cost, average: 0n, fifo: 0n, closed: [],
                    lots: this.open(ticker).map(([quantity, rest]) => ({ quantity, cost: rest, sold: 0n })) });
        return copy;
    }
}

const tickers = ['ACME', 'BETA'];
const which = fc.nat(5); // of the portfolios there are
const quantity = fc.oneof(fc.integer({ min: 1, max: 200 }).map(whole => BigInt(whole) * 10n ** 9n),
    fc.bigInt({ min: 1n, max: 3n * 10n ** 9n }));
const amount = fc.bigInt({ min: 10000n, max: 30000n * 10n ** 6n });
const upTo = max => fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max }));
const settings = fc.record({ slippage: upTo(5000n), percent: upTo(4n), perOrder: upTo(5n * 10n ** 6n), perShare: upTo(50000n),
    bps: upTo(10000n), minimum: upTo(10n ** 7n), more: upTo(10n ** 7n) })
    .map(({ more, ...one }) => ({ ...one, maximum: more === 0n ? 0n : one.minimum + more }));
const plain = { slippage: 0n, percent: 0n, perOrder: 0n, perShare: 0n, bps: 0n, minimum: 0n, maximum: 0n };
const toBody = one => ({ slippage_bps: print(one.slippage, 2), participation_percent: print(one.percent, 2),
    commission_per_order: print(one.perOrder, 6), commission_per_share: print(one.perShare, 6), commission_bps: print(one.bps, 2),
    commission_minimum: print(one.minimum, 6), commission_maximum: print(one.maximum, 6) });
const command = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('buy'), which, ticker: fc.constantFrom(...tickers), quantity }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('sell'), which, ticker: fc.constantFrom(...tickers), quantity, all: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('deposit'), which, amount }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('withdraw'), which, amount }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset'), which, amount: fc.option(amount) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clone'), which }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('settings'), which, settings }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick') }) });

describe('portfolios and their model', () => {
    let platform, admin, token;
    const days = madeUpBars(7).map(bar => bar.date).slice(3);
    let day = 0, users = 0, partial = 0;

    before(async () => {
        platform = await Platform.start({ env: { BOURSE_MAXIMUM_PORTFOLIOS: '10000' } });
        admin = await platform.administrator();
        await platform.import('ACME', toCsv(madeUpBars(7)), admin);
        await platform.import('BETA', toCsv(madeUpBars(11)), admin);
        await platform.step(`${days[day]}T14:45:00Z`, admin);
    });
    after(() => platform?.stop());

    const path = id => `/api/v1/portfolios/${id}`;
    const send = (method, where, body) => platform.request(method, where, { token, body });
    const get = where => platform.expect(200, 'GET', where, { token });
    const refused = (reply, reason) => assert.deepEqual([reply.status, reply.body.reason], [403, reason], reply.text);

    async function trade({ id, model }, { kind, ticker, quantity, all }) {
        const quote = await platform.expect(200, 'GET', `/api/v1/quotes/${ticker}`);
        const position = model.of(ticker);
        if (kind === 'sell' && all && position.amount > 0n)
            quantity = position.amount;
        const reply = await send('POST', `${path(id)}/orders`, { ticker, side: kind, quantity: print(quantity, 9) });
        // At 14:45 the quote is that of the open, in winter and in summer: what it tells of is its own.
        const made = model.fill(kind, quantity, { price: money(quote.price), volume: BigInt(quote.volume) });
        if (reply.status === 403 && kind === 'buy' && made.filled < quantity)
            // More is held for what is not filled yet, but never what there is.
            return assert.ok(money(reply.body.required) > model.cash, reply.text);
        if (kind === 'buy' && made.filled === quantity && made.cost > model.cash)
            return refused(reply, 'INSUFFICIENT_FUNDS');
        if (kind === 'sell' && quantity > position.amount)
            return refused(reply, 'INSUFFICIENT_SHARES');
        assert.equal(reply.status, 201, reply.text);
        assert.deepEqual([reply.body.status, shares(reply.body.filled_quantity), money(reply.body.commission)],
            [made.filled === quantity ? 'filled' : made.filled > 0n ? 'partially_filled' : 'new', made.filled, made.commission]);
        if (made.filled > 0n) {
            assert.equal(money(reply.body.average_fill_price), made.price);
            model[kind](ticker, made.filled, made.price, made.commission);
        }
        if (made.filled === quantity)
            return undefined;
        partial += made.filled > 0n ? 1 : 0;
        assert.equal((await send('DELETE', `/api/v1/orders/${reply.body.id}`)).status, 204);
        return until('the rest to be given back', async () => {
            const one = await get(path(id));
            return one.buying_power === one.cash_balance;
        });
    }

    async function run(all, one) {
        const portfolio = all[(one.which ?? 0) % all.length], { id, model } = portfolio;
        if (one.kind === 'tick') {
            day = Math.min(day + 1, days.length - 1);
            await platform.step(`${days[day]}T14:45:00Z`, admin);
        } else if (one.kind === 'buy' || one.kind === 'sell') {
            await trade(portfolio, one);
        } else if (one.kind === 'deposit') {
            assert.equal((await send('POST', `${path(id)}/deposits`, { amount: print(one.amount, 6) })).status, 201);
            model.cash += one.amount;
        } else if (one.kind === 'withdraw') {
            const reply = await send('POST', `${path(id)}/withdrawals`, { amount: print(one.amount, 6) });
            if (one.amount > model.cash)
                return refused(reply, 'INSUFFICIENT_FUNDS');
            assert.equal(reply.status, 201, reply.text);
            model.cash -= one.amount;
        } else if (one.kind === 'reset') {
            // What an order held is given back with its booking, which may come after its answer.
            await until('no holds', async () => (await send('POST', `${path(id)}/reset`,
                one.amount === null ? {} : { amount: print(one.amount, 6) })).status === 200);
            model.reset(one.amount ?? model.opening);
        } else if (one.kind === 'settings') {
            const reply = await send('PATCH', path(id), { fill_settings: toBody(one.settings) });
            assert.equal(reply.status, 200, reply.text);
            model.settings = one.settings;
        } else if (one.kind === 'clone') {
            all.push({ id: (await platform.expect(201, 'POST', `${path(id)}/clone`, { token, body: {} })).id, model: model.copy() });
        }
    }

    async function compare({ id, model }) {
        const portfolio = await get(path(id));
        const sum = field => [...model.positions.values()].reduce((total, one) => total + one[field], 0n);
        assert.deepEqual([money(portfolio.cash_balance), money(portfolio.realized_pl), money(portfolio.realized_pl_fifo)],
            [model.cash, sum('average'), sum('fifo')], 'cash, profit at average cost, profit of the oldest');
        const { positions } = await get(`${path(id)}/positions`);
        const held = tickers.filter(ticker => model.of(ticker).amount > 0n);
        assert.deepEqual(positions.map(one => [one.ticker, shares(one.quantity), money(one.cost_basis)]),
            held.map(ticker => [ticker, model.of(ticker).amount, model.of(ticker).cost]), 'positions');
        const { lots, next_page_token } = await get(`${path(id)}/lots?limit=500`);
        assert.equal(next_page_token, undefined);
        for (const state of ['open', 'closed'])
            assert.deepEqual(lots.filter(lot => lot.state === state).map(lot => [lot.ticker, shares(lot.quantity), money(lot.cost_basis)]),
                tickers.flatMap(ticker => (state === 'open' ? model.open(ticker) : model.of(ticker).closed).map(lot => [ticker, ...lot])), `${state} lots`);
        const { differences, consistent } = await get(`${path(id)}/audit`);
        assert.deepEqual([consistent, differences], [true, []]);
        const [[fees] = ['0']] = await platform.query(`SELECT amount::numeric(20,6) FROM audit.balances
            WHERE portfolio_id = '${id}' AND account = 'fees'`);
        assert.equal(money(fees), model.fees, 'fees');
    }

    it(`never differ (BOURSE_SEED=${seed})`, async context => {
        let runs = 0, commands = 0;
        await fc.assert(fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40, size: 'max' }), async list => {
            const user = await platform.trader(`model${++users}`);
            const all = [{ id: user.portfolio, model: new Model(100000n * 10n ** 6n, plain) }];
            token = user.token;
            for (const one of list)
                await run(all, one);
            for (const portfolio of all)
                await compare(portfolio);
            runs += 1;
            commands += list.length;
        }), { seed, numRuns: 1000, interruptAfterTimeLimit: SECONDS * 1000, endOnFailure: process.env.BOURSE_SHRINK === undefined, includeErrorInReport: true });
        context.diagnostic(`${runs} runs, ${commands} operations, ${partial} orders filled in part, seed ${seed}`);
        assert.ok(runs >= 3, `only ${runs} runs in ${SECONDS} s`);
    });
});

// SPDX-License-Identifier: MIT
// Dividends and splits of what is held: the shares and the cash after them, what becomes of open orders, and
// services that die in the middle. Every second action that trading books it dies between the booking and saying so.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

const days = ['2014-02-03', '2014-02-04', '2014-02-05', '2014-02-06', '2014-02-07', '2014-02-10', '2014-02-11', '2014-02-12'];
const table = prices => 'Date,Open,High,Low,Close,Volume\n' +
    prices.map((price, day) => `${days[day]},${price},${price},${price},${price},1000000\n`).join('');
const HOLDERS = 4;

let platform, admin;

before(async () => {
    platform = await Platform.start({ env: { BOURSE_FAULT: 'trading.after_action=crash@2' } });
    admin = await platform.administrator();
    await platform.import('ACME', table([90, 30, 30, 30, 30, 30, 30, 30]), admin);
    await platform.import('OTHR', table([50, 50, 50, 50, 50, 50, 50, 50]), admin);
    await platform.import('PAYS', table([40, 40, 40, 40, 40, 40, 40, 40]), admin);
    await platform.import('REVS', table([5, 5, 5, 20, 20, 20, 20, 20]), admin);
    await platform.import('KILL', table([60, 60, 60, 60, 20, 20, 20, 20]), admin);
    await platform.expect(200, 'PATCH', '/api/v1/symbols/REVS', { token: admin, body: { fractionable: false } });
});
after(() => platform?.stop());

const at = day => platform.step(`${days[day]}T15:00:00Z`, admin);
const get = (user, path) => platform.expect(200, 'GET', `/api/v1/portfolios/${user.portfolio}${path}`, { token: user.token });
const enter = (ticker, day, terms) => platform.expect(201, 'POST', '/api/v1/corporate-actions', { token: admin,
    body: { ticker, kind: terms.amount === undefined ? 'split' : 'dividend', ex_date: days[day], ...terms } });
const place = (user, body) => platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}/orders`,
    { token: user.token, body });
const order = (user, id) => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: user.token });
const booked = ticker => until(`the actions of ${ticker} to be booked`, async () => {
    const { corporate_actions } = await platform.expect(200, 'GET', `/api/v1/corporate-actions?ticker=${ticker}`);
    return corporate_actions.filter(one => one.in_effect).every(one => one.booked_at !== undefined);
}, 60);
const sound = async user => assert.deepEqual(await get(user, '/audit'), { consistent: true, differences: [] });
const holding = async (user, ticker) => {
    const { quantity, cost_basis, average_price } = await get(user, `/positions/${ticker}`);
    return [quantity, cost_basis, average_price];
};
async function trade(user, side, quantity, ticker) {
    const reply = await place(user, { ticker, side, quantity });
    await until('the booking', async () => (await get(user, '/transactions')).transactions
        .some(one => one.order_id === reply.id));
    return order(user, reply.id);
}
const paid = async (user, type) => (await get(user, '/transactions')).transactions.filter(one => one.type === type);

describe('a split', () => {
    let ada, resting, others, placed, carol, part;

    before(async () => {
        ada = await platform.trader('ada');
        await at(0);
        await enter('ACME', 1, { numerator: 3, denominator: 1 });
        await trade(ada, 'buy', '10', 'ACME');
        await trade(ada, 'buy', '2', 'OTHR');
        placed = [{ ticker: 'ACME', side: 'sell', type: 'limit', limit_price: '100', quantity: '4' },
            { ticker: 'ACME', side: 'sell', type: 'stop', stop_price: '80', quantity: '6' },
            { ticker: 'ACME', side: 'buy', type: 'limit', limit_price: '70', quantity: '5' }];
        resting = [];
        for (const one of placed.slice(0, 2))
            resting.push(await place(ada, { ...one, time_in_force: 'gtc' }));
        others = [await place(ada, { ticker: 'OTHR', side: 'buy', type: 'limit', limit_price: '40', quantity: '1',
            time_in_force: 'gtc' })];
        const bob = await platform.trader('bob');
        others.push(await place(ada, { ticker: 'OTHR', side: 'buy', type: 'stop', stop_price: '61', quantity: '1',
            time_in_force: 'gtc' }));
        resting.push({ ...await place(bob, { ...placed[2], time_in_force: 'gtc' }), by: bob });
        assert.equal((await get(ada, '')).total_value, '100000.00');
        carol = await platform.trader('carol');
        carol.portfolio = (await platform.expect(201, 'POST', '/api/v1/portfolios', { token: carol.token,
            body: { name: 'parts', cash_balance: '100000', fill_settings: { participation_percent: '0.01' } } })).id;
        part = await place(carol, { ticker: 'ACME', side: 'buy', type: 'limit', limit_price: '90', quantity: '1000', time_in_force: 'gtc' });
        await at(1);
        await booked('ACME');
    });

    it('gives three shares for one at the same cost, and the value stays to the cent', async () => {
        assert.deepEqual(await holding(ada, 'ACME'), ['30', '900.00', '30.00']);
        const portfolio = await get(ada, '');
        assert.deepEqual([portfolio.total_value, portfolio.cash_balance], ['100000.00', '99000.00']);
        const [movement, ...rest] = await paid(ada, 'split');
        assert.deepEqual([movement.ticker, movement.booked_at, rest.length], ['ACME', '2014-02-04T14:30:00Z', 0]);
        await sound(ada);
    });

    it('cancels the open orders of its symbol, says why, and leaves all others', async () => {
        for (const one of resting) {
            const now = await order(one.by ?? ada, one.id);
            assert.deepEqual([now.status, now.reason, now.reason_message],
                ['canceled', 'SPLIT', '3 shares for 1 since 2014-02-04: place the order anew.']);
            await sound(one.by ?? ada);
        }
        for (const one of others)
            assert.equal((await order(ada, one.id)).status, 'new');
        const portfolio = await get(resting[2].by, '');
        assert.equal(portfolio.buying_power, portfolio.cash_balance); // what was held is given back
    });

    it('cancels what is left of an order that is filled in part, and splits what it has bought', async () => {
        const now = await order(carol, part.id);
        // 25 with each quote of the day before.
        assert.deepEqual([now.status, now.reason, now.filled_quantity], ['canceled', 'SPLIT', '100']);
        assert.deepEqual(await holding(carol, 'ACME'), ['300', '9000.00', '30.00']);
        await until('the rest to be given back', async () => (await get(carol, '')).buying_power === '91000.00');
        await sound(carol);
    });

    it('lets its symbol be traded again, at the price of after it', async () => {
        const quote = await platform.expect(200, 'GET', '/api/v1/quotes/ACME');
        assert.deepEqual([quote.price, quote.stale], ['30.00', false]);
        const sale = await trade(ada, 'sell', '12', 'ACME');
        assert.deepEqual([sale.status, sale.average_fill_price], ['filled', '30.00']);
        assert.deepEqual(await holding(ada, 'ACME'), ['18', '540.00', '30.00']);
        assert.equal((await get(ada, '')).total_value, '100000.00');
        await sound(ada);
    });

    it('that is entered late changes nobody\'s shares and no order, and halts nothing', async () => {
        const late = await enter('OTHR', 0, { numerator: 2, denominator: 1 });
        assert.equal(late.booked_at, '2014-02-04T15:00:00Z');
        await trade(ada, 'buy', '1', 'OTHR'); // which is filled at once
        assert.deepEqual(await holding(ada, 'OTHR'), ['3', '150.00', '50.00']);
        for (const one of others)
            assert.equal((await order(ada, one.id)).status, 'new');
        assert.deepEqual(await paid(ada, 'split').then(all => all.map(one => one.ticker)), ['ACME']);
    });
});

describe('a dividend', () => {
    it('is paid once, on what was held before its ex-date', async () => {
        const eve = await platform.trader('eve');
        await trade(eve, 'buy', '10', 'PAYS');
        await enter('PAYS', 2, { amount: '0.5' });
        const resting = await place(eve, { ticker: 'PAYS', side: 'buy', type: 'limit', limit_price: '35', quantity: '1',
            time_in_force: 'gtc' });
        const process = platform.pid('trading');
        await at(2);
        await trade(eve, 'buy', '5', 'PAYS');
        await booked('PAYS');
        assert.notEqual(platform.pid('trading'), process); // it has died after it was paid, before it could say so
        assert.deepEqual((await paid(eve, 'dividend')).map(one => one.cash_change), ['5.00']);
        assert.equal((await get(eve, '')).total_value, '100005.00');
        assert.equal((await order(eve, resting.id)).status, 'new');
        await sound(eve);
    });
});

describe('a split into fewer shares', () => {
    it('pays what is not a whole share where only those are traded', async () => {
        const joe = await platform.trader('joe');
        await trade(joe, 'buy', '10', 'REVS');
        await enter('REVS', 3, { numerator: 1, denominator: 4 });
        await at(3);
        await booked('REVS');
        assert.deepEqual(await holding(joe, 'REVS'), ['2', '40.00', '20.00']);
        assert.deepEqual((await paid(joe, 'cash_in_lieu')).map(one => one.cash_change), ['10.00']);
        assert.equal((await get(joe, '')).total_value, '100000.00');
        await sound(joe);
    });
});

describe('services that die', () => {
    it('leave the same shares and the same cash, once', async () => {
        const users = [];
        for (let i = 0; i < HOLDERS; i++) {
            const user = await platform.trader(`holder${i}`);
            await trade(user, 'buy', '10', 'KILL');
            user.resting = await place(user, { ticker: 'KILL', side: 'sell', type: 'limit', limit_price: '70', quantity: '10',
                time_in_force: 'gtc' });
            users.push(user);
        }
        await enter('KILL', 4, { amount: '0.5' });
        await enter('KILL', 4, { numerator: 3, denominator: 1 });
        // Stepped over the ex-date, and killed before the next second's look and during what follows it.
        await at(5);
        for (const service of ['portfolio', 'trading', 'market', 'portfolio', 'trading', 'market', 'trading'])
            await platform.kill(service);
        await booked('KILL');
        for (const user of users) {
            await until('portfolio to answer', () => get(user, ''));
            assert.deepEqual(await holding(user, 'KILL'), ['30', '600.00', '20.00']);
            assert.deepEqual((await paid(user, 'dividend')).map(one => one.cash_change), ['5.00']);
            assert.equal((await paid(user, 'split')).length, 1);
            assert.equal((await get(user, '')).total_value, '100005.00');
            assert.equal((await order(user, user.resting.id)).reason, 'SPLIT');
            await sound(user);
        }
    });
});

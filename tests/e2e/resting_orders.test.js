// SPDX-License-Identifier: MIT
// Orders that wait: until the market opens, until their day is over, until the service is back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

const HEADER = 'Date,Open,High,Low,Close,Volume\n';
let platform, admin;

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
});
after(() => platform?.stop());

describe('an order that rests', () => {
    let ada;

    before(async () => {
        // LEAP opens at twice its last price, ONCE is never quoted again, CALM stays where it is.
        await platform.import('LEAP', `${HEADER}2014-06-02,100,100,100,100,1000\n2014-06-03,200,200,200,200,1000\n`, admin);
        await platform.import('ONCE', `${HEADER}2014-06-02,10,10,10,10,1000\n`, admin);
        await platform.import('CALM', `${HEADER}2014-06-02,20,20,20,20,1000\n2014-06-03,21,21,21,21,1000\n` +
            '2014-06-04,22,22,22,22,1000\n', admin);
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T21:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ONCE'));
    });

    const place = body => platform.expect(201, 'POST', `/api/v1/portfolios/${ada.portfolio}/orders`, { token: ada.token, body });
    const look = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });
    const portfolio = () => platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
    const ended = id => until('the order to end', async () => {
        const order = await look(id);
        return order.status !== 'new' && order;
    });

    let leap, once, calm, canceled;

    it('holds the last price and a cushion for it', async () => {
        leap = await place({ ticker: 'LEAP', side: 'buy', quantity: '900' });
        assert.equal(leap.status, 'new');
        assert.equal((await portfolio()).buying_power, '7750.00');
        once = await place({ ticker: 'ONCE', side: 'buy', quantity: '10' });
        assert.equal((await portfolio()).buying_power, '7646.00');
        calm = await place({ ticker: 'CALM', side: 'buy', quantity: '10' });
        canceled = await place({ ticker: 'CALM', side: 'buy', quantity: '1' });
    });

    it('gives everything back when it is canceled', async () => {
        const before = await portfolio();
        await platform.expect(204, 'DELETE', `/api/v1/orders/${canceled.id}`, { token: ada.token });
        assert.equal((await look(canceled.id)).status, 'canceled');
        assert.equal((Number((await portfolio()).buying_power) - Number(before.buying_power)).toFixed(2), '20.80');
    });

    it('is found again by a service that was killed, and filled at the quote it has missed', async () => {
        process.kill(platform.pid('trading'), 'SIGKILL');
        await platform.step('2014-06-03T21:00:00Z', admin);
        const order = await until('the fill', async () => {
            const one = await look(calm.id);
            return one.status === 'filled' && one;
        });
        assert.equal(order.average_fill_price, '21.00');
        assert.equal(order.filled_at, '2014-06-03T13:30:00Z');
    });

    it('is canceled when it opens at more than the cash can pay', async () => {
        const order = await ended(leap.id);
        assert.equal(order.status, 'canceled');
        assert.equal(order.reason, 'INSUFFICIENT_FUNDS');
        assert.match(order.reason_message, /180000\.00/);
    });

    it('expires when its day passes without a quote', async () => {
        const order = await ended(once.id);
        assert.equal(order.status, 'expired');
        assert.equal(order.expired_at, '2014-06-03T20:00:00Z');
    });

    it('leaves nothing held behind', async () => {
        const one = await until('every hold to be given back', async () => {
            const seen = await portfolio();
            return seen.buying_power === seen.cash_balance && seen;
        });
        assert.equal(one.cash_balance, '99790.00');
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.deepEqual(audit, { consistent: true, differences: [] });
    });
});

// A week later than the others: the clock does not go back.
describe('orders with prices, of a service that is killed again and again', () => {
    let bob;

    before(async () => {
        // Quoted as 100, 95, 110, 105; 106, 104, 120, 112; 111, 112, 90, 100.
        await platform.import('WAVE', `${HEADER}2014-06-09,100,110,95,105,1000\n2014-06-10,106,120,104,112,1000\n` +
            '2014-06-11,111,112,90,100,1000\n', admin);
        bob = await platform.trader('bob');
        await platform.step('2014-06-09T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/WAVE'));
    });

    const place = body => until('the order to be taken', async () => {
        const reply = await platform.request('POST', `/api/v1/portfolios/${body.portfolio ?? bob.portfolio}/orders`,
            { token: bob.token, body: { ticker: 'WAVE', quantity: '1', time_in_force: 'gtc', ...body, portfolio: undefined } });
        return reply.status === 201 && reply.body;
    });
    const ended = (id, seconds) => until('the order to end', async () => {
        const order = await platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: bob.token });
        return !['pending_new', 'new'].includes(order.status) && order;
    }, seconds);

    it('fills each at the quote, the price and the time that it would have had anyway', async () => {
        const other = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: bob.token, body: { name: 'sells' } });
        await place({ portfolio: other.id, side: 'buy', quantity: '4', time_in_force: 'day', type: 'market' });
        const sell = body => place({ portfolio: other.id, side: 'sell', ...body });
        const orders = [
            // The high was 110, so the stop was at 104.06.
            [await sell({ type: 'trailing_stop', trail_percent: '5.4' }), '104.00', '2014-06-10T15:00:00Z'],
            [await sell({ type: 'trailing_stop', trail_price: '25' }), '90.00', '2014-06-11T18:00:00Z'],
            [await sell({ type: 'stop', stop_price: '91' }), '90.00', '2014-06-11T18:00:00Z'],
            [await sell({ type: 'limit', limit_price: '115' }), '120.00', '2014-06-10T18:00:00Z'],
            [await place({ side: 'buy', type: 'stop_limit', stop_price: '109', limit_price: '105' }), '105.00', '2014-06-09T19:59:00Z'],
            [await place({ side: 'buy', type: 'stop_limit', stop_price: '119', limit_price: '105' }), '90.00', '2014-06-11T18:00:00Z'],
            [await place({ side: 'buy', type: 'limit', limit_price: '92' }), '90.00', '2014-06-11T18:00:00Z'],
        ];
        for (const at of ['06-09T15:30', '06-09T18:30', '06-09T22:00', '06-10T13:40', '06-10T15:30', '06-10T19:00', '06-11T13:40', '06-11T20:00']) {
            await platform.kill('trading');
            await platform.step(`2014-${at}:00Z`, admin);
        }
        for (const [order, price, at] of orders) {
            const last = await ended(order.id);
            assert.deepEqual([last.status, last.average_fill_price, last.filled_at], ['filled', price, at], JSON.stringify(last));
        }
    });

    it('fills none twice, and leaves nothing held', async () => {
        await until('every hold to be given back', async () =>
            (await platform.query('SELECT 1 FROM audit.holds WHERE amount <> 0')).length === 0);
        assert.deepEqual(await platform.query('SELECT order_id FROM audit.fills GROUP BY 1 HAVING count(*) > 1'), []);
        const { portfolios } = await platform.expect(200, 'GET', '/api/v1/portfolios', { token: bob.token });
        for (const { id } of portfolios)
            assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${id}/audit`, { token: bob.token }),
                { consistent: true, differences: [] });
    });
});

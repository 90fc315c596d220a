// SPDX-License-Identifier: MIT
// Orders that wait: until the market opens, until their day is over, until the service is back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

const HEADER = 'Date,Open,High,Low,Close,Volume\n';

describe('an order that rests', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        // LEAP opens at twice its last price, ONCE is never quoted again, CALM stays where it is.
        await platform.import('LEAP', `${HEADER}2014-06-02,100,100,100,100,1000\n2014-06-03,200,200,200,200,1000\n`, admin);
        await platform.import('ONCE', `${HEADER}2014-06-02,10,10,10,10,1000\n`, admin);
        await platform.import('CALM', `${HEADER}2014-06-02,20,20,20,20,1000\n2014-06-03,21,21,21,21,1000\n` +
            '2014-06-04,22,22,22,22,1000\n', admin);
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T21:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ONCE'));
    });
    after(() => platform?.stop());

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

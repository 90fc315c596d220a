// SPDX-License-Identifier: MIT
// Two orders of one owner that could trade with each other, placed at the same moment: one of them is refused, by
// whichever replicas they come to.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Replica, ask } from '../support/from_address.mjs';
import { Platform, until } from '../support/platform.mjs';

const ROUNDS = 15;

describe('orders that could trade with each other', () => {
    let platform, admin, ada, replicas, urls;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('ACME', 'Date,Open,High,Low,Close,Volume\n2014-06-02,100,100,100,100,1000\n' +
            '2014-06-03,100,100,100,100,1000\n', admin);
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
        await platform.expect(201, 'POST', path(), { token: ada.token, body: { ticker: 'ACME', side: 'buy', quantity: '100' } });
        // After the close every order rests, at whatever price there will be.
        await platform.step('2014-06-02T21:00:00Z', admin);
        const trading = await Replica.start(platform, 'trading');
        const gateway = await Replica.start(platform, 'gateway', { BOURSE_TRADING_ADDRESS: trading.address });
        replicas = [gateway, trading];
        urls = { one: [platform.url, platform.url], two: [platform.url, gateway.url] };
    });
    after(async () => {
        for (const replica of replicas ?? [])
            await replica.stop();
        await platform?.stop();
    });

    const path = () => `/api/v1/portfolios/${ada.portfolio}/orders`;
    const place = (url, side, terms = {}) => ask(url, '127.0.0.1', 'POST', path(),
        { token: ada.token, body: { ticker: 'ACME', side, quantity: '1', ...terms } });

    async function clear() {
        await platform.expect(200, 'DELETE', path(), { token: ada.token });
        await until('no open order', async () =>
            (await platform.expect(200, 'GET', path(), { token: ada.token })).orders.length === 0);
    }

    for (const [number, what] of [['one', 'one replica'], ['two', 'two replicas']])
        it(`are not both taken when they come at the same moment, to ${what}`, async () => {
            for (let round = 0; round < ROUNDS; round++) {
                const sides = Array.from({ length: 8 }, (_, i) => (i + round) % 2 ? 'buy' : 'sell');
                const replies = await Promise.all(sides.map((side, i) => place(urls[number][(i >> 1) % 2], side)));
                const taken = sides.filter((_, i) => replies[i].status === 201);
                const refused = replies.filter(reply => reply.status !== 201);
                assert.equal(new Set(taken).size, 1, `round ${round}: ${sides} gave ${replies.map(reply => reply.status)}`);
                assert.equal(taken.length, 4);
                assert.ok(refused.every(reply => reply.status === 403 && reply.body.reason === 'WASH_TRADE'), refused[0].text);
                await clear();
            }
        });

    it('are both taken when their prices do not meet', async () => {
        for (const [url, other] of Object.values(urls)) {
            const replies = await Promise.all([
                place(url, 'buy', { type: 'limit', limit_price: '99' }), place(other, 'sell', { type: 'limit', limit_price: '101' }),
                place(other, 'buy', { type: 'limit', limit_price: '98' }), place(url, 'sell', { type: 'limit', limit_price: '102' })]);
            assert.deepEqual(replies.map(reply => reply.status), [201, 201, 201, 201]);
            await clear();
        }
    });

    it('leave the other side free once they are refused, canceled or filled', async () => {
        const poor = await place(urls.one[0], 'buy', { quantity: '100000' });
        assert.equal(poor.body.reason, 'INSUFFICIENT_FUNDS', poor.text);
        const sell = await place(urls.two[1], 'sell');
        assert.equal(sell.status, 201, sell.text);
        await clear();
        const buy = await place(urls.one[0], 'buy');
        assert.equal(buy.status, 201, buy.text);
        await platform.step('2014-06-03T14:00:00Z', admin);
        await until('the fill', async () =>
            (await platform.expect(200, 'GET', `/api/v1/orders/${buy.body.id}`, { token: ada.token })).status === 'filled');
        const last = await place(urls.two[1], 'sell', { type: 'limit', limit_price: '105' });
        assert.equal(last.status, 201, last.text);
        await clear();
        assert.deepEqual(await platform.query('SELECT * FROM trading.resting_orders'), []);
    });
});

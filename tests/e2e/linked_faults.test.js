// SPDX-License-Identifier: MIT
// Exits of which parts are filled; and trading and portfolio dying at each named point between the fill of an entry,
// its legs' beginning and the fill of one of them: whatever happens, a filled entry gets its legs, one exit of each
// group is filled, and the books agree. The points are in development builds only.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

const HEADER = 'Date,Open,High,Low,Close,Volume\n';
// Each is met again by the process that takes over, so the service dies several times in a test. Entries are filled
// at two quotes, so legs begin at two moments.
const points = [
    'trading.after_fill=crash@3',
    'trading.before_legs=crash@2',
    'trading.after_legs=crash@2',
    'portfolio.after_commit=crash@4',
];

const bracket = (takeProfit, stopLoss, more = {}) => ({ order_class: 'bracket', side: 'buy', time_in_force: 'gtc',
    take_profit: { limit_price: takeProfit }, stop_loss: { stop_price: stopLoss }, ...more });
// What is placed, and what the entry and the exit that is filled come to.
const groups = [
    [bracket('109', '93', { type: 'limit', limit_price: '96' }), '95.00', 'take_profit', '110.00'],
    [bracket('120', '81', { type: 'limit', limit_price: '92' }), '90.00', 'stop_loss', '80.00'],
    [bracket('108', '94'), '100.00', 'take_profit', '110.00'],
    [bracket('120', '97'), '100.00', 'stop_loss', '95.00'],
    [bracket('109', '94', { order_class: 'oco', side: 'sell' }), undefined, 'take_profit', '110.00'],
];

describe('orders that are placed together, of a service that dies at a named point', () => {
    for (const point of points)
        it(`${point}: end as they would have, with the books in order`, async () => {
            const platform = await Platform.start({ env: { BOURSE_FAULT: point } });
            try {
                const service = point.split('.')[0];
                const firstPid = platform.pid(service);
                const admin = await platform.administrator();
                await platform.import('WAVE', `${HEADER}2014-06-02,100,110,95,105,1000\n2014-06-03,90,92,80,85,1000\n`, admin);
                const ada = await platform.trader('ada');
                await platform.step('2014-06-02T14:00:00Z', admin);
                await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/WAVE'));
                const place = (key, body) => until(`an answer to ${key}`, async () => {
                    const reply = await platform.request('POST', `/api/v1/portfolios/${body.portfolio}/orders`, { token: ada.token,
                        headers: { 'idempotency-key': key }, body: { ticker: 'WAVE', quantity: '1', ...body, portfolio: undefined } });
                    assert.ok([201, 409, 503, 504].includes(reply.status), `${key}: ${reply.status} ${reply.text}`);
                    return reply.status === 201 && reply.body;
                }, 60);
                const look = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });
                const all = order => [order, ...order.legs];
                const placed = [];
                for (const [number, [body]] of groups.entries()) {
                    const portfolio = (await platform.expect(201, 'POST', '/api/v1/portfolios',
                        { token: ada.token, body: { name: `group ${number}`, cash_balance: '1000' } })).id;
                    if (body.order_class === 'oco') {
                        const share = await place('a share', { side: 'buy', portfolio });
                        await until('the share', async () => (await look(share.id)).status === 'filled');
                        await until('the share to be booked', async () => (await platform.expect(200, 'GET',
                            `/api/v1/portfolios/${portfolio}/positions`, { token: ada.token })).positions.length === 1);
                    }
                    placed.push({ portfolio, id: (await place(`group ${number}`, { ...body, portfolio })).id });
                }
                await platform.step('2014-06-02T15:30:00Z', admin);
                await until('the first legs', async () => (await look(placed[0].id)).legs.every(one => one.status === 'new'), 60);
                await platform.step('2014-06-02T20:30:00Z', admin);
                await platform.step('2014-06-03T20:30:00Z', admin);
                for (const [number, [, entry, part, price]] of groups.entries()) {
                    const order = await until('the group to end', async () => {
                        const one = await look(placed[number].id);
                        return all(one).every(each => ['filled', 'canceled'].includes(each.status)) && one;
                    }, 60);
                    const exits = all(order).filter(one => one.part !== 'entry');
                    assert.equal(order.part === 'entry' ? order.average_fill_price : undefined, entry);
                    assert.deepEqual(exits.filter(one => one.status === 'filled').map(one => [one.part, one.average_fill_price]),
                        [[part, price]], JSON.stringify(order));
                    await until('everything to be booked', async () => {
                        const one = await platform.expect(200, 'GET', `/api/v1/portfolios/${placed[number].portfolio}`, { token: ada.token });
                        return one.buying_power === one.cash_balance && one.market_value === '0.00';
                    }, 60);
                    const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${placed[number].portfolio}/audit`, { token: ada.token });
                    assert.deepEqual(audit, { consistent: true, differences: [] });
                }
                await until('every task to be done', async () =>
                    (await platform.query("SELECT 1 FROM trading.tasks WHERE state <> 'completed'")).length === 0);
                assert.deepEqual(await platform.query('SELECT 1 FROM audit.holds'), []);
                assert.notEqual(platform.pid(service), firstPid, 'nothing has died');
            } finally {
                await platform.stop();
            }
        });
});

describe('an exit', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('WAVE', `${HEADER}2014-06-02,100,110,95,105,1000\n2014-06-03,90,92,80,85,1000\n`, admin);
        await platform.import('PART', `${HEADER}2014-06-03,100,100,100,100,1000\n2014-06-04,100,110,100,105,1000\n` +
            '2014-06-05,90,90,80,80,1000\n2014-06-06,115,115,115,115,1000\n', admin);
        await platform.import('LATE', `${HEADER}2014-06-09,100,110,95,105,1000\n2014-06-10,90,92,80,85,1000\n` +
            '2014-06-11,120,120,120,120,1000\n', admin);
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T14:00:00Z', admin);
    });
    after(() => platform?.stop());

    // Buys the shares, and places an OCO of a portfolio where a tenth of the volume fills an order.
    const sellInParts = async (ticker, quantity, stopLoss) => {
        await until('a price', () => platform.expect(200, 'GET', `/api/v1/quotes/${ticker}`));
        const portfolio = (await platform.expect(201, 'POST', '/api/v1/portfolios',
            { token: ada.token, body: { name: ticker, cash_balance: '20000' } })).id;
        const place = body => platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/orders`,
            { token: ada.token, body: { ticker, quantity, ...body } });
        await place({ side: 'buy' });
        await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`,
            { token: ada.token, body: { fill_settings: { participation_percent: '10' } } });
        return place({ ...bracket('109'), order_class: 'oco', side: 'sell', stop_loss: stopLoss });
    };
    const exit = async (order, name) => {
        const one = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}`, { token: ada.token });
        return [one, ...one.legs].find(each => each.part === name);
    };
    const withPortfolioStopped = async work => {
        const pid = platform.pid('portfolio');
        process.kill(pid, 'SIGSTOP');
        try {
            await work();
        } finally {
            process.kill(pid, 'SIGCONT');
        }
    };
    const attempts = async order => Number((await platform.query(
        `SELECT attempts FROM trading.tasks WHERE id = '${order.id}'`))[0][0]);

    it('that is reached while a part of the other one is not booked is filled once that is', async () => {
        const order = await sellInParts('WAVE', '30', { stop_price: '81' });
        assert.equal(order.part, 'take_profit');
        await withPortfolioStopped(async () => {
            await platform.step('2014-06-02T20:30:00Z', admin);
            await until('a part that is not booked', async () =>
                (await exit(order, 'take_profit')).status === 'partially_filled', 60);
            await platform.step('2014-06-03T20:30:00Z', admin);
            const before = await attempts(order);
            await until('the part to be told again', async () => await attempts(order) > before + 1, 60);
            assert.equal((await exit(order, 'stop_loss')).filled_quantity, '0');
        });
        const stop = await until('the stop to be filled', async () => {
            const one = await exit(order, 'stop_loss');
            return one.status === 'filled' && one;
        }, 60);
        assert.deepEqual([stop.filled_quantity, stop.average_fill_price], ['5', '80.00']);
    });

    it('of which a part was filled is filled further after the other one has sold a part', async () => {
        await platform.step('2014-06-04T13:30:00Z', admin);
        const order = await sellInParts('PART', '125', { stop_price: '81', limit_price: '79' });
        const sold = async () => [(await exit(order, 'take_profit')).filled_quantity, (await exit(order, 'stop_loss')).filled_quantity];
        await platform.step('2014-06-04T20:30:00Z', admin);
        await until('a part of the take-profit', async () => (await sold()).join() === '25,0');
        await platform.step('2014-06-05T20:30:00Z', admin);
        await until('two parts of the stop', async () => (await sold()).join() === '25,50');
        await platform.step('2014-06-06T20:30:00Z', admin);
        await until('the rest', async () => (await exit(order, 'stop_loss')).status !== 'partially_filled');
        assert.deepEqual(await sold(), ['50', '75']);
    });

    it('is filled in the order of the quotes, though both of a group begin long after those', async () => {
        await platform.step('2014-06-09T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/LATE'));
        const portfolio = (await platform.expect(201, 'POST', '/api/v1/portfolios',
            { token: ada.token, body: { name: 'late', cash_balance: '20000' } })).id;
        const place = takeProfit => platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/orders`,
            { token: ada.token, body: { ticker: 'LATE', quantity: '1', ...bracket(takeProfit, '93', { type: 'limit', limit_price: '96' }) } });
        const up = await place('109');
        const down = await place('115');
        await withPortfolioStopped(async () => {
            await platform.step('2014-06-09T15:30:00Z', admin);
            await until('an entry that is not booked', async () => (await exit(down, 'entry')).status === 'filled');
            await until('the queue to have it', async () => await attempts(up) > 1 && await attempts(down) > 1, 60);
            await platform.step('2014-06-11T20:30:00Z', admin);
        });
        const sold = async order => Promise.all(['take_profit', 'stop_loss'].map(async part => (await exit(order, part)).average_fill_price));
        await until('an exit of each', async () => [...await sold(up), ...await sold(down)].filter(Boolean).length === 2, 60);
        assert.deepEqual([await sold(up), await sold(down)], [['110.00', undefined], [undefined, '90.00']]);
    });
});

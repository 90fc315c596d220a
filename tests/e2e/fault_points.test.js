// SPDX-License-Identifier: MIT
// Trading and portfolio dying at each named point between a commit and what follows it: every
// acknowledged order ends once, and the books agree. The points are in development builds only.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

const ORDERS = 10;
const FINAL = new Set(['filled', 'canceled', 'expired', 'rejected']);
// Each is met again by the process that takes over, so the service dies several times in a test.
const points = [
    'trading.after_intent=crash@4',
    'trading.after_reserve=crash@4',
    'trading.after_fill=crash@4',
    'trading.after_apply=crash@4',
    'portfolio.before_commit=crash@6',
    'portfolio.before_commit=fail@6',
    'portfolio.after_commit=crash@6',
    'portfolio.after_commit=fail@6',
];

describe('an order whose service dies at a named point', () => {
    for (const point of points)
        it(`${point}: ends once, with the books in order`, async () => {
            const platform = await Platform.start({ env: { BOURSE_FAULT: point } });
            try {
                const admin = await platform.administrator();
                await platform.import('ACME', toCsv(madeUpBars(7)), admin);
                const ada = await platform.trader('ada');
                await platform.step('2014-02-04T15:00:00Z', admin);
                await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
                const keys = new Map();
                for (let i = 0; i < ORDERS; i++) {
                    const key = `order-${i}`;
                    const order = await until(`an answer to ${key}`, async () => {
                        const reply = await platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`, {
                            token: ada.token, headers: { 'idempotency-key': key },
                            body: { ticker: 'ACME', side: i % 4 === 3 ? 'sell' : 'buy', quantity: '1',
                                client_order_id: key } });
                        if (reply.status === 403 && reply.body.reason === 'INSUFFICIENT_SHARES')
                            return { id: key, status: 'rejected' };
                        if (reply.status === 201)
                            return reply.body;
                        assert.ok([409, 503, 504].includes(reply.status), `${key}: ${reply.status} ${reply.text}`);
                        return null;
                    }, 60);
                    keys.set(key, order.id);
                }
                const orders = await until('every order to end', async () => {
                    const list = await platform.expect(200, 'GET', '/api/v1/orders?status=all&limit=500', { token: ada.token });
                    return list.orders.every(one => FINAL.has(one.status)) && list.orders;
                }, 60);
                assert.equal(orders.length, ORDERS);
                const filled = orders.filter(one => one.status === 'filled').length;
                const transactions = await until('every fill to be booked', async () => {
                    const list = await platform.expect(200, 'GET',
                        `/api/v1/portfolios/${ada.portfolio}/transactions?limit=500`, { token: ada.token });
                    return list.transactions.length === filled + 1 && list.transactions;
                }, 60);
                const traded = transactions.filter(one => one.type !== 'deposit').map(one => one.order_id);
                assert.equal(new Set(traded).size, filled, 'an order was filled twice');
                const portfolio = await until('every hold to be given back', async () => {
                    const one = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
                    return one.buying_power === one.cash_balance && one;
                }, 60);
                assert.ok(portfolio);
                const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
                assert.deepEqual(audit, { consistent: true, differences: [] });
            } finally {
                await platform.stop();
            }
        });
});

// Of an order that is filled in parts: with a part that is committed and not booked, and with one that is booked
// and not noted.
describe('an order that is filled in parts while its service dies at a named point', () => {
    for (const point of ['trading.after_fill=crash@2', 'trading.after_part=crash@2', 'portfolio.after_commit=crash@3'])
        it(`${point}: is filled with each part once`, async () => {
            const platform = await Platform.start({ env: { BOURSE_FAULT: point } });
            try {
                const service = point.split('.')[0];
                const first = platform.pid(service);
                const admin = await platform.administrator();
                const bars = madeUpBars(7);
                await platform.import('ACME', toCsv(bars), admin);
                const ada = await platform.trader('ada');
                const day = bars.findIndex(bar => bar.date === '2014-02-04');
                await platform.step('2014-02-04T15:00:00Z', admin);
                await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
                const ask = (method, path, body, good) => until(`an answer to ${path}`, async () => {
                    const reply = await platform.request(method, path, { token: ada.token, body, headers: { 'idempotency-key': path } });
                    return reply.status === good && reply.body;
                }, 60);
                const { id: portfolio } = await ask('POST', '/api/v1/portfolios', { name: 'parts', cash_balance: '100000',
                    fill_settings: { participation_percent: '0.01', commission_per_order: '1' } }, 201);
                // A hundredth of a percent of a quarter of the volume each time.
                const share = at => Math.floor(Number(bars[at].volume) / 4 / 10000);
                const quantity = 4 * share(day) + 3;
                const order = await ask('POST', `/api/v1/portfolios/${portfolio}/orders`, { ticker: 'ACME', side: 'buy',
                    quantity: String(quantity), time_in_force: 'gtc', client_order_id: 'parts' }, 201);
                const reaches = filled => until(`${filled} to be filled`, async () => Number((await platform.request('GET',
                    `/api/v1/orders/${order.id}`, { token: ada.token })).body?.filled_quantity) >= filled, 60);
                for (const [part, hour] of ['16:00', '19:00', '20:59'].entries()) {
                    await platform.step(`2014-02-04T${hour}:00Z`, admin);
                    await reaches((part + 2) * share(day));
                }
                await platform.step('2014-02-05T14:30:00Z', admin);
                const last = await until('the order to be filled', async () => {
                    const { body } = await platform.request('GET', `/api/v1/orders/${order.id}`, { token: ada.token });
                    return body?.status === 'filled' && body;
                }, 60);
                assert.equal(last.commission, '1.00');
                const { fills } = await ask('GET', `/api/v1/orders/${order.id}/fills`, undefined, 200);
                assert.deepEqual(fills.map(one => Number(one.quantity)), [...Array(4).fill(share(day)), 3]);
                assert.deepEqual(fills.map(one => one.commission), ['1.00', '0.00', '0.00', '0.00', '0.00']);
                const transactions = await until('every part to be booked', async () => {
                    const list = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/transactions`, { token: ada.token });
                    return list.transactions.length === 6 && list.transactions;
                }, 60);
                assert.equal(new Set(transactions.map(one => one.id)).size, 6);
                await until('the hold to be given back', async () => {
                    const one = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}`, { token: ada.token });
                    return one.buying_power === one.cash_balance;
                }, 60);
                assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/audit`, { token: ada.token }),
                    { consistent: true, differences: [] });
                assert.notEqual(platform.pid(service), first, `${service} never came to ${point}`);
            } finally {
                await platform.stop();
            }
        });
});

// The order that rests is the first that is reserved and decided about, the one that replaces it the second.
const replacing = [
    'trading.after_replace=crash@1',
    'trading.after_reserve=crash@2',
    'trading.after_fill=crash@2',
    'portfolio.after_commit=crash@2',
    'portfolio.after_commit=fail@2',
];

describe('a replacement whose service dies at a named point', () => {
    for (const point of replacing)
        it(`${point}: is done once, and holds what the new order needs`, async () => {
            const platform = await Platform.start({ env: { BOURSE_FAULT: point } });
            try {
                const admin = await platform.administrator();
                await platform.import('ACME', toCsv(madeUpBars(7)), admin);
                await platform.import('WAVE', 'Date,Open,High,Low,Close,Volume\n2014-02-04,100,110,95,105,1000\n' +
                    '2014-02-05,100,101,80,85,1000\n', admin);
                const ada = await platform.trader('ada');
                await platform.step('2014-02-04T15:00:00Z', admin);
                await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
                // Repeats with the same key until there is an answer.
                const ask = (method, path, key, body, good) => until(`an answer to ${key}`, async () => {
                    const reply = await platform.request(method, path, { token: ada.token, body, headers: { 'idempotency-key': key } });
                    if (reply.status === good)
                        return reply.body ?? true;
                    assert.ok([409, 503, 504].includes(reply.status) || reply.body.reason === 'ORDER_NOT_READY', `${key}: ${reply.text}`);
                    return null;
                }, 60);
                const look = id => platform.request('GET', `/api/v1/orders/${id}`, { token: ada.token });
                const reaches = (id, status) => until(`the order to be ${status}`, async () =>
                    (await look(id)).body?.status === status, 60);
                const power = amount => until(`a buying power of ${amount}`, async () => (await platform.request('GET',
                    `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token })).body?.buying_power === amount, 60);
                const old = await ask('POST', `/api/v1/portfolios/${ada.portfolio}/orders`, 'place',
                    { ticker: 'ACME', side: 'buy', type: 'limit', limit_price: '10', quantity: '100', time_in_force: 'gtc' }, 201);
                await reaches(old.id, 'new');
                const order = await ask('PATCH', `/api/v1/orders/${old.id}`, 'replace', { quantity: '300' }, 200);
                await reaches(order.id, 'new');
                await reaches(old.id, 'replaced');
                await power('97000.00');
                // One that is refused leaves the order as it is.
                const refused = await ask('PATCH', `/api/v1/orders/${order.id}`, 'too much', { quantity: '30000' }, 403);
                assert.equal(refused.reason, 'INSUFFICIENT_FUNDS');
                await reaches(order.id, 'new');
                await power('97000.00');
                await ask('DELETE', `/api/v1/orders/${order.id}`, 'cancel', undefined, 204);
                await power('100000.00');
                // Where the queue goes on with what is in the database alone: a stop that was reached stays so, though
                // the price has come back.
                if (point.startsWith('trading.after_replace')) {
                    const stop = await ask('POST', `/api/v1/portfolios/${ada.portfolio}/orders`, 'stop', { ticker: 'WAVE',
                        side: 'buy', type: 'stop_limit', stop_price: '108', limit_price: '90', quantity: '1', time_in_force: 'gtc' }, 201);
                    await platform.step('2014-02-04T19:30:00Z', admin);
                    const { triggered_at: reached } = await until('the stop to be reached', async () => {
                        const { body } = await look(stop.id);
                        return body?.triggered_at && body;
                    }, 60);
                    await platform.step('2014-02-05T15:00:00Z', admin);
                    await until('the price to come back', async () => (await look(stop.id)).status === 200 &&
                        (await platform.expect(200, 'GET', '/api/v1/quotes/WAVE')).price === '100.00', 60);
                    const next = await ask('PATCH', `/api/v1/orders/${stop.id}`, 'move', { limit_price: '92' }, 200);
                    await reaches(next.id, 'new');
                    assert.equal((await look(next.id)).body.triggered_at, reached);
                    await platform.step('2014-02-05T19:30:00Z', admin);
                    await reaches(next.id, 'filled');
                }
                assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token }),
                    { consistent: true, differences: [] });
            } finally {
                await platform.stop();
            }
        });
});

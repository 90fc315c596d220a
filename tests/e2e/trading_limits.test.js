// SPDX-License-Identifier: MIT
// Limits of trading and the halt: what is refused with which numbers, exactly, also by two replicas at once.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Replica, ask } from '../support/from_address.mjs';
import { Platform, root, until } from '../support/platform.mjs';

const HEADER = 'Date,Open,High,Low,Close,Volume\n';
const page = readFileSync(join(root, 'docs/orders.md'), 'utf8');
const section = page.slice(page.indexOf('## Limits'), page.indexOf('## Halting trading'));

let platform, admin, ada, bob, replicas, second;

before(async () => {
    platform = await Platform.start();
    admin = await platform.administrator();
    ada = await platform.trader('ada');
    bob = await platform.trader('bob');
    // A second gateway with a trading service of its own, on the same database.
    const trading = await Replica.start(platform, 'trading');
    const gateway = await Replica.start(platform, 'gateway', { BOURSE_TRADING_ADDRESS: trading.address });
    replicas = [gateway, trading];
    second = gateway.url;
});
after(async () => {
    for (const replica of replicas ?? [])
        await replica.stop();
    await platform?.stop();
});

describe('limits of trading', () => {
    before(async () => {
        // Quoted as 100, 95, 110, 105 on the first day and 90, 92, 80, 85 on the second.
        for (const ticker of ['ACME', 'OTHER'])
            await platform.import(ticker, `${HEADER}2014-06-02,100,110,95,105,1000\n2014-06-03,90,92,80,85,1000\n` +
                '2014-06-04,86,90,84,87,1000\n', admin);
        await platform.step('2014-06-02T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
    });

    const open = async (cash, user = ada) => (await platform.expect(201, 'POST', '/api/v1/portfolios',
        { token: user.token, body: { name: 'limited', cash_balance: cash } })).id;
    const set = (portfolio, body, user = ada) => platform.expect(200, 'PUT', `/api/v1/portfolios/${portfolio}/limits`,
        { token: user.token ?? user, body });
    const get = (portfolio, user = ada) => platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/limits`,
        { token: user.token ?? user });
    const setAll = body => platform.expect(200, 'PUT', '/api/v1/limits', { token: admin, body });
    const path = portfolio => `/api/v1/portfolios/${portfolio}/orders`;
    const order = body => ({ ticker: 'ACME', side: 'buy', quantity: '1', ...body });
    const place = (portfolio, body, user = ada) => platform.expect(201, 'POST', path(portfolio), { token: user.token, body: order(body) });
    const placeAt = (url, portfolio, body, user = ada) =>
        ask(url, '127.0.0.1', 'POST', path(portfolio), { token: user.token, body: order(body) });

    async function refused(portfolio, body, limit, numbers) {
        const reply = await platform.request('POST', path(portfolio), { token: ada.token, body: order(body) });
        assert.equal(reply.status, 403, reply.text);
        assert.equal(reply.body.reason, 'LIMIT_EXCEEDED');
        assert.equal(reply.body.limit, limit, reply.text);
        for (const [name, value] of Object.entries(numbers)) {
            assert.equal(reply.body[name], value, reply.text);
            if (!['set_by', 'orders_today'].includes(name))
                assert.ok(reply.body.detail.includes(value), `${name} in: ${reply.body.detail}`);
        }
        return reply.body;
    }

    it('are none at first', async () => {
        const portfolio = await open('10000');
        const none = { allowed_symbols: [], forbidden_symbols: [], allow_short: false };
        assert.deepEqual(await get(portfolio), { portfolio_id: portfolio, own: none, own_source: 'default', ceilings: none,
            in_force: { ...none, symbols_are_restricted: false } });
    });

    it('of value meet a buy by what is held for it, and a sell by its limit or the price', async () => {
        const portfolio = await open('10000');
        await set(portfolio, { max_order_value: '1000' });
        await place(portfolio, { quantity: '10' });
        await refused(portfolio, { quantity: '11' }, 'max_order_value', { maximum: '1000.00', order_value: '1100.00', set_by: 'own' });
        // At the market with a limit it may cost more than at the price of now.
        await refused(portfolio, { quantity: '10', type: 'limit', limit_price: '100.01' }, 'max_order_value',
            { maximum: '1000.00', order_value: '1000.10' });
        await refused(portfolio, { notional: '1000.01', quantity: undefined }, 'max_order_value', { maximum: '1000.00' });
        await refused(portfolio, { side: 'sell', quantity: '10', type: 'limit', limit_price: '101' }, 'max_order_value', { order_value: '1010.00' });
        await place(portfolio, { side: 'sell', quantity: '10' });
    });

    it('of symbols are about what is bought, and never keep a position', async () => {
        const portfolio = await open('10000');
        await place(portfolio, { quantity: '2' });
        await place(portfolio, { quantity: '2', ticker: 'OTHER' });
        await set(portfolio, { allowed_symbols: ['OTHER'] });
        await refused(portfolio, {}, 'allowed_symbols', { ticker: 'ACME', set_by: 'own' });
        await place(portfolio, { ticker: 'OTHER' });
        await place(portfolio, { side: 'sell', quantity: '2' });
        await set(portfolio, { forbidden_symbols: ['OTHER'] });
        await refused(portfolio, { ticker: 'OTHER' }, 'forbidden_symbols', { ticker: 'OTHER' });
        await place(portfolio, {});
    });

    it('of a position count what it is worth, what is open to be bought, and the order', async () => {
        const portfolio = await open('10000');
        await set(portfolio, { max_position_percent: '30' });
        await place(portfolio, { quantity: '10' });
        await place(portfolio, { quantity: '10', type: 'limit', limit_price: '90', time_in_force: 'gtc' });
        await refused(portfolio, { quantity: '12' }, 'max_position_percent',
            { maximum: '30', position_value: '3100.00', position_percent: '31', equity: '10000.00', order_value: '1200.00' });
        await place(portfolio, { quantity: '11' });
        // Another ticker is another position.
        await place(portfolio, { ticker: 'OTHER', quantity: '30' });
        await platform.expect(200, 'DELETE', path(portfolio), { token: ada.token });
        await place(portfolio, { side: 'sell', quantity: '21' });
    });

    it('that have refused an order are not passed by the same order on its way by another process', async () => {
        const portfolio = await open('10000');
        await set(portfolio, { max_position_percent: '30' });
        const refusal = await refused(portfolio, { quantity: '31' }, 'max_position_percent', { maximum: '30', position_percent: '31' });
        assert.equal(refusal.reason, 'LIMIT_EXCEEDED');
        const { orders } = await platform.expect(200, 'GET', `${path(portfolio)}?status=all`, { token: ada.token });
        assert.deepEqual(orders.map(one => one.status), ['rejected']);
        // By this a Reserve that comes late is told ORDER_NOT_OPEN.
        assert.deepEqual(await platform.query(`SELECT state, ticker IS NULL FROM portfolio.holds WHERE order_id = '${orders[0].id}'`),
            [['released', 't']]);
    });

    it('of a position are kept by buys at the same moment, on two replicas', async () => {
        const portfolio = await open('100000');
        await set(portfolio, { max_position_percent: '10' });
        const replies = await Promise.all(Array.from({ length: 40 }, (_, i) =>
            placeAt(i % 2 ? second : platform.url, portfolio,
                i % 4 < 2 ? { quantity: '10' } : { quantity: '10', type: 'limit', limit_price: '100' })));
        assert.equal(replies.filter(reply => reply.status === 201).length, 10);
        assert.ok(replies.every(reply => reply.status === 201 || reply.body.limit === 'max_position_percent'));
        const position = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/positions/ACME`, { token: ada.token });
        assert.equal(position.quantity, '100');
    });

    it('of orders a day are kept to the last order, at the same moment on two replicas', async () => {
        for (let round = 0; round < 5; round++) {
            const portfolio = await open('100000');
            await set(portfolio, { max_orders_per_day: 31 });
            // From here on there is a count that both have to agree on.
            await place(portfolio, {});
            const replies = await Promise.all(Array.from({ length: 60 }, (_, i) => placeAt(i % 2 ? second : platform.url, portfolio, {})));
            assert.equal(replies.filter(reply => reply.status === 201).length, 30);
            const late = replies.filter(reply => reply.status !== 201);
            assert.ok(late.every(reply => reply.status === 403 && reply.body.limit === 'max_orders_per_day' && reply.body.maximum === '31'));
            await refused(portfolio, { side: 'sell' }, 'max_orders_per_day', { maximum: '31', orders_today: '31', set_by: 'own' });
        }
    });

    it('of orders a day count each order once, however often it is repeated, over a death', async () => {
        const portfolio = await open('100000');
        await set(portfolio, { max_orders_per_day: 3 });
        const send = key => platform.request('POST', path(portfolio), { token: ada.token, body: order({}), headers: { 'idempotency-key': key } });
        const first = await send('one');
        await Promise.all(Array.from({ length: 10 }, () => send('two')));
        await send('three');
        assert.equal((await send('four')).status, 403);
        const pid = platform.pid('trading');
        await platform.kill('trading');
        await until('another trading', () => platform.pid('trading') !== pid);
        const again = await until('the first order', async () => {
            const reply = await send('one');
            return reply.status === 201 && reply;
        });
        assert.equal(again.body.id, first.body.id);
        assert.equal((await send('four')).body.limit, 'max_orders_per_day');
    });

    it('of orders a day count those of before the limit was set, and replacements', async () => {
        const portfolio = await open('100000');
        const { id } = await place(portfolio, { type: 'limit', limit_price: '90', time_in_force: 'gtc' });
        await set(portfolio, { max_orders_per_day: 2 });
        const replaced = await platform.expect(200, 'PATCH', `/api/v1/orders/${id}`, { token: ada.token, body: { limit_price: '91' } });
        const reply = await platform.request('PATCH', `/api/v1/orders/${replaced.id}`, { token: ada.token, body: { limit_price: '92' } });
        assert.equal(reply.status, 403, reply.text);
        assert.equal(reply.body.limit, 'max_orders_per_day');
        // The order that was to be replaced rests as before, and can be canceled.
        assert.equal((await platform.expect(200, 'GET', `/api/v1/orders/${replaced.id}`, { token: ada.token })).status, 'new');
        await platform.expect(204, 'DELETE', `/api/v1/orders/${replaced.id}`, { token: ada.token });
    });

    it('meet a replacement as they meet an order', async () => {
        const portfolio = await open('10000');
        const { id } = await place(portfolio, { quantity: '10', type: 'limit', limit_price: '90', time_in_force: 'gtc' });
        await set(portfolio, { max_order_value: '1000', max_position_percent: '9.5' });
        const patch = body => platform.request('PATCH', `/api/v1/orders/${id}`, { token: ada.token, body });
        const value = await patch({ quantity: '12' });
        assert.equal(value.body.order_value, '1080.00', value.text);
        // What it replaces does not count with it.
        const position = await patch({ limit_price: '96' });
        assert.equal(position.body.position_percent, '9.6', position.text);
        assert.equal((await patch({ limit_price: '95' })).status, 200);
    });

    it('of symbols and of a day\'s loss meet the replacement of a buy, and never that of a sell', async () => {
        const portfolio = await open('10000');
        const patch = (id, body) => platform.request('PATCH', `/api/v1/orders/${id}`, { token: ada.token, body });
        const rest = body => place(portfolio, { type: 'limit', time_in_force: 'gtc', ...body });
        await place(portfolio, { quantity: '2', ticker: 'OTHER' });
        const sell = await rest({ side: 'sell', ticker: 'OTHER', limit_price: '150' });
        const buy = await rest({ limit_price: '80' });
        const cases = [
            [{ allowed_symbols: ['THIRD'] }, { limit: 'allowed_symbols', ticker: 'ACME', set_by: 'own' }],
            [{ forbidden_symbols: ['ACME', 'OTHER'] }, { limit: 'forbidden_symbols', ticker: 'ACME', set_by: 'own' }],
        ];
        let last = sell;
        for (const [limits, numbers] of cases) {
            await set(portfolio, limits);
            const reply = await patch(buy.id, { limit_price: '81' });
            assert.deepEqual([reply.status, reply.body.reason], [403, 'LIMIT_EXCEEDED'], reply.text);
            for (const [name, value] of Object.entries(numbers))
                assert.equal(reply.body[name], value, reply.text);
            const moved = await patch(last.id, { limit_price: String(Number(last.limit_price) + 1) });
            assert.equal(moved.status, 200, moved.text);
            last = moved.body;
        }
        // A cent of it has been lost, as a commission.
        await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`,
            { token: ada.token, body: { fill_settings: { commission_per_order: '0.01' } } });
        await set(portfolio, {});
        await place(portfolio, {});
        await set(portfolio, { max_daily_loss: '0.01' });
        const reply = await patch(buy.id, { limit_price: '81' });
        assert.deepEqual([reply.status, reply.body.limit, reply.body.maximum, reply.body.daily_loss], [403, 'max_daily_loss', '0.01', '0.01'], reply.text);
        assert.equal((await platform.expect(200, 'GET', `/api/v1/orders/${buy.id}`, { token: ada.token })).status, 'new');
        assert.equal((await patch(last.id, { limit_price: '160' })).status, 200);
        await platform.expect(200, 'DELETE', path(portfolio), { token: ada.token });
    });

    it('meet the orders of a group when they are changed as when they are placed', async () => {
        const portfolio = await open('100000');
        const exits = { take_profit: { limit_price: '115' }, stop_loss: { stop_price: '80' } };
        const group = body => place(portfolio, { quantity: '10', time_in_force: 'gtc', ...exits, ...body });
        const patch = (id, body) => platform.request('PATCH', `/api/v1/orders/${id}`, { token: ada.token, body });
        await set(portfolio, { max_order_value: '1000' });
        const waits = await group({ order_class: 'bracket', type: 'limit', limit_price: '90' });
        const entry = await patch(waits.id, { limit_price: '100.01' });
        assert.deepEqual([entry.status, entry.body.limit, entry.body.maximum, entry.body.order_value], [403, 'max_order_value', '1000.00', '1000.10'], entry.text);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${waits.id}`, { token: ada.token });
        // 10 at 114 are more, but count with the entry: whoever may have exits may move them.
        const active = await group({ order_class: 'bracket' });
        const moved = await patch(active.legs[0].id, { limit_price: '114' });
        assert.equal(moved.status, 200, moved.text);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${moved.body.id}`, { token: ada.token });
        await until('the shares', async () => (await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/positions/ACME`,
            { token: ada.token })).available === '10');
        await set(portfolio, { max_order_value: '1150' });
        const oco = await group({ order_class: 'oco', side: 'sell' });
        const dear = await patch(oco.id, { limit_price: '115.01' });
        assert.deepEqual([dear.status, dear.body.limit, dear.body.order_value], [403, 'max_order_value', '1150.10'], dear.text);
        await set(portfolio, { max_orders_per_day: 1 });
        const late = await patch(oco.legs[0].id, { stop_price: '81' });
        assert.deepEqual([late.status, late.body.limit, late.body.maximum], [403, 'max_orders_per_day', '1'], late.text);
        await platform.expect(200, 'PUT', `/api/v1/portfolios/${portfolio}/trading-halt`, { token: ada.token, body: {} });
        const halted = await patch(oco.legs[0].id, { stop_price: '81' });
        assert.deepEqual([halted.status, halted.body.reason, halted.body.scope], [403, 'TRADING_HALTED', 'portfolio'], halted.text);
        await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/trading-halt`, { token: ada.token });
        await platform.expect(200, 'DELETE', path(portfolio), { token: ada.token });
    });

    it('are no wider than the ceilings, now or later', async () => {
        const portfolio = await open('10000');
        const untouched = await open('10000');
        await set(portfolio, { max_order_value: '5000', max_orders_per_day: 7, allowed_symbols: ['ACME', 'OTHER'] });
        await setAll({ defaults: { max_order_value: '700', forbidden_symbols: ['OTHER'] },
            ceilings: { max_order_value: '2000', max_daily_loss: '500', allowed_symbols: ['OTHER', 'THIRD'] } });
        assert.deepEqual(await platform.expect(200, 'GET', '/api/v1/limits', { token: ada.token }), {
            defaults: { max_order_value: '700.00', allowed_symbols: [], forbidden_symbols: ['OTHER'], allow_short: false },
            ceilings: { max_order_value: '2000.00', max_daily_loss: '500.00', allowed_symbols: ['OTHER', 'THIRD'], forbidden_symbols: [], allow_short: false },
        });
        const seen = await get(portfolio);
        assert.equal(seen.own.max_order_value, '5000.00');
        assert.equal(seen.ceilings.max_order_value, '2000.00');
        assert.deepEqual(seen.in_force, { max_order_value: '2000.00', max_orders_per_day: 7, max_daily_loss: '500.00',
            allowed_symbols: ['OTHER'], forbidden_symbols: [], allow_short: false, symbols_are_restricted: true });
        await refused(portfolio, { ticker: 'OTHER', quantity: '21' }, 'max_order_value', { maximum: '2000.00', order_value: '2100.00', set_by: 'ceiling' });
        await refused(portfolio, {}, 'allowed_symbols', { set_by: 'ceiling' });
        // Whoever has set none has the defaults.
        assert.equal((await get(untouched)).own_source, 'default');
        await refused(untouched, { ticker: 'OTHER' }, 'forbidden_symbols', { set_by: 'default' });
        const wide = await platform.request('PUT', `/api/v1/portfolios/${portfolio}/limits`,
            { token: ada.token, body: { max_order_value: '2000.01', max_daily_loss: '501', allowed_symbols: ['ACME'] } });
        assert.equal(wide.status, 422);
        assert.deepEqual(wide.body.errors.map(one => one.field), ['max_order_value', 'max_daily_loss', 'allowed_symbols']);
        assert.match(wide.body.errors[0].message, /at most 2000\.00/);
        await setAll({});
        assert.equal((await get(untouched)).in_force.max_order_value, undefined);
        await place(untouched, { ticker: 'OTHER' });
    });

    it('are told by the field that breaks a rule', async () => {
        const portfolio = await open('10000');
        const cases = [
            [{ allow_short: true }, 'allow_short', /short selling is not there yet/],
            [{ max_position_percent: '100.1' }, 'max_position_percent', /100/],
            [{ max_order_value: '0' }, 'max_order_value', /./],
            [{ max_orders_per_day: 0 }, 'max_orders_per_day', /./],
            [{ allowed_symbols: ['ACME', 'ACME'] }, 'allowed_symbols', /ACME twice/],
            [{ allowed_symbols: Array.from({ length: 101 }, (_, i) => `T${i}`) }, 'allowed_symbols', /100/],
        ];
        for (const [body, field, sentence] of cases) {
            const reply = await platform.request('PUT', `/api/v1/portfolios/${portfolio}/limits`, { token: ada.token, body });
            assert.equal(reply.status, 422, reply.text);
            assert.equal(reply.body.errors[0].field, field, reply.text);
            assert.match(reply.body.errors[0].message, sentence);
        }
        const most = Array.from({ length: 100 }, (_, i) => `SYMBOL.LONG${String(i).padStart(3, '0')}`);
        assert.deepEqual((await set(portfolio, { allowed_symbols: most, forbidden_symbols: most })).in_force.allowed_symbols, most);
    });

    it('are in force at once where they are set, and never passed over on another replica', async () => {
        const portfolio = await open('100000');
        for (let i = 1; i <= 5; i++) {
            await set(portfolio, { max_order_value: String(100 * i) });
            for (const url of [second, platform.url]) {
                assert.equal((await placeAt(url, portfolio, { quantity: String(i) })).status, 201);
                assert.equal((await placeAt(url, portfolio, { quantity: String(i + 1) })).body.order_value, `${100 * (i + 1)}.00`);
            }
        }
    });

    it('can be set by who is logged in alone, and what an administrator sets for another is in the audit log', async () => {
        const portfolio = await open('10000');
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: ada.token, body: { name: 'program', scope: 'trade' } });
        const headers = { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret };
        const reply = await platform.request('PUT', `/api/v1/portfolios/${portfolio}/limits`, { headers, body: {} });
        assert.equal(reply.body.reason, 'INSUFFICIENT_SCOPE');
        await set(portfolio, { max_order_value: '123' }, admin);
        await set(portfolio, { max_order_value: '124' });
        const events = await until('the event', async () => {
            const log = await platform.expect(200, 'GET', '/api/v1/audit-log?action=limits.set', { token: admin });
            const own = log.events.filter(event => event.subject === portfolio);
            return own.length > 0 && own;
        });
        assert.deepEqual(events.map(event => event.action), ['limits.set']);
        assert.match(events[0].detail, /123/);
    });

    it('work as in docs/orders.md', async () => {
        const limits = JSON.parse(section.match(/```json\n([^]*?)```/)[1]);
        const portfolio = await open('10000');
        await set(portfolio, limits);
        const rows = [...section.matchAll(/^\| (\d{4}-[^ ]+) \| `(.*?)` \| (.*?) \|/gm)].map(([, at, body, answer]) => ({ at, body: JSON.parse(body), answer }));
        assert.ok(rows.length >= 8);
        for (const { at, body, answer } of rows) {
            await platform.step(at, admin);
            const reply = await platform.request('POST', path(portfolio), { token: ada.token, body });
            const told = reply.status === 201 ? `${reply.body.status}${reply.body.average_fill_price ? ` ${reply.body.average_fill_price}` : ''}`
                : `${reply.body.limit}: ${reply.body.order_value && reply.body.limit === 'max_order_value' ? reply.body.order_value
                    : reply.body.position_percent ?? reply.body.daily_loss ?? reply.body.orders_today ?? reply.body.ticker}`;
            assert.equal(told, answer, `${at} ${JSON.stringify(body)}: ${reply.text}`);
        }
    });

    it('of a day\'s loss begin anew with the next one, and are corrected for what is deposited and withdrawn', async () => {
        await platform.step('2014-06-03T19:59:30Z', admin);
        const portfolio = await open('10000');
        await set(portfolio, { max_daily_loss: '100' });
        await place(portfolio, { quantity: '50' });
        await platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/withdrawals`, { token: ada.token, body: { amount: '2000' } });
        await platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/deposits`, { token: ada.token, body: { amount: '500' } });
        await place(portfolio, {});
        // 51 shares that closed at 85, and 40 of 86, at 84.
        await platform.step('2014-06-04T14:00:00Z', admin);
        await place(portfolio, { quantity: '40' });
        await platform.step('2014-06-04T15:00:00Z', admin);
        await refused(portfolio, {}, 'max_daily_loss', { maximum: '100.00', daily_loss: '131.00' });
        await platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/deposits`, { token: ada.token, body: { amount: '1000' } });
        await refused(portfolio, {}, 'max_daily_loss', { daily_loss: '131.00' });
        await place(portfolio, { side: 'sell', quantity: '1' });
        // A portfolio that has begun anew has lost nothing.
        await platform.expect(200, 'POST', `/api/v1/portfolios/${portfolio}/reset`, { token: ada.token, body: {} });
        await place(portfolio, {});
    });
});

describe('the loss of a day', () => {
    before(async () => {
        // One of these is split 2 for 1 on the second day, at whose opening one new share is worth 44.
        await platform.import('PLIT', `${HEADER}2014-06-09,100,100,90,90,1000\n2014-06-10,44,44,40,40,1000\n2014-06-11,40,40,40,40,1000\n`, admin);
        await platform.import('PAYS', `${HEADER}2014-06-09,50,50,50,50,1000\n2014-06-10,48,48,48,48,1000\n2014-06-11,48,48,48,48,1000\n`, admin);
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token: admin,
            body: { ticker: 'PLIT', kind: 'split', ex_date: '2014-06-10', numerator: 2, denominator: 1 } });
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token: admin,
            body: { ticker: 'PAYS', kind: 'dividend', ex_date: '2014-06-10', amount: '1.50' } });
        await platform.step('2014-06-09T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/PLIT'));
    });

    const request = (portfolio, body) => platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`, { token: ada.token, body });
    async function place(portfolio, ticker, quantity, side = 'buy') {
        const reply = await request(portfolio, { ticker, side, quantity });
        assert.equal(reply.status, 201, reply.text);
    }
    // What a limit of a cent says that has been lost; 0 when it says nothing.
    async function loss(portfolio) {
        await platform.expect(200, 'PUT', `/api/v1/portfolios/${portfolio}/limits`, { token: ada.token, body: { max_daily_loss: '0.01' } });
        const reply = await request(portfolio, { ticker: 'PAYS', side: 'buy', quantity: '1', type: 'limit', limit_price: '1' });
        if (reply.status === 201)
            return '0';
        assert.equal(reply.body.limit, 'max_daily_loss', reply.text);
        return reply.body.daily_loss;
    }
    const booked = ticker => until(`the actions of ${ticker}`, async () => {
        const { corporate_actions } = await platform.expect(200, 'GET', `/api/v1/corporate-actions?ticker=${ticker}`);
        return corporate_actions.filter(one => one.in_effect).every(one => one.booked_at !== undefined);
    }, 60);

    it('sees through splits, and takes a dividend for a gain; that of a copy is that of what it was made of', async () => {
        const portfolio = (await platform.expect(201, 'POST', '/api/v1/portfolios', { token: ada.token, body: { name: 'split', cash_balance: '10000' } })).id;
        await place(portfolio, 'PLIT', '10');
        await place(portfolio, 'PAYS', '20');
        await platform.step('2014-06-09T18:00:00Z', admin);
        assert.equal(await loss(portfolio), '100.00'); // 10 at 90 instead of 100
        const evening = (await platform.expect(201, 'POST', '/api/v1/portfolios', { token: ada.token, body: { name: 'evening', cash_balance: '9900' } })).id;
        await place(evening, 'PLIT', '10');
        await platform.step('2014-06-09T21:00:00Z', admin);
        const late = await request(evening, { ticker: 'PLIT', side: 'buy', quantity: '50', type: 'limit', limit_price: '90', extended_hours: true });
        assert.deepEqual([late.body.status, late.body.average_fill_price], ['filled', '90.00'], late.text);
        await platform.step('2014-06-10T14:00:00Z', admin);
        await booked('PLIT');
        await booked('PAYS');
        // 20 new shares at 44 closed at 45; 20 at 48 closed at 50, and paid 30.00.
        const copy = (await platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/clone`, { token: ada.token, body: {} })).id;
        assert.equal(await loss(portfolio), '30.00');
        // Of 120 new shares at 44 those 20 closed at 45 that were there at the close; 100 were bought after it, at 45.
        assert.equal(await loss(evening), '120.00');
        await place(portfolio, 'PLIT', '20', 'sell');
        await platform.step('2014-06-10T18:00:00Z', admin);
        assert.equal(await loss(portfolio), '30.00');
        assert.equal(await loss(copy), '140.00'); // 20 at 40, 20 at 48; the 30.00 came before
        await platform.step('2014-06-11T14:00:00Z', admin);
        assert.equal(await loss(portfolio), '0');
    });
});

describe('a halt of trading', () => {
    before(async () => {
        // Quoted as 100, 95, 110, 105; 106, 104, 120, 112.
        await platform.import('WAVE', `${HEADER}2014-06-16,100,110,95,105,1000\n2014-06-17,106,120,104,112,1000\n` +
            '2014-06-18,111,112,90,100,1000\n', admin);
        await platform.step('2014-06-16T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/WAVE'));
    });

    const haltOf = user => `/api/v1/portfolios/${user.portfolio}/trading-halt`;
    const orders = user => `/api/v1/portfolios/${user.portfolio}/orders`;
    const order = body => ({ ticker: 'WAVE', side: 'buy', quantity: '1', ...body });
    const rest = (user, body) => platform.expect(201, 'POST', orders(user),
        { token: user.token, body: order({ type: 'limit', limit_price: '96', time_in_force: 'gtc', ...body }) });
    const look = (user, id) => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: user.token });
    const ended = (user, id) => until('the order to end', async () => {
        const one = await look(user, id);
        return one.status !== 'new' && one;
    });

    async function refused(user, scope, by) {
        for (const url of [platform.url, second]) {
            const reply = await ask(url, '127.0.0.1', 'POST', orders(user), { token: user.token, body: order({}) });
            assert.equal(reply.status, 403, reply.text);
            assert.equal(reply.body.reason, 'TRADING_HALTED');
            assert.equal(reply.body.scope, scope);
            assert.equal(reply.body.halted_by, by);
            assert.match(reply.body.detail, by === 'owner' ? /Its owner, logged in, or an administrator can lift/ : /Only an administrator can lift/);
        }
    }
    const goesOn = async user => {
        for (const url of [platform.url, second])
            assert.equal((await ask(url, '127.0.0.1', 'POST', orders(user), { token: user.token, body: order({}) })).status, 201);
    };

    it('refuses orders and replacements on all replicas at once, fills nothing that rests, and lets it be canceled', async () => {
        const kept = await rest(ada);
        const canceled = await rest(ada);
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: ada.token, body: { name: 'program', scope: 'trade' } });
        const headers = { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret };
        const state = await platform.expect(200, 'PUT', haltOf(ada), { headers, body: { note: 'it runs wild' } });
        assert.deepEqual(state, { is_halted: true, halts: [{ scope: 'portfolio', halted_by: 'owner',
            halted_at: '2014-06-16T14:00:00Z', note: 'it runs wild', cancels_orders: false }] });
        await refused(ada, 'portfolio', 'owner');
        await goesOn(bob);
        const replacement = await platform.request('PATCH', `/api/v1/orders/${kept.id}`, { token: ada.token, body: { limit_price: '97' } });
        assert.equal(replacement.body.reason, 'TRADING_HALTED', replacement.text);
        // The price reaches both; bob's order shows that it was looked at.
        const witness = await rest(bob);
        await platform.step('2014-06-16T15:00:00Z', admin);
        assert.equal((await ended(bob, witness.id)).average_fill_price, '95.00');
        assert.equal((await look(ada, kept.id)).status, 'new');
        await platform.expect(204, 'DELETE', `/api/v1/orders/${canceled.id}`, { token: ada.token });
        // A program does not let itself go on.
        assert.equal((await platform.request('DELETE', haltOf(ada), { headers })).body.reason, 'INSUFFICIENT_SCOPE');
        await platform.step('2014-06-16T18:00:00Z', admin);
        assert.deepEqual(await platform.expect(200, 'DELETE', haltOf(ada), { token: ada.token }), { is_halted: false, halts: [] });
        await goesOn(ada);
        // 95 was quoted while trading was halted; 104 and less are the next that it takes.
        await platform.step('2014-06-17T13:30:00Z', admin);
        const later = await rest(bob, { limit_price: '105' });
        await platform.step('2014-06-17T15:00:00Z', admin);
        assert.equal((await ended(bob, later.id)).average_fill_price, '104.00');
        assert.equal((await look(ada, kept.id)).status, 'new');
        await platform.step('2014-06-18T18:00:00Z', admin);
        const filled = await ended(ada, kept.id);
        assert.equal(filled.average_fill_price, '90.00');
        assert.equal(filled.filled_at, '2014-06-18T18:00:00Z');
    });

    it('of a process that was killed is there when it is back, before anything is filled', async () => {
        const kept = await rest(ada, { limit_price: '89' });
        await platform.expect(200, 'PUT', haltOf(ada), { token: ada.token, body: {} });
        const pid = platform.pid('trading');
        await platform.kill('trading');
        await until('another trading', () => platform.pid('trading') !== pid);
        await until('it to answer', async () =>
            (await platform.request('POST', orders(ada), { token: ada.token, body: order({}) })).status === 403);
        await refused(ada, 'portfolio', 'owner');
        assert.equal((await look(ada, kept.id)).status, 'new');
        await platform.expect(200, 'DELETE', haltOf(ada), { token: ada.token });
        await goesOn(ada);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${kept.id}`, { token: ada.token });
    });

    it('cancels what rests, if it is told so, and gives back what was held', async () => {
        const resting = await Promise.all(Array.from({ length: 70 }, () => rest(ada, { limit_price: '80' })));
        await platform.expect(200, 'PUT', haltOf(ada), { token: ada.token, body: { cancel_orders: true } });
        for (const { id } of resting) {
            const one = await ended(ada, id);
            assert.equal(one.status, 'canceled');
            assert.equal(one.reason, 'TRADING_HALTED');
        }
        await until('everything to be given back', async () => {
            const portfolio = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
            return portfolio.buying_power === portfolio.cash_balance;
        });
        await platform.expect(200, 'DELETE', haltOf(ada), { token: ada.token });
    });

    it('by an administrator is another one, which its owner cannot lift, and is in the audit log', async () => {
        await platform.expect(200, 'PUT', haltOf(ada), { token: admin, body: { note: 'under review' } });
        await platform.expect(200, 'PUT', haltOf(ada), { token: ada.token, body: {} });
        const left = await platform.expect(200, 'DELETE', haltOf(ada), { token: ada.token });
        assert.deepEqual(left.halts.map(halt => [halt.halted_by, halt.note]), [['administrator', 'under review']]);
        await refused(ada, 'portfolio', 'administrator');
        await platform.expect(200, 'PUT', haltOf(ada), { token: ada.token, body: {} });
        assert.deepEqual(await platform.expect(200, 'DELETE', haltOf(ada), { token: admin }), { is_halted: false, halts: [] });
        await goesOn(ada);
        await until('the events', async () => {
            const log = await platform.expect(200, 'GET', '/api/v1/audit-log?limit=100', { token: admin });
            const actions = log.events.filter(event => event.subject === ada.portfolio).map(event => event.action);
            return actions.includes('trading.halt') && actions.includes('trading.resume');
        });
    });

    it('of a user meets all their portfolios and no other user', async () => {
        const { id } = await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        const resting = await rest(ada, { limit_price: '80' });
        const path = `/api/v1/users/${id}/trading-halt`;
        await platform.expect(200, 'PUT', path, { token: admin, body: { cancel_orders: true } });
        await refused(ada, 'user', 'administrator');
        await goesOn(bob);
        assert.equal((await ended(ada, resting.id)).reason, 'TRADING_HALTED');
        assert.equal((await platform.expect(200, 'GET', haltOf(ada), { token: ada.token })).halts[0].scope, 'user');
        // Lifting the portfolio's own does not lift it.
        assert.equal((await platform.expect(200, 'DELETE', haltOf(ada), { token: ada.token })).is_halted, true);
        await platform.expect(200, 'DELETE', path, { token: admin });
        await goesOn(ada);
    });

    it('of a user that there is not is refused', async () => {
        const path = '/api/v1/users/01a20149-0000-7326-b9e3-3bbb4042cf14/trading-halt';
        assert.equal((await platform.expect(404, 'PUT', path, { token: admin, body: {} })).reason, 'USER_NOT_FOUND');
        assert.deepEqual(await platform.expect(200, 'GET', path, { token: admin }), { is_halted: false, halts: [] });
    });

    it('of the platform meets everybody', async () => {
        const resting = await Promise.all([ada, bob].map(async user => [user, (await rest(user, { limit_price: '80' })).id]));
        await platform.expect(200, 'PUT', '/api/v1/trading-halt', { token: admin, body: { cancel_orders: true } });
        await refused(ada, 'platform', 'administrator');
        await refused(bob, 'platform', 'administrator');
        for (const [user, id] of resting)
            assert.equal((await ended(user, id)).reason, 'TRADING_HALTED');
        assert.equal((await platform.expect(200, 'GET', '/api/v1/trading-halt', { token: bob.token })).is_halted, true);
        await platform.expect(200, 'DELETE', '/api/v1/trading-halt', { token: admin });
        await goesOn(ada);
        await goesOn(bob);
    });

    it('that comes while orders are placed lets none through afterwards', async () => {
        let halted = false;
        const late = [];
        const senders = Array.from({ length: 8 }, async (_, i) => {
            for (;;) {
                const after = halted;
                const reply = await ask(i % 2 ? second : platform.url, '127.0.0.1', 'POST', orders(ada), { token: ada.token, body: order({}) });
                if (after)
                    return late.push(reply);
                assert.ok(reply.status === 201 || reply.body.reason === 'TRADING_HALTED', reply.text);
            }
        });
        await until('some orders', async () => (await platform.expect(200, 'GET', `${orders(ada)}?status=all&limit=50`, { token: ada.token })).orders.length === 50);
        await platform.expect(200, 'PUT', haltOf(ada), { token: ada.token, body: {} });
        halted = true;
        await Promise.all(senders);
        assert.equal(late.length, 8);
        assert.ok(late.every(reply => reply.body.reason === 'TRADING_HALTED'), late.find(reply => reply.status !== 403)?.text);
        await platform.expect(200, 'DELETE', haltOf(ada), { token: ada.token });
    });
});

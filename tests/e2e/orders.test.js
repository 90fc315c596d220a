// SPDX-License-Identifier: MIT
// Orders of every type and time in force: the worked examples of docs/orders.md, and the rules one by one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, root, until } from '../support/platform.mjs';

const HEADER = 'Date,Open,High,Low,Close,Volume\n';
const FINAL = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

const page = readFileSync(join(root, 'docs/orders.md'), 'utf8');
const prices = page.match(/```csv\n(.*?)```/s)[1];
// The examples: [{ body, held, status, price, at }].
const examples = [...page.matchAll(/^\| `(\{.*?\})` \| (\S+) \| (\w+) (?:(\d\S*\.\d\d) )?(\S+Z) \|/gm)]
    .map(([, body, held, status, price, at]) => ({ body: JSON.parse(body), held, status, price, at }));
// Those of other fill settings: [{ settings, body, fills, status }].
const modelled = [...page.matchAll(/^\| `(\{.*?\})` \| `(\{.*?\})` \| (.*?) \| (\w+) \|$/gm)]
    .map(([, settings, body, fills, status]) => ({ settings: JSON.parse(settings), body: JSON.parse(body), fills, status }));

describe('orders', () => {
    let platform, admin, ada;
    let portfolios = 0;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        // WAVE is the stock of the docs.
        await platform.import('WAVE', prices, admin);
        await platform.import('PENNY', `${HEADER}2014-06-02,0.5,0.6,0.4,0.5,1000\n`, admin);
        await platform.import('WHOLE', `${HEADER}2014-06-02,20,20,20,20,1000\n2014-06-03,20,20,20,20,1000\n`, admin);
        await platform.expect(200, 'PATCH', '/api/v1/symbols/WHOLE', { token: admin, body: { fractionable: false } });
        await platform.import('GONE', `${HEADER}2014-06-02,20,20,20,20,1000\n`, admin);
        await platform.expect(200, 'PATCH', '/api/v1/symbols/GONE', { token: admin, body: { status: 'inactive' } });
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/WAVE'));
    });
    after(() => platform?.stop());

    const open = async () => (await platform.expect(201, 'POST', '/api/v1/portfolios',
        { token: ada.token, body: { name: `portfolio ${portfolios += 1}`, cash_balance: '10000' } })).id;
    const send = (portfolio, body, options = {}) => platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`,
        { token: ada.token, body: { ticker: 'WAVE', side: 'buy', ...body }, ...options });
    const place = async (portfolio, body, options) => {
        const reply = await send(portfolio, body, options);
        assert.equal(reply.status, 201, reply.text);
        return reply.body;
    };
    const look = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });
    const money = portfolio => platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}`, { token: ada.token });
    const ended = id => until('the order to end', async () => {
        const order = await look(id);
        return FINAL.has(order.status) && order;
    });

    // Requests that break a rule, by the rule's number in the list that the platform follows: body and field.
    const broken = [
        ['1 market: no limit price', { limit_price: '99' }, 'limit_price'],
        ['1 market: no stop price', { stop_price: '99' }, 'stop_price'],
        ['1 limit: limit_price', { type: 'limit' }, 'limit_price'],
        ['1 stop: stop_price', { type: 'stop' }, 'stop_price'],
        ['1 stop_limit: both', { type: 'stop_limit', stop_price: '110' }, 'limit_price'],
        ['1 trailing_stop: one of the trails', { type: 'trailing_stop' }, 'trail_price'],
        ['1 trailing_stop: not both trails', { type: 'trailing_stop', trail_price: '1', trail_percent: '1' }, 'trail_price'],
        ['1 trailing_stop: day or gtc', { type: 'trailing_stop', trail_price: '1', time_in_force: 'ioc' }, 'time_in_force'],
        ['1 trailing_stop: regular hours only', { type: 'trailing_stop', trail_price: '1', extended_hours: true }, 'extended_hours'],
        ['1 trail_percent of at least 0.1', { type: 'trailing_stop', trail_percent: '0.09' }, 'trail_percent'],
        ['2 sub-penny from 1.00 on', { type: 'limit', limit_price: '290.123' }, 'limit_price'],
        ['2 sub-penny of a stop', { type: 'stop', stop_price: '110.001' }, 'stop_price'],
        ['2 four decimals below 1.00', { ticker: 'PENNY', type: 'limit', limit_price: '0.49999' }, 'limit_price'],
        ['3 a notional of at least 1.00', { quantity: undefined, notional: '0.99' }, 'notional'],
        ['3 a notional needs market', { quantity: undefined, notional: '10', type: 'limit', limit_price: '99' }, 'notional'],
        ['3 a notional is for the day', { quantity: undefined, notional: '10', time_in_force: 'gtc' }, 'time_in_force'],
        ['3 quantity or notional', { quantity: undefined }, 'quantity'],
        ['3 not both', { notional: '10' }, 'notional'],
        ['3 a fraction is for the day', { quantity: '0.5', type: 'limit', limit_price: '99', time_in_force: 'gtc' }, 'time_in_force'],
        ['3 nine decimals', { quantity: '0.0000000001' }, 'quantity'],
        ['4 extended hours need a limit', { extended_hours: true }, 'extended_hours'],
        ['4 extended hours: day or gtc', { type: 'limit', limit_price: '99', time_in_force: 'fok', extended_hours: true }, 'extended_hours'],
        ['a stop to buy is above the price', { type: 'stop', stop_price: '99' }, 'stop_price'],
        ['a stop to sell is below the price', { side: 'sell', type: 'stop', stop_price: '101' }, 'stop_price'],
        ['a quantity is more than 0', { quantity: '0' }, 'quantity'],
        ['a price is more than 0', { type: 'limit', limit_price: '0' }, 'limit_price'],
        ['an unknown type', { type: 'iceberg' }, 'type'],
        ['an unknown side', { side: 'short' }, 'side'],
        ['an unknown time in force', { time_in_force: 'gtd' }, 'time_in_force'],
        ['a client_order_id of 128 characters', { client_order_id: 'x'.repeat(129) }, 'client_order_id'],
    ];

    it('are refused with every field that breaks a rule', async t => {
        const portfolio = await open();
        for (const [rule, body, field] of broken)
            await t.test(`rule ${rule}`, async () => {
                const reply = await send(portfolio, { quantity: '1', ...body });
                assert.equal(reply.status, 422, reply.text);
                assert.equal(reply.body.reason, 'INVALID_REQUEST', reply.text);
                assert.ok(reply.body.errors.some(one => one.field === field), reply.text);
            });
        const { orders } = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/orders?status=all`, { token: ada.token });
        assert.deepEqual(orders, []);
    });

    it('name the numbers of a stop that is reached already', async () => {
        const portfolio = await open();
        for (const [side, stop, text] of [['sell', '101', /must be less than/], ['buy', '99', /must be more than/]]) {
            const reply = await send(portfolio, { side, quantity: '1', type: 'stop', stop_price: stop });
            assert.deepEqual([reply.status, reply.body.stop_price, reply.body.market_price], [422, `${stop}.00`, '100.00'], reply.text);
            assert.match(reply.body.errors[0].message, text);
        }
    });

    it('rule 3: fractions only of what is fractionable', async () => {
        const portfolio = await open();
        for (const amount of [{ quantity: '0.5' }, { notional: '10' }]) {
            const reply = await send(portfolio, { ticker: 'WHOLE', ...amount });
            assert.equal(reply.status, 403, reply.text);
            assert.equal(reply.body.reason, 'NOT_FRACTIONABLE');
        }
        assert.equal((await place(portfolio, { quantity: '0.5', type: 'limit', limit_price: '100' })).status, 'filled');
    });

    it('rule 3: a notional buys and sells what it is worth at the quote, and never more', async () => {
        const portfolio = await open();
        const bought = await place(portfolio, { notional: '33.33' });
        assert.deepEqual([bought.status, bought.quantity, bought.notional], ['filled', '0.3333', '33.33']);
        assert.equal((await money(portfolio)).cash_balance, '9966.67');
        const sold = await place(portfolio, { side: 'sell', notional: '10' });
        assert.deepEqual([sold.status, sold.quantity], ['filled', '0.1']);
    });

    it('rules 10 and 11: reserve cash and shares, and name the numbers when there is not enough', async () => {
        const portfolio = await open();
        await place(portfolio, { quantity: '10' });
        await place(portfolio, { quantity: '80', type: 'limit', limit_price: '99' });
        assert.equal((await money(portfolio)).buying_power, '1080.00');
        const poor = await send(portfolio, { quantity: '11', type: 'limit', limit_price: '99' });
        assert.equal(poor.status, 403);
        assert.deepEqual([poor.body.reason, poor.body.required, poor.body.available], ['INSUFFICIENT_FUNDS', '1089.00', '1080.00']);
        const other = await open();
        await place(other, { quantity: '10' });
        await place(other, { side: 'sell', quantity: '6', type: 'limit', limit_price: '130', time_in_force: 'gtc' });
        const short = await send(other, { side: 'sell', quantity: '5', type: 'limit', limit_price: '130' });
        assert.equal(short.status, 403);
        const { reason, requested, available, held_for_orders, existing_quantity, ticker } = short.body;
        assert.deepEqual([reason, requested, available, held_for_orders, existing_quantity, ticker],
            ['INSUFFICIENT_SHARES', '5', '4', '6', '10', 'WAVE']);
    });

    it('rule 13: opg is refused from 9:28 to 19:00', async () => {
        const reply = await send(await open(), { quantity: '1', time_in_force: 'opg' });
        assert.deepEqual([reply.status, reply.body.reason], [403, 'ORDER_WINDOW_CLOSED'], reply.text);
    });

    describe('rule 12: of the two sides', () => {
        // What rests (in a portfolio of 10 shares), what is placed, and whether that is refused.
        const limit = (side, price) => ({ side, type: 'limit', limit_price: price });
        const cases = [
            [limit('sell', '105'), { side: 'buy' }, true],
            [limit('sell', '105'), limit('buy', '105'), true],
            [limit('sell', '105'), limit('buy', '104.99'), false],
            [limit('buy', '95'), { side: 'sell' }, true],
            [limit('buy', '95'), limit('sell', '95'), true],
            [limit('buy', '95'), limit('sell', '106'), false],
            [limit('buy', '95'), { side: 'sell', type: 'stop', stop_price: '90' }, true],
            [{ side: 'sell', type: 'stop', stop_price: '90' }, limit('buy', '1'), true],
            [{ side: 'sell', type: 'trailing_stop', trail_price: '20' }, { side: 'buy' }, false],
            [limit('sell', '105'), { side: 'buy', type: 'trailing_stop', trail_price: '20' }, false],
            [limit('sell', '105'), limit('sell', '106'), false],
        ];

        for (const [resting, second, isRefused] of cases)
            it(`${JSON.stringify(second)} is ${isRefused ? 'refused' : 'taken'} beside ${JSON.stringify(resting)}`, async () => {
                const portfolio = await open();
                await place(portfolio, { quantity: '10' });
                const first = await place(portfolio, { quantity: '1', time_in_force: 'gtc', ...resting });
                const reply = await send(portfolio, { quantity: '1', ...second });
                if (isRefused) {
                    assert.deepEqual([reply.status, reply.body.reason, reply.body.existing_order_id], [403, 'WASH_TRADE', first.id], reply.text);
                    // It says what kind of order it is that rests.
                    assert.match(reply.body.detail, resting.type === 'limit' ? /its limit is within/ : /at whatever price/);
                    await platform.expect(204, 'DELETE', `/api/v1/orders/${first.id}`, { token: ada.token });
                    assert.equal((await send(portfolio, { quantity: '1', ...second })).status, 201);
                } else {
                    assert.equal(reply.status, 201, reply.text);
                }
                await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/orders`, { token: ada.token });
            });

        it('not between two portfolios', async () => {
            const [one, other] = [await open(), await open()];
            await place(one, { quantity: '1' });
            const sell = await place(one, { quantity: '1', side: 'sell', type: 'limit', limit_price: '105' });
            assert.equal((await place(other, { quantity: '1' })).status, 'filled');
            await platform.expect(204, 'DELETE', `/api/v1/orders/${sell.id}`, { token: ada.token });
        });
    });

    it('rule 14: client_order_id is unique in a portfolio, and finds its order whatever its status', async () => {
        const portfolio = await open();
        const order = await place(portfolio, { quantity: '1', client_order_id: 'rule 14' });
        const again = await send(portfolio, { quantity: '1', client_order_id: 'rule 14' });
        assert.deepEqual([again.status, again.body.reason], [409, 'CLIENT_ORDER_ID_TAKEN']);
        const find = async name => (await platform.expect(200, 'GET',
            `/api/v1/orders?client_order_id=${encodeURIComponent(name)}`, { token: ada.token })).orders.map(one => one.id);
        assert.deepEqual(await find('rule 14'), [order.id]);
        const unnamed = await place(portfolio, { quantity: '1' });
        assert.deepEqual(await find(unnamed.client_order_id), [unnamed.id]);
        assert.deepEqual(await find('nobody'), []);
        const eve = await platform.trader('eve');
        const theirs = await platform.expect(200, 'GET', '/api/v1/orders?client_order_id=rule%2014', { token: eve.token });
        assert.deepEqual(theirs.orders, []);
    });

    it('are of symbols that there are, and that are traded: rule 15', async t => {
        const portfolio = await open();
        for (const [row, ticker, status, reason] of [['symbol not found', 'NOPE', 404, 'SYMBOL_NOT_FOUND'],
            ['asset is not tradable', 'GONE', 422, 'SYMBOL_NOT_TRADABLE']])
            await t.test(row, async () => {
                const reply = await send(portfolio, { ticker, quantity: '1' });
                assert.deepEqual([reply.status, reply.body.reason], [status, reason], reply.text);
                assert.match(reply.body.detail, new RegExp(ticker));
            });
        await t.test('position does not exist', async () => {
            const reply = await platform.request('GET', `/api/v1/portfolios/${portfolio}/positions/WAVE`, { token: ada.token });
            assert.deepEqual([reply.status, reply.body.reason], [404, 'POSITION_NOT_FOUND'], reply.text);
        });
    });

    it('are found, changed and canceled by an id that there is, of the caller\'s own', async t => {
        const theirs = await place(await open(), { quantity: '1', type: 'limit', limit_price: '90' });
        const bob = await platform.trader('bob');
        const calls = [['GET'], ['PATCH', { limit_price: '91' }], ['DELETE']];
        for (const [row, token, id, status, reason] of [
            ['order not found', ada.token, '01a20149-0000-7326-b9e3-3bbb4042cf14', 404, 'ORDER_NOT_FOUND'],
            ['the order of somebody else', bob.token, theirs.id, 404, 'ORDER_NOT_FOUND'],
            ['order_id is missing (bad UUID)', ada.token, 'nobody', 422, 'INVALID_REQUEST']])
            for (const [method, body] of calls)
                await t.test(`${row}: ${method}`, async () => {
                    const reply = await platform.request(method, `/api/v1/orders/${id}`, { token, body });
                    assert.deepEqual([reply.status, reply.body.reason], [status, reason], reply.text);
                });
        await platform.expect(204, 'DELETE', `/api/v1/orders/${theirs.id}`, { token: ada.token });
    });

    describe('replacing', () => {
        const replace = (id, body, options = {}) => platform.request('PATCH', `/api/v1/orders/${id}`, { token: ada.token, body, ...options });
        const power = async portfolio => (await money(portfolio)).buying_power;

        it('puts a new order in the place of the old one, and moves what is held', async () => {
            const portfolio = await open();
            const old = await place(portfolio, { quantity: '10', type: 'limit', limit_price: '90', client_order_id: 'old' });
            assert.equal(await power(portfolio), '9100.00');
            const reply = await replace(old.id, { quantity: '20', limit_price: '91', time_in_force: 'gtc', client_order_id: 'new' });
            assert.equal(reply.status, 200, reply.text);
            const { body: order } = reply;
            assert.notEqual(order.id, old.id);
            assert.deepEqual([order.status, order.replaces, order.quantity, order.limit_price, order.time_in_force, order.client_order_id],
                ['new', old.id, '20', '91.00', 'gtc', 'new']);
            assert.equal(await power(portfolio), '8180.00');
            const before = await look(old.id);
            assert.deepEqual([before.status, before.replaced_by], ['replaced', order.id]);
            // All of the cash but for what is held by the order itself: no double hold.
            const most = await replace(order.id, { quantity: '109' });
            assert.equal(most.status, 200, most.text);
            assert.equal(await power(portfolio), '81.00');
            const least = await replace(most.body.id, { quantity: '1' });
            assert.equal(await power(portfolio), '9909.00');
            await platform.expect(204, 'DELETE', `/api/v1/orders/${least.body.id}`, { token: ada.token });
            assert.equal(await power(portfolio), '10000.00');
        });

        it('leaves the old order as it was when the new one is refused', async () => {
            const portfolio = await open();
            const old = await place(portfolio, { quantity: '10', type: 'limit', limit_price: '90' });
            const reply = await replace(old.id, { quantity: '200' });
            assert.deepEqual([reply.status, reply.body.reason, reply.body.required, reply.body.available],
                [403, 'INSUFFICIENT_FUNDS', '18000.00', '10000.00'], reply.text);
            assert.equal((await look(old.id)).status, 'new');
            assert.equal(await power(portfolio), '9100.00');
            const good = await replace(old.id, { limit_price: '101' });
            assert.deepEqual([good.status, good.body.status, good.body.average_fill_price], [200, 'filled', '100.00'], good.text);
            assert.equal(await power(portfolio), '9000.00');
        });

        it('moves the shares that are held for a sell', async () => {
            const portfolio = await open();
            await place(portfolio, { quantity: '10' });
            const old = await place(portfolio, { side: 'sell', quantity: '6', type: 'stop', stop_price: '90' });
            const more = await replace(old.id, { quantity: '11' });
            assert.deepEqual([more.status, more.body.reason, more.body.available], [403, 'INSUFFICIENT_SHARES', '10'], more.text);
            const all = await replace(old.id, { quantity: '10', stop_price: '80' });
            assert.equal(all.status, 200, all.text);
            const position = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/positions/WAVE`, { token: ada.token });
            assert.deepEqual([position.quantity, position.available], ['10', '0']);
            await platform.expect(204, 'DELETE', `/api/v1/orders/${all.body.id}`, { token: ada.token });
        });

        it('lets a trailing stop go on from its high water', async () => {
            const portfolio = await open();
            await place(portfolio, { quantity: '1' });
            const old = await place(portfolio, { side: 'sell', quantity: '1', type: 'trailing_stop', trail_price: '20' });
            const reply = await replace(old.id, { trail_price: '10' });
            assert.deepEqual([reply.status, reply.body.high_water, reply.body.stop_price], [200, '100.00', '90.00'], reply.text);
            const other = await replace(reply.body.id, { trail_percent: '10' });
            assert.deepEqual([other.status, other.body.errors[0].field], [422, 'trail_percent'], other.text);
            await platform.expect(204, 'DELETE', `/api/v1/orders/${reply.body.id}`, { token: ada.token });
        });

        it('is answered the same again', async () => {
            const portfolio = await open();
            const old = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '90' });
            const options = { headers: { 'idempotency-key': 'replace once' } };
            const first = await replace(old.id, { limit_price: '91' }, options);
            const again = await replace(old.id, { limit_price: '91' }, options);
            assert.deepEqual([again.status, again.body.id, again.headers.get('idempotent-replayed')], [200, first.body.id, 'true'], again.text);
            const another = await replace(old.id, { limit_price: '92' }, options);
            assert.equal(another.body.reason, 'IDEMPOTENCY_KEY_REUSED');
            await platform.expect(204, 'DELETE', `/api/v1/orders/${first.body.id}`, { token: ada.token });
        });

        it('is refused for what cannot be changed, with the reason', async t => {
            const portfolio = await open();
            const limit = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '90', client_order_id: 'taken' });
            const filled = await place(portfolio, { quantity: '1' });
            const replaced = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '90' });
            const { body: successor } = await replace(replaced.id, { quantity: '2' });
            const slow = await open();
            await platform.expect(200, 'PATCH', `/api/v1/portfolios/${slow}`, { token: ada.token, body: { fill_settings: { participation_percent: '10' } } });
            const part = await place(slow, { quantity: '60', type: 'limit', limit_price: '100' });
            const parts = await place(slow, { notional: '3000' });
            assert.deepEqual([part.filled_quantity, parts.filled_quantity], ['25', '25']);
            const bracket = await place(slow, { quantity: '1', order_class: 'bracket', type: 'limit', limit_price: '90',
                take_profit: { limit_price: '110' }, stop_loss: { stop_price: '80' } });
            await platform.expect(204, 'DELETE', `/api/v1/orders/${bracket.id}`, { token: ada.token });
            const cases = [
                ['qty must be > filled_qty', part.id, { quantity: '25' }, 422, 'INVALID_REQUEST'],
                ['rule 3: a notional is not patchable', parts.id, { quantity: '50' }, 422, 'INVALID_REQUEST'],
                ['leg order is already in canceled state', bracket.legs[0].id, { limit_price: '111' }, 422, 'ORDER_NOT_OPEN'],
                ['order is already in "filled" state', filled.id, { quantity: '2' }, 422, 'ORDER_NOT_OPEN'],
                ['order already replaced', replaced.id, { quantity: '3' }, 422, 'ORDER_NOT_OPEN'],
                ['order parameters are not changed', limit.id, { limit_price: '90' }, 422, 'INVALID_REQUEST'],
                ['a price that the type does not have', limit.id, { stop_price: '110' }, 422, 'INVALID_REQUEST'],
                ['a time in force that does not rest', limit.id, { time_in_force: 'ioc' }, 422, 'INVALID_REQUEST'],
                ['sub-penny', limit.id, { limit_price: '90.001' }, 422, 'INVALID_REQUEST'],
                ['client_order_id must be unique', successor.id, { client_order_id: 'taken' }, 409, 'CLIENT_ORDER_ID_TAKEN'],
            ];
            for (const [row, id, body, status, reason] of cases)
                await t.test(row, async () => {
                    const reply = await replace(id, body);
                    assert.deepEqual([reply.status, reply.body.reason], [status, reason], reply.text);
                    if (reason === 'ORDER_NOT_OPEN')
                        assert.equal(reply.body.order_status, (await look(id)).status, reply.text);
                });
            for (const id of [portfolio, slow])
                await platform.expect(200, 'DELETE', `/api/v1/portfolios/${id}/orders`, { token: ada.token });
        });
    });

    it('cannot be canceled in a final state, and say which', async () => {
        const portfolio = await open();
        const filled = await place(portfolio, { quantity: '1' });
        const replaced = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '90' });
        const successor = await platform.expect(200, 'PATCH', `/api/v1/orders/${replaced.id}`, { token: ada.token, body: { quantity: '2' } });
        await platform.expect(204, 'DELETE', `/api/v1/orders/${successor.id}`, { token: ada.token });
        const refused = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '90', time_in_force: 'ioc' });
        for (const [id, status] of [[filled.id, 'filled'], [replaced.id, 'replaced'], [successor.id, 'canceled'], [refused.id, 'canceled']]) {
            const reply = await platform.request('DELETE', `/api/v1/orders/${id}`, { token: ada.token });
            assert.deepEqual([reply.status, reply.body.reason], [422, 'ORDER_NOT_OPEN'], reply.text);
            assert.equal(reply.body.order_status, status, reply.text);
            assert.match(reply.body.detail, new RegExp(`\\b${status}\\b`));
        }
    });

    it('are canceled all at once, and what they held is given back', async () => {
        const portfolio = await open();
        const other = await open();
        await place(portfolio, { quantity: '10' });
        const ids = [];
        for (const price of ['90', '91', '92'])
            ids.push((await place(portfolio, { quantity: '1', type: 'limit', limit_price: price })).id);
        ids.push((await place(portfolio, { quantity: '1', side: 'sell', type: 'limit', limit_price: '130' })).id);
        ids.push((await place(portfolio, { quantity: '1', side: 'sell', type: 'trailing_stop', trail_price: '30' })).id);
        const stays = await place(other, { quantity: '1', type: 'limit', limit_price: '90' });
        const options = { token: ada.token, headers: { 'idempotency-key': 'cancel all' } };
        const reply = await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/orders`, options);
        assert.deepEqual([reply.canceled, reply.still_open], [5, 0]);
        for (const id of ids)
            assert.equal((await look(id)).status, 'canceled');
        assert.equal((await look(stays.id)).status, 'new');
        await until('the cash', async () => (await money(portfolio)).buying_power === '9000.00');
        // A repeat cancels nothing that has come since.
        const later = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '90' });
        assert.deepEqual(await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/orders`, options), reply);
        assert.equal((await look(later.id)).status, 'new');
        const final = await platform.request('DELETE', `/api/v1/orders/${ids[0]}`, { token: ada.token });
        assert.deepEqual([final.status, final.body.reason], [422, 'ORDER_NOT_OPEN']);
        for (const id of [stays.id, later.id])
            await platform.expect(204, 'DELETE', `/api/v1/orders/${id}`, { token: ada.token });
    });

    const placed = [];
    let closing, opening, night, evening;

    it('hold what the docs say', async () => {
        assert.ok(examples.length >= 15);
        for (const example of examples) {
            const portfolio = await open();
            if (example.body.side === 'sell')
                await place(portfolio, { quantity: '1' });
            const before = await money(portfolio);
            const order = await place(portfolio, { quantity: '1', ...example.body });
            const now = await money(portfolio);
            const held = Number(before.buying_power) - Number(now.buying_power);
            assert.equal(held.toFixed(2), example.held, JSON.stringify(example));
            placed.push({ ...example, id: order.id });
        }
    });

    it('are taken with the fill settings of the docs', async () => {
        assert.ok(modelled.length >= 15);
        for (const example of modelled) {
            const portfolio = await open();
            if (example.body.side === 'sell')
                await place(portfolio, { quantity: '10' });
            await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`,
                { token: ada.token, body: { fill_settings: example.settings } });
            example.id = (await place(portfolio, example.body)).id;
        }
    });

    it('rule 13: cls is refused from 15:50 to 19:00, and ioc and notional when the market is closed', async () => {
        await platform.step('2014-06-02T19:50:00Z', admin);
        const late = await send(await open(), { quantity: '1', time_in_force: 'cls' });
        assert.deepEqual([late.status, late.body.reason], [403, 'ORDER_WINDOW_CLOSED'], late.text);
        await platform.step('2014-06-02T21:00:00Z', admin);
        for (const body of [{ quantity: '1', time_in_force: 'ioc' }, { notional: '10' }]) {
            const closed = await send(await open(), body);
            assert.deepEqual([closed.status, closed.body.reason], [422, 'MARKET_CLOSED'], closed.text);
        }
    });

    it('rule 4: with extended hours a limit fills at the close\'s quote after it, and an ordinary one waits', async () => {
        const portfolio = await open();
        evening = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '106', extended_hours: true });
        assert.deepEqual([evening.status, evening.average_fill_price], ['filled', '105.00']);
        night = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '106' });
        assert.equal(night.status, 'new');
        assert.equal(night.expires_at, '2014-06-03T20:00:00Z');
    });

    it('rule 13: opg and cls take the first quote of the session and that of its last minute', async () => {
        await platform.step('2014-06-02T23:00:00Z', admin);
        opening = await place(await open(), { quantity: '1', time_in_force: 'opg' });
        closing = await place(await open(), { quantity: '1', time_in_force: 'cls', type: 'limit', limit_price: '87' });
        await platform.step('2014-06-03T21:00:00Z', admin);
        opening = await ended(opening.id);
        assert.deepEqual([opening.status, opening.average_fill_price, opening.filled_at], ['filled', '90.00', '2014-06-03T13:30:00Z']);
        closing = await ended(closing.id);
        assert.deepEqual([closing.status, closing.average_fill_price, closing.filled_at], ['filled', '85.00', '2014-06-03T19:59:00Z']);
        night = await ended(night.id);
        assert.deepEqual([night.status, night.average_fill_price, night.filled_at], ['filled', '90.00', '2014-06-03T13:30:00Z']);
    });

    it('end as the docs say', async t => {
        for (const example of placed)
            await t.test(JSON.stringify(example.body), async () => {
                const order = await ended(example.id);
                assert.deepEqual([order.status, order.average_fill_price, order.filled_at ?? order.expired_at ?? order.canceled_at],
                    [example.status, example.price, example.at]);
                if (order.status === 'canceled')
                    assert.equal(order.reason, 'NOT_FILLED_AT_ONCE');
            });
    });

    it('are filled as the docs say of their settings', async t => {
        for (const example of modelled)
            await t.test(`${JSON.stringify(example.settings)} ${JSON.stringify(example.body)}`, async () => {
                const order = await ended(example.id);
                const { fills } = await platform.expect(200, 'GET', `/api/v1/orders/${example.id}/fills`, { token: ada.token });
                const said = fills.map(({ quantity, price, commission, filled_at }) =>
                    `${quantity} at ${price}${commission === '0.00' ? '' : ` for ${commission}`} ${filled_at}`).join(', ') || 'none';
                assert.deepEqual([said, order.status], [example.fills, example.status]);
                const byBars = example.settings.model === 'bar' ? 'bar' : 'quote';
                assert.ok(fills.every(one => one.model === byBars));
            });
    });

    it('rule 8: a stop to buy is answered as one with a limit; rule 9: a trailing one shows its stop', () => {
        const of = type => placed.filter(one => one.body.type === type);
        assert.ok(of('stop').length >= 2 && of('trailing_stop').length >= 3);
        return Promise.all([...of('stop'), ...of('trailing_stop')].map(async example => {
            const order = await look(example.id);
            if (example.body.type === 'stop' && example.body.side === 'buy')
                assert.deepEqual([order.type, order.limit_price], ['stop_limit', '110.70']);
            if (example.body.trail_price === '8')
                assert.deepEqual([order.high_water, order.stop_price], ['110.00', '102.00']);
            if (example.body.trail_percent === '20')
                assert.deepEqual([order.high_water, order.stop_price], ['110.00', '88.00']);
        }));
    });

    it('rule 13: gtc ends after 90 days', async () => {
        const portfolio = await open();
        const order = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '10', time_in_force: 'gtc' });
        assert.equal(order.expires_at, '2014-09-01T21:00:00Z');
        await platform.step('2014-09-01T21:00:00Z', admin);
        const last = await ended(order.id);
        assert.deepEqual([last.status, last.expired_at], ['expired', '2014-09-01T21:00:00Z']);
    });

    it('leave nothing held, and books that agree', async () => {
        await until('every hold to be given back', async () =>
            (await platform.query('SELECT 1 FROM audit.holds WHERE amount <> 0')).length === 0);
        const { portfolios: all } = await platform.expect(200, 'GET', '/api/v1/portfolios?limit=500', { token: ada.token });
        for (const { id } of all)
            assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${id}/audit`, { token: ada.token }),
                { consistent: true, differences: [] });
    });
});

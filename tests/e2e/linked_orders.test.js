// SPDX-License-Identifier: MIT
// Orders that are placed together: brackets, OCO and OTO; the worked examples of docs/orders.md, and the rules
// one by one, with their numbers in the list that the platform follows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, root, until } from '../support/platform.mjs';

const HEADER = 'Date,Open,High,Low,Close,Volume\n';
const OPEN = new Set(['pending_new', 'held', 'new', 'pending_replace']);

const page = readFileSync(join(root, 'docs/orders.md'), 'utf8');
const prices = page.match(/```csv\n(.*?)```/s)[1];
const outcome = text => text === '' ? null : text.split(' ').length === 3
    ? { status: text.split(' ')[0], price: text.split(' ')[1], at: text.split(' ')[2] }
    : { status: text.split(' ')[0], at: text.split(' ')[1] };
// The examples: [{ body, entry, take_profit, stop_loss }], what becomes of each.
const examples = [...page.matchAll(/^\| `(\{"order_class".*?\})` \| ?(.*?) ?\| ?(.*?) ?\| ?(.*?) ?\|$/gm)]
    .map(([, body, entry, takeProfit, stopLoss]) => ({ body: JSON.parse(body), entry: outcome(entry),
        take_profit: outcome(takeProfit), stop_loss: outcome(stopLoss) }));

const bracket = (takeProfit, stopLoss, more = {}) => ({ order_class: 'bracket', side: 'buy', time_in_force: 'gtc',
    take_profit: { limit_price: takeProfit }, stop_loss: { stop_price: stopLoss }, ...more });
const oco = (takeProfit, stopLoss, more = {}) => ({ ...bracket(takeProfit, stopLoss), order_class: 'oco', side: 'sell', ...more });
const limit = price => ({ type: 'limit', limit_price: price });
const ended = order => !OPEN.has(order.status);

describe('orders that are placed together', () => {
    let platform, admin, ada;
    let portfolios = 0;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('WAVE', prices, admin);
        await platform.import('SPLT', `${HEADER}2014-06-02,100,100,100,100,1000\n2014-06-03,50,50,50,50,1000\n` +
            '2014-06-04,50,50,50,50,1000\n', admin);
        await platform.expect(201, 'POST', '/api/v1/corporate-actions', { token: admin,
            body: { ticker: 'SPLT', kind: 'split', ex_date: '2014-06-03', numerator: 2, denominator: 1 } });
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/WAVE'));
    });
    after(() => platform?.stop());

    const open = async () => (await platform.expect(201, 'POST', '/api/v1/portfolios',
        { token: ada.token, body: { name: `portfolio ${portfolios += 1}`, cash_balance: '10000' } })).id;
    const send = (portfolio, body, options = {}) => platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`,
        { token: ada.token, body: { ticker: 'WAVE', quantity: '1', ...body }, ...options });
    const place = async (portfolio, body, options) => {
        const reply = await send(portfolio, body, options);
        assert.equal(reply.status, 201, reply.text);
        return reply.body;
    };
    const look = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });
    const list = async (portfolio, query = '') => (await platform.expect(200, 'GET',
        `/api/v1/portfolios/${portfolio}/orders?status=all${query}`, { token: ada.token })).orders;
    const money = portfolio => platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}`, { token: ada.token });
    const position = async portfolio => (await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/positions`,
        { token: ada.token })).positions[0];
    const patch = (id, body) => platform.request('PATCH', `/api/v1/orders/${id}`, { token: ada.token, body });
    const cancel = id => platform.expect(204, 'DELETE', `/api/v1/orders/${id}`, { token: ada.token });
    const part = (order, name) => order.part === name ? order : order.legs.find(one => one.part === name);
    const whole = (what, id, is) => until(what, async () => {
        const order = await look(id);
        return is([order, ...order.legs]) && order;
    });
    const statuses = order => [order, ...order.legs].map(one => one.status);

    const broken = [
        ['5 bracket: a take-profit', bracket('110', '90', { take_profit: undefined }), 'take_profit'],
        ['5 bracket: a stop-loss', bracket('110', '90', { stop_loss: undefined }), 'stop_loss'],
        ['5 bracket: both have their prices', bracket('110', '90', { stop_loss: {} }), 'stop_loss.stop_price'],
        ['5 bracket: day or gtc', bracket('110', '90', { time_in_force: 'ioc' }), 'time_in_force'],
        ['5 bracket: no extended hours', bracket('110', '90', { ...limit('99'), extended_hours: true }), 'extended_hours'],
        ['5 bracket: the take-profit is above the stop-loss', bracket('95', '95.50', limit('90')), 'take_profit.limit_price'],
        ['5 bracket: the stop is 0.01 below the limit', bracket('110', '99', limit('99')), 'stop_loss.stop_price'],
        ['5 bracket: the stop is 0.01 below the price', bracket('110', '100'), 'stop_loss.stop_price'],
        ['5 bracket: the stop is below the price of a limit above it', bracket('120', '101', limit('105')), 'stop_loss.stop_price'],
        ['5 bracket: the take-profit is 0.01 above the limit', bracket('99', '90', limit('99')), 'take_profit.limit_price'],
        ['5 bracket: the take-profit is 0.01 above the price', bracket('100', '90'), 'take_profit.limit_price'],
        ['5 bracket: market or limit', bracket('120', '90', { type: 'stop', stop_price: '105' }), 'type'],
        ['5 bracket: an entry buys', bracket('110', '90', { side: 'sell' }), 'side'],
        ['3 a fraction is simple', bracket('110', '90', { quantity: '0.5' }), 'quantity'],
        ['3 a notional is simple', bracket('110', '90', { quantity: undefined, notional: '100' }), 'notional'],
        ['2 sub-penny of a take-profit', bracket('110.001', '90'), 'take_profit.limit_price'],
        ['2 sub-penny of a stop-loss', bracket('110', '90.001'), 'stop_loss.stop_price'],
        ['2 sub-penny of its limit', bracket('110', '90', { stop_loss: { stop_price: '90', limit_price: '89.999' } }), 'stop_loss.limit_price'],
        ['a stop-loss has its limit below the stop', bracket('110', '90', { stop_loss: { stop_price: '90', limit_price: '91' } }), 'stop_loss.limit_price'],
        ['6 oco: type limit', oco('110', '90', { type: 'market' }), 'type'],
        ['6 oco: exit only', oco('110', '90', { side: 'buy' }), 'side'],
        ['6 oco: both', oco('110', '90', { stop_loss: undefined }), 'stop_loss'],
        ['6 oco: its limit is that of the take-profit', oco('110', '90', limit('111')), 'limit_price'],
        ['6 oco: the stop is below the take-profit', oco('95', '95'), 'take_profit.limit_price'],
        ['6 oco: the stop is below the price', oco('110', '100'), 'stop_loss.stop_price'],
        ['6 oto: one of the two', bracket('110', '90', { order_class: 'oto' }), 'take_profit'],
        ['6 oto: not neither', { order_class: 'oto', side: 'buy' }, 'take_profit'],
        ['a simple order has no take-profit', { side: 'buy', take_profit: { limit_price: '110' } }, 'take_profit'],
        ['a simple order has no stop-loss', { side: 'buy', stop_loss: { stop_price: '90' } }, 'stop_loss'],
        ['an unknown class', bracket('110', '90', { order_class: 'mleg' }), 'order_class'],
    ];

    it('are refused with every field that breaks a rule', async t => {
        const portfolio = await open();
        for (const [rule, body, field] of broken)
            await t.test(`rule ${rule}`, async () => {
                const reply = await send(portfolio, body);
                assert.equal(reply.status, 422, reply.text);
                assert.ok(reply.body.errors.some(one => one.field === field), reply.text);
            });
        assert.deepEqual(await list(portfolio), []);
    });

    it('rule 5: name the base price that a stop is compared with', async () => {
        const reply = await send(await open(), bracket('110', '99', limit('99')));
        assert.equal(reply.body.base_price, '99.00', reply.text);
    });

    it('rule 5: hold what the entry costs, and then the shares, once for both legs', async () => {
        const portfolio = await open();
        const waits = await place(portfolio, bracket('111', '80', { ...limit('90'), quantity: '10' }));
        assert.deepEqual(statuses(waits), ['new', 'held', 'held']);
        assert.equal((await money(portfolio)).buying_power, '9100.00');
        const filled = await place(portfolio, bracket('115', '80', { quantity: '10' }));
        assert.deepEqual(statuses(filled), ['filled', 'new', 'new']);
        assert.ok(filled.legs.every(one => one.submitted_at === filled.filled_at), JSON.stringify(filled));
        const { quantity, available } = await position(portfolio);
        assert.deepEqual([quantity, available], ['10', '0']);
        const more = await send(portfolio, { side: 'sell', quantity: '1', ...limit('130') });
        assert.deepEqual([more.status, more.body.reason, more.body.held_for_orders], [403, 'INSUFFICIENT_SHARES', '10']);
        await cancel(filled.id).then(() => assert.fail('a filled entry was canceled'), () => {});
        await cancel(waits.id);
    });

    it('rule 6: an OCO needs the shares it sells', async () => {
        const portfolio = await open();
        const reply = await send(portfolio, oco('110', '90'));
        assert.deepEqual([reply.status, reply.body.reason], [403, 'INSUFFICIENT_SHARES'], reply.text);
        const [rejected] = await list(portfolio, '&nested=true');
        assert.deepEqual(statuses(rejected), ['rejected', 'canceled']);
    });

    it('rule 7: are listed by themselves, or nested within their parents', async () => {
        const portfolio = await open();
        await place(portfolio, { side: 'buy' });
        const placed = await place(portfolio, bracket('115', '80'));
        const separate = await list(portfolio);
        assert.deepEqual(separate.map(one => one.part ?? one.order_class),
            ['stop_loss', 'take_profit', 'entry', 'simple']);
        assert.ok(separate.every(one => one.legs.length === 0));
        assert.equal(new Set(separate.slice(0, 3).map(one => one.group_id)).size, 1);
        const nested = await list(portfolio, '&nested=true');
        assert.deepEqual(nested.map(one => [one.id, one.legs.map(leg => leg.id)]),
            [[placed.id, placed.legs.map(leg => leg.id)], [separate[3].id, []]]);
        const waiting = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/orders?nested=true`, { token: ada.token });
        assert.deepEqual(waiting.orders.map(one => one.id), [placed.id]);
        const own = await look(placed.legs[0].id);
        assert.deepEqual([own.part, own.order_class, own.side, own.quantity, own.time_in_force, own.client_order_id, own.legs],
            ['take_profit', 'bracket', 'sell', '1', 'gtc', own.id, []]);
    });

    it('rule 14: a repeat is answered with the same group, and makes no other', async () => {
        const portfolio = await open();
        const body = bracket('115', '80', { client_order_id: 'my bracket' });
        const options = { headers: { 'idempotency-key': `bracket of ${portfolio}` } };
        const first = await place(portfolio, body, options);
        assert.deepEqual(await place(portfolio, body, options), first);
        assert.equal(first.client_order_id, 'my bracket');
        assert.equal((await list(portfolio)).length, 3);
        await cancel(first.legs[0].id);
        const other = await send(portfolio, body);
        assert.deepEqual([other.status, other.body.reason], [409, 'CLIENT_ORDER_ID_TAKEN'], other.text);
        assert.equal((await list(portfolio)).length, 3);
    });

    it('rule 5: end together when one of them is canceled', async t => {
        await t.test('an entry takes its legs along', async () => {
            const portfolio = await open();
            const placed = await place(portfolio, bracket('115', '80', limit('90')));
            await cancel(placed.id);
            const order = await look(placed.id);
            assert.deepEqual(statuses(order), ['canceled', 'canceled', 'canceled']);
            assert.ok(order.legs.every(one => one.reason === 'LINKED_ORDER_ENDED' && one.reason_message.includes(placed.id)));
            assert.equal((await money(portfolio)).buying_power, '10000.00');
        });
        await t.test('a leg that is held takes the entry along, and the other leg', async () => {
            const portfolio = await open();
            const placed = await place(portfolio, bracket('115', '80', limit('90')));
            await cancel(placed.legs[1].id);
            assert.deepEqual(statuses(await look(placed.id)), ['canceled', 'canceled', 'canceled']);
            await until('the cash', async () => (await money(portfolio)).buying_power === '10000.00');
        });
        await t.test('a leg that is active takes the other one along, and the shares are free', async () => {
            const portfolio = await open();
            const placed = await place(portfolio, bracket('115', '80'));
            await cancel(placed.legs[0].id);
            assert.deepEqual(statuses(await look(placed.id)), ['filled', 'canceled', 'canceled']);
            await until('the shares', async () => (await position(portfolio)).available === '1');
            assert.equal((await place(portfolio, { side: 'sell' })).status, 'filled');
        });
        await t.test('one order of an OCO takes the other one along', async () => {
            const portfolio = await open();
            await place(portfolio, { side: 'buy' });
            const placed = await place(portfolio, oco('115', '80'));
            await cancel(placed.legs[0].id);
            assert.deepEqual(statuses(await look(placed.id)), ['canceled', 'canceled']);
            await until('the shares', async () => (await position(portfolio)).available === '1');
        });
        await t.test('all are canceled with all that rest in a portfolio', async () => {
            const portfolio = await open();
            const waits = await place(portfolio, bracket('115', '80', limit('90')));
            const active = await place(portfolio, bracket('115', '80'));
            const reply = await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/orders`, { token: ada.token });
            assert.equal(reply.canceled, 5);
            assert.deepEqual(statuses(await look(waits.id)), ['canceled', 'canceled', 'canceled']);
            assert.deepEqual(statuses(await look(active.id)), ['filled', 'canceled', 'canceled']);
            await until('the shares', async () => (await position(portfolio)).available === '1');
            await until('the cash', async () => (await money(portfolio)).buying_power === '9900.00');
        });
    });

    it('rule 12: are no wash trade of each other, and others are of those that are active', async () => {
        const portfolio = await open();
        const placed = await place(portfolio, bracket('115', '80', limit('90')));
        // The legs wait: nothing is to be met yet.
        await place(portfolio, { side: 'buy' });
        await cancel(placed.id);
        const active = await place(portfolio, bracket('115', '80'));
        const refused = await send(portfolio, { side: 'buy', ...limit('95') });
        assert.deepEqual([refused.status, refused.body.reason, refused.body.existing_order_id],
            [403, 'WASH_TRADE', part(active, 'stop_loss').id], refused.text);
        await cancel(active.legs[0].id);
        // Both orders of an OCO rest at once, so both are compared.
        await place(portfolio, { side: 'buy', ...limit('70') });
        assert.equal((await send(portfolio, oco('115', '80'))).body.reason, 'WASH_TRADE');
        assert.equal((await place(portfolio, oco('115', '80', { stop_loss: { stop_price: '80', limit_price: '75' } }))).status, 'new');
    });

    it('rule 12: become active beside a purchase that rests, and are not brought down to it', async () => {
        const portfolio = await open();
        const resting = await place(portfolio, { side: 'buy', time_in_force: 'gtc', ...limit('95') });
        const active = await place(portfolio, bracket('115', '97', { stop_loss: { stop_price: '97', limit_price: '96' } }));
        assert.deepEqual(statuses(active), ['filled', 'new', 'new']);
        const stopLoss = part(active, 'stop_loss');
        const refused = await patch(stopLoss.id, { limit_price: '95' });
        assert.deepEqual([refused.status, refused.body.reason, refused.body.existing_order_id], [403, 'WASH_TRADE', resting.id], refused.text);
        assert.equal((await look(stopLoss.id)).status, 'new');
        const moved = await patch(stopLoss.id, { stop_price: '96', limit_price: '95.01' });
        assert.deepEqual([moved.status, moved.body.status], [200, 'new'], moved.text);
        await cancel(moved.body.id);
        // A stop without a limit was within its reach from the beginning; what is held is not compared at all.
        const plain = await place(portfolio, bracket('115', '97'));
        assert.equal((await patch(part(plain, 'stop_loss').id, { stop_price: '98' })).status, 200);
        await cancel(part(plain, 'take_profit').id);
        // What it could have met before is no reason: this one was below the purchase when it became active.
        const below = await place(portfolio, bracket('115', '97', { stop_loss: { stop_price: '97', limit_price: '94' } }));
        assert.equal((await patch(part(below, 'stop_loss').id, { limit_price: '93' })).status, 200);
        await cancel(part(below, 'take_profit').id);
        const held = await place(portfolio, bracket('115', '85', { ...limit('90'), stop_loss: { stop_price: '85', limit_price: '84' } }));
        assert.equal((await patch(part(held, 'stop_loss').id, { limit_price: '83' })).body.status, 'held');
        await cancel(held.id);
        await cancel(resting.id);
    });

    it('rule 12: and a purchase that come at the same moment do not both get within each other\'s limits', async () => {
        const portfolio = await open();
        for (let round = 0; round < 10; round += 1) {
            const active = await place(portfolio, bracket('115', '97', { stop_loss: { stop_price: '97', limit_price: '96' } }));
            const replies = await Promise.all([
                patch(part(active, 'stop_loss').id, { limit_price: '94' }), send(portfolio, { side: 'buy', ...limit('95') })]);
            const taken = replies.filter(reply => reply.status < 300);
            assert.equal(taken.length, 1, replies.map(reply => reply.text).join('\n'));
            assert.ok(replies.every(reply => reply.status < 300 || reply.body.reason === 'WASH_TRADE'));
            await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/orders`, { token: ada.token });
            await until('the shares', async () => (await position(portfolio)).available !== '0');
            await place(portfolio, { side: 'sell' });
        }
    });

    it('rule 5: change nothing but their prices, which keep their distances', async t => {
        const portfolio = await open();
        const placed = await place(portfolio, bracket('115', '80', limit('90')));
        const takeProfit = part(placed, 'take_profit');
        const stopLoss = part(placed, 'stop_loss');
        const refusals = [
            [takeProfit, { quantity: '2' }, 'quantity'],
            [takeProfit, { time_in_force: 'day' }, 'time_in_force'],
            [takeProfit, { limit_price: '90' }, 'limit_price'],
            [takeProfit, { limit_price: '79' }, 'limit_price'],
            [takeProfit, { stop_price: '79' }, 'stop_price'],
            [stopLoss, { stop_price: '90' }, 'stop_price'],
            [stopLoss, { limit_price: '79' }, 'limit_price'],
            [placed, { limit_price: '80' }, 'stop_price'],
            [placed, { limit_price: '115' }, 'limit_price'],
            [placed, { quantity: '2', limit_price: '91' }, 'quantity'],
        ];
        for (const [order, body, field] of refusals)
            await t.test(`${order.part} ${JSON.stringify(body)}`, async () => {
                const reply = await patch(order.id, body);
                assert.equal(reply.status, 422, reply.text);
                assert.ok(reply.body.errors.some(one => one.field === field), reply.text);
            });
        await t.test('a leg that is held stays held', async () => {
            const reply = await patch(stopLoss.id, { stop_price: '81', client_order_id: `a name in ${portfolio}` });
            assert.equal(reply.status, 200, reply.text);
            assert.deepEqual([reply.body.status, reply.body.stop_price, reply.body.replaces, reply.body.part],
                ['held', '81.00', stopLoss.id, 'stop_loss']);
            assert.deepEqual([(await look(stopLoss.id)).status, (await look(stopLoss.id)).replaced_by], ['replaced', reply.body.id]);
            const taken = await patch(takeProfit.id, { limit_price: '116', client_order_id: `a name in ${portfolio}` });
            assert.equal(taken.body.reason, 'CLIENT_ORDER_ID_TAKEN', taken.text);
            assert.equal((await look(takeProfit.id)).status, 'held');
            assert.deepEqual((await look(placed.id)).legs.map(one => one.id), [takeProfit.id, reply.body.id]);
        });
        await t.test('an entry keeps its legs', async () => {
            const reply = await patch(placed.id, { limit_price: '101' });
            assert.equal(reply.status, 200, reply.text);
            assert.deepEqual(statuses(reply.body), ['filled', 'new', 'new']);
            assert.deepEqual(reply.body.legs.map(one => one.limit_price ?? one.stop_price), ['115.00', '81.00']);
            assert.deepEqual((await look(placed.id)).legs, []);
            assert.equal((await position(portfolio)).available, '0');
        });
        await t.test('a leg that is active stays so, and the shares stay held', async () => {
            const reply = await patch(takeProfit.id, { limit_price: '114' });
            assert.deepEqual([reply.status, reply.body.status, reply.body.limit_price], [200, 'new', '114.00'], reply.text);
            assert.equal((await position(portfolio)).available, '0');
            const moved = await patch(reply.body.id, { limit_price: '100' });
            assert.equal(moved.status, 200, moved.text);
            const sold = await until('the sale', async () => {
                const one = await look(moved.body.id);
                return one.status === 'filled' && one;
            });
            assert.equal(sold.average_fill_price, '100.00');
            await until('the cash', async () => (await money(portfolio)).cash_balance === '10000.00');
        });
    });

    it('rule 5: give back what a part of an entry has bought, also when the entry was replaced since', async () => {
        const portfolio = await open();
        await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`,
            { token: ada.token, body: { fill_settings: { participation_percent: '10' } } });
        // 250 have been traded by now.
        const placed = await place(portfolio, bracket('115', '80', { ...limit('101'), quantity: '30' }));
        assert.deepEqual([placed.filled_quantity, ...statuses(placed)], ['25', 'partially_filled', 'held', 'held']);
        const rest = await patch(placed.id, { limit_price: '90' });
        assert.deepEqual([rest.status, rest.body.quantity, ...statuses(rest.body)], [200, '5', 'new', 'held', 'held'], rest.text);
        assert.equal((await position(portfolio)).available, '0');
        await cancel(rest.body.id);
        await until('the shares', async () => (await position(portfolio)).available === '25');
    });

    it('are placed without waiting, too', async () => {
        const portfolio = await open();
        const reply = await platform.request('POST', `/api/v1/portfolios/${portfolio}/orders?wait=false`,
            { token: ada.token, body: { ticker: 'WAVE', quantity: '1', ...bracket('115', '80') } });
        assert.equal(reply.status, 201, reply.text);
        assert.deepEqual(statuses(reply.body).slice(1), ['held', 'held']);
        await whole('the legs', reply.body.id, all => all[0].status === 'filled' && all[1].status === 'new');
    });

    const split = {};
    const parts = {};

    describe('go as the worked examples say', () => {
        const placed = [];

        before(async () => {
            assert.ok(examples.length >= 10);
            split.portfolio = await open();
            split.waits = await place(split.portfolio, { ticker: 'SPLT', ...bracket('130', '80', limit('90')) });
            split.active = await place(split.portfolio, { ticker: 'SPLT', ...bracket('130', '80') });
            assert.deepEqual([...statuses(split.waits), ...statuses(split.active)],
                ['new', 'held', 'held', 'filled', 'new', 'new']);
            parts.portfolio = await open();
            await platform.expect(200, 'PATCH', `/api/v1/portfolios/${parts.portfolio}`,
                { token: ada.token, body: { fill_settings: { participation_percent: '10' } } });
            parts.order = await place(parts.portfolio, bracket('109', '80', { ...limit('101'), quantity: '30' }));
            for (const example of examples) {
                const portfolio = await open();
                if (example.body.order_class === 'oco')
                    await place(portfolio, { side: 'buy' });
                placed.push({ ...example, order: await place(portfolio, example.body), portfolio });
            }
            await platform.step('2014-06-02T15:30:00Z', admin);
            process.kill(platform.pid('trading'), 'SIGKILL');
            await platform.step('2014-06-02T20:30:00Z', admin);
            parts.evening = await whole('a part of the take-profit', parts.order.id,
                all => all[1].status === 'partially_filled' && all[2].quantity !== '30');
            await platform.step('2014-06-04T20:00:00Z', admin);
        });

        for (const [number, example] of examples.entries())
            it(JSON.stringify(example.body), async () => {
                const { order, portfolio } = placed[number];
                const final = await whole('the group to end', order.id, all => all.every(ended));
                for (const name of ['entry', 'take_profit', 'stop_loss']) {
                    const one = part(final, name);
                    const expected = example[name];
                    assert.equal(one === undefined, expected === null, name);
                    if (expected !== null)
                        assert.deepEqual([one.status, one.average_fill_price, one.filled_at ?? one.expired_at ?? one.canceled_at],
                            [expected.status, expected.price, expected.at], `${name}: ${JSON.stringify(final)}`);
                }
                await until('every hold to be given back', async () => {
                    const one = await money(portfolio);
                    return one.buying_power === one.cash_balance;
                });
                const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/audit`, { token: ada.token });
                assert.deepEqual(audit, { consistent: true, differences: [] });
            });
    });

    it('rule 5: what an exit sells a part of the other one sells no more', async () => {
        // A quote brings 25 shares: of 30, the take-profit sells as many at 110, and the stop what is left at 80.
        assert.deepEqual([parts.evening, ...parts.evening.legs].map(one => [one.part, one.quantity, one.filled_quantity]),
            [['entry', '30', '30'], ['take_profit', '30', '25'], ['stop_loss', '5', '0']]);
        const final = await whole('the group to end', parts.order.id, all => all.every(ended));
        assert.deepEqual([final, ...final.legs].map(one => [one.status, one.quantity, one.filled_quantity, one.average_fill_price]),
            [['filled', '30', '30', '99.166667'], ['canceled', '30', '25', '110.00'], ['filled', '5', '5', '80.00']]);
        assert.equal(final.legs[0].reason, 'LINKED_ORDER_ENDED');
    });

    it('end with a split of their shares, those that are held too', async () => {
        const waits = await whole('the groups to end', split.waits.id, all => all.every(ended));
        const active = await whole('the groups to end', split.active.id, all => all.every(ended));
        assert.deepEqual([...statuses(waits), ...statuses(active)],
            ['canceled', 'canceled', 'canceled', 'filled', 'canceled', 'canceled']);
        for (const one of [waits, ...waits.legs, ...active.legs])
            assert.equal(one.reason, 'SPLIT', JSON.stringify(one));
        const { quantity, available } = await until('the new shares', async () => {
            const one = await position(split.portfolio);
            return one.quantity === '2' && one.available === '2' && one;
        });
        assert.deepEqual([quantity, available], ['2', '2']);
        assert.equal((await money(split.portfolio)).cash_balance, '9900.00');
    });

    it('leave nothing held, and no order filled twice', async () => {
        const { portfolios: all } = await platform.expect(200, 'GET', '/api/v1/portfolios?limit=500', { token: ada.token });
        for (const { id } of all) {
            await platform.expect(200, 'DELETE', `/api/v1/portfolios/${id}/orders`, { token: ada.token });
            const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${id}/audit`, { token: ada.token });
            assert.deepEqual(audit, { consistent: true, differences: [] });
        }
        await until('every hold to be gone', async () =>
            (await platform.query('SELECT 1 FROM audit.holds WHERE amount <> 0')).length === 0);
        assert.deepEqual(await platform.query(`SELECT o.group_id FROM trading.orders o JOIN trading.fills f ON f.order_id = o.id
            WHERE o.part <> 'entry' AND o.group_id <> '${parts.order.group_id}' GROUP BY 1 HAVING count(*) > 1`), []);
    });
});

// SPDX-License-Identifier: MIT
// How orders are filled by the settings of their portfolio: bars, slippage, a share of the volume, commission,
// latency, and orders that are filled in parts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

// Quoted as open, low, high and close from 09:30, 11:00, 14:00 and 15:59, a quarter of the volume with each.
const PRICES = 'Date,Open,High,Low,Close,Volume\n2014-06-02,100,110,95,105,1000\n2014-06-03,90,92,80,85,1000\n' +
    '2014-06-04,100,120,70,90,2000\n2014-06-05,88,89,87,88,400\n';
const FINAL = new Set(['filled', 'canceled', 'expired', 'rejected', 'replaced']);

describe('fills', () => {
    let platform, admin, ada;
    let portfolios = 0;

    before(async () => {
        // The service dies with a part that is committed and not booked, and with one that is booked and not noted.
        platform = await Platform.start();
        admin = await platform.administrator();
        for (const ticker of ['WAVE', 'RIPE'])
            await platform.import(ticker, PRICES, admin);
        ada = await platform.trader('ada');
        await platform.step('2014-06-02T14:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/RIPE'));
    });
    after(() => platform?.stop());

    const open = async fill_settings => (await platform.expect(201, 'POST', '/api/v1/portfolios',
        { token: ada.token, body: { name: `portfolio ${portfolios += 1}`, cash_balance: '10000', fill_settings } })).id;
    const send = (portfolio, body) => platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`,
        { token: ada.token, body: { ticker: 'WAVE', side: 'buy', ...body } });
    const place = async (portfolio, body) => {
        const reply = await send(portfolio, body);
        assert.equal(reply.status, 201, reply.text);
        return reply.body;
    };
    const look = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });
    const money = portfolio => platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}`, { token: ada.token });
    const change = (portfolio, fill_settings) => platform.request('PATCH', `/api/v1/portfolios/${portfolio}`,
        { token: ada.token, body: { fill_settings } });
    const fillsOf = async id => (await platform.expect(200, 'GET', `/api/v1/orders/${id}/fills`, { token: ada.token })).fills;
    const parts = async id => (await fillsOf(id)).map(one => [one.quantity, one.price, one.commission, one.filled_at, one.model]);
    const ended = id => until('the order to end', async () => {
        const order = await look(id);
        return FINAL.has(order.status) && order;
    });
    const audited = async portfolio => assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio}/audit`,
        { token: ada.token }), { consistent: true, differences: [] });

    describe('the settings of a portfolio', () => {
        const plain = { model: 'quote', slippage_bps: '0', participation_percent: '0', commission_per_order: '0.00',
            commission_per_share: '0.00', commission_bps: '0', commission_minimum: '0.00', commission_maximum: '0.00', latency_ms: 0 };

        it('are those of before unless they are changed one by one, and are copied with it', async () => {
            const portfolio = await open();
            assert.deepEqual((await money(portfolio)).fill_settings, plain);
            let reply = await change(portfolio, { slippage_bps: '2.5' });
            assert.equal(reply.status, 200, reply.text);
            reply = await change(portfolio, { model: 'bar', latency_ms: 60000 });
            assert.deepEqual(reply.body.fill_settings, { ...plain, model: 'bar', slippage_bps: '2.5', latency_ms: 60000 });
            assert.deepEqual((await money(portfolio)).fill_settings, reply.body.fill_settings);
            const copy = await platform.expect(201, 'POST', `/api/v1/portfolios/${portfolio}/clone`, { token: ada.token, body: {} });
            assert.deepEqual(copy.fill_settings, reply.body.fill_settings);
        });

        for (const [field, value] of [['model', 'tape'], ['slippage_bps', '1000.01'], ['slippage_bps', '-1'], ['slippage_bps', '0.001'],
            ['participation_percent', '100.01'], ['commission_per_order', '1000.01'], ['commission_per_share', '100.01'],
            ['commission_bps', '1001'], ['commission_minimum', '-0.01'], ['commission_maximum', '100000.01'], ['latency_ms', 60001]])
            it(`are refused with the field when ${field} is ${value}`, async () => {
                const portfolio = await open();
                const reply = await change(portfolio, { [field]: value });
                assert.equal(reply.status, 422, reply.text);
                assert.equal(reply.body.reason, 'INVALID_REQUEST', reply.text);
                assert.deepEqual(reply.body.errors.map(one => one.field), [`fill_settings.${field}`]);
                assert.deepEqual((await money(portfolio)).fill_settings, plain);
            });

        it('are refused when an order would cost at least more than at most, whichever was said first', async () => {
            const portfolio = await open({ commission_minimum: '3', commission_maximum: '3' });
            for (const settings of [{ commission_minimum: '3.01' }, { commission_maximum: '2.99' }]) {
                const reply = await change(portfolio, settings);
                assert.deepEqual([reply.status, reply.body.errors?.map(one => one.field)], [422, ['fill_settings.commission_minimum']], reply.text);
            }
            const reply = await platform.request('POST', '/api/v1/portfolios', { token: ada.token,
                body: { name: 'dear', fill_settings: { commission_minimum: '3.01', commission_maximum: '3' } } });
            assert.equal(reply.status, 422, reply.text);
            assert.equal(reply.body.errors[0].message, 'must be at most commission_maximum, which is 3.00');
            assert.equal((await change(portfolio, { commission_minimum: '3.01', commission_maximum: '0' })).status, 200);
        });

        it('hold for the next order, and not for those that are there', async () => {
            const portfolio = await open();
            const before = await place(portfolio, { quantity: '1', type: 'limit', limit_price: '94', time_in_force: 'gtc' });
            assert.equal((await place(portfolio, { quantity: '1' })).commission, '0.00');
            assert.equal((await change(portfolio, { commission_per_order: '2' })).status, 200);
            // trading remembers those of before, and is told when it asks for the cash.
            const next = await place(portfolio, { quantity: '1' });
            assert.deepEqual([next.status, next.commission], ['filled', '2.00']);
            const replaced = await platform.expect(200, 'PATCH', `/api/v1/orders/${before.id}`,
                { token: ada.token, body: { quantity: '2' } });
            assert.equal(replaced.status, 'new');
            assert.equal((await money(portfolio)).buying_power, '9610.00'); // 10000, 2 at 100 and 2, 188 held
            await platform.expect(204, 'DELETE', `/api/v1/orders/${replaced.id}`, { token: ada.token });
            await audited(portfolio);
        });
    });

    it('of an order that does not rest are what there is, or all, or nothing', async () => {
        const portfolio = await open({ participation_percent: '10', commission_per_share: '0.01' });
        const part = await place(portfolio, { quantity: '60', time_in_force: 'ioc' });
        assert.deepEqual([part.status, part.filled_quantity, part.average_fill_price, part.commission, part.reason],
            ['canceled', '25', '100.00', '0.25', 'NOT_FILLED_AT_ONCE']);
        assert.match(part.reason_message, /25 of 60 shares/);
        const none = await place(portfolio, { quantity: '26', time_in_force: 'fok' });
        assert.deepEqual([none.status, none.filled_quantity], ['canceled', '0']);
        const all = await place(portfolio, { quantity: '25', time_in_force: 'fok' });
        assert.deepEqual([all.status, all.filled_quantity], ['filled', '25']);
        const now = await money(portfolio);
        assert.deepEqual([now.cash_balance, now.buying_power], ['4999.50', '4999.50']);
        await audited(portfolio);
    });

    it('in a portfolio that goes by bars take no extended hours', async () => {
        const reply = await send(await open({ model: 'bar' }),
            { quantity: '1', type: 'limit', limit_price: '94', extended_hours: true });
        assert.deepEqual([reply.status, reply.body.errors?.[0].field], [422, 'extended_hours'], reply.text);
    });

    // Orders of the first day, which the steps below fill.
    const of = {};

    it('in parts leave the rest resting, with the rest of its hold', async () => {
        of.parts = await open({ participation_percent: '10', commission_per_order: '1', commission_bps: '10' });
        const order = await place(of.parts, { quantity: '60', type: 'limit', limit_price: '101', time_in_force: 'gtc' });
        of.order = order.id;
        assert.deepEqual([order.status, order.filled_quantity, order.average_fill_price, order.filled_at],
            ['partially_filled', '25', '100.00', undefined]);
        // 60 at 101, 1 and 0.1 % of it are held; 25 at 100 and 3.5 of that have been paid.
        const now = await money(of.parts);
        assert.deepEqual([now.cash_balance, now.buying_power], ['7496.50', '3932.94']);
        const { orders } = await platform.expect(200, 'GET', `/api/v1/portfolios/${of.parts}/orders`, { token: ada.token });
        assert.deepEqual(orders.map(one => one.id), [order.id]);
        await audited(of.parts);
    });

    it('in parts can be canceled and replaced', async () => {
        const portfolio = await open({ participation_percent: '10' });
        const first = await place(portfolio, { quantity: '60', type: 'limit', limit_price: '100', time_in_force: 'gtc' });
        const path = `/api/v1/orders/${first.id}`;
        const small = await platform.request('PATCH', path, { token: ada.token, body: { quantity: '25' } });
        assert.deepEqual([small.status, small.body.errors[0].field], [422, 'quantity'], small.text);
        const poor = await platform.request('PATCH', path, { token: ada.token, body: { limit_price: '1000' } });
        assert.deepEqual([poor.status, poor.body.reason], [403, 'INSUFFICIENT_FUNDS'], poor.text);
        assert.equal((await look(first.id)).status, 'partially_filled');
        const second = await platform.expect(200, 'PATCH', path, { token: ada.token, body: { quantity: '40', limit_price: '90' } });
        assert.deepEqual([second.status, second.quantity, second.filled_quantity], ['new', '15', '0']);
        const old = await look(first.id);
        assert.deepEqual([old.status, old.filled_quantity, old.replaced_by], ['replaced', '25', second.id]);
        assert.equal((await money(portfolio)).buying_power, '6150.00'); // 25 at 100, and 15 at 90 held
        const third = await place(portfolio, { ticker: 'RIPE', quantity: '30', type: 'limit', limit_price: '100', time_in_force: 'gtc' });
        assert.equal(third.status, 'partially_filled');
        await platform.expect(204, 'DELETE', `/api/v1/orders/${third.id}`, { token: ada.token });
        const canceled = await look(third.id);
        assert.deepEqual([canceled.status, canceled.filled_quantity], ['canceled', '25']);
        await until('its rest to be given back', async () => (await money(portfolio)).buying_power === '3650.00');
        const all = await platform.expect(200, 'DELETE', `/api/v1/portfolios/${portfolio}/orders`, { token: ada.token });
        assert.equal(all.canceled, 1);
        await until('the rest', async () => (await money(portfolio)).buying_power === '5000.00');
        await audited(portfolio);
    });

    it('of a sale that costs more than it brings cost what it brings', async () => {
        const portfolio = await open();
        await place(portfolio, { quantity: '2' });
        assert.equal((await change(portfolio, { commission_per_order: '500' })).status, 200);
        const sold = await place(portfolio, { side: 'sell', quantity: '2' });
        assert.deepEqual([sold.status, sold.commission], ['filled', '200.00']);
        assert.equal((await money(portfolio)).cash_balance, '9800.00');
        assert.deepEqual(await platform.query(`SELECT amount::numeric(20,2) FROM audit.balances
            WHERE portfolio_id = '${portfolio}' AND account = 'fees'`), [['200.00']]);
        await audited(portfolio);
    });

    it('of bars wait for the next one', async () => {
        of.bars = await open();
        await place(of.bars, { quantity: '20' });
        assert.equal((await change(of.bars, { model: 'bar' })).status, 200);
        const sell = body => place(of.bars, { side: 'sell', quantity: '5', time_in_force: 'gtc', ...body });
        of.stop = (await sell({ type: 'stop', stop_price: '75' })).id;
        of.target = (await sell({ type: 'limit', limit_price: '115' })).id;
        of.gap = (await sell({ type: 'stop', stop_price: '94' })).id;
        of.day = (await place(of.bars, { side: 'sell', quantity: '5', type: 'limit', limit_price: '93' })).id;
        for (const id of [of.stop, of.target, of.gap, of.day])
            assert.equal((await look(id)).status, 'new');
        // An order of the day is one of the bar that can fill it first.
        assert.equal((await look(of.day)).expires_at, '2014-06-03T20:00:00Z');
        of.none = (await place(await open({ model: 'bar' }), { quantity: '1', type: 'limit', limit_price: '80', time_in_force: 'ioc' })).id;
        of.few = (await place(await open({ model: 'bar', participation_percent: '1' }), { quantity: '25', time_in_force: 'gtc' })).id;
    });

    it('go on when trading is killed between two parts', async () => {
        await platform.kill('trading');
        await platform.step('2014-06-02T15:00:00Z', admin);
        await until('the next part', async () => (await look(of.order)).filled_quantity === '50');
        await platform.kill('trading');
        await platform.step('2014-06-03T13:30:00Z', admin);
        const order = await ended(of.order);
        // At 14:00 the price was beyond the limit; 250 were traded then, which are not for the order.
        assert.deepEqual([order.status, order.filled_quantity, order.average_fill_price, order.commission],
            ['filled', '60', '96.25', '6.775']);
        assert.deepEqual(await parts(of.order), [
            ['25', '100.00', '3.50', '2014-06-02T14:00:00Z', 'quote'],
            ['25', '95.00', '2.375', '2014-06-02T15:00:00Z', 'quote'],
            ['10', '90.00', '0.90', '2014-06-03T13:30:00Z', 'quote']]);
        await until('what was held to be given back', async () => {
            const now = await money(of.parts);
            return now.buying_power === now.cash_balance && now.cash_balance === '4218.225';
        });
        const page = await platform.expect(200, 'GET', `/api/v1/orders/${of.order}/fills?limit=2`, { token: ada.token });
        assert.equal(page.fills.length, 2);
        const rest = await platform.expect(200, 'GET',
            `/api/v1/orders/${of.order}/fills?limit=2&page_token=${page.next_page_token}`, { token: ada.token });
        assert.deepEqual(rest.fills.map(one => [one.quantity, one.quote_at]), [['10', '2014-06-03T13:30:00Z']]);
        assert.equal(rest.next_page_token, undefined);
        assert.deepEqual(await platform.query(`SELECT commission::numeric(20,3), model FROM audit.fills
            WHERE order_id = '${of.order}' ORDER BY filled_at`), [['3.500', 'quote'], ['2.375', 'quote'], ['0.900', 'quote']]);
        await audited(of.parts);
    });

    it('of bars are those of the open, of stop and limit, and of a share of the bar\'s volume', async () => {
        assert.deepEqual(await parts((await ended(of.gap)).id), [['5', '90.00', '0.00', '2014-06-03T13:30:00Z', 'bar']]);
        assert.equal((await ended(of.none)).reason, 'NOT_FILLED_AT_ONCE');
        await platform.step('2014-06-03T21:00:00Z', admin);
        assert.equal((await ended(of.day)).status, 'expired');
        await until('a part', async () => (await look(of.few)).status === 'partially_filled');
        assert.deepEqual(await parts(of.few), [['10', '90.00', '0.00', '2014-06-03T19:59:00Z', 'bar']]);
        // A bar is seen whole after a death in the middle of it.
        await platform.step('2014-06-04T16:00:00Z', admin);
        await platform.kill('trading');
        await platform.step('2014-06-04T21:00:00Z', admin);
        assert.deepEqual(await parts((await ended(of.stop)).id), [['5', '75.00', '0.00', '2014-06-04T19:59:00Z', 'bar']]);
        assert.deepEqual(await parts((await ended(of.target)).id), [['5', '115.00', '0.00', '2014-06-04T19:59:00Z', 'bar']]);
        assert.deepEqual((await parts((await ended(of.few)).id)).slice(1), [['15', '100.00', '0.00', '2014-06-04T19:59:00Z', 'bar']]);
        await audited(of.bars);
    });

    it('of an order that expires stay, and the rest is given back', async () => {
        await platform.step('2014-06-05T13:30:00Z', admin);
        const portfolio = await open({ participation_percent: '1' });
        const order = await place(portfolio, { quantity: '5', type: 'limit', limit_price: '90' });
        assert.deepEqual([order.status, order.filled_quantity], ['partially_filled', '1']);
        await platform.step('2014-06-05T21:00:00Z', admin);
        const last = await ended(order.id);
        assert.deepEqual([last.status, last.filled_quantity], ['expired', '4']);
        await until('the rest', async () => {
            const now = await money(portfolio);
            return now.buying_power === now.cash_balance && now.cash_balance === '9648.00'; // 88, 87, 89 and 88
        });
        await audited(portfolio);
    });

    it('leave nothing held but by what rests', async () => {
        await until('no holds', async () => (await platform.query(`SELECT h.order_id FROM audit.holds h
            JOIN audit.orders o ON o.id = h.order_id WHERE o.status NOT IN ('new', 'partially_filled')`)).length === 0);
    });
});

describe('a quote that is known before those on their way', () => {
    let platform;

    after(() => platform?.stop());

    // What a process reads prices from is ahead of what its matcher has been told: by 400 ms for each quote here.
    it('fills nothing before its turn, and what was traded is shared out once', async () => {
        platform = await Platform.start({ env: { BOURSE_FAULT: 'quotes.before_delivery=delay%100' } });
        const admin = await platform.administrator();
        await platform.import('WAVE', PRICES, admin);
        const { token, portfolio } = await platform.trader('ada');
        await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`,
            { token, body: { fill_settings: { participation_percent: '1' } } });
        await platform.step('2014-06-05T13:30:00Z', admin);
        const order = await until('an order at the open', async () => {
            const reply = await platform.request('POST', `/api/v1/portfolios/${portfolio}/orders`, { token,
                body: { ticker: 'WAVE', side: 'buy', quantity: '5', type: 'limit', limit_price: '90' } });
            assert.equal(reply.status, 201, reply.text);
            return reply.body;
        });
        await platform.step('2014-06-05T21:00:00Z', admin);
        const last = await until('the order to end', async () => {
            const now = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}`, { token });
            return FINAL.has(now.status) && now;
        }, 30);
        const { fills } = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}/fills`, { token });
        assert.deepEqual(fills.map(one => [one.quantity, one.price, one.filled_at]), [['1', '88.00', '2014-06-05T13:30:00Z'],
            ['1', '87.00', '2014-06-05T15:00:00Z'], ['1', '89.00', '2014-06-05T18:00:00Z'], ['1', '88.00', '2014-06-05T19:59:00Z']]);
        assert.equal(last.status, 'expired');
    });
});

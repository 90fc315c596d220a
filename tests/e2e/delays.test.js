// SPDX-License-Identifier: MIT
// Peers that answer late: what is decided meanwhile must not be decided on what was true before.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, toCsv, until } from '../support/platform.mjs';

const bar = (date, open, high, low, close) => ({ date, open, high, low, close, volume: '1000000' });

describe('an order whose peers answer late', () => {
    let platform, admin, ada;

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
        await platform.import('RISE', toCsv([bar('2014-02-04', '100', '150', '99', '140')]), admin);
        await platform.import('LATE', toCsv([bar('2014-02-04', '19', '19', '19', '19'),
            bar('2014-02-05', '20', '20', '20', '20')]), admin);
        ada = await platform.trader('ada');
    });
    after(() => platform?.stop());

    function place(ticker, key, quantity = '10', more = {}) {
        return platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`, {
            token: ada.token, headers: { 'idempotency-key': key }, body: { ticker, side: 'buy', quantity, ...more } });
    }

    const look = id => platform.expect(200, 'GET', `/api/v1/orders/${id}`, { token: ada.token });

    function final(id) {
        return until('a final state', async () => {
            const order = await look(id);
            return ['pending_new', 'new'].includes(order.status) ? null : order;
        });
    }

    it('is filled as was decided when it was taken, though portfolio was frozen and it costs more since', async () => {
        await platform.step('2014-02-04T16:30:00Z', admin);
        assert.equal((await place('RISE', 'warm', '1')).body.average_fill_price, '99.00');
        const reply = await platform.frozen('portfolio', async () => {
            const late = await place('RISE', 'late');
            await platform.step('2014-02-04T19:30:00Z', admin);
            // The fill may be on its way, so it is too late to cancel.
            const cancel = await platform.request('DELETE', `/api/v1/orders/${late.body.id}`, { token: ada.token });
            assert.equal(cancel.body.reason, 'ORDER_NOT_READY', cancel.text);
            // Row: cannot replace order in pending_new status.
            const change = await platform.request('PATCH', `/api/v1/orders/${late.body.id}`, { token: ada.token, body: { quantity: '11' } });
            assert.deepEqual([change.status, change.body.reason], [422, 'ORDER_NOT_READY'], change.text);
            assert.equal(change.body.order_status, 'pending_new', change.text);
            return late;
        });
        assert.equal(reply.status, 201, reply.text);
        assert.equal(reply.body.status, 'pending_new');
        const order = await final(reply.body.id);
        assert.equal(order.status, 'filled');
        assert.equal(order.average_fill_price, '99.00');
        assert.equal(order.filled_at, '2014-02-04T16:30:00Z');
        await until('the booking', async () => (await platform.query(
            `SELECT 1 FROM audit.entries WHERE account = 'cash' AND amount = -990`)).length === 1);
        assert.deepEqual(await platform.query('SELECT * FROM audit.holds'), []);
        const cancel = await platform.request('DELETE', `/api/v1/orders/${order.id}`, { token: ada.token });
        assert.equal(cancel.body.reason, 'ORDER_NOT_OPEN', cancel.text);
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.deepEqual(audit, { consistent: true, differences: [] });
    });

    it('is neither replaced nor canceled while it is being replaced, and nor is the one that takes its place', async () => {
        const { body: old } = await place('RISE', 'low', '1', { type: 'limit', limit_price: '50' });
        const change = (id, price) => platform.request('PATCH', `/api/v1/orders/${id}`, { token: ada.token, body: { limit_price: price } });
        const successor = await platform.frozen('portfolio', async () => {
            const { status, body } = await change(old.id, '51');
            assert.deepEqual([status, body.status, body.replaces], [200, 'pending_new', old.id]);
            // Row: order chain not fully replaced.
            for (const [id, state] of [[old.id, 'pending_replace'], [body.id, 'pending_new']])
                for (const refused of [await change(id, '52'),
                    await platform.request('DELETE', `/api/v1/orders/${id}`, { token: ada.token })])
                    assert.deepEqual([refused.status, refused.body.reason, refused.body.order_status],
                        [422, 'ORDER_NOT_READY', state], refused.text);
            return body;
        });
        await until('the replacement', async () => (await look(successor.id)).status === 'new');
        assert.deepEqual([(await look(old.id)).status, (await look(old.id)).replaced_by], ['replaced', successor.id]);
        const { status, body: last } = await change(successor.id, '52');
        assert.deepEqual([status, last.status, last.replaces], [200, 'new', successor.id]);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${last.id}`, { token: ada.token });
        await until('the cash', async () => (await platform.query('SELECT * FROM audit.holds')).length === 0);
    });

    it('does not expire on a clock that ran ahead of a frozen market', async () => {
        await platform.step('2014-02-05T05:30:00Z', admin);
        const reply = await place('LATE', 'night');
        assert.equal(reply.body.status, 'new', reply.text);
        await platform.expect(200, 'PUT', '/api/v1/clock', { token: admin, body: { mode: 'replay', speed: '20000' } });
        // Long enough for trading's copy of the clock to run past the close.
        await platform.frozen('market', () => new Promise(next => setTimeout(next, 2800)));
        const order = await final(reply.body.id);
        assert.equal(order.status, 'filled');
        assert.equal(order.filled_at, '2014-02-05T14:30:00Z');
        await platform.step('2014-03-05T05:30:00Z', admin);
    });

    it('is answered to a repeat when its portfolio has been closed since', async () => {
        const first = await platform.request('POST', '/api/v1/portfolios', {
            token: ada.token, body: { name: 'short-lived' } });
        const orders = `/api/v1/portfolios/${first.body.id}/orders`;
        const request = { token: ada.token, headers: { 'idempotency-key': 'once' },
            body: { ticker: 'LATE', side: 'buy', quantity: '1' } };
        const placed = await platform.expect(201, 'POST', orders, request);
        await platform.expect(204, 'DELETE', `/api/v1/portfolios/${first.body.id}?force=true`, { token: ada.token });
        await platform.kill('trading'); // which forgets what it knew of the portfolio
        const repeat = await until('trading', async () => {
            const reply = await platform.request('POST', orders, request);
            return reply.status === 503 || reply.status === 504 ? null : reply;
        });
        assert.equal(repeat.status, 201, repeat.text);
        assert.equal(repeat.body.id, placed.id);
        const other = await platform.request('POST', orders, { ...request, headers: { 'idempotency-key': 'twice' } });
        assert.equal(other.body.reason, 'PORTFOLIO_CLOSED');
    });
});

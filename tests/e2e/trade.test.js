// SPDX-License-Identifier: MIT
// A trade as a user makes it, from registration to the ledger.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';

describe('a trade', () => {
    let platform, admin, ada;
    const acme = madeUpBars(7);
    const beta = madeUpBars(11);
    const bar = date => acme.find(one => one.date === date);

    before(async () => {
        platform = await Platform.start();
        admin = await platform.administrator();
    });
    after(() => platform?.stop());

    const place = (body, options = {}) => platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
        { token: ada.token, body, ...options });

    it('imports daily prices, line by line, and reports what it leaves out', async () => {
        const csv = toCsv(acme) + '2014-05-01,null,null,null,null,null,null\n2014-05-02,1,2,3,1,1,5\n';
        const reply = await platform.import('ACME', csv, admin);
        assert.equal(reply.imported, acme.length);
        assert.equal(reply.updated, 0);
        assert.deepEqual(reply.rejected.map(one => one.line), [acme.length + 2, acme.length + 3]);
        assert.match(reply.rejected[0].reason, /null/);
        const again = await platform.import('ACME', toCsv(acme), admin);
        assert.deepEqual([again.imported, again.updated], [0, acme.length]);
        await platform.import('BETA', toCsv(beta), admin);
    });

    it('lets somebody register and log in, and gives them a portfolio with cash', async () => {
        ada = await platform.trader('ada');
        const me = await platform.expect(200, 'GET', '/api/v1/users/me', { token: ada.token });
        assert.equal(me.username, 'ada');
        assert.equal(me.balance, '100000.00');
        assert.equal(me.password, undefined);
    });

    it('refuses an order before there is a price', async () => {
        const reply = await place({ ticker: 'ACME', side: 'buy', quantity: '10' });
        assert.equal(reply.status, 422);
        assert.equal(reply.body.reason, 'NO_PRICE');
    });

    it('quotes a replayed bar as open, extremes and close at their times', async () => {
        const day = bar('2014-02-03'); // New York is 5 hours behind UTC in winter
        const nearHigh = Number(day.high) - Number(day.open) < Number(day.open) - Number(day.low);
        const first = nearHigh ? day.high : day.low;
        const second = nearHigh ? day.low : day.high;
        for (const [time, price] of [['14:30:00', day.open], ['15:59:59', day.open], ['16:00:00', first],
            ['19:00:00', second], ['20:59:00', day.close]]) {
            await platform.step(`2014-02-03T${time}Z`, admin);
            const quote = await platform.expect(200, 'GET', '/api/v1/quotes/acme');
            assert.deepEqual([Number(quote.price), quote.ticker, quote.stale], [Number(price), 'ACME', false], time);
        }
    });

    it('refuses to step the clock back', async () => {
        const reply = await platform.request('PUT', '/api/v1/clock',
            { token: admin, body: { mode: 'step', at: '2014-02-03T15:00:00Z' } });
        assert.equal(reply.status, 422);
        assert.equal(reply.body.reason, 'CLOCK_CANNOT_GO_BACK');
    });

    it('fills a market order at the price of that moment, to the last digit', async () => {
        await platform.step('2014-02-04T15:00:00Z', admin);
        const price = bar('2014-02-04').open;
        const reply = await place({ ticker: 'acme', side: 'buy', quantity: '10', client_order_id: 'first' });
        assert.equal(reply.status, 201, reply.text);
        const order = reply.body;
        assert.equal(order.status, 'filled');
        assert.equal(Number(order.average_fill_price), Number(price));
        assert.equal(order.filled_quantity, '10');
        const fills = await platform.expect(200, 'GET', `/api/v1/orders/${order.id}/fills`, { token: ada.token });
        assert.equal(fills.fills.length, 1);
        assert.equal(Number(fills.fills[0].price), Number(price));
        const micros = BigInt(price.replace('.', '')) * 10n;
        const cash = 100000000000n - micros;
        const portfolio = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}`, { token: ada.token });
        assert.equal(BigInt(Math.round(Number(portfolio.cash_balance) * 1e6)), cash);
        const position = await platform.expect(200, 'GET',
            `/api/v1/portfolios/${ada.portfolio}/positions/ACME`, { token: ada.token });
        assert.equal(position.quantity, '10');
        assert.equal(position.available, '10');
        assert.equal(Number(position.average_price), Number(price));
    });

    it('refuses to sell more than is held, with the numbers', async () => {
        const reply = await place({ ticker: 'ACME', side: 'sell', quantity: '11' });
        assert.equal(reply.status, 403);
        assert.equal(reply.body.reason, 'INSUFFICIENT_SHARES');
        assert.match(reply.text, /11/);
        assert.equal(reply.body.available, '10');
    });

    it('refuses to buy for more than the cash, with the numbers', async () => {
        const reply = await place({ ticker: 'ACME', side: 'buy', quantity: '1000000' });
        assert.equal(reply.status, 403);
        assert.equal(reply.body.reason, 'INSUFFICIENT_FUNDS');
        assert.ok(reply.body.required && reply.body.available, reply.text);
    });

    it('keeps an order placed while the market is closed until the next open', async () => {
        await platform.step('2014-02-05T01:00:00Z', admin);
        assert.equal((await platform.expect(200, 'GET', '/api/v1/clock')).is_open, false);
        const reply = await place({ ticker: 'BETA', side: 'buy', quantity: '3' },
            { headers: { 'idempotency-key': 'overnight' } });
        assert.equal(reply.status, 201, reply.text);
        assert.equal(reply.body.status, 'new');
        await platform.step('2014-02-05T17:00:00Z', admin);
        const filled = await until('the fill at the open', async () => {
            const order = await platform.expect(200, 'GET', `/api/v1/orders/${reply.body.id}`, { token: ada.token });
            return order.status === 'filled' ? order : null;
        });
        const open = beta.find(one => one.date === '2014-02-05').open;
        assert.equal(Number(filled.average_fill_price), Number(open));
    });

    it('sells what is held and shows every movement', async () => {
        const reply = await place({ ticker: 'ACME', side: 'sell', quantity: '10' });
        assert.equal(reply.status, 201, reply.text);
        assert.equal(reply.body.status, 'filled');
        const list = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/transactions`,
            { token: ada.token });
        assert.deepEqual(list.transactions.map(one => one.type), ['sell', 'buy', 'buy', 'deposit']);
        const gone = await platform.request('GET', `/api/v1/portfolios/${ada.portfolio}/positions/ACME`,
            { token: ada.token });
        assert.equal(gone.status, 404);
    });

    it('does the same request once, and answers it the same again', async () => {
        const headers = { 'idempotency-key': 'twice' };
        const body = { ticker: 'BETA', side: 'buy', quantity: '1' };
        const first = await place(body, { headers });
        const second = await place(body, { headers });
        assert.equal(first.status, 201, first.text);
        assert.equal(second.status, 201, second.text);
        assert.equal(second.body.id, first.body.id);
        assert.equal(second.headers.get('idempotent-replayed'), 'true');
        const other = await place({ ...body, quantity: '2' }, { headers });
        assert.equal(other.status, 422);
        assert.equal(other.body.reason, 'IDEMPOTENCY_KEY_REUSED');
        const taken = await place({ ...body, client_order_id: 'first' });
        assert.equal(taken.status, 409);
        assert.equal(taken.body.reason, 'CLIENT_ORDER_ID_TAKEN');
    });

    it('shows nobody what belongs to somebody else', async () => {
        const eve = await platform.trader('eve');
        const paths = ['', '/positions', '/transactions', '/audit', '/orders'];
        for (const path of paths) {
            const reply = await platform.request('GET', `/api/v1/portfolios/${ada.portfolio}${path}`, { token: eve.token });
            if (path === '/orders')
                assert.ok(reply.status === 404 || reply.body.orders.length === 0, reply.text);
            else
                assert.equal(reply.status, 404, `${path}: ${reply.text}`);
        }
        const order = await platform.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
            { token: eve.token, body: { ticker: 'ACME', side: 'buy', quantity: '1' } });
        assert.equal(order.status, 404);
        const nobody = await platform.request('GET', `/api/v1/portfolios/${ada.portfolio}`);
        assert.equal(nobody.status, 401);
    });

    it('agrees with the ledger, entry by entry', async () => {
        const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token });
        assert.deepEqual(audit, { consistent: true, differences: [] });
        const unbalanced = await platform.query(`SELECT journal_id, asset FROM audit.entries
            GROUP BY journal_id, asset HAVING sum(amount) <> 0`);
        assert.deepEqual(unbalanced, []);
        const gaps = await platform.query(`SELECT portfolio_id, account, asset FROM audit.entries
            GROUP BY 1, 2, 3 HAVING max(seq) <> count(*) OR min(seq) <> 1`);
        assert.deepEqual(gaps, []);
        const negative = await platform.query(`SELECT * FROM audit.balances
            WHERE account IN ('cash', 'shares') AND amount < 0`);
        assert.deepEqual(negative, []);
        const wrong = await platform.query(`SELECT e.portfolio_id FROM (SELECT portfolio_id, account, asset,
            sum(amount) AS amount FROM audit.entries GROUP BY 1, 2, 3) e
            LEFT JOIN audit.balances b USING (portfolio_id, account, asset)
            WHERE b.amount IS DISTINCT FROM e.amount`);
        assert.deepEqual(wrong, []);
        const doubled = await platform.query('SELECT order_id FROM audit.fills GROUP BY 1 HAVING count(*) > 1');
        assert.deepEqual(doubled, []);
        const holds = await platform.query('SELECT * FROM audit.holds WHERE amount <> 0');
        assert.deepEqual(holds, []);
    });

    it('may not change or delete what is in the ledger, even as the service itself', async () => {
        for (const sql of ['UPDATE portfolio.entries SET amount = 0', 'DELETE FROM portfolio.journals'])
            await assert.rejects(platform.query(`SET ROLE bourse_portfolio; ${sql}`), /permission denied/);
    });

    it('refuses both tokens everywhere within a second of a logout', async () => {
        const reply = await platform.expect(200, 'POST', '/api/v1/auth/login',
            { body: { username: 'ada', password: ada.password } });
        const token = reply.access_token;
        await platform.expect(200, 'GET', '/api/v1/orders', { token });
        await platform.expect(204, 'POST', '/api/v1/auth/logout', { token });
        await until('every service to refuse it', async () => {
            const answers = await Promise.all(['/api/v1/users/me', '/api/v1/orders', '/api/v1/portfolios']
                .map(path => platform.request('GET', path, { token })));
            return answers.every(one => one.status === 401);
        }, 1);
        const refresh = await platform.request('POST', '/api/v1/auth/refresh',
            { body: { refresh_token: reply.refresh_token } });
        assert.equal(refresh.status, 401);
    });
});

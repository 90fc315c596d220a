// SPDX-License-Identifier: MIT
// The portfolios' books as users see them: lots by both methods, transactions as a table, beginning anew, and
// beginning as another portfolio stands.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Platform, until } from '../support/platform.mjs';

// One day's price each: 95, 105, 107, 110; and a share of another sort at 50 on all days.
const days = ['2014-02-03', '2014-02-04', '2014-02-05', '2014-02-06'];
const table = prices => 'Date,Open,High,Low,Close,Volume\n' +
    prices.map((price, day) => `${days[day]},${price},${price},${price},${price},1000000\n`).join('');

const maximum = 5;
let platform, admin;

before(async () => {
    platform = await Platform.start({ env: { BOURSE_MAXIMUM_PORTFOLIOS: String(maximum) } });
    admin = await platform.administrator();
    await platform.import('ACME', table(['95', '105', '107', '110']), admin);
    await platform.import('BRK.B', table(['50', '50', '50', '50']), admin);
});
after(() => platform?.stop());

const at = day => platform.step(`${days[day]}T15:00:00Z`, admin);
const get = (user, path, query = '') => platform.expect(200, 'GET', `/api/v1/portfolios/${user.portfolio}${path}${query}`,
    { token: user.token });
async function order(user, side, quantity, ticker = 'ACME') {
    const reply = await platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}/orders`,
        { token: user.token, body: { ticker, side, quantity } });
    assert.equal(reply.status, 'filled', JSON.stringify(reply));
    await until('the booking', async () => (await get(user, '/transactions', '?limit=5')).transactions
        .some(one => one.order_id === reply.id));
    return reply;
}
const sound = async user => assert.deepEqual(await get(user, '/audit'), { consistent: true, differences: [] });
const brief = lot => [lot.ticker, lot.state, lot.quantity, lot.cost_basis, lot.realized_pl ?? lot.unrealized_pl];

describe('lots', () => {
    let ada;

    before(async () => {
        ada = await platform.trader('ada');
        for (const [day, side, quantity] of [[0, 'buy', '100'], [1, 'buy', '200'], [2, 'buy', '100'], [3, 'sell', '150']]) {
            await at(day);
            await order(ada, side, quantity);
        }
        await order(ada, 'buy', '2', 'BRK.B');
    });

    it('are sold the oldest first, and each has its cost and its profit', async () => {
        const { lots, method, realized_pl } = await get(ada, '/lots');
        assert.deepEqual(lots.map(brief), [
            ['ACME', 'open', '150', '15750.00', '750.00'], ['ACME', 'open', '100', '10700.00', '300.00'],
            ['BRK.B', 'open', '2', '100.00', '0.00'],
            ['ACME', 'closed', '100', '9500.00', '1500.00'], ['ACME', 'closed', '50', '5250.00', '250.00']]);
        assert.deepEqual([method, realized_pl], ['fifo', '1750.00']);
        const { transactions } = await get(ada, '/transactions');
        const sale = transactions.find(one => one.type === 'sell');
        assert.deepEqual([sale.realized_pl, sale.realized_pl_fifo], ['1050.00', '1750.00']);
        const closed = lots.filter(lot => lot.state === 'closed');
        assert.ok(closed.every(lot => lot.closed_by === sale.id && lot.closed_at === sale.booked_at));
        assert.equal(closed[0].opened_by, transactions.findLast(one => one.type === 'buy').id);
        assert.equal(closed[0].opened_at, '2014-02-03T15:00:00Z');
        await sound(ada);
    });

    it('cost the same by the average, which is what the position says', async () => {
        const { lots, method, realized_pl } = await get(ada, '/lots', '?method=average');
        assert.deepEqual(lots.map(brief), [['ACME', 'open', '250', '25750.00', '1750.00'],
            ['BRK.B', 'open', '2', '100.00', '0.00'], ['ACME', 'closed', '150', '15450.00', '1050.00']]);
        assert.deepEqual([method, realized_pl, lots[0].average_price], ['average', '1050.00', '103.00']);
        const position = await get(ada, '/positions/ACME');
        assert.deepEqual([position.cost_basis, position.average_price], ['25750.00', '103.00']);
        const portfolio = await get(ada, '');
        assert.deepEqual([portfolio.realized_pl, portfolio.realized_pl_fifo], ['1050.00', '1750.00']);
    });

    it('can be had by state, ticker and page', async () => {
        const all = (await get(ada, '/lots')).lots;
        for (const query of ['?state=open', '?state=closed', '?ticker=brk.b', '?ticker=ACME&state=open', '?ticker=NONE']) {
            const wanted = new URLSearchParams(query);
            const { lots } = await get(ada, '/lots', query);
            assert.deepEqual(lots, all.filter(lot => (wanted.get('state') ?? lot.state) === lot.state &&
                (wanted.get('ticker')?.toUpperCase() ?? lot.ticker) === lot.ticker), query);
        }
        const paged = [];
        for (let token = ''; token !== undefined;) {
            const page = await get(ada, '/lots', `?limit=1&page_token=${token}`);
            paged.push(...page.lots);
            token = page.next_page_token;
        }
        assert.deepEqual(paged, all);
        const wrong = await platform.request('GET', `/api/v1/portfolios/${ada.portfolio}/lots?page_token=5`, { token: ada.token });
        assert.deepEqual([wrong.status, wrong.body.reason], [400, 'INVALID_PAGE_TOKEN']);
    });
});

describe('transactions as a table', () => {
    let bob;
    const csv = (query = '', accept = 'text/csv') => platform.request('GET',
        `/api/v1/portfolios/${bob.portfolio}/transactions${query}`, { token: bob.token, headers: { accept } });

    before(async () => {
        bob = await platform.trader('bob');
        await order(bob, 'buy', '1');
        for (const note of ['=1+1', 'plain', '-5', 'a "b", c', '@x'])
            await platform.expect(201, 'POST', `/api/v1/portfolios/${bob.portfolio}/withdrawals`,
                { token: bob.token, body: { amount: '1.50', note } });
    });

    it('have a heading, one row a movement, and numbers that stay numbers', async () => {
        const reply = await csv();
        assert.equal(reply.status, 200, reply.text);
        assert.match(reply.headers.get('content-type'), /^text\/csv/);
        assert.match(reply.headers.get('vary'), /accept/i);
        const lines = reply.text.split('\r\n');
        assert.equal(lines.pop(), '');
        assert.equal(lines[0], 'booked_at,type,ticker,quantity,price,commission,cash_change,cash_after,realized_pl,realized_pl_fifo,note,order_id,id,cost_basis,lots');
        assert.equal(lines.length, 8);
        assert.match(lines[6], /^2014-02-06T15:00:00Z,buy,ACME,1,110\.00,0\.00,-110\.00,99890\.00,,,,[0-9a-f-]{36},[0-9a-f-]{36},,$/);
        assert.match(lines[2], /,withdrawal,,,,,-1\.50,/);
        assert.equal(reply.headers.get('x-next-page-token'), null);
    });

    it('let no note be taken for a formula', async () => {
        const { text } = await csv('?type=withdrawal');
        for (const cell of [",'=1+1,", ',plain,', ",'-5,", ',"a ""b"", c",', ",'@x,"])
            assert.ok(text.includes(cell), cell);
    });

    it('have the same filters as the list, and a page of their own', async () => {
        assert.equal((await csv('?ticker=ACME')).text.trim().split('\r\n').length, 2);
        assert.equal((await csv('?end=2014-02-01T00:00:00Z')).text.trim().split('\r\n').length, 1);
        const page = await csv('?limit=2');
        assert.equal(page.text.trim().split('\r\n').length, 3);
        const rest = await csv(`?page_token=${page.headers.get('x-next-page-token')}`);
        assert.equal(rest.text.trim().split('\r\n').length, 6);
        assert.equal((await csv('?limit=501')).status, 422);
    });

    it('are for who accepts them and not JSON, and who may see the portfolio', async () => {
        for (const accept of ['*/*', 'application/json', 'text/csv;q=0', 'application/json, text/csv'])
            assert.equal((await csv('', accept)).body.transactions.length, 7, accept);
        const eve = await platform.trader('eve');
        const reply = await platform.request('GET', `/api/v1/portfolios/${bob.portfolio}/transactions`,
            { token: eve.token, headers: { accept: 'text/csv' } });
        assert.deepEqual([reply.status, reply.body.reason], [404, 'PORTFOLIO_NOT_FOUND']);
    });

    it('of a long history are read to their end', async () => {
        // As many movements as no single page of the service has.
        await platform.query(`INSERT INTO portfolio.journals (portfolio_id, id, kind, reference, booked_at)
            SELECT '${bob.portfolio}', md5(i::text)::uuid, 'deposit', md5(i::text)::uuid, now() FROM generate_series(1, 1300) i`);
        await platform.query(`INSERT INTO portfolio.entries SELECT '${bob.portfolio}', a.account, 'USD',
            a.seq + i, md5(i::text)::uuid, a.sign, a.amount + a.sign * i FROM generate_series(1, 1300) i,
            (SELECT account, seq, amount, CASE account WHEN 'cash' THEN 1 ELSE -1 END AS sign FROM portfolio.balances
             WHERE portfolio_id = '${bob.portfolio}' AND account IN ('cash', 'external')) a`);
        await platform.query(`UPDATE portfolio.balances SET seq = seq + 1300,
            amount = amount + 1300 * CASE account WHEN 'cash' THEN 1 ELSE -1 END
            WHERE portfolio_id = '${bob.portfolio}' AND account IN ('cash', 'external')`);
        await sound(bob);
        const rows = (await csv()).text.trim().split('\r\n').slice(1);
        assert.equal(rows.length, 1307);
        assert.equal(new Set(rows.map(row => row.slice(-36))).size, 1307);
    });
});

describe('a portfolio that begins anew', () => {
    let carl;
    const reset = (body = {}, options = {}) => platform.request('POST', `/api/v1/portfolios/${carl.portfolio}/reset`,
        { token: carl.token, body, ...options });

    before(async () => {
        carl = await platform.trader('carl');
        await order(carl, 'buy', '10');
        await order(carl, 'buy', '4', 'BRK.B');
        await order(carl, 'sell', '3');
    });

    it('is refused while orders are open, with what they hold', async () => {
        await platform.step('2014-02-06T22:00:00Z', admin);
        const open = await platform.expect(201, 'POST', `/api/v1/portfolios/${carl.portfolio}/orders`,
            { token: carl.token, body: { ticker: 'ACME', side: 'sell', quantity: '1' } });
        assert.equal(open.status, 'new');
        const reply = await reset();
        assert.deepEqual([reply.status, reply.body.reason, reply.body.held_positions, reply.body.held_cash],
            [409, 'PORTFOLIO_HAS_OPEN_ORDERS', '1', '0.00']);
        assert.equal((await get(carl, '/positions')).positions.length, 2);
        await platform.expect(204, 'DELETE', `/api/v1/orders/${open.id}`, { token: carl.token });
        await until('the shares to be given back', async () => (await get(carl, '/positions/ACME')).available === '7');
    });

    it('has the cash it began with and nothing else, once however often it is asked', async () => {
        const key = { 'idempotency-key': 'anew' };
        const reply = await reset({ note: 'second try' }, { headers: key });
        assert.equal(reply.status, 200, reply.text);
        assert.deepEqual([reply.body.cash_balance, reply.body.total_value, reply.body.realized_pl, reply.body.realized_pl_fifo],
            ['100000.00', '100000.00', '0.00', '0.00']);
        assert.equal(reply.body.reset_at, '2014-02-06T22:00:00Z');
        const again = await reset({ note: 'second try' }, { headers: key });
        assert.equal(again.headers.get('idempotent-replayed'), 'true');
        assert.deepEqual(again.body, reply.body);
        assert.deepEqual((await get(carl, '/positions')).positions, []);
        assert.deepEqual((await get(carl, '/lots')).lots, []);
        await sound(carl);
    });

    it('shows what was before to who asks for it, and to the audit', async () => {
        const { transactions } = await get(carl, '/transactions');
        assert.deepEqual(transactions.map(one => [one.type, one.cash_after, one.note]), [['reset', '100000.00', 'second try']]);
        const all = (await get(carl, '/transactions', '?before_reset=true')).transactions;
        assert.deepEqual(all.map(one => one.type), ['reset', 'reset', 'reset', 'sell', 'buy', 'buy', 'deposit']);
        const rows = await platform.query(`SELECT sum(amount) FROM audit.entries WHERE portfolio_id = '${carl.portfolio}' AND account = 'shares' GROUP BY asset`);
        assert.ok(rows.length === 2 && rows.every(([sum]) => Number(sum) === 0));
    });

    it('can begin with other cash, which is then what it begins with', async () => {
        assert.equal((await reset({ amount: '250.50' })).body.cash_balance, '250.50');
        assert.equal((await reset()).body.cash_balance, '250.50');
        const tooMuch = await reset({ amount: '1000000000.01' });
        assert.deepEqual([tooMuch.status, tooMuch.body.errors[0].field], [422, 'amount']);
        await sound(carl);
    });
});

describe('a portfolio that begins as another one stands', () => {
    let dora, copy;
    const clone = (body, options = {}) => platform.request('POST', `/api/v1/portfolios/${dora.portfolio}/clone`,
        { token: dora.token, body, ...options });

    before(async () => {
        dora = await platform.trader('dora');
        await platform.import('ACME', table(['95', '105', '107', '110']) + '2014-02-07,120,120,120,120,1000000\n', admin);
        await platform.import('BRK.B', table(['50', '50', '50', '50']) + '2014-02-07,50,50,50,50,1000000\n', admin);
        await platform.step('2014-02-07T15:00:00Z', admin);
        await order(dora, 'buy', '3');
        await order(dora, 'buy', '5', 'BRK.B');
        await order(dora, 'buy', '2.5');
        await order(dora, 'sell', '1.25');
    });

    it('has the same cash, positions and lots, and its own books', async () => {
        const key = { 'idempotency-key': 'twin' };
        const reply = await clone({ name: 'twin' }, { headers: key });
        assert.equal(reply.status, 201, reply.text);
        assert.deepEqual((await clone({ name: 'twin' }, { headers: key })).body, reply.body);
        copy = { ...dora, portfolio: reply.body.id };
        const portfolio = await get(dora, '');
        for (const field of ['cash_balance', 'market_value', 'total_value', 'unrealized_pl', 'user_id'])
            assert.equal(reply.body[field], portfolio[field], field);
        assert.equal(reply.body.realized_pl, '0.00');
        // But the day: it has not bought anything today.
        const held = async user => (await get(user, '/positions')).positions.map(({ day_change, ...position }) => position);
        assert.deepEqual(await held(copy), await held(dora));
        const strip = ({ lots }) => lots.map(({ opened_by, ...lot }) => lot);
        assert.deepEqual(strip(await get(copy, '/lots', '?state=open')), strip(await get(dora, '/lots', '?state=open')));
        assert.deepEqual((await get(copy, '/transactions')).transactions.map(one => one.type), ['opening', 'opening', 'opening']);
        await sound(copy);
    });

    it('goes its own way from there', async () => {
        await order(copy, 'sell', '4.25');
        await sound(copy);
        assert.equal((await get(dora, '/positions/ACME')).quantity, '4.25');
        const reply = await platform.expect(200, 'POST', `/api/v1/portfolios/${copy.portfolio}/reset`, { token: dora.token, body: {} });
        assert.equal(reply.cash_balance, (await get(dora, '')).cash_balance);
        await sound(copy);
        await sound(dora);
    });

    it('leaves open orders where they are', async () => {
        await platform.step('2014-02-07T22:00:00Z', admin);
        await platform.expect(201, 'POST', `/api/v1/portfolios/${dora.portfolio}/orders`,
            { token: dora.token, body: { ticker: 'BRK.B', side: 'sell', quantity: '5' } });
        assert.equal((await get(dora, '/positions/BRK.B')).available, '0');
        const twin = { ...dora, portfolio: (await clone({})).body.id };
        assert.equal((await get(twin, '')).name, 'copy of My portfolio');
        assert.equal((await get(twin, '/positions/BRK.B')).available, '5');
        await sound(twin);
    });

    it('is refused when it would be one more than a user may have, also when many ask at once', async () => {
        const replies = await Promise.all(Array.from({ length: 6 }, (_, i) => i % 2 === 0 ? clone({}) :
            platform.request('POST', '/api/v1/portfolios', { token: dora.token, body: { name: 'more' } })));
        const refused = replies.filter(reply => reply.status !== 201);
        assert.ok(refused.every(reply => reply.body.reason === 'LIMIT_EXCEEDED' && reply.body.maximum === String(maximum)),
            JSON.stringify(refused.map(reply => reply.body)));
        const { portfolios } = await platform.expect(200, 'GET', '/api/v1/portfolios', { token: dora.token });
        assert.equal(portfolios.length, maximum);
    });

    it('is another user\'s only as an unknown one, and an administrator\'s copy is noted', async () => {
        const eve = await platform.trader('mallory');
        for (const action of ['clone', 'reset']) {
            const reply = await platform.request('POST', `/api/v1/portfolios/${dora.portfolio}/${action}`, { token: eve.token, body: {} });
            assert.deepEqual([reply.status, reply.body.reason], [404, 'PORTFOLIO_NOT_FOUND']);
        }
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys', { token: eve.token,
            body: { name: 'one', scope: 'trade', portfolio_id: eve.portfolio } });
        const alone = await platform.request('POST', `/api/v1/portfolios/${eve.portfolio}/clone`, { body: {},
            headers: { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret } });
        assert.deepEqual([alone.status, alone.body.reason], [403, 'INSUFFICIENT_SCOPE']);
        const made = await platform.expect(201, 'POST', `/api/v1/portfolios/${eve.portfolio}/clone`, { token: admin, body: {} });
        const { portfolios } = await platform.expect(200, 'GET', '/api/v1/portfolios', { token: eve.token });
        assert.ok(portfolios.some(one => one.id === made.id));
        await until('the event in the audit log', async () => (await platform.expect(200, 'GET', '/api/v1/audit-log?limit=100', { token: admin }))
            .events.some(event => event.action === 'portfolio.clone' && event.subject === eve.portfolio));
    });
});

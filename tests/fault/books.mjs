// SPDX-License-Identifier: MIT
// books: what must be true of orders, fills and ledgers once everything has come to rest, whatever happened before.
import assert from 'node:assert/strict';
import { until } from '../support/platform.mjs';
import { FINAL } from './user.mjs';

const SETTLE_SECONDS = 90; // a task's lease is 15 s, and what waits for portfolio is tried every second

const cents = text => Math.round(Number(text) * 100);
const none = async (platform, what, sql) => assert.deepEqual(await platform.query(sql), [], what);

// Waits until no work is left but that of orders that rest, and until all that could be filled has been.
export async function settled(platform) {
    await until('every task to be done or to rest', async () => {
        const [[left]] = await platform.query(`SELECT count(*) FROM trading.tasks t JOIN trading.orders o USING (id, portfolio_id)
            WHERE t.state <> 'completed' AND NOT (t.state = 'pending' AND t.run_at = 'infinity' AND o.status = 'new')`);
        return left === '0';
    }, SETTLE_SECONDS).catch(async error => {
        const rows = await platform.query(`SELECT t.id, t.state, t.run_at - now(), t.attempts, o.status, t.error
            FROM trading.tasks t JOIN trading.orders o USING (id, portfolio_id)
            WHERE t.state <> 'completed' AND NOT (t.state = 'pending' AND t.run_at = 'infinity' AND o.status = 'new') LIMIT 10`);
        throw new Error(`${error.message}; ${JSON.stringify(rows)}`);
    });
    await until('no order to rest that has been reached', async () => (await reached(platform)).length === 0, 30)
        .catch(async error => {
            throw new Error(`${error.message}; ${JSON.stringify(await reached(platform))}`);
        });
}

// Orders that rest although the present price fills them, or although their time is over: somebody has forgotten them.
async function reached(platform) {
    const { now } = await platform.expect(200, 'GET', '/api/v1/clock');
    const rows = await platform.query(`SELECT id, ticker, side, limit_price, stop_price IS NULL OR triggered_at IS NOT NULL, expires_at < '${now}'::timestamptz - interval '30 seconds'
        FROM trading.orders WHERE status = 'new'`);
    const quotes = new Map();
    for (const ticker of new Set(rows.map(row => row[1])))
        quotes.set(ticker, await platform.expect(200, 'GET', `/api/v1/quotes/${ticker}`));
    return rows.filter(([, ticker, side, limit, isLimit, isOver]) => {
        const { bid, ask } = quotes.get(ticker);
        if (isOver === 't')
            return true;
        if (isLimit !== 't')
            return false;
        return limit === '' || (side === 'buy' ? cents(ask) <= cents(limit) : cents(bid) >= cents(limit));
    });
}

// Every ledger, by SQL: what is booked is what was filled, and nothing came out of nothing.
export async function ledgersAgree(platform) {
    await none(platform, 'an order was filled twice', 'SELECT order_id FROM audit.fills GROUP BY 1 HAVING count(*) > 1');
    await none(platform, 'a fill is not booked', `SELECT f.id FROM audit.fills f WHERE NOT EXISTS
        (SELECT 1 FROM audit.entries e WHERE e.portfolio_id = f.portfolio_id AND e.journal_id = f.id)`);
    await none(platform, 'a journal has no fill', `SELECT DISTINCT e.journal_id FROM audit.entries e WHERE e.kind IN ('buy', 'sell')
        AND NOT EXISTS (SELECT 1 FROM audit.fills f WHERE f.portfolio_id = e.portfolio_id AND f.id = e.journal_id)`);
    await none(platform, 'a fill is booked with other shares', `SELECT f.id FROM audit.fills f JOIN audit.entries e
        ON e.portfolio_id = f.portfolio_id AND e.journal_id = f.id AND e.account = 'shares'
        WHERE e.asset <> f.ticker OR e.amount <> CASE f.side WHEN 'buy' THEN f.quantity ELSE -f.quantity END`);
    await none(platform, 'a fill is booked with other cash', `SELECT f.id FROM audit.fills f JOIN audit.entries e
        ON e.portfolio_id = f.portfolio_id AND e.journal_id = f.id AND e.account = 'cash'
        WHERE abs(abs(e.amount) - f.quantity * f.price) > 0.000001`);
    await none(platform, 'something does not sum to zero', 'SELECT asset, sum(amount) FROM audit.entries GROUP BY 1 HAVING sum(amount) <> 0');
    await none(platform, 'a journal does not sum to zero', `SELECT portfolio_id, journal_id, asset FROM audit.entries
        GROUP BY 1, 2, 3 HAVING sum(amount) <> 0`);
    await none(platform, 'cash or shares are below zero', "SELECT * FROM audit.balances WHERE account IN ('cash', 'shares') AND amount < 0");
    await none(platform, 'entries are not numbered without a gap', `SELECT portfolio_id, account, asset FROM audit.entries
        GROUP BY 1, 2, 3 HAVING max(seq) <> count(*) OR min(seq) <> 1`);
    await none(platform, 'a filled order has no fill', `SELECT o.id FROM trading.orders o WHERE (o.status = 'filled') <> EXISTS
        (SELECT 1 FROM audit.fills f WHERE f.order_id = o.id)`);
}

// What is held is held for the orders that rest, for each of them and for no other.
export async function holdsAgree(platform) {
    await none(platform, 'an order that ended holds something', `SELECT h.order_id, o.status FROM audit.holds h
        LEFT JOIN trading.orders o ON o.id = h.order_id WHERE h.amount <> 0 AND o.status IS DISTINCT FROM 'new'`);
    await none(platform, 'an order rests without its hold', `SELECT o.id, o.side, o.ticker FROM trading.orders o WHERE o.status = 'new'
        AND NOT EXISTS (SELECT 1 FROM audit.holds h WHERE h.order_id = o.id AND h.portfolio_id = o.portfolio_id AND h.amount > 0)`);
    await none(platform, 'an order that rests has no place among those', `SELECT o.id FROM trading.orders o WHERE (o.status = 'new') <>
        EXISTS (SELECT 1 FROM trading.resting_orders r WHERE r.order_id = o.id AND r.portfolio_id = o.portfolio_id)`);
}

// What a user was told is what there is.
export async function userAgrees(platform, user) {
    const id = user.trader.portfolio;
    const rows = new Map((await platform.query(`SELECT o.client_order_id, o.id, o.status, o.average_fill_price, o.filled_quantity,
        coalesce(o.replaced_by::text, '') FROM trading.orders o WHERE o.portfolio_id = '${id}'`)).map(row => [row[0], row]));
    const byId = new Map([...rows.values()].map(row => [row[1], row]));
    for (const [key, entry] of user.orders) {
        const row = rows.get(key);
        if (entry.id !== undefined)
            assert.equal(row?.[1], entry.id, `${key} was acknowledged as ${entry.id}`);
        if (entry.refusal !== undefined && row !== undefined)
            assert.equal(row[2], 'rejected', `${key} was refused with ${entry.refusal}`);
    }
    for (const [key] of rows)
        assert.ok(user.orders.has(key), `nobody has placed ${key}`);
    for (const [orderId, order] of user.told) {
        const [, , status, price, quantity] = byId.get(orderId);
        if (FINAL.has(order.status))
            assert.equal(status, order.status, `${orderId} was told to be ${order.status}`);
        if (order.status === 'filled')
            assert.deepEqual([Number(price), Number(quantity)], [Number(order.average_fill_price), Number(order.filled_quantity)]);
    }
    for (const orderId of user.canceled)
        assert.equal(byId.get(orderId)[2], 'canceled', `${orderId} was canceled`);
    for (const [orderId, by] of user.replaced) {
        // It was acknowledged while the hold was still to be moved, and was refused then.
        if (byId.get(by)[2] === 'rejected') {
            assert.notEqual(byId.get(orderId)[2], 'replaced', `${orderId} was to be replaced by ${by}`);
            continue;
        }
        assert.equal(byId.get(orderId)[2], 'replaced', `${orderId} was replaced by ${by}`);
        assert.equal(byId.get(orderId)[5], by);
    }
    const [[moved, count]] = await platform.query(`SELECT coalesce(sum(amount), 0) * 100, count(*) FROM audit.entries
        WHERE portfolio_id = '${id}' AND account = 'cash' AND kind IN ('deposit', 'withdrawal')`);
    assert.equal(Math.round(Number(moved)), 100000 * 100 + user.cash, 'what was deposited and withdrawn');
    assert.equal(Number(count), 1 + user.movements);
    const audit = await platform.expect(200, 'GET', `/api/v1/portfolios/${id}/audit`, { token: user.trader.token });
    assert.deepEqual(audit, { consistent: true, differences: [] });
}

// SPDX-License-Identifier: MIT
// books: what must be true of orders, fills and ledgers once everything has come to rest, whatever happened before.
import assert from 'node:assert/strict';
import { until } from '../support/platform.mjs';
import { EXITS, FINAL } from './user.mjs';

const SETTLE_SECONDS = 90; // a task's lease is 15 s, and what waits for portfolio is tried every second

const cents = text => Math.round(Number(text) * 100);
const none = async (platform, what, sql) => assert.deepEqual(await platform.query(sql), [], what);

// What waits for quotes has a task that waits for ever, as what waits for its entry has.
const RESTS = "o.status IN ('new', 'partially_filled')";
const WAITS = "t.state = 'pending' AND t.run_at = 'infinity' AND o.status IN ('new', 'partially_filled', 'held')";
// What an order that rests is held under: exits have one hold together.
const HOLD = "CASE WHEN o.part IN ('take_profit', 'stop_loss') THEN o.group_id ELSE o.id END";

// Waits until no work is left but that of orders that rest, and until all that could be filled has been.
export async function settled(platform) {
    await until('every task to be done or to rest', async () => {
        const [[left]] = await platform.query(`SELECT count(*) FROM trading.tasks t JOIN trading.orders o USING (id, portfolio_id)
            WHERE t.state <> 'completed' AND NOT (${WAITS})`);
        return left === '0';
    }, SETTLE_SECONDS).catch(async error => {
        const rows = await platform.query(`SELECT t.id, t.state, t.run_at - now(), t.attempts, o.status, t.error
            FROM trading.tasks t JOIN trading.orders o USING (id, portfolio_id)
            WHERE t.state <> 'completed' AND NOT (${WAITS}) LIMIT 10`);
        throw new Error(`${error.message}; ${JSON.stringify(rows)}`);
    });
    await until('no order to rest that has been reached', async () => (await reached(platform)).length === 0, 30)
        .catch(async error => {
            throw new Error(`${error.message}; ${JSON.stringify(await reached(platform))}`);
        });
}

// Orders that rest although the present price fills them, or although their time is over: somebody has forgotten them.
// One that is filled in parts may wait for others to trade.
async function reached(platform) {
    const { now } = await platform.expect(200, 'GET', '/api/v1/clock');
    const rows = await platform.query(`SELECT id, ticker, side, limit_price, stop_price IS NULL OR triggered_at IS NOT NULL, expires_at < '${now}'::timestamptz - interval '30 seconds'
        FROM trading.orders o WHERE ${RESTS} AND (o.fill_terms IS NULL OR expires_at < '${now}'::timestamptz - interval '30 seconds')`);
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
    await none(platform, 'an order was filled twice', `SELECT f.order_id FROM audit.fills f JOIN trading.orders o ON o.id = f.order_id
        GROUP BY 1, o.filled_quantity, o.quantity HAVING sum(f.quantity) <> o.filled_quantity OR o.filled_quantity > o.quantity`);
    await none(platform, 'more was sold than the entry bought', `SELECT o.group_id FROM trading.orders o WHERE o.order_class = 'bracket'
        GROUP BY 1 HAVING sum(o.filled_quantity) FILTER (WHERE o.part = 'entry') < sum(o.filled_quantity) FILTER (WHERE o.part <> 'entry')`);
    await none(platform, 'both exits of a group sold all they had', `SELECT o.group_id FROM trading.orders o
        WHERE o.part IN ('take_profit', 'stop_loss') AND o.status = 'filled' GROUP BY 1 HAVING count(*) > 1`);
    await none(platform, 'one exit ended and the other did not', `SELECT o.group_id FROM trading.orders o
        WHERE o.part IN ('take_profit', 'stop_loss') AND o.status <> 'replaced' GROUP BY 1
        HAVING count(*) FILTER (WHERE o.status IN ('filled', 'canceled', 'expired', 'rejected')) NOT IN (0, count(*))`);
    await none(platform, 'an exit waits for an entry that is not open, or does not wait', `SELECT o.id FROM trading.orders o
        JOIN trading.orders e ON e.group_id = o.group_id AND e.part = 'entry' AND e.status <> 'replaced'
        WHERE o.part IN ('take_profit', 'stop_loss')
        AND CASE o.status WHEN 'held' THEN e.status NOT IN ('new', 'partially_filled') ELSE ${RESTS} AND e.status <> 'filled' END`);
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
    await none(platform, 'a filled order has no fill', `SELECT o.id FROM trading.orders o WHERE (o.filled_quantity > 0) <> EXISTS
        (SELECT 1 FROM audit.fills f WHERE f.order_id = o.id)`);
}

// What is held is held for the orders that rest, for each of them and for no other; and what a part of an entry has
// bought is held for its exits.
export async function holdsAgree(platform) {
    await none(platform, 'an order that ended holds something', `SELECT h.order_id, h.asset, h.amount,
        (SELECT string_agg(concat_ws(' ', o.part, o.status, o.filled_quantity, o.quantity, o.reason), '; ') FROM trading.orders o
            WHERE h.order_id IN (o.id, o.group_id)) FROM audit.holds h WHERE h.amount <> 0
        AND NOT EXISTS (SELECT 1 FROM trading.orders o WHERE o.portfolio_id = h.portfolio_id 
            AND (h.order_id = ${HOLD} AND ${RESTS} OR h.order_id = o.group_id AND o.part = 'entry' AND o.status = 'partially_filled'))`);
    await none(platform, 'an order rests without its hold', `SELECT o.id, o.side, o.ticker FROM trading.orders o WHERE ${RESTS}
        AND NOT EXISTS (SELECT 1 FROM audit.holds h WHERE h.order_id = ${HOLD} AND h.portfolio_id = o.portfolio_id AND h.amount > 0)`);
    await none(platform, 'an order that rests has no place among those', `SELECT o.id FROM trading.orders o WHERE (${RESTS}) <>
        EXISTS (SELECT 1 FROM trading.resting_orders r WHERE r.order_id = o.id AND r.portfolio_id = o.portfolio_id)`);
}

// What a user was told is what there is.
export async function userAgrees(platform, user) {
    const id = user.trader.portfolio;
    // A leg that is given no name is named by its id.
    const rows = new Map((await platform.query(`SELECT coalesce(o.client_order_id, o.id::text), o.id, o.status, o.average_fill_price, o.filled_quantity,
        coalesce(o.replaced_by::text, ''), o.part FROM trading.orders o WHERE o.portfolio_id = '${id}'`)).map(row => [row[0], row]));
    const byId = new Map([...rows.values()].map(row => [row[1], row]));
    for (const [key, entry] of user.orders) {
        const row = rows.get(key);
        if (entry.id !== undefined)
            assert.equal(row?.[1], entry.id, `${key} was acknowledged as ${entry.id}`);
        if (entry.refusal !== undefined && row !== undefined)
            assert.equal(row[2], 'rejected', `${key} was refused with ${entry.refusal}`);
    }
    for (const [key, [, orderId, , , , , part]] of rows)
        assert.ok(user.orders.has(key) || (EXITS.has(part) && key === orderId), `nobody has placed ${key}`);
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

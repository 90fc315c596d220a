// SPDX-License-Identifier: MIT
// Strategies and backtests as their users see them: kinds and rules, what is refused and why, and what comes of a
// backtest, compared with a second engine and second formulas, in a few lines of JavaScript, that share no code with it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { setCookies } from '../support/cookies.mjs';
import { Replica } from '../support/from_address.mjs';
import { Platform, madeUpBars, root, toCsv, until } from '../support/platform.mjs';
import { Stream } from '../support/web_socket.mjs';

const document = readFileSync(join(root, 'docs/strategies.md'), 'utf8');
const workedPrices = document.match(/```csv\n([\s\S]*?)```/)[1];
const ENDED = new Set(['completed', 'failed', 'canceled']);
const TEN_SHARES = { sizing: 'shares', size: '10' };

describe('strategies', () => {
    let platform, admin, ada, bob;
    const bars = madeUpBars(7);

    before(async () => {
        platform = await Platform.start({ env: { BOURSE_BACKTEST_WORKERS: '2' } });
        admin = await platform.administrator();
        await platform.import('ACME', toCsv(bars), admin);
        await platform.import('OTHER', toCsv(madeUpBars(8)), admin);
        await platform.import('WAVE', workedPrices, admin);
        [ada, bob] = [await platform.trader('ada'), await platform.trader('bob')];
        await platform.step('2014-06-12T14:00:00Z', admin);
    });
    after(() => platform?.stop());

    const send = (body, token = ada.token) => platform.request('POST', '/api/v1/strategies', { token, body });
    const create = async body => {
        const reply = await send({ name: 'one', symbols: ['ACME'], ...body });
        assert.equal(reply.status, 201, reply.text);
        return reply.body;
    };
    const look = id => platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token: ada.token });
    const ask = (strategy, body, headers) => platform.request('POST', `/api/v1/strategies/${strategy.id}/backtests`,
        { token: ada.token, body: { start: '2014-01-01T00:00:00Z', ...body }, headers });
    // One that has found market silent for too long is tried again half a minute later.
    const ended = id => until('the backtest to end', async () => {
        const backtest = await look(id);
        return ENDED.has(backtest.status) && backtest;
    }, 60);
    const run = async (strategy, body) => {
        const reply = await ask(strategy, body);
        assert.equal(reply.status, 202, reply.text);
        assert.equal(reply.body.status, 'queued');
        return ended(reply.body.id);
    };
    const completed = async (strategy, body) => {
        const backtest = await run(strategy, body);
        assert.equal(backtest.status, 'completed', `${backtest.reason} ${backtest.reason_message}`);
        return backtest;
    };
    const refused = (reply, ...errors) => {
        assert.equal(reply.status, 422, reply.text);
        assert.deepEqual(reply.body.errors.map(one => [one.field, one.message]), errors, reply.text);
    };

    it('have kinds that say what their parameters are', async () => {
        const { kinds } = await platform.expect(200, 'GET', '/api/v1/strategy-kinds');
        assert.deepEqual(kinds.map(one => one.kind), ['buy_and_hold', 'sma_cross', 'ema_cross', 'macd', 'rsi_reversion',
            'bollinger', 'donchian', 'rule', 'momentum', 'rebalance', 'regular_purchase']);
        for (const { kind, parameters_schema: schema } of kinds) {
            assert.equal(schema.type, 'object');
            assert.equal(schema.additionalProperties, false);
            // What is said to be so unless it is said is what a strategy is given.
            if (schema.required.length > 0)
                continue;
            const strategy = await create({ kind, symbols: ['ACME', 'OTHER'] });
            assert.deepEqual(strategy.parameters, Object.fromEntries(Object.entries(schema.properties)
                .map(([name, property]) => [name, property.default])));
            assert.equal(strategy.timeframe, '1Day');
            await platform.expect(204, 'DELETE', `/api/v1/strategies/${strategy.id}`, { token: ada.token });
        }
        assert.equal(kinds[1].enter, 'sma(close, {fast}) > sma(close, {slow})');
    });

    it('are created, read, changed, listed and deleted', async () => {
        const first = await create({ name: 'Golden cross', description: 'slow', kind: 'sma_cross', parameters: { fast: 5, slow: '10' } });
        assert.equal(first.version, 1);
        assert.deepEqual([first.parameters.fast, first.parameters.slow, first.symbols], [5, 10, ['ACME']]);
        const path = `/api/v1/strategies/${first.id}`;
        assert.deepEqual(await platform.expect(200, 'GET', path, { token: ada.token }), first);
        const named = await platform.expect(200, 'PATCH', path, { token: ada.token, body: { name: 'Cross' } });
        assert.deepEqual([named.name, named.description, named.parameters, named.version], ['Cross', 'slow', first.parameters, 2]);
        const other = await platform.expect(200, 'PATCH', path,
            { token: ada.token, body: { kind: 'macd', symbols: ['other', 'ACME'], timeframe: '1Hour' } });
        assert.deepEqual([other.kind, other.symbols, other.timeframe, other.parameters.signal], ['macd', ['OTHER', 'ACME'], '1Hour', 9]);
        const second = await create({ name: 'second', kind: 'buy_and_hold' });
        const page = await platform.expect(200, 'GET', '/api/v1/strategies?limit=1', { token: ada.token });
        assert.deepEqual(page.strategies.map(one => one.id), [first.id]);
        const rest = await platform.expect(200, 'GET', `/api/v1/strategies?page_token=${page.next_page_token}`, { token: ada.token });
        assert.deepEqual([rest.strategies.map(one => one.id), rest.next_page_token], [[second.id], undefined]);
        assert.deepEqual((await platform.expect(200, 'GET', '/api/v1/strategies', { token: bob.token })).strategies, []);
        await platform.expect(404, 'GET', path, { token: bob.token });
        await platform.expect(204, 'DELETE', path, { token: ada.token });
        await platform.expect(404, 'GET', path, { token: ada.token });
        await platform.expect(204, 'DELETE', `/api/v1/strategies/${second.id}`, { token: ada.token });
    });

    it('are created once, however often the request is repeated', async () => {
        const headers = { 'idempotency-key': 'one of mine' };
        const body = { name: 'once', kind: 'buy_and_hold', symbols: ['ACME'] };
        const replies = [];
        for (let i = 0; i < 2; i += 1)
            replies.push(await platform.request('POST', '/api/v1/strategies', { token: ada.token, body, headers }));
        assert.deepEqual(replies.map(one => one.status), [201, 201]);
        assert.equal(replies[0].body.id, replies[1].body.id);
        assert.equal(replies[1].headers.get('idempotent-replayed'), 'true');
        await platform.expect(204, 'DELETE', `/api/v1/strategies/${replies[0].body.id}`, { token: ada.token });
    });

    it('are refused with the field, the rule and the numbers', async () => {
        const one = { name: 'x', symbols: ['ACME'], kind: 'sma_cross' };
        refused(await send({ ...one, parameters: { fast: 50, slow: 20 } }),
            ['parameters.fast', 'must be less than slow, and 50 is not less than 20']);
        refused(await send({ ...one, parameters: { fast: 0, quick: 1 } }), ['parameters.fast', 'must be from 1 to 999, not 0'],
            ['parameters.quick', 'is no parameter of sma_cross, which has fast, slow, sizing, size, stop_loss_percent, ' +
                'trailing_stop_percent, take_profit_percent']);
        refused(await send({ ...one, kind: 'luck' }), ['kind', 'must be one of buy_and_hold, sma_cross, ema_cross, macd, ' +
            'rsi_reversion, bollinger, donchian, rule, momentum, rebalance, regular_purchase']);
        refused(await send({ ...one, symbols: [] }), ['symbols', 'must name a symbol at least']);
        refused(await send({ ...one, symbols: ['ACME', 'acme'] }), ['symbols', 'has ACME twice']);
        refused(await send({ ...one, parameters: 'fast' }), ['parameters', 'must be an object, not a string']);
        refused(await send({ ...one, kind: 'rule', parameters: { enter: 'close > sma(close)', exit: 'true' } }),
            ['parameters.enter', 'column 18: a comma and another argument is expected here, not ")"']);
        const unknown = await send({ ...one, symbols: ['NOWHERE'] });
        assert.deepEqual([unknown.status, unknown.body.reason], [404, 'SYMBOL_NOT_FOUND']);
    });

    it('of a user are at most a hundred', async () => {
        const carl = await platform.trader('carl');
        const body = { name: 'many', kind: 'buy_and_hold', symbols: ['ACME'] };
        for (let i = 0; i < 99; i += 1)
            assert.equal((await send(body, carl.token)).status, 201);
        // Of several at once only one is the last.
        const replies = await Promise.all([1, 2, 3, 4].map(() => send(body, carl.token)));
        assert.deepEqual(replies.map(one => one.status).sort(), [201, 409, 409, 409]);
        const refusal = replies.find(one => one.status === 409).body;
        assert.deepEqual([refusal.reason, refusal.maximum], ['TOO_MANY_STRATEGIES', '100']);
        const ids = [];
        for (let token = ''; token !== undefined;) {
            const page = await platform.expect(200, 'GET', `/api/v1/strategies?limit=33&page_token=${token}`, { token: carl.token });
            ids.push(...page.strategies.map(one => one.id));
            token = page.next_page_token;
        }
        assert.deepEqual([ids.length, new Set(ids).size], [100, 100]);
    });

    it('have rules that are checked before they are used', async () => {
        const check = rule => platform.request('GET', `/api/v1/strategy-rules:check?rule=${encodeURIComponent(rule)}`,
            { token: ada.token });
        const fine = await check('close > sma(close, 200) and rsi(close, 2) < 10');
        assert.equal(fine.status, 200, fine.text);
        assert.equal(fine.body.warm_up_bars, 199);
        const wrong = await check('close > sma(close, 200) und');
        refused(wrong, ['rule', 'column 25: an operator, or the end of the rule, is expected here, not "und"']);
        assert.equal(wrong.body.column, '25');
    });

    describe('backtested', () => {
        const rows = [...document.matchAll(/^\| `(\w+)` \| `(\{.*?\})` \| `(\{.*?\})` \| (.*?) \| ([\d.]+) \|$/gm)];
        assert.equal(rows.length, 10);
        for (const [, kind, parameters, costs, orders, equity] of rows)
            it(`as the document says: ${kind} ${parameters} ${costs}`, async () => {
                const strategy = await create({ kind, symbols: ['WAVE'], parameters: { ...TEN_SHARES, ...JSON.parse(parameters) } });
                const backtest = await completed(strategy, { start: '2014-06-02T00:00:00Z', cash: '10000', costs: JSON.parse(costs) });
                const filled = backtest.orders.filter(one => one.status === 'filled')
                    .map(one => `${one.side} ${one.average_fill_price} ${one.ended_at.slice(0, 10)}`);
                assert.equal(filled.join(', '), orders);
                assert.equal(backtest.statistics.final_equity, equity);
                assert.equal(backtest.curve.at(-1).equity, equity);
                await platform.expect(204, 'DELETE', `/api/v1/strategies/${strategy.id}`, { token: ada.token });
            });

        // A second engine: whole shares at the next open, no costs; enough cash for all of them.
        function simulate(fast, slow, shares, cash) {
            const micros = text => Math.round(Number(text) * 1e6);
            const closes = bars.map(bar => micros(bar.close));
            const mean = (end, count) => closes.slice(end + 1 - count, end + 1).reduce((sum, one) => sum + one, 0) / count;
            const orders = [], equity = [];
            let held = 0, wanted = 0;
            bars.forEach((bar, i) => {
                if (wanted !== held) {
                    orders.push([wanted ? 'buy' : 'sell', bar.date, micros(bar.open)]);
                    cash -= (wanted - held) * shares * micros(bar.open);
                    held = wanted;
                }
                equity.push(cash + held * shares * closes[i]);
                if (i + 1 >= slow)
                    wanted = mean(i, fast) > mean(i, slow) ? 1 : 0;
            });
            return { orders, equity };
        }

        it('an average that crosses another gives the orders, the equity and the figures of a second engine', async () => {
            const strategy = await create({ kind: 'sma_cross', parameters: { ...TEN_SHARES, fast: 3, slow: 8 } });
            const backtest = await completed(strategy, { cash: '10000', benchmark: 'OTHER' });
            const { orders, equity } = simulate(3, 8, 10, 10000e6);
            const figures = backtest.statistics;
            const micros = text => Math.round(Number(text) * 1e6);
            assert.ok(orders.length > 4);
            assert.deepEqual(backtest.orders.filter(one => one.status === 'filled')
                .map(one => [one.side, one.ended_at.slice(0, 10), micros(one.average_fill_price)]), orders);
            assert.deepEqual(backtest.curve.map(one => micros(one.equity)), equity);
            assert.equal(figures.bars, bars.length);
            // Figures by their formulas.
            const near = (value, expected) => assert.ok(Math.abs(Number(value) - expected) < 2e-6 * Math.max(1, Math.abs(expected)),
                `${value} instead of ${expected}`);
            const returns = equity.map((one, i) => one / (i === 0 ? 10000e6 : equity[i - 1]) - 1);
            const average = returns.reduce((sum, one) => sum + one, 0) / returns.length;
            const deviation = Math.sqrt(returns.reduce((sum, one) => sum + (one - average) ** 2, 0) / (returns.length - 1));
            near(figures.return_percent, (equity.at(-1) / 10000e6 - 1) * 100);
            near(figures.volatility_percent, deviation * Math.sqrt(252) * 100);
            near(figures.sharpe_ratio, average / deviation * Math.sqrt(252));
            let peak = 10000e6, deepest = 0;
            for (const one of equity) {
                peak = Math.max(peak, one);
                deepest = Math.min(deepest, one / peak - 1);
            }
            near(figures.max_drawdown_percent, deepest * 100);
            near(figures.peak_equity, peak / 1e6);
            const trades = [];
            for (let i = 0; i + 1 < orders.length; i += 2)
                trades.push((orders[i + 1][2] - orders[i][2]) * 10);
            const won = trades.filter(one => one > 0);
            assert.deepEqual([figures.trades, figures.winning_trades], [trades.length, won.length]);
            near(figures.win_rate_percent, won.length / trades.length * 100);
            near(figures.profit_factor, won.reduce((sum, one) => sum + one, 0) /
                -trades.filter(one => one <= 0).reduce((sum, one) => sum + one, 0));
            near(figures.average_trade, trades.reduce((sum, one) => sum + one, 0) / trades.length / 1e6);
            near(figures.buy_and_hold_return_percent, (Number(bars.at(-1).close) / Number(bars[0].open) - 1) * 100);
            const other = madeUpBars(8);
            near(figures.benchmark_return_percent, (Number(other.at(-1).close) / Number(other[0].open) - 1) * 100);
            // Four months are less than a year, and nothing is told of one.
            assert.equal(figures.annual_return_percent, undefined);
            assert.deepEqual(figures.unknown.map(one => [one.figure, one.reason]),
                [['annual_return_percent', 'SHORTER_THAN_A_YEAR'], ['calmar_ratio', 'SHORTER_THAN_A_YEAR']]);
            assert.deepEqual(backtest.parameters, strategy.parameters);
            assert.equal(backtest.progress_percent, '100');
        });

        it('twice comes to the same, to the last byte', async () => {
            const strategy = await create({ kind: 'rsi_reversion', symbols: ['ACME', 'OTHER'], parameters: { period: 3, stop_loss_percent: 2 } });
            const [one, two] = [await completed(strategy, {}), await completed(strategy, {})];
            assert.equal(one.fingerprint, two.fingerprint);
            for (const part of ['statistics', 'trades', 'orders', 'curve'])
                assert.deepEqual(one[part], two[part]);
            assert.ok(one.orders.length > 0);
            const dearer = await completed(strategy, { costs: { commission_per_order: '1' } });
            assert.notEqual(dearer.fingerprint, one.fingerprint);
            assert.ok(Number(dearer.statistics.commission) > 0);
        });

        it('go by what was there when they were asked for, and see nothing later than the clock', async () => {
            const strategy = await create({ kind: 'buy_and_hold', symbols: ['WAVE'], parameters: TEN_SHARES });
            const reply = await ask(strategy, {});
            await platform.expect(200, 'PATCH', `/api/v1/strategies/${strategy.id}`, { token: ada.token, body: { symbols: ['ACME'] } });
            const backtest = await ended(reply.body.id);
            assert.deepEqual([backtest.symbols, backtest.strategy_version], [['WAVE'], 1]);
            assert.equal(backtest.statistics.last_at, '2014-06-11T13:30:00Z');
            // It stays until then, whatever becomes of the clock.
            assert.equal(backtest.end, '2014-06-12T14:00:00Z');
        });

        it('have indicators that know the bars before the start', async () => {
            const strategy = await create({ kind: 'sma_cross', parameters: { fast: 2, slow: 20 } });
            const backtest = await completed(strategy, { start: '2014-03-03T00:00:00Z' });
            assert.equal(backtest.statistics.warm_up_bars, 19);
            // Nothing is before the first moment that there is.
            const all = await completed(strategy, { start: '0001-01-01T00:00:00Z' });
            assert.deepEqual([all.statistics.warm_up_bars, all.statistics.bars], [0, bars.length]);
            assert.equal(backtest.statistics.first_at, '2014-03-03T14:30:00Z');
            assert.ok(backtest.orders.every(one => one.placed_at >= '2014-03-03'));
            // Nor is a day taken twice that has begun when the start comes.
            const later = await completed(strategy, { start: '2014-03-03T00:00:00.000001Z' });
            for (const part of ['statistics', 'orders', 'trades', 'curve'])
                assert.deepEqual(later[part], backtest[part]);
        });

        it('fail with the reason when there are no bars, and say it', async () => {
            const strategy = await create({ kind: 'buy_and_hold' });
            const backtest = await run(strategy, { start: '2014-05-15T00:00:00Z' });
            assert.deepEqual([backtest.status, backtest.reason], ['failed', 'INVALID_REQUEST']);
            assert.equal(backtest.reason_message, 'start leads to no bars: the symbols have none from there to `end`');
            assert.equal(backtest.statistics, undefined);
        });

        describe('with a grid', () => {
            let strategy;
            before(async () => {
                strategy = await create({ kind: 'sma_cross', parameters: { ...TEN_SHARES, fast: 3, slow: 8 } });
            });

            it('try every combination, and show the best in full', async () => {
                const grid = [{ parameter: 'fast', values: ['2', '5', '9'] }, { parameter: 'slow', values: ['8', '12'] }];
                const backtest = await completed(strategy, { cash: '10000', grid });
                assert.deepEqual(backtest.runs.map(one => [one.parameters.fast, one.parameters.slow]),
                    [['2', '8'], ['2', '12'], ['5', '8'], ['5', '12'], ['9', '8'], ['9', '12']]);
                const micros = text => Math.round(Number(text) * 1e6);
                for (const one of backtest.runs.filter(each => !each.problem))
                    assert.equal(micros(one.final_equity),
                        simulate(Number(one.parameters.fast), Number(one.parameters.slow), 10, 10000e6).equity.at(-1));
                assert.equal(backtest.runs[4].problem, 'parameters.fast must be less than slow, and 9 is not less than 8');
                assert.equal(backtest.runs[4].final_equity, undefined);
                const best = backtest.runs.filter(one => one.best);
                assert.equal(best.length, 1);
                assert.equal(micros(best[0].final_equity), Math.max(...backtest.runs.map(one => micros(one.final_equity ?? 0))));
                assert.equal(backtest.statistics.final_equity, best[0].final_equity);
                assert.equal(backtest.statistics.sharpe_ratio, best[0].sharpe_ratio);
                const alone = await completed(await create({ kind: 'sma_cross', parameters: { ...TEN_SHARES, ...best[0].parameters } }),
                    { cash: '10000' });
                assert.equal(alone.fingerprint, backtest.fingerprint);
                assert.deepEqual(alone.trades, backtest.trades);
            });

            it('of at most a hundred combinations, of parameters that there are', async () => {
                const values = count => Array.from({ length: count }, (_, i) => String(i + 1));
                refused(await ask(strategy, { grid: [{ parameter: 'fast', values: values(25) }, { parameter: 'size', values: values(5) }] }),
                    ['grid', 'has more than 100 combinations']);
                refused(await ask(strategy, { grid: [{ parameter: 'fast', values: ['0', '5'] }, { parameter: 'fast', values: [] }] }),
                    ['grid[1].parameter', 'has fast twice'], ['grid[1].values', 'must have a value at least'],
                    ['grid[0].values[0]', 'must be from 1 to 999, not 0']);
                refused(await ask(strategy, { grid: [{ parameter: 'quick', values: ['1', '2'] }] }), ['grid[0].parameter',
                    'is no parameter of sma_cross, which has fast, slow, sizing, size, stop_loss_percent, trailing_stop_percent, ' +
                    'take_profit_percent']);
                refused(await ask(strategy, { grid: [{ parameter: 'fast', values: ['9', '12'] }, { parameter: 'slow', values: ['8', '9'] }] }),
                    ['grid', 'has no combination that can be run: parameters.fast must be less than slow, and 9 is not less than 8']);
                const many = await completed(strategy, { grid: [{ parameter: 'fast', values: values(25) },
                    { parameter: 'size', values: ['1', '2', '3', '4'] }] });
                assert.equal(many.runs.length, 100);
            });
        });

        describe('that walk forward', () => {
            const DAY = 86400e3;
            const start = Date.parse('2014-01-01T00:00:00Z');
            const grid = [{ parameter: 'fast', values: ['2', '4'] }, { parameter: 'slow', values: ['6', '9'] }];
            const plan = { in_sample_days: 30, out_of_sample_days: 15, objective: 'return_percent' };
            let strategy;
            before(async () => {
                strategy = await create({ kind: 'sma_cross', parameters: { ...TEN_SHARES, fast: 2, slow: 6 } });
            });

            // A second engine for one part of a window: only bars before its end, averages that know those before its start.
            function trade(fast, slow, from, to, cash) {
                const micros = text => Math.round(Number(text) * 1e6);
                const at = bar => Date.parse(`${bar.date}T14:00:00Z`);
                const known = bars.filter(bar => at(bar) < to);
                const mean = (end, count) => known.slice(end + 1 - count, end + 1)
                    .reduce((sum, bar) => sum + micros(bar.close), 0) / count;
                const isIn = i => i + 1 >= slow && mean(i, fast) > mean(i, slow);
                const equity = [];
                let held = 0, wanted = 0;
                known.forEach((bar, i) => {
                    if (at(bar) < from)
                        return;
                    if (wanted !== held) {
                        cash -= (wanted - held) * 10 * micros(bar.open);
                        held = wanted;
                    }
                    equity.push(cash + held * 10 * micros(bar.close));
                    if (i + 1 >= slow)
                        wanted = isIn(i) ? 1 : 0;
                });
                return equity;
            }

            it('trade with what was best before, as a second engine does', async () => {
                const backtest = await completed(strategy, { cash: '10000', grid, walk_forward: plan });
                const micros = text => Math.round(Number(text) * 1e6);
                const end = Date.parse(`${bars.at(-1).date}T14:00:00Z`) + 1;
                const curve = [];
                let cash = 10000e6, inGain = 0, inDays = 0, outGain = 0, outDays = 0, count = 0;
                for (let from = start; from + 30 * DAY < end; from += 15 * DAY, count += 1) {
                    const middle = from + 30 * DAY;
                    const tries = [[2, 6], [2, 9], [4, 6], [4, 9]].map(pair => ({ pair, last: trade(...pair, from, middle, 10000e6).at(-1) }));
                    const best = tries.reduce((one, other) => other.last > one.last ? other : one);
                    const window = backtest.windows[count];
                    assert.deepEqual(window.parameters, { fast: String(best.pair[0]), slow: String(best.pair[1]) }, `window ${count}`);
                    assert.equal(micros(window.in_sample.final_equity), best.last);
                    const part = trade(...best.pair, middle, middle + 15 * DAY, cash);
                    assert.equal(window.out_of_sample.bars, part.length);
                    assert.equal(micros(window.out_of_sample.final_equity), part.at(-1));
                    inGain += best.last / 10000e6 - 1;
                    inDays += 30;
                    outGain += part.at(-1) / cash - 1;
                    outDays += 15;
                    cash = part.at(-1);
                    curve.push(...part);
                }
                assert.equal(backtest.windows.length, count);
                assert.ok(count >= 5 && new Set(backtest.windows.map(one => JSON.stringify(one.parameters))).size > 1);
                assert.deepEqual(backtest.curve.map(one => micros(one.equity)), curve);
                assert.equal(micros(backtest.statistics.final_equity), cash);
                assert.deepEqual([backtest.runs, backtest.walk_forward.anchored ?? false], [[], false]);
                // The last window may end before its days do.
                const lastDays = (Date.parse(backtest.statistics.last_at) - (start + (30 + (count - 1) * 15) * DAY)) / DAY;
                outDays += Math.min(15, lastDays) - 15;
                const efficiency = backtest.statistics.walk_forward_efficiency_percent;
                if (inGain > 0)
                    assert.ok(Math.abs(Number(efficiency) - outGain / outDays / (inGain / inDays) * 100) < 0.01, efficiency);
                else
                    assert.equal(efficiency, undefined);
                const again = await completed(strategy, { cash: '10000', grid, walk_forward: plan });
                assert.deepEqual([again.fingerprint, again.windows, again.curve], [backtest.fingerprint, backtest.windows, backtest.curve]);
            });

            it('are refused when there is nothing to choose from, and when windows do not fit', async () => {
                refused(await ask(strategy, { walk_forward: plan }), ['grid', 'must have parameters for walk_forward to choose from']);
                refused(await ask(strategy, { grid, walk_forward: { ...plan, step_days: 14 } }),
                    ['walk_forward.step_days', 'must be out_of_sample_days at least, and 14 is less than 15']);
                refused(await ask(strategy, { grid, walk_forward: { ...plan, in_sample_days: 300 } }),
                    ['walk_forward.in_sample_days', 'leaves no day out of sample: from start to end there are 162']);
                refused(await ask(strategy, { grid, walk_forward: { ...plan, out_of_sample_days: 1 } }),
                    ['walk_forward', 'makes more than 100 windows']);
            });
        });

        it('are paid the dividends of what they hold, counted in the shares of then', async () => {
            const action = body => platform.expect(201, 'POST', '/api/v1/corporate-actions', { token: admin, body: { ticker: 'PAYS', ...body } });
            await platform.import('PAYS', workedPrices, admin);
            await action({ kind: 'dividend', ex_date: '2014-06-03', amount: '1.00' });
            await action({ kind: 'dividend', ex_date: '2014-06-05', amount: '0.50' });
            await action({ kind: 'split', ex_date: '2014-06-09', numerator: 2, denominator: 1 });
            await action({ kind: 'dividend', ex_date: '2014-06-10', amount: '0.25' });
            await action({ kind: 'dividend', ex_date: '2014-06-13', amount: '9.00' });
            const strategy = await create({ kind: 'buy_and_hold', symbols: ['PAYS'], parameters: TEN_SHARES });
            const backtest = await completed(strategy, { start: '2014-06-02T00:00:00Z', cash: '10000' });
            // Bought at the open of 2014-06-03, which is 50.00 in shares of now: too late for the first dividend. Ten shares of
            // now were five on 2014-06-05. The last close is 105.00, and the last dividend is to come.
            assert.deepEqual(backtest.dividends.map(one => [one.effective_at, one.amount, one.quantity, one.cash]),
                [['2014-06-05T13:30:00Z', '0.50', '5', '2.50'], ['2014-06-10T13:30:00Z', '0.25', '10', '2.50']]);
            assert.equal(backtest.statistics.dividends, '5.00');
            const login = await platform.request('POST', '/api/v1/auth/login',
                { body: { username: 'ada', password: ada.password, cookie: true }, headers: { origin: platform.url } });
            const table = await platform.request('GET', `/backtests/${backtest.id}/dividends.csv`,
                { headers: { cookie: setCookies(login)[0].split(';')[0] } });
            assert.equal(table.text, 'ticker,effective_at,amount,quantity,cash\r\n' +
                'PAYS,2014-06-05T13:30:00Z,0.50,5,2.50\r\nPAYS,2014-06-10T13:30:00Z,0.25,10,2.50\r\n');
            assert.equal(backtest.statistics.final_equity, '10555.00');
            assert.equal(backtest.trades[0].profit, '550.00');
        });

        describe('compared', () => {
            let pair;
            const compare = (ids, options) => platform.request('GET', `/api/v1/backtests:compare?ids=${ids}`, { token: ada.token, ...options });
            before(async () => {
                const strategy = await create({ kind: 'sma_cross', parameters: { ...TEN_SHARES, fast: 3, slow: 8 } });
                const grid = [{ parameter: 'fast', values: ['2', '5'] }];
                pair = [await completed(strategy, { cash: '10000', benchmark: 'OTHER' }),
                    await completed(strategy, { cash: '5000', start: '2014-02-03T00:00:00Z', grid })];
            });

            it('show their figures, what differs, and their curves from a hundred on', async () => {
                const { status, body, text } = await compare(pair.map(one => one.id));
                assert.equal(status, 200, text);
                assert.deepEqual(body.backtests.map(one => one.statistics), pair.map(one => one.statistics));
                const best = pair[1].runs.find(one => one.best).parameters.fast;
                const differences = Object.fromEntries(body.differences.map(one => [one.name, one.values]));
                assert.deepEqual(differences['parameters.fast'], ['3', best]);
                assert.deepEqual([differences.cash, differences.benchmark], [['10000.00', '5000.00'], ['OTHER', '']]);
                assert.deepEqual([differences.kind, differences['parameters.slow']], [undefined, undefined]);
                const [one, other] = pair.map(backtest => new Map(backtest.curve.map(point => [point.time, Number(point.equity)])));
                assert.equal(body.curve.length, pair[1].curve.length);
                const first = body.curve[0].time;
                for (const point of body.curve) {
                    const expected = [one, other].map(curve => curve.get(point.time) / curve.get(first) * 100);
                    point.equity.forEach((value, i) => assert.ok(Math.abs(Number(value) - expected[i]) < 2e-6, point.time));
                }
                assert.deepEqual([body.curve[0].equity, body.curve[0].benchmark], [['100.00', '100.00'], '100.00']);
            });

            it('are a table of their figures for spreadsheets', async () => {
                const { status, text } = await compare(pair.map(one => one.id), { headers: { accept: 'text/csv' } });
                assert.equal(status, 200, text);
                const rows = text.trim().split('\r\n');
                const names = rows[0].split(',');
                assert.equal(rows.length, 3);
                assert.equal(names[0], 'id');
                const column = names.indexOf('final_equity');
                assert.ok(column > 0);
                // What is before it has commas of its own only in the parameters.
                for (const [i, row] of rows.slice(1).entries()) {
                    const cells = row.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g).map(cell => cell.replace(/,$/, ''));
                    assert.equal(cells[0], pair[i].id);
                    assert.equal(cells[column], pair[i].statistics.final_equity);
                }
            });

            it('are ten at a time, each in its place', async () => {
                const strategy = await create({ kind: 'sma_cross', parameters: { ...TEN_SHARES, fast: 2, slow: 8 } });
                const ten = [...pair];
                for (const fast of [2, 3, 4, 5, 6, 7, 2, 3]) {
                    await platform.expect(200, 'PATCH', `/api/v1/strategies/${strategy.id}`,
                        { token: ada.token, body: { parameters: { ...TEN_SHARES, fast, slow: ten.length < 8 ? 8 : 12 } } });
                    ten.push(await completed(strategy, { cash: '10000' }));
                }
                const { status, body, text } = await compare(ten.map(one => one.id));
                assert.equal(status, 200, text);
                assert.deepEqual(body.backtests.map(one => [one.id, one.statistics.final_equity]),
                    ten.map(one => [one.id, one.statistics.final_equity]));
                const differences = Object.fromEntries(body.differences.map(one => [one.name, one.values]));
                assert.deepEqual(differences['parameters.fast'].slice(2), ['2', '3', '4', '5', '6', '7', '2', '3']);
                assert.deepEqual(differences['parameters.slow'], [...Array(8).fill('8'), '12', '12']);
                assert.equal(body.curve.at(-1).equity.length, 10);
                ten.forEach((one, i) => {
                    const curve = new Map(one.curve.map(point => [point.time, Number(point.equity)]));
                    const expected = curve.get(body.curve.at(-1).time) / curve.get(body.curve[0].time) * 100;
                    assert.ok(Math.abs(Number(body.curve.at(-1).equity[i]) - expected) < 2e-6, `${i}`);
                });
            });

            it('are from two to ten, completed, and the caller\'s own', async () => {
                const [one, other] = pair.map(backtest => backtest.id);
                refused(await compare([one]), ['ids', 'must be from 2 to 10 backtests, not 1']);
                refused(await compare([one, one]), ['ids', `has ${one} twice`]);
                refused(await compare(Array.from({ length: 10 }, () => randomUUID()).concat(one)),
                    ['ids', 'must be from 2 to 10 backtests, not 11']);
                const foreign = await compare([one, other], { token: bob.token });
                assert.deepEqual([foreign.status, foreign.body.reason], [404, 'BACKTEST_NOT_FOUND']);
                const strategy = await create({ kind: 'buy_and_hold' });
                const failed = await run(strategy, { start: '2014-05-15T00:00:00Z' });
                refused(await compare([one, failed.id]), ['ids', `has ${failed.id}, which is not completed`]);
            });
        });

        it('are refused when they make no sense', async () => {
            const strategy = await create({ kind: 'buy_and_hold' });
            const rule = 'the platform\'s present time, 2014-06-12T14:00:00Z';
            refused(await ask(strategy, { start: '2014-06-12T14:00:00Z' }), ['start', `must be before ${rule}`]);
            refused(await ask(strategy, { end: '2014-06-12T14:00:00.000001Z' }), ['end', `must not be after ${rule}`]);
            refused(await ask(strategy, { start: '2014-06-13T00:00:00Z', end: '2014-06-14T00:00:00Z' }),
                ['start', `must be before ${rule}`], ['end', `must not be after ${rule}`]);
            assert.equal((await completed(await create({ kind: 'buy_and_hold', symbols: ['WAVE'] }), { end: '2014-06-12T14:00:00Z' })).end,
                '2014-06-12T14:00:00Z');
            refused(await ask(strategy, { end: '2014-01-01T00:00:00Z' }), ['end', 'must be after start']);
            refused(await ask(strategy, { costs: { commission_minimum: '2', commission_maximum: '1.50' } }),
                ['costs.commission_minimum', 'must be at most commission_maximum, which is 1.50']);
            assert.equal((await ask(strategy, { cash: '0.99' })).status, 422);
            assert.equal((await ask(strategy, { benchmark: 'NOWHERE' })).body.reason, 'SYMBOL_NOT_FOUND');
            assert.equal((await ask({ id: randomUUID() }, {})).body.reason, 'STRATEGY_NOT_FOUND');
        });

        it('are listed, newest first, without their curves, and removed', async () => {
            const strategy = await create({ kind: 'buy_and_hold' });
            const ids = [];
            for (let i = 0; i < 3; i += 1)
                ids.push((await completed(strategy, {})).id);
            const path = `/api/v1/backtests?strategy_id=${strategy.id}`;
            const page = await platform.expect(200, 'GET', `${path}&limit=2`, { token: ada.token });
            assert.deepEqual(page.backtests.map(one => one.id), [ids[2], ids[1]]);
            assert.deepEqual([page.backtests[0].curve, page.backtests[0].orders], [[], []]);
            assert.ok(page.backtests[0].statistics.final_equity);
            const rest = await platform.expect(200, 'GET', `${path}&page_token=${page.next_page_token}`, { token: ada.token });
            assert.deepEqual(rest.backtests.map(one => one.id), [ids[0]]);
            await platform.expect(404, 'GET', `/api/v1/backtests/${ids[0]}`, { token: bob.token });
            await platform.expect(204, 'DELETE', `/api/v1/backtests/${ids[0]}`, { token: ada.token });
            await platform.expect(404, 'GET', `/api/v1/backtests/${ids[0]}`, { token: ada.token });
            await platform.expect(204, 'DELETE', `/api/v1/strategies/${strategy.id}`, { token: ada.token });
            await platform.expect(404, 'GET', `/api/v1/backtests/${ids[1]}`, { token: ada.token });
        });

        describe('while market does not answer', () => {
            let strategy;
            const frozen = work => platform.frozen('market', work);
            const queue = async (body = {}) => {
                const reply = await ask(strategy, body);
                assert.equal(reply.status, 202, reply.text);
                return reply.body.id;
            };
            const running = id => until('it to run', async () => (await look(id)).status === 'running');

            before(async () => {
                strategy = await create({ kind: 'buy_and_hold' });
            });
            // One that failed leaves none behind that would count among the next one's five.
            afterEach(async () => {
                const { backtests } = await platform.expect(200, 'GET', `/api/v1/backtests?strategy_id=${strategy.id}`, { token: ada.token });
                for (const { id, status } of backtests)
                    if (!ENDED.has(status))
                        await platform.expect(204, 'DELETE', `/api/v1/backtests/${id}`, { token: ada.token });
            });

            it('wait, five of a user at most, are shown among the tasks, and are canceled, waiting or running', async () => {
                const ids = [];
                await frozen(async () => {
                    for (let i = 0; i < 5; i += 1)
                        ids.push(await queue());
                    const sixth = await ask(strategy, {});
                    assert.deepEqual([sixth.status, sixth.body.reason, sixth.body.maximum], [429, 'TOO_MANY_BACKTESTS', '5']);
                    // One that runs is put off after some seconds, and is begun again a second later.
                    const tasks = await until('the first one to be at work', async () => {
                        const list = await platform.expect(200, 'GET', '/api/v1/tasks?queue=backtests&limit=5', { token: admin });
                        return list.tasks.at(-1).state === 'active' && list.tasks;
                    });
                    assert.deepEqual(tasks.map(one => one.id), [...ids].reverse());
                    assert.deepEqual(new Set(tasks.map(one => one.kind)), new Set(['backtest']));
                    await platform.expect(204, 'DELETE', `/api/v1/backtests/${ids[4]}`, { token: ada.token });
                    assert.equal((await look(ids[4])).status, 'canceled');
                    await platform.expect(204, 'DELETE', `/api/v1/backtests/${ids[0]}`, { token: ada.token });
                });
                assert.equal((await ended(ids[0])).status, 'canceled');
                for (const id of ids.slice(1, 4))
                    assert.equal((await ended(id)).status, 'completed');
                assert.equal((await look(ids[4])).status, 'canceled');
            });

            it('are told of over a stream, from the first to the last, to their user alone', async () => {
                const stream = await Stream.open(platform.url);
                const foreign = await Stream.open(platform.url);
                const id = await frozen(async () => {
                    const queued = await queue();
                    stream.say({ authenticate: { token: ada.token }, subscribe: [`backtest:${queued}`] });
                    foreign.say({ authenticate: { token: bob.token }, subscribe: [`backtest:${queued}`] });
                    await stream.wait('it to run', one => one.type === 'backtest' && one.backtest.status === 'running');
                    return queued;
                });
                assert.equal(stream.messages.find(one => one.type === 'backtest').snapshot, true);
                await ended(id);
                const { backtest } = await stream.wait('it to end', one => one.type === 'backtest' && ENDED.has(one.backtest.status));
                const { trades, orders, curve, dividends, ...whole } = await look(id);
                assert.ok(trades.length + orders.length + curve.length > 0);
                assert.deepEqual(backtest, { ...whole, trades: [], orders: [], curve: [], dividends: [] });
                assert.deepEqual(backtest, await platform.expect(200, 'GET', `/api/v1/backtests/${id}?summary=true`, { token: ada.token }));
                await platform.expect(204, 'DELETE', `/api/v1/backtests/${id}`, { token: ada.token });
                const gone = await stream.wait('it to be gone', one => one.type === 'error');
                assert.deepEqual([gone.reason, gone.topic], ['BACKTEST_NOT_FOUND', `backtest:${id}`]);
                const refusal = await foreign.wait('the refusal', one => one.type === 'error');
                assert.deepEqual([refusal.reason, foreign.messages.filter(one => one.type === 'backtest')], ['BACKTEST_NOT_FOUND', []]);
                stream.close();
                foreign.close();
            });

            it('are put off, which is no attempt that failed, and go on once it is back, long before a lease would be over', async () => {
                const id = await frozen(async () => {
                    const queued = await queue();
                    await running(queued);
                    await until('it to be put off', async () => {
                        const { state, attempts } = await platform.expect(200, 'GET', `/api/v1/tasks/${queued}`, { token: admin });
                        return state === 'pending' && attempts === 0;
                    }, 25);
                    return queued;
                });
                const back = Date.now();
                assert.equal((await ended(id)).status, 'completed');
                assert.ok(Date.now() - back < 15000, `${Date.now() - back} ms`);
            });

            it('have failed when they were begun three times and never came to their end', async () => {
                const backtest = await frozen(async () => {
                    const id = await queue();
                    await running(id);
                    await platform.query(`UPDATE trading.tasks SET attempts = 3, run_at = now() WHERE id = '${id}'`);
                    return ended(id);
                });
                assert.deepEqual([backtest.status, backtest.reason, backtest.reason_message],
                    ['failed', 'INTERNAL', 'It was begun 3 times and never came to its end.']);
            });

            // Two processes with two workers each: one is killed while its backtests wait for bars, the other one dies in
            // the middle of a walk.
            it('come to what one by itself comes to, by several workers, and when those are killed', async () => {
                const plan = { grid: [{ parameter: 'fast', values: ['2', '3', '4'] }],
                    walk_forward: { in_sample_days: 30, out_of_sample_days: 30 } };
                const cross = { name: 'one', kind: 'sma_cross', symbols: ['ACME', 'OTHER'], parameters: { fast: 2, slow: 6 } };
                const strategies = [];
                for (const user of [ada, bob])
                    strategies.push((await send(cross, user.token)).body);
                const ask = (user, i) => platform.request('POST', `/api/v1/strategies/${strategies[i].id}/backtests`,
                    { token: user.token, body: { start: '2014-01-01T00:00:00Z', ...plan } });
                const of = async (user, id) => until(`${id} to end`, async () => {
                    const { body } = await platform.request('GET', `/api/v1/backtests/${id}`, { token: user.token });
                    return ENDED.has(body?.status) && body;
                }, 60);
                const undisturbed = await of(ada, (await ask(ada, 0)).body.id);
                assert.equal(undisturbed.status, 'completed', undisturbed.reason_message);
                const replica = await Replica.start(platform, 'trading',
                    { BOURSE_FAULT: 'trading.during_backtest=crash@6', BOURSE_BACKTEST_WORKERS: '2' });
                const asked = await frozen(async () => {
                    const queued = await Promise.all([[ada, 0], [bob, 1], [ada, 0], [bob, 1]].map(async ([user, i]) =>
                        [user, (await ask(user, i)).body.id]));
                    await Promise.all(queued.map(([user, id]) => until(`${id} to run`, async () =>
                        (await platform.request('GET', `/api/v1/backtests/${id}`, { token: user.token })).body?.status === 'running')));
                    await platform.kill('trading');
                    return queued;
                });
                await until('the replica to die', () => replica.process.signalCode !== null, 60);
                for (const [user, id] of asked) {
                    const backtest = await of(user, id);
                    assert.equal(backtest.status, 'completed', backtest.reason_message);
                    for (const part of ['fingerprint', 'windows', 'curve', 'orders', 'statistics'])
                        assert.deepEqual(backtest[part], undisturbed[part], part);
                }
                const { tasks } = await platform.expect(200, 'GET', '/api/v1/tasks?queue=backtests&limit=4', { token: admin });
                assert.deepEqual(tasks.map(one => one.id).sort(), asked.map(([, id]) => id).sort());
                // The second attempt, or the first of one that was put off for market when its process was killed.
                assert.ok(tasks.every(one => one.state === 'completed' && [1, 2, 3].includes(one.attempts)), JSON.stringify(tasks));
                for (const [i, user] of [ada, bob].entries())
                    await platform.expect(204, 'DELETE', `/api/v1/strategies/${strategies[i].id}`, { token: user.token });
            });
        });
    });

    it('are not for an API key that is for one portfolio', async () => {
        const key = await platform.expect(201, 'POST', '/api/v1/api-keys',
            { token: ada.token, body: { name: 'one portfolio', scope: 'trade', portfolio_id: ada.portfolio } });
        const headers = { 'APCA-API-KEY-ID': key.id, 'APCA-API-SECRET-KEY': key.secret };
        const reply = await platform.request('POST', '/api/v1/strategies',
            { headers, body: { name: 'x', kind: 'buy_and_hold', symbols: ['ACME'] } });
        assert.equal(reply.status, 403, reply.text);
        const list = await platform.request('GET', '/api/v1/strategies', { headers });
        assert.deepEqual(list.body.strategies, [], list.text);
    });

    it('of another user are made by administrators, which is noted', async () => {
        const { id } = await platform.expect(200, 'GET', '/api/v1/users/me', { token: bob.token });
        const strategy = await platform.expect(201, 'POST', '/api/v1/strategies',
            { token: admin, body: { name: 'for bob', kind: 'buy_and_hold', symbols: ['ACME'], user_id: id } });
        assert.equal(strategy.user_id, id);
        assert.equal((await platform.expect(200, 'GET', '/api/v1/strategies', { token: bob.token })).strategies[0].id, strategy.id);
        await until('the audit log to have it', async () => (await platform.expect(200, 'GET',
            '/api/v1/audit-log?action=strategy.create', { token: admin })).events?.some(one => one.subject === strategy.id));
    });
});

// SPDX-License-Identifier: MIT
// Strategies that trade on paper: what they order, day after day, with two replicas of trading of which one is killed
// again and again, is what a backtest over the same bars orders; and what they do when they cannot.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setCookies } from '../support/cookies.mjs';
import { Replica } from '../support/from_address.mjs';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { Stream } from '../support/web_socket.mjs';

const AFTER_CLOSE = 'T22:00:00Z';

describe('strategies that run', () => {
    let platform, admin, ada, bob, replica, deaths = 0;
    const bars = madeUpBars(7);
    const dates = bars.map(bar => bar.date);
    let day = dates.indexOf('2014-02-03');
    const deciding = []; // the runs that every step waits for

    before(async () => {
        // One replica dies between a decision and its orders, the other one between orders and what is noted of them.
        platform = await Platform.start({ env: { BOURSE_FAULT: 'trading.after_strategy_decision=crash@9' } });
        admin = await platform.administrator();
        await platform.import('ACME', toCsv(bars), admin);
        await platform.import('OTHER', toCsv(madeUpBars(8)), admin);
        [ada, bob] = [await platform.trader('ada'), await platform.trader('bob')];
        await platform.step(dates[day] + AFTER_CLOSE, admin);
        replica = await Replica.start(platform, 'trading', { BOURSE_FAULT: 'trading.after_strategy_order=crash@4' });
    });
    after(async () => {
        await replica?.stop();
        await platform?.stop();
    });

    const open = async (cash = '10000', user = ada) => (await platform.expect(201, 'POST', '/api/v1/portfolios',
        { token: user.token, body: { name: 'traded', cash_balance: cash } })).id;
    const create = body => platform.expect(201, 'POST', '/api/v1/strategies',
        { token: ada.token, body: { name: 'one', symbols: ['ACME'], ...body } });
    const send = (strategy, verb, body, user = ada) => platform.request('POST', `/api/v1/strategies/${strategy.id}/${verb}`,
        { token: user.token, body });
    const start = async (strategy, body) => {
        const reply = await send(strategy, 'start', body);
        assert.equal(reply.status, 201, reply.text);
        return reply.body;
    };
    const stop = async run => {
        const reply = await send({ id: run.strategy_id }, 'stop', { portfolio_id: run.portfolio_id });
        assert.equal(reply.status, 200, reply.text);
        deciding.splice(0, deciding.length, ...deciding.filter(one => one.id !== run.id));
        return reply.body;
    };
    const look = async run => (await platform.request('GET', `/api/v1/strategy-runs/${run.id}`, { token: ada.token })).body;
    const decisionsOf = async (run, query = 'limit=500') => platform.expect(200, 'GET',
        `/api/v1/strategy-runs/${run.id}/decisions?${query}`, { token: ada.token });
    const ordersOf = async portfolio => (await platform.expect(200, 'GET',
        `/api/v1/portfolios/${portfolio}/orders?status=all&limit=500`, { token: ada.token })).orders;
    const barOf = order => new Date(Number(order.client_order_id.split('-').at(-2)) * 1000).toISOString().slice(0, 10);
    const settled = run => until(`the orders of ${run.id}`, async () => {
        const now = await look(run);
        const { decisions } = await decisionsOf(run, `after=${Math.max(0, (now?.decisions ?? 1) - 5)}`);
        return decisions.every(one => one.outcome !== 'decided' || !one.client_order_id) && now;
    });

    // The clock goes on to the evening of the next session, and the runs that are waited for decide about it.
    async function goOn(days = 1, at = AFTER_CLOSE) {
        day += days;
        if (replica.process.exitCode !== null || replica.process.signalCode !== null) {
            deaths += 1;
            replica.launch();
        }
        await platform.step(dates[day] + at, admin);
        for (const run of deciding)
            await until(`run ${run.id} to look at ${dates[day]}`,
                async () => (await look(run))?.last_bar_at?.startsWith(dates[day]), 40);
        for (const run of deciding)
            await settled(run);
    }

    const inOrder = list => list.sort((one, other) => (one.join() < other.join() ? -1 : 1));

    // What a backtest from the start of the run until now orders.
    async function replay(run) {
        const queued = await platform.request('POST', `/api/v1/strategies/${run.strategy_id}/backtests`,
            { token: ada.token, body: { start: run.started_at, cash: run.initial_cash, exits_at_close: true } });
        assert.equal(queued.status, 202, queued.text);
        const backtest = await until('the backtest', async () => {
            const { body } = await platform.request('GET', `/api/v1/backtests/${queued.body.id}`, { token: ada.token });
            return ['completed', 'failed'].includes(body?.status) && body;
        }, 60);
        assert.equal(backtest.status, 'completed', backtest.reason_message);
        return backtest;
    }

    // Follows a run, and begins anew after the last number as often as it is cut off.
    async function follow(run, told) {
        const stream = await Stream.open(platform.url);
        stream.say({ authenticate: { token: ada.token }, subscribe: [`run:${run.id}${told.length > 0 ? `@${told.at(-1).after}` : ''}`] });
        const isOf = one => one.type === 'run_events';
        await stream.wait('what there is', one => isOf(one) || (told.length > 0 && one.type === 'subscribed'));
        return async () => {
            const { next_after: latest } = await platform.expect(200, 'GET', `/api/v1/strategy-runs/${run.id}/events`, { token: ada.token });
            await until('the latest event', () => (stream.messages.filter(isOf).at(-1) ?? told.at(-1))?.after >= latest);
            told.push(...stream.messages.filter(isOf));
            stream.close();
        };
    }

    describe('day after day, with a replica that is killed again and again', () => {
        const runs = [];
        const told = []; // of the second run, over streams

        before(async () => {
            const kinds = [
                { kind: 'sma_cross', parameters: { fast: 2, slow: 5 } },
                { kind: 'rule', symbols: ['ACME', 'OTHER'], parameters: { enter: 'close > open', exit: 'false',
                    stop_loss_percent: 0.6, trailing_stop_percent: 1.2, take_profit_percent: 0.8 } },
                { kind: 'ema_cross', symbols: ['ACME', 'OTHER'], parameters: { fast: 2, slow: 6, sizing: 'shares', size: '10' } },
                { kind: 'momentum', symbols: ['ACME', 'OTHER'], parameters: { lookback: 3, top_n: 1, frequency: 'weekly' } },
            ];
            for (const body of kinds)
                runs.push(await start(await create(body), { portfolio_id: await open() }));
            deciding.push(...runs);
            let cutOff = await follow(runs[1], told);
            for (let i = 0; i < 22; i += 1) {
                if (i % 8 === 7) {
                    await cutOff();
                    // Two days that nobody has heard of.
                    await goOn();
                    await goOn();
                    i += 2;
                    cutOff = await follow(runs[1], told);
                }
                // Besides their own deaths: before the step, and while it is decided.
                if (i % 10 === 3)
                    await platform.kill('trading');
                const going = goOn();
                if (i % 10 === 6)
                    await platform.kill('trading');
                await going;
            }
            await cutOff();
            deciding.splice(0);
            const log = readFileSync(join(platform.data, 'log', 'trading.log'), 'utf8');
            assert.ok(log.split('"event":"starting"').length > 6, 'the first replica has not died as it should');
            assert.ok(deaths > 1, 'the second replica has not died as it should');
        });

        it('decide about every bar', async () => {
            for (const run of runs) {
                const now = await look(run);
                assert.deepEqual([now.state, now.bars_decided, now.bars_missed], ['running', 22, 0], JSON.stringify(now));
                assert.equal(now.reason, undefined, now.reason_message);
            }
        });

        it('order what a backtest over the same bars orders, once', async () => {
            for (const run of runs) {
                const live = inOrder((await ordersOf(run.portfolio_id)).map(one => [barOf(one), one.ticker, one.side, one.quantity,
                    one.status, one.average_fill_price]));
                const backtest = await replay(run);
                const tested = inOrder(backtest.orders.map(one => [one.placed_at.slice(0, 10), one.ticker, one.side, one.quantity,
                    one.status, one.average_fill_price]));
                assert.ok(live.length >= 3, `${run.kind}: ${live.length} orders`);
                assert.deepEqual(live, tested, run.kind);
                const now = await look(run);
                assert.equal(now.equity, backtest.statistics.final_equity, run.kind);
                assert.equal(now.orders, live.length);
            }
        });

        it('log each decision with what it went by', async () => {
            const { decisions, latest } = await decisionsOf(runs[0]);
            assert.deepEqual(decisions.map(one => one.number), Array.from({ length: 22 }, (_, i) => i + 1));
            assert.equal(latest, 22);
            const first = bars[dates.indexOf('2014-02-04')];
            assert.ok(decisions[0].bar_at.startsWith(first.date));
            const closes = bars.map(bar => Number(bar.close));
            for (const one of decisions) {
                const at = dates.indexOf(one.bar_at.slice(0, 10));
                const mean = count => closes.slice(at + 1 - count, at + 1).reduce((sum, close) => sum + close, 0) / count;
                assert.deepEqual(one.values.map(value => value.name), ['sma(close, 2)', 'sma(close, 5)']);
                assert.ok(Math.abs(Number(one.values[0].value) - mean(2)) < 1e-5);
                assert.ok(Math.abs(Number(one.values[1].value) - mean(5)) < 1e-5);
                assert.equal(Number(one.close), closes[at]);
                assert.ok(['enter', 'in', 'leave'].includes(one.signal));
            }
            const orders = new Map((await ordersOf(runs[0].portfolio_id)).map(one => [one.id, one]));
            const placed = decisions.filter(one => one.outcome === 'placed');
            assert.deepEqual(placed.map(one => orders.get(one.order_id)?.client_order_id), placed.map(one => one.client_order_id));
            assert.equal(placed.length, orders.size);
            // By pages, and in nobody else's reach.
            const page = await decisionsOf(runs[0], 'after=10&limit=5');
            assert.deepEqual(page.decisions.map(one => one.number), [11, 12, 13, 14, 15]);
            await platform.expect(404, 'GET', `/api/v1/strategy-runs/${runs[0].id}/decisions`, { token: bob.token });
            // Stops and targets are among the causes.
            const causes = new Set((await decisionsOf(runs[1])).decisions.map(one => one.cause));
            assert.ok(['stop_loss', 'take_profit'].every(cause => causes.has(cause)), [...causes].join());
        });

        it('tell of every decision over a stream, and of what came of it, none left out and none twice', async () => {
            const events = told.flatMap(one => one.events);
            assert.deepEqual(told.map(one => one.snapshot ?? false), told.map((_, i) => i === 0));
            events.forEach((one, i) => assert.ok(i === 0 || one.sequence > events[i - 1].sequence, `${one.sequence}`));
            // As it is now is what came last of each.
            const latest = new Map(events.filter(one => one.decision).map(one => [one.decision.number, one.decision]));
            const { decisions } = await decisionsOf(runs[1]);
            assert.deepEqual([...latest.values()].sort((one, other) => one.number - other.number), decisions);
            // No decision is told of again unless something has become of it.
            const states = events.filter(one => one.decision).map(one => `${one.decision.number} ${one.decision.outcome}`);
            assert.equal(new Set(states).size, states.length);
            assert.deepEqual(events.filter(one => one.run).at(-1).run, await look(runs[1]));
            told.filter(one => !one.more).forEach(one => assert.ok(one.events.at(-1).run));
        });

        it('have events that are asked for after a number, by their user alone', async () => {
            const ask = (query, options) => platform.request('GET', `/api/v1/strategy-runs/${runs[1].id}/events${query}`,
                { token: ada.token, ...options });
            const now = (await ask('')).body;
            assert.deepEqual([now.events.length, now.events[0].sequence, now.more], [1, now.next_after, false]);
            assert.deepEqual(now.events[0].run, await look(runs[1]));
            const all = (await ask('?after=0&limit=500')).body;
            assert.deepEqual(all.events.at(-1), now.events[0]);
            const pages = [];
            for (let after = 0, more = true; more;) {
                const page = (await ask(`?after=${after}&limit=7`)).body;
                pages.push(...page.events);
                [after, more] = [page.next_after, page.more];
            }
            assert.deepEqual(pages, all.events);
            assert.deepEqual((await ask(`?after=${now.next_after}`)).body.events, []);
            const ahead = await ask(`?after=${now.next_after + 1}`);
            assert.deepEqual([ahead.status, ahead.body.errors[0].message],
                [422, `must be at most the run's latest number, ${now.next_after}`]);
            assert.equal((await ask('?limit=501')).status, 422);
            assert.equal((await ask('', { token: bob.token })).body.reason, 'STRATEGY_RUN_NOT_FOUND');
            await platform.query(`UPDATE trading.strategy_runs SET events_kept_after = 9 WHERE id = '${runs[1].id}'`);
            const gone = await ask('?after=8');
            assert.deepEqual([gone.status, gone.body.reason, gone.body.kept_after, gone.body.after], [410, 'EVENTS_GONE', '9', '8']);
            const stream = await Stream.open(platform.url);
            stream.say({ authenticate: { token: ada.token }, subscribe: [`run:${runs[1].id}@8`] });
            const anew = await stream.wait('a snapshot', one => one.type === 'run_events');
            assert.deepEqual([anew.snapshot, anew.after, anew.events], [true, now.next_after, now.events]);
            stream.close();
            const foreign = await Stream.open(platform.url);
            foreign.say({ authenticate: { token: bob.token }, subscribe: [`run:${runs[1].id}`] });
            assert.equal((await foreign.wait('a refusal', one => one.type === 'error')).reason, 'STRATEGY_RUN_NOT_FOUND');
            foreign.close();
        });

        it('keep the strategy as it was when it was started', async () => {
            const [run] = runs;
            const changed = await platform.expect(200, 'PATCH', `/api/v1/strategies/${run.strategy_id}`,
                { token: ada.token, body: { parameters: { fast: 4, slow: 9 } } });
            const now = await look(run);
            assert.deepEqual([changed.version, now.strategy_version, now.parameters.fast], [2, 1, 2]);
            await platform.expect(409, 'DELETE', `/api/v1/strategies/${run.strategy_id}`, { token: ada.token });
        });

        it('stop when they are told so, and leave what they hold', async () => {
            const holding = await until('a run that holds something', async () =>
                (await Promise.all(runs.map(look))).find(one => one.positions.length > 0));
            const stopped = await stop(holding);
            assert.deepEqual([stopped.state, stopped.reason], ['stopped', undefined]);
            assert.equal((await stop(holding)).stopped_at, stopped.stopped_at);
            for (const run of runs)
                await stop(run);
            for (const run of runs)
                assert.deepEqual((await until('no open orders', async () => {
                    const now = await look(run);
                    return now.open_orders.length === 0 && now;
                })).state, 'stopped');
            assert.ok((await look(holding)).positions.length > 0);
        });
    });

    it('miss the bars that they see too late, and trade on none of them', async () => {
        const strategy = await create({ kind: 'rule', parameters: { enter: 'close > 0', exit: 'false', sizing: 'shares', size: '1' } });
        const run = await start(strategy, { portfolio_id: await open() });
        // The middle of the second day: its bar is not over, that of the first is too old.
        day += 2;
        await platform.step(`${dates[day]}T16:00:00Z`, admin);
        await until('the bar to be missed', async () => (await look(run)).bars_missed === 1);
        assert.deepEqual(await ordersOf(run.portfolio_id), []);
        // That of the second day is passed over by the third's close, which is in time.
        deciding.push(run);
        await goOn();
        const { decisions } = await decisionsOf(run);
        assert.deepEqual(decisions.map(one => [one.bar_at.slice(0, 10), one.outcome, one.reason]), [
            [dates[day - 2], 'missed', 'BAR_MISSED'], [dates[day - 1], 'missed', 'BAR_MISSED'], [dates[day], 'placed', undefined]]);
        await stop(run);
        await until('its order to be canceled', async () =>
            (await ordersOf(run.portfolio_id))[0].status === 'canceled');
    });

    it('buy nothing more on a day on which they have lost as much as they may, and no sooner', async () => {
        // What is bought at 100 on the second and the third day is worth a dollar less a share on the fourth.
        const drop = day + 4;
        await platform.import('DROP', toCsv(dates.map((date, index) => {
            const price = index < drop ? '100' : '99';
            return { date, open: price, high: price, low: price, close: price, volume: '1000000' };
        })), admin);
        const runs = [];
        for (const max_daily_loss of ['20.00', '20.01']) {
            const strategy = await create({ kind: 'regular_purchase', symbols: ['DROP'], parameters: { amount: '1000', frequency: 'daily' } });
            runs.push(await start(strategy, { portfolio_id: await open('30000'), max_daily_loss }));
        }
        deciding.push(...runs);
        while (day < drop)
            await goOn();
        const [stopped, other] = [await look(runs[0]), await look(runs[1])];
        assert.deepEqual([stopped, other].map(run => [run.daily_loss, run.reason]), [['20.00', 'LIMIT_EXCEEDED'], ['20.00', undefined]]);
        await goOn();
        const outcomes = [];
        for (const run of runs) {
            const { decisions } = await decisionsOf(run);
            outcomes.push(decisions.map(one => one.outcome));
            assert.deepEqual(decisions.filter(one => one.outcome === 'refused').map(one => [one.bar_at.slice(0, 10), one.reason]),
                run === runs[0] ? [[dates[drop], 'LIMIT_EXCEEDED']] : []);
            assert.equal((await ordersOf(run.portfolio_id)).length, decisions.filter(one => one.outcome === 'placed').length);
        }
        assert.deepEqual(outcomes, [['placed', 'placed', 'placed', 'refused', 'placed'], Array(5).fill('placed')]);
        for (const run of runs)
            await stop(run);
    });

    it('are refused where their user would be, and stop with a portfolio that is closed', async () => {
        const strategy = await create({ kind: 'regular_purchase', parameters: { amount: '1000', frequency: 'daily' } });
        const [halted, closed] = [await start(strategy, { portfolio_id: await open() }),
            await start(strategy, { portfolio_id: await open() })];
        await platform.expect(200, 'PUT', `/api/v1/portfolios/${halted.portfolio_id}/trading-halt`,
            { token: ada.token, body: { note: 'enough' } });
        await platform.expect(204, 'DELETE', `/api/v1/portfolios/${closed.portfolio_id}?force=true`, { token: ada.token });
        deciding.push(halted);
        await goOn();
        const { decisions } = await decisionsOf(halted);
        assert.deepEqual(decisions.map(one => [one.outcome, one.reason]), [['refused', 'TRADING_HALTED']]);
        assert.equal(await until('the run in the closed portfolio to stop', async () => {
            const now = await look(closed);
            return now.state === 'stopped' && now.reason;
        }), 'PORTFOLIO_CLOSED');
        assert.deepEqual((await look(closed)).positions, []);
        await stop(halted);
    });

    it('say why an order was refused as its user would be told, with the numbers', async () => {
        const strategy = await create({ kind: 'regular_purchase', parameters: { amount: '1000', frequency: 'daily' } });
        const run = await start(strategy, { portfolio_id: await open() });
        await platform.expect(200, 'PUT', `/api/v1/portfolios/${run.portfolio_id}/limits`,
            { token: ada.token, body: { max_order_value: '100' } });
        deciding.push(run);
        await goOn();
        const [decision] = (await decisionsOf(run)).decisions;
        const { body: byHand } = await platform.request('POST', `/api/v1/portfolios/${run.portfolio_id}/orders`,
            { token: ada.token, body: { ticker: 'ACME', side: 'buy', quantity: decision.order_quantity } });
        assert.deepEqual([decision.outcome, decision.reason, decision.reason_message],
            ['refused', byHand.reason, byHand.detail]);
        assert.deepEqual(decision.reason_details.map(one => one.name).sort(), ['limit', 'maximum', 'order_value', 'set_by']);
        for (const { name, value } of decision.reason_details)
            assert.equal(value, byHand[name], name);
        const { events } = await platform.expect(200, 'GET', `/api/v1/strategy-runs/${run.id}/events?after=1`, { token: ada.token });
        assert.deepEqual(events.find(one => one.decision)?.decision, decision);
        assert.equal(events.at(-1).run.reason_message, decision.reason_message);
        const login = await platform.request('POST', '/api/v1/auth/login',
            { body: { username: ada.username, password: 'correct horse battery', cookie: true } });
        const page = await platform.request('GET', `/strategy-runs/${run.id}`,
            { headers: { cookie: setCookies(login)[0].split(';')[0] } });
        assert.match(page.text, /Refused[^]*<span class="sub is-text">[^<]*100\.00[^<]*<\/span>/);
        await stop(run);
    });

    it('are started once in a portfolio, by whom both belong to, with what there is to spend', async () => {
        const strategy = await create({ kind: 'buy_and_hold' });
        const portfolio = await open('4000');
        const headers = { 'idempotency-key': 'start it' };
        const path = `/api/v1/strategies/${strategy.id}/start`;
        const [one, two] = await Promise.all([1, 2].map(() => send(strategy, 'start', { portfolio_id: portfolio })));
        assert.deepEqual([one.status, two.status].sort(), [201, 409]);
        assert.equal([one, two].find(reply => reply.status === 409).body.reason, 'STRATEGY_IS_RUNNING');
        const run = [one, two].find(reply => reply.status === 201).body;
        assert.deepEqual([run.initial_cash, run.cash, run.state], ['4000.00', '4000.00', 'running']);
        assert.equal((await send(strategy, 'start', { portfolio_id: bob.portfolio })).body.reason, 'PORTFOLIO_NOT_FOUND');
        assert.equal((await send(strategy, 'start', { portfolio_id: bob.portfolio }, bob)).body.reason, 'STRATEGY_NOT_FOUND');
        // Nor does an administrator have one's strategy trade with another's money.
        assert.equal((await send(strategy, 'start', { portfolio_id: bob.portfolio }, { token: admin })).body.reason, 'PORTFOLIO_NOT_FOUND');
        const elsewhere = await open();
        const replies = [];
        for (let i = 0; i < 2; i += 1)
            replies.push(await platform.request('POST', path, { token: ada.token, headers, body: { portfolio_id: elsewhere, cash: '500' } }));
        assert.deepEqual(replies.map(reply => reply.body.id), [replies[0].body.id, replies[0].body.id], replies[1].text);
        assert.equal(replies[0].body.initial_cash, '500.00');
        await stop(run);
        await stop(replies[0].body);
        // One that is stopped may be started again, and deleted with its runs.
        await stop(await start(strategy, { portfolio_id: portfolio }));
        const { runs } = await platform.expect(200, 'GET', `/api/v1/strategy-runs?strategy_id=${strategy.id}&portfolio_id=${portfolio}`,
            { token: ada.token });
        assert.deepEqual(runs.map(each => each.state), ['stopped', 'stopped']);
        await platform.expect(204, 'DELETE', `/api/v1/strategies/${strategy.id}`, { token: ada.token });
        await platform.expect(404, 'GET', `/api/v1/strategy-runs/${run.id}`, { token: ada.token });
    });

    it('are at most five in a portfolio, and ten of a user', async () => {
        const strategies = [];
        for (let i = 0; i < 6; i += 1)
            strategies.push(await create({ kind: 'buy_and_hold' }));
        const portfolios = [await open('100'), await open('100'), await open('100')];
        const runs = [];
        for (const strategy of strategies.slice(0, 5))
            for (const portfolio of portfolios.slice(0, 2))
                runs.push(await start(strategy, { portfolio_id: portfolio, cash: '10' }));
        const full = await send(strategies[5], 'start', { portfolio_id: portfolios[0], cash: '10' });
        assert.deepEqual([full.status, full.body.reason, full.body.maximum], [409, 'TOO_MANY_RUNS', '5']);
        const eleventh = await send(strategies[5], 'start', { portfolio_id: portfolios[2], cash: '10' });
        assert.deepEqual([eleventh.status, eleventh.body.reason, eleventh.body.maximum], [409, 'TOO_MANY_RUNS', '10']);
        for (const run of runs)
            await stop(run);
        const page = await platform.expect(200, 'GET', `/api/v1/strategy-runs?portfolio_id=${portfolios[0]}&state=stopped&limit=3`,
            { token: ada.token });
        const rest = await platform.expect(200, 'GET',
            `/api/v1/strategy-runs?portfolio_id=${portfolios[0]}&page_token=${page.next_page_token}`, { token: ada.token });
        assert.deepEqual([page.runs.length, rest.runs.length, rest.next_page_token], [3, 2, undefined]);
    });
});

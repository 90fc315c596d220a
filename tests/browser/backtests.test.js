// SPDX-License-Identifier: MIT
// The pages of backtests on a clock that has been set to another year than the machine's. Skipped where there is no Chromium.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { assertQuiet, inspect, launch, logIn, open, program, submit } from './browser.mjs';

describe('the pages of backtests', { skip: program ? false : 'there is no Chromium' }, () => {
    let platform, browser, user, state, strategy;
    const bars = madeUpBars(21);
    const dates = bars.map(bar => bar.date);
    const words = date => new Date(date).toLocaleDateString('en-US', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' });
    const look = id => platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token: user.token });
    const completed = async id => until('the backtest', async () => {
        const backtest = await look(id);
        return backtest.status === 'completed' && backtest;
    });
    const run = async body => completed((await platform.expect(202, 'POST', `/api/v1/strategies/${strategy}/backtests`,
        { token: user.token, body: { start: `${dates[0]}T00:00:00Z`, ...body } })).id);
    const show = async path => {
        const page = await open(browser, platform, { state, scripts: false });
        await page.goto(path);
        return page;
    };
    const done = async page => {
        assertQuiet(page);
        await page.context().close();
    };
    const edges = page => page.locator('section:has(> h2#curves) .scale > span:not(.key)').allInnerTexts();

    before(async () => {
        [platform, browser] = await Promise.all([Platform.start(), launch()]);
        const admin = await platform.administrator();
        await platform.import('AONE', toCsv(bars), admin);
        await platform.import('CTHR', toCsv(madeUpBars(23)), admin);
        await platform.step(`${dates[40]}T15:00:00Z`, admin);
        user = await platform.trader('tester');
        state = await logIn(browser, platform, 'tester', user.password);
        strategy = (await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
            body: { name: 'Cross', kind: 'sma_cross', parameters: { fast: 2, slow: 5 }, symbols: ['AONE'] } })).id;
    });
    after(async () => {
        await browser?.close();
        await platform?.stop();
    });

    // Asks by the form, and returns the page that came of it.
    const ask = async (start, end) => {
        const page = await show(`/strategies/${strategy}`);
        await page.fill('#backtest-start', start);
        await page.fill('#backtest-end', end);
        await submit(page, 'Test it');
        return page;
    };

    it('go until the platform\'s present, whatever the machine\'s, when no end or the present day is chosen', async () => {
        for (const end of ['', dates[40]]) {
            const page = await ask(dates[0], end);
            const { id, end: until_ } = await completed(new URL(page.url()).pathname.split('/').at(-1));
            assert.equal(until_, `${dates[40]}T15:00:00Z`);
            await page.goto(`/backtests/${id}`);
            const head = await page.locator('.page-head').innerText();
            assert.ok(head.includes(`from ${words(dates[0])} to ${words(dates[40])}, with`), head);
            assert.ok((await page.locator('section:has(#asked)').innerText()).includes(`${words(dates[0])} to ${words(dates[39])}`));
            await page.goto(`/strategies/${strategy}`);
            assert.ok((await page.locator('main tbody tr').first().innerText()).includes(`${words(dates[0])} to ${words(dates[40])}`));
            await done(page);
        }
    });

    it('are refused beside the date that is still to come', async () => {
        const rule = new RegExp(`present time, ${words(dates[40])}, 15:00 UTC`);
        let page = await ask(dates[0], dates[41]);
        assert.match(await page.locator('#backtest-end-problem').innerText(), rule);
        assert.equal(await page.inputValue('#backtest-end'), dates[41]);
        await done(page);
        page = await ask(dates[41], '');
        assert.match(await page.locator('#backtest-start-problem').innerText(), rule);
        await done(page);
    });

    it('say of each order when it was decided and when it was filled, as the trade that it belongs to', async () => {
        const { id, trades, orders } = await run({ benchmark: 'CTHR' });
        const page = await show(`/backtests/${id}`);
        const rows = name => page.locator(`section:has(#${name}) tbody tr`).allInnerTexts();
        const [trade] = await rows('trades');
        const [buy, sell] = await rows('orders');
        assert.notEqual(orders[0].placed_at, orders[0].ended_at);
        assert.ok(trade.includes(`Bought ${words(trades[0].opened_at)}`) && trade.includes(`Sold ${words(trades[0].closed_at)}`), trade);
        for (const [row, order] of [[buy, orders[0]], [sell, orders[1]]])
            assert.match(row, new RegExp(`Decided ${words(order.placed_at)}[^]*Filled\\s+${words(order.ended_at)}`));
        assert.deepEqual([trades[0].opened_at, trades[0].closed_at], [orders[0].ended_at, orders[1].ended_at]);
        await done(page);
    });

    it('tell the high and the low of the curve itself, and the days at its edges', async () => {
        const { id, curve, statistics } = await run({ benchmark: 'CTHR' });
        const page = await show(`/backtests/${id}`);
        const equity = curve.map(point => Number(point.equity));
        const high = Math.max(...equity), low = Math.min(...equity);
        assert.ok(curve.some(point => Number(point.benchmark) < low), 'the benchmark is the lower one');
        const on = value => ` ${value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} on ${words(curve[equity.indexOf(value)].time)}`;
        assert.deepEqual(await page.locator('section:has(> .head > #equity) .extremes span').allInnerTexts(), [`The curve’s high${on(high)}`, `Its low${on(low)}`]);
        assert.ok((await page.locator('section:has(#drawdown) .extremes').innerText()).includes(`on ${words(statistics.max_drawdown_trough_at)}, from the high of`));
        for (const name of ['equity', 'drawdown'])
            assert.deepEqual(await page.locator(`section:has(#${name}) .scale > span:not(.key)`).allInnerTexts(), [words(curve[0].time), words(curve.at(-1).time)]);
        await done(page);
        const live = await open(browser, platform, { state });
        await inspect(live, 'backtest_with_its_high', `/backtests/${id}`);
        await done(live);
    });

    it('are ranked only when they cover the same time, and say which time the curves are of', async () => {
        const [one, other, short] = [await run({}), await run({ costs: { commission_per_order: '10' } }),
            await run({ start: `${dates[12]}T00:00:00Z`, end: `${dates[30]}T00:00:00Z` })];
        const page = await show(`/backtests/compare?id=${one.id}&id=${other.id}`);
        assert.ok(await page.locator('td.is-best').count() > 0);
        assert.equal(await page.locator('.notice').count(), 0);
        assert.deepEqual(await edges(page), [words(dates[0]), words(dates[39])]);
        await page.goto(`/backtests/compare?id=${one.id}&id=${short.id}`);
        assert.equal(await page.locator('td.is-best').count(), 0);
        assert.ok(!(await page.locator('main').innerText()).includes('★'));
        const notice = await page.locator('.notice').innerText();
        assert.match(notice, /^These cover different times: /);
        for (const [first, last] of [[0, 39], [12, 30]])
            assert.ok(notice.includes(`from ${words(dates[first])} to ${words(dates[last])}`), notice);
        assert.deepEqual(await edges(page), [words(dates[12]), words(dates[30])]);
        assert.ok((await page.locator('section:has(#curves)').innerText()).includes(`From ${words(dates[12])} to ${words(dates[30])} alone`));
        await done(page);
        const live = await open(browser, platform, { state });
        await inspect(live, 'comparison_of_different_times', `/backtests/compare?id=${one.id}&id=${short.id}`);
        await done(live);
    });

    // At the end, as the clock goes on.
    it('are followed by runs that say in words what they have decided, by what, and what came of it', async () => {
        const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
            body: { name: 'Words', kind: 'rule', parameters: { enter: 'close > sma(close, 5) * 0.01', exit: 'close < 0.01' }, symbols: ['AONE'] } });
        const running = await platform.expect(201, 'POST', `/api/v1/strategies/${id}/start`, { token: user.token, body: { portfolio_id: user.portfolio, cash: '5000' } });
        const admin = await platform.administrator();
        const page = await show(`/strategy-runs/${running.id}`);
        for (const [day, decision] of [[41, /Close [\d,.]+\s+sma\(close, 5\) is [\d,.]+\s+Get in\s+Placed: Buy \d+\s+Entry/], [42, /\s+Stay in\s+Nothing to do/]]) {
            await platform.step(`${dates[day]}T22:00:00Z`, admin);
            await until(`what was decided on ${dates[day]}`, async () => {
                await page.reload();
                const row = page.locator('section:has(#decisions) tbody tr').first();
                return await row.count() && decision.test(await row.innerText());
            });
        }
        await done(page);
        const live = await open(browser, platform, { state });
        await inspect(live, 'strategy_run_decisions', `/strategy-runs/${running.id}`);
        await done(live);
    });
});

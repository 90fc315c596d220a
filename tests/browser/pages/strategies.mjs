// SPDX-License-Identifier: MIT
// Strategies from the editor to what they do on paper, and their backtests.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { until } from '../../support/platform.mjs';
import { assertQuiet, flash, logIn, lookAt, open, submit } from '../browser.mjs';

export const strategies = site => describe('strategies', () => {
    const start = new Date(Date.now() - 5e9).toISOString().slice(0, 10);
    const rows = async (one, id) => one.locator(`section:has(#${id}) tbody tr`).allInnerTexts();
    let platform, browser, state, user;

    before(async () => {
        ({ platform, browser } = site);
        user = await platform.trader('strategist');
        state = await logIn(browser, platform, 'strategist', user.password);
    });

    it('are made with the form of their kind, and say the place where a rule is wrong, without scripts', async () => {
        const one = await open(browser, platform, { state, scripts: false });
        await one.goto('/strategies');
        await one.getByRole('link', { name: 'New strategy' }).click();
        await one.getByRole('link', { name: 'Your own rules' }).click();
        await one.fill('#strategy-name', 'By rule');
        await one.fill('#strategy-symbols', 'aapl, KO');
        await one.fill('#strategy-parameters-enter', 'close > "é" and <b>');
        await one.fill('#strategy-parameters-exit', 'close < sma(close, and 5)');
        await submit(one, 'Create the strategy');
        assert.match(await one.locator('.form-problem').innerText(), /correct what is marked/);
        assert.match(await one.locator('#strategy-parameters-exit-problem').innerText(), /^column 20: /m);
        const marks = await one.locator('.rule-place mark').allInnerTexts();
        assert.deepEqual(marks, ['"', 'and']);
        assert.equal(await one.locator('.rule-place').last().innerText(), 'close < sma(close, and 5)');
        assert.equal(await one.inputValue('#strategy-parameters-enter'), 'close > "é" and <b>');
        await one.fill('#strategy-parameters-enter', 'close > sma(close, 5)');
        await one.fill('#strategy-parameters-exit', 'close < sma(close, 5)');
        await one.fill('#strategy-parameters-stop_loss_percent', '100');
        await submit(one, 'Create the strategy');
        assert.match(await one.locator('#strategy-parameters-stop_loss_percent-problem').innerText(), /from 0 to 99, not 100/);
        await one.fill('#strategy-parameters-stop_loss_percent', '8');
        await submit(one, 'Create the strategy');
        assert.match(await flash(one), /By rule is there/);
        assert.match(await one.locator('main').innerText(), /Stop loss percent\s+8/);
        await one.getByRole('link', { name: 'Edit' }).click();
        assert.equal(await one.inputValue('#strategy-symbols'), 'AAPL, KO');
        await one.fill('#strategy-name', 'By another rule');
        await one.fill('#strategy-parameters-stop_loss_percent', '');
        await submit(one, 'Save');
        const [strategy] = (await platform.expect(200, 'GET', '/api/v1/strategies', { token: user.token })).strategies;
        assert.deepEqual([strategy.name, strategy.version, strategy.parameters.stop_loss_percent, strategy.symbols.join()],
            ['By another rule', 2, '0', 'AAPL,KO']);
        assertQuiet(one);
        await one.context().close();
    });

    it('are tested on the past; a page that is watched goes on by itself to what came of it', async () => {
        const one = await open(browser, platform, { state });
        await one.goto('/strategies');
        await one.getByRole('link', { name: 'By another rule' }).click();
        await one.fill('#backtest-start', start);
        await one.fill('#backtest-benchmark', 'KO');
        await one.fill('#backtest-cash', 'much');
        await submit(one, 'Test it');
        assert.match(await one.locator('#backtest-cash-problem').innerText(), /decimal/);
        await one.fill('#backtest-cash', '50000');
        await submit(one, 'Test it');
        await one.locator('.chart-live canvas').first().waitFor();
        const id = new URL(one.url()).pathname.split('/').at(-1);
        const api = await platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token: user.token });
        assert.equal(api.cash, '50000.00');
        assert.equal(await one.locator('.chart-live canvas').count() > 1, true);
        const figures = await rows(one, 'figures');
        assert.ok(figures[0].includes(`${Math.abs(Number(api.statistics.return_percent)).toFixed(2)}%`), figures[0]);
        await one.locator('details.definition summary').first().click();
        assert.ok(await one.getByText('What the equity at the end is more').isVisible());
        assert.equal((await rows(one, 'trades')).length, Math.min(200, api.trades.length));
        assert.equal((await rows(one, 'orders')).length, Math.min(200, api.orders.length));
        await one.getByText('Both as a table').click();
        assert.equal((await rows(one, 'drawdown')).length, api.curve.length);
        const [download] = await Promise.all([one.waitForEvent('download'), one.locator('section:has(#trades)').getByRole('link', { name: /CSV/ }).click()]);
        const table = await (await download.createReadStream()).toArray();
        assert.equal(download.suggestedFilename(), 'trades.csv');
        assert.equal(Buffer.concat(table).toString().trim().split('\n').length, api.trades.length + 1);
        assertQuiet(one);
        await one.context().close();
    });

    // One that waits for its bars while market does not answer.
    const askFor = async () => {
        const { strategies } = await platform.expect(200, 'GET', '/api/v1/strategies', { token: user.token });
        const { id } = await platform.expect(202, 'POST', `/api/v1/strategies/${strategies.at(-1).id}/backtests`,
            { token: user.token, body: { start: `${start}T00:00:00Z` } });
        await until('it to run', async () => await status(id) === 'running');
        return id;
    };
    const status = async id => (await platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token: user.token })).status;

    it('are canceled while they run, without scripts', async () => {
        const one = await open(browser, platform, { state, scripts: false });
        const id = await platform.frozen('market', async () => {
            const running = await askFor();
            await one.goto(`/backtests/${running}`);
            assert.match(await one.locator('.page-head').innerText(), /Running/);
            assert.equal(await one.locator('meta[http-equiv="refresh"]').count(), 1);
            await submit(one, 'Cancel');
            assert.match(await flash(one), /is canceled/);
            return running;
        });
        await one.getByText('It was canceled.').waitFor();
        assert.equal(await status(id), 'canceled');
        assert.equal(await one.locator('meta[http-equiv="refresh"]').count(), 0);
        await one.getByRole('button', { name: 'Remove' }).click();
        await submit(one, 'Remove the backtest');
        assert.match(await flash(one), /was removed/);
        // Who goes back to it is not told of a number that nobody knows.
        assert.equal((await one.goto(`/backtests/${id}`)).status(), 404);
        assert.match(await one.locator('main').innerText(), /There is no such backtest\./);
        assertQuiet(one);
        await one.context().close();
    });

    it('are followed over the stream, and seen as they are after it was lost, without being asked for meanwhile', async () => {
        const one = await open(browser, platform, { state });
        const stream = '**/api/v1/stream*';
        await one.addInitScript(() => {
            globalThis.told = 0;
            globalThis.EventSource = class extends EventSource {
                constructor(address) {
                    super(address);
                    this.addEventListener('backtest', () => { globalThis.told++; });
                }
            };
        });
        const told = () => one.evaluate(() => globalThis.told);
        for (const isLost of [false, true]) {
            const asked = [];
            let before;
            // Once for each change it is told of: one that finds market away goes back into the queue, and runs again.
            const countAsked = async id => {
                const times = asked.filter(path => path === `/backtests/${id}`).length;
                assert.ok(times <= await told() - before, `${times} times`);
                return times;
            };
            if (isLost)
                await one.route(stream, route => route.abort());
            const id = await platform.frozen('market', async () => {
                const running = await askFor();
                await one.goto(`/backtests/${running}`);
                await one.waitForSelector(`[data-stream][data-state="${isLost ? 'waiting' : 'live'}"]`);
                await one.evaluate(() => { globalThis.mark = 'same page'; });
                before = await told();
                one.on('request', request => asked.push(new URL(request.url()).pathname));
                if (!isLost)
                    await lookAt(one, 'backtest_running');
                await countAsked(running);
                return running;
            });
            await until('it to be done', async () => await status(id) === 'completed');
            if (isLost)
                await one.unroute(stream);
            await one.locator('#figures').waitFor();
            // There is nothing left to hear of.
            await one.locator('[data-stream]').waitFor({ state: 'hidden' });
            assert.equal(await one.evaluate(() => globalThis.mark), 'same page');
            assert.ok(await countAsked(id) >= 1);
            await platform.expect(204, 'DELETE', `/api/v1/backtests/${id}`, { token: user.token });
            one.removeAllListeners('request');
        }
        one.complaints = one.complaints.filter(complaint => !/ERR_FAILED/.test(complaint));
        assertQuiet(one);
        await one.context().close();
    });

    it('are tried with several values, seen without scripts, and deleted', async () => {
        const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
            body: { name: 'Cross', kind: 'sma_cross', parameters: { fast: 5, slow: 20 }, symbols: ['AAPL'] } });
        const one = await open(browser, platform, { state, scripts: false });
        await one.goto(`/strategies/${id}`);
        await one.fill('#backtest-start', start);
        await one.getByText('Try several values').click();
        await one.fill('#strategy-grid-fast', '2, many');
        await submit(one, 'Test it');
        assert.match(await one.locator('#strategy-grid-fast-problem').innerText(), /number, not "many"/);
        await one.fill('#strategy-grid-fast', '2, 30');
        await submit(one, 'Test it');
        // Without scripts the page is loaded again every 2 seconds until it is done.
        await one.locator('svg.chart-line').first().waitFor();
        const tried = await rows(one, 'combinations');
        assert.equal(tried.length, 2);
        assert.match(tried[0], /fast 2\s+Best/);
        assert.match(tried[1], /fast/);
        assert.ok(await one.locator('path.dots.is-buy').count());
        assert.equal(await one.locator('meta[http-equiv="refresh"]').count(), 0);
        await one.getByRole('button', { name: 'Remove' }).click();
        assert.match(await one.locator('#remove').innerText(), /cannot be undone/);
        await one.getByRole('button', { name: 'Keep it' }).click();
        await one.getByRole('button', { name: 'Remove' }).click();
        await submit(one, 'Remove the backtest');
        assert.match(await flash(one), /was removed/);
        await one.getByText('Delete it').click();
        await submit(one, 'Delete this strategy');
        assert.match(await flash(one), /was deleted/);
        assert.ok(!(await one.locator('main').innerText()).includes('Cross'));
        assertQuiet(one);
        await one.context().close();
    });

    it('are walked forward with the values that are tried, and say what was chosen in each window', async () => {
        const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
            body: { name: 'Forward', kind: 'sma_cross', parameters: { fast: 2, slow: 6 }, symbols: ['AAPL'] } });
        const one = await open(browser, platform, { state, scripts: false });
        await one.goto(`/strategies/${id}`);
        await one.fill('#backtest-start', start);
        await one.getByText('Walk forward').click();
        await one.fill('#backtest-walk_forward-in_sample_days', '20');
        await one.fill('#backtest-walk_forward-out_of_sample_days', '10');
        await one.fill('#backtest-walk_forward-step_days', '9');
        await one.selectOption('#backtest-walk_forward-objective', 'return_percent');
        await submit(one, 'Test it');
        assert.match(await one.locator('.form-problem').innerText(), /^“Try several values” must have parameters for “Walk forward” to choose from\.$/);
        await one.fill('#strategy-grid-fast', '2, 3');
        await submit(one, 'Test it');
        assert.match(await one.locator('#backtest-walk_forward-step_days-problem').innerText(), /10/);
        assert.equal(await one.inputValue('#backtest-walk_forward-objective'), 'return_percent');
        await one.fill('#backtest-walk_forward-step_days', '');
        await one.check('#backtest-walk_forward-anchored');
        await submit(one, 'Test it');
        await one.locator('#windows').waitFor();
        const api = await platform.expect(200, 'GET', `/api/v1${new URL(one.url()).pathname}`, { token: user.token });
        assert.deepEqual(api.walk_forward, { in_sample_days: 20, out_of_sample_days: 10, anchored: true, objective: 'return_percent' });
        const windows = await rows(one, 'windows');
        assert.equal(windows.length, api.windows.length);
        api.windows.forEach((window, index) =>
            assert.ok(windows[index].includes(`fast ${window.parameters.fast}`), windows[index]));
        assert.match(await one.locator('section:has(#windows)').innerText(), /20 days in sample, or more .*by: Return percent/);
        assertQuiet(one);
        await one.context().close();
    });

    it('are compared: what is best is marked, what differs is named, and the wrong number is refused', async () => {
        const { strategies } = await platform.expect(200, 'GET', '/api/v1/strategies', { token: user.token });
        const { id } = strategies.find(strategy => strategy.name === 'By another rule');
        const other = await platform.expect(202, 'POST', `/api/v1/strategies/${id}/backtests`, { token: user.token,
            body: { start: `${start}T00:00:00Z`, cash: '70000', costs: { commission_per_order: '25' } } });
        await until('the other one', async () =>
            (await platform.expect(200, 'GET', `/api/v1/backtests/${other.id}`, { token: user.token })).status === 'completed');
        const one = await open(browser, platform, { state, scripts: false });
        await one.goto(`/strategies/${id}`);
        const boxes = one.getByRole('checkbox', { name: /^Compare the one from/ });
        assert.equal(await boxes.count(), 2);
        await boxes.first().check();
        await submit(one, 'Compare');
        assert.match(await one.locator('.form-problem').innerText(), /Choose from 2 to 10 backtests/);
        await one.goBack();
        await boxes.first().check();
        await boxes.last().check();
        await submit(one, 'Compare');
        const ids = new URL(one.url()).searchParams.getAll('id');
        const api = await platform.expect(200, 'GET', `/api/v1/backtests:compare?ids=${ids}`, { token: user.token });
        assert.equal(await one.locator('.chart-box > svg polyline').count(), 3, 'two curves and the benchmark');
        const row = name => one.locator('section:has(#figures) tbody tr').filter({ has: one.getByText(name, { exact: true }) });
        const paid = api.backtests.map(backtest => Number(backtest.statistics.commission));
        assert.notEqual(paid[0], paid[1]);
        const best = await row('Commission').locator('td').nth(paid[0] < paid[1] ? 0 : 1).innerText();
        assert.match(best, /^★ 0\.00/);
        assert.equal(await row('Commission').locator('.is-best').count(), 1);
        assert.equal(await row('Bars').locator('.is-best').count(), 0);
        assert.deepEqual((await rows(one, 'differences')).map(text => text.split(/\s*\t/)[0]).length, api.differences.length);
        assert.match((await rows(one, 'differences')).join('\n'), /^Cash\t.*70,000\.00/m);
        await one.getByText('The curves as a table').click();
        assert.equal((await rows(one, 'curves')).length, api.curve.length);
        const table = await one.request.get(await one.getByRole('link', { name: /CSV/ }).getAttribute('href'));
        assert.equal((await table.text()).trim().split('\n').length, 3);
        await one.goto(`/backtests/compare?${Array.from({ length: 11 }, (_, n) => `id=0195d3a0-0000-7000-8000-0000000000${10 + n}`).join('&')}`);
        assert.match(await one.locator('.form-problem').innerText(), /Choose from 2 to 10 backtests/);
        assertQuiet(one);
        await one.context().close();
    });

    it('trade on paper until they are stopped, without scripts', async () => {
        const one = await open(browser, platform, { state, scripts: false });
        await one.goto('/strategies');
        await one.getByRole('link', { name: 'By another rule' }).click();
        await one.fill('#start-cash', 'much');
        await submit(one, 'Start it');
        assert.match(await one.locator('#start-cash-problem').innerText(), /decimal/);
        await one.fill('#start-cash', '2000');
        await one.fill('#start-max_daily_loss', '100');
        await submit(one, 'Start it');
        assert.match(await flash(one), /trades now/);
        assert.match(await one.locator('main').innerText(), /of 2,000\.00/);
        assert.match(await one.locator('main').innerText(), /of 100\.00/);
        await submit(one, 'Stop it');
        assert.match(await flash(one), /is stopped/);
        const [run] = (await platform.expect(200, 'GET', '/api/v1/strategy-runs', { token: user.token })).runs;
        assert.deepEqual([run.state, run.max_daily_loss], ['stopped', '100.00']);
        assert.match(await one.locator('.page-head').innerText(), /Stopped/);
        assert.equal(await one.getByRole('button', { name: 'Stop it' }).count(), 0);
        assertQuiet(one);
        await one.context().close();
    });

    it('have their rules checked as they are typed', async () => {
        const one = await open(browser, platform, { state });
        await one.goto('/strategies/new?kind=rule');
        await one.locator('#strategy-parameters-enter').pressSequentially('close > <img>');
        // What is typed first is wrong elsewhere.
        await one.locator('.rule-place mark', { hasText: '<' }).waitFor();
        assert.match(await one.locator('#strategy-parameters-enter-problem').innerText(), /^column 9: /m);
        await one.fill('#strategy-parameters-enter', 'close > 1');
        await one.locator('.rule-place').waitFor({ state: 'hidden' });
        assert.equal(await one.getAttribute('#strategy-parameters-enter', 'aria-invalid'), null);
        assertQuiet(one);
        await one.context().close();
    });
});

// SPDX-License-Identifier: MIT
// The page of a portfolio's performance, after some months of it. Skipped where there is no Chromium.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform, madeUpBars, toCsv, until } from '../support/platform.mjs';
import { assertQuiet, inspect, keepPaper, launch, lookAt, open, overflow, program, violations } from './browser.mjs';

describe('the page of a performance', { skip: program ? false : 'there is no Chromium' }, () => {
    let platform, browser, admin, user, state, address;
    const tickers = ['AONE', 'BTWO', 'CTHR'];
    const dates = madeUpBars(1).map(bar => bar.date);
    const get = path => platform.expectDays(`/api/v1/portfolios/${user.portfolio}${path}`, { token: user.token });
    const post = (path, body) => platform.expect(201, 'POST', `/api/v1/portfolios/${user.portfolio}${path}`, { token: user.token, body });

    before(async () => {
        [platform, browser] = await Promise.all([Platform.start(), launch()]);
        admin = await platform.administrator();
        for (const [index, ticker] of tickers.entries())
            await platform.import(ticker, toCsv(madeUpBars(index + 21)), admin);
        const falling = madeUpBars(24).map(bar => ({ ...bar, open: bar.high, close: bar.low }));
        await platform.import('DFAL', toCsv(falling), admin);
        await platform.expect(200, 'PATCH', '/api/v1/symbols/AONE', { token: admin, body: { sector: 'Technology' } });
        await platform.step(`${dates[0]}T15:00:00Z`, admin);
        user = await platform.trader('looker');
        address = `/portfolio/${user.portfolio}/performance`;
        const login = await open(browser, platform);
        await login.goto('/login');
        await login.fill('#login-username', 'looker');
        await login.fill('#login-password', user.password);
        await Promise.all([login.waitForURL(/dashboard/), login.getByRole('button', { name: 'Log in' }).click()]);
        state = await login.context().storageState();
        await login.context().close();
    });
    after(async () => {
        await browser?.close();
        await platform?.stop();
    });

    it('is there from the first day on', async () => {
        const page = await open(browser, platform, { state });
        assert.equal((await page.goto(address)).status(), 200);
        assert.match(await page.locator('main').innerText(), /100,000\.00/);
        assert.equal(await page.locator('svg.chart-line').count(), 0);
        assert.match(await page.locator('main').innerText(), /This portfolio has one day so far: curves and most figures come with its second day/);
        assert.deepEqual(await violations(page), []);
        await page.goto(`${address}?period=1W`);
        assert.match(await page.locator('main').innerText(), /This period has one day, /);
        assertQuiet(page);
        await page.context().close();
    });

    it('shows the figures of the API, each with its definition, and a table beside each chart', async () => {
        await post('/orders', { ticker: 'AONE', side: 'buy', quantity: '500' });
        await platform.step(`${dates[20]}T15:00:00Z`, admin);
        await post('/orders', { ticker: 'BTWO', side: 'buy', quantity: '300' });
        await post('/deposits', { amount: '20000' });
        await platform.step(`${dates[60]}T15:00:00Z`, admin);
        await post('/orders', { ticker: 'AONE', side: 'sell', quantity: '200' });
        const api = await get('/performance?benchmark=CTHR');
        const page = await open(browser, platform, { state, scripts: false });
        await page.goto(`${address}?benchmark=CTHR`);
        assert.equal(await page.locator('svg.chart-line').count(), 4);
        assert.equal(await page.locator('polyline.is-other').count(), 2);
        const rows = await page.locator('section:has(#figures) tbody tr').allInnerTexts();
        assert.equal(rows.length, api.figures.length);
        const whole = api.figures.find(one => one.name === 'time_weighted_return');
        const percent = `${(Number(whole.value) * 100).toFixed(2).replace('-', '')}%`;
        assert.ok(rows[0].includes(percent), `${rows[0]} without ${percent}`);
        await page.locator('details.definition summary').first().click();
        assert.ok(await page.getByText(whole.definition).isVisible());
        assert.equal(await page.locator('section:has(#days) tbody tr').count(), api.series.length);
        assert.equal(await page.locator('.heat tbody tr').count(), 1);
        assert.equal(await page.locator('.heat tbody td[class*="heat-up"], .heat tbody td[class*="heat-down"]').count(), api.months.length);
        assert.deepEqual(await page.locator('section:has(#contributions) tbody th').allInnerTexts(), api.contributions.map(one => one.ticker));
        await page.getByRole('link', { name: '1 month', exact: true }).click();
        assert.match(page.url(), /period=1M/);
        assert.equal(await page.locator('section:has(#days) tbody tr').count(), (await get('/performance?period=1M')).series.length);
        await page.context().close();
    });

    it('is in short on the page of the portfolio, with its lots; own fills are on the page of the symbol', async () => {
        const page = await open(browser, platform, { state, scripts: false });
        await page.goto(`/portfolio/${user.portfolio}`);
        assert.equal(await page.locator('section:has(#curve) polyline').count(), 2);
        const { lots } = await get('/lots?state=open');
        assert.equal(await page.locator('section:has(#lots) td time').count(), lots.length);
        assert.deepEqual(await page.locator('section:has(#lots) th a').allInnerTexts(), [...new Set(lots.map(one => one.ticker))]);
        await page.getByRole('link', { name: 'Sector', exact: true }).click();
        assert.deepEqual((await page.locator('section:has(#composition) tbody th').allInnerTexts()).map(text => text.trim()).sort(), ['Cash', 'Not known', 'Technology']);
        await page.goto(`/symbols/AONE?range=1y&portfolio=${user.portfolio}`);
        await page.getByText('What you bought and sold').click();
        assert.deepEqual((await page.locator('[data-fills] tbody tr').allInnerTexts()).map(text => /Buy|Sell/.exec(text)[0]), ['Sell', 'Buy']);
        assert.equal(await page.locator('.candles .fill').count(), 2);
        assertQuiet(page);
        await page.context().close();
    });

    it('has charts that can be asked for who looks closer, and say the figures of the API', async () => {
        const page = await open(browser, platform, { state });
        const asked = [];
        page.on('request', request => asked.push(request.url()));
        await page.goto(`${address}?benchmark=CTHR&period=3M`);
        await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.endsWith('/performance.js') && responseEnd > 0));
        const { series } = await get('/performance?benchmark=CTHR&period=3M&rolling=30');
        const last = series.at(-1);
        const money = text => Number(text).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
        const percent = value => `${value < 0 ? '−' : value > 0 ? '+' : ''}${Math.abs(value).toFixed(2)}%`;
        const words = { growth: `Growth ${percent(100 * (last.growth - 1))} CTHR ${percent(100 * (last.benchmark_growth - 1))}`,
            equity: `Equity ${money(last.equity)} Net deposits ${money(last.invested)}`, drawdown: `Drawdown ${percent(100 * last.drawdown)}`,
            volatility: `Volatility ${(100 * last.rolling_volatility).toFixed(2)}%` };
        assert.ok(asked.every(url => !/lightweight|api.v1.portfolios/.test(url)));
        for (const [name, said] of Object.entries(words)) {
            const figure = page.locator(`[data-series="${name}"]`);
            // By pointer, and by keyboard.
            if (name === 'growth' || name === 'drawdown') {
                await figure.locator('svg').hover();
            } else {
                await figure.getByRole('button', { name: /^Look closer/ }).focus();
                await page.keyboard.press('Enter');
            }
            await figure.locator('canvas').first().waitFor();
            await page.mouse.move(0, 0);
            const readout = figure.locator('.readout');
            await until(`what is said of ${name}`, async () => (await readout.innerText()).replaceAll(/\s+/g, ' ').endsWith(said));
            await figure.locator('.chart-live').focus();
            await page.keyboard.press('Home');
            await until(`the first day of ${name}`, async () => !(await readout.innerText()).replaceAll(/\s+/g, ' ').endsWith(said));
            await page.keyboard.press('Escape');
        }
        assert.equal(asked.filter(url => /api.v1.portfolios.*performance/.test(url)).length, 1, 'all of them ask once');
        await lookAt(page, 'performance_closer');
        assertQuiet(page);
        await page.context().close();
    });

    it('is of symbols that may have fallen each day: their candles are drawn as well', async () => {
        const page = await open(browser, platform, { state, scripts: false });
        await platform.step(`${dates[60]}T21:00:00Z`, admin); // after the close of that day
        await page.goto('/symbols/DFAL?range=3m');
        assert.equal(await page.locator('.candles path.is-up').getAttribute('d'), '');
        assert.match(await page.locator('.candles path.is-down').getAttribute('d'), /^M\d.*z$/);
        assertQuiet(page);
        await page.context().close();
    });

    it('says which benchmark there is not, and shows the rest', async () => {
        const page = await open(browser, platform, { state });
        await page.goto(address);
        await page.fill('#benchmark', 'nosuch');
        await page.getByRole('button', { name: 'Compare' }).click();
        assert.match(await page.getByRole('alert').innerText(), /There is no symbol NOSUCH/);
        assert.equal(await page.locator('svg.chart-line').count(), 4);
        assertQuiet(page);
        await page.context().close();
    });

    it('gives the days as a table for spreadsheets', async () => {
        const page = await open(browser, platform, { state });
        await page.goto(address);
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: /CSV/ }).click()]);
        assert.equal(download.suggestedFilename(), 'performance.csv');
        await page.context().close();
    });

    it('is without fault for axe, and fits', async () => {
        const page = await open(browser, platform, { state });
        await inspect(page, 'performance_months', `${address}?benchmark=CTHR`);
        await inspect(page, 'portfolio_months', `/portfolio/${user.portfolio}`);
        assertQuiet(page);
        await page.context().close();
    });

    it('is a statement on paper: each chart and table whole, the forms left out', async () => {
        const page = await open(browser, platform, { width: 680, state, scripts: false });
        await page.goto(`${address}?benchmark=CTHR`);
        await page.emulateMedia({ media: 'print' });
        await keepPaper(page, 'performance');
        assert.match(await page.locator('.print-only').innerText(), /^Bourse, looker, as of /);
        assert.ok(await overflow(page) <= 0, 'it is wider than the paper');
        for (const part of ['.top', '.bottom', 'main form', 'main button', 'main .choices'])
            assert.equal(await page.locator(part).filter({ visible: true }).count(), 0, part);
        assert.equal(await page.locator('svg.chart-line').filter({ visible: true }).count(), 4);
        const cut = await page.evaluate(() => [...document.querySelectorAll('.table-scroll')]
            .filter(one => one.scrollHeight > one.clientHeight + 1 || one.scrollWidth > one.clientWidth).map(one => one.getAttribute('aria-label')));
        assert.deepEqual(cut, []);
        await page.context().close();
    });

    describe('the import of transactions', () => {
        const row = (date, rest) => `${date},${rest}\n`;
        const table = (...rows) => ({ name: 'broker.csv', mimeType: 'text/csv',
            buffer: Buffer.from(`date,kind,symbol,quantity,price,amount,note\n${rows.join('')}`) });
        const good = [row(dates[3], 'deposit,,,,1000,"<b>bold</b>"'), row(dates[4], 'buy,AONE,2,50,,')];
        let portfolio, page;

        const check = async file => {
            if (file)
                await page.setInputFiles('#import-file', file);
            await page.getByRole('button', { name: 'Check the file' }).click();
        };

        before(async () => {
            portfolio = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: user.token, body: { name: 'broker', cash_balance: '0' } });
            page = await open(browser, platform, { state });
            await page.goto(`/portfolio/${portfolio.id}/transactions`);
            await page.getByRole('link', { name: 'Import' }).click();
        });
        after(() => page.context().close());

        it('says of each row what is wrong with it, and offers nothing', async () => {
            await check(table(...good, row(dates[5], 'sell,AONE,3,60,,')));
            assert.deepEqual(await page.locator('section:has(#rejected) tbody tr').allInnerTexts(),
                ['4\tquantity\t3 shares of AONE are sold, and 2 are available at that time.']);
            assert.equal(await page.locator('section:has(#rows) tbody tr').count(), 2);
            assert.equal(await page.getByRole('button', { name: /^Import/ }).count(), 0);
            await lookAt(page, 'import_rejected');
            await page.locator('input[type=file]').evaluate(input => input.removeAttribute('required'));
            await check();
            assert.match(await page.locator('#import-file-problem').innerText(), /must be chosen/);
            await check({ ...table(), buffer: Buffer.alloc(192 * 1024 + 1, '\n') });
            assert.match(await page.locator('#import-file-problem').innerText(), /at most 196608 bytes/);
        });

        it('shows what a file comes to, and books it when it is told to, once', async () => {
            await check(table(...good));
            assert.match(await page.locator('section:has(#verdict)').innerText(), /All 2 rows are right[\s\S]*900\.00 in cash/);
            assert.equal(await page.getByRole('alert').count(), 0);
            assert.equal(await page.locator('#rejected, #passed-over').count(), 0);
            await lookAt(page, 'import_checked');
            assert.equal((await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio.id}`, { token: user.token })).cash_balance, '0.00');
            await page.getByRole('button', { name: 'Import 2 transactions' }).click();
            assert.match(await page.locator('main').innerText(), /<b>bold<\/b>/);
            assert.match(await page.locator('body').innerText(), /2 transactions have been imported/);
            assert.equal((await platform.expect(200, 'GET', `/api/v1/portfolios/${portfolio.id}`, { token: user.token })).cash_balance, '900.00');
            await page.goto(`/portfolio/${portfolio.id}/import`);
            await check(table(...good));
            assert.match(await page.locator('main').innerText(), /has been imported already/);
            assert.equal(await page.getByRole('button', { name: /^Import/ }).count(), 0);
        });

        it('says so when the file that was checked is not there any more', async () => {
            await check(table(row(dates[6], 'deposit,,,,5,')));
            const other = await open(browser, platform, { state, scripts: false });
            await other.goto(`/portfolio/${portfolio.id}/import`);
            await other.setInputFiles('#import-file', table(row(dates[6], 'deposit,,,,6,')));
            await other.getByRole('button', { name: 'Check the file' }).click();
            await page.getByRole('button', { name: 'Import 1 transactions' }).click();
            assert.match(await page.getByRole('alert').innerText(), /not kept any more/);
            await other.getByRole('button', { name: 'Import 1 transactions' }).click();
            assert.match(await other.locator('body').innerText(), /1 transactions have been imported/);
            await other.context().close();
        });
    });

    describe('a strategy that trades', () => {
        it('is followed as it decides and until it is stopped, without its page being loaded again', async () => {
            const { id } = await platform.expect(201, 'POST', '/api/v1/strategies', { token: user.token,
                body: { name: 'Above its average', kind: 'rule', symbols: ['AONE', 'BTWO'],
                    parameters: { enter: 'close > sma(close, 3)', exit: 'close < sma(close, 3)' } } });
            const run = await platform.expect(201, 'POST', `/api/v1/strategies/${id}/start`, { token: user.token,
                body: { portfolio_id: user.portfolio, cash: '10000' } });
            const page = await open(browser, platform, { state });
            await page.goto(`/strategy-runs/${run.id}`);
            await page.waitForSelector('[data-stream][data-state="live"]');
            await page.evaluate(() => { globalThis.mark = 'same page'; });
            assert.match(await page.locator('main').innerText(), /None yet: it decides when the first bar closes/);
            for (const date of dates.slice(61, 66))
                await platform.step(`${date}T22:00:00Z`, admin);
            // Of bars that come faster than it decides it may miss some.
            await until('its decisions, all on the page', async () => {
                const now = await platform.expect(200, 'GET', `/api/v1/strategy-runs/${run.id}`, { token: user.token });
                return now.last_bar_at?.startsWith(dates[65]) &&
                    await page.locator('section:has(#decisions) tbody tr').count() === now.decisions;
            });
            assert.equal(await page.evaluate(() => globalThis.mark), 'same page');
            await lookAt(page, 'strategy_run_decisions');
            await platform.expect(200, 'POST', `/api/v1/strategies/${id}/stop`, { token: user.token, body: { portfolio_id: user.portfolio } });
            await page.locator('.page-head').getByText('Stopped').waitFor();
            await page.locator('[data-stream]').waitFor({ state: 'hidden' });
            assert.equal(await page.evaluate(() => globalThis.mark), 'same page');
            assertQuiet(page);
            await page.context().close();
        });
    });

    it('tells the high and the low of the curve itself, each with its day, and at the edges the days alone', async () => {
        await platform.import('EFAL', toCsv(dates.map((date, i) => ({ date, open: 200 - i, high: 200 - i, low: 199 - i, close: 199 - i, volume: 1e6 }))), admin);
        await platform.step(`${dates[70]}T15:00:00Z`, admin);
        const { id } = await platform.expect(201, 'POST', '/api/v1/portfolios', { token: user.token, body: { name: 'falls', cash_balance: '50000' } });
        await platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token: user.token, body: { ticker: 'EFAL', side: 'buy', quantity: '100' } });
        await platform.step(`${dates[75]}T15:00:00Z`, admin);
        const page = await open(browser, platform, { state, scripts: false });
        await page.goto(`/portfolio/${id}/performance?period=1W`);
        const { series: days } = await platform.expectDays(`/api/v1/portfolios/${id}/performance?period=1W`, { token: user.token });
        assert.ok(days.every(day => Number(day.equity) < 50000), 'each day is below what was put in');
        const words = date => new Date(date).toLocaleDateString('en-US', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' });
        const money = value => Number(value).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
        const extremes = (values, format) => [Math.max(...values), Math.min(...values)]
            .map(value => `${format(value)} on ${words(days[values.indexOf(value)].date)}`);
        const said = async name => (await page.locator(`section:has(#${name}) .extremes span`).allInnerTexts()).map(text => text.replace('−', '-'));
        const edges = async name => page.locator(`section:has(#${name}) .scale > span:not(.key, .closer)`).allInnerTexts();
        const equity = extremes(days.map(day => Number(day.equity)), money);
        assert.deepEqual(await said('equity'), [`Highest equity ${equity[0]}`, `Lowest ${equity[1]}`]);
        const growth = extremes(days.map(day => Number(day.growth)), value => `${((value - 1) * 100).toFixed(2)}%`);
        assert.deepEqual((await said('growth')).map(text => text.replace('+', '')), [`Highest ${growth[0]}`, `Lowest ${growth[1]}`]);
        const [drawdown] = await said('drawdown');
        assert.ok(drawdown.startsWith('Deepest -') && drawdown.endsWith('not recovered yet'), drawdown);
        for (const name of ['equity', 'growth', 'drawdown'])
            assert.deepEqual(await edges(name), [words(days[0].date), words(days.at(-1).date)]);
        await page.goto(`/portfolio/${id}`);
        // On its own page it begins with what it was opened with.
        assert.equal((await said('curve'))[0], `Highest 50,000.00 on ${words(dates[70])}`);
        assert.deepEqual((await edges('curve')).slice(0, 2), [words(dates[70]), words(dates[75])]);
        assertQuiet(page);
        await page.context().close();
    });

    it('has the last session in a chart of a day on a weekend', async () => {
        const friday = dates.findIndex((date, index) => index > 76 && new Date(date).getUTCDay() === 5);
        await platform.step(new Date(Date.parse(dates[friday]) + 36 * 3600e3).toISOString(), admin); // on Saturday at noon
        const page = await open(browser, platform, { state, scripts: false });
        await page.goto('/symbols/AONE?range=1d&timeframe=1Day&table=true');
        const words = new Date(dates[friday]).toLocaleDateString('en-US', { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' });
        assert.deepEqual(await page.locator('#bars time').allInnerTexts(), [words]);
        assertQuiet(page);
        await page.context().close();
    });
});

// SPDX-License-Identifier: MIT
// Everything that somebody may have named is named nastily, and every page shows it as text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { root, until } from '../../support/platform.mjs';
import { assertQuiet, inspect, logIn, NASTY, open, PASSWORD } from '../browser.mjs';

export const everyPage = site => describe('every page', () => {
    let platform, browser, addresses, state;

    before(async () => {
        ({ platform, browser } = site);
        const admin = await platform.administrator();
        // Where the machine is busy it may have been added after all.
        await until('the symbol', async () => [201, 409].includes((await platform.request('POST', '/api/v1/symbols', { token: admin,
            body: { ticker: 'EVIL', name: NASTY, exchange: '<b>X</b>', sector: '<i>Y</i>' } })).status));
        const { token, portfolio } = await platform.trader('every.page');
        const put = (path, body) => platform.request('POST', path, { token, body });
        await platform.expect(200, 'PATCH', `/api/v1/portfolios/${portfolio}`, { token, body: { name: NASTY, description: NASTY } });
        await platform.expect(200, 'PATCH', '/api/v1/users/me', { token, body: { first_name: NASTY.slice(0, 90), last_name: NASTY.slice(0, 90) } });
        await put('/api/v1/portfolios', { name: NASTY });
        await put(`/api/v1/portfolios/${portfolio}/deposits`, { amount: '5', note: NASTY });
        let order;
        for (const one of [{ ticker: 'AAPL', side: 'buy', quantity: '10' }, { ticker: 'AAPL', side: 'sell', quantity: '1' },
            { ticker: 'AAPL', side: 'buy', quantity: '1', type: 'limit', limit_price: '2', time_in_force: 'gtc', client_order_id: NASTY }])
            order = (await put(`/api/v1/portfolios/${portfolio}/orders`, one)).body.id;
        const list = (await platform.expect(200, 'GET', '/api/v1/watchlists', { token })).watchlists[0];
        await platform.expect(200, 'PATCH', `/api/v1/watchlists/${list.id}`, { token, body: { name: NASTY, symbols: ['EVIL', 'AAPL', 'KO'] } });
        await put('/api/v1/watchlists', { name: `${NASTY}2` });
        await put('/api/v1/api-keys', { name: NASTY, scope: 'read' });
        const last_day = new Date(Date.now() + 7 * 86400e3).toISOString().slice(0, 10);
        const competition = (await platform.expect(201, 'POST', '/api/v1/competitions', { token: admin, body: { name: NASTY, description: NASTY, last_day } })).id;
        await platform.expect(201, 'POST', `/api/v1/competitions/${competition}/players`, { token, body: { display_name: NASTY.slice(0, 40) } });
        // A browser that calls itself so, and a file that says so.
        await platform.expect(200, 'POST', '/api/v1/auth/login', { body: { username: 'every.page', password: PASSWORD }, headers: { 'user-agent': NASTY } });
        const begun = new Date(Date.now() - 5e9).toISOString();
        const broker = (await put('/api/v1/portfolios', { name: NASTY, cash_balance: '0' })).body.id;
        const file = `date,kind,symbol,quantity,price,amount,note\n${begun.slice(0, 10)},deposit,,,,1000,"${NASTY.replaceAll('"', '""')}"\n`;
        const imported = await platform.request('POST', `/api/v1/portfolios/${broker}/transactions:import?dry_run=false`, { token, raw: file, headers: { 'content-type': 'text/csv' } });
        assert.equal(imported.status, 200, imported.text);
        const strategy = (await put('/api/v1/strategies', { name: NASTY, description: NASTY, kind: 'rule', symbols: ['AAPL'],
            parameters: { enter: 'close > sma(close, 5) and close < close * 2', exit: 'close < sma(close, 5)' } })).body.id;
        const test = async more => (await put(`/api/v1/strategies/${strategy}/backtests`, { start: begun, benchmark: 'KO', ...more })).body.id;
        const backtest = await test({});
        const walked = await test({ grid: [{ parameter: 'stop_loss_percent', values: ['0', '5'] }], walk_forward: { in_sample_days: 20, out_of_sample_days: 10 } });
        for (const id of [backtest, walked])
            await until('the backtest', async () => (await platform.expect(200, 'GET', `/api/v1/backtests/${id}`, { token })).status === 'completed', 60);
        const run = await platform.request('POST', `/api/v1/strategies/${strategy}/start`, { token, body: { portfolio_id: portfolio, cash: '1000' } });
        assert.ok(run.status < 300, JSON.stringify(run.body));
        state = await logIn(browser, platform, 'every.page', PASSWORD);
        addresses = { strategies: '/strategies', new_strategy: '/strategies/new?kind=rule', strategy_edit: `/strategies/${strategy}/edit`,
            strategy: `/strategies/${strategy}`, backtest: `/backtests/${backtest}`, walk_forward: `/backtests/${walked}`,
            comparison: `/backtests/compare?id=${backtest}&id=${walked}`, no_comparison: '/backtests/compare', strategy_run: `/strategy-runs/${run.body.id}`,
            dashboard: '/dashboard', symbol: '/symbols/AAPL', bars: '/symbols/AAPL?range=1m&table=true',
            typed: `/symbols/AAPL?typed=${encodeURIComponent(`side=sell&type=limit&limit_price=1.25&quantity=${encodeURIComponent(NASTY)}`)}`,
            unpriced: '/symbols/EVIL', orders: '/orders?status=all', order: `/orders/${order}`, portfolios: '/portfolio',
            portfolio: `/portfolio/${portfolio}`, performance: `/portfolio/${broker}/performance?period=ALL&benchmark=KO`,
            import: `/portfolio/${portfolio}/import`, imported: `/portfolio/${broker}/transactions`,
            transactions: `/portfolio/${portfolio}/transactions`, search: `/search?q=${encodeURIComponent('"><img')}`,
            search_for_list: `/search?q=e&watchlist=${list.id}`, search_for_portfolio: `/search?q=e&portfolio=${portfolio}`,
            watchlists: '/watchlists', watchlist: `/watchlists/${list.id}`, competitions: '/competitions', competition: `/competitions/${competition}`, settings: '/settings', missing: '/nothing' };
    });

    const open_to_all = { home: '/', login: '/login', register: '/register', errors: '/docs/errors', status: '/status' };

    it('is without fault for axe, fits, and runs nothing that people have written', async () => {
        for (const [who, list] of [[undefined, open_to_all], [state, addresses]]) {
            const one = await open(browser, platform, { state: who });
            for (const [name, address] of Object.entries(list))
                await inspect(one, name, address);
            assertQuiet(one);
            await one.context().close();
        }
    });

    it('is among those that are looked at here, or is for administrators', () => {
        const routes = [...readFileSync(join(root, 'services/gateway/pages/pages.c'), 'utf8').matchAll(/PAGE\("GET", "([^"]+)"/g)].map(([, path]) => path)
            .filter(path => !path.endsWith('.csv') && !path.startsWith('/admin'));
        const paths = [...Object.values(open_to_all), ...Object.values(addresses)].map(address => address.split('?')[0]);
        assert.ok(routes.length > 20, routes.join());
        assert.deepEqual(routes.filter(route => !paths.some(path => new RegExp(`^${route.replace(/\{\w+\}/g, '[^/]+')}$`).test(path))), []);
    });

    it('shows what people have named as they have', async () => {
        const one = await open(browser, platform, { state });
        for (const name of ['dashboard', 'order', 'portfolios', 'portfolio', 'transactions', 'watchlists', 'unpriced', 'strategies', 'strategy', 'strategy_edit', 'backtest',
            'comparison', 'strategy_run', 'performance', 'import', 'imported', 'competitions', 'competition', 'settings']) {
            await one.goto(addresses[name]);
            assert.ok((await one.locator('body').innerText()).includes(NASTY), name);
        }
        await one.goto('/settings');
        assert.equal(await one.inputValue('#profile-first_name'), NASTY.slice(0, 90));
        await one.context().close();
    });
});

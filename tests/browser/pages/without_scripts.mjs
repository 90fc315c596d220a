// SPDX-License-Identifier: MIT
// Each flow in a browser that runs no scripts.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { whileLocked } from '../../support/locked.mjs';
import { until } from '../../support/platform.mjs';
import { assertQuiet, flash, logIn, NASTY, open, PASSWORD, submit } from '../browser.mjs';

export const withoutScripts = site => describe('without scripts', () => {
    let platform, browser, page;

    before(async () => {
        ({ platform, browser } = site);
        page = await open(browser, platform, { scripts: false });
    });
    after(async () => {
        assertQuiet(page);
        await page.context().close();
    });

    it('shows what is wrong with a registration beside its fields, and keeps what was typed', async () => {
        await page.goto('/register');
        await page.fill('#register-username', 'no.scripts');
        await page.fill('#register-email', 'no.scripts@example.org');
        await page.fill('#register-password', 'password1');
        await submit(page, 'Sign up');
        assert.match(await page.locator('#register-password-problem').innerText(), /tried first/);
        assert.equal(await page.inputValue('#register-username'), 'no.scripts');
        assert.equal(await page.inputValue('#register-password'), '');
    });

    it('registers, logs in and goes to the dashboard', async () => {
        await page.fill('#register-password', PASSWORD);
        await submit(page, 'Sign up');
        assert.match(await flash(page), /Welcome, no\.scripts/);
    });

    it('finds a symbol by its name and its page by its ticker', async () => {
        await page.fill('#search', 'apple');
        await page.press('#search', 'Enter');
        await page.waitForURL('**/search?q=apple');
        await page.getByRole('link', { name: 'AAPL', exact: true }).click();
        await page.waitForURL('**/symbols/AAPL');
        await page.fill('#search', 'msft');
        await page.press('#search', 'Enter');
        await page.waitForURL('**/symbols/MSFT');
    });

    it('estimates an order, places it, and shows the position', async () => {
        await until('the portfolio', async () => {
            await page.goto('/symbols/AAPL');
            return page.locator('[data-ticket]').count();
        });
        // Candles up and down with their volumes, prices beside them, times below, and the level of now.
        for (const path of await page.locator('.candles path').all())
            assert.match(await path.getAttribute('d'), /^M\d.*z$/);
        assert.ok(await page.locator('.candles .axis:not(.is-time) text').count() >= 3);
        assert.ok(await page.locator('.candles .axis.is-time text').count() >= 3);
        assert.equal(await page.locator('.candles [data-level]').count(), 2);
        await page.fill('#order-quantity', '3');
        await submit(page, 'Estimate');
        assert.match(await page.locator('[data-estimate]').innerText(), /Costs about .* would be left/);
        assert.equal(await page.inputValue('#order-quantity'), '3');
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Bought 3 AAPL at/);
        assert.match(await page.locator('[data-part="position"]').innerText(), /Shares\s+3/);
    });

    it('shows the bars as a table to who asks for it, also of another range and bar size', async () => {
        const rows = page.getByRole('region', { name: 'Table of prices' }).locator('tbody tr');
        const step = async () => {
            const times = await rows.locator('time').evaluateAll(all => all.map(time => Date.parse(time.dateTime)));
            return Math.min(...times.slice(1).map((at, index) => times[index] - at));
        };
        await page.goto('/symbols/AAPL');
        assert.equal(await rows.count(), 0);
        await page.getByRole('link', { name: 'As a table' }).click();
        assert.match(page.url(), /#bars$/);
        assert.ok(await rows.count() > 50, '3 months of days');
        assert.equal(await step(), 86400e3);
        await page.getByRole('link', { name: '1 day', exact: true }).first().click();
        assert.equal(await step(), 300e3);
        await page.getByRole('link', { name: '1 hour', exact: true }).click();
        assert.equal(await step(), 3600e3);
        assert.equal(await page.locator('.choices [aria-current]').allInnerTexts().then(all => all.slice(0, 2).join()), '1 day,1 hour');
        await page.getByRole('link', { name: 'Without the table' }).click();
        assert.equal(await rows.count(), 0);
        assert.equal(await page.locator('.choices [aria-current]').allInnerTexts().then(all => all.slice(0, 2).join()), '1 day,1 hour');
    });

    it('says why an order cannot be, and keeps the ticket', async () => {
        await page.fill('#order-quantity', '100000000');
        await submit(page, 'Place the order');
        assert.match(await page.locator('.form-problem').innerText(), /required, and .* available/);
        assert.equal(await page.inputValue('#order-quantity'), '100000000');
        await page.fill('#order-quantity', 'many');
        await submit(page, 'Place the order');
        assert.match(await page.locator('#order-quantity-problem').innerText(), /decimal/);
        assert.equal(await page.inputValue('#order-quantity'), 'many');
    });

    it('places an entry with the exits behind it, and two exits of what is there', async () => {
        await page.goto('/symbols/AAPL');
        await page.fill('#order-quantity', '1');
        await page.fill('#order-take_profit-limit_price', '1');
        await page.fill('#order-stop_loss-stop_price', '2');
        await submit(page, 'Place the order');
        assert.match(await page.locator('#order-take_profit-limit_price-problem').innerText(), /must be/);
        await page.fill('#order-take_profit-limit_price', '5000');
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Bought 1 AAPL at/);
        await page.goto('/symbols/AAPL?side=sell');
        await page.fill('#order-quantity', '2');
        await page.selectOption('#order-time_in_force', 'gtc');
        await page.fill('#order-take_profit-limit_price', '6000');
        await page.fill('#order-stop_loss-stop_price', '1');
        await submit(page, 'Place the order');
        assert.match(await flash(page), /Placed: sell 2 AAPL/);
        const prices = async () => {
            await page.goto('/orders');
            return (await page.locator('tbody tr').allInnerTexts()).map(text => /(5,000|6,000|1|2)\.00/.exec(text)?.[1]).sort();
        };
        await until('the exits', async () => (await prices()).join(' ') === '1 2 5,000 6,000');
        await submit(page, 'Cancel sell 2 AAPL');
        await until('both to be canceled', async () => (await prices()).join(' ') === '2 5,000');
        await submit(page, 'Cancel sell 1 AAPL');
        await until('all to be canceled', async () => (await prices()).length === 0);
    });

    it('sets how the orders of a portfolio are filled', async () => {
        await page.goto('/portfolio');
        await page.locator('tbody a').first().click();
        await page.locator('summary', { hasText: 'How orders are filled' }).click();
        assert.equal(await page.inputValue('#edit-fill_settings-model'), 'quote');
        await page.fill('#edit-fill_settings-slippage_bps', '1000.01');
        await submit(page, 'Save');
        assert.match(await page.locator('#edit-fill_settings-slippage_bps-problem').innerText(), /1000/);
        await page.fill('#edit-fill_settings-slippage_bps', '2.5');
        await page.fill('#edit-fill_settings-commission_per_order', '1');
        await submit(page, 'Save');
        await page.locator('summary', { hasText: 'How orders are filled' }).click();
        assert.equal(await page.inputValue('#edit-fill_settings-slippage_bps'), '2.5');
        assert.equal(await page.inputValue('#edit-fill_settings-commission_per_order'), '1.00');
        await page.fill('#edit-fill_settings-slippage_bps', '0');
        await page.fill('#edit-fill_settings-commission_per_order', '0');
        await submit(page, 'Save');
    });

    it('places an order that waits, and cancels one and all', async () => {
        for (const price of ['1.5', '1.6', '1.7']) {
            await page.goto('/symbols/AAPL');
            await page.fill('#order-quantity', '1');
            await page.selectOption('#order-type', 'limit');
            await page.selectOption('#order-time_in_force', 'gtc');
            await page.fill('#order-limit_price', price);
            await submit(page, 'Place the order');
            assert.match(await flash(page), /Placed: buy 1 AAPL/);
        }
        await page.check('input[name="side"][value="sell"]');
        await page.fill('#order-quantity', '1');
        await page.selectOption('#order-type', 'limit');
        await page.fill('#order-limit_price', '1');
        await submit(page, 'Place the order');
        assert.match(await page.locator('.form-problem').innerText(), /^An order to buy AAPL is open, and its limit is within this order's/);
        await page.getByRole('link', { name: 'See that order' }).click();
        assert.match(await page.locator('h1').innerText(), /^Buy 1 AAPL/);
        await page.goto('/orders');
        assert.equal(await page.locator('tbody tr').count(), 3);
        await submit(page, 'Cancel buy 1 AAPL', '[data-part="orders"]');
        assert.match(await flash(page), /was canceled/);
        await page.getByRole('button', { name: 'Cancel all open orders' }).click();
        await page.getByRole('button', { name: 'Keep them' }).click();
        assert.equal(await page.locator('tbody tr').count(), 2);
        await page.getByRole('button', { name: 'Cancel all open orders' }).click();
        await submit(page, 'Cancel them all');
        assert.match(await flash(page), /2 orders were canceled/);
        await until('no open order', async () => {
            await page.goto('/orders');
            return await page.locator('tbody tr').count() === 0;
        });
    });

    it('says how many of all are open still, as they are being filled', async () => {
        const token = await platform.login('no.scripts', PASSWORD);
        const { id } = (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios[0];
        const place = more => platform.expect(201, 'POST', `/api/v1/portfolios/${id}/orders`, { token, body: { ticker: 'MSFT', side: 'buy', quantity: '1', ...more } });
        await place({ type: 'limit', limit_price: '1', time_in_force: 'gtc' });
        await page.goto('/orders');
        const all = page.locator('form', { has: page.getByRole('button', { name: 'Cancel them all', includeHidden: true }) });
        const [address, form] = await all.evaluate(one => [one.getAttribute('action'), Object.fromEntries(new FormData(one))]);
        const filled = await platform.frozen('portfolio', async () => {
            // Its fill is decided, and portfolio is to book it.
            const order = await place({ wait: false });
            assert.equal((await page.request.post(address, { form, maxRedirects: 0 })).status(), 303);
            return order;
        });
        // Whichever page comes next says it, that of a failure, too.
        await page.goto('/orders');
        assert.equal(await flash(page), 'Canceled: 1. Not canceled, as they are being filled or replaced at this moment: 1.');
        assert.ok(await page.locator('.flash.is-error').count());
        await until('it to be filled', async () =>
            (await platform.expect(200, 'GET', `/api/v1/orders/${filled.id}`, { token })).status === 'filled');
    });

    it('puts another order in the place of one that waits, by the same rules, and says what is wrong', async () => {
        await page.goto('/symbols/AAPL');
        await page.fill('#order-quantity', '3');
        await page.selectOption('#order-type', 'limit');
        await page.selectOption('#order-time_in_force', 'gtc');
        await page.fill('#order-limit_price', '1.25');
        await submit(page, 'Place the order');
        await page.goto('/orders');
        await page.getByRole('link', { name: 'Change buy 3 AAPL' }).click();
        await page.waitForURL('**/orders/*-*');
        const old = page.url();
        assert.equal(await page.inputValue('#replace-quantity'), '3');
        assert.equal(await page.inputValue('#replace-limit_price'), '1.25');
        assert.equal(await page.inputValue('#replace-time_in_force'), 'gtc');
        assert.equal(await page.locator('#replace-stop_price').count(), 0);
        await page.fill('#replace-limit_price', 'cheap');
        await submit(page, 'Change the order');
        assert.match(await page.locator('#replace-limit_price-problem').innerText(), /decimal/);
        assert.equal(await page.inputValue('#replace-limit_price'), 'cheap');
        await page.fill('#replace-limit_price', '1.25');
        await submit(page, 'Change the order');
        assert.ok(await page.locator('.form-problem').count(), 'nothing is different');
        await page.fill('#replace-quantity', '100000000');
        await submit(page, 'Change the order');
        assert.match(await page.locator('.form-problem').innerText(), /required, and .* available/);
        await page.fill('#replace-quantity', '4');
        await page.fill('#replace-limit_price', '1.5');
        await submit(page, 'Change the order');
        assert.match(await flash(page), /taken the other one's place/);
        assert.notEqual(page.url(), old);
        assert.match(await page.locator('h1').innerText(), /Buy 4 AAPL/);
        await page.getByRole('link', { name: 'another order' }).click();
        await page.waitForURL(old);
        assert.match(await page.locator('[data-part="order"]').innerText(), /Replaced/);
        assert.equal(await page.getByRole('button', { name: 'Change the order' }).count(), 0);
        await page.goBack();
        await submit(page, 'Cancel the order');
        assert.match(await flash(page), /was canceled/);
        assert.equal((await page.goto('/orders/00000000-0000-7000-8000-000000000001')).status(), 404);
    });

    it('does a form that is sent twice once', async () => {
        await page.goto('/symbols/KO');
        const form = Object.fromEntries(await page.locator('[data-ticket]').evaluate(one => [...new FormData(one)]));
        form.quantity = '2';
        for (let time = 0; time < 2; time++)
            assert.equal((await page.request.post('/symbols/KO/orders', { form, maxRedirects: 0 })).status(), 303);
        await page.goto('/symbols/KO');
        assert.match(await page.locator('[data-part="position"]').innerText(), /Shares\s+2\n/);
        assert.equal(await page.locator('[data-part="orders"] tbody tr').count(), 1);
    });

    it('does a form once whose second sending finds the first one at work', async () => {
        await page.goto('/portfolio');
        await page.getByRole('link', { name: 'My portfolio' }).click();
        const address = page.url();
        await page.fill('#cash-amount', '3.25');
        const key = () => page.inputValue('form:has(#cash-amount) [name="idempotency_key"]');
        const sent = await key();
        // Whoever waits here for longer than a lock may be waited for is told that the first one is at work.
        await whileLocked(platform, 'portfolio.requests', () => submit(page, 'Deposit'));
        assert.match(await page.locator('.form-problem').innerText(), /still being worked on/);
        assert.equal(await page.inputValue('#cash-amount'), '3.25');
        assert.equal(await key(), sent);
        const form = Object.fromEntries(await page.locator('form:has(#cash-amount)').evaluate(one => [...new FormData(one)]));
        await submit(page, 'Deposit');
        assert.match(await flash(page), /3\.25 was deposited/);
        // The click before it, which arrives at last; and one of somebody who has corrected the amount meanwhile.
        assert.equal((await page.request.post(`${address}/deposit`, { form, maxRedirects: 0 })).status(), 303);
        const other = await (await page.request.post(`${address}/deposit`, { form: { ...form, amount: '4' } })).text();
        assert.match(other, /was sent before with other values, and that was done/);
        assert.ok(!other.includes(sent));
        await page.goto(`${address}/transactions`);
        assert.equal(await page.getByText('3.25').count(), 1);
    });

    it('deposits and withdraws, lists it, and has a table of it', async () => {
        await page.goto('/portfolio');
        await page.getByRole('link', { name: 'My portfolio' }).click();
        await page.fill('#cash-amount', '1,250.5');
        await page.fill('#cash-note', NASTY);
        await submit(page, 'Deposit');
        assert.match(await flash(page), /1,250\.50 was deposited/);
        await page.fill('#cash-amount', '900000000');
        await submit(page, 'Withdraw');
        assert.equal(await page.inputValue('#cash-amount'), '900000000');
        assert.ok(await page.locator('.form-problem').count());
        await page.fill('#cash-amount', '100');
        await submit(page, 'Withdraw');
        assert.match(await flash(page), /100\.00 was withdrawn/);
        await page.getByRole('link', { name: 'Transactions' }).click();
        await page.selectOption('#filter-type', 'deposit');
        await submit(page, 'Filter');
        assert.ok((await page.locator('tbody').innerText()).includes(NASTY));
        const link = await page.getByRole('link', { name: /CSV/ }).getAttribute('href');
        const table = await page.request.get(link);
        assert.match(table.headers()['content-type'], /^text\/csv/);
        assert.match(await table.text(), /deposit,.*1250\.50/);
    });

    it('opens, changes, copies, begins anew and closes portfolios', async () => {
        await page.goto('/portfolio');
        await page.fill('#new-name', 'Second');
        await page.fill('#new-cash_balance', '500');
        await submit(page, 'Open the portfolio');
        assert.match(await flash(page), /Second is open/);
        await page.fill('#edit-name', 'Third');
        await submit(page, 'Save');
        assert.equal(await page.locator('h1').innerText(), 'Third');
        await submit(page, 'Make a copy');
        assert.match(await flash(page), /copy of Third/i);
        await page.getByText('Begin anew', { exact: true }).first().click();
        await page.fill('#reset-amount', '42');
        await submit(page, 'Begin anew');
        assert.match(await page.locator('[data-field="cash_balance"]').innerText(), /42\.00/);
        await page.getByText('Close it', { exact: true }).click();
        await submit(page, 'Close this portfolio');
        assert.match(await page.locator('.form-problem').innerText(), /still has 42\.00/);
        await page.getByText('Close it', { exact: true }).click();
        await page.check('input[name="force"]');
        await submit(page, 'Close this portfolio');
        assert.match(await flash(page), /was closed/);
    });

    it('halts trading in a portfolio, says so where orders are placed and where they wait, and lets it go on', async () => {
        await page.goto('/portfolio');
        await page.locator('tbody a').first().click();
        await page.getByText('Halt trading', { exact: true }).first().click();
        await page.fill('#halt-note', NASTY);
        await submit(page, 'Halt trading');
        assert.match(await flash(page), /is halted in this portfolio/);
        const halted = 'Trading is halted in this portfolio by its owner since ';
        for (const address of [page.url(), '/orders', '/symbols/AAPL']) {
            await page.goto(address);
            const notice = await page.locator('.notice').innerText();
            assert.ok(notice.startsWith(halted) && notice.includes(`“${NASTY}”`), `${address}: ${notice}`);
        }
        await page.fill('#order-quantity', '1');
        await submit(page, 'Place the order');
        assert.match(await page.locator('.form-problem').innerText(), /has been halted by its owner/);
        await page.goto('/portfolio');
        await page.locator('tbody a').first().click();
        await submit(page, 'Let trading go on');
        assert.match(await flash(page), /Trading goes on/);
        assert.equal(await page.locator('.notice').count(), 0);
        await page.goto('/symbols/AAPL');
        assert.equal(await page.locator('.notice').count(), 0);
    });

    it('shows a portfolio\'s limits, and beside the ticket what they leave', async () => {
        const token = await platform.login('no.scripts', PASSWORD);
        const { id } = (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios[0];
        const limit = body => platform.expect(200, 'PUT', `/api/v1/portfolios/${id}/limits`, { token, body });
        await limit({ max_order_value: '5000', forbidden_symbols: ['KO'] });
        await page.goto(`/portfolio/${id}`);
        assert.match(await page.locator('section:has(#limits)').innerText(), /An order at most\s+5,000\.00\s+May not be bought\s+KO/);
        await page.goto('/symbols/AAPL');
        const ask = Number((await page.locator('[data-field="ask"]').innerText()).replaceAll(',', ''));
        const most = Number(/Buys at most\s+([\d,]+)/.exec(await page.locator('#ticket').innerText())[1].replaceAll(',', ''));
        assert.equal(most, Math.floor(5000 / ask));
        await page.goto('/symbols/KO');
        const ticket = await page.locator('#ticket').innerText();
        assert.match(ticket, /The limits of this portfolio let nobody buy KO in it\./);
        assert.doesNotMatch(ticket, /Buys at most/);
        await limit({});
        await page.goto(`/portfolio/${id}`);
        assert.match(await page.locator('section:has(#limits)').innerText(), /There are none\./);
    });

    it('has its owner set a portfolio\'s limits, within the ceilings that it shows, and says beside each what is wrong', async () => {
        const token = await platform.login('no.scripts', PASSWORD);
        const admin = await platform.administrator();
        const { id } = (await platform.expect(200, 'GET', '/api/v1/portfolios', { token })).portfolios[0];
        const limits = async () => (await platform.expect(200, 'GET', `/api/v1/portfolios/${id}/limits`, { token })).own;
        await platform.expect(200, 'PUT', '/api/v1/limits', { token: admin, body: { ceilings: { max_order_value: '6000', forbidden_symbols: ['IBM'] } } });
        await page.goto(`/portfolio/${id}`);
        const card = page.locator('section:has(#limits)');
        await card.getByText('Set limits', { exact: true }).click();
        assert.match(await card.innerText(), /ceilings\s+An order at most\s+6,000\.00\s+A position at most\s+No limit[\s\S]*May not be bought\s+IBM/);
        await page.fill('#limits-max_order_value', '6000.01');
        await page.fill('#limits-max_daily_loss', 'little');
        await page.fill('#limits-allowed_symbols', 'aapl, ko');
        await submit(page, 'Set these limits');
        assert.match(await page.locator('#limits-max_daily_loss-problem').innerText(), /decimal/);
        assert.equal(await page.inputValue('#limits-max_daily_loss'), 'little');
        assert.equal(await page.inputValue('#limits-allowed_symbols'), 'aapl, ko');
        await page.fill('#limits-max_daily_loss', '');
        await submit(page, 'Set these limits');
        assert.match(await page.locator('#limits-max_order_value-problem').innerText(), /6000/);
        await page.fill('#limits-max_order_value', '2500');
        await page.fill('#limits-max_orders_per_day', '90');
        await submit(page, 'Set these limits');
        assert.match(await flash(page), /in force for every order from now on/);
        assert.match(await card.innerText(), /An order at most\s+2,500\.00\s+Orders a day\s+90\s+Only these may be bought\s+AAPL KO/);
        assert.deepEqual(await limits(), { max_order_value: '2500.00', max_orders_per_day: 90, allowed_symbols: ['AAPL', 'KO'], forbidden_symbols: [], allow_short: false });
        await card.getByText('Set limits', { exact: true }).click();
        assert.equal(await page.inputValue('#limits-allowed_symbols'), 'AAPL, KO');
        for (const field of ['max_order_value', 'max_orders_per_day', 'allowed_symbols'])
            await page.fill(`#limits-${field}`, '');
        await submit(page, 'Set these limits');
        assert.match(await card.innerText(), /An order at most\s+6,000\.00\s+May not be bought\s+IBM/);
        assert.deepEqual(await limits(), { allowed_symbols: [], forbidden_symbols: [], allow_short: false });
        await platform.expect(200, 'PUT', '/api/v1/limits', { token: admin, body: {} });
    });

    it('says of a symbol that is not traded any more that its orders are refused', async () => {
        const token = await platform.administrator();
        const trade = status => platform.expect(200, 'PATCH', '/api/v1/symbols/KO', { token, body: { status } });
        await trade('inactive');
        try {
            await page.goto('/symbols/KO');
            assert.match(await page.locator('#ticket .notice').innerText(), /KO is not traded any more/);
        } finally {
            await trade('active');
        }
        await page.reload();
        assert.equal(await page.locator('.notice').count(), 0);
    });

    it('adds to a watchlist once, takes off it, and makes further ones', async () => {
        await page.goto('/dashboard');
        for (const sentence of [/is on the list now/, /is on the list already/]) {
            await page.fill('#add-ticker', 'nvda');
            await submit(page, 'Add');
            assert.equal(new URL(page.url()).pathname, '/dashboard');
            assert.match(await flash(page), sentence);
        }
        assert.equal(await page.getByRole('button', { name: 'Remove NVDA' }).count(), 1);
        await submit(page, 'Remove NVDA');
        assert.match(await flash(page), /not on the list any more/);
        await page.fill('#add-ticker', 'NOSUCH');
        await submit(page, 'Add');
        assert.match(await page.locator('.form-problem').innerText(), /symbol/i);
        assert.equal(await page.inputValue('#add-ticker'), 'NOSUCH');
        // Who does not know the ticker finds it by the name.
        await page.getByRole('link', { name: 'Find symbols by name' }).click();
        await page.fill('#find', 'microsoft');
        await submit(page, 'Find');
        await submit(page, 'Add MSFT');
        assert.match(await flash(page), /MSFT is on the list now/);
        assert.equal(new URL(page.url()).pathname, '/search');
        assert.match(await page.locator('main').innerText(), /MSFT[\s\S]*On the list/);
        await page.getByRole('link', { name: 'My watchlist' }).click();
        assert.equal(await page.getByRole('button', { name: 'Remove MSFT' }).count(), 1);
        await submit(page, 'Remove MSFT');
        await page.fill('#create-name', 'Oil');
        await submit(page, 'Make the list');
        assert.match(await flash(page), /The list Oil is there/);
        await page.getByRole('button', { name: 'Delete the list' }).click();
        assert.match(await page.locator('#delete-list').innerText(), /the list “Oil” with all that is on it/);
        await page.getByRole('button', { name: 'Keep it' }).click();
        await submit(page, 'Show it on the dashboard');
        assert.ok(await page.getByText('On the dashboard').count());
        await page.fill('#create-name', 'Gas');
        await submit(page, 'Make the list');
        await page.getByRole('button', { name: 'Delete the list' }).click();
        await submit(page, 'Delete it');
        assert.match(await flash(page), /list was deleted/);
        assert.equal(await page.getByRole('link', { name: 'Gas' }).count(), 0);
    });

    it('changes the profile, ends other sessions, and shows a key\'s secret once', async () => {
        await page.goto('/settings');
        await page.fill('#profile-first_name', 'Ada');
        await submit(page, 'Save the profile');
        assert.equal(await page.inputValue('#profile-first_name'), 'Ada');
        const token = await platform.login('no.scripts', PASSWORD);
        await page.reload();
        const rows = page.locator('section:has(#sessions) tbody tr');
        assert.match(await rows.filter({ hasText: 'This one' }).innerText(), /^Chrome on Linux/);
        const others = rows.getByRole('button', { name: /^Log out/ });
        for (let left = await others.count(); left > 0; left--) {
            await Promise.all([page.waitForNavigation(), others.first().click()]);
            assert.equal(await others.count(), left - 1);
        }
        assert.equal(await rows.count(), 1);
        await platform.expect(401, 'GET', '/api/v1/users/me', { token });
        await page.fill('#key-name', 'robot');
        await submit(page, 'Make a key');
        assert.match(await page.locator('.facts').innerText(), /Secret\s+\S{20,}/);
        await page.goto('/settings');
        assert.equal(await page.locator('.facts').count(), 0);
        await page.getByRole('button', { name: 'Delete robot' }).click();
        await page.getByRole('button', { name: 'Keep it' }).click();
        await page.reload();
        await page.getByRole('button', { name: 'Delete robot' }).click();
        assert.match(await page.locator('[popover]:popover-open').innerText(), /the key “robot”[\s\S]*cannot be brought back/);
        await submit(page, 'Delete the key');
        assert.match(await flash(page), /key was deleted/);
        await page.fill('#password-current_password', 'wrong password');
        await page.fill('#password-new_password', `${PASSWORD} staple`);
        await submit(page, 'Change the password');
        assert.match(await page.locator('.form-problem').innerText(), /password is wrong/);
    });

    it('keeps the theme that was chosen', async () => {
        await page.goto('/orders?status=all');
        await submit(page, 'Dark', 'footer');
        assert.match(page.url(), /\/orders\?status=all$/);
        assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
        await submit(page, 'Auto', 'footer');
        assert.equal(await page.locator('html').getAttribute('data-theme'), null);
    });

    it('logs out to the login page, and after logging in goes on where one wanted to go', async () => {
        await submit(page, 'Log out', 'header');
        assert.match(await flash(page), /logged out/);
        assert.equal(new URL(page.url()).pathname, '/login');
        await page.goto('/orders?status=all');
        assert.equal(new URL(page.url()).pathname, '/login');
        await page.fill('#login-username', 'no.scripts');
        await page.fill('#login-password', 'not the password');
        await submit(page, 'Log in');
        assert.match(await page.locator('.form-problem').innerText(), /name or the password/);
        await page.fill('#login-password', PASSWORD);
        await submit(page, 'Log in');
        assert.match(page.url(), /\/orders\?status=all$/);
    });

    it('sends who is logged in already from the login page to where one wanted to go', async () => {
        for (const [address, place] of [['/login', '/dashboard'], ['/login?next=%2Forders%3Fstatus%3Dall', '/orders?status=all'],
            ['/login?next=%2F%2Fevil.example', '/dashboard']]) {
            const reply = await page.request.get(address, { maxRedirects: 0 });
            assert.deepEqual([reply.status(), reply.headers().location], [303, place], address);
        }
    });

    it('has the ticket as it was typed after the login, and nothing placed, when the session has ended', async () => {
        const token = await platform.login('no.scripts', PASSWORD);
        const orders = async () => (await platform.expect(200, 'GET', '/api/v1/orders?status=all&ticker=TSLA', { token })).orders.length;
        const endSession = async () => {
            for (const { id, is_current } of (await platform.expect(200, 'GET', '/api/v1/auth/sessions', { token })).sessions)
                if (!is_current)
                    await platform.expect(204, 'DELETE', `/api/v1/auth/sessions/${id}`, { token });
            await until('its end', async () => (await page.request.get('/api/v1/auth/session')).status() === 401);
        };
        const typed = { quantity: '4 1/2', type: 'limit', time_in_force: 'gtc', limit_price: '1.25', 'take_profit-limit_price': '', 'stop_loss-stop_price': '1.125' };
        const assertTyped = async () => {
            for (const [name, value] of Object.entries(typed))
                assert.equal(await page.inputValue(`#order-${name}`), value, name);
            assert.ok(await page.isChecked('input[name="side"][value="sell"]'));
        };
        await page.goto('/symbols/TSLA?range=1y&side=buy');
        await page.check('input[name="side"][value="sell"]');
        for (const [name, value] of Object.entries(typed))
            await (name === 'type' || name === 'time_in_force' ? page.selectOption(`#order-${name}`, value) : page.fill(`#order-${name}`, value));
        const address = page.url();
        // The second time it comes from the page that it has come back to.
        for (const button of ['Place the order', 'Estimate']) {
            await endSession();
            await submit(page, button);
            assert.equal(new URL(page.url()).pathname, '/login');
            await page.fill('#login-username', 'no.scripts');
            await page.fill('#login-password', 'not the password');
            await submit(page, 'Log in');
            await page.fill('#login-password', PASSWORD);
            await submit(page, 'Log in');
            assert.equal(page.url().replace(/&typed=[^&]+$/, ''), address);
            await assertTyped();
            assert.match(await page.locator('.ticket').innerText(), /Nothing has been placed yet/);
            assert.equal(await orders(), 0);
        }
        await submit(page, 'Place the order');
        assert.match(await page.locator('#order-quantity-problem').innerText(), /decimal/);
        // What is not of our own page, too long or a way to elsewhere is not come back with.
        const form = Object.fromEntries(await page.locator('[data-ticket]').evaluate(one => [...new FormData(one)]));
        await endSession();
        const way = async (more, headers = {}) => {
            const reply = await page.request.post('/symbols/TSLA/orders', { form: { ...form, ...more }, headers, maxRedirects: 0 });
            assert.equal(reply.status(), 303);
            const login = await page.request.get(reply.headers().location);
            return /action="\/login"[^>]*>\s*<input type="hidden" name="next" value="([^"]*)"/.exec(await login.text())?.[1].replaceAll('&amp;', '&');
        };
        assert.match(await way({}), /^\/symbols\/TSLA\?portfolio=[0-9a-f-]{36}&typed=portfolio_id[^&]*quantity%3D4%2520[^&]*$/);
        assert.match(await way({ note: 'x'.repeat(400) }), /^\/symbols\/TSLA\?portfolio=[0-9a-f-]{36}$/);
        assert.match(await way({}, { 'sec-fetch-site': 'cross-site' }), /^\/symbols\/TSLA\?portfolio=[0-9a-f-]{36}$/);
        for (const next of ['//evil.example', 'https://evil.example/symbols/TSLA', '/\\evil.example', '/symbols/TSLA/orders', '/api/v1/orders'])
            assert.equal(await way({ next }), undefined, next);
        await page.goto('/login?next=/symbols/TSLA%3Ftyped=quantity%253D7');
        await page.fill('#login-username', 'no.scripts');
        await page.fill('#login-password', PASSWORD);
        await submit(page, 'Log in');
        assert.equal(await page.inputValue('#order-quantity'), '7');
        assert.equal((await page.goto('/symbols/TSLA?typed=a%3D1%26a%3D2')).status(), 400);
    });

    it('tells administrators that imported prices are not used where the market makes its own, and where they are', async () => {
        const one = await open(browser, platform, { scripts: false, state: await logIn(browser, platform, 'admin', platform.password) });
        await one.goto('/admin/imports');
        assert.match(await one.locator('.notice').innerText(), /^This market makes its prices up\.[\s\S]*--market replay/);
        await one.fill('#prices-ticker', 'AAPL');
        await one.setInputFiles('#prices-file', { name: 'aapl.csv', mimeType: 'text/csv',
            buffer: Buffer.from('Date,Open,High,Low,Close,Volume\n2014-05-01,10,12,9,11,100\n') });
        await submit(one, 'Import the prices');
        assert.match(await one.locator('.notice').innerText(), /neither quoted nor shown/);
        await one.goto('/admin/clock');
        assert.match(await one.locator('main').innerText(), /go ahead of real time\. This market makes its prices up/);
        assertQuiet(one);
        await one.context().close();
    });

    it('tells people what to do when there is nothing, and programs the reason', async () => {
        assert.equal((await page.goto('/no/such/page')).status(), 404);
        assert.match(await page.locator('h1').innerText(), /nothing here/);
        assert.equal(await page.locator('.user').innerText(), 'no.scripts');
        assert.equal((await page.goto('/symbols/NOSUCH')).status(), 404);
        assert.equal((await page.goto('/portfolio/00000000-0000-7000-8000-000000000001')).status(), 404);
        const { body } = await platform.request('GET', '/symbols/NOSUCH', { headers: { accept: 'application/json' } });
        assert.equal(body.reason, 'SYMBOL_NOT_FOUND');
        assert.equal((await platform.request('GET', '/api/v1/none', { headers: { accept: 'text/html' } })).body.reason, 'NO_SUCH_ADDRESS');
    });
});

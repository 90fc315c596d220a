// SPDX-License-Identifier: MIT
// The pages where there is little room, and where nothing can be clicked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertQuiet, flash, keep, keepPaper, logIn, open, PASSWORD, submit, violations } from '../browser.mjs';

export const onAPhone = site => describe('on a phone', () => {
    for (const scripts of [false, true])
        it(`brings the order ticket up from below, ${scripts ? 'with' : 'without'} scripts`, async () => {
            const { platform, browser } = site;
            const username = scripts ? 'with.scripts' : 'no.scripts';
            const one = await open(browser, platform, { scripts, width: 390, state: await logIn(browser, platform, username, PASSWORD) });
            await one.goto('/symbols/MSFT');
            assert.equal(await one.isVisible('#ticket'), false);
            await one.locator('.trade-bar').getByRole('link', { name: 'Sell' }).click();
            await one.waitForSelector('#ticket', { state: 'visible' });
            assert.equal(await one.isChecked('input[value="sell"]'), true);
            for (const theme of scripts ? ['light', 'dark'] : []) {
                await one.emulateMedia({ colorScheme: theme });
                await keep(one, `ticket-390-${theme}`, false);
                assert.deepEqual(await violations(one, ['color-contrast']), [], theme);
            }
            if (scripts) {
                assert.equal(await one.evaluate(() => document.activeElement?.id), 'order-quantity');
                await one.keyboard.press('Escape');
            } else {
                await one.getByRole('link', { name: 'Close' }).click();
            }
            await one.waitForSelector('#ticket', { state: 'hidden' });
            await one.locator('.trade-bar').getByRole('link', { name: 'Buy' }).click();
            await one.waitForSelector('#ticket', { state: 'visible' });
            await one.fill('#order-quantity', '100000000');
            await submit(one, 'Place the order');
            assert.equal(await one.isVisible('.form-problem'), true);
            await one.getByRole('link', { name: 'Close' }).click();
            await one.waitForSelector('#ticket', { state: 'hidden' });
            await one.goto('/symbols/MSFT#ticket');
            await one.fill('#order-quantity', '1');
            await submit(one, 'Place the order');
            assert.match(await flash(one), /Bought 1 MSFT/);
            assert.equal(await one.isVisible('#ticket'), false);
            assertQuiet(one);
            await one.context().close();
        });
});

export const onPaper = site => describe('on paper', () => {
    it('has a statement whole, without what only a screen has a use for', async () => {
        const { platform, browser } = site;
        const one = await open(browser, platform, { width: 680, state: await logIn(browser, platform, 'no.scripts', PASSWORD) });
        await one.goto('/portfolio');
        await one.getByRole('link', { name: 'My portfolio' }).click();
        const address = one.url();
        for (const [name, path] of [['portfolio', address], ['transactions', `${address}/transactions`]]) {
            await one.goto(path);
            await one.emulateMedia({ media: 'print' });
            await keepPaper(one, name);
            assert.match(await one.locator('.print-only').innerText(), /^Bourse, no\.scripts, as of /);
            for (const part of ['.top', '.bottom', 'main form', 'main button', 'main .choices'])
                assert.equal(await one.locator(part).filter({ visible: true }).count(), 0, `${part} of ${name}`);
            const table = one.locator('main table').first();
            const { x, width } = await table.boundingBox();
            assert.ok(x >= 0 && x + width <= 680, `the table of ${name} is ${width} wide`);
            assert.ok(await one.locator('main th', { hasText: name === 'portfolio' ? 'Share' : 'Note' }).last().isVisible());
            await one.emulateMedia({ media: 'screen' });
        }
        await one.context().close();
    });
});

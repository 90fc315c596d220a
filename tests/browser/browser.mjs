// SPDX-License-Identifier: MIT
// browser: Chromium on the pages of a platform, as a test sees it: what the browser complains of, what axe finds,
// and what does not fit into the window is a failure of whoever looks at the page.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root, until } from '../support/platform.mjs';

const programs = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const program = programs.find(path => path && existsSync(path));

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = join(root, 'build', 'screenshots');

export async function launch() {
    const { chromium } = await import('playwright-core');
    return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu', '--disable-quic',
        '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}

// A window of its own with cookies of its own. Orders are placed at once in it, unless it `reviews` them as browsers do that have said nothing.
export async function open(browser, platform, { width = 1440, theme = 'light', scripts = true, state, reviews = false } = {}) {
    const context = await browser.newContext({ baseURL: platform.url, viewport: { width, height: 900 }, colorScheme: theme,
        javaScriptEnabled: scripts, storageState: state, reducedMotion: 'reduce' });
    if (!reviews)
        await context.addCookies([{ name: 'bourse_review', value: 'off', url: platform.url }]);
    else
        await context.clearCookies({ name: 'bourse_review' });
    const page = await context.newPage();
    page.complaints = [];
    page.on('console', message => {
        // Of an address that is refused on purpose the browser says only that.
        if (message.type() === 'error' && !/status of (4\d\d|50[34])/.test(message.text()))
            page.complaints.push(message.text());
    });
    page.on('pageerror', error => page.complaints.push(String(error)));
    page.setDefaultTimeout(20000);
    return page;
}

export function assertQuiet(page) {
    assert.deepEqual(page.complaints, [], page.url());
}

// What axe finds, by all of its rules unless some are named. (It runs in the page as the browser's own code does, whatever the page's policy.)
export async function violations(page, rules) {
    if (await page.evaluate(() => globalThis.axe === undefined))
        await page.evaluate(axe);
    const { violations: found } = await page.evaluate(some => globalThis.axe.run(some ? { runOnly: some } : {}), rules);
    return found.map(one => `${one.id}: ${one.nodes.map(node => node.target.join(' ')).join(', ')}`);
}

// Nothing but a table that says so is wider than the window.
export const overflow = page =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// The tables that are to be scrolled sideways. Those beside charts, which are closed, and backtests side by side have as many columns as they have.
export const sideways = page => page.evaluate(() => [...document.querySelectorAll('.table-scroll')]
    .filter(table => table.scrollWidth > table.clientWidth && !table.closest('details') && !table.querySelector('.is-compared'))
    .map(table => `${table.getAttribute('aria-label')}: ${table.scrollWidth} in ${table.clientWidth}`));

// For people to look at, with BOURSE_SCREENSHOTS=1: in build/screenshots.
export async function keep(page, name, fullPage = true) {
    if (!process.env.BOURSE_SCREENSHOTS)
        return;
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage });
}

// And as a printer would have it.
export async function keepPaper(page, name) {
    if (!process.env.BOURSE_SCREENSHOTS)
        return;
    await page.emulateMedia({ media: 'print' });
    await keep(page, `print-${name}`);
    await page.pdf({ path: join(screenshots, `print-${name}.pdf`), format: 'A4', printBackground: true });
}

// Goes to a page whose parts change, and waits until it is told of that and has loaded these modules, and what is loaded last.
export async function openLive(page, address, ...modules) {
    await page.mouse.move(0, 0);
    await page.goto(address);
    await page.waitForSelector('[data-stream][data-state="live"]');
    await page.waitForFunction(files => files.every(file => performance.getEntriesByType('resource')
        .some(({ name, responseEnd }) => name.endsWith(`/${file}`) && responseEnd > 0)), modules);
    await page.evaluate(() => new Promise(done => { requestIdleCallback(done); }));
}

// What a page says of what was done.
export const flash = page => page.locator('.flash').innerText();

// Sends the form of the first button with that name, and waits for the page that follows.
export const submit = (page, name, within = 'main') => Promise.all([
    page.waitForNavigation(), page.locator(within).getByRole('button', { name, exact: true }).first().click()]);

// The state of a browser in which that user has logged in.
export async function logIn(browser, platform, username, password) {
    const page = await open(browser, platform);
    await page.goto('/login');
    await page.fill('#login-username', username);
    await page.fill('#login-password', password);
    await submit(page, 'Log in');
    const state = await page.context().storageState();
    await page.context().close();
    return state;
}

// What somebody may put where a name is asked for.
export const NASTY = '"><img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>{{7*7}}';

// Looks at the page that is there in both themes and widths: axe finds nothing, it fits, and nothing that people have
// written runs. What axe finds besides contrast does not depend on the theme.
export async function lookAt(page, name) {
    for (const [width, theme, rules] of [[1440, 'light'], [1440, 'dark', ['color-contrast']], [390, 'dark'], [390, 'light', ['color-contrast']]]) {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize({ width, height: 900 });
        await keep(page, `${name}-${width}-${theme}`);
        assert.deepEqual(await violations(page, rules), [], `${name} ${width} ${theme}`);
        assert.ok(await overflow(page) <= 0, `${name} is wider than ${width}`);
        assert.deepEqual(await sideways(page), [], `${name} ${width}`);
    }
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined, name);
    assert.equal(await page.locator('img').count(), 0, name);
}

// The same of an address. It is loaded once.
export async function inspect(page, name, address) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.goto(address);
    await lookAt(page, name);
}

export const PASSWORD = 'correct horse battery';

// Signs up, and waits for the first portfolio.
export async function register(page, username) {
    await page.goto('/register');
    await page.fill('#register-username', username);
    await page.fill('#register-email', `${username}@example.org`);
    await page.fill('#register-password', PASSWORD);
    await submit(page, 'Sign up');
    assert.equal(new URL(page.url()).pathname, '/dashboard');
    // The first portfolio is opened a moment later.
    await until('the first portfolio', async () => {
        if (await page.locator('[data-portfolio]').count())
            return true;
        await page.goto('/dashboard');
        return false;
    });
}

// SPDX-License-Identifier: MIT
// What another site may try with the browser of somebody who is logged in.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { setCookies } from '../../support/cookies.mjs';
import { PASSWORD } from '../browser.mjs';

export const anotherSite = site => describe('another site', () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    let platform, cookie, form;

    before(async () => {
        ({ platform } = site);
        await platform.trader('victim');
        const reply = await fetch(`${platform.url}/login`, { method: 'POST', redirect: 'manual', headers: type,
            body: new URLSearchParams({ username: 'victim', password: PASSWORD }) });
        assert.equal(reply.status, 303);
        cookie = setCookies(reply).map(one => one.split(';')[0]).find(one => one.startsWith('bourse_session='));
        const page = await (await fetch(`${platform.url}/settings`, { headers: { cookie } })).text();
        form = /name="csrf_token" value="([^"]+)"/.exec(page)[1];
    });

    const post = (path, fields, headers = {}) => fetch(platform.url + path, { method: 'POST', redirect: 'manual',
        headers: { ...type, cookie, ...headers }, body: new URLSearchParams(fields) });

    it('cannot send a form of ours: without the token, with another one, or with the browser saying so', async () => {
        const fields = { first_name: 'Mallory' };
        assert.equal((await post('/settings/profile', fields)).status, 403);
        assert.equal((await post('/settings/profile', { ...fields, csrf_token: 'x'.repeat(22) })).status, 403);
        assert.equal((await post('/settings/profile', { ...fields, csrf_token: form }, { origin: 'https://evil.example' })).status, 403);
        assert.equal((await post('/settings/profile', { ...fields, csrf_token: form }, { 'sec-fetch-site': 'cross-site' })).status, 403);
        // The header is for JSON; a form has it in its field.
        assert.equal((await post('/settings/profile', fields, { 'x-csrf-token': form })).status, 403);
        assert.equal((await post('/settings/profile', { ...fields, csrf_token: form })).status, 303);
    });

    it('cannot log anybody in, register or change the theme', async () => {
        for (const [path, fields] of [['/login', { username: 'victim', password: PASSWORD }], ['/theme', { theme: 'dark' }],
            ['/register', { username: 'planted', email: 'planted@example.org', password: PASSWORD }]]) {
            const reply = await post(path, fields, { origin: 'https://evil.example' });
            assert.equal(reply.status, 403, path);
            assert.deepEqual(setCookies(reply).filter(one => !/Max-Age=0/.test(one)), [], path);
        }
    });

    it('cannot have anybody sent to it: a Location is a page of ours', async () => {
        const targets = ['//evil.example', '/\\evil.example', 'https://evil.example', '/%5cevil.example', '/a/../..//evil', '/api/v1/clock', '/docs/',
            '/nothing', '/logout', '/dashboard#x', ' /dashboard', 'dashboard'];
        const split = await post('/login', { username: 'victim', password: PASSWORD, next: '/\r\nLocation: https://evil.example' });
        assert.equal(split.status, 400);
        assert.equal(split.headers.get('location'), null);
        for (const next of targets) {
            const reply = await post('/login', { username: 'victim', password: PASSWORD, next });
            assert.equal(reply.headers.get('location'), '/dashboard', next);
            const page = await (await fetch(`${platform.url}/login?next=${encodeURIComponent(next)}`)).text();
            assert.doesNotMatch(page.split('<footer')[0], /name="next"/, next);
        }
        const { headers } = await post('/login', { username: 'victim', password: PASSWORD, next: '/orders?status=all' });
        assert.equal(headers.get('location'), '/orders?status=all');
    });

    it('cannot have a page say anything: a flash that is not ours is not shown', async () => {
        const text = Buffer.from(`d${Math.floor(Date.now() / 1000) + 50} Send your password to evil.example`).toString('base64url');
        const page = await (await fetch(platform.url, { headers: { cookie: `bourse_flash=${text}.${'x'.repeat(22)}` } })).text();
        assert.doesNotMatch(page, /evil\.example/);
    });

    it('may not put a page into a frame, nor keep one', async () => {
        const reply = await fetch(`${platform.url}/settings`, { headers: { cookie } });
        assert.match(reply.headers.get('content-security-policy'), /default-src 'none'; script-src 'self'; style-src 'self';.*form-action 'self'; frame-ancestors 'none'/);
        assert.equal(reply.headers.get('cache-control'), 'no-store');
    });
});

// SPDX-License-Identifier: MIT
// Names and passwords as somebody from outside can try them: section 6.2 of OWASP ASVS 5, names that look
// alike, and the costs of hashing that change from one start to the next.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Platform } from '../support/platform.mjs';

describe('passwords and names', () => {
    let platform;
    let count = 0;

    before(async () => {
        platform = await Platform.start();
    });
    after(() => platform?.stop());

    // A new name each time, of characters that look like no other.
    const newName = () => `person${String(count++).replace(/[0-9]/g, digit => 'abcdefghjk'[Number(digit)])}`;
    const register = (password, username = newName()) => platform.request('POST', '/api/v1/users',
        { body: { username, email: `mail.${username}@example.org`, password } }).then(reply => ({ ...reply, username }));
    const login = (username, password) =>
        platform.request('POST', '/api/v1/auth/login', { body: { username, password } });

    async function accepted(password) {
        const reply = await register(password);
        assert.equal(reply.status, 201, `${password.length}: ${reply.text}`);
        assert.equal((await login(reply.username, password)).status, 200);
        return reply.username;
    }

    async function refused(password, sentence, username) {
        const reply = await register(password, username);
        assert.equal(reply.status, 400, `${password}: ${reply.text}`);
        assert.equal(reply.body.errors.length, 1, reply.text);
        const { field, ...said } = reply.body.errors[0];
        assert.equal(field, 'password');
        assert.match(JSON.stringify(said), sentence);
        // The sentence about it begins with what it must be: no password is repeated.
        assert.ok(password === '' || !JSON.stringify(said).includes(password), reply.text);
    }

    const text = length => 'correct horse battery staple '.repeat(5).slice(0, length);

    it('must have 8 to 128 characters', async () => {
        await refused(text(7), /at least 8 characters, not 7/);
        await accepted(text(8));
        await accepted(text(64));
        await accepted(text(128));
        await refused(text(129), /at most 128 characters, not 129/);
        await refused('', /required|at least 8/);
    });

    it('are counted in characters of any script, spaces included', async () => {
        await accepted('        x');
        await accepted('пароль с пробелами');
        await accepted('🔑'.repeat(8));
        await accepted('🔑'.repeat(128));
        await refused('🔑'.repeat(7), /not 7/);
        await refused('🔑'.repeat(129), /not 129/);
    });

    it('are compared whole, each character as it was given', async () => {
        const password = text(128);
        const username = await accepted(password);
        for (const at of [0, 64, 71, 72, 127]) {
            const other = `${password.slice(0, at)}#${password.slice(at + 1)}`;
            assert.equal((await login(username, other)).status, 401, `character ${at + 1} changed`);
        }
        assert.equal((await login(username, password.slice(0, 127))).status, 401);
        assert.equal((await login(username, `${password} `)).status, 401);
        assert.equal((await login(username, password.toUpperCase())).status, 401);
        assert.equal((await login(username, `C${password.slice(1)}`)).status, 401);
        assert.equal((await login(username, password)).status, 200);
    });

    it('with U+0000 in them are refused, and so at a login', async () => {
        const username = await accepted('correct horse');
        for (const reply of [await register('correct horse\0battery'), await login(username, 'correct horse\0battery')]) {
            assert.equal(reply.status, 400, reply.text);
            assert.match(reply.body.detail, /the character NUL is not taken/);
        }
        assert.equal((await login(username, 'correct horse')).status, 200);
    });

    it('that are common, of this trade or few digits are refused, with digits behind them too', async () => {
        for (const password of ['password', 'password123', 'PassWord1', 'trading2024', 'Bourse2026', 'stockmarket1',
            'qwertyuiop', '1q2w3e4r5t', 'iloveyou2', 'football99', '12345678', '098765432109', 'zzzzzzzzzz', 'p@ssw0rd'])
            await refused(password, /tried first/);
    });

    it('made of the name or the address are refused', async () => {
        await refused('my name is LOVELACE', /made of the username or the e-mail/, 'lovelace');
        await refused('mail.countess and more', /made of the username or the e-mail/, 'countess');
    });

    it('of 8 letters need no digits, capitals or signs', async () => {
        await accepted('gkzwtbna');
    });

    it('names that look like one that is taken are refused', async () => {
        assert.equal((await register(text(20), 'Corn.Willi')).status, 201);
        for (const username of ['corn.willi', 'c0rn.willi', 'com.willi', 'Corn-WiIIi', 'corn_w1ll1', 'corn.vvilll']) {
            const reply = await register(text(20), username);
            assert.equal(reply.status, 409, `${username}: ${reply.text}`);
            assert.equal(reply.body.reason, 'USERNAME_TAKEN');
            assert.ok(!reply.text.includes('Corn'), 'it tells which one');
        }
        assert.match((await register(text(20), 'com.willi')).body.detail, /looks too much like one that is taken/);
        assert.equal((await register(text(20), 'cornwilli')).status, 201);
        await assert.rejects(platform.bourse('admin', 'create', 'com-willi'), /looks too much like one that is taken/);
    });

    it('keep their hash until the costs rise, and have the higher costs from the next login on', async () => {
        const username = await accepted(text(30));
        const costs = async () => {
            const [[hash]] = await platform.query(`SELECT password_hash FROM auth.users WHERE username = '${username}'`);
            assert.match(hash, /^\$argon2id\$v=19\$m=\d+,t=\d+,p=1\$[A-Za-z0-9+/]{22}\$/);
            return { hash, costs: hash.split('$')[3] };
        };
        const restart = async (memory, passes) => {
            await platform.bourse('down');
            platform.env.BOURSE_PASSWORD_MEMORY_KIB = String(memory);
            platform.env.BOURSE_PASSWORD_PASSES = String(passes);
            await platform.bourse('up', '--detach', '--port', String(platform.port), '--market', 'replay');
        };

        const first = await costs();
        assert.equal(first.costs, 'm=19456,t=2,p=1');
        await restart(24000, 3);
        assert.equal((await costs()).hash, first.hash);
        assert.equal((await login(username, text(31))).status, 401);
        assert.equal((await costs()).hash, first.hash);
        assert.equal((await login(username, text(30))).status, 200);
        const second = await costs();
        assert.equal(second.costs, 'm=24000,t=3,p=1');
        await restart(7168, 5);
        assert.equal((await login(username, text(30))).status, 200);
        assert.equal((await costs()).hash, second.hash);
        platform.env.BOURSE_PASSWORD_PASSES = '4';
        await assert.rejects(platform.bourse('admin', 'create', 'second'), /47104 with 1, 19456 with 2, 12288 with 3, 9216 with 4 or 7168 with 5/);
    });
});

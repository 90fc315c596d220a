// SPDX-License-Identifier: MIT
// The mesh key replaced under a platform that works: nobody is ever taken for a stranger.
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, services, until } from '../support/platform.mjs';

describe('the mesh key', () => {
    let platform, ada;

    before(async () => {
        platform = await Platform.start();
        ada = await platform.trader('ada');
    });
    after(() => platform?.stop());

    const file = () => join(platform.data, 'secrets', 'mesh.key');
    const keys = () => readFileSync(file(), 'utf8').trimEnd().split('\n');

    // Who made a call for which it was taken for a stranger, by the metrics of the moment.
    async function strangers() {
        const found = [];
        for (const line of readFileSync(join(platform.data, 'ports'), 'utf8').trimEnd().split('\n')) {
            const [name, , port] = line.split(' ');
            try {
                const reply = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5000) });
                if (/^rpc_client_requests_total\{.*reason="NOT_A_MESH_PEER"\} [1-9]/m.test(await reply.text()))
                    found.push(name);
            } catch {
                // It is being started again.
            }
        }
        return found;
    }

    // What has been logged by all that have run as a service.
    const logOf = service => readFileSync(join(platform.data, 'log', `${service}.log`), 'utf8');
    const starts = service => logOf(service).split('"event":"starting"').length - 1;

    // Reads what all services have a part in, until told to stop. Gives how often each answer came, and which addresses
    // were answered while the file was what it was.
    async function watch(isOver) {
        const seen = {};
        const answered = new Map();
        const note = what => { seen[what] = (seen[what] ?? 0) + 1; };
        while (!isOver()) {
            const file = keys().join();
            for (const path of paths())
                try {
                    const reply = await platform.request('GET', path, { token: ada.token });
                    note(`${reply.status} ${reply.body?.reason ?? ''}`.trim());
                    if (reply.status === 200)
                        answered.set(file, (answered.get(file) ?? new Set()).add(path));
                } catch {
                    note('away'); // the gateway is being started again
                }
            (await strangers()).forEach(name => note(`${name} was a stranger`));
        }
        return { seen, answered };
    }

    const paths = () => ['/api/v1/users/me', `/api/v1/portfolios/${ada.portfolio}/orders`, '/api/v1/clock'];

    async function rotate() {
        let isOver = false;
        const watching = watch(() => isOver);
        const said = await platform.bourse('rotate-mesh-key').finally(() => { isOver = true; });
        return { said, ...await watching };
    }

    it('is replaced without a service taking another for a stranger', async t => {
        const [old] = keys();
        const before = services.map(starts);
        const { said, seen, answered } = await rotate();
        t.diagnostic(JSON.stringify(seen));
        assert.match(said, /The mesh key has been replaced/);
        assert.equal(keys().length, 1);
        assert.match(keys()[0], /^[0-9a-f]{64}$/);
        assert.notEqual(keys()[0], old);
        assert.equal((statSync(file()).mode & 0o777).toString(8), '600');
        // Each step starts everybody again, and in each everything has been answered.
        services.forEach((name, i) => assert.equal(starts(name) - before[i], 3, name));
        const [next] = keys();
        for (const step of [[old, next], [next, old], [next]])
            assert.deepEqual([...answered.get(step.join()) ?? []].sort(), paths().sort(), JSON.stringify(seen));
        // All of them ask auth three times a second, and say so when it takes them for strangers.
        for (const name of services)
            assert.doesNotMatch(logOf(name), /NOT_A_MESH_PEER/, name);
        // What a restart may answer, on a busy machine too, and nothing else.
        for (const answer of Object.keys(seen))
            assert.match(answer, /^(200|away|50[34] .*)$/, JSON.stringify(seen));
        assert.ok(await platform.login('ada', ada.password));
    });

    it('is replaced again after a replacement that was interrupted', async () => {
        const [old] = keys();
        const other = '5a'.repeat(32);
        writeFileSync(file(), `${old}\n${other}\n`);
        const { said, seen } = await rotate();
        assert.match(said, /Ending a replacement that was interrupted/);
        assert.equal(keys().length, 1);
        assert.ok(![old, other].includes(keys()[0]));
        for (const answer of Object.keys(seen))
            assert.match(answer, /^(200|away|50[34] .*)$/, JSON.stringify(seen));
    });

    it('is not replaced when its file holds something else', async () => {
        const content = readFileSync(file(), 'utf8');
        for (const wrong of [`${content}x\n`, `${content}${content}${content}`]) {
            writeFileSync(file(), wrong);
            await assert.rejects(platform.bourse('rotate-mesh-key'), /does not hold keys|3 lines instead of/);
        }
        writeFileSync(file(), content);
    });

    it('keeps out a service that knows only another one', async () => {
        const content = readFileSync(file(), 'utf8');
        const me = () => platform.request('GET', '/api/v1/users/me', { token: ada.token });
        writeFileSync(file(), `${'5a'.repeat(32)}\n`);
        await platform.kill('auth');
        await until('auth to be a stranger', async () => (await me()).body?.reason === 'NOT_A_MESH_PEER', 60);
        assert.ok((await strangers()).includes('gateway'));
        writeFileSync(file(), content);
        await platform.kill('auth');
        await until('auth to be one of them again', async () => (await me()).status === 200, 60);
    });
});

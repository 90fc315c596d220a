// SPDX-License-Identifier: MIT
// The walk in the README, run as it stands there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, root } from '../support/platform.mjs';

// What differs from one run to the next.
const steady = text => text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'ID')
    .replace(/"trace_id":"[0-9a-f]{32}"/g, '"trace_id":"TRACE"')
    .replace(/"(as_of|created_at)":"20[2-9]\d-[^"]*"/g, '"$1":"NOW"')
    .split('\n').filter(line => line !== '').join('\n');

describe('the walk in the README', () => {
    let platform, folder;

    before(async () => {
        platform = await Platform.start();
        folder = mkdtempSync(join(tmpdir(), 'bourse-walk-'));
    });
    after(async () => {
        if (folder)
            rmSync(folder, { recursive: true, force: true });
        await platform?.stop();
    });

    it('prints what the README says it prints', () => {
        const text = readFileSync(join(root, 'README.md'), 'utf8');
        const walk = text.slice(text.indexOf('## A walk of ten minutes'), text.indexOf('## Where to go on'));
        const blocks = [...walk.matchAll(/```(sh)?\n(.*?)```/gs)];
        const script = blocks.filter(([, kind]) => kind === 'sh').map(([, , code]) => code).join('')
            .replaceAll('localhost:8080', `127.0.0.1:${platform.port}`)
            .replaceAll('curl ', "curl -sS -w '\\n' ")
            .replace(/\.\/bourse (import|admin token)/g, `${join(root, 'bourse')} $1 --data ${platform.data}`);
        const expected = blocks.filter(([, kind]) => kind !== 'sh').map(([, , code]) => code).join('');

        writeFileSync(join(folder, 'walk.sh'), `set -eu\n${script}`);
        const printed = execFileSync('bash', ['walk.sh'], { cwd: folder, env: platform.env, encoding: 'utf8' });
        assert.equal(steady(printed), steady(expected));
    });
});

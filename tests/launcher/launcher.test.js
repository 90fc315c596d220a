// SPDX-License-Identifier: MIT
// The launcher as a person meets it: starting, stopping, and what comes after a crash.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Platform, root, services, until } from '../support/platform.mjs';

// The pids of all processes that were started for this data folder, whoever their parent is now.
function processesOf(platform) {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name)).filter(pid => {
        try {
            const log = readlinkSync(`/proc/${pid}/fd/2`);
            return log.startsWith(join(platform.data, 'log'));
        } catch {
            return false; // gone meanwhile, or not ours to look at
        }
    });
}

async function refusal(platform, command, ...operands) {
    try {
        await platform.bourse(command, ...operands);
    } catch (error) {
        return error.message;
    }
    throw new Error(`bourse ${command} ${operands.join(' ')} was not refused`);
}

describe('the launcher', () => {
    let platform, admin;

    before(async () => {
        platform = await Platform.start({ isDurable: true });
        admin = await platform.administrator();
    });
    after(() => platform?.stop());

    it('says how each part is, with status 0 when all are ready', async () => {
        const said = await platform.bourse('status');
        for (const name of ['postgres', ...services])
            assert.match(said, new RegExp(`^ +${name} +pid \\d+ +ready`, 'm'));
    });

    it('says that it runs already when it is started again', async () => {
        assert.match(await platform.bourse('up', '--detach', '--port', '1'),
            new RegExp(`runs already .*${platform.url}`));
        assert.match(await refusal(platform, 'up'), /runs already/);
    });

    it('refuses what it does not know or cannot do, with a sentence', async () => {
        assert.match(await refusal(platform, 'up', '--market', 'casino'), /must be simulated, replay or live/);
        assert.match(await refusal(platform, 'up', '--seed', '-1'), /at most 18 digits, not "-1"/);
        assert.match(await refusal(platform, 'up', '--port', '70000'), /from 1 to 65535/);
        assert.match(await refusal(platform, 'up', '--prot', '1'), /does not know "--prot"/);
        assert.match(await refusal(platform, 'upp'), /no command "upp"/);
        assert.match(await refusal(platform, 'test', 'unti'), /no tests "unti"\. There are: .*\blauncher\b.*\bunit\b/);
        assert.match(await refusal(platform, 'import', '/does/not/exist'), /no file or folder/);
        assert.match(await refusal(platform, 'admin', 'create'), /admin create NAME/);
    });

    it('explains itself after every command, and does nothing else', async () => {
        for (const command of ['up', 'down', 'status', 'backup', 'test', 'bench'])
            assert.match(await platform.bourse(command, '--help'), /^Bourse: a stock market of your own/);
    });

    it('makes administrators and tokens for them', async () => {
        const token = (await platform.bourse('admin', 'token', 'admin')).trim();
        const me = await platform.expect(200, 'GET', '/api/v1/users/me', { token });
        assert.equal(me.role, 'administrator');
        await platform.bourse('admin', 'create', 'second'); // with the password in the environment
        assert.ok(await platform.login('second', platform.password));
    });

    it('runs psql on the private database, as its owner', async () => {
        assert.equal(await platform.bourse('psql', '-At', '-c', 'SELECT current_database(), current_user'), 'bourse|bourse_owner\n');
    });

    it('starts a service again that has died', async () => {
        const before = platform.pid('market');
        await platform.kill('market');
        await until('another process', () => platform.pid('market') !== before);
        await until('all to be ready', () => platform.bourse('status'));
    });

    it('starts PostgreSQL again that has died', async () => {
        const before = platform.pid('postgres');
        process.kill(before, 'SIGKILL');
        await until('another process', () => platform.pid('postgres') !== before);
        await until('all to be ready', () => platform.bourse('status'));
        assert.deepEqual(await platform.query('SELECT 1'), [['1']]);
    });

    it('leaves PostgreSQL stopped when told so, and says that not all is ready', async () => {
        await platform.bourse('database', 'stop');
        assert.match(await refusal(platform, 'status'), /postgres.*does not answer/);
        await platform.bourse('database', 'start');
        await until('all to be ready', () => platform.bourse('status'));
    });

    it('lets no other user of the machine at the secrets or the socket', () => {
        const mode = (...path) => (statSync(join(platform.data, ...path)).mode & 0o777).toString(8);
        assert.equal(mode('secrets'), '700');
        assert.equal(mode('secrets', 'mesh.key'), '600');
        assert.equal(mode('log'), '700');
        assert.equal(mode('run', 'postgres'), '700');
    });

    it('leaves nothing running when its supervisor is killed, and recovers with the data', async () => {
        await platform.import('ACME', 'Date,Open,High,Low,Close,Volume\n2014-01-02,1,2,1,2,5\n', admin);
        await platform.step('2014-01-02T15:00:00Z', admin); // bars later than the clock are not shown
        process.kill(platform.pid('supervisor'), 'SIGKILL');
        await until('every process to end', () => processesOf(platform).length === 0, 40);
        assert.match(await refusal(platform, 'status'), /Nothing runs/);
        await platform.bourse('up', '--detach', '--port', String(platform.port));
        const bars = await platform.expect(200, 'GET', '/api/v1/bars/ACME');
        assert.equal(bars.bars.length, 1);
    });

    it('recovers after everything was killed at once', async () => {
        for (const pid of [platform.pid('supervisor'), ...processesOf(platform).map(Number)])
            try {
                process.kill(pid, 'SIGKILL');
            } catch (error) {
                assert.equal(error.code, 'ESRCH');
            }
        await platform.bourse('up', '--detach', '--port', String(platform.port));
        await platform.bourse('status');
        assert.equal((await platform.expect(200, 'GET', '/api/v1/bars/ACME')).bars.length, 1);
        assert.ok(await platform.administrator());
    });

    it('runs a second platform beside the first, and stops it alone', async () => {
        const second = await Platform.start({ isDurable: true });
        assert.notEqual(second.port, platform.port);
        assert.equal((await second.request('GET', '/api/v1/bars/ACME')).status, 404);
        await second.stop();
        assert.deepEqual(processesOf(second), []);
        await platform.bourse('status');
    });

    it('claims ports that nobody who starts at the same moment takes as well, until it ends', async () => {
        // Nothing listens yet: three that pick of two rows of ports.
        const script = `set -euo pipefail; ROOT=$1; DATA=$2; SERVICES=(${services.join(' ')})
            for part in messages processes services; do . "$ROOT/deploy/local/$part.sh"; done
            PORTS_ROWS=2; services_pick_ports; echo "$DATA"; cat`;
        const pick = async folder => {
            const child = spawn('bash', ['-c', script, 'pick', root, join(platform.data, folder)], { stdio: 'pipe' });
            let complaint = '';
            child.stderr.on('data', data => { complaint += data; });
            const picked = await Promise.race([once(child.stdout, 'data').then(() => true), once(child, 'close').then(() => false)]);
            return { picked, complaint, child, ports: picked && readFileSync(join(platform.data, folder, 'ports'), 'utf8') };
        };
        for (const folder of ['one', 'two', 'three'])
            mkdirSync(join(platform.data, folder));
        const [one, two] = [await pick('one'), await pick('two')];
        assert.ok(one.picked && two.picked, one.complaint + two.complaint);
        assert.notEqual(one.ports, two.ports);
        const three = await pick('three');
        assert.equal(three.picked, false);
        assert.match(three.complaint, /No 25 free ports in a row were found in 101 tries/);
        one.child.kill('SIGKILL');
        await once(one.child, 'close');
        const again = await pick('three');
        assert.equal(again.ports, one.ports);
        for (const { child } of [two, again])
            child.kill('SIGKILL');
    });

    it('keeps PostgreSQL\'s files when their data folder is moved and another one takes its place', t => {
        if (process.getuid() !== 0)
            return t.skip('they lie in the data folder, unless root runs it');
        const closed = mkdtempSync(join(tmpdir(), 'bourse-closed-'));
        const parts = ['messages', 'data', 'cluster'].map(part => `. "${root}/deploy/local/${part}.sh"`).join('; ');
        const make = 'data_choose "$1/var"; data_make; cluster_choose_folder; readlink "$DATA/postgres"';
        const folders = [`touch "$1/var/postgres/kept"; mv "$1/var" "$1/old"`, ''].map(then =>
            execFileSync('bash', ['-euc', `${parts}; ${make}; ${then}`, 'bash', closed], { encoding: 'utf8' }).trim());
        try {
            assert.ok(folders.every(folder => folder.startsWith('/var/lib/bourse/')), folders.join());
            assert.equal(readlinkSync(join(closed, 'old/postgres')), folders[0]);
            assert.ok(existsSync(join(closed, 'old/postgres/kept')));
            assert.ok(!existsSync(join(closed, 'var/postgres/kept')));
        } finally {
            for (const folder of [closed, ...folders.map(dirname)])
                rmSync(folder, { recursive: true });
        }
    });

    it('refuses a port that something else listens on', async () => {
        const server = createServer();
        await new Promise(done => server.listen(0, '127.0.0.1', done));
        const other = Object.assign(new Platform(), { env: platform.env, data: `${platform.data}-other` });
        assert.match(await refusal(other, 'up', '--detach', '--port', String(server.address().port)),
            /in use by another program/);
        assert.equal(existsSync(join(other.data, 'run', 'ready')), false);
        await new Promise(done => server.close(done));
        rmSync(other.data, { recursive: true, force: true });
    });

    it('stops everything and keeps the data', async () => {
        await platform.bourse('down');
        assert.deepEqual(processesOf(platform), []);
        assert.match(await platform.bourse('down'), /Nothing runs/);
        await platform.bourse('up', '--detach', '--port', String(platform.port));
        assert.equal((await platform.expect(200, 'GET', '/api/v1/bars/ACME')).bars.length, 1);
    });
});

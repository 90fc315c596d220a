// SPDX-License-Identifier: MIT
// Looking after a platform on a laptop: what the doctor finds, a backup and its way back, and the laptop's commands of
// docs/install.md and docs/operate.md.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { selfSigned } from '../support/certificates.mjs';
import { Platform, madeUpBars, removeData, root, services, toCsv, until } from '../support/platform.mjs';
import { Recipes } from '../support/recipes.mjs';
import { migrateToNextVersion } from './next_version.mjs';

const install = new Recipes('docs/install.md');
const operate = new Recipes('docs/operate.md');

describe('a platform that is looked after', () => {
    let platform, folder, first, ada;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-operate-'));
        platform = await Platform.start({ isDurable: true });
        first = platform.data;
        const admin = await platform.administrator();
        await platform.import('ACME', toCsv(madeUpBars(7)), admin);
        ada = await platform.trader('ada');
        await platform.step('2014-02-04T15:00:00Z', admin);
        await until('a price', () => platform.expect(200, 'GET', '/api/v1/quotes/ACME'));
    });
    after(async () => {
        await platform?.stop();
        for (const one of [first, ...['restored', 'busy', 'half'].map(name => join(folder, name))])
            removeData(one);
        rmSync(folder, { recursive: true, force: true });
    });

    // Runs commands of a page on this platform, or on another data folder.
    function run(commands, { data = platform.data, env = {} } = {}) {
        const line = commands.replaceAll(/\.\/bourse (\w[\w-]*)/g, (command, name) =>
            `${join(root, 'bourse')} ${name}${commands.includes('--data') ? '' : ` --data ${data}`}`);
        return execFileSync('bash', ['-euc', line], { cwd: folder, env: { ...platform.env, ...env }, encoding: 'utf8', stdio: 'pipe' });
    }

    // What the doctor says, with status and the lines of problems and warnings.
    function doctor(env = {}) {
        const { status, stdout, stderr } = spawnSync(join(root, 'bourse'), ['doctor', '--data', platform.data],
            { env: { ...platform.env, ...env }, encoding: 'utf8' });
        return { status, said: stdout + stderr, bad: stdout.split('\n').filter(line => /^ +(problem|warning) /.test(line)) };
    }

    // A program found before the machine's own.
    function pretend(name, script) {
        const programs = join(folder, 'programs');
        mkdirSync(programs, { recursive: true });
        writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
        chmodSync(join(programs, name), 0o755);
        return { PATH: `${programs}:${process.env.PATH}` };
    }

    const buy = (quantity, to = platform) => to.request('POST', `/api/v1/portfolios/${ada.portfolio}/orders`,
        { token: ada.token, body: { ticker: 'ACME', side: 'buy', quantity } });

    it('has the commands of the pages', () => {
        assert.match(run(install.recipe('laptop', [['up --detach', `up --detach --port ${platform.port}`]])), /runs already/);
        assert.match(run(operate.recipe('laptop: how it is')), /gateway +pid \d+ +ready[^]*\n0 problems/);
        assert.match(run(operate.recipe('laptop: another signing key')), /signs/);
    });

    describe('its doctor', () => {
        it('finds no problem in a platform that is well, and names what it has looked at', () => {
            const { status, said } = doctor(pretend('timedatectl', 'echo yes'));
            assert.equal(status, 0, said);
            for (const what of ['programs', 'secrets', 'disk', 'clock', 'database', 'mesh-key', ...services])
                assert.match(said, new RegExp(`^  ok +${what} `, 'm'));
        });

        it('finds secrets that others can read', () => {
            const file = join(platform.data, 'secrets/bourse_auth.password');
            const key = join(folder, 'finnhub.key');
            writeFileSync(key, 'a key');
            chmodSync(file, 0o644);
            const { status, said } = doctor({ BOURSE_FINNHUB_KEY_FILE: key });
            chmodSync(file, 0o600);
            assert.equal(status, 1);
            assert.match(said, /problem +secrets +everybody on this machine can read .*finnhub.key \(mode 644\)/);
            assert.match(said, /problem +secrets +everybody on this machine can read .*bourse_auth.password \(mode 644\)/);
        });

        it('finds settings that a service refuses, in its own words, and more connections than there are', () => {
            const { status, said } = doctor({ BOURSE_TASK_HISTORY_HOURS: 'many', BOURSE_DATABASE_CONNECTIONS: '100' });
            assert.equal(status, 1);
            assert.match(said, /problem +database +the services may open 405 connections, and max_connections is 120/);
            assert.match(said, /problem +trading +bourse-trading: --task-history-hours must be a whole number from 1 to 8784, not "many"/);
        });

        it('finds a schema file that has not been applied', async () => {
            const [[name, checksum]] = await platform.query('SELECT name, checksum FROM trading.migrations ORDER BY number DESC LIMIT 1');
            await platform.query(`DELETE FROM trading.migrations WHERE name = '${name}'`);
            const { status, said } = doctor();
            await platform.query(`INSERT INTO trading.migrations (number, name, checksum) VALUES (${Number.parseInt(name, 10)}, '${name}', '${checksum}')`);
            assert.equal(status, 1);
            assert.match(said, new RegExp(`problem +trading +.*${name} has not been applied.*\n.*bring the schemas up to date`));
        });

        it('finds a full disk, a clock that nobody keeps, and a database that loses what it has confirmed', async () => {
            assert.match(doctor(pretend('df', "printf 'h\\n/dev/x 9 9 1000 99%% /x\\n'")).said, /problem +disk +0 MiB are free on \/x/);
            assert.match(doctor(pretend('df', "printf 'h\\n/dev/x 9 9 2000000 99%% /x\\n'")).said, /warning +disk +1953 MiB are free/);
            rmSync(join(folder, 'programs/df'));
            assert.match(doctor(pretend('timedatectl', 'echo no')).said, /warning +clock +nobody keeps/);
            await platform.query('ALTER SYSTEM SET fsync = off');
            await platform.query('ALTER SYSTEM SET synchronous_commit = off');
            await platform.query('SELECT pg_reload_conf()');
            await until('PostgreSQL to know', () => /problem +database +fsync is off[^]*warning +database +synchronous_commit is off/.test(doctor().said));
            await platform.query('ALTER SYSTEM RESET ALL');
            await platform.query('SELECT pg_reload_conf()');
            await until('PostgreSQL to know', () => doctor().status === 0);
        });

        it('finds certificates that end, have ended or have another key', async () => {
            const made = days => selfSigned(folder, `of-${days}`, days);
            const [soon, other] = [made(5), made(300)];
            const say = (certificate, key) => doctor({ BOURSE_TLS_CERTIFICATE_FILE: certificate, BOURSE_TLS_KEY_FILE: key }).said;
            assert.match(say(other.certificate, other.key), /ok +certificate +.* is valid until/);
            assert.match(say(soon.certificate, soon.key), /warning +certificate +.* ends on/);
            assert.match(say(other.certificate, soon.key), /problem +certificate +.* is not the key of/);
            assert.match(say('/does/not/exist', other.key), /problem +certificate +.* is not there or is no certificate/);
        });

        it('finds services that still use the mesh key of before', () => {
            const key = join(platform.data, 'secrets/mesh.key');
            const { atime, mtime } = statSync(key);
            utimesSync(key, new Date(), new Date(Date.now() + 60e3));
            const { bad } = doctor();
            utimesSync(key, atime, mtime);
            assert.match(bad.join('\n'), /warning +mesh-key +.* has been written since these were started.*: auth market portfolio trading gateway/);
        });

        it('finds a service that does not answer, and who has its ports', async () => {
            const pid = platform.pid('market');
            process.kill(pid, 'SIGSTOP');
            const { status, said } = doctor();
            process.kill(pid, 'SIGCONT');
            assert.equal(status, 1);
            assert.match(said, /problem +market +nobody answers on its admin port/);
            // Its port is its own, so it is taken all the same.
            assert.match(said, /problem +market +port \d+, which it is to listen on, is taken by bourse-market, pid/);
            await until('all to be well', () => doctor().status === 0);
        });
    });

    describe('its backup', () => {
        const books = async to => ({
            journals: await to.query("SELECT portfolio_id, account, seq, asset, amount, balance_after FROM audit.entries ORDER BY 1, 2, 4, 3"),
            balances: await to.query('SELECT * FROM audit.balances ORDER BY 1, 2, 3'),
            positions: await to.query('SELECT * FROM audit.positions ORDER BY 1, 2'),
            orders: await to.query('SELECT id, status FROM audit.orders ORDER BY 1'),
        });

        it('is whole while people trade, and refuses a folder that is there', async () => {
            let isOver = false;
            const traders = Promise.all([1, 2].map(async () => {
                while (!isOver)
                    assert.equal((await buy('1')).status, 201);
            }));
            const said = run(operate.recipe('laptop: makes a backup', [['backups/today', 'backups/busy']]));
            isOver = true;
            await traders;
            assert.match(said, /The backup is in backups\/busy/);
            assert.equal((statSync(join(folder, 'backups/busy')).mode & 0o777).toString(8), '700');
            assert.throws(() => run('./bourse backup backups/busy'), /is there already/);
        });

        it('is refused when it is damaged', () => {
            const dump = join(folder, 'backups/busy/database.dump');
            const content = readFileSync(dump);
            appendFileSync(dump, 'x');
            assert.throws(() => run('./bourse restore backups/busy --data new'), /its checksum is another one/);
            writeFileSync(dump, content);
            assert.throws(() => run('./bourse restore backups --data new'), /is not a backup/);
            assert.throws(() => run(`./bourse restore backups/busy --data ${platform.data}`), /has data already/);
        });

        it('gives back the same books, after everything was destroyed', async () => {
            assert.equal((await buy('2.5')).status, 201);
            const before = await books(platform);
            assert.ok(before.journals.length > 4 && before.orders.length > 2);
            run(operate.recipe('laptop: makes a backup'));
            await platform.bourse('down');
            assert.deepEqual(platform.complaints(), []);
            rmSync(join(platform.data, 'postgres'), { recursive: true });
            const restored = join(folder, 'restored');
            run(operate.recipe('laptop: restores', [['--data restored --detach', `--data restored --detach --port ${platform.port}`]]));
            assert.ok(!existsSync(join(restored, 'restoring')));
            platform.data = restored;
            assert.deepEqual(await books(platform), before);
            // With the token of before: the keys it was signed with are in the backup.
            assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token }),
                { consistent: true, differences: [] });
            assert.equal((await buy('1')).status, 201);
        });

        it('is of one moment of all services, when it was made while people traded', async () => {
            await platform.bourse('down');
            assert.deepEqual(platform.complaints(), []);
            run(`./bourse restore backups/busy --data busy && ./bourse up --data busy --detach --port ${platform.port}`);
            platform.data = join(folder, 'busy');
            await until('what was under way to be finished', async () =>
                (await platform.query("SELECT count(*) FROM audit.orders WHERE status <> 'filled'"))[0][0] === '0');
            assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token }),
                { consistent: true, differences: [] });
            // Each fill of trading is booked once by portfolio.
            assert.deepEqual(await platform.query('SELECT sum(quantity) FROM audit.fills'), await platform.query('SELECT sum(quantity) FROM audit.positions'));
        });

        it('goes on where a restore was interrupted, and nothing starts before', async () => {
            const half = join(folder, 'half');
            mkdirSync(half);
            writeFileSync(join(half, 'restoring'), '');
            assert.throws(() => run(`./bourse up --data half --detach --port ${platform.port}`), /in part only: .\/bourse restore it again/);
            assert.match(run('./bourse restore backups/today --data half'), /Restored into/);
            assert.ok(!existsSync(join(half, 'restoring')));
        });
    });

    describe('beside its next version', () => {
        // By now that of before may be a quarter of an hour old.
        before(async () => {
            ada.token = await platform.login(ada.username, ada.password);
        });

        // What people and administrators do all day: [what, the status that it must have, how].
        function* work(user, admin, round) {
            const mine = `/api/v1/portfolios/${user.portfolio}`;
            const ask = (method, path, body, token = user.token) => platform.request(method, path, { token, body });
            const made = (reply, field = 'id') => reply.body?.[field];
            let kept;
            const keep = async reply => (kept = made(await reply), reply);
            yield ['buy', 201, () => ask('POST', `${mine}/orders`, { ticker: 'ACME', side: 'buy', quantity: '1' })];
            yield ['sell', 201, () => ask('POST', `${mine}/orders`, { ticker: 'ACME', side: 'sell', quantity: '1' })];
            yield ['rest', 201, () => keep(ask('POST', `${mine}/orders`, { ticker: 'ACME', side: 'buy', quantity: '1', type: 'limit', limit_price: '1', time_in_force: 'gtc' }))];
            yield ['replace', 200, () => keep(ask('PATCH', `/api/v1/orders/${kept}`, { quantity: '2' }))];
            yield ['cancel', 204, () => ask('DELETE', `/api/v1/orders/${kept}`)];
            for (const path of ['', '/positions', '/lots', '/transactions', '/orders', '/performance', '/snapshots', '/composition', '/limits', '/audit'])
                yield [`portfolio${path}`, 200, () => ask('GET', mine + path)];
            yield ['deposit', 201, () => ask('POST', `${mine}/deposits`, { amount: '1' })];
            yield ['watch', 201, () => keep(ask('POST', '/api/v1/watchlists', { name: `of round ${round}`, symbols: ['ACME'] }))];
            yield ['watch no more', 204, () => ask('DELETE', `/api/v1/watchlists/${kept}`)];
            yield ['a key', 201, () => keep(ask('POST', '/api/v1/api-keys', { name: `of round ${round}`, scope: 'read' }))];
            yield ['no key', 204, () => ask('DELETE', `/api/v1/api-keys/${kept}`)];
            for (const path of ['users/me', 'auth/sessions', 'api-keys', 'symbols?q=AC', 'quotes/ACME', 'bars/ACME', 'clock', 'strategies'])
                yield [path, 200, () => ask('GET', `/api/v1/${path}`)];
            for (const path of ['users', 'tasks', 'audit-log', 'imports', 'workers'])
                yield [path, 200, () => ask('GET', `/api/v1/${path}`, undefined, admin)];
            yield ['a symbol', 200, () => ask('PATCH', '/api/v1/symbols/ACME', { name: `Acme ${round}` }, admin)];
            yield ['an import', 200, () => platform.request('POST', '/api/v1/bars:import?ticker=ACME',
                { raw: toCsv(madeUpBars(7).slice(0, 3)), token: admin, headers: { 'content-type': 'text/csv' } })];
        }

        it('does not start on the schema of a version before, and says what to do', async () => {
            const [[name, checksum]] = await platform.query('SELECT name, checksum FROM trading.migrations ORDER BY number DESC LIMIT 1');
            platform.announced.push(/"cannot_start".*has not been applied/);
            const log = () => readFileSync(join(platform.data, 'log/trading.log'), 'utf8');
            await platform.query(`DELETE FROM trading.migrations WHERE name = '${name}'`);
            await platform.kill('trading');
            await until('trading to refuse', () => log().includes(`Schema file ${name} has not been applied. Run this program with \`migrate`));
            await platform.query(`INSERT INTO trading.migrations (number, name, checksum) VALUES (${Number.parseInt(name, 10)}, '${name}', '${checksum}')`);
            await until('trading to be back', async () => (await buy('1')).status === 201, 40);
        });

        it('does all that it did, while that migrates and afterwards, started anew too', async t => {
            const admin = await platform.administrator();
            const bea = await platform.trader('bea');
            const failed = [];
            let rounds = 0;
            let slowest = ['', 0];
            let isOver = false;
            const worker = async user => {
                while (!isOver) {
                    for (const [what, status, act] of work(user, admin, rounds)) {
                        const began = performance.now();
                        const reply = await act();
                        const took = performance.now() - began;
                        if (took > slowest[1])
                            slowest = [what, took];
                        if (reply.status !== status)
                            failed.push(`${what}: ${reply.status} ${reply.text.slice(0, 300)}`);
                    }
                    rounds++;
                }
            };
            const more = count => {
                const wanted = rounds + count;
                return until(`${count} rounds more`, () => rounds >= wanted || failed.length > 0, 120);
            };
            const workers = Promise.all([worker(ada), worker(bea)]);
            let files;
            try {
                await more(4);
                files = await migrateToNextVersion(platform, folder);
                await more(4);
            } finally {
                isOver = true;
                await workers;
            }
            t.diagnostic(`${files} files, ${rounds} rounds; the slowest was ${slowest[0]} with ${slowest[1].toFixed(0)} ms`);
            assert.deepEqual(failed, []);
            assert.ok(files > 40);
            // A version that is gone back to is started on the newer schema.
            for (const service of ['auth', 'market', 'portfolio', 'trading'])
                await platform.kill(service);
            await until('all to be well', () => doctor().status === 0, 60);
            // Connections that were kept have ended while the doctor ran.
            ada.token = await until('a login', () => platform.login(ada.username, ada.password));
            for (const [what, status, act] of work(ada, admin, ++rounds))
                assert.equal((await act()).status, status, what);
            await until('what was under way to be finished', async () =>
                (await platform.query("SELECT count(*) FROM audit.orders WHERE status NOT IN ('filled', 'canceled', 'replaced')"))[0][0] === '0');
            assert.deepEqual(await platform.expect(200, 'GET', `/api/v1/portfolios/${ada.portfolio}/audit`, { token: ada.token }),
                { consistent: true, differences: [] });
        });
    });

    it('has had every command of the pages for laptops tried, but the mesh key, which has a test of its own', () => {
        assert.match(operate.recipe('laptop: another mesh key'), /^\.\/bourse rotate-mesh-key\n$/);
        assert.deepEqual([...install.unused('laptop'), ...operate.unused('laptop')], []);
    });
});

describe('docs/troubleshoot.md', () => {
    it('has messages that are there', () => {
        const page = readFileSync(join(root, 'docs/troubleshoot.md'), 'utf8');
        const ours = page.slice(page.indexOf("## `./bourse` does not start"), page.indexOf('systemd says'));
        const messages = [...ours.matchAll(/^\| `(.*?)` \|/gm)].map(([, message]) => message);
        const sources = execFileSync('git', ['grep', '-h', '', '--', 'bourse', 'deploy', 'lib/*.c', 'services/*.c'],
            { cwd: root, encoding: 'utf8', maxBuffer: 256 << 20 })
            // C joins neighbouring strings.
            .replace(/"\n\s*"/g, '').replaceAll('\\"', '"');
        assert.ok(messages.length > 15);
        for (const message of messages)
            for (const part of message.split('…').map(each => each.trim()).filter(each => each.length > 3))
                assert.ok(sources.includes(part), `nothing says "${part}"`);
        const reasons = readFileSync(join(root, 'lib/base/reasons.h'), 'utf8');
        for (const [, reason] of page.slice(page.indexOf('## The API answers')).matchAll(/`([A-Z]+_[A-Z_]+)`/g))
            assert.ok(reasons.includes(`X(${reason},`), reason);
    });
});

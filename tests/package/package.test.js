// SPDX-License-Identifier: MIT
// The Debian package on a machine of its own, under its systemd: installed, set up, looked after, upgraded, removed. And
// the units, as systemd-analyze judges them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { selfSigned } from '../support/certificates.mjs';
import { root, services, until } from '../support/platform.mjs';
import { Recipes } from '../support/recipes.mjs';
import { pack, PrivateRoot, repack, whyNot } from './private_root.mjs';

const withoutAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'there is no systemd-analyze';

describe('the units', { skip: withoutAnalyze }, () => {
    let folder;
    const units = [...services.map(name => `bourse@${name}.service`), 'bourse-migrate.service'];

    // As they are installed, with programs that are there.
    before(() => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-units-'));
        const from = join(root, 'deploy/systemd');
        for (const name of units) {
            const text = readFileSync(join(from, name.replace(/@.*\./, '@.')), 'utf8');
            writeFileSync(join(folder, name), text.replaceAll('/usr/bin/bourse-', '/bin/true #'));
            mkdirSync(join(folder, `${name}.d`));
            copyFileSync(join(from, 'hardening.conf'), join(folder, `${name}.d/hardening.conf`));
        }
        copyFileSync(join(from, 'gateway-order.conf'), join(folder, 'bourse@gateway.service.d/order.conf'));
        copyFileSync(join(from, 'bourse.target'), join(folder, 'bourse.target'));
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const analyze = (...operands) => spawnSync('systemd-analyze', operands,
        { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } });

    it('are without fault', () => {
        const { status, stdout, stderr } = analyze('verify', '--man=no', ...units.map(name => join(folder, name)), join(folder, 'bourse.target'));
        assert.equal(stdout + stderr, '');
        assert.equal(status, 0);
    });

    it('expose no more than 2.5', t => {
        for (const name of units) {
            const { stdout, stderr } = analyze('security', '--offline=true', '--no-pager', join(folder, name));
            const [, exposure] = stdout.match(/Overall exposure level for .*: ([0-9.]+)/) ?? assert.fail(stdout + stderr);
            t.diagnostic(`${name}: ${exposure}`);
            assert.ok(Number(exposure) <= 2.5, `${name}: ${exposure}`);
        }
    });
});

describe('the Debian package', { skip: whyNot() }, () => {
    const install = new Recipes('docs/install.md');
    const operate = new Recipes('docs/operate.md');
    const preset = process.env.BOURSE_PRESET ?? 'dev';
    let folder, machine, cluster, token;

    before(async () => {
        folder = mkdtempSync(join(tmpdir(), 'bourse-package-'));
        machine = await PrivateRoot.boot();
        const old = pack(install.recipe('package', [['release', preset]]), preset, folder);
        machine.must('mkdir -p /root/old /root/new');
        copyFileSync(old, machine.path('/root/old/bourse_1.deb'));
        copyFileSync(repack(old, '99.0.0'), machine.path('/root/new/bourse_2.deb'));
        // PostgreSQL as its package makes it, whatever this machine has.
        const version = machine.must('ls /usr/lib/postgresql | sort -n | tail -n 1').trim();
        cluster = name => `${version}/${name}`;
        machine.must('pg_lsclusters -h | while read version name rest; do pg_dropcluster --stop $version $name; done');
        machine.must(`pg_createcluster --start -p 5432 ${version} main -- --no-sync`);
    });
    after(async () => {
        await machine?.stop();
        rmSync(folder, { recursive: true, force: true });
    });

    const pids = () => services.map(name => machine.must(`systemctl show -P MainPID bourse@${name}`).trim());
    const post = (path, body) => JSON.parse(machine.must(
        `curl -sS http://127.0.0.1:8080${path} -H 'Content-Type: application/json' --data @-`, { input: JSON.stringify(body) }));
    const me = () => JSON.parse(machine.must(`curl -sS -H 'Authorization: Bearer ${token}' http://127.0.0.1:8080/api/v1/users/me`)).username;
    const register = name => post('/api/v1/users', { username: name, email: `${name}@example.org`, password: 'correct horse battery' });
    const users = () => machine.must('bourse psql -At -c "SELECT username FROM auth.users ORDER BY 1"').trim().split('\n');
    const healthy = () => until('the platform to be well', () => machine.run('curl -sf http://127.0.0.1:8080/healthz').status === 0, 60);
    // Commands of a page, as root in that folder.
    const run = (commands, where = '/root') => machine.must(`set -eu; cd ${where}\n${commands}`);

    it('installs, and starts nothing that has not been set up', () => {
        const [first, second] = install.recipe('server: installs', [['postgresql ', '']]).split('\n');
        assert.equal(second, 'bourse setup');
        assert.match(run(first, '/root/old'), /`bourse setup` makes its database and starts it/);
        assert.match(machine.run('systemctl start bourse@auth').stderr, /Assertion failed/);
        const doctor = machine.run('bourse doctor');
        assert.equal(doctor.status, 1);
        assert.match(doctor.stdout, /problem +setup +it has not been set up: .*\n.*-> bourse setup/);
        assert.match(machine.must('stat -c "%U:%G %a" /etc/bourse/secrets'), /root:bourse 750/);
    });

    it('is set up by one command, from the PostgreSQL of the machine to services that are ready', async () => {
        // For the programs of the tests: their leak checker wants to trace them, which the units forbid.
        machine.must('echo ASAN_OPTIONS=detect_leaks=0 >>/etc/bourse/bourse.conf; echo BOURSE_HTTP_THREADS=64 >>/etc/bourse/gateway.conf');
        const said = machine.must('bourse setup');
        const [, password] = said.match(/administrator admin password (\S+)/);
        assert.match(said, /Bourse is ready: http:\/\/127.0.0.1:8080/);
        for (const pid of pids())
            assert.equal(machine.must(`stat -c %U /proc/${pid}`).trim(), 'bourse');
        await healthy();
        token = post('/api/v1/auth/login', { username: 'admin', password }).access_token;
        assert.equal(me(), 'admin');
        // Who is allowed too little by the units would say so.
        assert.doesNotMatch(machine.must("journalctl -u 'bourse*' --no-pager"), /"level":"error"|Permission denied|not permitted/);
    });

    it('keeps keys and passwords when it is set up again', () => {
        const secrets = () => machine.must('sha256sum /etc/bourse/secrets/*');
        const before = secrets();
        assert.doesNotMatch(machine.must('bourse setup'), /password/);
        assert.equal(secrets(), before);
        assert.equal(me(), 'admin');
    });

    it('has a doctor that finds nothing, or a misspelt setting, or who has the port of a service', () => {
        assert.match(run(operate.recipe('server: how it is')), /gateway +ready\n[^]*\n0 problems[^]*bourse-gateway\[/);
        machine.must('echo BOURSE_TASK_HISTORY_HOUR=1 >>/etc/bourse/trading.conf; systemctl stop bourse@market');
        machine.must('systemd-run --unit=squatter python3 -m http.server 7111');
        const { status, stdout } = machine.run(`for try in $(seq 100); do ss -Hltn 'sport = :7111' | grep -q . && break; sleep 0.1; done; bourse doctor`);
        assert.equal(status, 1);
        assert.match(stdout, /problem +settings +.*trading.conf: bourse-trading has no setting BOURSE_TASK_HISTORY_HOUR/);
        assert.match(stdout, /problem +market +nobody answers on its admin port 127.0.0.1:7119/);
        assert.match(stdout, /problem +market +port 7111, .* is taken by python3, pid \d+/);
        machine.must("systemctl stop squatter; systemctl start bourse@market; sed -i '/^BOURSE_TASK_HISTORY_HOUR=/d' /etc/bourse/trading.conf");
    });

    it('takes another setting, and stops and starts as a whole', async () => {
        run(operate.recipe('server: changes a setting'));
        assert.match(machine.must('tr "\\0" "\\n" </proc/$(systemctl show -P MainPID bourse@trading)/environ'), /^BOURSE_TASK_HISTORY_HOURS=48$/m);
        const [stop, start] = operate.recipe('server: stops and starts').split('\n');
        run(stop);
        assert.ok(pids().every(pid => pid === '0'));
        run(start);
        await healthy();
    });

    it('replaces its keys and passwords', async () => {
        const key = () => machine.must('cat /etc/bourse/secrets/mesh.key');
        const before = key();
        assert.match(run(operate.recipe('server: another mesh key')), /The mesh key has been replaced/);
        assert.notEqual(key(), before);
        assert.match(machine.must('stat -c "%U:%G %a" /etc/bourse/secrets/mesh.key'), /root:bourse 640/);
        assert.match(run(operate.recipe('server: another signing key')), /signs/);
        const database = machine.must('cat /etc/bourse/secrets/trading.conf');
        run(operate.recipe('server: another database password'));
        assert.notEqual(machine.must('cat /etc/bourse/secrets/trading.conf'), database);
        await healthy();
        assert.equal(me(), 'admin');
    });

    it('serves another certificate without a restart', async () => {
        const put = name => {
            const { certificate, key } = selfSigned(folder, name, 300);
            copyFileSync(certificate, machine.path('/root/example.crt'));
            copyFileSync(key, machine.path('/root/example.key'));
        };
        const subject = () => machine.run('openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null | openssl x509 -noout -subject').stdout.trim();
        put('first');
        run(operate.recipe('server: switches HTTPS on'));
        await until('the certificate', () => subject() === 'subject=CN = first');
        const pid = pids()[4];
        put('second');
        run(operate.recipe('server: another certificate'));
        await until('the other one', () => subject() === 'subject=CN = second');
        assert.equal(pids()[4], pid);
        assert.match(machine.must('bourse doctor gateway'), /ok +certificate .*tls.crt is valid until/);
    });

    it('gives back from a backup what was lost with the database', async () => {
        register('ada');
        run(operate.recipe('server: makes a backup'));
        assert.match(machine.run('bourse restore /var/backups/bourse/today').stderr, /not empty: it has the schemas audit, auth, market, portfolio, trading/);
        register('bob');
        const market = kind => machine.must(`sed -i 's/^BOURSE_MARKET=.*/BOURSE_MARKET=${kind}/' /etc/bourse/market.conf`);
        market('replay');
        assert.match(machine.run('bourse restore /var/backups/bourse/today').stderr,
            /is of a simulated market with seed 1; by .*market.conf it would go on as a replay market/);
        market('simulated');
        run(operate.recipe('server: restores a backup'));
        await healthy();
        assert.deepEqual(users(), ['ada', 'admin']);
        assert.equal(me(), 'admin');
    });

    it('is backed up each night', () => {
        for (const unit of ['bourse-backup.service', 'bourse-backup.timer'])
            writeFileSync(machine.path(`/etc/systemd/system/${unit}`), operate.recipe(`/etc/systemd/system/${unit}`));
        machine.must('touch -d "-20 days" /var/backups/bourse/today');
        run(operate.recipe('server: switches the backup'));
        assert.match(machine.must('systemctl show -P NextElapseUSecRealtime bourse-backup.timer'), /03:00:00 UTC/);
        machine.must('systemctl start bourse-backup.service');
        assert.match(machine.must('ls /var/backups/bourse'), /^20\d{6}T\d{6}Z\n$/);
    });

    it('goes back to a moment', async () => {
        const here = ['15/main', cluster('main')];
        const unit = ['15-main', cluster('main').replace('/', '-')];
        run(operate.recipe('database: keeps the log', [here, unit]));
        await healthy();
        const pieces = () => machine.must('ls /var/backups/postgresql/wal').split('\n').filter(name => /^[0-9A-F]{24}\.gz$/.test(name)).sort();
        const before = pieces();
        run(operate.recipe('database: makes another base backup', [['postgresql/15/bin', `postgresql/${cluster('bin')}`]]));
        assert.ok(before.length > 0 && pieces()[0] > before[0], `${before[0]} is still among ${pieces()}`);
        register('carl');
        const moment = machine.must("bourse psql -At -c 'SELECT clock_timestamp()'").trim();
        register('dora');
        machine.must("runuser -u postgres -- psql -c 'SELECT pg_switch_wal()'");
        await until('the log to be kept', () => machine.must("runuser -u postgres -- psql -Atc \"SELECT last_archived_time > now() - interval '1 minute' FROM pg_stat_archiver\"").trim() === 't');
        run(operate.recipe('database: goes back', [here, unit, ['2026-01-02 09:15:00+00', moment]]));
        await healthy();
        assert.deepEqual(users(), ['ada', 'admin', 'carl']);
    });

    it('reads history from a standby that is made for it', async () => {
        const here = [['15/standby', cluster('standby')], ['15 standby', cluster('standby').replace('/', ' ')],
            ['15-standby', cluster('standby').replace('/', '-')]];
        run(operate.recipe('database: makes a standby', here));
        run(operate.recipe('server: reads history', [['host=standby.example.org', 'port=5434']]));
        await healthy();
        await until('the standby to be used', () => machine.must("journalctl -u 'bourse@*' --no-pager").match(/"event":"standby_used"/g)?.length === 3);
        assert.match(machine.must('curl -sf http://127.0.0.1:7119/metrics'), /^standby_near 1$/m);
        assert.match(machine.must('bourse doctor'), /\n0 problems/);
    });

    it('is upgraded to a version that runs at once, with settings as they were', async () => {
        const before = pids();
        run(operate.recipe('server: upgrades'), '/root/new');
        assert.match(machine.must('dpkg-query -W bourse'), /99\.0\.0/);
        await until('other processes', () => pids().every((pid, i) => pid !== '0' && pid !== before[i]), 60);
        await healthy();
        assert.match(machine.must('cat /etc/bourse/gateway.conf'), /BOURSE_HTTP_THREADS=64/);
        assert.equal(me(), 'admin');
    });

    it('is set up with a database that is elsewhere', async () => {
        machine.must(`systemctl stop bourse.target 'bourse@*'; rm /etc/bourse/secrets/*`);
        machine.must(`pg_createcluster --start -p 5433 ${cluster('other').replace('/', ' ')} -- --no-sync`);
        machine.must('runuser -u postgres -- psql -p 5433 -f -', { input: install.recipe("on the database's machine") });
        const command = install.recipe('server: sets it up with a database elsewhere',
            [['host=database.example.org dbname=bourse sslmode=verify-full sslrootcert=/etc/bourse/ca.crt', 'host=127.0.0.1 port=5433 dbname=bourse']]);
        assert.match(machine.run(command.replace('--database "', '--database "password=x ')).stderr, /--database is without a password/);
        assert.match(run(command), /administrator admin password/);
        await healthy();
        assert.match(machine.must('cat /etc/bourse/secrets/auth.conf'), /port=5433 dbname=bourse user=bourse_auth password=/);
        assert.deepEqual(users(), ['admin']);
        // As on another machine, which must not take the roles and the mesh key from this one.
        machine.must('mkdir /root/secrets && mv /etc/bourse/secrets/* /root/secrets');
        assert.match(machine.run(command).stderr, /has Bourse's schemas already, and this machine has no secrets of it/);
        assert.equal(machine.must('ls /etc/bourse/secrets'), '');
        machine.must('mv /root/secrets/* /etc/bourse/secrets && bourse psql -c SELECT');
    });

    it('stops when it is removed, and keeps settings and secrets until it is purged', () => {
        const left = () => machine.must(`find /etc /usr /var/lib/systemd -path '*bourse*' -not -name '*bourse-backup*'; getent passwd bourse || true`)
            .split('\n').filter(line => line !== '');
        machine.must('dpkg -r bourse');
        assert.equal(machine.must("systemctl list-units --no-legend 'bourse@*' bourse.target bourse-migrate.service"), '');
        assert.ok(left().includes('/etc/bourse/secrets/mesh.key') && left().includes('/etc/bourse/gateway.conf'));
        run(install.recipe('server: removes'));
        assert.deepEqual(left().filter(name => !name.startsWith('/etc/bourse/tls.') && name !== '/etc/bourse'), []);
    });

    it('has had every command of the pages for servers tried', () => {
        for (const what of ['server', 'package', 'database', 'on the', '/etc'])
            assert.deepEqual([...install.unused(what), ...operate.unused(what)], []);
    });
});

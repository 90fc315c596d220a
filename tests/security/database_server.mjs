// SPDX-License-Identifier: MIT
// database_server: a PostgreSQL that listens on TCP with TLS, for a test.
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync,
    writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/platform.mjs';

function programs() {
    const folder = '/usr/lib/postgresql';
    const newest = readdirSync(folder).map(Number).sort((one, other) => other - one)[0];
    return join(folder, String(newest), 'bin');
}

// PostgreSQL does not run as root.
function runner() {
    if (process.getuid() !== 0)
        return {};
    const id = flag => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
}

export class DatabaseServer {
    // Lines of postgresql.conf, and of pg_hba.conf, which are put before those that are there. Both name
    // files in /etc/bourse, which are taken from the folder of certificates.
    static async start({ certificates, port, settings, rules }) {
        const server = new DatabaseServer();
        const as = runner();
        const own = path => as.uid !== undefined && chownSync(path, as.uid, as.gid);

        server.port = port;
        server.folder = mkdtempSync(join(tmpdir(), 'bourse-database-'));
        server.log = '';
        own(server.folder);
        const data = join(server.folder, 'data');
        execFileSync(join(programs(), 'initdb'), ['--no-sync', '-A', 'trust', '-U', 'postgres', '-E', 'UTF8',
            '--locale=C', '-D', data], { ...as, cwd: '/', stdio: 'ignore' });
        for (const name of ['database.example.org.crt', 'database.example.org.key']) {
            const file = join(server.folder, name);
            copyFileSync(join(certificates, name), file);
            chmodSync(file, 0o600);
            own(file);
        }
        appendFileSync(join(data, 'postgresql.conf'), `${settings.replaceAll('/etc/bourse/', `${server.folder}/`)}
port = ${port}
unix_socket_directories = '${server.folder}'
`);
        const hba = join(data, 'pg_hba.conf');
        writeFileSync(hba, rules + readFileSync(hba, 'utf8'));
        server.child = spawn(join(programs(), 'postgres'), ['-D', data], { ...as, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
        server.ended = new Promise(done => server.child.on('close', done));
        for (const stream of [server.child.stdout, server.child.stderr])
            stream.on('data', chunk => { server.log += chunk; });
        await until('PostgreSQL to be ready', () => {
            if (server.child.exitCode !== null)
                throw new Error(server.log);
            return server.query('SELECT 1', 'postgres');
        }, 60);
        server.query('CREATE DATABASE bourse', 'postgres');
        server.query('CREATE ROLE owner SUPERUSER', 'postgres');
        return server;
    }

    // Over the socket, as the superuser.
    query(sql, database = 'bourse') {
        return execFileSync(join(programs(), 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', this.folder, '-p',
            String(this.port), '-U', 'postgres', '-d', database, '-c', sql], { encoding: 'utf8', stdio: 'pipe' });
    }

    setPassword(role, password) {
        this.query(`ALTER ROLE ${role} LOGIN PASSWORD '${password}'`);
    }

    async stop() {
        this.child.kill('SIGINT');
        await this.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

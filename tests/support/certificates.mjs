// SPDX-License-Identifier: MIT
// certificates: a certification authority of a test's own, by the openssl program.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class Authority {
    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), 'bourse-ca-'));
        this.#run('req', '-x509', ...curve, '-keyout', 'root.key', '-out', 'root.pem', '-days', '2',
            '-subj', '/CN=Test root', '-addext', 'basicConstraints=critical,CA:TRUE');
        this.#run('req', ...curve, '-keyout', 'middle.key', '-out', 'middle.csr', '-subj', '/CN=Test intermediate');
        this.#sign('middle', 'root', 'basicConstraints=critical,CA:TRUE');
        this.root = this.#read('root.pem');
    }

    #run(...args) {
        execFileSync('openssl', args, { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    }

    #read(name) {
        return readFileSync(join(this.folder, name), 'utf8');
    }

    #sign(name, issuer, extension, days = '2') {
        writeFileSync(join(this.folder, `${name}.ext`), `${extension}\n`);
        this.#run('x509', '-req', '-in', `${name}.csr`, '-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`,
            '-CAcreateserial', '-days', days, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    }

    // A certificate for 127.0.0.1 with that common name, below the intermediate one, whose certificate is
    // part of the chain: {certificate, key} as PEM.
    issue(commonName) {
        this.#run('req', ...curve, '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', `/CN=${commonName}`);
        this.#sign('leaf', 'middle', 'subjectAltName=IP:127.0.0.1,DNS:localhost');
        return { certificate: this.#read('leaf.pem') + this.#read('middle.pem'), key: this.#read('leaf.key') };
    }

    // Writes a file as a careful program does: whole or not at all.
    write(name, content, mode = 0o600) {
        const file = join(this.folder, name);
        writeFileSync(`${file}.new`, content, { mode });
        chmodSync(`${file}.new`, mode);
        renameSync(`${file}.new`, file);
        return file;
    }

    remove() {
        rmSync(this.folder, { recursive: true, force: true });
    }
}

// A certificate that nobody has signed but its own key, good for so many days: the paths of both files.
export function selfSigned(folder, name, days) {
    const [certificate, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', certificate, '-days', String(days), '-subj', `/CN=${name}`],
        { stdio: 'ignore' });
    return { certificate, key };
}

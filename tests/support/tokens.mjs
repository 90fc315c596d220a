// SPDX-License-Identifier: MIT
// tokens: access tokens read and made with Node's own cryptography, which shares nothing with ours.
import { createHash, createPublicKey, sign, verify } from 'node:crypto';

const encode = value => Buffer.from(value).toString('base64url');
const json = value => typeof value === 'string' || Buffer.isBuffer(value) ? value : JSON.stringify(value);

// The parts of a token, nothing verified.
export function read(token) {
    const [header, claims] = token.split('.').slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url')));
    return { header, claims };
}

// What a signature is over. Header and claims may be text, to be wrong as JSON.stringify never is.
export function unsigned(header, claims) {
    return `${encode(json(header))}.${encode(json(claims))}`;
}

// A token with a right ES256 signature of that private key.
export function forge(header, claims, privateKey) {
    const text = unsigned(header, claims);
    return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
        .toString('base64url')}`;
}

// Whether the key of a JSON Web Key Set that the token names has signed it.
export function isSignedBy(keys, token) {
    const jwk = keys.find(key => key.kid === read(token).header.kid);
    const end = token.lastIndexOf('.');
    return jwk !== undefined && verify('sha256', Buffer.from(token.slice(0, end)),
        { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
        Buffer.from(token.slice(end + 1), 'base64url'));
}

// RFC 7638.
export function thumbprint({ crv, kty, x, y }) {
    return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

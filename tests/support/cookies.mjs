// SPDX-License-Identifier: MIT
// cookies: what a reply sets.

// The Set-Cookie headers of a reply to fetch, each by itself. Node.js before 20 joins them with commas and has
// no getSetCookie everywhere; ours have no comma inside.
export function setCookies(reply) {
    return reply.headers.getSetCookie?.() ?? reply.headers.get('set-cookie')?.split(', ') ?? [];
}

// SPDX-License-Identifier: MIT
// Parts of a page that are looked at again every so many seconds (data-renew), as long as somebody sees them.
// @ts-check
import { setClockAsOn } from './clock.js';
import { hideState, renewParts, showState } from './parts.js';
import { hasSessionEnded } from './session.js';

const WAIT_MS_MAX = 30000;

/** The shortest time that a part of the page asks for; 0 when none does any more. */
function period() {
    const seconds = [...document.querySelectorAll('[data-renew]')]
        .map(part => Number(/** @type {HTMLElement} */ (part).dataset.renew));
    return seconds.length === 0 ? 0 : Math.min(...seconds) * 1000;
}

let failures = 0;

async function renew() {
    try {
        if (!document.hidden) {
            const fresh = await renewParts('[data-renew]');
            if (!fresh) {
                await hasSessionEnded();
                hideState();
                return;
            }
            setClockAsOn(fresh);
        }
        failures = 0;
        showState('live', 'Live');
    } catch {
        failures += 1;
        showState('waiting', 'Reconnecting');
    }
    wait();
}

function wait() {
    const pause = period();
    if (pause > 0)
        setTimeout(renew, Math.min(pause * 2 ** failures, WAIT_MS_MAX));
}

showState('live', 'Live');
wait();
document.addEventListener('visibilitychange', () => {
    if (!document.hidden && period() > 0)
        renewParts('[data-renew]').catch(() => undefined);
});

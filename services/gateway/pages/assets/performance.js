// SPDX-License-Identifier: MIT
// The curves of a portfolio's performance: for who looks closer, charts that can be asked in place of the server's lines. The
// tables beside them stay.
// @ts-check
import { drawCloser } from './closer.js';

for (const name of ['growth', 'equity', 'drawdown', 'volatility'])
    drawCloser(`[data-series="${name}"]`, figure => import('./performance_chart.js').then(({ showSeries }) => showSeries(figure)));

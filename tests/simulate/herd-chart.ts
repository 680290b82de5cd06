// Draws the attempts that reach a server in each second, on a logarithmic scale. One file, without scripts, for light
// and dark pages.

import type { HerdRun } from './herd.js';

export interface Scene {
  clients: number;
  capacity: number;
  downSeconds: number;
  /** Attempts a second if they were spread evenly. */
  uniform: number;
}

const kWidth = 860;
const kHeight = 470;
const kLeft = 64;
const kRight = 16;
const kTop = 92;
const kBottom = 44;
/** Seconds since the death that are shown. */
const kShown = 180;

/** Blue, orange, pink and green that are told apart without colour vision, too (Okabe and Ito, 2008), and by their dashes. */
const kLines = ['#0072b2', '#d55e00', '#cc79a7', '#009e73'];
const kDashes = ['', '', '2 3', '7 3'];

const x = (second: number): number => kLeft + (second / kShown) * (kWidth - kLeft - kRight);

/** @returns where so many attempts lie; none lie on the axis */
function y(count: number, most: number): number {
  const share = Math.log10(Math.max(1, count)) / Math.log10(most);
  return kHeight - kBottom - share * (kHeight - kTop - kBottom);
}

function path(arrivals: number[], most: number): string {
  const shown = arrivals.length < kShown ? [...arrivals, 0] : arrivals.slice(0, kShown);
  const points = shown.map((count, second) => `${x(second + 0.5).toFixed(1)},${y(count, most).toFixed(1)}`);
  return points.join(' ');
}

function axes(most: number): string {
  const rows: string[] = [];
  for (let power = 0; 10 ** power <= most; power += 1) {
    const at = y(10 ** power, most).toFixed(1);
    rows.push(`<line class="grid" x1="${kLeft}" x2="${kWidth - kRight}" y1="${at}" y2="${at}"/><text x="${kLeft - 8}" y="${at}" dy="4" text-anchor="end">${(10 ** power).toLocaleString('en')}</text>`);
  }
  for (let second = 0; second <= kShown; second += 30) {
    rows.push(`<text x="${x(second)}" y="${kHeight - kBottom + 18}" text-anchor="middle">${second}</text>`);
  }
  return rows.join('\n');
}

/** Each line's name above the picture, two in a row. */
function legend(runs: HerdRun[]): string {
  return runs.map(({ strategy, all_connected_s: all }, index) => {
    const left = kLeft + (index % 2) * 390;
    const top = 46 + Math.floor(index / 2) * 20;
    const end = all === null ? 'not all are back after 10 minutes' : `all are back after ${Math.round(all)} s`;
    return `<line class="curve c${index}" x1="${left}" x2="${left + 26}" y1="${top - 4}" y2="${top - 4}"/><text x="${left + 34}" y="${top}"><tspan class="name">${strategy}</tspan>: ${end}</text>`;
  }).join('\n');
}

function mark(value: number, label: string, most: number): string {
  const at = y(value, most);
  return `<line class="mark" x1="${x(0)}" x2="${kWidth - kRight}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/><text class="label" x="${kWidth - kRight}" y="${(at + 14).toFixed(1)}" text-anchor="end">${label}</text>`;
}

export function drawHerd(runs: HerdRun[], { clients, capacity, downSeconds, uniform }: Scene): string {
  const most = 10 ** Math.ceil(Math.log10(clients));
  const curves = runs.map(({ arrivals }, index) => ({ index, points: path(arrivals, most) })).reverse();
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${kWidth} ${kHeight}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-labelledby="title">
<title id="title">Attempts a second at a server that died with ${clients.toLocaleString('en')} clients, by how they reconnect</title>
<style>
  text { fill: #424a53 } .name { font-weight: 600; fill: #1f2328 } .head { font-size: 14px; font-weight: 600; fill: #1f2328 }
  .back { fill: #ffffff } .away { fill: #8c959f; opacity: .16 } .grid { stroke: #8c959f; opacity: .3 } .mark { stroke: #57606a; stroke-dasharray: 1 4; stroke-linecap: round; stroke-width: 1.5 }
  .curve { fill: none; stroke-width: 1.5; stroke-linejoin: round }
${kLines.map((colour, index) => `  .c${index} { stroke: ${colour}; stroke-dasharray: ${kDashes[index] || 'none'} }`).join('\n')}
  .c0 { stroke-width: 3 } .c1 { opacity: .75 }
  @media (prefers-color-scheme: dark) {
    text { fill: #b1bac4 } .name, .head { fill: #f0f6fc } .back { fill: #0d1117 } .mark { stroke: #b1bac4 } .c0 { stroke: #56b4e9 } .c1 { stroke: #ff8c42 } .c3 { stroke: #2ec79a }
  }
</style>
<rect class="back" width="${kWidth}" height="${kHeight}" rx="6"/>
<text class="head" x="${kLeft}" y="22">Attempts a second: ${clients.toLocaleString('en')} clients, and a server that dies and is away for ${downSeconds} s</text>
${legend(runs)}
<rect class="away" x="${x(0)}" width="${(x(downSeconds) - x(0)).toFixed(1)}" y="${kTop}" height="${kHeight - kTop - kBottom}"/>
${axes(most)}
${curves.map(({ index, points }) => `<polyline class="curve c${index}" points="${points}"/>`).join('\n')}
${mark(uniform, `even: one attempt in 15 s each`, most)}
${mark(capacity, `what the server can accept: ${capacity.toLocaleString('en')}`, most)}
<text x="${(kLeft + kWidth - kRight) / 2}" y="${kHeight - 8}" text-anchor="middle">seconds since the server died</text>
</svg>
`;
}

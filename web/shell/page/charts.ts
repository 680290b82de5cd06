// Three charts over one window of time: the signal, and for each app the way of each act from the
// moment it was made (above) to the moment its server applied it (below). Tunnels are dark bands.

import uPlot from 'uplot';
import type { Account, Act } from './account.js';
import type { AppName } from './feed.js';

const kWindowS = 60;
const kAxisPx = 34;

interface Sample { at: number; mbits: number; dark: boolean }

interface Colours { ink: string; soft: string; line: string; signal: string; holdfast: string; naive: string; wait: string; lost: string; band: string }

function readColours(): Colours {
  // Canvas can't read light-dark(); a probe's computed colour can.
  const probe = document.createElement('span');
  document.body.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    ink: read('ink'), soft: read('soft'), line: read('line'), signal: read('signal'), holdfast: read('accent'),
    naive: read('naive'), wait: read('wait'), lost: read('lost'), band: read('dark-band'),
  };
  probe.remove();
  return colours;
}

export class Charts {
  readonly #samples: Sample[] = [];
  readonly #accounts: Record<AppName, Account>;
  readonly #hosts: Record<'signal' | AppName, HTMLElement>;
  #colours = readColours();
  #plots: Record<'signal' | AppName, uPlot>;
  #now = Date.now();
  #lost: Record<AppName, Set<Act>> = { holdfast: new Set(), naive: new Set() };

  constructor(accounts: Record<AppName, Account>) {
    this.#accounts = accounts;
    const host = (name: string): HTMLElement => document.getElementById(`chart-${name}`)!;
    this.#hosts = { signal: host('signal'), holdfast: host('holdfast'), naive: host('naive') };
    this.#plots = this.#build();
    const rebuild = (): void => {
      this.#colours = readColours();
      for (const plot of Object.values(this.#plots)) plot.destroy();
      this.#plots = this.#build();
    };
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', rebuild);
    new ResizeObserver(() => {
      for (const name of ['signal', 'holdfast', 'naive'] as const) {
        this.#plots[name].setSize({ width: this.#hosts[name].clientWidth, height: this.#plots[name].height });
      }
    }).observe(this.#hosts.signal);
  }

  signal(at: number, mbits: number, dark: boolean): void {
    this.#samples.push({ at, mbits, dark });
    const old = Date.now() - (kWindowS + 10) * 1000;
    // The last sample before the window still holds at its left edge.
    while (this.#samples.length > 2 && this.#samples[1]!.at < old) this.#samples.shift();
  }

  draw(now: number, lost: Record<AppName, Set<Act>>): void {
    this.#now = now;
    this.#lost = lost;
    const scale = { min: now / 1000 - kWindowS, max: now / 1000 };
    const last = this.#samples.at(-1);
    const samples = last ? [...this.#samples, { ...last, at: now }] : [];
    this.#plots.signal.setData([samples.map(({ at }) => at / 1000), samples.map(({ mbits }) => mbits)], false);
    this.#plots.signal.setScale('x', scale);
    for (const app of ['holdfast', 'naive'] as const) {
      this.#plots[app].setData([[scale.min, scale.max], [0, 0]], false);
      this.#plots[app].setScale('x', scale);
    }
  }

  #build(): Record<'signal' | AppName, uPlot> {
    return {
      signal: new uPlot(this.#options('signal', 94, true), [[], []], this.#hosts.signal),
      holdfast: new uPlot(this.#options('holdfast', 68, false), [[], []], this.#hosts.holdfast),
      naive: new uPlot(this.#options('naive', 68, false), [[], []], this.#hosts.naive),
    };
  }

  #options(name: 'signal' | AppName, height: number, isSignal: boolean): uPlot.Options {
    const { soft, line, signal } = this.#colours;
    const font = '11px system-ui, sans-serif';
    const axis = { stroke: soft, font, ticks: { show: false } };
    return {
      width: this.#hosts[name].clientWidth || 360, height,
      padding: [6, 16, isSignal ? 0 : 6, 0],
      legend: { show: false }, cursor: { show: false }, select: { show: false, left: 0, top: 0, width: 0, height: 0 },
      scales: { x: { time: false }, y: isSignal ? { range: (_plot, _min, max) => [0, Math.max(10, Math.min(120, max * 1.1 || 10))] } : { range: [0, 1] } },
      axes: [
        { ...axis, show: isSignal, size: 20, gap: 2, grid: { show: false }, splits: () => [60, 45, 30, 15, 0].map((ago) => this.#now / 1000 - ago),
          values: (_plot, splits) => splits.map((_, index) => (index === 4 ? 'now' : `−${60 - index * 15} s`)) },
        { ...axis, size: kAxisPx, gap: 4, grid: { show: isSignal, stroke: line, width: 1 }, space: 26,
          ...(isSignal ? {} : { splits: () => [0, 1], values: () => ['', ''] }) },
      ],
      series: [{}, { stroke: signal, width: 1.5, fill: fade(signal, 0.18), points: { show: false }, ...(isSignal ? {} : { show: false }), paths: uPlot.paths.stepped!({ align: 1 }) }],
      hooks: {
        drawClear: [(plot) => this.#drawDark(plot)],
        ...(isSignal ? {} : { draw: [(plot) => this.#drawActs(plot, name as AppName)] }),
      },
    };
  }

  #drawDark(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = fade(this.#colours.band, 0.24);
    for (const [index, { at, dark }] of this.#samples.entries()) {
      if (!dark) continue;
      const end = this.#samples[index + 1]?.at ?? this.#now;
      const left = Math.max(bbox.left, plot.valToPos(at / 1000, 'x', true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(end / 1000, 'x', true));
      if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
    }
    ctx.restore();
  }

  #drawActs(plot: uPlot, app: AppName): void {
    const { ctx, bbox } = plot;
    const dot = 2.6 * devicePixelRatio;
    const top = bbox.top + dot * 2;
    const bottom = bbox.top + bbox.height - dot * 2;
    const x = (ms: number): number => plot.valToPos(ms / 1000, 'x', true);
    const { [app]: colour, wait, lost, line } = this.#colours;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width + dot, bbox.height);
    ctx.clip();
    ctx.lineWidth = 1.3 * devicePixelRatio;
    for (const y of [top, bottom]) stroke(ctx, line, [[bbox.left, y], [bbox.left + bbox.width, y]]);
    for (const act of this.#accounts[app].acts) {
      const from = x(act.at);
      if (act.arrivedAt !== null) {
        if (x(act.arrivedAt) < bbox.left) continue;
        stroke(ctx, fade(colour, 0.75), [[from, top], [x(act.arrivedAt), bottom]]);
        fillDot(ctx, colour, from, top, dot);
        fillDot(ctx, colour, x(act.arrivedAt), bottom, dot);
      } else if (this.#lost[app].has(act)) {
        const arm = dot * 1.5;
        ctx.lineWidth = 2 * devicePixelRatio;
        stroke(ctx, lost, [[from - arm, top - arm], [from + arm, top + arm]]);
        stroke(ctx, lost, [[from - arm, top + arm], [from + arm, top - arm]]);
        ctx.lineWidth = 1.3 * devicePixelRatio;
      } else {
        fillDot(ctx, wait, from, top, dot * 1.25);
      }
    }
    ctx.restore();
  }
}

function stroke(ctx: CanvasRenderingContext2D, colour: string, [from, to]: [[number, number], [number, number]]): void {
  ctx.strokeStyle = colour;
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}

function fillDot(ctx: CanvasRenderingContext2D, colour: string, x: number, y: number, radius: number): void {
  ctx.fillStyle = colour;
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, Math.PI * 2);
  ctx.fill();
}

function fade(colour: string, alpha: number): string {
  const parts = /rgba?\(([^)]+)\)/.exec(colour)?.[1]?.split(/[,\s/]+/).slice(0, 3);
  return parts ? `rgba(${parts.join(', ')}, ${alpha})` : colour;
}

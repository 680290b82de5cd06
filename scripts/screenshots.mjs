// Takes the pictures in docs/screenshots: each view, on a phone and on a desk, light and dark, with
// some orders caught in the tunnel so that every state can be seen.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
const kRideMs = 42_000;
const kDeskPort = 5;

const options = { out: path.join(root, 'docs/screenshots'), sites: path.join(root, 'build/demo'), only: '' };
for (let index = 2; index < process.argv.length; index += 2) {
  const name = process.argv[index].replace(/^--/, '');
  if (!(name in options) || process.argv[index + 1] === undefined) {
    console.error('Use: node scripts/screenshots.mjs [--out FOLDER] [--sites FOLDER] [--only phone-light|desk-dark|…]');
    process.exit(1);
  }
  options[name] = process.argv[index + 1];
}

/** Six ports in a row that nobody has. */
async function freePorts() {
  for (let port = 20_000 + Math.floor(Math.random() * 20_000); ; port += 6) {
    const taken = await Promise.all([0, 1, 2, 3, 4, 5].map((step) => new Promise((resolve) => {
      const socket = createServer().once('error', () => resolve(true));
      socket.listen(port + step, '127.0.0.1', () => socket.close(() => resolve(false)));
    })));
    if (!taken.includes(true)) return port;
  }
}

async function startDemo(port) {
  const args = ['--import', 'tsx', 'web/main.ts', '--memory', '--port', String(port), '--sites', options.sites];
  const demo = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    demo.stdout.on('data', (text) => String(text).includes('Ctrl-C') && resolve());
    demo.on('exit', (code) => reject(new Error(`the demo ended with ${code}`)));
  });
  return demo;
}

const ask = (port, method, url, body) => fetch(`http://localhost:${port + 1}${url}`, {
  method, ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
}).then((answer) => answer.json());

async function open(scheme, size) {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'holdfast-shots-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium', headless: true, colorScheme: scheme, viewport: sizes[size],
    deviceScaleFactor: size === 'phone' ? 2 : 1,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  return { context, close: async () => { await context.close(); rmSync(profile, { recursive: true, force: true }); } };
}

/** One note is changed here in the tunnel and at the desk meanwhile: that is for a person to decide. */
async function fillInbox(page, port) {
  await page.goto(`http://localhost:${port}/#/dispatcher`);
  const row = page.locator('tr:has-text("Night Noodles")').first();
  await row.waitFor();
  const id = await row.getAttribute('data-order');
  await ask(port, 'POST', '/tunnel', { on: true });
  await row.locator('[data-act=edit]').click();
  await page.locator('#edit-note').fill('No peanuts, no sesame');
  await page.locator('#edit-tip').fill('2');
  await page.keyboard.press('Enter');
  await page.locator(`tr[data-order="${id}"] [data-progress=waiting]`).waitFor();
  // By a way of the desk's own, out of reach of this tunnel.
  await fetch(`http://localhost:${port + kDeskPort}/api/orders/${id}`, {
    method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ note: 'No peanuts, extra ginger', tip: 150 }),
  });
  await ask(port, 'POST', '/tunnel', { on: false });
  return page.locator('.inbox-button').waitFor({ timeout: 15_000 }).then(() => true, () => false);
}

/** Three people on one order, when all is settled but one note. */
async function conflicts(context, port, label) {
  const page = await context.newPage();
  await page.goto(`http://localhost:${port + 1}/conflicts`);
  await page.locator('#play').click();
  await page.locator('#news:has-text("Ann is asked")').waitFor({ timeout: 60_000 });
  await page.frameLocator('[data-app=ann] iframe').locator('.decision').waitFor();
  await page.mouse.move(0, 0);
  if (label.startsWith('phone')) {
    await shoot(page, 'conflicts', label);
    await page.locator('[data-app=ann]').evaluate((ann) => ann.scrollIntoView());
    // The frame learns only now how tall it may be.
    await page.waitForTimeout(1_500);
    await page.locator('[data-app=ann]').evaluate((ann) => ann.scrollIntoView());
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(options.out, `conflicts-ask-${label}.png`) });
  } else {
    await page.waitForTimeout(500);
    await page.screenshot({ path: path.join(options.out, `conflicts-${label}.png`), fullPage: true });
  }
  await page.close();
}

async function order(page, dishes) {
  for (const dish of dishes) await page.getByRole('button', { name: `Add ${dish} to the basket` }).click();
  await page.locator('[data-act=place]').click();
}

async function shoot(page, view, label) {
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(300);
  await page.screenshot({ path: path.join(options.out, `${view}-${label}.png`) });
}

async function viewsOf(scheme, size) {
  const label = `${size}-${scheme}`;
  const port = await freePorts();
  const demo = await startDemo(port);
  const { context, close } = await open(scheme, size);
  try {
    const page = await context.newPage();
    const filled = await fillInbox(page, port);
    await page.goto(`http://localhost:${port}/#/customer`);
    await order(page, ['Fish stew']);
    await page.waitForTimeout(1_500);
    await ask(port, 'POST', '/tunnel', { on: true });
    await order(page, ['Sesame noodles', 'Sesame noodles', 'Mushroom broth']);
    await page.waitForTimeout(2_800);
    await page.goto(`http://localhost:${port}/#/courier`);
    await page.locator('.job:has-text("Corner Oven") [data-act=advance]').first().click();
    await page.waitForTimeout(800);
    await shoot(page, 'courier', label);
    await page.goto(`http://localhost:${port}/#/dispatcher`);
    await shoot(page, 'dispatcher', label);
    if (filled) {
      await page.locator('.inbox-button').click();
      await page.locator('.inbox-list .card').first().waitFor();
      await shoot(page, 'inbox', label);
      await page.keyboard.press('Escape');
    }
    await page.goto(`http://localhost:${port}/#/customer`);
    await page.getByRole('button', { name: 'Add Lentil salad to the basket' }).click();
    await page.waitForTimeout(500);
    if (size === 'phone') await page.screenshot({ path: path.join(options.out, `customer-menu-${label}.png`) });
    if (size === 'phone') await page.locator('.mine').evaluate((mine) => scrollTo(0, mine.getBoundingClientRect().top + scrollY - 72));
    await page.waitForTimeout(300);
    await page.screenshot({ path: path.join(options.out, `customer-${label}.png`) });
    await page.close();

    await ask(port, 'POST', '/tunnel', { on: false });
    await conflicts(context, port, label);
    const shell = await context.newPage();
    await shell.goto(`http://localhost:${port + 1}/`);
    await shell.waitForTimeout(3_000);
    await shell.locator('#go').click();
    await shell.waitForTimeout(kRideMs);
    // The picture is best inside a tunnel, but not every moment has one.
    await shell.waitForFunction(() => document.body.classList.contains('is-dark'), null, { timeout: 10_000 }).catch(() => undefined);
    await shell.waitForTimeout(300);
    await shoot(shell, 'shell', label);
    return filled;
  } finally {
    await close();
    demo.removeAllListeners('exit');
    const gone = new Promise((resolve) => demo.on('exit', resolve));
    demo.kill('SIGTERM');
    await gone;
  }
}

mkdirSync(options.out, { recursive: true });
for (const size of Object.keys(sizes)) {
  for (const scheme of ['light', 'dark']) {
    if (options.only !== '' && options.only !== `${size}-${scheme}`) continue;
    const filled = await viewsOf(scheme, size);
    console.log(`${size}, ${scheme}: done${filled ? '' : ' (the inbox was empty, so no picture of it)'}`);
  }
}

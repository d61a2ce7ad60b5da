// Looks at pages of the console in headless Chromium. Reads a plan from standard input, writes what
// it found to standard output as JSON, and nothing else.
//
// plan: { chromium, pictures, pages: [{ name, url }], enter: link or null, act: name or null }
//
// On every page, in both languages, dark and light, desktop and phone: axe finds nothing, nothing
// reaches beyond the screen or out of its own box, the browser reports nothing (such as something
// that the content security policy refused), and every reason has words. On one view of each page:
// every control can be reached and left by keyboard and shows its focus, and the page says the same
// without script.

import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core"), "utf8");
const plan = JSON.parse(await new Response(process.stdin).text());
const problems = [];
const seen = [];

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const full = [
  { language: "en", scheme: "light", viewport: DESKTOP, whole: true },
  { language: "ja", scheme: "dark", viewport: DESKTOP },
  { language: "ja", scheme: "light", viewport: PHONE },
  { language: "en", scheme: "dark", viewport: PHONE },
];
// The other half differs only in combination; it is looked at when somebody wants pictures.
const rest = [
  { language: "ja", scheme: "light", viewport: DESKTOP },
  { language: "en", scheme: "dark", viewport: DESKTOP },
  { language: "en", scheme: "light", viewport: PHONE },
  { language: "ja", scheme: "dark", viewport: PHONE },
];
const views = plan.pictures ? [...full, ...rest] : full;

const browser = await chromium.launch({
  executablePath: plan.chromium,
  args: ["--disable-gpu", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});

const contextOf = (view, more) => browser.newContext({
  viewport: view.viewport,
  colorScheme: view.scheme,
  locale: view.language === "ja" ? "ja-JP" : "en-GB",
  reducedMotion: "reduce",
  ignoreHTTPSErrors: true,
  ...more,
});

let session = [];
if (plan.enter) {
  session = await enter(plan.enter);
}
if (plan.act) {
  await live(plan.act);
}
for (const view of views) {
  const context = await contextOf(view);
  await context.addCookies(session);
  for (const page of plan.pages) {
    await look(context, view, page);
  }
  await context.close();
}
const plain = await contextOf(full[0], { javaScriptEnabled: false });
await plain.addCookies(session);
for (const page of plan.pages) {
  await withoutScript(plain, page);
}
await browser.close();
process.stdout.write(JSON.stringify({ seen, problems }));

function nameOf(page, view) {
  return `${page.name}-${view.language}-${view.scheme}-${view.viewport.width}`;
}

async function open(context, name, url) {
  const tab = await context.newPage();
  tab.on("console", (message) => {
    // A status that is not 2xx is what some of these pages are about.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      problems.push(`${name}: the browser says ${message.text()}`);
    }
  });
  tab.on("pageerror", (error) => problems.push(`${name}: script failed: ${error.message}`));
  await tab.goto(url, { waitUntil: "load" });
  return tab;
}

async function look(context, view, page) {
  const name = nameOf(page, view);
  const tab = await open(context, name, page.url);
  seen.push(name);
  const language = await tab.getAttribute("html", "lang");
  if (language !== view.language) {
    problems.push(`${name}: is in ${language}`);
  }
  for (const problem of await tab.evaluate(layout)) {
    problems.push(`${name}: ${problem}`);
  }
  await tab.evaluate(axe);
  const result = await tab.evaluate(() => window.axe.run(document, {
    resultTypes: ["violations"],
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  for (const violation of result.violations) {
    const where = violation.nodes.map((node) => `${node.target} (${node.failureSummary})`);
    problems.push(`${name}: axe ${violation.id}: ${violation.help}: ${where.join("; ")}`);
  }
  if (plan.pictures) {
    await mkdir(plan.pictures, { recursive: true });
    await tab.screenshot({ path: path.join(plan.pictures, `${name}.png`), fullPage: true });
  }
  if (view.whole) {
    await keyboard(tab, name);
  }
  await tab.close();
}

// Runs in the page.
function layout() {
  const found = [];
  const wide = document.scrollingElement.scrollWidth;
  if (wide > window.innerWidth) {
    found.push(`scrolls sideways: ${wide} px in ${window.innerWidth} px`);
  }
  const said = (element) =>
    `${element.tagName.toLowerCase()}.${element.className} "${element.textContent.trim().slice(0, 40)}"`;
  for (const element of document.querySelectorAll("body *")) {
    if (element.closest(".skip, thead, svg, option")) {
      continue;
    }
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > window.innerWidth + 1 || box.left < -1)) {
      found.push(`reaches beyond the screen: ${said(element)}`);
    }
    const clipped = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    if (clipped && getComputedStyle(element).display !== "inline" && element.tagName !== "INPUT") {
      found.push(`does not fit its box: ${said(element)}`);
    }
  }
  for (const element of document.querySelectorAll("[data-unexplained]")) {
    found.push(`a reason has no words: ${element.dataset.unexplained}`);
  }
  return found;
}

async function keyboard(tab, name) {
  const expected = await tab.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input, select, summary")];
    return all.filter((element) => element.type !== "hidden" && element.checkVisibility()).length;
  });
  const reached = new Set();
  await tab.evaluate(() => document.activeElement.blur());
  for (let step = 0; step < expected; step += 1) {
    await tab.keyboard.press("Tab");
    const focus = await tab.evaluate((step) => {
      const element = document.activeElement;
      element.dataset.reached ??= String(step);
      const style = getComputedStyle(element);
      return {
        mark: element.dataset.reached,
        what: `${element.tagName.toLowerCase()} "${element.textContent.trim().slice(0, 30)}"`,
        skip: element.classList.contains("skip"),
        shown: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        body: element === document.body,
      };
    }, step);
    if (focus.body) {
      break;
    }
    if (step === 0 && !focus.skip) {
      problems.push(`${name}: the first stop is not the skip link but ${focus.what}`);
    }
    if (!focus.shown) {
      problems.push(`${name}: no visible focus on ${focus.what}`);
    }
    reached.add(focus.mark);
  }
  if (reached.size !== expected) {
    problems.push(`${name}: ${reached.size} of ${expected} controls are reached by keyboard`);
  }
  await tab.keyboard.press("Tab");
  const left = await tab.evaluate(() =>
    document.activeElement === document.body || document.activeElement.classList.contains("skip"));
  if (!left && expected > 0) {
    problems.push(`${name}: the keyboard does not get out of the page's end`);
  }
}

async function withoutScript(context, page) {
  const tab = await context.newPage();
  await tab.goto(page.url, { waitUntil: "load" });
  const text = (await tab.locator("main").innerText()).trim();
  if (text.length < 40) {
    problems.push(`${page.name}: says nothing without script`);
  }
  if (await tab.locator("#live-switch").isVisible().catch(() => false)) {
    problems.push(`${page.name}: offers to pause without script`);
  }
  await tab.close();
}

// Uses the one-time link as a person would, and keeps the session.
async function enter(link) {
  const context = await contextOf(full[0]);
  const tab = await open(context, "enter", link);
  await tab.locator("main button[type=submit]").click();
  await tab.waitForURL("**/devices");
  const kept = await context.cookies();
  const session = kept.filter((cookie) => cookie.name.startsWith("__Host-"));
  if (session.length !== 1 || !session[0].secure || !session[0].httpOnly) {
    problems.push(`enter: the session's cookie is ${JSON.stringify(session)}`);
  }
  const again = await context.newPage();
  await again.goto(link);
  await again.locator("main button[type=submit]").click();
  if (!/sekimori console link/.test(await again.locator("main").innerText())) {
    problems.push("enter: a used link does not say how to get a new one");
  }
  await context.close();
  return session;
}

// A page that is open sees values come in without being loaded again, and a device is suspended and
// resumed through the forms.
async function live(name) {
  const context = await contextOf(full[0]);
  await context.addCookies(session);
  const tab = await open(context, "live", `${new URL(plan.pages[0].url).origin}/devices/${name}`);
  await tab.evaluate(() => { window.stillTheSame = true; });
  const clock = () => tab.locator("#flows .flow-last .clock").first().innerText();
  const before = await clock();
  await tab.waitForFunction(
    (before) => document.querySelector("#flows .flow-last .clock")?.textContent !== before,
    before,
    { timeout: 20000 },
  ).catch(() => problems.push("live: no new value was shown within 20 s"));
  if (!await tab.evaluate(() => window.stillTheSame === true)) {
    problems.push("live: the page was loaded again");
  }
  const change = async (which, standing) => {
    await tab.locator(`.actions a.is-${which}`).click();
    await tab.locator(`form.confirm button.is-${which}`).click();
    await tab.waitForURL("**/devices/**done=**");
    await tab.locator(`#standing .badge.is-${standing}`).waitFor({ timeout: 10000 })
      .catch(() => problems.push(`${which}: the page does not say ${standing}`));
  };
  await change("suspend", "suspended");
  await change("resume", "active");
  await context.close();
}

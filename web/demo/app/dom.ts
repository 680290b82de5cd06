// The few lines of DOM building that the app needs. Text is set as text and handlers as listeners,
// so nothing here could ever run afoul of the page's Content-Security-Policy.

type Child = Node | string | null | undefined | false;
type Handler = (event: Event) => void;
export type Attributes = Record<string, string | number | boolean | null | undefined | Handler>;

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag, attributes: Attributes = {}, ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

const kPaths = {
  basket: 'M5 9h14l-1.4 9.2a2 2 0 0 1-2 1.8H8.4a2 2 0 0 1-2-1.8zM9 9l2-5M15 9l-2-5',
  bike: 'M6 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM18 19a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6 16l4-7h5l3 7M10 9l3 7h-2M13 6h2l1.2 3',
  desk: 'M4 6h16v9H4zM9 19h6M12 15v4M7.5 9.5h5M7.5 12h3',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  clock: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2',
  turn: 'M19 12a7 7 0 1 1-2-4.9M17 3v4.5h-4.5',
  cross: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  pen: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  inbox: 'M4 13l3-8h10l3 8v6H4zM4 13h5l1 2h4l1-2h5',
  signal: 'M5 19v-4M10 19v-8M15 19V7M20 19V4',
  nosignal: 'M5 19v-4M10 19v-6M3 3l18 18M15 19v-3M20 19V6',
  live: 'M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3zM8.1 15.9a5.5 5.5 0 0 1 0-7.8M15.9 8.1a5.5 5.5 0 0 1 0 7.8M5.3 18.7a9.5 9.5 0 0 1 0-13.4M18.7 5.3a9.5 9.5 0 0 1 0 13.4',
  note: 'M6 4h12v11l-5 5H6zM13 20v-5h5M9 8h6M9 11.5h4',
  pin: 'M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  bowl: 'M3.5 12h17a8.5 8.5 0 0 1-17 0zM8 9c0-2 1.5-2 1.5-4M13 9c0-2 1.5-2 1.5-4',
  noodles: 'M4 13h16a8 8 0 0 1-16 0zM7 13V4M10 13V4M13 13l6-9',
  oven: 'M12 3l9 17c-6 1.6-12 1.6-18 0zM9.5 13.5h.1M13.5 11h.1M13 16.5h.1',
  leaf: 'M5 19C4 10 9 4 20 4c0 11-6 16-13 14M5 20c2-6 5-9 9-11',
} as const;
export type IconName = keyof typeof kPaths;

export function icon(name: IconName): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', 'icon');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', kPaths[name]);
  svg.append(path);
  return svg;
}

interface Kept {
  signature: string;
  element: HTMLElement;
}
const kept = new WeakMap<Element, Map<string, Kept>>();

/**
 * Makes the container's children follow the list. A child is built anew only when its signature
 * changed, and keeps the keyboard's focus when it is (by the `data-act` of the focused control), so a
 * poll in the background never takes a button away from under a finger.
 */
export function follow<T>(
  container: Element, list: T[], key: (one: T) => string, signature: (one: T) => string, build: (one: T) => HTMLElement,
): void {
  const before = kept.get(container) ?? new Map<string, Kept>();
  const after = new Map<string, Kept>();
  for (const one of list) {
    const name = key(one);
    const old = before.get(name);
    const mark = signature(one);
    if (old?.signature === mark) {
      after.set(name, old);
      continue;
    }
    const element = build(one);
    after.set(name, { signature: mark, element });
    if (old) replaceKeepingFocus(old.element, element);
  }
  for (const [name, { element }] of before) if (!after.has(name)) element.remove();
  let place: ChildNode | null = container.firstChild;
  for (const { element } of after.values()) {
    if (element === place) place = place.nextSibling;
    else container.insertBefore(element, place);
  }
  kept.set(container, after);
}

function replaceKeepingFocus(old: HTMLElement, fresh: HTMLElement): void {
  const act = old.contains(document.activeElement) ? document.activeElement?.getAttribute('data-act') : null;
  old.replaceWith(fresh);
  if (act !== null && act !== undefined) {
    const again = fresh.querySelector<HTMLElement>(`[data-act="${CSS.escape(act)}"]`) ?? fresh.querySelector<HTMLElement>('button');
    again?.focus();
  }
}

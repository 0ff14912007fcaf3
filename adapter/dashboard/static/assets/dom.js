// Making elements without markup in strings: whatever the server sent becomes text, never HTML.

import { t } from "./i18n.js";

const svgSpace = "http://www.w3.org/2000/svg";

/**
 * An element with properties and children. Properties: on* adds a listener, class and data-/aria- and other
 * attributes are set as such; null and false leave one out. Children: nodes, texts, numbers, nested lists; null is nothing.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** As h, in the namespace of SVG. */
export function s(tag, props, ...children) {
  return fill(document.createElementNS(svgSpace, tag), props, children);
}

/** An element whose text follows the language. */
export function word(tag, key, props) {
  return h(tag, { ...props, "data-t": key }, t(key));
}

/** The element with that id; a page without it is a mistake worth an early error. */
export function byId(id) {
  const el = document.getElementById(id);
  if (!el) throw new Error(`no element "${id}" on the page`);
  return el;
}

/** Writes a text only where it changes, so that a second's tick costs nothing. */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Sets an attribute, or takes it away when value is null or false. */
export function setAttr(el, name, value) {
  if (value === null || value === undefined || value === false) el.removeAttribute(name);
  else if (el.getAttribute(name) !== String(value)) el.setAttribute(name, value === true ? "" : String(value));
}

/** Replaces the children of el where they differ, so that a redraw takes away neither focus nor hover of what stays. */
export function setChildren(el, ...children) {
  const wanted = children.flat(Infinity).filter(Boolean);
  wanted.forEach((child, i) => {
    const old = el.childNodes[i];
    if (!old) el.append(child);
    else if (!old.isEqualNode(child)) old.replaceWith(child);
  });
  while (el.childNodes.length > wanted.length) el.lastChild.remove();
}

function fill(el, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name.startsWith("on")) el.addEventListener(name.slice(2), value);
    else setAttr(el, name, value);
  }
  el.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return el;
}

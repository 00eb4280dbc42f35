// Requests to the server that the page came from. Every failure is one line for a reader.

import {STATIC} from "./dom.js";

async function read(response) {
  let content = null;
  try { content = await response.json(); } catch { /* no JSON: said below */ }
  if (!response.ok) throw new Error((content && content.error) || `the server answered ${response.status}`);
  return content;
}

export async function get(address, parameters = {}, signal = undefined) {
  if (STATIC) return (await import("./copy.js")).answer(address, parameters);
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== "") query.append(name, one);
    }
  }
  const text = query.toString();
  return read(await reached(fetch(text ? `${address}?${text}` : address, {signal, cache: "no-store"})));
}

export async function post(address, body) {
  const bytes = body instanceof Blob;
  return read(await reached(fetch(address, {
    method: "POST",
    body: bytes ? body : JSON.stringify(body),
    headers: {"Content-Type": bytes ? "application/octet-stream" : "application/json"},
  })));
}

async function reached(request) {
  try { return await request; } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("modgrok ui does not answer; is it still running in its terminal?");
  }
}

// One request at a time; a newer one ends the one before.
export function latest() {
  let controller = null;
  return (address, parameters) => {
    if (controller) controller.abort();
    controller = new AbortController();
    return get(address, parameters, controller.signal);
  };
}

export function aborted(error) { return error.name === "AbortError"; }

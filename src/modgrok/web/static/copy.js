// What the server would answer, from the files of a static copy: the list is searched, filtered and sorted here.
import {ROOT} from "./dom.js";

async function file(name) {
  const response = await fetch(`${ROOT}/data/${name}`);
  if (!response.ok) throw new Error("this is not part of the copy");
  const content = await response.json();
  if (content.error) throw new Error(content.error);
  return content;
}

export async function answer(address, parameters) {
  if (address === "/runs.json") return listing((await file("runs.json")).runs, parameters);
  if (address === "/compare.json") return comparison(await Promise.all(parameters.run.map((run) => file(`runs/${encodeURIComponent(run)}.json`))));
  if (/^\/sweeps\/[^/]+\.json$/.test(address)) return sweep(address.slice(1, -5), parameters);
  if (address.endsWith("/explain.json")) return file(address.slice(1).replace("/explain.json", `/explain-${parameters.step}.json`));
  return file(address.slice(1));
}

async function sweep(own, {across, up}) {
  const whole = await file(`${own}.json`), fields = [...Object.keys(whole.values), "none"];
  return across ? {...whole, ...await file(`${own}/cells-${fields.indexOf(across)}-${fields.indexOf(up)}.json`)} : whole;
}

const NOTHING = ["none", "never"];
const TESTS = {"<=": (a, b) => a <= b, ">=": (a, b) => a >= b, "!=": (a, b) => a !== b, "=": (a, b) => a === b, "<": (a, b) => a < b, ">": (a, b) => a > b};

function valueOf(run, name) {
  const known = run[name] === undefined ? run.settings[name] : run[name];
  return known === undefined ? null : known;
}

function condition(text) {
  const parts = /^\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*(.*?)\s*$/.exec(text);
  if (!parts) throw new Error(`where: must be KEY=VALUE, or with <, >, <=, >= or !=, got ${text}`);
  const [, name, sign, operand] = parts, nothing = NOTHING.includes(operand.toLowerCase());
  if (name === "tag") return (run) => (nothing ? run.tags.length === 0 : run.tags.includes(operand)) === (sign === "=");
  const comparedValue = nothing ? null : operand === "true" ? true : operand === "false" ? false : operand !== "" && Number.isFinite(Number(operand)) ? Number(operand) : operand;
  const ordered = sign !== "=" && sign !== "!=";
  return (run) => (!ordered || typeof valueOf(run, name) === "number") && TESTS[sign](valueOf(run, name), comparedValue);
}

function listing(runs, {search = "", where = [], sort = "-updated", offset = 0, limit = 100}) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean), tests = where.map(condition);
  const chosen = runs.filter((run) => {
    const text = [run.expression, run.id, run.learner, run.status, run.note, ...run.tags].join(" ").toLowerCase();
    return words.every((word) => text.includes(word)) && tests.every((test) => test(run));
  });
  const name = sort.replace("-", ""), sign = sort.startsWith("-") ? -1 : 1;
  const compare = (a, b) => (a === null) - (b === null) === 0 ? (a < b ? -1 : a > b ? 1 : 0) : a === null ? -1 : 1;
  chosen.sort((a, b) => sign * compare(valueOf(a, name), valueOf(b, name)));
  return {runs: chosen.slice(offset, offset + limit), total: chosen.length, damaged: []};
}

function comparison(runs) {
  for (const run of runs) run.settings = {expression: run.expression, p: run.p, learner: run.learner, ...run.settings};
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.settings)))], differences = {};
  for (const name of names) {
    const values = runs.map((run) => (run.settings[name] === undefined ? null : run.settings[name]));
    if (values.some((value) => JSON.stringify(value) !== JSON.stringify(values[0]))) differences[name] = values;
  }
  return {runs, differences};
}

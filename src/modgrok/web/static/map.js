// A table over two operands as a picture: one pixel a pair, the first operand across and the second upwards, as in the
// panels of reports; colours around the circle of values.
import {h} from "./dom.js";

// Colours around a circle through light, orange, dark and blue (Oklab): 0 follows p - 1, and who does not tell red from
// green tells them apart by lightness and by blue against orange.
function wheel(count) {
  const colours = [];
  for (let value = 0; value < count; value++) {
    const angle = (2 * Math.PI * value) / count, a = 0.055 * Math.sin(angle), b = 0.12 * Math.sin(angle), L = 0.63 + 0.29 * Math.cos(angle);
    const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3, m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3, s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
    const linear = [4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s, -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s, -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s];
    colours.push(linear.map((c) => Math.round(255 * Math.min(1, Math.max(0, c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055)))));
  }
  return colours;
}

// Values by the first operand, then by the second; a task of one operand has one row of all its values.
function columnsOf(task) { return task.rows.length === 1 ? task.rows[0].map((value) => [value]) : task.rows; }

export function tableMap() {
  const canvas = h("canvas", {class: "map", role: "img", tabindex: "0"});
  const note = h("p", {class: "small soft", "aria-live": "polite"}, " ");
  let task = null, columns = [], at = [0, 0];

  function draw(next) {
    task = next; columns = columnsOf(task);
    const {p} = task, wide = columns.length, tall = columns[0].length;
    canvas.width = wide; canvas.height = tall;
    canvas.style.aspectRatio = tall === 1 ? `${wide} / 4` : `${wide} / ${tall}`;
    const context = canvas.getContext("2d"), picture = context.createImageData(wide, tall), colours = wheel(p);
    columns.forEach((column, x) => column.forEach((value, y) => {
      const place = 4 * ((tall - 1 - y) * wide + x), colour = value < 0 ? [128, 128, 128] : colours[value];
      picture.data.set([...colour, value < 0 ? 60 : 255], place);
    }));
    context.putImageData(picture, 0, 0);
    canvas.setAttribute("aria-label", `Table of ${task.title}: ${wide} by ${tall} values, colour is the value`);
    const [first, second] = task.operands;
    const cut = task.p > 512 ? ", the first 512 values of each" : "";
    const rest = task.operands.slice(2).length ? `, ${task.operands.slice(2).join(" and ")} at 0` : "";
    note.textContent = tall === 1 ? `${first} across` : `${first} across, ${second} upwards${rest}${cut}; colour is the value, around the circle 0 to ${p - 1}`;
  }

  function tell(x, y) {
    if (!task) return;
    const column = columns[x];
    if (!column || column[y] === undefined) return;
    at = [x, y];
    const [first, second] = task.operands;
    const where = column.length === 1 ? `${first} = ${x}` : `${first} = ${x}, ${second} = ${y}`;
    note.textContent = `${where}: ${column[y] < 0 ? "not defined" : column[y]}`;
  }
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    tell(Math.floor(((event.clientX - box.left) / box.width) * canvas.width), Math.floor(((box.bottom - event.clientY) / box.height) * canvas.height));
  });
  canvas.addEventListener("keydown", (event) => {
    const moves = {ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0]};
    if (!moves[event.key] || !task) return;
    event.preventDefault();
    tell(at[0] + moves[event.key][0], at[1] + moves[event.key][1]);
  });
  return {element: h("div", {}, canvas, note), draw};
}

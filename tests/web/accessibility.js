// What a page lacks; evaluated in it by accessibility.py.
({
  complaints: () => {
    const found = [], say = (element, text) => found.push(`${text}: ${element.outerHTML.slice(0, 110)}`);
    const shown = (element) => element.checkVisibility({visibilityProperty: true}) && element.getClientRects().length > 0;
    const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
    const named = (id) => (document.getElementById(id) || {textContent: ""}).textContent;
    const name = (element) => (element.getAttribute("aria-label") || named(element.getAttribute("aria-labelledby"))
      || [...(element.labels || [])].map((label) => label.textContent).join(" ") || element.getAttribute("alt")
      || (/^(BUTTON|A|SUMMARY|TH)$/.test(element.tagName) ? element.textContent : "")).trim();
    for (const one of all("a[href], button, input, select, textarea, summary, canvas, [role=img], img")) {
      if (!name(one) && !one.closest("[aria-hidden=true]")) say(one, "has no name");
    }
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id) => !id.startsWith("gradient"));
    for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) found.push(`id twice: ${id}`);
    for (const label of all("label")) if (!label.control) say(label, "labels nothing");
    for (const head of all("th")) if (!head.hasAttribute("scope") || !head.textContent.trim()) say(head, "names no column");
    for (const table of all("table")) if (!table.querySelector("th") && !table.closest("#vg-tooltip-element")) say(table, "has no head");
    for (const chart of all(".chart:has(> svg.marks)")) { // drawn before it had a place on the page
      if (chart.querySelector("svg.marks").getBoundingClientRect().width < chart.clientWidth / 2) say(chart, "is not as wide as its place");
    }
    const levels = all("h1, h2, h3, h4").map((one) => Number(one.tagName[1]));
    if (levels.filter((level) => level === 1).length !== 1) found.push(`${levels.filter((level) => level === 1).length} h1`);
    levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) found.push(`h${level} after h${levels[at - 1]}`); });
    for (const [selector, count] of [["main", 1], ["header", 1], ["nav[aria-label]", 1]]) {
      if (all(selector).length !== count) found.push(`${all(selector).length} of ${selector}`);
    }
    if (!document.documentElement.lang || !document.title) found.push("no language or title");
  
    const numbers = (text) => (text.match(/[\d.]+/g) || []).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
      .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
    const ground = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const colour = numbers(getComputedStyle(one).backgroundColor);
        if (colour.length === 3 || colour[3] === 1) return colour;
      }
      return [255, 255, 255];
    };
    for (const one of all("body *")) {
      const text = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
      if (!text || one.closest("svg, .chart, [disabled], .unseen, .skip, option, noscript")) continue;
      const [front, back] = [light(numbers(getComputedStyle(one).color)), light(ground(one))].sort((a, b) => b - a);
      const contrast = (front + 0.05) / (back + 0.05);
      if (contrast < 4.5) say(one, `contrast ${contrast.toFixed(2)}`);
    }
    return found;
  },

  // Give all that the Tab key should reach its number.
  number: () => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && one.getClientRects().length && !one.disabled)
    .map((one, at) => { one.dataset.order = at; return at; }),

  // What has the focus: its number, whether that is shown, whether it is in sight, its markup.
  focused: () => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return [one.dataset.order === undefined ? null : Number(one.dataset.order), ring, inside, one.outerHTML.slice(0, 90)];
  },
})

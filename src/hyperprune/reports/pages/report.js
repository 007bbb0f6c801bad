"use strict";
// The page is whole without this script: it adds sorting, filtering, pointing, and two figures to choose from.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, text = "", space = "http://www.w3.org/2000/svg") => {
    const node = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    return node;
  };
  const html = (tag, attributes, text) => make(tag, attributes, text, "http://www.w3.org/1999/xhtml");

  function theme() {
    const button = $("theme"), choices = { auto: "light dark", light: "light", dark: "dark" };
    const names = Object.keys(choices);
    let now = 0;
    button.hidden = false;
    button.addEventListener("click", () => {
      now = (now + 1) % names.length;
      button.textContent = `theme: ${names[now]}`;
      document.documentElement.style.colorScheme = choices[names[now]];
    });
  }

  // An empty cell comes last, whatever the direction; equal ones keep the order of their number.
  function compare(a, b, numeric, sign) {
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (numeric ? a - b : a.localeCompare(b));
  }

  function table() {
    const body = $("table").tBodies[0], rows = [...body.rows], heads = [...$("table").tHead.rows[0].cells];
    const key = (row, column) => row.cells[column].dataset.key;
    heads.forEach((head, column) => {
      const button = html("button", { type: "button" }, head.textContent);
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const numeric = rows.every((row) => key(row, column) === "" || !isNaN(key(row, column)));
        const order = (a, b) => compare(key(a, column), key(b, column), numeric, down ? -1 : 1) || key(a, 0) - key(b, 0);
        body.append(...[...rows].sort(order));
      });
    });
    const filter = $("filter"), standing = $("standing");
    const apply = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const cells = [...row.cells].map((cell) => cell.textContent.toLowerCase());
        const found = words.every((word) => cells.some((cell) => cell.startsWith(word)));
        row.hidden = !found || (standing.value !== "" && row.dataset.standing !== standing.value);
      }
      $("count").textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
    };
    filter.addEventListener("input", apply);
    standing.addEventListener("input", apply);
    filter.closest("p").hidden = false;
    apply();
  }

  // Pointing at a network in a figure or in the table finds it everywhere.
  function pointing() {
    const standing = Object.fromEntries(data.networks);
    const name = (target) => {
      const mark = target.closest?.(".net, #table tbody tr");
      if (!mark) return null;
      return mark.dataset.name ?? [...mark.classList].find((word) => word.startsWith("net-")).slice(4);
    };
    const clear = () => {
      document.querySelectorAll(".hot, .pointing").forEach((node) => node.classList.remove("hot", "pointing"));
      $("tip").hidden = true;
    };
    document.addEventListener("pointerover", (event) => {
      clear();
      const found = name(event.target);
      if (found === null || !(found in standing)) return;
      document.querySelectorAll(`.net-${found}, tr[data-name="${found}"]`).forEach((node) => {
        node.classList.add("hot");
        node.closest("svg")?.classList.add("pointing");
      });
      if (event.target.closest("svg")) {
        const tip = $("tip");
        tip.textContent = found === "dense" ? "dense network" : `candidate ${found}, ${standing[found]}`;
        tip.hidden = false;
        tip.style.left = `${Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)}px`;
        tip.style.top = `${Math.max(8, event.clientY - tip.offsetHeight - 10)}px`;
      }
    });
  }

  const round = (value) => Number(value.toPrecision(6));
  function ticks(low, high, wanted) {
    const rough = (high - low || 1) / wanted, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
    const found = [];
    for (let place = Math.ceil(low / step); place * step <= high; place++) found.push(round(place * step));
    return found;
  }

  // lines: [{ points: [[x, y], ...], colour, dashed }]; bounds: [left, right, low, high]
  function chart(place, title, lines, bounds, options) {
    const width = Math.max(place.clientWidth, 200), height = options.height;
    const [left, right, low, high] = bounds, edge = { left: 42, right: 8, top: 8, bottom: 34 };
    const x = (value) => edge.left + ((value - left) / (right - left || 1)) * (width - edge.left - edge.right);
    const y = (value) => height - edge.bottom - ((value - low) / (high - low || 1)) * (height - edge.top - edge.bottom);
    const svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
    const rule = (x1, x2, y1, y2, colour) => svg.append(make("line", { x1, x2, y1, y2, style: `stroke: var(--${colour})` }));
    for (const value of ticks(low, high, 5)) {
      rule(edge.left, width - edge.right, y(value), y(value), value === 0 ? "muted" : "grid");
      svg.append(make("text", { x: edge.left - 5, y: y(value) + 4, "text-anchor": "end" }, options.format(value)));
    }
    for (const value of ticks(left, right, Math.min(6, right - left)).filter(Number.isInteger)) {
      svg.append(make("text", { x: x(value), y: height - edge.bottom + 15, "text-anchor": "middle" }, value));
    }
    svg.append(make("text", { x: (width + edge.left) / 2, y: height - 4, "text-anchor": "middle" }, options.below));
    for (const line of lines) {
      const points = line.points.map(([a, b]) => `${round(x(a))},${round(y(b))}`).join(" ");
      const style = `fill: none; stroke: var(--${line.colour}); stroke-width: 1.7`;
      svg.append(make("polyline", { points, style, "stroke-dasharray": line.dashed ?? "none" }));
    }
    place.replaceChildren(html("h3", {}, title), svg);
  }

  function options(select, names) {
    const standing = Object.fromEntries(data.networks);
    select.append(...names.map((name) => html("option", { value: name }, `${name} (${standing[name]})`)));
  }

  // Draw now, at every change of a control, and when the width changes.
  function live(viewer, still, draw, controls) {
    viewer.hidden = false;
    still.hidden = true;
    controls.forEach((control) => control.addEventListener("input", draw));
    let width = 0;
    new ResizeObserver(() => {
      if (viewer.clientWidth !== width) {
        width = viewer.clientWidth;
        draw();
      }
    }).observe(viewer);
  }

  function spectra() {
    const viewer = $("spectra-viewer"), dense = data.spectra.dense;
    const names = data.networks.map(([name]) => name).filter((name) => name !== "dense" && data.spectra[name]);
    if (!viewer || !dense || !names.length) return;
    const select = $("spectra-network"), slider = $("epoch"), panels = viewer.querySelector(".panels");
    options(select, names);
    panels.append(...data.sizes.map(() => html("div", {}, "")));
    // one scale for all epochs and networks, so that sliding shows movement
    const values = Object.values(data.spectra).flatMap((by) => Object.values(by).flat(2));
    const low = values.reduce((a, b) => Math.min(a, b), 0), high = values.reduce((a, b) => Math.max(a, b), 0);
    const curve = (list, size) => list.map((value, i) => [1 + (i * (size - 1)) / Math.max(list.length - 1, 1), value]);
    let shown = null;
    const draw = () => {
      const own = data.spectra[select.value], origin = data.origin[select.value];
      const compared = (epoch) => origin ?? epoch;
      const epochs = Object.keys(own).filter((epoch) => compared(epoch) in dense);
      slider.max = epochs.length - 1;
      if (shown !== select.value) slider.value = shown === null ? epochs.length - 1 : Math.min(slider.value, epochs.length - 1);
      shown = select.value;
      const epoch = epochs[slider.value], distance = data.distance[select.value]?.[epoch];
      $("epoch-out").textContent = `${epoch} of ${epochs.at(-1)}`;
      const dead = [data.dead[select.value]?.[epoch] ?? 0, data.dead.dense?.[compared(epoch)] ?? 0];
      const lost = dead.some((count) => count) ? `, dead directions ${dead[0]}, dense ${dead[1]}` : "";
      $("spectra-out").textContent = distance == null ? "" : `LS distance ${distance.toFixed(3)} nats a step${lost}`;
      data.sizes.forEach((size, layer) => {
        const lines = [
          { points: curve(dense[compared(epoch)][layer], size), colour: "dense", dashed: "5 4" },
          { points: curve(own[epoch][layer], size), colour: "selected" },
        ];
        const format = (value) => value;
        chart(panels.children[layer], `Layer ${layer + 1}`, lines, [1, size, low, high], { height: 250, below: "index", format });
      });
    };
    live(viewer, $("figure-spectra-by-epoch"), draw, [slider, select]);
  }

  function density() {
    const viewer = $("density-viewer"), names = data.networks.map(([name]) => name).filter((name) => data.density[name]);
    if (!viewer || !names.length) return;
    const select = $("density-network"), panels = viewer.querySelector(".panels"), legend = viewer.querySelector(".legend");
    const matrices = Object.keys(data.density[names[0]]);
    const gates = [...new Set(matrices.flatMap((matrix) => Object.keys(data.density[names[0]][matrix])))];
    options(select, names);
    for (const gate of gates) {
      const entry = html("span", {}, gate === "all" ? "whole matrix" : gate);
      entry.prepend(html("i", { style: `background: var(--gate-${gate}, var(--gate-all))` }, ""));
      legend.append(entry);
    }
    panels.append(...matrices.map(() => html("div", {}, "")));
    const draw = () => {
      matrices.forEach((matrix, place) => {
        const found = data.density[select.value][matrix], epochs = Object.values(found)[0].length;
        const all = [...Object.values(found).flat(), data.target];
        const low = Math.min(...all), high = Math.max(...all), pad = Math.max(0.01, (high - low) * 0.08);
        const lines = Object.entries(found).map(([gate, list]) => ({
          points: list.length > 1 ? list.map((value, i) => [i + 1, value]) : [[0.8, list[0]], [1.2, list[0]]], colour: `gate-${gate}, var(--gate-all)`,
        }));
        lines.unshift({ points: [[0.5, data.target], [epochs + 0.5, data.target]], colour: "muted", dashed: "2 3" });
        const format = (value) => `${round(100 * value)}%`;
        chart(panels.children[place], matrix, lines, [0.5, epochs + 0.5, low - pad, high + pad], { height: 170, below: "epoch", format });
      });
    };
    live(viewer, $("figure-density"), draw, [select]);
  }

  theme();
  if ($("table")) table();
  pointing();
  spectra();
  density();
})();

"use strict";
// Sorting, filtering, copying and the choice of colours; the page says everything without this script, too.
(() => {
  const make = (tag, properties, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  // --- sorting: inside each block, missing values last, pooled lines stay behind their studies
  const compare = (a, b) => {
    if (a === b) return 0;
    if (a === "") return 1;
    if (b === "") return -1;
    const [x, y] = [Number(a), Number(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, "en", { numeric: true });
  };
  const key = (row, index) => row.cells[index]?.dataset.s ?? "";

  const sortBody = (body, index, direction) => {
    const rows = body.ketRows;
    if (direction === 0) {
      body.append(...rows);
      return;
    }
    const moving = rows.filter((row) => !("stays" in row.dataset));
    const order = [...moving].sort((a, b) => {
      const [x, y] = [key(a, index), key(b, index)];
      const missing = x === "" || y === "";
      return missing ? compare(x, y) : direction * compare(x, y);
    });
    body.append(...order, ...rows.filter((row) => "stays" in row.dataset));
  };

  const makeSortable = (table, status) => {
    for (const body of table.tBodies) {
      body.ketRows = [...body.rows].filter((row) => !row.classList.contains("block"));
    }
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      if (!("sorts" in head.dataset)) return;
      const name = head.textContent.trim() || "first column";
      const button = make("button", { type: "button", className: "sort" }, ...head.childNodes);
      button.append(make("span", { className: "arrow", ariaHidden: "true" }));
      if (!head.textContent.trim()) button.ariaLabel = "Sort by first column";
      head.append(button);
      button.addEventListener("click", () => {
        const next = { ascending: "descending", descending: "none" }[head.ariaSort] ?? "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        if (next !== "none") head.ariaSort = next;
        const direction = { ascending: 1, descending: -1, none: 0 }[next];
        for (const body of table.tBodies) sortBody(body, index, direction);
        status.textContent = next === "none" ? "First order restored" : `Sorted by ${name}, ${next}`;
      });
    });
  };

  // --- filtering: every word must occur in a row or in the heading of its block
  const makeFilter = (table, tools, status) => {
    const bodies = [...table.tBodies].map((body) => ({
      body,
      rows: [...body.rows]
        .filter((row) => !row.classList.contains("block"))
        .map((row) => ({
          row,
          text: plain(`${body.querySelector(".block")?.textContent ?? ""} ${[...row.cells].map((c) => c.textContent).join(" ")}`),
        })),
    }));
    const total = bodies.reduce((sum, { rows }) => sum + rows.length, 0);
    if (total < 6) return;
    const input = make("input", { type: "search", className: "filter", placeholder: "Filter rows", autocomplete: "off" });
    input.ariaLabel = "Filter the rows of this table";
    tools.prepend(input);
    input.addEventListener("input", () => {
      const words = plain(input.value).split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { body, rows } of bodies) {
        let here = 0;
        for (const { row, text } of rows) {
          row.hidden = !words.every((word) => text.includes(word));
          here += row.hidden ? 0 : 1;
        }
        body.hidden = here === 0;
        shown += here;
      }
      status.textContent = words.length ? `${shown} of ${total} rows` : "";
    });
  };

  for (const sheet of document.querySelectorAll(".sheet")) {
    const table = sheet.querySelector("table");
    if (!table) continue;
    const tools = sheet.querySelector("[data-tools]");
    const status = make("span", { className: "status", role: "status" });
    makeFilter(table, tools, status);
    makeSortable(table, status);
    tools.append(status);
    const scroll = sheet.querySelector(".scroll");
    const settle = () => scroll.toggleAttribute("tabindex", scroll.scrollWidth > scroll.clientWidth);
    new ResizeObserver(() => {
      settle();
      if (scroll.hasAttribute("tabindex")) scroll.tabIndex = 0;
    }).observe(scroll);
  }

  // --- copying a command
  for (const line of document.querySelectorAll(".command")) {
    const code = line.querySelector("code");
    const button = make("button", { type: "button", className: "copy" }, "Copy");
    button.ariaLabel = `Copy the command ${code.textContent}`;
    line.append(" ", button);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
  }

  // --- colours: the choice is kept where the browser lets a page keep something
  const radios = document.querySelectorAll(".theme input");
  const stored = (value) => {
    try {
      if (value !== undefined) localStorage.setItem("ket-theme", value);
      return localStorage.getItem("ket-theme");
    } catch {
      return null;
    }
  };
  const wanted = stored();
  for (const radio of radios) {
    if (radio.value === wanted) radio.checked = true;
    radio.addEventListener("change", () => stored(radio.value));
  }

  // --- where the reader is, in the contents
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const seen = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target.id);
    const first = [...links.keys()].find((id) => seen.has(id));
    for (const [id, link] of links) {
      if (id === first) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }, { rootMargin: "-10% 0px -60% 0px" });
  for (const chapter of document.querySelectorAll(".chapter")) observer.observe(chapter);

  // --- folded tables open all at once; on paper notes and sources are always open
  const folds = [...document.querySelectorAll(".fold")];
  if (folds.length) {
    const button = make("button", { type: "button" }, "Open all folded tables");
    document.querySelector(".made").append(make("span", { className: "unfold" }, " \u00b7 ", button));
    button.addEventListener("click", () => {
      const opening = folds.some((fold) => !fold.open);
      for (const fold of folds) fold.open = opening;
      button.textContent = opening ? "Close the tables again" : "Open all folded tables";
    });
  }
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const fold of document.querySelectorAll(".small:not([open])")) {
      fold.open = true;
      opened.push(fold);
    }
  });
  addEventListener("afterprint", () => {
    for (const fold of opened.splice(0)) fold.open = false;
  });

  // --- a link into a folded table opens it
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    target?.closest("details")?.setAttribute("open", "");
  };
  addEventListener("hashchange", open);
  open();
})();

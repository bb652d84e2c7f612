"use strict";
// The page is whole without this: it adds the filter, permalinks into what is closed, and copying. Everything it puts on
// the page goes through textContent, since answers of targets are in it.
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const one = (id) => document.getElementById(id);

  // Filter.
  const form = document.querySelector(".filter");
  const items = all("[data-w]");
  const words = all("input[name=word]");
  const q = one("q"), area = one("area"), level = one("level"), counter = one("counter"), none = one("none");
  const texts = new Map();
  const text = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const filter = () => {
    const on = new Set(words.filter((w) => w.checked).map((w) => w.value));
    const parts = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const narrowed = parts.length > 0 || area.value !== "" || level.value !== "" || on.size < words.length;
    let shown = 0;
    for (const item of items) {
      const d = item.dataset;
      const ok = on.has(d.w) && (area.value === "" || d.a === area.value) && (level.value === "" || d.l === level.value) &&
        parts.every((p) => text(item).includes(p));
      item.hidden = !ok;
      if (ok) shown++;
    }
    for (const box of all("[data-part], [data-group]")) {
      box.hidden = !box.querySelector("[data-w]:not([hidden])");
    }
    for (const group of all("details[data-group]")) {
      if (narrowed && !group.hidden) group.open = true;
      if (!narrowed) group.open = false;
    }
    counter.textContent = number(shown) + " of " + number(items.length) + " checks";
    none.hidden = shown > 0 || items.length === 0;
  };
  const reset = () => {
    q.value = area.value = level.value = "";
    for (const w of words) w.checked = true;
    filter();
  };
  if (items.length > 0) {
    form.hidden = false;
    let wait = 0;
    q.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(filter, 80);
    });
    for (const control of [area, level, ...words]) control.addEventListener("change", filter);
    form.addEventListener("submit", (e) => e.preventDefault());
    one("reset").addEventListener("click", reset);
    const open = (to) => () => {
      for (const item of all("details.finding:not([hidden]), tr:not([hidden]) > th > details")) item.open = to;
    };
    one("open-all").addEventListener("click", open(true));
    one("close-all").addEventListener("click", open(false));
  }

  // Permalinks.
  const go = () => {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      // a hash that is no encoded text is taken as it is
    }
    const goal = id && one(id);
    if (!goal) return;
    if (goal.closest("[hidden]")) reset();
    for (let at = goal; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    goal.scrollIntoView();
  };
  addEventListener("hashchange", go);
  go();

  // Copying.
  const said = one("said");
  let fade = 0;
  const say = (what) => {
    said.textContent = what;
    clearTimeout(fade);
    fade = setTimeout(() => { said.textContent = ""; }, 2500);
  };
  const byHand = (value) => {
    const box = document.createElement("textarea");
    box.value = value;
    document.body.append(box);
    box.select();
    const ok = document.execCommand("copy");
    box.remove();
    return ok;
  };
  const copy = async (value) => {
    let ok = true;
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      ok = byHand(value);
    }
    say(ok ? "Copied" : "The browser does not allow copying");
  };
  const fence = (value, kind = "") => {
    let marks = "```";
    while (value.includes(marks)) marks += "`";
    return marks + kind + "\n" + value.replace(/\n$/, "") + "\n" + marks + "\n";
  };
  const content = (root, selector) => {
    const found = root.querySelector(selector);
    return found ? found.textContent.trim().replace(/\s+/g, " ") : "";
  };
  const code = (value) => "`" + value.replace(/`/g, "'") + "`";
  const markdown = (finding) => {
    let out = "## " + content(finding, ".title") + "\n\n" + content(finding, "summary .id") + "\n\n";
    for (const r of all(".req", finding)) {
      out += "> " + content(r, "p") + "  \n> " + content(r, "footer") + "\n\n";
    }
    for (const f of all(".found", finding)) {
      const p = f.querySelector("p") || f;
      out += "**Found:** " + code(p.textContent.trim().replace(/\s+/g, " ")) + "\n\n";
      for (const pair of all(".versus > div", f)) {
        out += pair.querySelector("dt").textContent + ":\n\n" + fence(pair.querySelector("pre").textContent) + "\n";
      }
    }
    all(".exchange", finding).slice(0, 3).forEach((x) => {
      out += "### " + code(content(x, ".xline")) + "\n\n" + fence(x.querySelector(".sent").textContent, "http") + "\n" +
        fence(x.querySelector(".received").textContent, "http") + "\n" +
        fence(x.querySelector(".curl pre").textContent, "sh") + "\n";
    });
    const fix = content(finding, ".fixtext");
    if (fix) out += "**How to fix:** " + fix + "\n\n";
    return out + document.title + ". " + content(document, "footer.wide p").replace(/ This file.*/, "") + "\n";
  };
  for (const tools of all(".tools")) tools.hidden = false;
  for (const box of all(".copyable")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.dataset.copy = "text";
    box.classList.add("has");
    box.append(button);
  }
  document.addEventListener("click", (e) => {
    const button = e.target.closest("button[data-copy]");
    if (!button) return;
    const finding = button.closest(".finding");
    switch (button.dataset.copy) {
      case "markdown": copy(markdown(finding)); break;
      case "link": copy(location.href.replace(/#.*/, "") + "#" + encodeURIComponent(finding.id)); break;
      default: copy(button.parentElement.querySelector("pre").textContent);
    }
  });

  // "/" searches, j and k walk through the findings.
  document.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest("input, select, textarea")) return;
    if (e.key === "/" && !form.hidden) {
      e.preventDefault();
      q.focus();
    }
    if (e.key === "j" || e.key === "k") {
      const heads = all("details.finding:not([hidden]) > summary");
      const at = heads.indexOf(document.activeElement);
      const next = heads[Math.max(0, at + (e.key === "j" ? 1 : -1))];
      if (next) next.focus();
    }
  });
  // On paper what decides is open: the style does it where the browser knows how, and this elsewhere.
  addEventListener("beforeprint", () => {
    if (CSS.supports("selector(::details-content)")) return;
    for (const item of all("details:is(.legend-words, .more-causes, .found-rest, .reasons-of), details.finding:is([data-w=FAIL], [data-w=ERROR], [data-w=WARN], [data-w=WAIVED])")) item.open = true;
  });
})();

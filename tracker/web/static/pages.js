// Small helps for the pages, which all work without them: arrow keys and a slider through the
// versions, older history fetched into the page, and the passages of one version lit together.
"use strict";

(() => {
  const typing = (element) =>
    element instanceof HTMLElement &&
    (element.isContentEditable || /^(INPUT|SELECT|TEXTAREA|BUTTON|SUMMARY)$/.test(element.tagName));

  // Only pages of this site are ever opened or fetched.
  const here = (link) => link && link.origin === location.origin && link.protocol === location.protocol;

  // --- arrow keys: left to the older version, right to the newer ----------------------------------

  const stepper = document.querySelector("[data-steps]");

  const follow = (link) => {
    if (!here(link)) return false;
    location.assign(link.href);
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (!stepper || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.defaultPrevented || typing(event.target)) return;
    if (event.target instanceof Element && event.target.closest(".scroll, pre")) return;
    const way = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
    if (way && follow(stepper.querySelector(`a[rel="${way}"]`))) event.preventDefault();
  });

  // --- the slider: made from the list of versions, which stays in the page for everybody else ------

  const FOCUS = "tracker-slider";
  const remember = (value) => {
    try {
      if (value === undefined) {
        const kept = sessionStorage.getItem(FOCUS);
        sessionStorage.removeItem(FOCUS);
        return kept;
      }
      sessionStorage.setItem(FOCUS, value);
    } catch {
      // No storage: only the place of the focus is lost.
    }
    return null;
  };

  const makeSlider = () => {
    const list = stepper && stepper.querySelector(".steps");
    const links = list ? [...list.querySelectorAll("a[href]")].filter(here) : [];
    if (links.length < 2) return;
    const now = Math.max(0, links.findIndex((link) => link.hasAttribute("aria-current")));
    const slide = document.createElement("div");
    const range = document.createElement("input");
    const output = document.createElement("output");
    slide.className = "slide";
    // True to time: a version stands where its instant is between the first and the last.
    const places = links.map((link, index) => {
      const place = Number.parseFloat(link.dataset.place);
      return Number.isFinite(place) ? Math.round(place * 1000) : Math.round((index * 1000) / (links.length - 1));
    });
    Object.assign(range, { type: "range", min: 0, max: 1000, step: 1, value: places[now] });
    const label = stepper.dataset.slider || stepper.getAttribute("aria-label") || "";
    range.setAttribute("aria-label", label);
    let at = now;
    const words = (index) => links[index].textContent.replace(/\s+/g, " ").trim();
    const show = () => {
      output.textContent = words(at);
      range.setAttribute("aria-valuetext", words(at));
    };
    const nearest = (value) =>
      places.reduce((best, place, index) => (Math.abs(place - value) < Math.abs(places[best] - value) ? index : best), 0);
    let waiting = 0;
    const go = (after) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (at === now) return;
        remember("1");
        follow(links[at]);
      }, after);
    };
    const step = (by) => {
      at = Math.min(Math.max(at + by, 0), links.length - 1);
      range.value = places[at];
      show();
    };
    range.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -1e6, End: 1e6 }[event.key];
      if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault(); // a step is a version, not a thousandth of the time
      step(by);
      go(350);
    });
    range.addEventListener("input", () => {
      at = nearest(range.valueAsNumber);
      show();
    });
    range.addEventListener("change", () => {
      range.value = places[at];
      go(350);
    });
    show();
    slide.append(range, output);
    stepper.append(slide);
    if (stepper.dataset.keys) {
      const keys = document.createElement("p");
      keys.className = "keys";
      keys.textContent = stepper.dataset.keys;
      stepper.append(keys);
    }
    list.hidden = true;
    if (remember() === "1") range.focus();
  };
  makeSlider();

  // --- a comparison: from change to change by button and by the keys n and p, and all of it opened ---

  const bar = document.querySelector(".bar[data-changes]");

  const makeChanges = () => {
    const whole = Number(bar.dataset.changes);
    const folds = [...document.querySelectorAll("details.unchanged")];
    let at = 0;
    const go = (number) => {
      if (!whole) return;
      at = ((number - 1 + whole) % whole) + 1;
      const change = document.getElementById(`change-${at}`);
      if (!change) return;
      for (const each of document.querySelectorAll(".at-change")) each.classList.remove("at-change");
      change.classList.add("at-change");
      change.scrollIntoView({ block: "center" });
      const count = bar.querySelector(".count");
      count.dataset.all = count.dataset.all || count.textContent;
      count.textContent = `${at} / ${whole}`;
    };
    const step = (way) => go(way === "next" ? at + 1 : at > 1 ? at - 1 : whole);
    bar.addEventListener("click", (event) => {
      const link = event.target instanceof Element && event.target.closest("[data-change]");
      if (!link || event.button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      step(link.dataset.change);
    });
    document.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
      if (event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
      const way = { n: "next", p: "previous" }[event.key];
      if (way) step(way);
    });
    document.addEventListener("click", (event) => {
      const link = event.target instanceof Element && event.target.closest('a[href^="#change-"]:not([data-change])');
      if (link) at = Number(link.hash.slice(8)) || at;
    });
    if (folds.length) {
      const button = document.createElement("button");
      button.type = "button";
      const say = () => {
        button.textContent = folds.every((each) => each.open) ? bar.dataset.fold : bar.dataset.open;
      };
      button.addEventListener("click", () => {
        const open = !folds.every((each) => each.open);
        for (const each of folds) each.open = open;
        say();
      });
      say();
      bar.querySelector(".found").append(button);
    }
    // Where the first change stands below the screen, the page opens at it.
    const first = document.getElementById("change-1");
    if (first && !location.hash && first.getBoundingClientRect().top > innerHeight * 0.8) {
      scrollTo({ top: first.getBoundingClientRect().top - innerHeight * 0.4, behavior: "instant" });
    }
    addEventListener("beforeprint", () => folds.forEach((each) => (each.open = true)));
  };
  if (bar) makeChanges();

  // --- paper says where a page is and when it was printed ------------------------------------------

  const foot = document.querySelector(".printed");
  addEventListener("beforeprint", () => {
    if (!foot) return;
    const address = foot.querySelector(".address");
    if (!address.textContent && /^https?:$/.test(location.protocol)) address.textContent = location.href;
    const when = foot.querySelector("output") || foot.appendChild(document.createElement("output"));
    const at = new Date().toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
    when.textContent = ` · ${foot.dataset.printed} ${at}`;
  });

  // --- older history, fetched into the page ---------------------------------------------------------

  const more = async (link) => {
    const list = document.getElementById(link.dataset.more);
    const pager = link.closest(".pager");
    if (!list || !pager) throw new Error("nothing to add to");
    link.setAttribute("aria-busy", "true");
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const added = page.getElementById(link.dataset.more);
    if (!added) throw new Error("no such list");
    const next = page.querySelector(".pager [rel=next][data-more]");
    for (const each of added.querySelectorAll("a[href]")) {
      // Their addresses were relative to the page that they stood on.
      each.href = new URL(each.getAttribute("href"), answer.url).href;
    }
    const items = [...added.children].filter((item) => !item.id || !document.getElementById(item.id));
    list.append(...items);
    if (next) {
      next.href = new URL(next.getAttribute("href"), answer.url).href;
      link.replaceWith(next);
    } else {
      link.remove();
    }
    const first = items.find((item) => item.querySelector("a[href]"));
    if (first) first.querySelector("a[href]").focus({ preventScroll: true });
  };

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.defaultPrevented) return;
    if (event.button || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[data-more]");
    if (!here(link) || !/^https?:$/.test(location.protocol)) return;
    event.preventDefault();
    if (link.getAttribute("aria-busy") === "true") return;
    more(link).catch(() => location.assign(link.href));
  });

  // --- tables and code too wide for the screen can be scrolled by keyboard ----------------------------

  const wide = document.querySelectorAll(".article table, .article pre, .tracker-article table, .tracker-article pre");
  const reach = () => {
    for (const each of wide) {
      if (each.scrollWidth > each.clientWidth) each.tabIndex = 0;
      else each.removeAttribute("tabindex");
    }
  };
  reach();
  addEventListener("resize", reach);

  // --- passages: those of one version are lit together, and its note is shown ------------------------

  const passages = document.querySelector(".passages");

  const makePassages = () => {
    const told = document.createElement("div");
    told.className = "told";
    told.setAttribute("role", "status");
    passages.after(told);
    let lit = [];
    let tapped = null;
    const light = (number) => {
      for (const each of lit) each.classList.remove("pointed");
      lit = number ? [...passages.querySelectorAll(`[data-revision="${CSS.escape(number)}"]`)] : [];
      for (const each of lit) each.classList.add("pointed");
      const item = number && document.getElementById(`revision-${number}`);
      if (!item) return;
      const copy = item.cloneNode(true);
      for (const each of [copy, ...copy.querySelectorAll("[id]")]) each.removeAttribute("id");
      told.replaceChildren(...copy.childNodes);
    };
    const number = (event) => {
      const passage = event.target instanceof Element && event.target.closest("[data-revision]");
      return passage ? passage.dataset.revision : null;
    };
    passages.addEventListener("pointerover", (event) => light(number(event)));
    passages.addEventListener("focusin", (event) => {
      light(number(event));
      event.target.scrollIntoView({ block: "nearest" }); // not behind the note, which is there now
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !told.firstChild) return;
      light(null);
      told.replaceChildren();
      tapped = null;
    });
    const versions = document.querySelector(".versions");
    passages.addEventListener("click", (event) => {
      if (number(event) && versions) versions.open = true; // a link leads into it
    });
    passages.addEventListener("click", (event) => {
      // The first tap shows the note where the reader is; the next one goes to its version.
      const found = number(event);
      if (!found || event.pointerType === "mouse" || event.detail === 0) return;
      if (event.target.closest("a[href]:not([data-revision])")) return;
      if (tapped === found) return;
      tapped = found;
      event.preventDefault();
      light(found);
    });
  };
  if (passages) makePassages();
})();

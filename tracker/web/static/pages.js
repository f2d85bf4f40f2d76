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
    Object.assign(range, { type: "range", min: 0, max: links.length - 1, step: 1, value: now });
    const label = stepper.dataset.slider || stepper.getAttribute("aria-label") || "";
    range.setAttribute("aria-label", label);
    const words = (index) => links[index].textContent.replace(/\s+/g, " ").trim();
    const show = () => {
      output.textContent = words(range.valueAsNumber);
      range.setAttribute("aria-valuetext", words(range.valueAsNumber));
    };
    let waiting = 0;
    const go = (after) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => {
        if (range.valueAsNumber === now) return;
        remember("1");
        follow(links[range.valueAsNumber]);
      }, after);
    };
    range.addEventListener("input", show);
    range.addEventListener("change", () => go(350)); // several presses of a key are one step
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

/* Draws the charts of a page when they come into view, in the colors of the theme. */
(() => {
  "use strict";

  const NARROW = 480; // pixels: below this width legends go above, in two columns
  const root = document.documentElement;
  const charts = [...document.querySelectorAll(".chart")];
  const drawn = new WeakMap(); // chart -> {theme, result of vegaEmbed}
  const turns = new WeakMap(); // chart -> promise of the drawing under way

  const theme = () => (root.dataset.theme === "dark" ? "dark" : "light");
  const boxOf = (chart) => chart.querySelector(".chart-drawing");

  function merged(base, over) {
    const result = { ...base };
    for (const [key, value] of Object.entries(over)) {
      const both = [result[key], value].every(
        (side) => side !== null && typeof side === "object" && !Array.isArray(side),
      );
      result[key] = both ? merged(result[key], value) : value;
    }
    return result;
  }

  /* ---- drawing ------------------------------------------------------------- */

  function specOf(chart, width) {
    const spec = JSON.parse(chart.querySelector("script").textContent);
    const single = "mark" in spec || "layer" in spec;
    if (single) spec.width = "container";
    if (spec.hconcat && width < NARROW) {
      // Side by side where there is room, else one below the other.
      spec.vconcat = spec.hconcat;
      delete spec.hconcat;
    }
    if (theme() === "dark") {
      spec.config = merged(spec.config ?? {}, window.darkCharts);
    }
    // The paper is the page's. Readers of a screen get the description and the
    // table, not every mark.
    const page = { background: null, mark: { aria: false } };
    spec.config = merged(spec.config ?? {}, page);
    delete spec.background;
    if (single && width < NARROW) {
      spec.config = merged(spec.config, { legend: { orient: "top", columns: 2 } });
    }
    return spec;
  }

  /* What the reader has set: sliders, brushes, legend picks. */
  function stateOf(view, spec) {
    const names = (spec.params ?? []).map((param) => param.name);
    return view.getState({
      signals: (signal) =>
        names.some((name) => signal === name || signal.startsWith(`${name}_`)),
      data: (name) => name.endsWith("_store"),
    });
  }

  async function drawNow(chart) {
    const before = drawn.get(chart);
    if (before?.theme === theme()) return;
    const box = boxOf(chart);
    const spec = specOf(chart, box.clientWidth);
    const now = { theme: theme() };
    if (before) {
      box.style.minHeight = `${box.offsetHeight}px`;
      now.state = stateOf(before.result.view, spec);
      before.result.finalize();
    }
    now.result = await window.vegaEmbed(box, spec, {
      actions: false,
      defaultStyle: false,
      mode: "vega-lite",
      renderer: "svg",
      tooltip: { theme: now.theme },
    });
    if (now.state) await now.result.view.setState(now.state).runAsync();
    drawn.set(chart, now);
    box.style.minHeight = "";
    chart.dataset.drawn = now.theme;
    keepReachable(box);
  }

  function draw(chart) {
    const turn = (turns.get(chart) ?? Promise.resolve())
      .then(() => drawNow(chart))
      .catch((error) => {
        console.error("A chart could not be drawn:", error);
        boxOf(chart).innerHTML = chart.querySelector("noscript").textContent;
        chart.dataset.drawn = "failed";
      });
    turns.set(chart, turn);
  }

  /* A box that scrolls must be reachable by keyboard. */
  function keepReachable(box) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", "Chart, scrolls sideways");
    } else {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    }
  }

  /* ---- when to draw --------------------------------------------------------- */

  function see(entries) {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      inView.unobserve(entry.target);
      draw(entry.target);
    }
  }

  const inView = new IntersectionObserver(see, { rootMargin: "400px 0px" });
  for (const chart of charts) inView.observe(chart);

  /* Setting a page's formulas takes longer than drawing: the charts that are in view
     when the page has come, also by an address with a "#", are drawn before it. What
     is in view is known once a frame is over. A hidden page has none. */
  const frame = () => document.hidden || new Promise(requestAnimationFrame);
  if (window.MathJax) {
    window.MathJax.startup = {
      pageReady: async () => {
        await frame();
        await frame();
        see(inView.takeRecords());
        await Promise.all(charts.map((chart) => turns.get(chart)));
        return window.MathJax.startup.defaultPageReady();
      },
    };
  }

  new MutationObserver(() => {
    for (const chart of charts) {
      inView.unobserve(chart);
      inView.observe(chart);
    }
  }).observe(root, { attributeFilter: ["data-theme"] });

  /* Vega follows the window; the width of a chart also changes with the sidebars. */
  const widths = new WeakMap();
  const resized = new ResizeObserver((entries) => {
    let changed = false;
    for (const { target, contentRect } of entries) {
      changed ||= widths.has(target) && widths.get(target) !== contentRect.width;
      widths.set(target, contentRect.width);
      keepReachable(target);
    }
    if (changed) window.dispatchEvent(new Event("resize"));
  });
  for (const chart of charts) resized.observe(boxOf(chart));

  /* On paper every chart must be there, and on white: the static pictures are. */
  window.addEventListener("beforeprint", () => {
    for (const chart of charts) {
      if (drawn.get(chart)?.theme === "light") continue;
      const picture = document.createElement("div");
      picture.className = "chart-print";
      picture.innerHTML = chart.querySelector("noscript").textContent;
      chart.append(picture);
      chart.classList.add("printing");
    }
  });
  window.addEventListener("afterprint", () => {
    for (const chart of charts) {
      chart.classList.remove("printing");
      chart.querySelector(".chart-print")?.remove();
    }
  });
})();

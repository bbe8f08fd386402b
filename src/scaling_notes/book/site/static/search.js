/* How the search ranks what it finds: chapters, then what leads to them, then reference
   pages, then the package. What is called as was asked comes before what mentions it. */

var Scorer = (() => {
  // Pages by name, and what a page of the kind is worth.
  const KINDS = [
    [/^book\/(pretraining|posttraining|testtime|lifecycle)\//, 12],
    [/^book\/(index|reference\/(primer|notation))$/, 8],
    [/^book\/reference\/api\//, -3],
    [/./, 2],
  ];
  // What Sphinx gives: to the name of an object, at most to a heading, and to an entry
  // of the index, which has the share of it that was asked for, in percent.
  const EXACT = 11;
  const HEADING = 16;
  const WHOLE = 100;

  const score = ([docname, title, anchor, descr, found]) => {
    if (descr !== null) {
      if (found < EXACT) return found;
      const isOwn = /^Python (class|function|module)/.test(descr);
      // Only code has underscores in a name: who types it wants the object.
      if (title.split(".").pop().includes("_")) return isOwn ? 26 : 25;
      return isOwn ? 18 : 10;
    }
    const worth = KINDS.find(([pattern]) => pattern.test(docname))[1];
    if (found >= WHOLE) {
      if (docname.endsWith("/notation")) return 40;
      return docname.endsWith("/bibliography") ? 25 : 10 + worth;
    }
    if (found > HEADING) return 3 + worth;
    if (anchor) return HEADING + worth;
    const told = Scorer.asked.filter((word) => title.toLowerCase().includes(word));
    return found + worth + 2 * told.length;
  };

  return {
    asked: [],
    score,
    objNameMatch: EXACT,
    objPartialMatch: 4,
    objPrio: {},
    objPrioDefault: 0,
    title: 15,
    partialTitle: 7,
    term: 5,
    partialTerm: 2,
  };
})();

/* The words of a query. One letter is in nearly every name and word, so a symbol of one
   is left to the entries for symbols. */
var splitQuery = (query) => {
  const isLetter = /^\p{L}\*?$/u.test(query);
  const words = query.replace(/\bsn\./g, "").match(/[\p{L}\p{N}_]+/gu);
  const asked = isLetter ? [] : (words ?? []);
  Scorer.asked = asked.filter((word) => word.length > 2);
  return asked;
};

/* The lines below a result: text around a word that was asked for, without data. */
Search.makeSearchSummary = (html, words, anchor) => {
  const page = new DOMParser().parseFromString(html, "text/html");
  const main = page.querySelector("article") ?? page.querySelector("[role=main]");
  const place = page.getElementById(anchor.slice(1)) ?? main;
  const others =
    "script, style, summary, details.hide, div.math, .headerlink, .chart, " +
    ".cell_output table, .page-source";
  place.querySelectorAll(others).forEach((part) => part.remove());
  place.querySelectorAll("dt, th, td").forEach((part) => part.append(" "));
  const text = place.textContent.replace(/\\[()]/g, "").replace(/\s+/g, " ").trim();
  const places = [...words].map((word) => text.toLowerCase().indexOf(word));
  const from = Math.max(0, ...places.map((place) => place - 100));
  const start = from && text.indexOf(" ", from) + 1;
  const end = text.lastIndexOf(" ", start + 240);
  const isAll = text.length < start + 240;
  const shown = isAll ? text.slice(start) : `${text.slice(start, end)} …`;
  const summary = document.createElement("p");
  summary.className = "context";
  summary.textContent = start ? `… ${shown}` : shown;
  return summary;
};

Object.assign(Documentation.TRANSLATIONS, {
  "Search finished, found ${resultCount} page(s) matching the search query.":
    "Results: ${resultCount}",
  "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
    "No page has all these words. The search also knows symbols (E, N*, α or alpha), authors, arXiv numbers and names of the package.",
});

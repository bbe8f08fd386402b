// Filters long tables and lists, and opens the one that the address names.

(() => {
  const open = () => {
    const item = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (item?.tagName === "DETAILS") {
      item.open = true;
      item.scrollIntoView();
    }
  };

  const filter = (box) => {
    const items = [...box.querySelectorAll(":scope tbody > tr, :scope > details")]
      .filter((item) => item.closest("details") === null || item.tagName === "DETAILS");
    const texts = items.map((item) => item.textContent.toLowerCase());

    const label = document.createElement("label");
    label.textContent = `${box.dataset.filter} `;
    const input = document.createElement("input");
    input.type = "search";
    label.append(input);
    const count = document.createElement("span");
    count.setAttribute("role", "status");
    const bar = document.createElement("div");
    bar.className = "table-filter";
    bar.append(label, count);
    box.prepend(bar);

    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      items.forEach((item, i) => {
        item.hidden = !words.every((word) => texts[i].includes(word));
        shown += !item.hidden;
      });
      count.textContent = words.length ? `${shown} of ${items.length}` : "";
    });
  };

  document.querySelectorAll(".filterable").forEach(filter);
  addEventListener("hashchange", open);
  open();
})();

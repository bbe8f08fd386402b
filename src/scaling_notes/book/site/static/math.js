/* A formula wider than the page scrolls in its own box, which the keyboard must
   reach: the theme sees to code and tables, but not to formulas. */
(() => {
  "use strict";

  const keepReachable = () => {
    for (const box of document.querySelectorAll('mjx-container[display="true"]')) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };

  window.MathJax.startup.promise.then(keepReachable);
  window.addEventListener("resize", keepReachable);
})();

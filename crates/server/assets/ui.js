// The site works without this file. With it: what cannot be undone asks first, and a form is sent once.
"use strict";
(() => {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const question = event.submitter?.dataset.confirm || form.dataset.confirm;
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method === "post") {
      // After the browser has read what to send.
      setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; }, 0);
    }
  });
  // A box that ticks all others of its name.
  document.addEventListener("change", ({ target }) => {
    if (!target.dataset.all) return;
    for (const box of target.form.querySelectorAll(`[name="${target.dataset.all}"]`)) box.checked = target.checked;
  });
  // A page that comes back from the browser's memory can be sent again.
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("button:disabled")) button.disabled = false;
  });
})();

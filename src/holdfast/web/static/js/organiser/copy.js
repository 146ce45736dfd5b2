// The button beside a new key.

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-copies]"))) {
  const source = /** @type {HTMLInputElement | null} */ (document.getElementById(button.dataset.copies ?? ""));
  button.addEventListener("click", async () => {
    if (!source) return;
    source.select();
    try {
      await navigator.clipboard.writeText(source.value);
      button.textContent = button.dataset.done ?? "";
    } catch {
      // Browsers only let pages on HTTPS or this machine use the clipboard.
      button.textContent = button.dataset.failed ?? "";
    }
  });
}

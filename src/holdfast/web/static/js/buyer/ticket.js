/** The tickets: one button to print them. */

document.querySelector("[data-print]")?.addEventListener("click", () => print());

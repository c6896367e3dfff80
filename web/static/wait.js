/* A page that waits for something: it is loaded anew once its state is another one, and told `words` take the place of its own. */
"use strict";
const waiting = document.querySelector("[data-state-at]");
const EVERY_MS = 3000;
async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(waiting.dataset.stateAt, { cache: "no-store" });
    if (!answer.ok) return;
    const told = await answer.json();
    if (told.words && waiting.textContent !== told.words) waiting.textContent = told.words;
    if (told.state === waiting.dataset.state) return;
    clearInterval(timer);
    location.replace(location.pathname + (waiting.dataset.query || ""));
  } catch (error) {
    /* The next look may get through. */
  }
}
const timer = setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", (event) => { if (event.persisted) look(); });

/* A page that waits for something: it is loaded anew once its state is another one. */
"use strict";
const waiting = document.querySelector("[data-state-at]");
const EVERY_MS = 3000;
async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch(waiting.dataset.stateAt, { cache: "no-store" });
    if (!answer.ok || (await answer.json()).state === waiting.dataset.state) return;
    clearInterval(timer);
    location.replace(location.pathname + (waiting.dataset.query || ""));
  } catch (error) {
    /* The next look may get through. */
  }
}
const timer = setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
window.addEventListener("pageshow", (event) => { if (event.persisted) look(); });

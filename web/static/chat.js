/* A conversation: an answer grows as it is written; Enter sends where there is a keyboard. */
"use strict";
const growing = document.getElementById("growing");
if (growing) {
  const source = new EventSource(growing.dataset.follow);
  source.addEventListener("progress", (event) => {
    const below = innerHeight + scrollY > document.documentElement.scrollHeight - 160;
    growing.innerHTML = JSON.parse(event.data); // made safe by the shop
    if (below) scrollTo({ top: document.documentElement.scrollHeight });
  });
  source.addEventListener("done", () => { source.close(); renew(); });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(renew, 5000);
  });
  addEventListener("pagehide", () => source.close());
}
async function renew() {
  /* Whoever writes the next message keeps it. */
  try {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!answer.ok || shown.getElementById("growing")) throw new Error("not ended");
    for (const id of ["said", "costs"]) {
      const place = document.getElementById(id), taken = shown.getElementById(id);
      if (place && taken) place.replaceWith(taken);
    }
    const told = document.getElementById("told");
    told.textContent = told.dataset.done;
    const before = document.querySelector(".pill"), now = shown.querySelector(".pill");
    if (before && now) before.replaceWith(now);
  } catch (error) {
    location.replace(location.pathname + "#end");
    location.reload();
  }
}
const text = document.getElementById("f-text");
if (text && matchMedia("(pointer: fine)").matches) {
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    text.form.requestSubmit();
  });
  if (location.hash) text.focus({ preventScroll: true });
}

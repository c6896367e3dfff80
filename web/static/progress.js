/* A prediction under way: its words change as it goes on, and the answer takes their place. */
"use strict";
const place = document.getElementById("progress");
const source = new EventSource(place.dataset.follow);
source.addEventListener("progress", (event) => {
  const words = JSON.parse(event.data);
  if (place.textContent !== words) place.textContent = words;
});
source.addEventListener("done", () => { source.close(); location.replace(location.pathname); });
source.addEventListener("error", () => {
  if (source.readyState === EventSource.CLOSED) setTimeout(() => location.replace(location.pathname), 5000);
});
window.addEventListener("pagehide", () => source.close());
